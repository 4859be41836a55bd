"""Base images and the lab's own images: pulled where a registry answers, else made from the distribution's archive."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CommandFailed, HostError
from . import command
from .content import IGNORED, content_hash, files_of
from .docker import Docker, labels_of
from .engine import as_root, install_packages
from .names import BASES, CONTENT_LABEL, IMAGE_LABEL, LABEL, SERVICES_IMAGE, System
from .progress import Progress

REPOSITORY = Path(__file__).resolve().parents[2]
OWN_IMAGES = REPOSITORY / "tests/apps/lab"
EXTRA_CERTIFICATES = Path("/usr/local/share/ca-certificates")
PULL_FIRST_LINE_SECONDS = 20
UBUNTU_ARCHIVE = "http://archive.ubuntu.com/ubuntu"
UBUNTU_SUITES: Mapping[str, str] = {"24.04": "noble"}
IMPORT_CHANGES = ("--change", f"LABEL {IMAGE_LABEL}=1", "--change", 'CMD ["bash"]')
BOOTSTRAP_IMAGE = "slipway-lab/bootstrap:trixie"
BASE_IMAGE = re.compile(r"(debian|ubuntu):([a-z0-9.]+)")


@dataclass(frozen=True, slots=True)
class Build:
    """An image to build: where from, with what, under which name."""

    tag: str
    context: Path
    bases: tuple[str, ...]
    arguments: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str = "Dockerfile"
    more_files: Mapping[str, Path] = field(default_factory=dict)

    def files(self) -> dict[str, Path]:
        """Return every file of the context, the machine's extra CA certificates included."""
        certificates = {f"ca-certificates/{path.name}": path for path in sorted(EXTRA_CERTIFICATES.glob("*.crt"))}
        return files_of(self.context) | dict(self.more_files) | certificates


def host_build(system: System) -> Build:
    """Return how the image of a host of this system is built."""
    return Build(f"slipway-lab/host:{system}", OWN_IMAGES / "host", (BASES[system],), {"BASE": BASES[system]})


def services_build() -> Build:
    """Return how the image of the registry and the ACME server is built."""
    return Build(SERVICES_IMAGE, OWN_IMAGES / "services", (BASES["trixie"],))


def content_of(docker: Docker, build: Build) -> str:
    """Return the hash that decides whether an image must be built again: its files, its settings, the images below it."""
    below = {base: (docker.inspect("image", base) or {}).get("Id", "") for base in build.bases}
    settings = {"arguments": dict(build.arguments), "dockerfile": build.dockerfile, "below": below, "label": IMAGE_LABEL}
    return content_hash(build.files(), settings)


def ensure_image(docker: Docker, build: Build, progress: Progress) -> str:
    """Build an image unless one of the same content is there; return its content hash."""
    for base in build.bases:
        ensure_base(docker, base, progress)
    content = content_of(docker, build)
    if labels_of(docker.inspect("image", build.tag)).get(CONTENT_LABEL) != content:
        with progress.step(f"build image {build.tag}"):
            build_image(docker, build, content, progress)
    return content


def build_image(docker: Docker, build: Build, content: str, progress: Progress) -> None:
    """Build an image from a temporary copy of its context."""
    with tempfile.TemporaryDirectory(prefix="slipway-lab-") as copy:
        copy_context(build, Path(copy))
        docker.follow(build_arguments(build, content, copy), progress.note)


def build_arguments(build: Build, content: str, context: str) -> tuple[str, ...]:
    """Return the arguments of `docker build`. Pure."""
    labels = (f"--label={IMAGE_LABEL}=1", f"--label={CONTENT_LABEL}={content}")
    settings = tuple(f"--build-arg={name}={value}" for name, value in sorted(build.arguments.items()))
    return ("build", "--force-rm", f"--tag={build.tag}", f"--file={context}/{build.dockerfile}", *labels, *settings, context)


def copy_context(build: Build, target: Path) -> None:
    """Copy a build context and what is added to it; `ca-certificates/` is there even when it is empty."""
    shutil.copytree(build.context, target, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns(*IGNORED))
    (target / "ca-certificates").mkdir(exist_ok=True)
    for name, path in build.files().items():
        if not (target / name).exists():
            shutil.copyfile(path, target / name)


def ensure_base(docker: Docker, image: str, progress: Progress) -> None:
    """Get a base image: there, pulled, or made from the distribution's archive."""
    if docker.inspect("image", image):
        return
    if not BASE_IMAGE.fullmatch(image):
        raise HostError(f"image {image} is not there and nothing of the lab builds it", "name what builds it in an image.json")
    if not pulled(docker, image, progress):
        source = _archive_source(docker, image, progress)
        with progress.step(f"make base image {image} from its archive"):
            command.pipe(source, docker.argv("import", *IMPORT_CHANGES, "-", image), progress.note)


def pulled(docker: Docker, image: str, progress: Progress) -> bool:
    """Try to pull an image; say so and return False where no registry gives it."""
    try:
        with progress.step(f"pull {image}"):
            docker.follow(("pull", image), progress.note, first_line_seconds=PULL_FIRST_LINE_SECONDS)
    except CommandFailed:
        return False
    return True


def _archive_source(docker: Docker, image: str, progress: Progress) -> tuple[str, ...]:
    """Return the command that writes a base image to stdout, with what it needs made ready."""
    if image != BASES["trixie"]:
        ensure_image(docker, Build(BOOTSTRAP_IMAGE, OWN_IMAGES / "bootstrap", (BASES["trixie"],)), progress)
        return docker.argv(*bootstrap_container(), *bootstrap_arguments(image))
    if not shutil.which("mmdebstrap"):
        with progress.step("install mmdebstrap"):
            install_packages(("mmdebstrap", "debian-archive-keyring"), progress)
    return (*as_root(), *bootstrap_arguments(image))


def bootstrap_container() -> tuple[str, ...]:
    """Return the `docker run` in which mmdebstrap may mount what its chroot needs. Pure."""
    unconfined = tuple(f"--security-opt={part}=unconfined" for part in ("seccomp", "apparmor", "systempaths"))
    return ("run", "--rm", f"--label={LABEL}=1", "--cap-add=SYS_ADMIN", *unconfined, BOOTSTRAP_IMAGE)


def bootstrap_arguments(image: str) -> tuple[str, ...]:
    """Return the mmdebstrap command that writes this base image as a tar to stdout. Pure."""
    distribution, _, version = image.partition(":")
    if distribution == "debian":  # it adds the updates and security suites by itself
        return ("mmdebstrap", "--mode=root", "--variant=minbase", "--include=ca-certificates", version, "-")
    suite = UBUNTU_SUITES.get(version, version)
    sources = tuple(f"deb {UBUNTU_ARCHIVE} {suite}{pocket} main universe" for pocket in ("", "-updates", "-security"))
    keyring = "--keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg"
    include = "--include=apt,ubuntu-keyring,ca-certificates"
    return ("mmdebstrap", "--mode=root", "--variant=minbase", keyring, include, suite, "-", *sources)


def wants_official_images() -> bool:
    """Return whether images with official names shall be pulled instead of built."""
    return os.environ.get("SLIPWAY_LAB_IMAGES", "") == "official"
