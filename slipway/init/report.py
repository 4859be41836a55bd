"""What `init` tells: each service's part, every change with its patch, what is left to decide. No secret."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..load.faults import shown as path_text
from . import data as loose
from .decisions import Decision, remark
from .layout import Path, find, read_layout
from .parts import Part
from .proposal import Proposal
from .routes import shown_name
from .secrecy import looks_secret
from .sketch import Said, Sketch

HIDDEN = "…"
KINDS: Mapping[Part, str] = {"web": "web service", "edge": "moved", "tool": "moved", "asleep": "moved"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a proposal: the paths it has or would have, and what is left to decide."""

    proposal: Proposal
    paths: tuple[str, ...]
    written: bool
    decisions: tuple[Decision, ...]
    inventory_is_new: bool


def masked(sketch: Sketch) -> str:
    """Return the team's text with every value hidden that is or becomes a secret."""
    text = sketch.team.text
    root = read_layout(text)
    spans = set()
    for path in (*sketch.hidden, *_hidden_in_moved(sketch)):
        found = find(root, path)
        if found is not None:
            value = found.value.real
            start = value.start
            if isinstance(path[-1], int) and "=" in text[start : value.end]:
                start = text.index("=", start) + 1
            spans.add((start, value.end))
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + HIDDEN + text[end:]
    return text


def _hidden_in_moved(sketch: Sketch) -> Iterator[Path]:
    for name in sketch.moved:
        written = loose.mapping(sketch.team.services[name]).get("environment")
        keys = (
            list(written) if isinstance(written, dict) else [loose.text(item).partition("=")[0] for item in loose.items(written)]
        )
        values = loose.pairs(written)
        for index, key in enumerate(keys):
            if looks_secret(key, values.get(key) or ""):
                yield ("services", name, "environment", key if isinstance(written, dict) else index)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome for machines."""
    sketch = outcome.proposal.sketch
    lines = _Lines(sketch)
    return {
        "stack": sketch.team.order.name,
        "from": sketch.team.file,
        "environment": sketch.team.order.environment,
        "written": outcome.written,
        "files": list(outcome.paths),
        "services": dict(outcome.proposal.parts),
        "variables": dict(outcome.proposal.names.variables),
        "secrets": list(outcome.proposal.names.secrets),
        "changes": [lines.entry(said) for said in sketch.said if not said.guess],
        "guesses": [lines.entry(said) for said in sketch.said if said.guess],
        "patch": "\n".join(_diff(sketch, outcome.proposal.text, 3)),
        "decisions": [
            {"faults": [asdict(fault) for fault in decision.faults], "before": decision.before, "after": decision.after}
            for decision in outcome.decisions
        ],
        "stack_words": "" if outcome.inventory_is_new else outcome.proposal.stack_words,
    }


class _Lines:
    """Lines of the team's file by path."""

    def __init__(self, sketch: Sketch) -> None:
        self.text = sketch.team.text
        self.root = read_layout(self.text)

    def line(self, path: Path) -> int:
        """Return the line of a place, or of what is nearest above it."""
        for length in range(len(path), 0, -1):
            if (found := find(self.root, path[:length])) is not None:
                return self.text.count("\n", 0, found.key.start) + 1
        return 1

    def entry(self, said: Said) -> dict[str, Any]:
        return {"line": self.line(said.path), "path": path_text(said.path), "why": said.why}


def as_text(outcome: Outcome) -> str:
    """Return the outcome for people."""
    parts = [_services(outcome), _changes(outcome), _decisions(outcome), _files(outcome), _next(outcome)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def _services(outcome: Outcome) -> Iterator[str]:
    sketch, found = outcome.proposal.sketch, outcome.proposal.parts
    counts = Counter(KINDS.get(part, part) for part in found.values())
    number = "1 service" if len(found) == 1 else f"{len(found)} services"
    yield f"{sketch.team.order.name}: {number} in {sketch.team.file}: " + ", ".join(
        f"{count} {kind}{'s' if count > 1 and kind != 'moved' else ''}" for kind, count in counts.items()
    )
    width = max(map(len, found))
    for name, part in found.items():
        yield f"  {name:<{width}}  {KINDS.get(part, part)}{_about(sketch, name)}"


def _about(sketch: Sketch, name: str) -> str:
    if name in sketch.moved:
        return " to compose.override.yml"
    words = {word: value for word, (value, _) in sketch.own.get(name, {}).items()}
    routes = [f"{shown_name(sketch, one['domain'])}{one['path']} -> {one['port']}" for one in words.get("routes", ())]
    store = [str(words["store"]["engine"])] if "store" in words else []
    queue = [f"{words['queue']['system']} on {words['queue']['store']}"] if "queue" in words else []
    task = [f"when: {words['task']['when']}"] if "task" in words else []
    told = [*routes, *store, *queue, *task]
    return f" ({', '.join(told)})" if told else ""


def _changes(outcome: Outcome) -> Iterator[str]:
    sketch = outcome.proposal.sketch
    lines = _Lines(sketch)
    reasons = sorted(((lines.line(said.path), said) for said in sketch.said), key=lambda pair: pair[0])
    guesses = sum(said.guess for said in sketch.said)
    if reasons:
        marks = f"; `?` marks {guesses} guess{'es' if guesses > 1 else ''} to look at" if guesses else ""
        yield f"Changes, by the lines of your file, which itself stays as it is{marks}:"
    for hunk in _hunks(_diff(sketch, outcome.proposal.text, 1)):
        match = re.match(r"@@ -(\d+)(?:,(\d+))?", hunk[0])
        last = int(match[1]) + int(match[2] or 1) if match else 0
        yield from _told([pair for pair in reasons if pair[0] < last])
        reasons = [pair for pair in reasons if pair[0] >= last]
        yield from (f"        {line}".rstrip() for line in hunk[1:])
    yield from _told(reasons)


def _told(reasons: Sequence[tuple[int, Said]]) -> Iterator[str]:
    """Yield a line for each reason, with all places it is the reason for."""
    places: dict[tuple[str, bool], list[tuple[int, str]]] = {}
    for line, said in reasons:
        places.setdefault((said.why, said.guess), []).append((line, path_text(said.path)))
    for (why, guess), found in places.items():
        listed = ", ".join(path for _, path in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        yield f"{found[0][0]:>5} {'?' if guess else ' '} {listed}: {why}"


def _diff(sketch: Sketch, text: str, context: int) -> list[str]:
    name = sketch.team.order.name
    return list(
        difflib.unified_diff(
            masked(sketch).splitlines(),
            text.splitlines(),
            sketch.team.file,
            f"compose/{name}/compose.yml",
            lineterm="",
            n=context,
        )
    )


def _hunks(diff: Sequence[str]) -> Iterator[list[str]]:
    hunk: list[str] = []
    for line in diff[2:]:
        if line.startswith("@@") and hunk:
            yield hunk
            hunk = []
        hunk.append(line)
    if hunk:
        yield hunk


def _decisions(outcome: Outcome) -> Iterator[str]:
    if not outcome.decisions:
        yield "Nothing is left to decide: `fab check` accepts it as it stands."
        return
    count = sum(len(decision.faults) for decision in outcome.decisions)
    yield f"You decide ({count} fault{'s' if count > 1 else ''}; `fab check` says the same until then):"
    for number, decision in enumerate(outcome.decisions, 1):
        first, *others = decision.faults
        yield f"  {number}. {first}"
        places = ", ".join(dict.fromkeys(fault.path for fault in others))
        more = f"and {len(others)} more: {places if len(places) <= 100 else f'{places[:97]}…'}" if others else ""
        before = f"- {decision.before}" if decision.before and decision.after else ""
        after = f"+ {decision.after}" if decision.after else ""
        yield from (f"     {line}" for line in (more, remark(outcome.proposal.sketch, first), before, after) if line)


def _files(outcome: Outcome) -> Iterator[str]:
    yield "Written:" if outcome.written else "Would be written (--dry-run):"
    yield from (f"  {path}" for path in outcome.paths)
    if not outcome.inventory_is_new:
        order = outcome.proposal.sketch.team.order
        yield f"inventory/{order.environment} is there already and stays as it is. Put this under its `stacks:`:"
        yield from outcome.proposal.stack_words.rstrip().splitlines()


def _next(outcome: Outcome) -> Iterator[str]:
    order, names = outcome.proposal.sketch.team.order, outcome.proposal.names
    home = f"inventory/{order.environment}"
    steps = []
    if outcome.decisions:
        steps.append("decide what is listed above")
    steps.append(f"look at the lines marked `<-` in {home}/ (docs/own-vm.md explains them)" if outcome.inventory_is_new else "")
    if names.secrets:
        vault = f"{home}/group_vars/all/vault.yml"
        count = f"{len(names.secrets)} secrets" if len(names.secrets) > 1 else "secret"
        steps.append(
            f"write the {count} into {vault}, then `.venv/bin/ansible-vault encrypt {vault}`"
            if outcome.inventory_is_new
            else f"`.venv/bin/ansible-vault edit {vault}`, and write the {count} under `{order.name}`: {', '.join(names.secrets)}"
        )
    if names.optional:
        steps.append(f"{', '.join(names.optional)}: empty today; under `secrets` once they have a value")
    steps.append(f".venv/bin/fab check --env {order.environment}")
    yield "Next:"
    yield from (f"  {number}. {step}" for number, step in enumerate(filter(None, steps), 1))
