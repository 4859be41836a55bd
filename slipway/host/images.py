"""Bring images to the host and learn what only an image knows: its digest and the numeric user it runs as."""

import json
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from ..errors import HostError, ReleaseRefused, SlipwayError
from .docker import Image
from .runner import Outcome, Runner

ABSENT = ("manifest unknown", "not found: manifest", "repository does not exist", "no such manifest", ": not found")
FULL = "no space left on device"
PROBE_SECONDS = 3


def mirrors(settings: Path) -> list[str]:
    """Return the registry mirrors Docker is told to ask first."""
    if not settings.is_file():
        return []
    found: list[str] = json.loads(settings.read_text(encoding="utf-8")).get("registry-mirrors", [])
    return [url.rstrip("/") for url in found]


def pull_fault(outcome: Outcome, image: str, asked: Sequence[str], probe: Callable[[str], str]) -> SlipwayError:
    """Return why a pull failed, naming the mirror, which Docker's own message never does."""
    said = outcome.text.strip()
    if FULL in said:
        return HostError(f"the disk became full while pulling {image}:\n{said}", "free some room, then run this again")
    if any(mark in said for mark in ABSENT):
        return ReleaseRefused(f"no registry has the image {image}:\n{said}", "push it, or correct its name in the stack file")
    through = "".join(f"\nmirror {url}: {probe(url) or 'answers, but did not give the image'}" for url in asked if of_hub(image))
    return HostError(
        f"cannot pull {image}:\n{said}{through}", "bring the registry back, then run this again; nothing was changed"
    )


def of_hub(image: str) -> bool:
    """Say whether an image's name belongs to Docker Hub, the only registry that mirrors stand in for."""
    head, slash, _ = image.partition("/")
    return not slash or not ("." in head or ":" in head or head == "localhost") or head == "docker.io"


def probe(url: str) -> str:
    """Ask a registry whether it is there; return what is wrong, or nothing."""
    try:
        with urllib.request.urlopen(f"{url}/v2/", timeout=PROBE_SECONDS):  # noqa: S310 - the admin's own mirror
            return ""
    except urllib.error.HTTPError:
        return ""
    except OSError as error:
        return f"does not answer ({getattr(error, 'reason', error)})"


def digest_of(name: str, image: Image) -> str:
    """Return `name@sha256:…` of an image, or its id where no registry gave it a digest."""
    repository = name.partition("@")[0]
    head, _, last = repository.rpartition("/")
    plain = f"{head}/{last.partition(':')[0]}".lstrip("/")
    wanted = next((digest for digest in image.digests if digest.partition("@")[0] == plain), None)
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
        return _first_file(runner.run_bytes(("docker", "cp", f"{name}:/etc/passwd", "-")))
    finally:
        runner.run(("docker", "rm", name))


def _first_file(archive: bytes) -> str:
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        member = tar.extractfile(tar.next() or "")
        return member.read().decode(errors="replace") if member else ""
