"""What an environment's pin of a stack says: variables by value, images by digest. Pure.

A pin holds as little as it can: what people chose for this environment, and one digest for each image.
"""

from collections.abc import Collection, Mapping

from .environment import Instance, Pin
from .model import Stack

Images = Mapping[str, tuple[str, str]]  # service -> name of its image, digest


def with_choice(old: Pin, chosen: Mapping[str, str]) -> Pin:
    """Return the pin that is wanted, without digests: whoever chooses a version chooses its images anew."""
    return Pin(variables={**old.variables, **chosen})


def kept_digests(old: Pin, before: Stack, after: Stack) -> dict[str, str]:
    """Return the digests of an old pin that still hold, by image: those of services whose image has the same name."""
    then = {name: service.image for name, service in before.services.items() if name in old.images}
    return {service.image: old.images[name] for name, service in after.services.items() if then.get(name) == service.image}


def variables_of(served: Mapping[str, str], instance: Instance, used: Collection[str], chosen: Collection[str]) -> dict[str, str]:
    """Return the variables a pin needs so that the inventory gives what serves, as far as the stack file still asks for it.

    `chosen` are the names that stand in the pin whatever their value.
    """
    asked = {name: value for name, value in sorted(served.items()) if name in used and name not in instance.secrets}
    return {name: value for name, value in asked.items() if name in chosen or instance.variables.get(name) != value}


def images_of(served: Images, stack: Stack, tags: Mapping[str, Collection[str]], pinned: Collection[str]) -> dict[str, str]:
    """Return service -> digest, one service for each image that the stack still names: the committed file stays small.

    Only where the tag is made of pinned variables (`tags`: service -> variables of its tag): whoever changes a tag that is
    written out must not get the digest of the old one.
    """
    found: dict[str, tuple[str, str]] = {}
    for name, (image, digest) in sorted(served.items()):
        follows = bool(tags.get(name)) and set(tags[name]) <= set(pinned)
        if follows and digest and stack.services[name].image == image:
            found.setdefault(image, (name, digest))
    return dict(sorted(found.values()))
