"""Say what serves on this host, from its records and from Docker: what should run beside what does."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..errors import SlipwayError
from ..model import Service, Stack
from ..serving import Serving
from . import choices, counts, locked, meeting, records, stale
from .docker import Container
from .journal import Entry, Journal
from .machine import Machine, Work


def status(machine: Machine) -> dict[str, Any]:
    """Return the state of all stacks, and why the host wants a reboot, as plain values."""
    stacks = [_stack(Work(machine, folder)) for folder in machine.layout.stacks()]
    reboot = stale.reasons(machine.layout.root)
    return {"host": socket.gethostname(), "stacks": [found for found in stacks if found], "reboot": reboot}


def _stack(work: Work) -> dict[str, Any] | None:
    serving, entries = work.serving(), Journal(work.folder.journal).entries()
    if serving.current is None and not entries:
        return None
    current = None if serving.current is None else records.release(work.folder, serving.current)
    return {
        "name": work.folder.name,
        "release": serving.current,
        "since": serving.since,
        "who": current.who if current else "",
        "why": current.why if current else "",
        "commit": current.commit if current else "",
        "services": _services(work, counts.placed(work.folder, current).stack, serving.current) if current else [],
        "counts": counts.told(work.folder, current.stack) if current else [],
        "domains": _domains(work, current.stack) if current else [],
        "last_run": last_run(entries),
        "standby": serving.standby,
        "watch": watch(serving, entries),
        "canary": asdict(serving.canary) if serving.canary else {},
        "held": list(serving.held),
        "together": meeting.told(work.folder),
        "identity": meeting.known(work.folder, serving.current),
        "locked": str(locked.read(work.folder) or ""),
        "maintenance": _maintenance(work),
        "resumed": next((entry["at"] for entry in reversed(entries) if entry["event"] == "resumed"), ""),
    }


def _maintenance(work: Work) -> dict[str, str]:
    """Return since when, by whom and why visitors see a page; nothing where they see the stack."""
    try:
        found = choices.read(work.folder).maintenance
    except SlipwayError as error:
        return {"fault": str(error)}
    return {"since": found.at, "who": found.who, "why": found.why} if found else {}


def _services(work: Work, stack: Stack, number: int | None) -> list[dict[str, Any]]:
    present = work.machine.docker.containers(f"slipway.stack={stack.name}")
    ours = [item for item in present if item.labels.get("slipway.release", str(number)) == str(number)]
    return [service_row(stack.services[name], ours) for name in sorted(stack.services) if stack.services[name].kind != "task"]


def service_row(service: Service, containers: Sequence[Container]) -> dict[str, Any]:
    """Return what should run of a service, and what does."""
    running = [item for item in containers if item.labels.get("slipway.service") == service.name and item.running]
    return {
        "name": service.name,
        "kind": service.kind,
        "image": service.image,
        "replicas": 1 if service.kind == "store" else service.replicas_started,
        "running": len(running),
        "healthy": sum(1 for item in running if item.health in ("healthy", "")),
    }


def _domains(work: Work, stack: Stack) -> list[dict[str, str]]:
    names = [stack.domains[key].name for key in sorted(stack.domains)]
    edge = work.machine.edge if names else None
    return [{"name": name, "url": edge.address(name), **_certificate(work, name)} for name in names] if edge else []


def _certificate(work: Work, domain: str) -> Mapping[str, str]:
    """Return who issued what nginx reads and how long it lasts."""
    try:
        served = work.machine.certificates.served(domain)
    except SlipwayError as error:
        return {"certificate": f"none: {error.cause.splitlines()[0]}", "expires": ""}
    issuer = "stop-gap" if work.machine.certificates.is_stop_gap(domain) else served.issuer
    return {"certificate": issuer, "expires": served.expires.isoformat()}


def last_run(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return how the last request ended."""
    found = next((entry for entry in reversed(entries) if entry["event"] == "result"), None)
    if found is None:
        return {}
    result = found["result"]
    return {
        "verdict": result["verdict"],
        "at": found["at"],
        "seconds": result.get("seconds", 0.0),
        "error": result.get("error", ""),
    }


def watch(serving: Serving, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return how the release that serves proves itself, or how its watch ended; nothing where it had none."""
    if serving.watched:
        return {"state": "watching", "until": serving.watch_until, "text": ""}
    for entry in (entry for entry in reversed(entries) if entry["event"] == "watch"):
        state, number = entry["state"], entry["release"]
        if state in ("passed", "bad, and stays") and number == serving.current:
            return {"state": state, "at": entry["at"], "text": entry["text"], "numbers": entry["numbers"]}
        if state == "bad" and number in serving.held and number > (serving.current or 0):
            told = f"returned from release {number}"
            return {"state": told, "at": entry["at"], "text": entry["text"], "numbers": entry["numbers"]}
    return {}


def watch_line(stack: Mapping[str, Any]) -> str:
    """Return in a sentence how the watch stands and what is held; nothing where there is nothing to say."""
    found, held = stack.get("watch") or {}, stack.get("held") or []
    standby = f", release {stack['standby']} stands by" if stack.get("standby") else ""
    until = f" until {found['until']}{standby}" if "until" in found else ""
    held_words = f"held: {', '.join(map(str, held))}" if held else ""
    return "; ".join(filter(None, [f"{found['state']}{until}" if found else "", found.get("text", ""), held_words]))


def canary_line(stack: Mapping[str, Any]) -> str:
    """Return in a sentence which release is a canary; nothing where none is."""
    found = stack.get("canary")
    if not found:
        return ""
    end = f"until {found['until']}, then it serves all" if found["until"] else "until somebody promotes or aborts it"
    return f"release {found['number']} for {found['percent']} % of the visitors since {found['since']}, {end}"


def maintenance_line(stack: Mapping[str, Any]) -> str:
    """Return in a sentence that visitors see a page, or why nobody knows; nothing where they see the stack."""
    found = stack.get("maintenance") or {}
    if "fault" in found:
        return str(found["fault"]).replace("\n", "; ")
    why = f": {found['why']}" if found.get("why") else ""
    return f"visitors see a page since {found['since']} by {found['who']}{why}" if found else ""


def as_text(found: Mapping[str, Any]) -> str:
    """Return the state for people."""
    stacks = [line for stack in found["stacks"] for line in _lines(stack)] or ["no stack runs here"]
    return "\n".join([*stacks, *(f"a reboot is wanted: {why}" for why in found.get("reboot", []))])


def _lines(stack: Mapping[str, Any]) -> list[str]:
    head = f"{stack['name']}: release {stack['release'] or 'none'} since {stack['since'] or '-'} by {stack['who'] or '-'}"
    services = [
        f"  {item['name']:<20} {item['kind']:<10} {item['healthy']} of {item['replicas']} healthy  {item['image']}"
        for item in stack["services"]
    ]
    domains = [f"  {item['url']:<40} {item['certificate']}, until {item['expires'] or '-'}" for item in stack["domains"]]
    counted = [f"  count: {text}" for text in stack.get("counts", [])]
    run = stack["last_run"]
    watched = [f"  watch: {line}" for line in [watch_line(stack)] if line]
    tried = [f"  canary: {line}" for line in [canary_line(stack)] if line]
    shut = [f"  maintenance: {line}" for line in [maintenance_line(stack)] if line]
    return [
        head,
        *services,
        *counted,
        *domains,
        *watched,
        *tried,
        *([f"  together: {stack['together']}"] if stack.get("together") else []),
        *shut,
        *([f"  last run: {run['verdict']} at {run['at']}"] if run else []),
    ]
