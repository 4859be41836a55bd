"""Put nginx sites in force: judged by nginx itself before the running configuration changes, proved by new workers after."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import HostError, ReleaseRefused
from . import files, lock
from .runner import Outcome, Runner

LEAVING = "is shutting down"
RELOAD_SECONDS = 20
ALONE_SECONDS = 60
HTTPS = 443


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """What the role `edge` tells the engine."""

    server: str
    ca_file: str = ""
    email: str = ""
    https_port: int = HTTPS
    retry_seconds: int = 900

    def address(self, domain: str) -> str:
        """Return where people reach a domain."""
        return f"https://{domain}{'' if self.https_port == HTTPS else f':{self.https_port}'}/"


def settings(path: Path) -> EdgeSettings:
    """Read the role's file."""
    if not path.is_file():
        raise HostError(f"{path} is missing: this host has no edge", "run site.yml, whose role `edge` makes it")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    acme = data["acme"]
    return EdgeSettings(
        server=acme["server"],
        ca_file=acme.get("ca_file", ""),
        email=acme.get("email", ""),
        https_port=data.get("public_ports", {}).get("https", HTTPS),
        retry_seconds=data.get("certificate_retry_seconds", 900),
    )


@dataclass(frozen=True, slots=True)
class Nginx:
    """The nginx of this host."""

    runner: Runner
    sites: Path
    pid_file: Path = Path("/run/nginx.pid")
    proc: Path = field(default=Path("/proc"))

    @property
    def running(self) -> bool:
        """Say whether nginx runs."""
        return bool(self._master())

    def version(self) -> tuple[int, ...]:
        """Return the version as numbers."""
        return version_of(self.runner.attempt(("nginx", "-v")).stderr)

    def judge(self, stack: str, text: str) -> None:
        """Have nginx judge a site in its final place, then put the old one back."""
        with self._in_place(stack, text) as undo:
            try:
                self._check(stack)
            finally:
                undo()

    def put(self, stack: str, text: str) -> bool:
        """Put a site in force if it differs; say whether it did."""
        if self.site(stack) == text:
            return False
        with self._in_place(stack, text) as undo:
            try:
                self._check(stack)
            except ReleaseRefused:
                undo()
                raise
            self._reload()
        return True

    def take_away(self, stack: str) -> bool:
        """Remove a stack's site; say whether there was one."""
        with self._alone():
            removed = files.remove(self._site(stack))
            if removed:
                self._reload()
        return removed

    def shut(self, stack: str, text: str, page: str) -> None:
        """Put what shuts a stack's site in force, or take it away where it is empty; reloads in any case."""
        with self._alone():
            old = self.shutting(stack)
            self._keep_shut(stack, text, page)
            outcome = self._judged()
            if outcome.code:
                self._keep_shut(stack, *old)
                raise HostError(f"nginx refuses its settings, so nothing was changed:\n{outcome.text}", "correct what it names")
            self._reload()

    def shutting(self, stack: str) -> tuple[str, str]:
        """Return what shuts a stack's site and the page it shows, empty where it is open."""
        text, page = self._maintenance(stack)
        return _read(text), _read(page)

    def site(self, stack: str) -> str:
        """Return the text of a stack's site in force, empty without one."""
        return _read(self._site(stack))

    def reload(self) -> None:
        """Reload and wait until only new workers take requests; an nginx that does not run reads its files when it starts."""
        with self._alone():
            self._reload()

    def _reload(self) -> None:
        if not self._master():
            return
        old = self._workers()
        self.runner.run(("nginx", "-s", "reload"), limit_seconds=RELOAD_SECONDS)
        deadline = time.monotonic() + RELOAD_SECONDS
        while not replaced(old, self._workers()):
            if time.monotonic() > deadline:
                raise HostError("nginx did not take its new configuration over", "look at /var/log/nginx/error.log on the host")
            time.sleep(0.05)

    def _site(self, stack: str) -> Path:
        return self.sites / f"{stack}.conf"

    @contextlib.contextmanager
    def _in_place(self, stack: str, text: str) -> Iterator[Callable[[], None]]:
        path = self._site(stack)
        with self._alone():
            old = path.read_text(encoding="utf-8") if path.is_file() else None
            files.write(path, text, 0o644)

            def undo() -> None:
                if old is None:
                    files.remove(path)
                else:
                    files.write(path, old, 0o644)

            yield undo

    def _alone(self) -> AbstractContextManager[str]:
        """Keep others from judging or reloading what stands there only to be judged."""
        return lock.held(self.sites.parent / "sites.lock", "a change of nginx's sites", ALONE_SECONDS, lambda _: None)

    def _check(self, stack: str) -> None:
        outcome = self._judged()
        if outcome.code:
            raise ReleaseRefused(f"nginx refuses the site of {stack}:\n{outcome.text}", "correct the routes in the stack file")

    def _judged(self) -> Outcome:
        return self.runner.attempt(("nginx", "-t", "-q"), limit_seconds=RELOAD_SECONDS)

    def _maintenance(self, stack: str) -> tuple[Path, Path]:
        folder = self.sites.parent / "maintenance"
        return folder / f"{stack}.conf", folder / f"{stack}.html"

    def _keep_shut(self, stack: str, text: str, page: str) -> None:
        """Keep both; only nginx's master reads the first, which holds the word that lets the team through."""
        for path, content, mode in zip(self._maintenance(stack), (text, page), (0o600, 0o644), strict=True):
            if content:
                files.write(path, content, mode)
            else:
                files.remove(path)

    def _master(self) -> int:
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid = int(self.pid_file.read_text(encoding="ascii"))
            return pid if (self.proc / str(pid)).is_dir() else 0
        return 0

    def _workers(self) -> dict[int, str]:
        master = self._master()
        children = (self.proc / f"{master}/task/{master}/children").read_text(encoding="ascii").split()
        return {int(pid): title for pid in children if "worker process" in (title := self._title(pid))}

    def _title(self, pid: str) -> str:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return (self.proc / pid / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def replaced(old: dict[int, str], now: dict[int, str]) -> bool:
    """Say whether new workers are there and each old one is gone or leaving."""
    fresh = [pid for pid, title in now.items() if pid not in old and LEAVING not in title]
    return bool(fresh) and all(LEAVING in title for pid, title in now.items() if pid in old)


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers of `nginx version: nginx/1.26.3 (Ubuntu)`."""
    words = text.partition("nginx/")[2].split()
    return tuple(int(part) for part in words[0].split(".")) if words else (1, 24)
