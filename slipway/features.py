"""What Slipway is built to do, and which tests prove it.

Knows the capabilities and reads test files as syntax trees; runs no test and believes no marker outside of the suites that
work on real hosts. `python -m slipway.features --write` makes `docs/features.md`, `--check` holds it fresh.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ALL = "ps-labs-agent, policy, palmistry, propflow, epu"
PROVING = ("tests/e2e/**/test_*.py", "molecule/**/tests/**/test_*.py")
PAGE = Path("docs/features.md")


@dataclass(frozen=True, slots=True)
class Feature:
    """A capability, and the systems that need it."""

    id: str
    text: str
    systems: str = ALL


FEATURES = (
    Feature(
        "F01",
        "Only SSH, 80 and 443 answer from outside, published container ports included; containers reach declared ports only.",
        "ps-labs-agent, palmistry, propflow, epu",
    ),
    Feature(
        "F02", "Security updates install themselves; reboots stay inside a window and the stack comes back.", "palmistry, epu"
    ),
    Feature("F03", "Eight services start in order, one-shot tasks end first, every service is checked, at most ten restarts."),
    Feature("F04", "No container process runs as root; rights are the least that work.", "palmistry, epu"),
    Feature(
        "F05",
        "A private network per stack: databases and caches answer their own application only.",
        "policy, palmistry, propflow, epu",
    ),
    Feature(
        "F06",
        "Requests are routed by name and path: apex, www and api names, `/api/*` to the API and the rest to the site.",
        "ps-labs-agent, policy, palmistry, propflow",
    ),
    Feature("F07", "Certificates by ACME within ten minutes, renewed by themselves; HTTP leads to HTTPS, HSTS for a year."),
    Feature(
        "F08",
        "WebSockets may stay silent for over a minute, keep their close codes, and are drained on deploys and edge reloads.",
        "ps-labs-agent, policy",
    ),
    Feature(
        "F09",
        "Requests are limited per client: ten a second with a burst of twenty, or a hundred a minute; above it 429.",
        "ps-labs-agent, policy, palmistry",
    ),
    Feature(
        "F10",
        "Origins that may call are listed per environment, with credentials and methods.",
        "ps-labs-agent, policy, palmistry",
    ),
    Feature("F11", "Security headers stand on every answer, errors of the edge included.", "policy, palmistry, epu"),
    Feature("F12", "Uploads of 10 MiB pass, one byte more is answered with 413.", "palmistry, propflow, epu"),
    Feature("F13", "The application sees the client's true address, and nobody can forge it.", "ps-labs-agent, palmistry"),
    Feature(
        "F14",
        "Requests go to the least busy of three or more replicas; a dead one is left out and no GET fails.",
        "ps-labs-agent, palmistry, propflow",
    ),
    Feature(
        "F15",
        "Static files are compressed, cached and ready for a CDN in front; pages load in 30 % of the time.",
        "ps-labs-agent, palmistry, epu",
    ),
    Feature("F16", "Public values of a frontend differ per environment while the image stays the same.", "ps-labs-agent, policy"),
    Feature("F17", "Variables and secrets are declared; a missing or wrong one is named before any host is touched."),
    Feature("F18", "Secrets are encrypted at rest and never show up in arguments, logs, diffs or git history."),
    Feature(
        "F19",
        "Secret values come from a vault file or any command: Doppler, AWS Secrets Manager, Vault.",
        "ps-labs-agent, policy, propflow, epu",
    ),
    Feature("F20", "Any key can be rotated under load without downtime.", "ps-labs-agent, epu"),
    Feature(
        "F21",
        "Development, staging and production run the same services; one set of digests is promoted unchanged.",
        "ps-labs-agent, palmistry, propflow, epu",
    ),
    Feature("F22", "A preview stack per pull request with its own name, certificate and expiry, gone without a trace.", "policy"),
    Feature(
        "F23",
        "A release is digests plus configuration; `latest` is refused, a moved tag changes nothing, private registries work.",
        "ps-labs-agent, palmistry, epu",
    ),
    Feature(
        "F24",
        "Migrations run once, locked, after a backup and before the new code; when one fails the old version serves on.",
        "policy, palmistry, propflow, epu",
    ),
    Feature("F25", "Twenty deploys under load lose no request; over 99 % of deploys succeed.", "palmistry"),
    Feature("F26", "A canary meets a share of the traffic first and is withdrawn by itself when it is bad.", "epu"),
    Feature(
        "F27",
        "A release is taken back by itself: 3 failed checks, 5 % errors, p95 over 500 ms, memory over 1 GB, an own trigger.",
        "ps-labs-agent, policy",
    ),
    Feature("F28", "A person rolls back a service or the whole: a frontend within 5 minutes, an API within 15."),
    Feature(
        "F29",
        "Go-live depends on status, body and a user-flow script, never on a sleep.",
        "ps-labs-agent, policy, propflow, epu",
    ),
    Feature("F30", "Production deploys need the word of named people; one deploy runs at a time.", "ps-labs-agent, propflow"),
    Feature("F31", "Maintenance mode answers 503 with Retry-After while testers pass.", "palmistry, epu"),
    Feature("F32", "Replicas are scaled by hand (API to 4, workers to 2) and all take traffic.", "ps-labs-agent, propflow, epu"),
    Feature(
        "F33",
        "API replicas follow CPU (70 %) and memory (80 %) within bounds such as 1-5 and 2-10.",
        "ps-labs-agent, palmistry, propflow, epu",
    ),
    Feature("F34", "Workers follow the depth of their queue and stop without losing a job.", "palmistry"),
    Feature(
        "F35",
        "Every service has limits (to 4 CPUs, 8 GB); a kill for lack of memory is reported by name.",
        "ps-labs-agent, policy, propflow",
    ),
    Feature("F36", "Exactly one scheduler runs, during deploys too.", "propflow"),
    Feature(
        "F37",
        "Postgres has the declared extensions, statement statistics and a slow log, also after a restore.",
        "policy, palmistry, propflow, epu",
    ),
    Feature(
        "F38",
        "Connections have a budget (three replicas of 50) and a pooler; a warning comes at 80 %.",
        "policy, palmistry, propflow",
    ),
    Feature(
        "F39",
        "Redis keeps queues and sessions: durable, never evicted, 99.99 % there, no job lost when killed under load.",
        "policy, palmistry, propflow, epu",
    ),
    Feature(
        "F40",
        "An object store for 100 GB: private and public buckets, signed links through the edge, no open console.",
        "propflow, epu",
    ),
    Feature(
        "F41",
        "The database comes back to any second: at most 5 minutes lost, within one hour.",
        "policy, palmistry, propflow, epu",
    ),
    Feature(
        "F42",
        "Files are saved off the host, to any cloud, at least daily, and are back within one hour.",
        "palmistry, propflow, epu",
    ),
    Feature("F43", "Queued jobs are saved and run after a restore.", "palmistry"),
    Feature(
        "F44",
        "Configuration and secrets are saved dated and encrypted; old copies are pruned.",
        "ps-labs-agent, palmistry, epu",
    ),
    Feature("F45", "A weekly drill restores the newest backup; a failure raises an alert.", "ps-labs-agent, palmistry"),
    Feature(
        "F46",
        "A lost host is rebuilt: API within 15 minutes, frontend within 5, database within an hour.",
        "ps-labs-agent, palmistry, propflow",
    ),
    Feature("F47", "Metrics of each replica, the host, stores, queues and the edge are collected and closed to the outside."),
    Feature(
        "F48",
        "Dashboards show errors, percentiles, queues, connections, Redis and cost.",
        "policy, palmistry, epu",
    ),
    Feature("F49", "Alerts have a window and a route: page, chat or mail."),
    Feature("F50", "A probe off the host asks status and text often enough for a 5 minute answer.", "ps-labs-agent"),
    Feature(
        "F51",
        "Logs are JSON with one request id from edge to application, rotated, tokens masked.",
        "ps-labs-agent, palmistry, epu",
    ),
    Feature("F52", "Sentry learns address, environment and release."),
    Feature(
        "F53",
        "Outside services raise alerts: OpenAI over 10 errors an hour, AWS over 100 dollars a day.",
        "ps-labs-agent, palmistry",
    ),
    Feature("F54", "People hear of deploys and get a daily summary and a status page.", "ps-labs-agent, propflow"),
    Feature(
        "F55",
        "Verbs for every day: status, logs (last lines, follow, filter), restart, exec, variables, start and stop.",
        "ps-labs-agent, policy, propflow",
    ),
    Feature(
        "F56",
        "Verbs for the database: connections, ending queries over 5 minutes, ten slowest statements, schema revisions.",
        "policy, propflow",
    ),
    Feature("F57", "Verbs for demonstrations: reset, seed, clear, warm; refused on production.", "policy"),
    Feature("F58", "Failed jobs can be listed, retried and dropped.", "palmistry"),
    Feature(
        "F59",
        "A load check with ten times the traffic and 1000 users judges by thresholds: p95 500 ms, errors under 0.1 %.",
        "ps-labs-agent, policy, palmistry",
    ),
    Feature("F60", "Pipelines to copy: test, scan, staging, approval, production, notice."),
    Feature(
        "F61",
        "Attacks are slowed: connection caps, bans after floods, an audit log, a periodic audit.",
        "ps-labs-agent, palmistry",
    ),
    Feature("F62", "Data may lie on an encrypted disk.", "propflow"),
    Feature("F63", "A stack runs on more than one host; one may fail.", "palmistry"),
)


class UnknownFeature(Exception):
    """A test claims a capability that does not exist."""


def proofs(root: Path) -> dict[str, list[str]]:
    """Return the tests that prove each capability, as `path::name`."""
    found: dict[str, list[str]] = {}
    for pattern in PROVING:
        for path in sorted(root.glob(pattern)):
            for name, feature in marks(path.read_text(encoding="utf-8")):
                found.setdefault(feature, []).append(f"{path.relative_to(root).as_posix()}::{name}")
    if unknown := sorted(set(found) - {feature.id for feature in FEATURES}):
        raise UnknownFeature(f"{found[unknown[0]][0]} names {unknown[0]}, which slipway/features.py does not know")
    return found


def marks(source: str) -> Iterator[tuple[str, str]]:
    """Yield (test, capability) for every marked test function of a file, marked classes and modules included."""
    tree = ast.parse(source)
    everywhere = [feature for node in tree.body for feature in _module_marks(node)]
    yield from _marks_inside(tree.body, everywhere, "")


def _marks_inside(body: Sequence[ast.stmt], inherited: list[str], prefix: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _marks_inside(node.body, [*inherited, *_named(node.decorator_list)], f"{prefix}{node.name}::")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            for feature in dict.fromkeys([*inherited, *_named(node.decorator_list)]):
                yield f"{prefix}{node.name}", feature


def _module_marks(node: ast.stmt) -> list[str]:
    if not isinstance(node, ast.Assign) or not any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
        return []
    return _named(node.value.elts if isinstance(node.value, (ast.List, ast.Tuple)) else [node.value])


def _named(marked: Sequence[ast.expr]) -> list[str]:
    calls = [node for node in marked if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.feature"]
    return [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


def page(found: Mapping[str, Sequence[str]]) -> str:
    """Return docs/features.md."""
    rows = [f"| {f.id} | {f.text} | {f.systems.replace(ALL, 'all')} | {_cell(found.get(f.id, []))} |" for f in FEATURES]
    proved = sum(1 for feature in FEATURES if found.get(feature.id))
    return "\n".join([*_HEAD, f"**{proved} of {len(FEATURES)} are proved so far.**", "", *_TITLES, *rows, ""])


def _cell(tests: Sequence[str]) -> str:
    return "<br>".join(f"[{test.partition('::')[2]}](../{test.partition('::')[0]})" for test in tests) or "not yet"


_HEAD = (
    "<!-- Generated by `python -m slipway.features --write`; change slipway/features.py or the tests instead. -->",
    "# Capabilities and their proofs",
    "",
    "What five real systems ask of the place they run on. A test counts as proof only where it works on a real host (end-to-end",
    'and role tests), carries the marker `@pytest.mark.feature("F…")` and asserts that capability; everything else is "not yet".',
    "",
)
_TITLES = ("| id | capability | needed by | proved by |", "|-|-|-|-|")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(prog="python -m slipway.features", description="Make docs/features.md from the tests.")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write docs/features.md")
    choice.add_argument("--check", action="store_true", help="fail where docs/features.md is out of date")
    chosen, root = parser.parse_args(arguments), Path(__file__).resolve().parent.parent
    text = page(proofs(root))
    if chosen.write:
        (root / PAGE).write_text(text, encoding="utf-8")
        return 0
    if (root / PAGE).read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{PAGE} is out of date\n  next: python -m slipway.features --write\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
