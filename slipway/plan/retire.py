"""Steps by which an old release leaves: its workers end their jobs while its web containers drain, then all of it goes."""

from ..placement import Placed
from ..render import names
from . import commands
from .step import Step


def stop_workers(old: Placed) -> list[Step]:
    """Return the step that tells old workers to end; nothing waits for them yet."""
    containers = commands.all_containers(old, old.stack.of_kind("worker"))
    why = f"let the workers of release {old.number} finish their jobs"
    arguments = {"containers": containers}
    return [Step(f"stop-workers-{old.number}", "stop", why, ("docker", "stop", *containers), arguments)] if containers else []


def rest(old: Placed) -> list[Step]:
    """Return the steps that stop a cold standby's web containers, which stay for a return."""
    webs = old.stack.of_kind("web")
    containers = commands.all_containers(old, webs)
    limit = commands.grace_seconds(webs) + commands.GRACE_MARGIN_SECONDS
    why = f"let release {old.number} stand by without running"
    arguments = {"containers": containers}
    stop = Step(f"rest-{old.number}", "stop", why, ("docker", "stop", *containers), arguments)
    ended = Step(f"rest-{old.number}-ended", "ended", f"wait until release {old.number} rests", (), arguments, limit)
    return [stop, ended] if containers else []


def drain_seconds(old: Placed) -> int:
    """Return how long open connections to a release may live on after it lost the traffic."""
    return max((route.drain_seconds for web in old.stack.of_kind("web") for route in web.routes), default=0)


def web_ports(old: Placed) -> dict[str, list[int]]:
    """Return the ports that clients may have open, by web container."""
    webs = old.stack.of_kind("web")
    return {name: list(web.route_ports) for web in webs for name in commands.all_containers(old, [web])}


def stop_schedulers(old: Placed) -> list[Step]:
    """Return the steps that end the old scheduler, so that never two run."""
    schedulers = old.stack.of_kind("scheduler")
    containers = commands.all_containers(old, schedulers)
    limit = commands.grace_seconds(schedulers) + commands.GRACE_MARGIN_SECONDS
    arguments = {"containers": containers}
    stop = Step(
        f"stop-schedulers-{old.number}",
        "stop",
        f"stop the scheduler of release {old.number}",
        ("docker", "stop", *containers),
        arguments,
    )
    ended = Step(f"schedulers-{old.number}-ended", "ended", "be sure that never two schedulers run", (), arguments, limit)
    return [stop, ended] if containers else []


def leave(old: Placed, elapsed_seconds: int) -> list[Step]:
    """Return the steps from the drain to the end; `elapsed_seconds` passed since the switch."""
    return [
        *_drain(old, elapsed_seconds),
        *workers_ended(old),
        *remove(old.stack.name, old.number, _web_grace(old)),
        retired(old.number),
    ]


def _drain(old: Placed, elapsed_seconds: int) -> list[Step]:
    ports, bound = web_ports(old), drain_seconds(old)
    why = f"let connections to release {old.number} end by themselves, for at most {bound} s after the switch"
    limit = max(bound - elapsed_seconds, 0)
    return [Step(f"drain-{old.number}", "drain", why, arguments={"containers": ports}, limit_seconds=limit)] if ports else []


def workers_ended(old: Placed) -> list[Step]:
    """Return the step that waits for the jobs a release's workers still do."""
    workers = old.stack.of_kind("worker")
    containers = commands.all_containers(old, workers)
    limit = commands.grace_seconds(workers) + commands.GRACE_MARGIN_SECONDS
    why = f"wait for the last jobs of release {old.number}"
    arguments = {"containers": containers}
    return [Step(f"workers-{old.number}-ended", "ended", why, arguments=arguments, limit_seconds=limit)] if containers else []


def remove(stack: str, number: int, grace_seconds: int) -> list[Step]:
    """Return the step that takes a release's containers and networks away; its images and records stay for a rollback."""
    arguments = {"project": names.release_project(stack, number), "grace_seconds": grace_seconds}
    why = f"take release {number} off the host"
    return [Step(f"remove-{number}", "remove", why, arguments=arguments, limit_seconds=grace_seconds + 60)]


def _web_grace(old: Placed) -> int:
    return commands.grace_seconds(old.stack.of_kind("web"))


def retired(number: int) -> Step:
    """Return the step that forgets a retiring release."""
    return Step(
        f"retired-{number}", "record", f"record that release {number} is gone", arguments={"change": "retired", "number": number}
    )


def settled(number: int, freed: tuple[int, ...]) -> Step:
    """Return the step that ends a release's watch: it stays."""
    arguments = {"change": "settled", "number": number, "freed": list(freed)}
    return Step(f"settled-{number}", "record", f"record that the watch of release {number} is over", arguments=arguments)


def abandoned(number: int) -> Step:
    """Return the step that forgets a release that was being made."""
    return Step(
        f"abandoned-{number}",
        "record",
        f"record that release {number} was given up",
        arguments={"change": "abandoned", "number": number},
    )
