"""Build and push the images described by `tests/apps/**/image.json`, in the order they need each other, only what changed."""

import http
import http.client
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from ..errors import HostError
from .docker import Docker
from .engine import running_engine
from .images import REPOSITORY, Build, build_image, content_of, ensure_base, pulled, wants_official_images
from .names import CONTENT_LABEL, LOOPBACK, REGISTRY_PUSH_PORT
from .network import ensure_network
from .progress import Progress, Say
from .services import ensure_registry
from .state_folder import lock

DESCRIPTIONS = REPOSITORY / "tests/apps"
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
OFFICIAL = "official"
DESCRIPTION_KEYS = {"images", "after"}
IMAGE_KEYS = {"tag", "dockerfile", "args"}


def push(say: Say, descriptions: Path = DESCRIPTIONS) -> None:
    """Have every described image in the registry."""
    progress = Progress(say)
    builds = in_order(read_descriptions(descriptions))
    with lock("push", say):
        docker = running_engine(progress)
        with lock("lab", say):
            ensure_network(docker, progress)
            ensure_registry(docker, progress)
        needed = {base for build in builds for base in build.bases}
        present = [build for build in builds if _provide(docker, build, needed, progress)]
    say(f"          {len(builds)} images are in the registry, {len(present)} were there already")


def read_descriptions(root: Path) -> list[Build]:
    """Return every build described by an `image.json` below a folder."""
    return [build for path in sorted(root.rglob("image.json")) for build in builds_of(path, json.loads(path.read_text()))]


def builds_of(path: Path, description: Mapping[str, Any]) -> list[Build]:
    """Return the builds of one description; refuse keys nobody reads."""
    images = description.get("images", [])
    unknown = (
        {*description, *(f"images.{key}" for image in images for key in image)}
        - DESCRIPTION_KEYS
        - {f"images.{k}" for k in IMAGE_KEYS}
    )
    if unknown:
        raise HostError(
            f"{path}: nobody reads {', '.join(sorted(unknown))}", f"it may hold {', '.join(sorted(DESCRIPTION_KEYS))}"
        )
    return [
        Build(
            image["tag"],
            path.parent,
            tuple(description.get("after", ())),
            dict(image.get("args", {})),
            image.get("dockerfile", "Dockerfile"),
        )
        for image in images
    ]


def in_order(builds: Iterable[Build]) -> list[Build]:
    """Return the builds with every image after those it is built from. Pure."""
    by_tag: dict[str, Build] = {}
    for build in builds:
        if build.tag in by_tag:
            raise HostError(f"{build.tag} is described in {by_tag[build.tag].context} and in {build.context}", "keep one of them")
        by_tag[build.tag] = build
    needs = {tag: [base for base in build.bases if base in by_tag] for tag, build in by_tag.items()}
    try:
        return [by_tag[tag] for tag in TopologicalSorter(needs).static_order()]
    except CycleError as cycle:
        raise HostError(f"images wait for each other: {' -> '.join(cycle.args[1])}", "take one of them out of `after`") from cycle


def pushed_name(tag: str) -> str:
    """Return the name under which an image is pushed; Docker Hub keeps official ones under `library/`. Pure."""
    return f"localhost:{REGISTRY_PUSH_PORT}/{repository_of(tag)}"


def repository_of(tag: str) -> str:
    """Return the repository and tag as the registry knows them. Pure."""
    return tag if "/" in tag else f"library/{tag}"


def _provide(docker: Docker, build: Build, needed: Container[str], progress: Progress) -> bool:
    """Have one image in the registry; return whether it was there already."""
    pushed = pushed_content(build.tag)
    if wants_official_images() and "/" not in build.tag:
        if pushed == OFFICIAL or _push_official(docker, build.tag, progress):
            return pushed == OFFICIAL
        progress.say(f"          no registry gives {build.tag}: built instead")
    for base in build.bases:
        ensure_base(docker, base, progress)
    content = content_of(docker, build)
    if pushed == content and (build.tag not in needed or docker.inspect("image", build.tag)):
        return True
    with progress.step(f"build {build.tag}"):
        build_image(docker, replace(build, tag=pushed_name(build.tag)), content, progress)
        if build.tag in needed:  # only then: a stand-in must not hide a real image of the same name on a laptop
            docker.read("tag", pushed_name(build.tag), build.tag)
    with progress.step(f"push {build.tag}"):
        docker.follow(("push", pushed_name(build.tag)), progress.note)
    return False


def _push_official(docker: Docker, tag: str, progress: Progress) -> bool:
    if not pulled(docker, tag, progress):
        return False
    with progress.step(f"push {tag}"):
        docker.read("tag", tag, pushed_name(tag))
        docker.follow(("push", pushed_name(tag)), progress.note)
    return True


def pushed_content(tag: str) -> str:
    """Return the content hash of the image the registry has: empty for none, `official` for one the lab did not build."""
    repository, _, version = repository_of(tag).rpartition(":")
    manifest = _ask_registry(f"/v2/{repository}/manifests/{version}", MANIFESTS)
    if manifest is None:
        return ""
    if "manifests" in manifest:
        return OFFICIAL
    config = _ask_registry(f"/v2/{repository}/blobs/{manifest['config']['digest']}", ("*/*",)) or {}
    labels = (config.get("config") or {}).get("Labels") or {}
    return str(labels.get(CONTENT_LABEL, OFFICIAL))


def _ask_registry(path: str, accepted: Sequence[str]) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection(LOOPBACK, REGISTRY_PUSH_PORT, timeout=20)
    try:
        connection.request("GET", path, headers={"Accept": ", ".join(accepted)})
        answer = connection.getresponse()
        body = answer.read()
    except OSError as failed:
        raise HostError(
            f"the registry does not answer on port {REGISTRY_PUSH_PORT}: {failed}", "start it with `scripts/lab up`"
        ) from failed
    finally:
        connection.close()
    if answer.status == http.HTTPStatus.NOT_FOUND:
        return None
    if answer.status != http.HTTPStatus.OK:
        raise HostError(f"the registry answers {answer.status} to {path}", "read `docker logs slipway-lab-registry`")
    return dict(json.loads(body))
