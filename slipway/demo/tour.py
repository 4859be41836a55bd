"""`make demo` from the first step to the closing words: boot a host, run site.yml against it, ask it as a visitor would."""

import http.client
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .. import lab
from ..errors import HostError, SlipwayError
from ..ops.playbook import run
from . import playbook, visitor

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "build/demo/site.log"
HOST = lab.HOSTS["demo"]
PLAYBOOK = ("ansible-playbook", "-i", "inventory/lab", "site.yml")
STEPS = 4
TAIL = 15


class RunFailed(HostError):
    """site.yml did not come to its end."""


@dataclass(slots=True)
class Tour:
    """Where the demo stands: what is said, how long it has taken."""

    say: Callable[[str], None]
    begun: float
    number: int = 0

    def step(self, title: str) -> None:
        """Announce the next step."""
        self.number += 1
        self.say(f"\n[{self.number}/{STEPS}] {title}  ({self.passed} so far)")

    @property
    def passed(self) -> str:
        """Return how long the demo has taken."""
        minutes, seconds = divmod(int(time.monotonic() - self.begun), 60)
        return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def main() -> int:
    """Show the main job; return an exit code."""
    tour = Tour(_print, time.monotonic())
    try:
        _show(tour)
    except SlipwayError as error:
        tour.say(f"\nThe demo stopped after {tour.passed}: {error}\n  then: make demo (it goes on where it stopped)")
        return error.exit_code
    except KeyboardInterrupt:
        tour.say(f"\nInterrupted after {tour.passed}. Nothing is lost: make demo goes on, make demo-down removes all of it")
        return 130
    return 0


def _show(tour: Tour) -> None:
    tour.step("Boot a fresh Debian 13 host, an image registry and an ACME server")
    lab.up(["demo"], tour.say)
    tour.step("Build the demo's images and push them")
    lab.push(tour.say)
    tour.step(f"Make the host serve: {shlex.join(PLAYBOOK)}")
    changes = _run_site(tour)
    tour.step("Ask from outside")
    site = site_of_demo()
    _ask_all(tour, site)
    tour.say(closing(site, changes, tour.passed))


def _run_site(tour: Tour) -> int:
    view = playbook.View(tour.say, time.monotonic)
    code = run([str(ROOT / ".venv/bin" / PLAYBOOK[0]), *PLAYBOOK[1:]], ROOT, LOG, view)
    if code:
        raise RunFailed(
            f"{shlex.join(PLAYBOOK)} ended with {code}{'' if view.failed else _tail()}", f"read all of it in {_shown(LOG)}"
        )
    return view.changes


def _tail() -> str:
    """Return the last lines of a run that ended without saying which task failed."""
    lines = LOG.read_text(errors="replace").rstrip().splitlines()[-TAIL:]
    return "; its last lines:\n" + "\n".join(f"    {line}" for line in lines)


def _ask_all(tour: Tour, site: visitor.Site) -> None:
    width = max(map(len, visitor.QUESTIONS))
    for title, question in visitor.QUESTIONS.items():
        begun = time.monotonic()
        try:
            seen = question(site)
        except (OSError, http.client.HTTPException) as error:
            raise visitor.NotAsPromised(f"{title}: {error}", "see what runs: fab status") from error
        tour.say(f"{time.monotonic() - begun:6.1f} s  {title:{width}}  {seen}")


def site_of_demo() -> visitor.Site:
    """Return where the demo answers."""
    version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    options = visitor.curl_options(version, HOST.domains[0], (HOST.http_port, HOST.https_port))
    return visitor.Site(HOST.domains[0], HOST.http_port, HOST.https_port, HOST.address, lab.folder() / "ca.pem", options)


def closing(site: visitor.Site, changes: int, passed: str) -> str:
    """Return the last words: where it answers, how to log in, what to try next."""
    fab = _shown(ROOT / ".venv/bin/fab")
    login = ["ssh", "-p", str(HOST.ssh_port), "-i", str(lab.ssh_key()), "-o", f"UserKnownHostsFile={lab.known_hosts()}"]
    happened = f"{changes} changes by site.yml" if changes else "site.yml found nothing to change (changed=0)"
    return f"""
Done in {passed}: {happened}, {len(visitor.QUESTIONS)} kinds of questions asked from outside, all answered as promised.

  In a browser  {site.url()}   (its CA is the lab's own: {site.ca})
  In a shell    {shlex.join(site.curl(site.url()))}
  Log in        {shlex.join([*login, "ops@127.0.0.1"])}

  Try next      {fab} status
                {fab} logs demo --service api --tail 20
                {fab} deploy demo 1.1.0
                {fab} demo --scenario bad-release
  Remove        make demo-down"""


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
