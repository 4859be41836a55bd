"""What a run on hosts needs beside the words: people who can log in, and files that lie on this controller.

`fab check` asks for none of it, so that it answers the same on every machine.
"""

from collections.abc import Iterator
from pathlib import Path as File

from .. import public_keys
from ..errors import SlipwayError
from .faults import short
from .rule import Found, Whole, WholeRule


def somebody(whole: Whole) -> Iterator[Found]:
    """A host without an admin lets nobody in."""
    if not whole.environment.admins:
        yield whole.at("admins"), "no admin, so nobody could log in", "write `admins: {ann: {keys: [~/.ssh/id_ed25519.pub]}}`"


def key_files(whole: Whole) -> Iterator[Found]:
    """A path under `keys` leads to public keys."""
    for word, people in (("admins", whole.environment.admins), ("deployers", whole.environment.deployers)):
        for name, person in people.items():
            for index, key in enumerate(person.keys):
                if fault := _unreadable(key, whole):
                    yield whole.at(word, name, "keys", index), *fault


def _unreadable(key: str, whole: Whole) -> tuple[str, str] | None:
    try:
        found = public_keys.public_keys([key], lambda path: _file(path, whole).read_text(encoding="utf-8"))
    except (SlipwayError, ValueError) as fault:
        return short(str(getattr(fault, "cause", f"{key}: cannot be read"))), "name a public key, or the path of one"
    return None if found else (f"{short(key)}: holds no key", "name a public key, or the path of one")


def _file(path: str, whole: Whole) -> File:
    """Return a file of the controller; paths start at the folder that holds the stacks' folder."""
    try:
        return whole.compose.parent / File(path).expanduser()
    except RuntimeError:  # `~` of somebody this machine does not know
        return File(path)


def ca_file(whole: Whole) -> Iterator[Found]:
    """The CA of an ACME server of one's own is at hand."""
    path = whole.environment.acme.ca_file
    if path and not _file(path, whole).is_file():
        yield whole.at("acme", "ca_file"), f"`{short(path)}` is not there", "name the file with the CA's certificate"


RULES: tuple[WholeRule, ...] = (somebody, key_files, ca_file)
