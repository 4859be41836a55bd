"""Which variables of a stack file say its version: those that the tags of its images are made of. Pure."""

from .faults import VARIABLE
from .stack import StackDraft

USUAL = "RELEASE"


def version_variables(draft: StackDraft) -> list[str]:
    """Return the variables in the tags of the application's images: `RELEASE` alone where it is one of them."""
    found = sorted({name for names in tag_variables(draft).values() for name in names})
    return [USUAL] if USUAL in found else found


def tag_variables(draft: StackDraft) -> dict[str, frozenset[str]]:
    """Return service -> the variables in its image's tag; stores are left out, and tags that are written out have none."""
    services = [service for service in draft.services.values() if service.service.kind != "store"]
    return {service.name: _variables(service.at("image")[0].raw) for service in services}


def _variables(image: str) -> frozenset[str]:
    tag = image.rpartition("/")[2].partition(":")[2]
    return frozenset(VARIABLE.findall(tag.replace("$$", "")))
