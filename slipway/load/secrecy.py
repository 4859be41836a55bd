"""Secrets in plain text, and secrets where everybody can read them. No value is ever shown."""

import re
from collections.abc import Iterator, Mapping

from .faults import Path, is_secret_name
from .interpolation import secrets_in, without_secrets
from .nodes import Node
from .rule import Found, ServiceRule
from .service import Draft

HARMLESS = re.compile(r"|true|false|yes|no|on|off|[01]|/[\w./-]+", re.IGNORECASE)
USERINFO = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^/\s:@?#]*:([^/\s@?#]+)@")
PLACES = ("command", "entrypoint", "labels", "healthcheck")


def plain_text(draft: Draft) -> Iterator[Found]:
    """A secret stands in no file."""
    for name, value in _environment(draft).items():
        if is_secret_name(name) and not secrets_in(value) and not HARMLESS.fullmatch(value):
            hint = f"write `{name}: ${{{name}:?}}` and add `{name}` to `secrets` in the inventory"
            yield _pair(draft, "environment", name), "a secret in plain text", hint


def userinfo(draft: Draft) -> Iterator[Found]:
    """A password inside of a URL is a secret too."""
    for place, text in _texts(draft):
        match = USERINFO.search(text) if "://" in text else None
        if match and without_secrets(match[1]) and not secrets_in(match[1]):
            yield (
                _pair(draft, *place),
                "a password in a URL, in plain text",
                "write `${NAME}` for it and add the name to `secrets` in the inventory",
            )


def exposed(draft: Draft) -> Iterator[Found]:
    """Commands and labels can be read by everybody on the host."""
    for place, text in _texts(draft):
        if place[0] in PLACES and (names := secrets_in(text)):
            hint = "hand it over in `environment` or `secrets`"
            yield _pair(draft, *place), f"secret `{names[0]}` in `{place[0]}`, where `ps` and `docker inspect` show it", hint


def _environment(draft: Draft) -> Mapping[str, str]:
    found: Mapping[str, str] = draft.service.compose.get("environment", {})
    return found


def _texts(draft: Draft) -> Iterator[tuple[tuple[str, ...], str]]:
    for key in ("environment", "labels"):
        for name, value in draft.service.compose.get(key, {}).items():
            yield (key, name), value
    for key in ("command", "entrypoint"):
        for word in draft.service.compose.get(key, ()):
            yield (key,), word
    check = draft.service.compose.get("healthcheck")
    test = check.get("test", ()) if isinstance(check, dict) else ()
    for word in test if isinstance(test, list) else [test]:
        yield ("healthcheck", "test"), str(word)


def _pair(draft: Draft, key: str, name: str = "") -> tuple[Node, Path]:
    """Return the place of an entry, in a mapping or in a list of `key=value`."""
    node, path = draft.at(key)
    for index, item in enumerate(node.items):
        if name and item.raw.partition("=")[0] == name:
            return draft.at(key, index)
    return draft.at(key, name) if name else (node, path)


RULES: tuple[ServiceRule, ...] = (plain_text, userinfo, exposed)
