"""What must hold over all stacks of an environment, and between the inventory and the stack files."""

import re
from collections.abc import Iterator, Mapping

from .faults import is_secret_name, listed, nearest, short
from .nodes import Node
from .rule import Found, MemberRule, Whole, WholeRule, known
from .secrecy import HARMLESS
from .service import X
from .stack import StackDraft

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
RELEASE = re.compile(r".*-r[0-9]+(-.*)?")
TAKEN = ("files", "guard")  # folders of the host beside those of the stacks
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def stack_names(whole: Whole) -> Iterator[Found]:
    """Names become parts of projects, volumes and paths."""
    for name in whole.environment.instances:
        if NAME.fullmatch(name) is None:
            hint = "a small letter, then small letters, digits and `-`, at most 40"
            yield whole.at("stacks", name), f"`{short(name)}` is no name for a stack", hint
        elif RELEASE.fullmatch(name):
            hint = "choose a name without `-r` and digits"
            yield whole.at("stacks", name), f"`{name}` names a release", hint
        elif name in TAKEN:
            yield whole.at("stacks", name), f"`{name}` is a folder of the host's own", "choose another name"


def folders(whole: Whole) -> Iterator[Found]:
    """A stack has a file."""
    compose = whole.compose
    for name, instance in whole.environment.instances.items():
        place = whole.at("stacks", name, "compose")
        if FOLDER.fullmatch(instance.compose) is None:
            message = f"`{short(instance.compose)}` is no folder under `{compose.name}/`"
            yield place, message, "write its name, without slashes"
        elif not (compose / instance.compose / "compose.yml").is_file():
            found = sorted(file.parent.name for file in compose.glob("*/compose.yml"))
            hint = nearest(instance.compose, found) or f"folders with a stack file: {listed(found)}"
            yield place, f"no `{compose.name}/{short(instance.compose)}/compose.yml`", hint


def secret_variables(whole: Whole) -> Iterator[Found]:
    """A secret stands in no file, and a name has one place."""
    for stack, instance in whole.environment.instances.items():
        for name, value in instance.variables.items():
            place = whole.at("stacks", stack, "variables", name)
            if name in instance.secrets:
                yield place, f"`{name}` is a secret too", "keep it under `secrets`"
            elif is_secret_name(name) and not HARMLESS.fullmatch(value):
                hint = f"move it: `secrets: {{{name}: vault}}`, its value into vault.yml"
                yield place, "a secret in plain text", hint


def secret_sources(whole: Whole) -> Iterator[Found]:
    """Every secret has somewhere to come from."""
    for stack, instance in whole.environment.instances.items():
        for name, source in instance.secrets.items():
            place = whole.at("stacks", stack, "secrets", name)
            if source == "vault" and not whole.inventory.has_vault:
                hint = f"`ansible-vault create` it with `vault: {{{stack}: {{{name}: …}}}}`"
                yield place, "no vault.yml beside this file", hint
            elif source != "vault" and not "".join(source.command[:1]).strip():
                yield place, "an empty command", "write {command: [program, argument]}"


def pinned_stacks(whole: Whole) -> Iterator[Found]:
    """Pins belong to stacks."""
    for stack in whole.environment.pins:
        if stack not in whole.environment.instances:
            yield whole.at("releases", stack), f"no stack `{short(stack)}`", known(stack, whole.environment.instances, "stacks")


def pinned_images(whole: Whole, draft: StackDraft) -> Iterator[Found]:
    """An image has one digest."""
    name = draft.stack.name
    pin = whole.environment.pins.get(name)
    seen: dict[str, tuple[str, str]] = {}
    for service, digest in pin.images.items() if pin else ():
        image = draft.services[service].service.image if service in draft.services else ""
        place = whole.at("releases", name, "images", service)
        first, other = seen.setdefault(image, (service, digest)) if image else (service, digest)
        written = image.partition("@")[2]
        if other != digest:
            hint = "both services name the same image: write one digest"
            yield place, f"another digest than `{first}` has for `{short(image)}`", hint
        elif written and written != digest:
            yield place, f"another digest than the stack file names for `{short(service)}`", "remove one of the two"


def unused(whole: Whole, draft: StackDraft) -> Iterator[Found]:
    """What the inventory gives, the stack file takes."""
    name = draft.stack.name
    given, pin = whole.environment.instances[name], whole.environment.pins.get(name)
    taken = draft.used | _named_secrets(whole)
    groups: list[tuple[tuple[str, ...], Mapping[str, object], frozenset[str]]] = [
        (("stacks", name, "variables"), given.variables, taken),
        (("stacks", name, "secrets"), given.secrets, taken),
        (("releases", name, "variables"), pin.variables if pin else {}, taken),
        (("releases", name, "images"), pin.images if pin else {}, frozenset(draft.services)),
    ]
    for path, words, used in groups:
        for word in sorted(set(words) - used):
            missing = sorted(used - set(words) - {""})
            yield whole.at(*path, word), f"`{short(word)}` is used nowhere in the stack", nearest(word, missing) or "remove it"


def _named_secrets(whole: Whole) -> frozenset[str]:
    """Return the secrets that words of the inventory itself name."""
    environment = whole.environment
    named = [
        *(login.secret for login in environment.docker.registries.values()),
        *(receiver.slack for receiver in environment.receivers.values()),
        *(receiver.token for receiver in environment.receivers.values()),
        environment.mail_server.secret,
        *(target.secret for target in environment.backup_target),
    ]
    return frozenset(filter(None, named))


def claimed_domains(whole: Whole, draft: StackDraft) -> Iterator[Found]:
    """A name leads to one stack."""
    owners: dict[str, str] = {}
    for other in whole.drafts.values():
        for domain in other.stack.domains.values():
            for name in (domain.name, *domain.redirect_from):
                owners.setdefault(name, other.stack.name)
    for key, domain in draft.stack.domains.items():
        for word, names in (("name", (domain.name,)), ("redirect_from", domain.redirect_from)):
            for name in names:
                if owners[name] != draft.stack.name:
                    message = f"`{short(name)}` of stack `{draft.stack.name}` belongs to stack `{owners[name]}` already"
                    yield draft.at(X, "domains", key, word), message, "give one of them another name"


def places(whole: Whole, draft: StackDraft) -> Iterator[Found]:
    """A service runs on a group of hosts that is there; a store on one host."""
    name, groups = draft.stack.name, whole.hosts.groups
    for service, group in whole.environment.instances[name].place.items():
        place = whole.at("stacks", name, "place", service)
        if service not in draft.services:
            yield place, f"no service `{short(service)}`", known(service, draft.services, "services")
        elif group not in groups:
            yield place, f"no group `{short(group)}` in {whole.hosts.file}", known(group, groups, "groups")
        elif not groups[group]:
            yield place, f"group `{group}` has no host", f"add one in {whole.hosts.file}"
        elif "store" in draft.services[service].own and len(groups[group]) > 1:
            message = f"a store on the {len(groups[group])} hosts of `{group}` would be as many stores"
            yield place, message, "name a group with one host"


def heard_alerts(whole: Whole, draft: StackDraft) -> Iterator[Found]:
    """In production, an alert reaches somebody."""
    if not whole.environment.production:
        return
    for name, alert in draft.stack.alerts.items():
        if not getattr(whole.environment.notices, alert.severity):
            hint = f"name a receiver in the inventory: `notices: {{{alert.severity}: […]}}`"
            yield draft.at(X, "alerts", name), f"nobody hears of severity `{alert.severity}` here", hint


def empty_root(file: str) -> Node:
    """Return what an unreadable file holds."""
    return Node({}, file, 1, 1)


RULES: tuple[WholeRule, ...] = (stack_names, folders, secret_variables, secret_sources, pinned_stacks)
MEMBER_RULES: tuple[MemberRule, ...] = (pinned_images, unused, claimed_domains, places, heard_alerts)
