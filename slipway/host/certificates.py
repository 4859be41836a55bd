"""Certificates of the edge: a stop-gap so that nginx starts, a real one as soon as the authority gives it, and an honest status.

nginx reads `<domain>/live/`, a link to the stop-gap or to certbot's lineage; it moves only to what is there.
"""

import math
import re
import shlex
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import CommandFailed, HostError
from . import files
from .edge import EdgeSettings
from .runner import Runner

STOP_GAP = "stopgap"
STOP_GAP_DAYS = 90
USUAL_LIFE = timedelta(days=90)  # certbot's own "30 days before the end" fits this life only
WEBROOT = "/var/www/acme"
ISSUE_SECONDS = 180
REACH_SECONDS = 4
LETS_ENCRYPT = "acme-v02.api.letsencrypt.org"
ACCOUNT_GONE = re.compile(r"accountDoesNotExist|Account .*(does not exist|not found)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate file says."""

    issuer: str
    names: tuple[str, ...]
    begins: datetime
    expires: datetime

    def due(self, at: datetime) -> bool:
        """Say whether less than a third of its life is left."""
        return self.expires - at < (self.expires - self.begins) / 3


def parse(text: str) -> Certificate:
    """Return what `openssl x509 -noout -issuer -dates -ext subjectAltName -dateopt iso_8601` says."""
    lines = [line.strip() for line in text.splitlines()]
    fields = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("DNS:"))
    names = next((line for line in lines if line.startswith("DNS:")), "")
    return Certificate(
        issuer=fields["issuer"].strip(),
        names=tuple(part.strip().removeprefix("DNS:") for part in names.split(",") if part.strip()),
        begins=datetime.fromisoformat(fields["notBefore"]),
        expires=datetime.fromisoformat(fields["notAfter"]),
    )


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificates below one folder."""

    runner: Runner
    folder: Path
    certbot: Path
    hook: Sequence[str] = ("/usr/local/sbin/slipway", "live")

    def ensure(self, domain: str, names: Sequence[str]) -> bool:
        """Make sure nginx finds a certificate; say whether a stop-gap had to be made."""
        live = self.folder / domain / "live"
        if self.present(domain) and self.served(domain).expires > _soon():
            return False
        if self.follow(domain):
            return False
        self._make_stop_gap(domain, names)
        files.point(live, STOP_GAP)
        return True

    def present(self, domain: str) -> bool:
        """Say whether nginx finds a certificate, whosever it is."""
        return (self.folder / domain / "live" / "fullchain.pem").is_file()

    def follow(self, domain: str) -> bool:
        """Let `live` lead to certbot's lineage if there is one; say whether it does now."""
        lineage = self.certbot / "live" / domain
        if not (lineage / "fullchain.pem").is_file():
            return False
        files.point(self.folder / domain / "live", str(lineage))
        return True

    def is_stop_gap(self, domain: str) -> bool:
        """Say whether nginx gets the stop-gap."""
        live = self.folder / domain / "live"
        return live.is_symlink() and str(live.readlink()) == STOP_GAP

    def served(self, domain: str) -> Certificate:
        """Return what the file nginx reads says."""
        path = self.folder / domain / "live" / "fullchain.pem"
        wanted = ("-noout", "-issuer", "-dates", "-ext", "subjectAltName", "-dateopt", "iso_8601")
        return parse(self.runner.run(("openssl", "x509", "-in", str(path), *wanted)))

    def wanting(self, domain: str, names: Sequence[str], settings: EdgeSettings, at: datetime) -> str:
        """Return why a certificate must be asked for, or nothing."""
        if self.is_stop_gap(domain):
            return "only the stop-gap is there"
        served = self.served(domain)
        if missing := set(names) - set(served.names):
            return f"{', '.join(sorted(missing))} is not in it"
        if served.due(at):
            return "less than a third of its life is left"
        return "" if self._authority(domain) in ("", settings.server) else "it is from another authority"

    def issue(self, domain: str, names: Sequence[str], settings: EdgeSettings) -> None:
        """Ask the authority for a certificate and let nginx's link lead to it."""
        self._asked(domain).touch()
        _reach(settings.server)
        runner = self.runner
        if settings.ca_file:
            runner = replace(runner, environment={**runner.environment, "REQUESTS_CA_BUNDLE": settings.ca_file})
        argv = certbot_argv(domain, names, settings, self.hook)
        outcome = runner.attempt(argv, limit_seconds=ISSUE_SECONDS)
        if outcome.code and ACCOUNT_GONE.search(outcome.text):
            self._forget_account(settings.server)
            outcome = runner.attempt(argv, limit_seconds=ISSUE_SECONDS)
        if outcome.code:
            raise CommandFailed(outcome.argv[:2], outcome.code, outcome.text, "slipway-certs.timer asks again")
        if not self.follow(domain):
            raise HostError(f"certbot made no lineage for {domain}", "look at /var/log/letsencrypt on the host")
        self._note_short_life(domain)

    def asked_seconds_ago(self, domain: str) -> float:
        """Return how long ago a certificate was asked for; authorities count failures, five an hour and name."""
        asked = self._asked(domain)
        return time.time() - asked.stat().st_mtime if asked.is_file() else math.inf

    def _forget_account(self, server: str) -> None:
        """Put an account aside that the authority does not know any more; certbot makes a new one where none is."""
        account = self.certbot / "accounts" / (urlsplit(server).netloc or LETS_ENCRYPT)
        if account.is_dir():
            account.rename(account.with_name(f"{account.name}.gone-{int(time.time())}"))

    def _asked(self, domain: str) -> Path:
        return self.folder / domain / "asked"

    def _make_stop_gap(self, domain: str, names: Sequence[str]) -> None:
        folder = files.folder(self.folder / domain / STOP_GAP, 0o700)
        self.runner.run(stop_gap_argv(folder, domain, names))

    def _renewal(self, domain: str) -> Path:
        return self.certbot / "renewal" / f"{domain}.conf"

    def _authority(self, domain: str) -> str:
        path = self._renewal(domain)
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return next((line.partition("=")[2].strip() for line in lines if line.startswith("server =")), "")

    def _note_short_life(self, domain: str) -> None:
        served = self.served(domain)
        life = served.expires - served.begins
        if life < USUAL_LIFE - timedelta(days=1):
            text = self._renewal(domain).read_text(encoding="utf-8")
            files.write(self._renewal(domain), with_renewal_before_expiry(text, life / 3), 0o644)


def _reach(server: str) -> None:
    """Ask first whether the authority can be reached: certbot waits 45 s where a firewall drops its packets."""
    url = urlsplit(server)
    try:
        socket.create_connection((url.hostname or "", url.port or 443), timeout=REACH_SECONDS).close()
    except OSError as error:
        raise HostError(f"{server} cannot be reached: {error}", "slipway-certs.timer asks again") from error


def certbot_argv(domain: str, names: Sequence[str], settings: EdgeSettings, hook: Sequence[str]) -> tuple[str, ...]:
    """Return the command that asks for a certificate; only called where one is wanted, so it never answers 'not yet due'."""
    who = ("--email", settings.email, "--no-eff-email") if settings.email else ("--register-unsafely-without-email",)
    server = ("--server", settings.server) if settings.server else ()
    named = tuple(word for name in names for word in ("-d", name))
    return (
        *("certbot", "certonly", "--non-interactive", "--agree-tos", *who, *server),
        *("--webroot", "--webroot-path", WEBROOT, "--key-type", "ecdsa", "--cert-name", domain, *named),
        *("--force-renewal", "--deploy-hook", shlex.join(hook)),
    )


def stop_gap_argv(folder: Path, domain: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the command that makes a certificate nobody trusts, for the seconds until a real one is there."""
    alternatives = ",".join(f"DNS:{name}" for name in names)
    return (
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"),
        *("-days", str(STOP_GAP_DAYS), "-subj", f"/O=Slipway stop-gap/CN={domain[:64]}"),
        *("-addext", f"subjectAltName={alternatives}", "-keyout", str(folder / "privkey.pem")),
        *("-out", str(folder / "fullchain.pem")),
    )


def with_renewal_before_expiry(text: str, before: timedelta) -> str:
    """Return certbot's renewal settings with the time before the end set: its default is meant for 90 days."""
    kept = [line for line in text.splitlines() if "renew_before_expiry" not in line]
    return "\n".join([f"renew_before_expiry = {int(before.total_seconds() // 3600)} hours", *kept]) + "\n"


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(days=7)
