"""Counts of replicas that people choose, within the bounds of the stack file. Pure: words and stacks come in and go out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..errors import SlipwayError
from ..model import Kind, Scale, Service, Stack

SCALED: tuple[Kind, ...] = ("web", "worker")
MOST = 100  # more than any bound may be
NEVER: Mapping[Kind, str] = {
    "store": "is a store: it has one container, which no verb doubles",
    "scheduler": "is a scheduler: never two at once",
    "task": "is a task: it runs to its end, and nothing of it runs on",
}


class BadCount(SlipwayError):
    """A count that was asked for and cannot be had."""

    exit_code = 2


def asked(words: Sequence[str]) -> dict[str, int]:
    """Return what a person wrote as SERVICE=COUNT, each service once."""
    found: dict[str, int] = {}
    for word in words:
        name, sign, count = word.partition("=")
        if not name or not sign or not (count.isascii() and count.isdigit()) or int(count) > MOST:
            raise BadCount(f"{word[:40]!r} is not SERVICE=COUNT", f"write {name[:40] or 'api'}=3, for example")
        if name in found:
            raise BadCount(f"the count of {name} is given twice", "write it once")
        found[name] = int(count)
    return found


def judge(stack: Stack, wanted: Mapping[str, int]) -> None:
    """Raise BadCount with everything that cannot be had."""
    faults = [fault for name in sorted(wanted) if (fault := _fault(stack.services.get(name), name, wanted[name]))]
    if faults:
        said = "\n".join(f"  {fault}" for fault in faults)
        raise BadCount(f"{stack.name} cannot be scaled like this:\n{said}", _next(stack))


def _fault(service: Service | None, name: str, count: int) -> str:
    if service is None:
        return f"{name}={count}: there is no service {name[:40]!r}"
    if service.kind in NEVER:
        return f"{name}={count}: {name} {NEVER[service.kind]}"
    if service.scale is None:
        return f"{name}={count}: {name} has no bounds, the stack file says `deploy.replicas: {service.replicas}`"
    if count != within(service.scale, count):
        return f"{name}={count}: {name} may have {bounds(service.scale)} replicas"
    return ""


def _next(stack: Stack) -> str:
    names = [f"{service.name} ({bounds(service.scale)})" for service in stack.of_kind(*SCALED) if service.scale]
    ways = "give a service other bounds in the stack file, `x-slipway: {scale: {min: 1, max: 4}}`, and deploy it"
    return f"choose for {', '.join(names)}; or {ways}" if names else ways


def bounds(scale: Scale) -> str:
    """Return the bounds for a sentence."""
    return f"{scale.min} to {scale.max}"


def within(scale: Scale, count: int) -> int:
    """Return a count within its bounds: a choice outlives the stack file it was made for."""
    return min(max(count, scale.min), scale.max)


def told(stack: Stack, counts: Mapping[str, int]) -> dict[str, str]:
    """Return by service in a sentence what was chosen for a stack, and what becomes of it within its bounds."""
    found = {name: stack.services.get(name) for name in sorted(counts)}
    return {name: _told(name, service, counts[name]) for name, service in found.items()}


def _told(name: str, service: Service | None, count: int) -> str:
    if service is None or service.kind not in SCALED or service.scale is None:
        return f"{count} of {name} were chosen, but it has no bounds any more: the stack file's number counts"
    fits, said = within(service.scale, count), f"the stack file says {bounds(service.scale)}"
    return f"{name} runs {fits} times, {said}" if fits == count else f"{name} runs {fits} times: {count} were chosen, but {said}"


def kept(stack: Stack, counts: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    """Return the choices once these are made: the least is what the stack file starts by itself, and needs none."""
    return {name: count for name, count in sorted({**counts, **wanted}.items()) if not _is_least(stack, name, count, wanted)}


def _is_least(stack: Stack, name: str, count: int, wanted: Mapping[str, int]) -> bool:
    service = stack.services.get(name)
    return name in wanted and service is not None and service.scale is not None and count == service.scale.min


def chosen(stack: Stack, counts: Mapping[str, int]) -> Stack:
    """Return a stack that starts as many replicas as were chosen; what is rendered of it stays the same."""
    return replace(stack, services={**stack.services, **{service.name: service for service in _chosen(stack, counts)}})


def _chosen(stack: Stack, counts: Mapping[str, int]) -> Iterator[Service]:
    for service in stack.of_kind(*SCALED):
        if service.scale and service.name in counts:
            yield replace(service, scale=replace(service.scale, min=within(service.scale, counts[service.name])))
