"""`fab upgrade-engine`: Docker's packages to a newer version, host after host, proved from outside, back where that fails."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import ReleaseRefused, SlipwayError
from . import outside
from .hosts import Host
from .silence import told
from .ssh import Answer

COMMAND = ("sudo", "-n", "slipway", "upgrade-docker")
LIMIT_SECONDS = 3700
CHANGES_FOUND = 6
Ask = Callable[[Host, Sequence[str], float], Answer]
Visit = Callable[[str, Sequence[str]], outside.Answers]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Package:
    """A package of Docker's on a host."""

    name: str
    installed: str
    candidate: str

    @property
    def moves(self) -> bool:
        """Say whether the archives offer another version."""
        return self.candidate != self.installed


@dataclass(frozen=True, slots=True)
class Report:
    """What happened on a host, or would; `code` is the exit code, `asked` how many sites answered from outside."""

    host: str
    verdict: str
    packages: tuple[Package, ...] = ()
    asked: int = 0
    containers: int = 0
    kept: int = 0
    seconds: float = 0.0
    error: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class Doors:
    """How hosts are asked, by SSH and as a visitor, and whom progress is told."""

    ask: Ask
    visit: Visit
    say: Say
    proof_seconds: float = 60


def upgrade_all(hosts: Sequence[Host], doors: Doors, *, dry_run: bool) -> list[Report]:
    """Upgrade one host after another; behind the first that is not well, none is touched."""
    reports: list[Report] = []
    for host in hosts:
        if reports and reports[-1].code not in (0, CHANGES_FOUND):
            reports.append(Report(host.name, "not touched"))
        else:
            reports.append(_upgraded(host, doors, dry_run=dry_run))
    return reports


def _upgraded(host: Host, doors: Doors, *, dry_run: bool) -> Report:
    try:
        return upgrade(host, doors, dry_run=dry_run)
    except SlipwayError as error:
        return Report(host.name, "refused", error=str(error), code=error.exit_code)


def upgrade(host: Host, doors: Doors, *, dry_run: bool) -> Report:
    """Upgrade a host, prove it from outside, and go back where that fails."""
    found = _report(host, _said(host, doors, "--dry-run"))
    moving = [package for package in found.packages if package.moves]
    if dry_run or not moving:
        return replace(found, code=CHANGES_FOUND if moving else 0)
    doors.say(f"{host.name}: {', '.join(map(_step, moving))}")
    urls = _urls(host, doors)
    before = doors.visit(host.address, urls)
    done = replace(_report(host, _said(host, doors)), asked=sum(1 for status in before.values() if status))
    if done.code:
        return done
    if lost := outside.wait(lambda: doors.visit(host.address, urls), before, doors.proof_seconds):
        return _taken_back(host, doors, lost)
    return done


def _taken_back(host: Host, doors: Doors, lost: Sequence[str]) -> Report:
    doors.say(f"{host.name}: {', '.join(lost)} answered before and does not any more; go back")
    back = _report(host, _said(host, doors, "--back"))
    error = f"{', '.join(lost)} did not answer from outside any more\n{back.error}".strip()
    return replace(back, error=error, code=ReleaseRefused.exit_code)


def _said(host: Host, doors: Doors, *words: str) -> Mapping[str, Any]:
    """Return what the host says of an upgrade; it says so in JSON, well or badly."""
    answer = doors.ask(host, (*COMMAND, *words), LIMIT_SECONDS)
    if not answer.reached or not answer.output.strip().startswith("{"):
        told(host, answer)
    found: Mapping[str, Any] = json.loads(answer.output.strip().splitlines()[-1])
    return found


def _urls(host: Host, doors: Doors) -> list[str]:
    answer = doors.ask(host, ("sudo", "-n", "slipway", "status", "--json"), 60)
    if answer.code:
        told(host, answer)
    return [domain["url"] for stack in json.loads(answer.output)["stacks"] for domain in stack["domains"]]


def _report(host: Host, said: Mapping[str, Any]) -> Report:
    packages = [Package(name, one["installed"], one["candidate"]) for name, one in sorted(said["packages"].items())]
    figures = {name: said[name] for name in ("containers", "kept", "seconds", "error", "code")}
    return Report(host.name, said["verdict"], tuple(packages), **figures)


def code(reports: Sequence[Report]) -> int:
    """Return the exit code: of the host that is not well, else whether something would change."""
    codes = [report.code for report in reports]
    return next((code for code in codes if code not in (0, CHANGES_FOUND)), max(codes, default=0))


def as_json(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Return the reports for machines."""
    return [asdict(report) for report in reports]


def as_text(reports: Sequence[Report]) -> str:
    """Return the reports for people."""
    return "\n".join(line for report in reports for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    proof = f", {report.asked} site{'s' if report.asked != 1 else ''} answered from outside" if report.asked else ""
    kept = f", {report.kept} of {report.containers} containers ran on" if report.containers else ""
    yield f"{report.host}: {report.verdict}{kept}{proof}{f' ({report.seconds:.0f} s)' if report.seconds else ''}"
    yield from (f"  {_step(package)}" for package in report.packages if package.moves)
    yield from (f"  {line}" for line in report.error.splitlines())


def _step(package: Package) -> str:
    return f"{package.name} {package.installed} -> {package.candidate}"
