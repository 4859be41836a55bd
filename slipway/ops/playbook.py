"""An `ansible-playbook` run as a child process: each line of its output to a watcher, all of it in a log."""

import os
import selectors
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol


class Watcher(Protocol):
    """What sees a run."""

    def line(self, text: str) -> None:
        """Take one line of output."""

    def beat(self) -> None:
        """Hear that nothing was printed for a second."""

    def end(self) -> None:
        """Hear that the run is over."""


def run(argv: Sequence[str], root: Path, log: Path, watcher: Watcher, settings: Mapping[str, str] | None = None) -> int:
    """Run a playbook in the tree's folder, with further settings of its environment; return its exit code."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as kept,
        subprocess.Popen(
            argv,
            cwd=root,
            env={**_environment(root), **(settings or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        assert process.stdout  # noqa: S101 - asked for above
        for line in _lines(process.stdout, watcher.beat):
            kept.write(line + b"\n")
            kept.flush()
            watcher.line(line.decode(errors="replace").rstrip())
    watcher.end()
    return process.returncode


def _environment(root: Path) -> Mapping[str, str]:
    settings = {"ANSIBLE_CONFIG": str(root / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "COLUMNS": "200"}
    return os.environ | settings | {"PYTHONUNBUFFERED": "1"}


def _lines(stream: IO[bytes], idle: Callable[[], None]) -> Iterator[bytes]:
    pending = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(stream, selectors.EVENT_READ)
        while True:
            if not waiting.select(timeout=1):
                idle()
                continue
            chunk = os.read(stream.fileno(), 65536)
            *whole, pending = (pending + chunk).split(b"\n")
            yield from whole
            if not chunk:
                break
    if pending:
        yield pending
