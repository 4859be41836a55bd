"""Plan the images of a release: each is pulled by its digest, under the local tags that keep it."""

from ..placement import Placed
from ..render import names
from ..render.release import app_services
from .base import BaseChange
from .step import Step

PULL_SECONDS = 900


def steps(new: Placed, change: BaseChange) -> list[Step]:
    """Return a pull for each image, under the tags that keep it; those of stores that stay are there already."""
    tags: dict[str, list[str]] = {}
    for name, tag in sorted(_tags(new, change).items()):
        tags.setdefault(new.placement.images[name], []).append(tag)
    return [
        Step(
            name=f"pull-{tagged[0].rpartition('/')[2].partition(':')[0]}",
            action="pull",
            why=f"have the image of {', '.join(tag.rpartition('/')[2].partition(':')[0] for tag in tagged)} and keep it",
            argv=("docker", "pull", "--quiet", reference),
            arguments={"image": reference, "tags": tagged},
            limit_seconds=PULL_SECONDS,
        )
        for reference, tagged in tags.items()
    ]


def _tags(new: Placed, change: BaseChange) -> dict[str, str]:
    stack, images = new.stack.name, new.placement.images
    stores = {name: names.store_image(stack, name, images[name]) for name in (*change.added, *change.changed)}
    return {service.name: names.release_image(stack, new.number, service.name) for service in app_services(new.stack)} | stores
