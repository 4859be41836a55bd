"""Hand secret values from one task of a run to a later one, so that what holds them is asked once.

Sealed with a key that only this process and those it forks know: what Ansible keeps, shows or logs in between tells nothing.
"""

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken

KEY = Fernet.generate_key()  # Ansible's main process imports this before it forks a task


def sealed(values: Mapping[str, str]) -> str:
    """Return values as a text that means nothing to others."""
    return Fernet(KEY).encrypt(json.dumps(dict(values)).encode()).decode()


def opened(text: str) -> dict[str, str] | None:
    """Return the values again; None where there is no text, or another process sealed it."""
    try:
        values: dict[str, str] = json.loads(Fernet(KEY).decrypt(text.encode()))
    except InvalidToken:
        return None
    return values


def runs(tag: str, wanted: list[str], skipped: list[str]) -> bool:
    """Return whether tasks with a tag run, by Ansible's `--tags` and `--skip-tags`."""
    return bool({"all", "tagged", tag} & set(wanted)) and not {"all", "tagged", tag} & set(skipped)
