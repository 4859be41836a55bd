"""What a command costs: processor seconds with all it starts, or seconds on the clock. It must end well."""

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .runner import Cost


class Unmeasurable(Exception):
    """Something that an entry needs is missing or fails."""


def cpu_seconds(argv: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> float:
    """Return user and system seconds of a command and everything it waited for."""
    return _run(argv, folder, environment)[0]


def wall_seconds(argv: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> float:
    """Return the seconds a person waits for a command."""
    return _run(argv, folder, environment)[1]


def whole_cost(argv: Sequence[str], folder: Path, container: str, environment: Mapping[str, str] | None = None) -> Cost:
    """Return the seconds a person waits, with the processor seconds that pass here and on the lab's host."""
    before = host_cpu_seconds(container)
    here, wall = _run(argv, folder, environment)
    return Cost(wall, here, host_cpu_seconds(container) - before)


def host_cpu_seconds(container: str) -> float:
    """Return the processor seconds a lab host has used since it booted, by its control group of either version."""
    files = "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || grep usage_usec /sys/fs/cgroup/cpu.stat"  # v1, v2
    asked = subprocess.run(["docker", "exec", container, "sh", "-c", files], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise Unmeasurable(f"{container} does not say what it used: {asked.stderr.strip()}\n  next: make demo")
    words = asked.stdout.split()
    return int(words[0]) / 1e9 if len(words) == 1 else int(words[1]) / 1e6


def _run(argv: Sequence[str], folder: Path, environment: Mapping[str, str] | None) -> tuple[float, float]:
    # A file, not a pipe: a control master that ssh leaves behind would hold a pipe open.
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = subprocess.Popen(
            list(argv), cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            last = said.read().decode(errors="replace")[-2000:]
            raise Unmeasurable(f"`{' '.join(argv)}` in {folder} ended with {process.returncode}:\n{last}")
    return usage.ru_utime + usage.ru_stime, wall


def machine() -> str:
    """Return what a reader must know of this machine to judge the figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    parts = [
        f"{os.cpu_count()} cores",
        f"{memory:.0f} GB",
        f"Linux {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
    ]
    return f"{', '.join(parts)}; load average {load} when it began"
