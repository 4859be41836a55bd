"""What a person sees of a run: steps with seconds, and what a long one waits for."""

import json

from slipway.ops.progress import Progress

BEGUN = {"event": "step", "state": "begun", "name": "start-web", "why": "start the web services"}


def told(*lines: str) -> list[str]:
    said: list[str] = []
    times = iter(range(100))
    progress = Progress(said.append, lambda: float(next(times)))
    for line in lines:
        progress.line(line)
    return said


def test_a_step_is_told_at_its_end_with_its_seconds() -> None:
    assert told(json.dumps(BEGUN), json.dumps({**BEGUN, "state": "done", "seconds": 2.345})) == [
        "   1.0 s  start the web services (2.3 s)"
    ]
    assert told(json.dumps({**BEGUN, "state": "failed", "seconds": 60.0})) == [
        "   1.0 s  FAILED: start the web services (60.0 s)"
    ]


def test_what_it_waits_for_and_warnings_are_told_at_once() -> None:
    waits = {"event": "waits", "name": "start-web", "text": "demo-r2-api-1 is starting: connection refused"}
    assert told(json.dumps(waits)) == ["   1.0 s  … demo-r2-api-1 is starting: connection refused"]
    assert told(json.dumps({"event": "warning", "text": "no certificate yet"})) == ["   1.0 s  warning: no certificate yet"]


def test_a_result_and_what_is_no_event_are_not_told() -> None:
    assert told('{"verdict": "serving"}', "Warning: Permanently added", "{broken", "") == []
