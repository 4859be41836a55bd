"""Count the open connections of a container in its own table, so that no tool is needed in the image."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

ESTABLISHED = "01"
POLL_SECONDS = 0.5


def open_connections(table: str, ports: Collection[int]) -> int:
    """Count the established connections to these local ports in a text like /proc/net/tcp."""
    rows = (line.split() for line in table.splitlines()[1:])
    return sum(1 for row in rows if len(row) > 3 and row[3] == ESTABLISHED and int(row[1].rpartition(":")[2], 16) in ports)


def connections_of(pid: int, ports: Collection[int], proc: Path = Path("/proc")) -> int:
    """Count the open connections to a process' ports, in its own network; a process that is gone has none."""
    if not pid:
        return 0
    return sum(open_connections(table, ports) for table in _tables(proc / str(pid) / "net"))


class Postponed(Exception):
    """Something else has to be done first; what drains goes on draining and is looked at again."""


def wait(count: Callable[[], int], limit_seconds: float, something_waits: Callable[[], bool]) -> int:
    """Wait until nothing is open; return what still is at the limit. Raises Postponed where something else waits."""
    deadline = time.monotonic() + limit_seconds
    while (left := count()) and time.monotonic() < deadline:
        if something_waits():
            raise Postponed
        time.sleep(POLL_SECONDS)
    return left


def _tables(folder: Path) -> Iterable[str]:
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            yield (folder / name).read_text(encoding="ascii")
