"""What the environment says: names and values, read once."""

import os
import socket

RELEASE = os.environ.get("APP_VERSION", "development")
REPLICA = socket.gethostname()


def required(name: str) -> str:
    """Return a variable or end with a sentence that says what to set."""
    if value := os.environ.get(name):
        return value
    raise SystemExit(f"{name} is not set: add it to the service's environment")


def optional(name: str) -> str:
    """Return a variable, empty if unset."""
    return os.environ.get(name, "")
