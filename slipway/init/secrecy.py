"""Secrets in plain text become names: in variables, addresses, commands and healthchecks. No value leaves here."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..load.faults import is_secret_name
from ..load.secrecy import HARMLESS
from . import data as loose
from .changes import Change, Write
from .layout import Path
from .sketch import Sketch
from .team import Facts

REFERENCE = re.compile(r"(?<!\$)\$(?:\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_]\w*))")
USERINFO = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^/\s:@?#${}]*:)((?:[^/\s@?#${}]|\$\{[^{}]*\}|\$\w+)+)@([A-Za-z0-9_.-]*)")
LOOKS_SECRET = re.compile(
    r".*(PASS|PASSWD|PWD|PASSPHRASE|APIKEY|SECRET|SECRET_\w+|CREDENTIALS?|SALT|PRIVATE_KEY\w*|DSN)", re.IGNORECASE
)
OPEN = re.compile(r"\d+|https?://[^@\s]*", re.IGNORECASE)
REQUIREPASS = re.compile(r"--requirepass[ =]+(\S+)")


@dataclass(slots=True)
class Keeper:
    """Names for the secrets of one file: the same value in a store and elsewhere is the same secret."""

    sketch: Sketch
    of_stores: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)

    def name(self, wanted: str, value: str, facts: Facts) -> str:
        """Return the name of a secret that was written as a value."""
        if value in self.of_stores:
            return self.of_stores[value]
        name = re.sub(r"\W", "_", wanted).upper()
        name = name if name[:1].isalpha() else f"S_{name}"
        if self.by_name.get(name, value) != value:
            name = f"{re.sub(r'[^A-Z0-9]', '_', facts.name.upper())}_{name}"
        self.by_name[name] = value
        self.sketch.secrets.add(name)
        if facts.store is not None:
            self.of_stores[value] = name
        return name


def looks_secret(name: str, value: str) -> bool:
    """Say whether a name and its value should be a secret: by the rule for names, and by what teams call theirs."""
    if HARMLESS.fullmatch(value) or is_secret_name(name):
        return is_secret_name(name) and not HARMLESS.fullmatch(value)
    if (match := USERINFO.search(value)) and not match[2].startswith("$"):
        return True
    return LOOKS_SECRET.fullmatch(name) is not None and not OPEN.fullmatch(value)


def propose_secrets(keeper: Keeper, services: Iterable[Facts]) -> None:
    """Propose names for all secrets in the variables, addresses and commands of services."""
    for facts in services:
        for path, key, written in _entries(facts):
            _propose_entry(keeper, facts, path, key, written)
        _propose_commands(keeper, facts)


def _entries(facts: Facts) -> Iterator[tuple[Path, str, str]]:
    """Yield path, key and value as written of a service's variables."""
    written = facts.data.get("environment")
    for key, value in loose.mapping(written).items():
        if value is not None:
            yield (*facts.path, "environment", key), key, loose.text(value)
    for index, item in enumerate(loose.items(written)):
        key, equals, value = loose.text(item).partition("=")
        if equals:
            yield (*facts.path, "environment", index), key, value


def _propose_entry(keeper: Keeper, facts: Facts, path: Path, key: str, written: str) -> None:
    hidden = written
    if is_secret_name(key) or (
        LOOKS_SECRET.fullmatch(key) and "://" not in written and looks_secret(key, facts.environment.get(key, ""))
    ):
        hidden = _hidden(keeper, facts, key, written)
    if "://" in hidden:
        hidden = without_password(keeper, facts, hidden)
    if hidden != written:
        keeper.sketch.hidden.append(path)
        value = f"{key}={hidden}" if isinstance(path[-1], int) else hidden
        where = "a secret: its value belongs into the inventory's vault"
        keeper.sketch.change((*path[:-1], key), where, Write(path, value))


def _hidden(keeper: Keeper, facts: Facts, key: str, written: str) -> str:
    """Return a secret's value with names in place of what was written."""
    if "$" not in written:
        return written if HARMLESS.fullmatch(written) else f"${{{keeper.name(key, written, facts)}:?}}"
    return REFERENCE.sub(lambda match: _required(keeper, match), written)


def _required(keeper: Keeper, match: re.Match[str]) -> str:
    """Return a variable that is a secret without the default that would give it away."""
    name, default = match[1] or match[4], match[3] or ""
    if (match[2] or "").endswith("+") or HARMLESS.fullmatch(keeper.sketch.team.values.get(name) or default or "x") is not None:
        return match[0]
    if (match[2] or "").endswith("-") and not default and not keeper.sketch.team.values.get(name):
        return match[0]
    keeper.sketch.secrets.add(name)
    return f"${{{name}:?}}"


def without_password(keeper: Keeper, facts: Facts, value: str) -> str:
    """Return an address with a secret's name for its password."""
    return USERINFO.sub(lambda match: _address(keeper, facts, match), value)


def _address(keeper: Keeper, facts: Facts, match: re.Match[str]) -> str:
    before, password, host = match.groups()
    if "$" in password:
        return f"{before}{REFERENCE.sub(lambda found: _required(keeper, found), password)}@{host}"
    wanted = f"{host or facts.name}_PASSWORD"
    return f"{before}${{{keeper.name(wanted, password, facts)}:?}}@{host}"


def _propose_commands(keeper: Keeper, facts: Facts) -> None:
    inside = {
        name: (key, facts.environment.get(key, ""))
        for _, key, value in _entries(facts)
        if (name := _only_name(_settled(keeper, facts, key, value)))
    }
    inside |= _propose_redis_password(keeper, facts)
    line = _shell_line(loose.mapping(facts.data.get("healthcheck")).get("test"))
    hidden = _with_variables(keeper.sketch, facts, line, inside)
    if hidden != line:
        path = (*facts.path, "healthcheck", "test")
        keeper.sketch.hidden.append(path)
        why = "a secret in a command can be read by everybody on the host: the container takes it from its own variables"
        keeper.sketch.change(path, why, Write(path, ["CMD-SHELL", hidden]))


def _settled(keeper: Keeper, facts: Facts, key: str, written: str) -> str:
    """Return a variable's value as it is after the change."""
    return _hidden(keeper, facts, key, written) if is_secret_name(key) or LOOKS_SECRET.fullmatch(key) else written


def _only_name(value: str) -> str:
    match = REFERENCE.fullmatch(value)
    return (match[1] or match[4]) if match else ""


def _shell_line(test: Any) -> str:
    words = loose.texts(test)
    if isinstance(test, list) and words[:1] == ["CMD"]:
        return " ".join(f'"{word}"' if re.search(r"[\s$;&|<>()]", word) else word for word in words[1:])
    return " ".join(words[1:] if words[:1] == ["CMD-SHELL"] else words)


def _with_variables(sketch: Sketch, facts: Facts, line: str, inside: Mapping[str, tuple[str, str]]) -> str:
    """Return a healthcheck's line in which the container's own variables stand for secrets."""
    known = {name: key for name, (key, _) in inside.items() if name in sketch.secrets}
    hidden = REFERENCE.sub(lambda m: f"$${known[m[1] or m[4]]}" if (m[1] or m[4]) in known else m[0], line)
    plain = {value for key, value in facts.environment.items() if not is_secret_name(key)}
    for name, key in known.items():
        value = inside[name][1]
        if len(value) >= 4 and value not in plain:
            hidden = re.sub(rf"(?<![A-Za-z0-9_$])(-p|-a)?{re.escape(value)}(?![A-Za-z0-9_])", rf"\1$${key}", hidden)
    return hidden


def _propose_redis_password(keeper: Keeper, facts: Facts) -> dict[str, tuple[str, str]]:
    """Hand Redis its password on its standard input, where `ps` does not show it; return the secret, its variable and value."""
    written = facts.data.get("command")
    match = REQUIREPASS.search(" ".join(loose.texts(written)))
    words = loose.words(written)
    if match is None or words[:1] != ["redis-server"] or facts.base != "redis" or facts.data.get("entrypoint"):
        return {}
    value = match[1].strip("\"'")
    secret = _hidden(keeper, facts, "REDIS_PASSWORD", value)
    rest = REQUIREPASS.sub("", " ".join(words[1:])).split()
    script = f"exec docker-entrypoint.sh redis-server - {' '.join(rest)}".rstrip()
    path = (*facts.path, "command")
    changes: list[Change] = [Write(path, ["sh", "-c", f"{script} <<EOF\nrequirepass $$REDIS_PASSWORD\nEOF\n"])]
    if "REDIS_PASSWORD" not in facts.environment:
        changes.append(keeper.sketch.environment(facts, "REDIS_PASSWORD", secret))
    keeper.sketch.hidden.append(path)
    why = "a secret in a command can be read by everybody on the host: Redis reads it from its input; letters and digits only"
    keeper.sketch.change(path, why, *changes)
    return {_only_name(secret): ("REDIS_PASSWORD", value)}
