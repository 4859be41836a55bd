"""Forget releases nobody can go back to: records, local image tags, secrets. Never a volume, never another's image."""

import json
import shutil

from . import records
from .machine import Work

KEEP_RELEASES = 5


def prune(work: Work) -> None:
    """Keep the last releases and whatever serves; a tag that a container still uses stays."""
    kept = kept_releases(work)
    gone = [number for number in records.releases(work.folder) if number not in kept]
    for number in gone:
        drop_tags(work, number)
        if number in work.serving().held:
            keep_record_only(work, number)
        else:
            shutil.rmtree(work.folder.release(number))
    placements = [records.release(work.folder, number).placement for number in kept if number in records.releases(work.folder)]
    work.secrets.forget_all_but({number for found in placements for number in (found.secrets_generation, found.base_generation)})


def kept_releases(work: Work) -> set[int]:
    """Return the numbers of the releases that stay."""
    numbers = records.releases(work.folder)
    return set(work.serving().named) | set(records.served(work.folder)[-keep(work) :]) | set(numbers[-1:])


def keep(work: Work) -> int:
    """Return how many releases the inventory keeps."""
    path = work.machine.layout.settings / "engine.json"
    settings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return int(settings.get("keep_releases") or KEEP_RELEASES)


def keep_record_only(work: Work, number: int) -> None:
    """Remove a release's files but its record: it says which subnets and slots the base got, and what is held."""
    for path in work.folder.release(number).iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in ("release.json", records.REVISIONS):
            path.unlink()


def drop_tags(work: Work, number: int) -> None:
    """Drop a release's local tags; Docker removes an image with its last tag, unless a container uses it."""
    mine, end = f"slipway.local/{work.folder.name}/", f":r{number}"
    tags = [tag for image in work.machine.docker.images() for tag in image.tags if tag.startswith(mine) and tag.endswith(end)]
    for tag in tags:
        work.machine.runner.attempt(("docker", "rmi", tag))
