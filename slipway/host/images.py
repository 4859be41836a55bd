"""Bring images to the host and learn what only an image knows: its digest and the numeric user it runs as."""

import http.client
import json
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from ..errors import HostError, ReleaseRefused, SlipwayError
from ..policy.images import repository
from .docker import Image
from .runner import Outcome, Runner

ABSENT = ("manifest unknown", "not found: manifest", "repository does not exist", "no such manifest", ": not found")
FULL = "no space left on device"
PROBE_SECONDS = 3
LARGEST_PASSWD, HEADERS = 1 << 20, 16 << 10
LACKS = "does not have it"
KINDS = ("docker.distribution.manifest.v2", "docker.distribution.manifest.list.v2", "oci.image.manifest.v1", "oci.image.index.v1")
MANIFESTS = ", ".join(f"application/vnd.{kind}+json" for kind in KINDS)


def mirrors(settings: Path) -> list[str]:
    """Return the registry mirrors Docker is told to ask first."""
    if not settings.is_file():
        return []
    found: list[str] = json.loads(settings.read_text(encoding="utf-8")).get("registry-mirrors", [])
    return [url.rstrip("/") for url in found]


def pull_fault(
    outcome: Outcome, image: str, asked: Sequence[str], probe: Callable[[str, str], str], full: str = ""
) -> SlipwayError:
    """Return why a pull failed, naming the mirror, which Docker's own message never does.

    `full` names folders without room: after a mirror whose image did not fit Docker asks the next registry, and tells of that.
    """
    said = outcome.text.strip()
    if FULL in said or full:
        told = f"{said}\n{full}".strip()
        return HostError(f"the disk became full while pulling {image}:\n{told}", "free some room, then run this again")
    answers = {url: probe(url, image) for url in asked if of_hub(image)}
    told = said + "".join(f"\nmirror {url} {answer}" for url, answer in answers.items())
    if LACKS in answers.values() or any(mark in said for mark in ABSENT):
        return ReleaseRefused(f"no registry has the image {image}:\n{told}", "push it, or correct its name in the stack file")
    return HostError(f"cannot pull {image}:\n{told}", "bring the registry back, then run this again")


def of_hub(image: str) -> bool:
    """Say whether an image's name belongs to Docker Hub, the only registry that mirrors stand in for."""
    head, slash, _ = image.partition("/")
    return not slash or not ("." in head or ":" in head or head == "localhost") or head == "docker.io"


def manifest_url(mirror: str, image: str) -> str:
    """Return where a mirror of Docker Hub keeps what an image's name leads to."""
    name, at, digest = image.removeprefix("docker.io/").partition("@")
    head, _, last = name.rpartition("/")
    short, _, tag = last.partition(":")
    return f"{mirror}/v2/{head or 'library'}/{short}/manifests/{digest if at else tag or 'latest'}"


def probe(mirror: str, image: str) -> str:
    """Ask a mirror for an image; return its answer in words."""
    request = urllib.request.Request(manifest_url(mirror, image), method="HEAD", headers={"Accept": MANIFESTS})  # noqa: S310 - the admin's mirror
    try:
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS):  # noqa: S310 - the request above
            return "has it"
    except urllib.error.HTTPError as error:
        return LACKS if error.code == http.client.NOT_FOUND else f"answers {error.code}"
    except OSError as error:
        return f"does not answer: {getattr(error, 'reason', error)}"


def digest_of(name: str, image: Image) -> str:
    """Return `name@sha256:…` of an image, or its id where no registry gave it a digest."""
    wanted = next((digest for digest in image.digests if digest.partition("@")[0] == repository(name)), None)
    return wanted or next(iter(image.digests), image.id)


def numeric_user(user: str, passwd: Callable[[], str]) -> int:
    """Return the number behind Docker's `user[:group]`; a name is looked up in the image's own list."""
    name = user.partition(":")[0]
    if not name:
        return 0
    if name.isdigit():
        return int(name)
    rows = (line.split(":") for line in passwd().splitlines())
    number = next((row[2] for row in rows if len(row) > 2 and row[0] == name), None)
    if number is None:
        raise ReleaseRefused(f"the image runs as {name}, which its /etc/passwd does not know", "use a numeric `user:`")
    return int(number)


def passwd_of(runner: Runner, image: str) -> str:
    """Return an image's list of users, read without running it."""
    name = runner.run(("docker", "create", "--network", "none", "--entrypoint", "/x", image)).strip()
    try:
        return first_file(runner.run_bytes(("docker", "cp", f"{name}:/etc/passwd", "-"), largest=LARGEST_PASSWD + HEADERS))
    finally:
        runner.run(("docker", "rm", name))


def first_file(archive: bytes) -> str:
    """Return the text of an archive's first file, as far as it is no larger than a list of users; a link has none."""
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        first = tar.next()
        member = tar.extractfile(first) if first and first.isfile() else None
        return member.read(LARGEST_PASSWD).decode(errors="replace") if member else ""
