"""What makes releases of several hosts the same: each host numbers its own."""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from ..codec import to_json
from ..model import Stack

SHOWN = 12


def identity(stack: Stack, images: Mapping[str, str]) -> str:
    """Return a short text that two releases share where they run the same words and images; stores are no part of a release."""
    apps = [service.name for service in stack.services.values() if service.kind != "store"]
    digests = {name: images.get(name, "").partition("@")[2] for name in apps}
    text = json.dumps({"stack": to_json(replace(stack, pins={})), "images": digests}, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:SHOWN]
