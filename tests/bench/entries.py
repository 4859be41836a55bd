"""What verbs cost, one function each: what we do, what one would do without us, the most that ours may cost."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from slipway.errors import SlipwayError
from slipway.lab import HOSTS
from slipway.load import load_environment
from slipway.ops import faults

from .cost import Unmeasurable, cpu_seconds, wall_seconds
from .lab_hosts import ssh
from .registry import BUILD, ROOT, entry
from .runner import Pair

FAB = str(ROOT / ".venv/bin/fab")
HOST = HOSTS["demo"]
PLUGIN = "/usr/libexec/docker/cli-plugins/docker-compose"


@entry("`fab check` of all stacks", "`docker compose config -q` in each folder", "s CPU", bound=3)
def check_beside_compose() -> Pair:
    """Compare the whole check with what Compose does for the same files."""
    stacks, folders = _stacks()
    compose = _compose()

    def rival() -> float:
        return sum(cpu_seconds([*compose, "config", "-q"], place, _plain_environment()) for place in folders)

    note = f"{stacks} stacks of {len(folders)} folders; ours also reads every inventory, and starts Fabric once"
    return Pair(lambda: cpu_seconds([FAB, "check"], ROOT), rival, note)


@entry("`fab check` beyond `fab --list`", "`fab --list`, the price of starting", "s CPU", bound=0.5, bound_on="ours")
def check_beyond_list() -> Pair:
    """Tell what reading and judging everything costs, without the start of Python and Fabric."""

    def listing() -> float:
        return cpu_seconds([FAB, "--list"], ROOT)

    stacks, folders = _stacks()
    return Pair(
        lambda: max(0.0, cpu_seconds([FAB, "check"], ROOT) - listing()), listing, f"{stacks} stacks of {len(folders)} folders"
    )


@entry("`fab status`, connection kept", "`ssh HOST true`", "s", bound=5)
def status_over_a_kept_connection() -> Pair:
    """Compare the everyday question, on the connection that an earlier verb left open, with one bare SSH command."""
    note = "seconds on the clock, lab host `demo`; the bare command opens a connection of its own, as a person's does"
    return Pair(lambda: wall_seconds([FAB, "status", "--env", "lab"], ROOT), _bare_ssh, note)


@entry("`fab status`, new connection", "`ssh HOST true`", "s", bound=5)
def status_over_a_new_connection() -> Pair:
    """Compare the first question of the day with one bare SSH command."""

    def ours() -> float:
        with tempfile.TemporaryDirectory(prefix="sl") as home:  # short: a socket's path has little room
            (Path(home) / ".cache").symlink_to(Path("~/.cache").expanduser())
            try:
                return wall_seconds([FAB, "status", "--env", "lab"], ROOT, {**os.environ, "HOME": home})
            finally:
                for socket in Path(home, ".ansible/cp").glob("*"):
                    subprocess.run(
                        ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "-q", "x"], capture_output=True, check=False
                    )

    return Pair(ours, _bare_ssh, "the same, with no connection to go over")


def _stacks() -> tuple[int, list[Path]]:
    """Return how many stacks a check of everything reads, and their folders."""
    try:
        loaded = [load_environment(inventory, ROOT / "compose") for inventory in faults.chosen(ROOT, "")]
    except SlipwayError as error:
        raise Unmeasurable(str(error)) from None
    folders = {ROOT / "compose" / instance.compose for found in loaded for instance in found.instances.values()}
    return sum(len(found.stacks) for found in loaded), sorted(folders)


def _compose() -> list[str]:
    """Return how Compose is called here: this machine's own, else the one of the lab's host, which runs here too."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    program = BUILD / "docker-compose"
    if not program.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        copied = subprocess.run(
            ["docker", "cp", f"{HOST.container}:{PLUGIN}", str(program)], capture_output=True, text=True, check=False
        )
        if copied.returncode:
            raise Unmeasurable(f"no Compose here, and none on the lab's host: {copied.stderr.strip()}\n  next: make demo")
    return [str(program)]


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def _bare_ssh() -> float:
    if shutil.which("ssh") is None:
        raise Unmeasurable("no ssh here")
    return wall_seconds([*ssh(HOST, "ops"), "true"], ROOT)
