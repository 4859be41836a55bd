"""Say why a host wants a reboot: what updates left behind for it, and services that still run on libraries they replaced."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

# `7f… r-xp … 08:01 1234  /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)`: the file on disk is another one by now.
REPLACED = re.compile(r"^\S+ \S*x\S* .* (/usr/lib|/lib)/\S+\.so[.\d]* \(deleted\)$", re.MULTILINE)
SERVICE = re.compile(r"/system\.slice/([^/\n]+)\.service$", re.MULTILINE)  # containers and people's sessions lie elsewhere


def reasons(root: Path = Path("/")) -> list[str]:
    """Return why this host wants a reboot; none where it does not."""
    return [*_marked(root / "run"), *_on_replaced_libraries(root / "proc")]


def _marked(run: Path) -> Iterator[str]:
    if (run / "reboot-required").exists():
        list_ = run / "reboot-required.pkgs"
        packages = list_.read_text(encoding="utf-8").split() if list_.is_file() else []
        yield f"an update asks for it: {', '.join(dict.fromkeys(packages)) or 'it does not say which'}"


def _on_replaced_libraries(proc: Path) -> Iterator[str]:
    if services := sorted({name for name in map(stale_service, proc.glob("[0-9]*")) if name}):
        yield f"running on replaced libraries: {', '.join(services)}"


def stale_service(process: Path) -> str:
    """Return the service of a process that runs on replaced libraries; empty for all other processes."""
    with contextlib.suppress(OSError):  # it has ended
        unit = SERVICE.search((process / "cgroup").read_text(encoding="ascii", errors="replace"))
        if unit and REPLACED.search((process / "maps").read_text(encoding="utf-8", errors="replace")):
            return unit[1]
    return ""
