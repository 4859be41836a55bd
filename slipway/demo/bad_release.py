"""`fab demo --scenario bad-release`: a release that looks well goes live, fails half of its requests, and the host takes it back.

Everything is real: the deploy, the visitors, the verdict, the way back. The files of the demo stay as they are: the release is
made from a copy of its inventory.
"""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import HostError, ReleaseRefused, SlipwayError
from ..ops import deploy as deploys
from ..ops import releasing, status
from ..ops.hosts import Host
from ..ops.releasing import ENGINE, Doors, Manner, Place
from ..ops.silence import told
from . import tour
from .visits import Visits

SCENARIO, STACK = "bad-release", "demo"
FAULTS = {"FAULT": "errors:0.5", "WATCH_SECONDS": "90", "JUDGED_SECONDS": "10"}
WHY = "fab demo: half of its requests fail"
COPY = Path("build/demo/bad-release")
PASS_SECONDS, RETURN_SECONDS, WHOLE_SECONDS, CALM_SECONDS = 400.0, 150.0, 90.0, 5.0
LOOK_SECONDS, TELL_SECONDS = 1.0, 5.0


class NoScenario(SlipwayError):
    """There is nothing of this name to show."""

    exit_code = 2


@dataclass(slots=True)
class Show:
    """One showing: where, how hosts are asked, what was told already."""

    where: Place
    doors: Doors
    begun: float = field(default_factory=time.monotonic)
    seen: int = 0
    whole: bool = False  # the way back is complete

    @property
    def host(self) -> Host:
        """Return the demo's host."""
        return self.where.hosts[0]

    def say(self, text: str) -> None:
        """Tell something with the seconds since the beginning."""
        self.doors.say(f"{time.monotonic() - self.begun:6.1f} s  {text}")

    def stack(self) -> Mapping[str, Any]:
        """Return the demo stack as the host sees it; raise where it does not run."""
        report = status.report(self.host, self.doors.ask(self.host, status.COMMAND))
        if report.silence:
            raise HostError(f"the demo does not run: {report.silence.cause}", "make demo")
        found = next((stack for stack in report.stacks if stack["name"] == STACK), None)
        if found is None or found["release"] is None:
            raise HostError("the demo's host serves nothing", "make demo")
        return found

    def journal(self) -> list[dict[str, Any]]:
        """Return what happened since the last time this was asked."""
        answer = self.doors.ask(self.host, [*ENGINE, "journal", STACK, "--json"])
        if answer.code:
            told(self.host, answer)
        entries: list[dict[str, Any]] = json.loads(answer.output)
        fresh, self.seen = entries[self.seen :], len(entries)
        return fresh

    def tell_news(self) -> None:
        """Tell what the journal says since the last time."""
        fresh = self.journal()
        for line in filter(None, map(told_of, fresh)):
            self.say(line)
        self.whole |= any(entry["event"] == "returned" for entry in fresh)


def show(root: Path, scenario: str, doors: Doors) -> None:
    """Show a scenario; raise where it cannot be shown, or ends otherwise than promised."""
    if scenario != SCENARIO:
        cause = f"there is no scenario {scenario!r}" if scenario else "no scenario is named"
        raise NoScenario(cause, f"fab demo --scenario {SCENARIO}")
    _show(Show(releasing.place(root, str(_copy(root)), ""), doors))


def _show(shown: Show) -> None:
    good = _proved(shown)
    shown.doors.say(f"\n[1/3] Release {good} serves. Deploy one that looks well: {_words()}")
    shown.journal()
    with Visits(tour.site_of_demo()) as visits:
        bad = _deploy(shown)
        shown.doors.say(f"\n[2/3] Release {bad} has the traffic. Visitors go on; nobody touches anything from here on")
        _wait_return(shown, visits, bad, good)
        shown.doors.say(f"\n[3/3] Release {good} serves again. Are visitors well?")
        _assert_calm(shown, visits)
    _wait_whole(shown)
    shown.doors.say(_closing(bad, visits))


def _copy(root: Path) -> Path:
    """Return a copy of the demo's inventory: what is deployed from it is pinned there."""
    folder = root / COPY
    shutil.rmtree(folder, ignore_errors=True)  # none at the first time
    shutil.copytree(root / "inventory/lab", folder)
    return COPY


def _words() -> str:
    return " ".join(["fab deploy demo", *(f"--variable {name}={value}" for name, value in FAULTS.items())])


def _proved(shown: Show) -> int:
    """Wait until what serves has passed its watch: nobody can go back to what never proved itself."""
    deadline = time.monotonic() + PASS_SECONDS
    while (stack := shown.stack()).get("watch", {}).get("state") == "watching":
        if time.monotonic() > deadline:
            raise HostError(f"release {stack['release']} is still watched", "wait until `fab status` says that it passed")
        shown.say(f"release {stack['release']} still has to prove itself, until {stack['watch']['until'][11:19]} UTC")
        time.sleep(2 * TELL_SECONDS)
    return int(stack["release"])


def _deploy(shown: Show) -> int:
    order, manner = deploys.Order(STACK, variables=FAULTS), Manner(why=WHY, again=True)
    outcome = deploys.deploy(shown.where, order, manner, shown.doors)
    if outcome.code:
        raise ReleaseRefused(f"the release did not go live\n{releasing.as_text(outcome)}", "make demo, then try again")
    return int(outcome.ends[0].answer["release"])


def _wait_return(shown: Show, visits: Visits, bad: int, good: int) -> None:
    deadline, told_at = time.monotonic() + RETURN_SECONDS, 0.0
    while time.monotonic() < deadline:
        shown.tell_news()
        if (now := shown.stack()["release"]) != bad:
            if now != good:
                raise HostError(f"release {now} serves, not {good}: somebody else deployed", "look: fab releases demo")
            return
        if time.monotonic() - told_at > TELL_SECONDS:
            told_at = time.monotonic()
            shown.say(f"visitors so far: {visits.count()}")
        time.sleep(LOOK_SECONDS)
    raise HostError(f"the host did not take release {bad} back within {RETURN_SECONDS:.0f} s", "look: fab releases demo")


def told_of(entry: Mapping[str, Any]) -> str:
    """Return a journal entry in the words of this showing; nothing for what is beside the point. Pure."""
    if entry["event"] == "watch" and entry["state"] != "hindered":
        return f"the host's verdict: {entry['state']}: {entry['text']}"
    if entry["event"] == "returned":
        went = f"from release {entry['from']} to {entry['to']}"
        return f"the host went back {went}, scheduler and workers too, in {entry['seconds']:.1f} s"
    if entry["event"] == "notice":
        return f"{entry['receiver']} was told" if entry["state"] == "sent" else f"{entry['receiver']} could not be told"
    return ""


def _assert_calm(shown: Show, visits: Visits) -> None:
    time.sleep(3)  # the map follows the record, and what was under way ends
    visits.begin_anew()
    time.sleep(CALM_SECONDS)
    shown.say(f"visitors since: {visits.count()}")
    if visits.failed or not visits.asked:
        raise HostError("the demo is not well after the return", "look: fab releases demo, fab logs demo")


def _wait_whole(shown: Show) -> None:
    """Wait for what follows the traffic: the scheduler, the workers."""
    deadline = time.monotonic() + WHOLE_SECONDS
    shown.tell_news()
    while not shown.whole:
        if time.monotonic() > deadline:
            raise HostError("workers or scheduler did not come back", "look: fab status, fab releases demo")
        time.sleep(LOOK_SECONDS)
        shown.tell_news()


def _closing(bad: int, visits: Visits) -> str:
    return f"""
The host took release {bad} back by itself; {visits.failed_before} requests had failed until then. Your files stayed as they are.

  What it was      fab releases demo
  Its numbers      fab ssh --env lab --command 'sudo slipway journal demo | tail -20'
  The same again   fab demo --scenario {SCENARIO}
  Who would hear   docs/notices.md"""
