"""The first stack from a team's Compose file: read it, propose, judge the proposal, write new files, all or none."""

import os
import re
import tempfile
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Fault, SlipwayError
from ..init.decisions import decide
from ..init.proposal import NotReadable, Proposal, propose, read_team, without
from ..init.report import Outcome, as_json, as_text
from ..init.team import Order, read_values
from ..load import shown, survey_environment
from ..load.edge_checks import DOMAIN
from ..load.folder import NotShipped, Shipped, read_below
from ..load.nodes import LARGEST_FILE
from ..load.whole import FOLDER, NAME, RELEASE
from .operation import BadOption

__all__ = ["as_json", "as_text", "order", "start"]

LARGEST_ENV_FILE = 256 << 10


class AlreadyThere(SlipwayError):
    """A file or folder to be written exists."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Beside:
    """The files beside the team's."""

    folder: Path

    def kind(self, path: str) -> str:
        """Return `file`, `folder` or nothing."""
        try:
            target = self.folder / path
            return "folder" if target.is_dir() else "file" if target.is_file() else ""
        except (OSError, ValueError):
            return ""

    def lines(self, path: str) -> str | None:
        """Return a small text file's content, or None."""
        try:
            target = self.folder / path
            if not target.is_file() or target.stat().st_size > LARGEST_ENV_FILE:
                return None
            return target.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            return None

    def shippable(self, path: str) -> Shipped:
        """Return a file, or all files of a folder, named from the folder above; raise NotShipped with the reason."""
        try:
            target = (self.folder / path).resolve()
        except (OSError, ValueError, RuntimeError):
            raise NotShipped(f"`{path}` leads nowhere", "mend the path") from None
        return read_below(target.parent, target.name)


def order(source: str, name: str, environment: str, given: Mapping[str, str]) -> Order:
    """Return what the options ask for; the name of the file's folder is the stack's where none is given."""
    if not source:
        raise BadOption("--from is missing", "fab init --from path/to/docker-compose.yml --name shop")
    folder = re.sub(r"[^a-z0-9]+", "-", Path(source).resolve().parent.name.lower()).strip("-")
    wanted = Order(name or folder, environment, **given)
    _judge(wanted)
    return wanted


def start(root: Path, source: str, order: Order, *, dry_run: bool) -> Outcome:
    """Propose a stack from a Compose file and write it, unless this is a dry run."""
    stack, inventory = root / "compose" / order.name, root / "inventory" / order.environment
    if stack.exists() or stack.is_symlink():
        raise AlreadyThere(
            f"{shown(stack)} is there already, and nothing is written over", "choose another --name, or move it away"
        )
    proposal = _proposal(root, Path(source), order)
    if unused := _unused(_survey(_judged(proposal), order)):
        proposal = without(proposal, unused)
    files = {f"compose/{order.name}/{path}": text for path, text in proposal.stack_files.items()}
    inventory_is_new = not inventory.exists()
    judged = _judged(proposal)
    decisions = decide(proposal, _survey(judged, order), judged)
    wanted = judged if inventory_is_new else files
    if not dry_run:
        programs = {f"compose/{order.name}/{path}" for path in proposal.sketch.programs}
        _write(root, wanted, programs, [stack, *([inventory] if inventory_is_new else [])])
    return Outcome(proposal, tuple(wanted), not dry_run, decisions, inventory_is_new)


def _judged(proposal: Proposal) -> dict[str, str]:
    """Return all files of a proposal, those of the inventory too, by their path below the root."""
    order = proposal.sketch.team.order
    stack = {f"compose/{order.name}/{path}": text for path, text in proposal.stack_files.items()}
    return {**stack, **{f"inventory/{order.environment}/{path}": text for path, text in proposal.inventory_files.items()}}


def _unused(faults: Sequence[Fault]) -> frozenset[str]:
    """Return names that the loader finds used nowhere, where a text's form hides it from a first reading."""
    return frozenset(fault.path.rpartition(".")[2] for fault in faults if "is used nowhere" in fault.message)


def _judge(order: Order) -> None:
    if NAME.fullmatch(order.name) is None or RELEASE.fullmatch(order.name):
        raise BadOption(
            f"--name is {order.name!r}", "a small letter, then small letters, digits and `-`; not ending in -r and digits"
        )
    if FOLDER.fullmatch(order.environment) is None:
        raise BadOption(f"--env is {order.environment!r}", "write a name such as production")
    if order.domain and DOMAIN.fullmatch(order.domain) is None:
        raise BadOption(
            f"--domain is {order.domain!r}, no domain name", "small letters, digits and `-`, at least one dot: shop.example"
        )
    if order.host and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:-]*", order.host) is None:
        raise BadOption(f"--host is {order.host!r}, no address", "write an address such as 203.0.113.7, or a name")
    if order.registry and re.fullmatch(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)*", order.registry) is None:
        raise BadOption(f"--registry is {order.registry!r}, no registry", "write for example ghcr.io/acme")
    if order.release and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", order.release) is None:
        raise BadOption(f"--release is {order.release!r}, no tag", "write for example 1.4.2")


def _proposal(root: Path, source: Path, order: Order) -> Proposal:
    try:
        with source.open("rb") as stream:
            text = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotReadable(
            [Fault(str(source), 1, "(file)", f"cannot be read: {reason}", "write --from path/to/docker-compose.yml")]
        ) from None
    beside = Beside(source.resolve().parent)
    team = read_team(order, shown(source), text, read_values(beside.lines(".env") or ""), beside)
    return propose(team, os.path.relpath(beside.folder, root.resolve() / "compose" / order.name))


def _survey(files: Mapping[str, str], order: Order) -> list[Fault]:
    """Return the faults of files as they would stand, with the paths they would have."""
    with tempfile.TemporaryDirectory(prefix="slipway-init-") as folder:
        stage = Path(folder)
        _put(stage, files)
        found = survey_environment(stage / "inventory" / order.environment, stage / "compose").faults
        prefixes = (f"{shown(stage)}/", f"{stage}/")
        return [_without(fault, prefixes) for fault in found]


def _without(fault: Fault, prefixes: Sequence[str]) -> Fault:
    def clean(text: str) -> str:
        for prefix in prefixes:
            text = text.replace(prefix, "")
        return text

    return replace(fault, file=clean(fault.file), message=clean(fault.message), hint=clean(fault.hint))


def _put(home: Path, files: Mapping[str, str], programs: Container[str] = ()) -> None:
    for path, text in files.items():
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        if path in programs:
            target.chmod(target.stat().st_mode | 0o111)


def _write(root: Path, files: Mapping[str, str], programs: Container[str], folders: Sequence[Path]) -> None:
    """Write all files beside their places, then rename the folders; a failure takes everything back."""
    root.mkdir(parents=True, exist_ok=True)
    done: list[Path] = []
    with tempfile.TemporaryDirectory(prefix=".slipway-init-", dir=root) as folder:
        stage = Path(folder)
        _put(stage, files, programs)
        try:
            for target in folders:
                target.parent.mkdir(exist_ok=True)
                (stage / target.relative_to(root)).rename(target)
                done.append(target)
        except OSError as error:
            for index, target in enumerate(done):
                target.rename(stage / f"undone-{index}")
            raise AlreadyThere(
                f"cannot write {target}: {error.strerror or error}", "nothing was written; free the place, run it again"
            ) from None
