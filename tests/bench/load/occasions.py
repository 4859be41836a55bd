"""What else happens to a host that serves: scaling, returns, renewals, reloads, restarts; each under the same load."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cost import Unmeasurable
from .seen import Seen, cut_early, failures, longest_outage
from .series import WINDOW_SECONDS
from .sides import Slipway, epoch, is_done
from .stand import DRAIN_SECONDS, STACK, values
from .visitors import visiting

RETURN_SECONDS = 300
REST_SECONDS = 60  # until a cold standby has drained and stands stopped; the fault shows after that
ENGINE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that happened under load: how long it took, when traffic moved, and its own figure, such as a return's."""

    name: str
    seconds: float
    seen: Seen
    switches: tuple[float, ...] = ()
    figure: float | None = None


Came = tuple[tuple[float, ...], float | None]
Act = Callable[[Slipway, int], Came]


def run(side: Slipway, number: int) -> Iterator[Occasion]:
    """Have each happen once; the number names releases nobody has had."""
    for index, (name, act) in enumerate(ACTS.items()):
        yield _under_load(side, name, act, number + index)


def _under_load(side: Slipway, name: str, act: Act, number: int) -> Occasion:
    side.settle()
    with visiting(side.door) as crowd:
        time.sleep(3)
        began = time.time()
        switches, figure = act(side, number)
        ended = time.time()
        time.sleep(WINDOW_SECONDS)
        side.settle()
    return Occasion(name, ended - began, crowd.seen, switches, figure)


def _released(side: Slipway, number: int, **words: str) -> Came:
    began = time.time()
    side.submit(side.stand.wanted({"DEPLOY": str(number), **words}).stacks[STACK])
    return (side.moment(began, "step", name="switch", state="done"),), None


def _configured(side: Slipway, number: int) -> Came:
    return _released(side, number, API_RATE=str(1000 + number))


def _rotated(side: Slipway, number: int) -> Came:
    began = time.time()
    wanted = side.stand.wanted({"DEPLOY": str(number)})
    side.submit(wanted.stacks[STACK], {**values(), "SECRET_KEY": secrets.token_urlsafe(24)})
    return (side.moment(began, "step", name="switch", state="done"),), None


def _warm(side: Slipway, number: int) -> Came:
    return _returned(side, number, WATCH_STANDBY="warm", FAULT=f"errors:0.5{number:06d}")


def _cold(side: Slipway, number: int) -> Came:
    return _returned(side, number, WATCH_STANDBY="cold", FAULT=f"errors:0.5{number:06d},errors-after:{REST_SECONDS}")


def _returned(side: Slipway, number: int, **words: str) -> Came:
    """Bring out a release that fails and wait for the host to take it back; the figure is from its verdict to the move."""
    began = time.time()
    short = {"WATCH_SECONDS": "200", "JUDGED_SECONDS": "5"}
    side.submit(side.stand.wanted({"DEPLOY": str(number), **short, **words}).stacks[STACK])
    deadline = time.monotonic() + RETURN_SECONDS
    while not any(entry["event"] == "returned" for entry in side.entries(began)) and time.monotonic() < deadline:
        time.sleep(2)
    side.stand.wanted({"FAULT": "slow:0", "WATCH_SECONDS": "0"})
    entries = side.entries(began)
    moved = [epoch(entry["at"]) for entry in entries if is_done(entry, "switch")]
    if len(moved) < 2:
        raise Unmeasurable(f"the host did not return within {RETURN_SECONDS} s: `slipway journal {STACK}` says why")
    there, back = moved[0], moved[-1]
    return (there, back), back - turned(entries)


def turned(entries: Sequence[Mapping[str, Any]]) -> float:
    """Return when a host began to return: it starts a cold standby, and sees one answer, before it notes the verdict."""
    there = next(index for index, entry in enumerate(entries) if is_done(entry, "switch"))
    first = next(
        entry
        for entry in entries[there:]
        if (entry["event"], entry.get("state")) in (("watch", "bad"), ("step", "begun"))
        and (entry["event"] == "watch" or entry["name"] == "start-standby" or entry["name"].startswith("ask-"))
    )
    return epoch(first["at"])


def _scaled_up(side: Slipway, number: int) -> Came:
    side.stand.shell(f"slipway scale {STACK} api=4 worker=3")
    return (), None


def _scaled_down(side: Slipway, number: int) -> Came:
    side.stand.shell(f"slipway scale {STACK} api=2 worker=1")
    return (), None


def _renewed(side: Slipway, number: int) -> Came:
    renew = f"certbot renew --quiet --cert-name {side.stand.api} --force-renewal --no-random-sleep-on-renew"
    side.stand.shell(f"REQUESTS_CA_BUNDLE=/etc/slipway/acme-ca.pem {renew}")
    return (), None


def _reloaded(side: Slipway, number: int) -> Came:
    side.stand.shell("systemctl reload nginx")
    return (), None


def _restarted(side: Slipway, number: int) -> Came:
    side.stand.shell("systemctl restart docker")
    deadline = time.monotonic() + ENGINE_SECONDS
    answers = "docker ps -q >/dev/null && echo ok || true"  # it does not while it starts
    while "ok" not in side.stand.shell(answers) and time.monotonic() < deadline:
        time.sleep(1)
    return (), None


ACTS: dict[str, Act] = {
    "a change of configuration only": _configured,
    "a rotated secret": _rotated,
    "more replicas of a web service and a worker": _scaled_up,
    "as few as before": _scaled_down,
    "a renewed certificate": _renewed,
    "a reload of nginx": _reloaded,
    "a restart of Docker's engine": _restarted,
    "a return to a warm standby": _warm,
    "a return to a cold standby": _cold,
}


def as_json(found: Occasion) -> dict[str, Any]:
    """Return the numbers of an occasion for machines."""
    return {
        "occasion": found.name,
        "seconds": round(found.seconds, 2),
        "requests": len(found.seen.asked),
        "failed": len(found.seen.failed),
        "failures": failures(found.seen),
        "stale": found.seen.stale,
        "sockets_cut_early": len(cut_early(found.seen.held, found.switches, DRAIN_SECONDS)),
        "outage_seconds": round(longest_outage(found.seen), 2),
        "seconds_from_verdict_to_move": None if found.figure is None else round(found.figure, 2),
    }
