"""Turn what the inventory says under `keys` into public keys. Pure: the reader comes in as a function."""

import re
from collections.abc import Callable, Iterable

from .errors import SlipwayError

KEY = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}(?: [^\n]*)?")
PATH = ("~", "/", "./")


def public_keys(entries: Iterable[str], read: Callable[[str], str]) -> list[str]:
    """Return the keys; an entry that starts like a path is read from the controller."""
    keys = [key for entry in entries for key in _lines(entry, read)]
    return list(dict.fromkeys(keys))


def _lines(entry: str, read: Callable[[str], str]) -> list[str]:
    if not entry.startswith(PATH):
        return [_checked(entry, "this entry of `keys`")]
    try:
        text = read(entry)
    except OSError as problem:
        raise SlipwayError(f"{entry}: {problem.strerror}", "name a public key, or the path of one, under `keys`") from problem
    return [_checked(line, entry) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _checked(line: str, where: str) -> str:
    if "PRIVATE KEY" in line:
        raise SlipwayError(f"{where}: this is a private key", "name the public one (its file ends in .pub)")
    if not KEY.fullmatch(line.strip()):
        raise SlipwayError(f"{where}: {line[:40]!r} is not a public key", "paste the line of the .pub file, options left out")
    return line.strip()
