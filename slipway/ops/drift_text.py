"""Drift as one reading for a person: what differs by hand, host by host, and the command that brings it back."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from .drift import Drift, Finding, HostDrift

SHOWN_LINES = 8


def as_text(drift: Drift) -> str:
    """Return the reading; one line where nothing differs by hand."""
    names = ", ".join(host.name for host in drift.hosts)
    if not drift.code and not any(host.newer or host.stray or host.not_judged for host in drift.hosts):
        return f"{drift.environment}: no drift, {names} {'is' if len(drift.hosts) == 1 else 'are'} as brought into place"
    blocks = ["\n".join(_host(host)) for host in drift.hosts]
    return "\n\n".join([*blocks, _ending(drift)])


def as_json(drift: Drift) -> dict[str, Any]:
    """Return the drift for machines."""
    return {**asdict(drift), "drift": drift.found, "next": drift.command}


def _ending(drift: Drift) -> str:
    if drift.code not in (0, 6):
        return "next: mend what stands under `stopped`, then ask again"
    return f"next: {drift.command}" if drift.found else f"{drift.environment}: no drift"


def _host(host: HostDrift) -> Iterator[str]:
    yield host.name
    for where in dict.fromkeys(finding.where for finding in host.findings):
        yield f"  {where}"
        yield from (line for finding in host.findings if finding.where == where for line in _finding(finding))
    if not host.findings and not host.stops:
        yield "  no drift"
    yield from _titled("the tree is newer, which is no drift (fab plan tells more)", host.newer)
    yield from _titled("not judged", host.not_judged)
    yield from _titled("runs here but is not in the inventory", [f"stack {name}" for name in host.stray])
    for stop in host.stops:
        yield f"  stopped at: {stop.where}; nothing behind it was judged"
        yield from (f"    {line}" for line in stop.cause.splitlines())


def _finding(finding: Finding) -> Iterator[str]:
    yield f"    ! {finding.kind:<11}{finding.name}: {finding.what}"
    yield from (f"        {line}" for line in finding.lines[:SHOWN_LINES])
    if len(finding.lines) > SHOWN_LINES:
        yield f"        … {len(finding.lines) - SHOWN_LINES} more lines"


def _titled(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"  {title}"
        yield from (f"      {text}" for text in texts)
