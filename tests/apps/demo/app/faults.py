"""Faults that tests switch on: `FAULT=slow:200,errors:0.1`. Parsing is pure; `ActiveFaults` is what a process suffers from."""

import os
import random
import threading
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong; the defaults are a process without faults."""

    never_healthy: bool = False
    loopback_only: bool = False
    wrong_port: bool = False
    migration_fails: bool = False
    migration_hangs: bool = False
    slow_ms: float = 0
    error_ratio: float = 0
    errors_after_seconds: float = 0
    memory_mb_per_second: float = 0
    crash_seconds: float | None = None


FLAGS = {
    "never-healthy": "never_healthy",
    "loopback-only": "loopback_only",
    "wrong-port": "wrong_port",
    "migration-fails": "migration_fails",
    "migration-hangs": "migration_hangs",
}
NUMBERS = {
    "slow": "slow_ms",
    "errors": "error_ratio",
    "errors-after": "errors_after_seconds",
    "memory": "memory_mb_per_second",
    "crash": "crash_seconds",
}
ONLY_AT_START = {"loopback-only", "wrong-port", "migration-fails", "migration-hangs"}


def parse(text: str) -> Faults:
    """Read faults from their comma-separated form; raise ValueError naming the part that cannot be read."""
    faults = Faults()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition(":")
        if name in FLAGS and not value:
            faults = replace(faults, **{FLAGS[name]: True})
        elif name in NUMBERS:
            faults = replace(faults, **{NUMBERS[name]: number(part, value)})
        else:
            raise ValueError(f"{part}: known faults are {', '.join([*FLAGS, *(f'{name}:NUMBER' for name in NUMBERS)])}")
    if faults.errors_after_seconds and not faults.error_ratio:
        faults = replace(faults, error_ratio=1.0)
    return faults


def parse_while_running(text: str) -> Faults:
    """Read faults as `parse` does; refuse those that only mean something at the start."""
    names = {part.strip().partition(":")[0] for part in text.split(",")}
    if late := sorted(names & ONLY_AT_START):
        raise ValueError(f"{', '.join(late)}: only the environment variable FAULT can switch this on")
    return parse(text)


def number(part: str, value: str) -> float:
    """Return the number of a fault."""
    try:
        found = float(value)
    except ValueError:
        raise ValueError(f"{part}: needs a number, as in {part.partition(':')[0]}:2") from None
    if not 0 <= found < float("inf"):
        raise ValueError(f"{part}: needs a number from 0 up")
    if part.startswith("errors:") and found > 1:
        raise ValueError(f"{part}: a ratio lies between 0 and 1")
    return found


class ActiveFaults:
    """The faults of this process, and how long it has had them."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.since = time.monotonic()
        self.hoard: list[bytearray] = []
        threading.Thread(target=self._suffer, daemon=True).start()

    def switch(self, faults: Faults) -> None:
        """Replace the faults; their clocks start now."""
        self.faults, self.since, self.hoard = faults, time.monotonic(), []

    def fails_now(self) -> bool:
        """Say whether the request at hand is to fail."""
        late_enough = time.monotonic() - self.since >= self.faults.errors_after_seconds
        return late_enough and random.random() < self.faults.error_ratio

    def _suffer(self) -> None:
        while True:
            time.sleep(0.25)
            crash = self.faults.crash_seconds
            if crash is not None and time.monotonic() - self.since >= crash:
                os._exit(70)
            if self.faults.memory_mb_per_second:
                self.hoard.append(bytearray(b"x") * int(self.faults.memory_mb_per_second * 250_000))
