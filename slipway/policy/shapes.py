"""Questions about plain values: each returns a test that says whether a value is harmless."""

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Test = Callable[[Any], bool]


def never(value: Any) -> bool:  # noqa: ARG001 - the form of every test
    """Say no: whatever is asked for here needs a grant."""
    return False


def flag(value: Any) -> bool:
    """Say whether a value is true or false, and no word that Compose would take for one."""
    return isinstance(value, bool)


def off(value: Any) -> bool:
    """Say whether a value is false."""
    return value is False


def text(value: Any) -> bool:
    """Say whether a value is a text; what a secret fills in may stand in it."""
    return isinstance(value, str)


def scalar(value: Any) -> bool:
    """Say whether a value is a text or a number."""
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def line(value: Any) -> bool:
    """Say whether a value is a command: words, or nothing for the image's own."""
    return value is None or text(value) or (isinstance(value, list) and all(map(text, value)))


def like(pattern: str) -> Test:
    """Return a test for texts of a form."""
    wanted = re.compile(pattern)
    return lambda value: isinstance(value, str) and wanted.fullmatch(value) is not None


def whole(low: int, high: int) -> Test:
    """Return a test for whole numbers within bounds, in quotes or not."""

    def fits(value: Any) -> bool:
        written = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value) is not None
        return (type(value) is int or written) and low <= int(value) <= high

    return fits


def size(low: int, high: int) -> Test:
    """Return a test for bytes as Docker writes them, such as `10m`, within bounds."""

    def fits(value: Any) -> bool:
        found = re.fullmatch(r"([0-9]{1,18})([kmg]?)b?", str(value).lower())
        return found is not None and low <= int(found[1]) << 10 * " kmg".index(found[2] or " ") <= high

    return fits


def share(value: Any) -> bool:
    """Say whether a value is a number of processors."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def address(value: Any) -> bool:
    """Say whether a value is an IP address."""
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


def network(value: Any) -> bool:
    """Say whether a value is an IP address or a network of them, and nothing that a config file could take for more."""
    if not isinstance(value, str) or re.fullmatch(r"[0-9A-Fa-f:.]+(/[0-9.]{1,15})?", value) is None:
        return False
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def pair(name: Test, value: Test) -> Test:
    """Return a test for an entry of a mapping."""
    return lambda entry: isinstance(entry, tuple) and name(entry[0]) and value(entry[1])


def entry_of(tests: Mapping[str, Test]) -> Test:
    """Return a test for an entry of a mapping that has these keys and no others."""
    return lambda entry: isinstance(entry, tuple) and entry[0] in tests and tests[entry[0]](entry[1])


def record(tests: Mapping[str, Test]) -> Test:
    """Return a test for a mapping with these keys and no others."""
    return lambda value: (
        isinstance(value, dict) and set(value) <= set(tests) and all(tests[key](item) for key, item in value.items())
    )


def one_of(words: Collection[Any]) -> Test:
    """Return a test for a few texts."""
    return lambda value: isinstance(value, str) and value in words


def fills_in(value: Any) -> bool:
    """Say whether a value has a place that a secret or the environment fills in."""
    if isinstance(value, (list, tuple)):
        return any(map(fills_in, value))
    if isinstance(value, dict):
        return any(fills_in(item) for item in value.values())
    return isinstance(value, str) and "$" in value.replace("$$", "")
