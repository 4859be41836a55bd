"""How nginx writes things: quoted strings, and names that no other stack can have."""

import hashlib
import re
from typing import Any

from ..errors import ReleaseRefused


def quoted(text: str) -> str:
    """Return a string that nginx takes as it is written."""
    if "$" in text or not text.isprintable():
        raise ReleaseRefused(
            f"nginx cannot be given {text!r}: it holds a dollar sign or a control character", "change it in the stack file"
        )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def token(*parts: str) -> str:
    """Return a name made of letters, digits and `_`; a digest tells apart what would read the same."""
    readable = "_".join(re.sub(r"[^A-Za-z0-9]+", "_", part).strip("_") for part in parts)
    if all(re.fullmatch(r"[A-Za-z0-9]+", part) for part in parts):
        return readable
    return f"{readable}_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:6]}"


def variable(stack: str, place: str, what: str) -> str:
    """Return a variable's name: short, because nginx keeps names of more than 46 letters only with a larger hash."""
    digest = hashlib.sha256(f"{stack}/{place}".encode()).hexdigest()[:6]
    readable = re.sub(r"[^a-z0-9]+", "_", place.lower()).strip("_")[:12]
    return f"edge_{readable}_{digest}_{what}"


def host_name(text: str) -> str:
    """Return a public name, refused where it is none: it stands unquoted."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", text):
        raise ReleaseRefused(
            f"{text!r} is not a public name", "correct the domain in the stack file or its variable in the inventory"
        )
    return text


def filled(template: str, **words: Any) -> str:
    """Return a template's text with these words in it; raises where it asks for another."""
    import jinja2  # noqa: PLC0415 - most runs of the engine render nothing

    environment = jinja2.Environment(  # noqa: S701 - nginx's text is no HTML
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(template).render(**words)
