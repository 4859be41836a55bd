"""The door to apt and dpkg: which versions there are, move to them, and go back without asking any archive."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from . import files
from .runner import Runner

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "APT_LISTCHANGES_FRONTEND": "none"}
LOCK = ("--option", "DPkg::Lock::Timeout=120")
KEEP_CONFIGURATION = ("--option", "Dpkg::Options::=--force-confdef", "--option", "Dpkg::Options::=--force-confold")
DISKLESS = r"^(Status|Config-Version|Conffiles):.*\n(?:[ \t].*\n)*"  # what dpkg adds to a package once it is installed
LIMIT_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Versions:
    """The version of a package that is installed, and the one the archives offer."""

    installed: str
    candidate: str

    @property
    def newer(self) -> bool:
        """Say whether there is another one to move to."""
        return self.candidate not in ("", self.installed)


@dataclass(frozen=True, slots=True)
class Apt:
    """The packages of this host."""

    runner: Runner

    def refresh(self) -> None:
        """Ask the archives what there is."""
        self.runner.run(("apt-get", "update", "--quiet", *LOCK), limit_seconds=LIMIT_SECONDS)

    def held(self) -> list[str]:
        """Return the packages that move by an explicit order only."""
        return self.runner.run(("apt-mark", "showhold")).split()

    def hold(self, names: Sequence[str]) -> None:
        """Have packages stay where they are."""
        self.runner.run(("apt-mark", "hold", *names))

    def versions(self, names: Sequence[str]) -> dict[str, Versions]:
        """Return the versions of packages that are installed."""
        return versions(self.runner.run(("apt-cache", "policy", *names)))

    def move(self, wanted: Mapping[str, str]) -> None:
        """Bring packages to these versions; nothing is removed for it."""
        words = [f"{name}={version}" for name, version in sorted(wanted.items())]
        flags = ("--yes", "--no-remove", "--no-install-recommends", "--allow-change-held-packages")
        self._quiet().run(("apt-get", "install", *flags, *LOCK, *KEEP_CONFIGURATION, *words), limit_seconds=LIMIT_SECONDS)

    def keep(self, names: Sequence[str], folder: Path) -> None:
        """Pack what is installed, so that it can be put back whatever the archives hold by then."""
        shutil.rmtree(folder, ignore_errors=True)  # there only where an earlier run was killed
        for name in names:
            tree = files.folder(folder / name)
            self._fill(name, tree)
            self.runner.run(("dpkg-deb", "--build", "-Zzstd", "-z1", str(tree), str(folder / f"{name}.deb")), limit_seconds=600)
            shutil.rmtree(tree)

    def put_back(self, folder: Path) -> None:
        """Install what was kept, over whatever is there."""
        kept = sorted(str(path) for path in folder.glob("*.deb"))
        if not kept:
            raise HostError(f"no earlier packages are kept in {folder}", "install the version you want with apt-get yourself")
        force = "--force-downgrade,hold,confdef,confold"
        self._quiet().run(("dpkg", "--install", force, *kept), limit_seconds=LIMIT_SECONDS)

    def _fill(self, name: str, tree: Path) -> None:
        for path in self.runner.run(("dpkg-query", "--listfiles", name)).splitlines():
            if path.startswith("/"):
                _copy(Path(path), tree / path.lstrip("/"))
        control = files.folder(tree / "DEBIAN")
        for path in self.runner.run(("dpkg-query", "--control-path", name)).split():
            shutil.copy2(path, control / Path(path).suffix.lstrip("."))
        shown = self.runner.run(("dpkg-query", "--status", name))
        (control / "control").write_text(control_of(shown), encoding="utf-8")
        _leave_out_removed(control / "conffiles", tree)

    def _quiet(self) -> Runner:
        return Runner({**self.runner.environment, **QUIET}, self.runner.mask)


def versions(policy: str) -> dict[str, Versions]:
    """Return name -> versions of what is installed, from `apt-cache policy`."""
    found = re.findall(r"^(\S+):\n  Installed: (\S+)\n  Candidate: (\S+)$", policy, re.MULTILINE)
    return {name: Versions(installed, candidate) for name, installed, candidate in found if installed != "(none)"}


def control_of(status: str) -> str:
    """Return a package's control file, from what dpkg says of it."""
    return re.sub(DISKLESS, "", f"{status.strip()}\n", flags=re.MULTILINE)


def _copy(source: Path, target: Path) -> None:
    """Copy one entry of a package with mode and owner; what somebody removed stays away."""
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        target.mkdir(exist_ok=True)
        shutil.copystat(source, target)
    elif source.is_file():
        shutil.copy2(source, target)
    else:
        return
    status = source.lstat()
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)


def _leave_out_removed(conffiles: Path, tree: Path) -> None:
    if conffiles.is_file():
        lines = conffiles.read_text(encoding="utf-8").splitlines()
        there = [f"{line}\n" for line in lines if (tree / line.split()[-1].lstrip("/")).is_file()]
        conffiles.write_text("".join(there), encoding="utf-8")
