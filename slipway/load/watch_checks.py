"""What watch, canary, numbers and alerts of one stack must say about each other and about its services."""

from collections.abc import Iterator, Mapping

from ..model import Alert, Threshold
from .built_in import EDGES_MS, NUMBERS, nearest_edges
from .faults import Path, listed, short
from .rule import Found, StackRule, known
from .service import X
from .stack import StackDraft

BOUNDS = ("error_ratio", "p95_ms", "memory_mb", "memory_ratio")


def thresholds(draft: StackDraft) -> Iterator[Found]:
    """A bound has one side."""
    for path, bound in _written(draft):
        if (bound.over is None) == (bound.under is None):
            yield draft.at(*path), "needs `over` or `under`, one of them", "write {over: 0.05, for_seconds: 60}"
        elif bound.under is not None and path[-1] in BOUNDS and path[-2] == "watch":
            yield draft.at(*path, "under"), "would take a release back for being good", f"write `over` under `{path[-1]}`"


def _written(draft: StackDraft) -> Iterator[tuple[Path, Threshold]]:
    watch = draft.stack.watch
    node, path = draft.at(X, "watch")
    for word in BOUNDS:
        if word in node.mapping and (bound := getattr(watch, word)) is not None:
            yield (*path, word), bound
    for name, bound in watch.metrics.items():
        yield (*path, "metrics", name), bound


def windows(draft: StackDraft) -> Iterator[Found]:
    """A bound can be broken for long enough within the window; production is watched."""
    watch = draft.stack.watch
    if watch.seconds == 0 and draft.stack.production:
        yield draft.at(X, "watch", "seconds"), "no watch where `production: true`", "write 300, or leave the word out"
    for path, bound in _written(draft):
        if watch.seconds and bound.for_seconds > watch.seconds:
            message = f"never holds for {bound.for_seconds} s within a watch of {watch.seconds} s"
            yield draft.at(*path, "for_seconds"), message, "lower it, or raise `watch.seconds`"


def histogram_edges(draft: StackDraft) -> Iterator[Found]:
    """Answer times are counted in classes, so a bound between two edges cannot be told."""
    watched = [((X, "watch", "p95_ms"), draft.stack.watch.p95_ms)]
    alerts = [((X, "alerts", name), alert) for name, alert in draft.stack.alerts.items() if _number(name, alert) == "p95_ms"]
    for path, bound in (*watched, *alerts):
        for word in ("over", "under"):
            value = getattr(bound, word, None)
            if value is not None and value not in EDGES_MS:
                near = " or ".join(map(str, nearest_edges(value)))
                yield draft.at(*path, word), f"{value:g} ms lies between two edges of the histogram", f"write {near}"


def timed_routes(draft: StackDraft) -> Iterator[Found]:
    """A bound on answer times needs answers that end: streams last as long as people stay."""
    webs = [service.service for service in draft.services.values() if not {"store", "task"} & set(service.own)]
    routes = [route for web in webs for route in web.routes]
    if draft.stack.watch.p95_ms and routes and all(route.streams for route in routes):
        message = "never judged: every route is for WebSockets or unbuffered"
        yield draft.at(X, "watch", "p95_ms"), message, "give them a path of their own, or leave the word out"


def memory_bound(draft: StackDraft) -> Iterator[Found]:
    """A bound above every limit could never fire."""
    bound = draft.stack.watch.memory_mb
    limits = [service.service.memory_mb for service in draft.services.values() if not {"store", "task"} & set(service.own)]
    if bound and bound.over is not None and limits and bound.over >= max(limits):
        message = f"no container can use {bound.over:g} MB: the highest limit is {max(limits)}"
        yield draft.at(X, "watch", "memory_mb"), message, "lower it, or use `memory_ratio`"


def canary(draft: StackDraft) -> Iterator[Found]:
    """A canary is a share of the requests."""
    if draft.stack.canary and not any(service.own.get("routes") for service in draft.services.values()):
        yield draft.at(X, "canary"), "a canary in a stack without routes", "remove it: workers stay old while a canary runs"


def metric_sources(draft: StackDraft) -> Iterator[Found]:
    """A number of one's own has one source and a name of its own."""
    for name, metric in draft.stack.metrics.items():
        place = draft.at(X, "metrics", name)
        sources = [word for word in ("sql", "promql", "task") if getattr(metric, word) is not None]
        if name in NUMBERS:
            yield place, f"`{name}` is the name of a built-in number", "choose another name"
        if len(sources) != 1 or (metric.sql is None) != (metric.store is None):
            yield place, "needs one source", "write `store` with `sql`, or `promql`, or `task`"
        elif metric.task is not None:
            yield from _from_task(draft, name, metric.task)


def _from_task(draft: StackDraft, metric: str, name: str) -> Iterator[Found]:
    scheduled = [
        service.name for service in draft.services.values() if service.service.task and service.service.task.when == "schedule"
    ]
    if name not in scheduled:
        hint = known(name, scheduled, "tasks with `when: schedule`")
        yield draft.at(X, "metrics", metric, "task"), f"no scheduled task `{short(name)}`", hint


def watched_metrics(draft: StackDraft) -> Iterator[Found]:
    """Who names a number finds it."""
    for name in draft.stack.watch.metrics:
        if name not in draft.stack.metrics:
            hint = known(name, draft.stack.metrics, "metrics")
            yield draft.at(X, "watch", "metrics", name), f"no metric `{short(name)}`", hint


def alerts(draft: StackDraft) -> Iterator[Found]:
    """An alert is about a number and a service that exist, and says when."""
    numbers: Mapping[str, object] = {**NUMBERS, **draft.stack.metrics}
    for name, alert in draft.stack.alerts.items():
        place = draft.at(X, "alerts", name)
        if alert.metric is not None and alert.metric not in numbers:
            hint = known(alert.metric, numbers, "numbers")
            yield draft.at(X, "alerts", name, "metric"), f"no number `{short(alert.metric)}`", hint
        elif alert.metric is None and name not in NUMBERS:
            hint = f"write `metric`, or name the alert like a built-in number: {listed(NUMBERS)}"
            yield place, "an alert about no number", hint
        elif alert.over is not None and alert.under is not None:
            yield place, "has both `over` and `under`", "write two alerts"
        elif alert.over is None and alert.under is None and name not in NUMBERS:
            yield place, "needs `over` or `under`, one of them", "write {metric: error_ratio, over: 0.05}"
        if alert.service is not None and alert.service not in draft.services:
            hint = known(alert.service, draft.services, "services")
            yield draft.at(X, "alerts", name, "service"), f"no service `{short(alert.service)}`", hint


def shares(draft: StackDraft) -> Iterator[Found]:
    """A share lies between 0 and 1."""
    for name, alert in draft.stack.alerts.items():
        for word in ("over", "under"):
            value = getattr(alert, word)
            if value is not None and _number(name, alert).endswith("_ratio") and not 0 <= value <= 1:
                hint = f"write {value / 100:g}" if 1 < value <= 100 else "write 0.85 for 85 %"
                yield draft.at(X, "alerts", name, word), f"{value:g} where a share between 0 and 1 is wanted", hint


def _number(name: str, alert: Alert) -> str:
    return alert.metric or name


RULES: tuple[StackRule, ...] = (
    thresholds,
    windows,
    histogram_edges,
    timed_routes,
    memory_bound,
    canary,
    metric_sources,
    watched_metrics,
    alerts,
    shares,
)
