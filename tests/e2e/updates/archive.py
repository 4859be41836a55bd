"""Make package archives on a host: read their descriptions from standard input, write them below /srv/slipway-archive.

`{"archives": {"security": {"fields": {"Origin": "Debian"}, "packages": [{"Package": "x", "Version": "1", "postinst": ""}]}}}`
A package with `from` is the installed one of that name, as its `deb`, with other fields and with the files of `replace`.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path("/srv/slipway-archive")
FIELDS = {"Architecture": "all", "Maintainer": "Tests <tests@example.org>", "Description": "planted by a test"}


def run(*argv: str) -> str:
    """Run a command that must end well."""
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def build(package: dict[str, Any], folder: Path) -> None:
    """Build a package from its description."""
    tree = folder / "tree"
    if source := package.pop("from", ""):
        run("dpkg-deb", "--raw-extract", source, str(tree))
    (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
    for path, text in package.pop("replace", {}).items():
        (tree / path).write_text(text)
    if script := package.pop("postinst", ""):
        (tree / "DEBIAN/postinst").write_text(f"#!/bin/sh\nset -e\n{script}\n")
        (tree / "DEBIAN/postinst").chmod(0o755)
    control = tree / "DEBIAN/control"
    lines = control.read_text().splitlines() if control.exists() else [f"{name}: {text}" for name, text in FIELDS.items()]
    kept = [line for line in lines if line.partition(":")[0] not in package]
    control.write_text("".join(f"{line}\n" for line in [*(f"{name}: {text}" for name, text in package.items()), *kept]))
    (tree / "DEBIAN/md5sums").unlink(missing_ok=True)
    run("dpkg-deb", "--build", "-Zzstd", "-z1", str(tree), str(folder / f"{package['Package']}.deb"))
    run("rm", "-rf", str(tree))


def index(folder: Path, fields: dict[str, str]) -> None:
    """Write the index of an archive and what it says of itself."""
    entries = []
    for path in sorted(folder.glob("*.deb")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        said = run("dpkg-deb", "--field", str(path)).rstrip()
        entries.append(f"{said}\nFilename: ./{path.name}\nSize: {path.stat().st_size}\nSHA256: {digest}\n")
    packages = "\n".join(entries).encode()
    (folder / "Packages").write_bytes(packages)
    said = "".join(f"{name}: {text}\n" for name, text in fields.items())
    (folder / "Release").write_text(f"{said}SHA256:\n {hashlib.sha256(packages).hexdigest()} {len(packages)} Packages\n")


run("rm", "-rf", str(HOME))
sources = []
for name, archive in json.load(sys.stdin)["archives"].items():
    folder = HOME / name
    folder.mkdir(parents=True)
    for package in archive["packages"]:
        build(package, folder)
    index(folder, archive["fields"])
    sources.append(f"deb [trusted=yes] file:{folder} ./\n")
(HOME / "sources.list").write_text("".join(sources))
(HOME / "lists/partial").mkdir(parents=True)
(HOME / "apt.conf").write_text(
    f'Dir::Etc::sourcelist "{HOME}/sources.list";\nDir::Etc::sourceparts "-";\nDir::State::lists "{HOME}/lists";\n'
)
