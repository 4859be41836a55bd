"""What only a person can decide: the faults that are left, each with the line as it stands and what to write."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import Fault
from ..load.faults import shown as path_text
from .proposal import Proposal
from .routes import inner_port
from .sketch import Sketch

VERSION = "<version>"
EMPTY = re.compile(r"variable `(\w+)` is empty")


@dataclass(frozen=True, slots=True)
class Decision:
    """A fault that only a person can mend: the line as it stands, and what to write."""

    faults: tuple[Fault, ...]
    before: str = ""
    after: str = ""


def decide(proposal: Proposal, faults: Sequence[Fault], texts: Mapping[str, str]) -> tuple[Decision, ...]:
    """Return the faults that are left, those with one cause together, each with its line and what to write."""
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.message, fault.hint), []).append(fault)
    return tuple(_decision(proposal, group, texts) for group in groups.values())


def _decision(proposal: Proposal, group: Sequence[Fault], texts: Mapping[str, str]) -> Decision:
    fault = group[0]
    if variable := EMPTY.search(fault.message):
        before = next((line for text in texts.values() for line in text.splitlines() if f" {variable[1]}: " in f" {line}"), "")
        return Decision(tuple(group), before.strip(), f'{variable[1]}: "…"')
    if "no `healthcheck`" in fault.message:
        return Decision(tuple(group), after=_check_to_fill_in(proposal, fault))
    lines = texts.get(fault.file, "").splitlines()
    line = lines[fault.line - 1].strip() if 0 < fault.line <= len(lines) and "plain text" not in fault.message else ""
    return Decision(tuple(group), line, _after(fault, line))


def _check_to_fill_in(proposal: Proposal, fault: Fault) -> str:
    """Return a healthcheck to begin with: over HTTP where a port is known."""
    name = fault.path.split(".")[1] if "." in fault.path else ""
    port = inner_port(proposal.sketch.team.facts(name)) if name in proposal.sketch.team.services else 0
    test = f'[CMD, wget, -qO-, "http://127.0.0.1:{port}/"]' if port else "[CMD, …]"
    return f"healthcheck: {{test: {test}, interval: 10s}}"


def _after(fault: Fault, line: str) -> str:
    if "floating tag" in fault.message or "has no tag" in fault.message:
        match = re.search(r"image:\s*[\"']?([^\s\"'#]+)", line)
        repository = re.sub(r":[^:/}]*$", "", match[1]) if match and "$" not in match[1] else ""
        return f"image: {repository}:{VERSION}" if repository else ""
    return ""


def remark(sketch: Sketch, fault: Fault) -> str:
    """Return what helps to decide, or nothing."""
    if "tag" in fault.message and fault.path.endswith(".image"):
        return "`docker compose images` shows which version runs today"
    if variable := EMPTY.search(fault.message):
        return sketch.asked.get(variable[1], "")
    return next((text for path, text in sketch.remarks.items() if path_text(path) == fault.path), "")
