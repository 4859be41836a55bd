"""What the hosts of an environment serve: asked over SSH at once, shown as text or JSON."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..entry import Refusal
from .hosts import Host
from .silence import why_silent
from .ssh import Answer

COMMAND = ("sudo", "-n", "/usr/local/sbin/slipway", "status", "--json")
COMMON_NAME = re.compile(r"CN ?= ?([^,/]+)")
Ask = Callable[[Host, Sequence[str]], Answer]


@dataclass(frozen=True, slots=True)
class Report:
    """What a host said, or why it said nothing."""

    host: Host
    stacks: tuple[Mapping[str, Any], ...] = ()
    reboot: tuple[str, ...] = ()
    silence: Refusal | None = None


def ask_all(hosts: Sequence[Host], ask: Ask) -> list[Report]:
    """Ask every host at the same time."""
    with ThreadPoolExecutor(max_workers=max(1, min(16, len(hosts)))) as pool:
        return list(pool.map(lambda host: report(host, ask(host, COMMAND)), hosts))


def report(host: Host, answer: Answer) -> Report:
    """Turn an answer into a report."""
    if answer.code == 0:
        try:
            found = json.loads(answer.output)
            return Report(host, tuple(found["stacks"]), tuple(found.get("reboot", ())))
        except (ValueError, KeyError, TypeError):
            cause = "its `slipway status --json` is not what this version expects"
            return Report(host, silence=Refusal("version", cause, "run site.yml so that both sides have the same version"))
    return Report(host, silence=why_silent(host, answer))


def as_json(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Return the reports for machines."""
    return [
        {"host": report.host.name, "error": {"cause": report.silence.cause, "next": report.silence.next_step}}
        if report.silence
        else {"host": report.host.name, "stacks": list(report.stacks), "reboot": list(report.reboot)}
        for report in reports
    ]


def as_text(reports: Sequence[Report], now: datetime) -> str:
    """Return the reports for people."""
    hosts = ["\n".join(_host(report, now)) for report in reports]
    return "\n\n".join([*hosts, *different(reports)])


def different(reports: Sequence[Report]) -> list[str]:
    """Return for each stack of which hosts serve different releases which host serves which, and what makes it one."""
    names = dict.fromkeys(stack["name"] for report in reports for stack in report.stacks)
    return [text for name in names if (text := _different(name, reports))]


def _different(name: str, reports: Sequence[Report]) -> str:
    serving: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for report in reports:
        for stack in report.stacks:
            if stack["name"] == name and stack.get("identity"):
                serving.setdefault(stack["identity"], []).append((report.host.name, stack))
    if len(serving) < 2:
        return ""
    lines = ["  " + ", ".join(f"{host} (release {stack['release']})" for host, stack in found) for found in serving.values()]
    waits = any(stack.get("together") for found in serving.values() for _, stack in found)
    step = "wait a minute: who hears nothing goes back by itself" if waits else f"deploy what is wanted: fab deploy {name}"
    return "\n".join([f"{name}: the hosts serve {len(serving)} different releases", *lines, f"  next         {step}"])


def _host(report: Report, now: datetime) -> Iterator[str]:
    yield f"{report.host.name} ({report.host})"
    if report.silence:
        yield f"  no answer    {report.silence.cause}"
        yield f"  next         {report.silence.next_step}"
        return
    if not report.stacks:
        yield "  no stack runs here\n  next         list one under `stacks:` in the inventory and run site.yml"
    for stack in report.stacks:
        yield from _stack(stack, now)
    for why in report.reboot:
        yield f"  reboot       wanted: {why} (docs/updates.md says when)"


def _stack(stack: Mapping[str, Any], now: datetime) -> Iterator[str]:
    who = f" by {stack['who']}" if stack.get("who") else ""
    why = f" ({stack['why']})" if stack.get("why") else ""
    yield f"  {stack['name']}: release {stack.get('release') or 'none'} since {_moment(stack.get('since', ''), now)}{who}{why}"
    yield f"    services   {services(stack.get('services', []))}"
    for text in stack.get("counts", []):
        yield f"    count      {text}"
    for domain in stack.get("domains", []):
        yield f"    address    {domain['url']}  {certificate(domain, now)}"
    if watched := _watch(stack, now):
        yield f"    watch      {watched}"
    if stack.get("together"):
        yield f"    together   {stack['together']}"
    if tried := canary(stack.get("canary") or {}, stack["name"], now):
        yield f"    canary     {tried}"
    if shut := maintenance(stack.get("maintenance") or {}, stack["name"], now):
        yield f"    shut       {shut}"
    if stack.get("locked"):
        yield f"    locked     by {stack['locked']}; to release again: fab unlock {stack['name']}"
    yield f"    last run   {_last_run(stack.get('last_run') or {}, now)}"


def services(found: Sequence[Mapping[str, Any]]) -> str:
    """Return `n of m healthy` and each service that is not."""
    lasting = [service for service in found if service["kind"] != "task"]
    healthy, wanted = sum(s["healthy"] for s in lasting), sum(s["replicas"] for s in lasting)
    short = [f"{s['name']} {s['healthy']}/{s['replicas']}" for s in lasting if s["healthy"] < s["replicas"]]
    missing = f"; not all of {', '.join(short)}" if short else ""
    return f"{healthy}/{wanted} healthy ({', '.join(s['name'] for s in lasting)}){missing}"


def certificate(domain: Mapping[str, Any], now: datetime) -> str:
    """Return who issued a domain's certificate and how long it lasts."""
    issuer, expires = domain.get("certificate", ""), _parsed(domain.get("expires", ""))
    if issuer == "stop-gap":
        return "stop-gap certificate: none was issued yet; the host tries again by itself"
    left = f", {(expires - now).days} days left" if expires else ""
    name = COMMON_NAME.search(issuer)
    return f"certificate of {name[1] if name else issuer or 'nobody'}{left}"


def _watch(stack: Mapping[str, Any], now: datetime) -> str:
    """Return how the release proves itself or how that ended, and what the host refuses to take again."""
    found, held = stack.get("watch") or {}, ", ".join(map(str, stack.get("held") or []))
    until, at = _parsed(found.get("until", "")), found.get("at", "")
    left = f" for another {max((until - now).total_seconds(), 0):.0f} s" if until else ""
    standby = f", release {stack['standby']} stands by" if stack.get("standby") else ""
    told = f": {found['text']}" if found.get("text") else ""
    words = f"{found['state']}{left}{standby}{f', {_moment(at, now)}' if at else ''}{told}" if found else ""
    return "; ".join(filter(None, [words, f"held: {held} (`--again` lets it through)" if held else ""]))


def canary(found: Mapping[str, Any], stack: str, now: datetime) -> str:
    """Return which release a share of the visitors meets, and how that ends; nothing where none is a canary."""
    if not found:
        return ""
    until = _parsed(found.get("until", ""))
    left = f"promoted in {max((until - now).total_seconds(), 0):.0f} s where it holds, or " if until else ""
    share = f"release {found['number']} for {found['percent']} % of the visitors since {_moment(found['since'], now)}"
    return f"{share}; {left}decide: fab promote {stack}, fab abort {stack}"


def maintenance(found: Mapping[str, Any], stack: str, now: datetime) -> str:
    """Return since when visitors see a page, by whom and why; nothing where they see the stack."""
    if "fault" in found:
        return str(found["fault"]).replace("\n", "; ")
    why = f" ({found['why']})" if found.get("why") else ""
    told = f"visitors see a page since {_moment(found['since'], now)} by {found['who']}{why}" if found else ""
    return f"{told}; to end it: fab maintenance {stack} off" if told else ""


def _last_run(run: Mapping[str, Any], now: datetime) -> str:
    if not run:
        return "none yet"
    error = f": {run['error'].splitlines()[0]}" if run.get("error") else ""
    return f"{run.get('verdict', '?')}, {run.get('seconds', 0):.0f} s, {_moment(run.get('at', ''), now)}{error}"


def _moment(text: str, now: datetime) -> str:
    moment = _parsed(text)
    return f"{moment:%Y-%m-%d %H:%M} UTC ({age((now - moment).total_seconds())})" if moment else text or "never"


def age(seconds: float) -> str:
    """Return a time span in the largest unit that fits."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"


def _parsed(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
