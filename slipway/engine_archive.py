"""Pack the engine for hosts: its modules and the edge's templates, under a name made of their content."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from .host_engine import name_of

MODULES = ("__init__", "codec", "errors", "model", "placement", "printable", "serving")
PACKAGES = ("changes", "host", "notices", "plan", "policy", "render", "watch")
TEMPLATES = ("nginx/maintenance.conf.j2", "nginx/maintenance.html", "nginx/site.conf.j2")
FOLDER = "/usr/local/lib/slipway"
VERSION = f"readlink {FOLDER}/current"


@dataclass(frozen=True, slots=True)
class Archive:
    """The engine as a tar archive; `version` names its content."""

    version: str
    content: bytes


def pack(root: Path) -> Archive:
    """Return the engine of a working tree; the same files always give the same bytes."""
    files = {name: (root / name).read_bytes() for name in names(root)}
    return Archive(name_of(files), _tar(files))


def names(root: Path) -> list[str]:
    """Return the engine's files by their path in the tree, sorted."""
    packages = [path for package in PACKAGES for path in (root / "slipway" / package).glob("*.py")]
    return sorted([*(f"slipway/{name}.py" for name in MODULES), *(str(path.relative_to(root)) for path in packages), *TEMPLATES])


def install_script(version: str) -> str:
    """Return the command that unpacks standard input, makes it current at once and keeps one version besides."""
    return " && ".join(
        [
            "set -e; umask 022",
            f"mkdir -p {FOLDER} && cd {FOLDER}",
            f"rm -rf .{version} && mkdir .{version} && tar -xzf - -C .{version}",
            f"rm -rf {version} && mv .{version} {version}",
            'old="$(readlink current || true)"',  # none on a fresh host
            f"ln -sfn {version} .current && mv -T .current current && sync -f .",
            f'for one in *; do case "$one" in current|{version}|"$old") ;; *) rm -rf "$one" ;; esac; done',
        ]
    )


def difference(before: str, after: str) -> dict[str, str]:
    """Return what `--diff` shows."""
    return {"header": f"{FOLDER}/current", "before": f"{before}\n" if before else "", "after": f"{after}\n"}


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.USTAR_FORMAT, compresslevel=6) as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o644
            tar.addfile(member, io.BytesIO(text))
    return buffer.getvalue()
