"""Names of images, taken apart the way a pull puts them together."""

import re

NAME = re.compile(r"[a-z0-9]+(?:[._/:-]+[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?")
DIGEST = re.compile(r"([a-z0-9][a-z0-9._:/-]*@)?sha256:[0-9a-f]{64}")


def repository(image: str) -> str:
    """Return an image's name without tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def is_image(text: str) -> bool:
    """Say whether a text names an image, and nothing a command could take for an option."""
    return NAME.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Say whether a text is the digest of an image, with or without the image's name."""
    return DIGEST.fullmatch(text) is not None
