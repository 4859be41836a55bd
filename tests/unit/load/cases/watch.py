"""Watch, canary, numbers and alerts."""

from typing import Any

from tests.unit.load.cases.case import API, OWN, WORKER, Case

TITLE = "Watch, numbers and alerts"
METRIC = {"store": "db", "sql": "SELECT 1"}
SCHEDULED = {f"{WORKER}/x-slipway/task": {"when": "schedule", "schedule": "0 3 * * *"}}
PRODUCTION = {"production": True}
STREAM = {"domain": "site", "port": 8000, "websocket": True}


def watch(**words: Any) -> dict[str, Any]:
    return {"x-slipway/watch": words}


def over(value: float, seconds: int = 60) -> dict[str, Any]:
    return {"over": value, "for_seconds": seconds}


def alert(name: str, **words: Any) -> dict[str, Any]:
    return {"x-slipway/alerts": {name: words}}


CASES = [
    Case(
        "taken back for being good",
        watch(error_ratio={"under": 0.05, "for_seconds": 60}),
        "x-slipway.watch.error_ratio.under",
        "for being good",
        watch(error_ratio=over(0.05)),
    ),
    Case(
        "longer than the watch",
        watch(seconds=60, p95_ms=over(500, 120)),
        "x-slipway.watch.p95_ms.for_seconds",
        "never holds for 120 s within a watch of 60 s",
        watch(seconds=120, p95_ms=over(500, 120)),
    ),
    Case(
        "no watch in production",
        watch(seconds=0),
        "x-slipway.watch.seconds",
        "no watch where `production: true`",
        watch(seconds=60),
        PRODUCTION,
    ),
    Case(
        "share in percent",
        watch(error_ratio=over(5)),
        "x-slipway.watch.error_ratio.over",
        "shares lie between 0 and 1",
        watch(error_ratio=over(0.05)),
    ),
    Case(
        "between two edges",
        watch(p95_ms=over(800)),
        "x-slipway.watch.p95_ms.over",
        "write 750 or 1000",
        watch(p95_ms=over(750)),
    ),
    Case(
        "times of streams",
        watch(p95_ms=over(500)) | {f"{OWN}/routes": [STREAM]},
        "x-slipway.watch.p95_ms",
        "never judged: every route is for WebSockets or unbuffered",
        watch(p95_ms=over(500)) | {f"{OWN}/routes": [STREAM, {"domain": "site", "port": 8000, "path": "/pages"}]},
    ),
    Case(
        "alert between two edges",
        alert("slow", metric="p95_ms", over=60_000),
        "x-slipway.alerts.slow.over",
        "write 30000",
        alert("slow", metric="p95_ms", over=30_000),
    ),
    Case(
        "canary without routes",
        {
            "x-slipway": {"canary": {"percent": 10, "seconds": 60}},
            f"{API}/x-slipway": {},
            f"{API}/healthcheck": {"test": ["CMD", "true"]},
        },
        "x-slipway.canary",
        "a stack without routes",
        {"x-slipway/canary": {"percent": 10, "seconds": 60}},
    ),
    Case(
        "whole canary",
        {"x-slipway/canary": {"percent": 100, "seconds": 60}},
        "x-slipway.canary.percent",
        "1 to 99",
        {"x-slipway/canary": {"percent": 99, "seconds": 60}},
    ),
    Case(
        "name of a built-in number",
        {"x-slipway/metrics": {"error_ratio": METRIC}},
        "x-slipway.metrics.error_ratio",
        "is the name of a built-in number",
        {"x-slipway/metrics": {"failed_ratio": METRIC}},
    ),
    Case(
        "name of a number",
        {"x-slipway/metrics": {"Open-Reviews": METRIC}},
        "x-slipway.metrics.Open-Reviews",
        "no name for a number",
        {"x-slipway/metrics": {"open_reviews": METRIC}},
    ),
    Case(
        "empty statement",
        {"x-slipway/metrics": {"m": {"store": "db", "sql": ""}}},
        "x-slipway.metrics.m.sql",
        "is empty",
        {"x-slipway/metrics": {"m": METRIC}},
    ),
    Case(
        "empty expression",
        {"x-slipway/metrics": {"m": {"promql": " "}}},
        "x-slipway.metrics.m.promql",
        "is empty",
        {"x-slipway/metrics": {"m": {"promql": "up"}}},
    ),
    Case(
        "number of a task that has no schedule",
        {"x-slipway/metrics": {"m": {"task": "migrate"}}},
        "x-slipway.metrics.m.task",
        "no scheduled task `migrate`",
        {"x-slipway/metrics": {"m": {"task": "worker"}}, **SCHEDULED},
    ),
    Case(
        "alert about an unknown number",
        alert("a", metric="eror_ratio", over=0.1),
        "x-slipway.alerts.a.metric",
        "did you mean `error_ratio`?",
        alert("a", metric="error_ratio", over=0.1),
    ),
    Case(
        "alert about a number of your own",
        alert("a", metric="open_reviews", over=50),
        "x-slipway.alerts.a.metric",
        "no number `open_reviews`",
        {**alert("a", metric="open_reviews", over=50), "x-slipway/metrics": {"open_reviews": METRIC}},
    ),
    Case("alert about nothing", alert("a", over=1), "x-slipway.alerts.a", "an alert about no number", alert("restarts", over=1)),
    Case(
        "alert without a bound",
        alert("a", metric="restarts"),
        "x-slipway.alerts.a",
        "needs `over` or `under`",
        alert("restarts", severity="page"),
    ),
    Case(
        "alert with two bounds",
        alert("a", metric="restarts", over=5, under=1),
        "x-slipway.alerts.a",
        "has both",
        alert("a", metric="restarts", over=5),
    ),
    Case(
        "name of an alert",
        alert("a b", metric="restarts", over=5),
        "x-slipway.alerts.a b",
        "no name for an alert",
        alert("a-b", metric="restarts", over=5),
    ),
    Case(
        "share of an alert in percent",
        alert("disk", metric="disk_ratio", over=85),
        "x-slipway.alerts.disk.over",
        "write 0.85",
        alert("disk", metric="disk_ratio", over=0.85),
    ),
    Case(
        "alert that nobody hears",
        alert("a", metric="restarts", over=5, severity="page"),
        "x-slipway.alerts.a",
        "nobody hears of severity `page`",
        alert("a", metric="restarts", over=5, severity="page"),
        PRODUCTION,
        {**PRODUCTION, "notices": {"page": ["ops"]}, "receivers": {"ops": {"webhook": "https://example.org/hook"}}},
    ),
    Case(
        "standby",
        watch(standby="hot"),
        "x-slipway.watch.standby",
        "one of `warm`, `cold`",
        watch(standby="cold"),
    ),
    Case(
        "threshold that is none",
        watch(p95_ms=500),
        "x-slipway.watch.p95_ms",
        "a mapping is wanted",
        watch(p95_ms=over(500)),
    ),
    Case(
        "rate of the health question",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"requests": 1, "per_seconds": 60}}]},
        "services.api.x-slipway.health",
        "would throttle",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"requests": 60, "per_seconds": 60}}]},
    ),
]
