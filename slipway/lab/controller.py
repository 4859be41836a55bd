"""A second controller: Debian 13 with Python 3.13 in a container, to run Slipway from there against the same lab."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from .engine import running_engine
from .images import OWN_IMAGES, REPOSITORY, Build, ensure_image
from .names import BASES, LABEL
from .progress import Progress, Say
from .state_folder import folder, lock

IMAGE = "slipway-lab/controller:trixie"
STATE_INSIDE = "/root/.cache/slipway/lab"


def run(command: Sequence[str], say: Say) -> None:
    """Run a command in a copy of the repository on the controller, handing over each line it prints."""
    progress = Progress(say)
    with lock("controller", say):
        docker = running_engine(progress)
        ensure_image(docker, controller_build(REPOSITORY), progress)
    docker.follow(run_arguments(REPOSITORY, folder(), command), lambda line: say(line.rstrip("\n")))


def run_arguments(repository: Path, state: Path, command: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments of `docker run`; the machine's network, so that the inventory's ports are right there too. Pure."""
    mounts = (f"--volume={repository}:/repository:ro", f"--volume={state}:{STATE_INSIDE}")
    return ("run", "--rm", "--init", f"--label={LABEL}=1", "--network=host", *mounts, IMAGE, *command)


def controller_build(repository: Path) -> Build:
    """Return how the controller's image is built: with everything the lock file names."""
    files = {name: repository / name for name in ("pyproject.toml", "uv.lock")}
    arguments = {"UV_VERSION": uv_version(files["pyproject.toml"].read_text())}
    return Build(IMAGE, OWN_IMAGES / "controller", (BASES["trixie"],), arguments, more_files=files)


def uv_version(pyproject: str) -> str:
    """Return the version of uv the project pins. Pure."""
    tools: list[str] = tomllib.loads(pyproject)["dependency-groups"]["tool"]
    return next(tool.removeprefix("uv==") for tool in tools if tool.startswith("uv=="))
