"""The ways to bring a release out: by Slipway's engine, by `docker compose up -d`, by docker-rollout."""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import httpx
import yaml

from slipway import request

from ..cost import Unmeasurable
from ..registry import BUILD
from .seen import Ledger, Span, covered
from .stand import COMPOSE, RIVAL_PORTS, STACK, TIMES, Stand, counted, values
from .visitors import Door

ROLLOUT = BUILD / "docker-rollout"
GET_ROLLOUT = f"curl -fsSL https://raw.githubusercontent.com/wowu/docker-rollout/v0.9/docker-rollout -o {ROLLOUT} --create-dirs"
PLUGINS = "/root/.docker/cli-plugins"
RIVAL = "/srv/rival"
EVENTS = "docker events --format '{{json .}}' --filter type=container"
HEALTHY = "health_status: healthy"
ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Deploy:
    """One release that came out: from the command to its end; `switched` is when new connections were led to it."""

    began: float
    ended: float
    switched: float | None = None
    over_start: float | None = None  # seconds up to the switch in which the application itself was not at work


class Side(Protocol):
    """One way, with the visitors' door to what it brings out."""

    name: str
    project: str
    stand: Stand
    door: Door

    def deploy(self, number: int) -> Deploy: ...
    def cpu_seconds(self) -> float: ...
    def settle(self) -> None: ...


def ledger(door: Door, seconds: float) -> Ledger:
    """Ask the application for its books; ticks of the last seconds."""
    jobs, ticks = _answer(door, "/jobs"), _answer(door, f"/ticks?seconds={max(1, int(seconds))}")
    gaps = (ticks["longest_gap_seconds"] or 0.0, ticks["shortest_gap_seconds"] or float("inf"))
    counts = (jobs["queued"], jobs["done"], jobs["started_again"], jobs["done_again"])
    return Ledger(*counts, *gaps)


def _answer(door: Door, path: str) -> dict[str, Any]:
    """Ask until there is an answer: a side may have left the application in pieces."""
    url, host = f"https://127.0.0.1:{door.port}{path}", {"host": f"{door.name}:{door.port}"}
    deadline = time.monotonic() + ANSWER_SECONDS
    with httpx.Client(verify=door.tls(), timeout=30, trust_env=False) as client:
        while True:
            try:
                answer = client.get(url, headers=host, extensions={"sni_hostname": door.name}).raise_for_status()
                found: dict[str, Any] = answer.json()
            except httpx.HTTPError as error:
                if time.monotonic() > deadline:
                    raise Unmeasurable(f"{door.name}{path} has no answer for {ANSWER_SECONDS} s: {error}") from None
                time.sleep(1)
            else:
                return found


class Slipway:
    """Releases by Slipway's engine, asked on the host as `fab deploy` asks it."""

    def __init__(self, stand: Stand) -> None:
        self.name, self.project, self.stand, self.door = "Slipway", STACK, stand, stand.door()

    def deploy(self, number: int) -> Deploy:
        """Bring a release out and read in the journal when it took the traffic."""
        wanted = self.stand.wanted({"DEPLOY": str(number)})
        with _containers(self.stand) as spans:
            began = time.time()
            self.submit(wanted.stacks[STACK])
            ended = time.time()
        switched = self.moment(began, "step", name="switch", state="done")
        return Deploy(began, ended, switched, switched - began - covered(spans, began, switched))

    def submit(self, stack: Any, secrets: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Hand a stack to the engine and wait for its verdict."""
        choice = request.Choice("deploy", {}, again=True)
        asked = request.request(stack, secrets or values(), request.Origin("the bench"), "bench", base=False, choice=choice)
        result: dict[str, Any] = json.loads(self.stand.shell(f"slipway submit {STACK}", json.dumps(asked)).splitlines()[-1])
        if result["verdict"] != "serving":
            raise Unmeasurable(f"the release was not brought out: {result}")
        return result

    def moment(self, since: float, event: str, **words: str) -> float:
        """Return when the journal noted something for the first time since."""
        for entry in self.entries(since):
            if entry["event"] == event and all(entry.get(key) == value for key, value in words.items()):
                return epoch(entry["at"])
        raise Unmeasurable(f"the journal has no {event} {words}")

    def entries(self, since: float) -> list[dict[str, Any]]:
        """Return the journal from a moment on."""
        entries: list[dict[str, Any]] = json.loads(self.stand.shell(f"slipway journal {STACK} --json"))
        return [entry for entry in entries if epoch(entry["at"]) >= since]

    def cpu_seconds(self) -> float:
        """Return what the engine's runs that ended since asked last used, with all that they started."""
        said = self.stand.shell(f"touch {TIMES} && cat {TIMES} && : > {TIMES}").splitlines()
        return sum(child_seconds(line) for line in said[1::2])

    def settle(self) -> None:
        """Wait until the old releases are gone and the engine has ended."""
        self.stand.wait_until_alone()
        state = f"systemctl is-active slipway-run@{STACK} || true"  # its code says the same as its word
        for _ in range(30):
            if self.stand.shell(state).strip() == "inactive":
                return
            time.sleep(1)


@dataclass(slots=True)
class Rival:
    """Releases by a script as one would write it: a Compose project with published ports, and nginx in front of them."""

    name: str
    stand: Stand
    script: str
    project: str = "rival"
    door: Door = field(init=False)
    spent: float = 0.0

    def __post_init__(self) -> None:
        self.door = self.stand.door(self.project)

    def deploy(self, number: int) -> Deploy:
        """Run the script with another value in every container of the application."""
        began = time.time()
        said = in_project(self.stand, f"export DEPLOY={number} && {self.script}")
        ended = time.time()
        self.spent += child_seconds(said)
        return Deploy(began, ended)

    def cpu_seconds(self) -> float:
        """Return what the scripts used since asked last, with all that they started."""
        spent, self.spent = self.spent, 0.0
        return spent

    def settle(self) -> None:
        """Do nothing: a script is over when it is over."""


COMPOSE_UP = "docker compose up --quiet-pull --detach"
ROLLOUTS = (
    "docker compose run --rm -T migrate && docker rollout api && docker rollout web"
    " && docker compose up --quiet-pull --detach --no-deps worker beat"
)


def rivals(stand: Stand) -> list[Side]:
    """Start the plain Compose project and return the ways it is brought forward."""
    names = {"SITE_DOMAIN": "site", "API_DOMAIN": "api", "FILES_DOMAIN": "files"}
    variables = {key: f"{part}.rival.{stand.host.name}.localhost" for key, part in names.items()}
    known = {**variables, "RELEASE": "1.1.0", "API_RATE": "1000", **values()}
    stack_file = counted(yaml.safe_load((COMPOSE / STACK / "compose.yml").read_text(encoding="utf-8")))
    stand.shell(f"install -d -m 0700 {RIVAL} && cat > {RIVAL}/compose.yml", yaml.safe_dump(stack_file, sort_keys=False))
    stand.shell(f"cat > {RIVAL}/ports.yml", ports_text())
    stand.shell(f"cat > {RIVAL}/env", "".join(f"{name}={shlex.quote(value)}\n" for name, value in known.items()))
    in_project(stand, f"export DEPLOY=0 && {COMPOSE_UP}")
    found: list[Side] = [Rival("`docker compose up -d`", stand, COMPOSE_UP)]
    if ROLLOUT.is_file():
        place = f"{PLUGINS}/docker-rollout"
        stand.shell(f"mkdir -p {PLUGINS} && cat > {place} && chmod 0755 {place}", ROLLOUT.read_text(encoding="utf-8"))
        found.append(Rival("docker-rollout", stand, ROLLOUTS))
    return found


def in_project(stand: Stand, script: str) -> str:
    """Run a script in the rival's project; its last lines are the shell's `times`."""
    settings = f"export COMPOSE_PROJECT_NAME=rival COMPOSE_FILE={RIVAL}/compose.yml:{RIVAL}/ports.yml"
    return stand.shell(f"cd {RIVAL} && set -a && . ./env && set +a && {settings} && {{ {script}; }} && times")


def remove_rival(stand: Stand) -> None:
    """Take the rival off a host that stays."""
    if "there" not in stand.shell(f"[ ! -f {RIVAL}/env ] || echo there"):
        return
    stand.wake("rival")
    in_project(stand, "export DEPLOY=0 && docker compose down --volumes --timeout 5")
    stand.shell(f"rm -rf {RIVAL} {PLUGINS}/docker-rollout")


def ports_text() -> str:
    """Return the further Compose file that publishes what nginx asks; JSON is YAML."""
    ports = f"127.0.0.1:{RIVAL_PORTS[0]}-{RIVAL_PORTS[-1]}:8000"
    return json.dumps({"services": {"api": {"ports": [ports]}, "web": {"ports": ["127.0.0.1:18011-18012:3000"]}}}, indent=1)


def child_seconds(said: str) -> float:
    """Return the processor seconds of a shell's children, from the last line of what `times` says."""
    found = re.findall(r"(\d+)m([\d.]+)s", said.strip().splitlines()[-1])
    return sum(int(minutes) * 60 + float(seconds) for minutes, seconds in found)


@contextmanager
def _containers(stand: Stand) -> Iterator[list[Span]]:
    """Listen to Docker until the block ends; then the list holds the times in which the application was at work."""
    # It ends with its standard input, so that nothing of it stays on the host.
    listen = f"{EVENTS} --filter event=start --filter event=die --filter event=health_status & read _; kill $!"
    argv = ["docker", "exec", "-i", stand.host.container, "sh", "-c", listen]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    spans: list[Span] = []
    try:
        yield spans
    finally:
        said, _ = process.communicate("\n", timeout=30)
        spans += spans_of([json.loads(line) for line in said.splitlines()])


def spans_of(events: list[dict[str, Any]]) -> list[Span]:
    """Return from its start until it is healthy, or until its end, for each container of a release."""
    started: dict[str, float] = {}
    found = []
    for event in events:
        name, at = event["Actor"]["Attributes"].get("name", ""), event["timeNano"] / 1e9
        if not re.match(rf"{STACK}-r\d+-", name):
            continue
        if event["Action"] == "start":
            started[name] = at
        elif event["Action"] in (HEALTHY, "die") and name in started:
            found.append(Span(started.pop(name), at))
    return found


def epoch(text: str) -> float:
    """Return a time of the journal in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def is_done(entry: Mapping[str, Any], step: str) -> bool:
    """Say whether an entry of the journal tells that a step was carried out."""
    return (entry["event"], entry.get("name"), entry.get("state")) == ("step", step, "done")
