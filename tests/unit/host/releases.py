"""A stack's folder with releases as the engine leaves them, for tests that read it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slipway.host import files, records
from slipway.host.journal import Journal
from slipway.host.layout import Layout, StackFolder
from slipway.host.records import Release
from slipway.model import Service, Stack, Store, Task
from slipway.placement import Placement

AT = "2026-11-21T08:00:00.000Z"
DIGESTS = {"1.0.0": "sha256:" + "1" * 64, "1.1.0": "sha256:" + "2" * 64, "1.2.0": "sha256:" + "3" * 64}


def stack(version: str, **variables: str) -> Stack:
    """Return a stack whose images have a version, and whose third revision contracts."""
    image = f"a/app:{version}"
    return Stack(
        name="demo",
        services={
            "web": Service(name="web", image=image),
            "migrate": Service(name="migrate", image=image, task=Task(when="migrate", contracts=("0003",))),
            "db": Service(name="db", image="postgres:17", store=Store()),
        },
        variables={"RELEASE": version, **variables},
        secret_names=("DB_PASSWORD",),
    )


def release(number: int, version: str, **words: Any) -> Release:
    """Return a release of a version."""
    digest = DIGESTS[version]
    images = {"web": f"a/app@{digest}", "migrate": f"a/app@{digest}", "db": "postgres@sha256:" + "9" * 64}
    made = words.pop("stack", None) or stack(version)
    known = {"who": "ann@desk", "why": "site.yml", "at": AT, **words}
    return Release(number, records.fingerprint(made, 1), made, Placement(number, images=images, secrets_generation=1), **known)


def folder(root: Path, *made: Release, **serving: Any) -> StackFolder:
    """Return a stack's folder with these releases; the last serves."""
    found = Layout(root).stack("demo")
    for one in made:
        records.keep_release(found, one)
        files.write(found.release(one.number) / "compose.json", "{}", 0o640)
    now = {"stack": "demo", "current": made[-1].number if made else None, "since": AT, **serving}
    files.write(found.serving, json.dumps(now), 0o640)
    return found


def ran(found: StackFolder, number: int, **words: Any) -> None:
    """Write down the run that made a release, with what its migration printed."""
    journal, context = Journal(found.journal), {"at": AT, "request": f"q{number}"}
    result: Mapping[str, Any] = {"verdict": "serving", "release": number, "seconds": 12.5, "error": "", **words.get("result", {})}
    journal.append(
        {**context, "event": "begin", "who": "ann@desk", "why": "fab deploy demo", "commit": "abc1234", "release": None}
    )
    journal.append({**context, "event": "step", "name": "begin", "state": "begun", "why": "w", "release": number})
    if text := words.get("migrated", ""):
        state = words.get("state", "done")
        journal.append({**context, "event": "step", "name": "task-migrate", "state": state, "why": "w", "release": number})
        files.write(found.path / "log" / f"demo-r{number}-migrate.log", text, 0o600)
    journal.append({**context, "event": "result", "result": result, "release": None})
