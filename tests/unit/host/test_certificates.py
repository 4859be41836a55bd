from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from slipway.host import certificates
from slipway.host.certificates import Certificates
from slipway.host.edge import EdgeSettings
from slipway.host.runner import Runner

# Recorded: openssl 3.5 on a certificate of a test authority.
TEXT = """\
issuer=CN = Pebble Intermediate CA 5f2a1c
notBefore=2026-11-21 08:00:00Z
notAfter=2026-11-27 07:59:59Z
X509v3 Subject Alternative Name:
    DNS:demo.localhost, DNS:www.demo.localhost
"""
SETTINGS = EdgeSettings(server="https://acme.test/dir", email="ops@demo.localhost")


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Certificates:
    return Certificates(Runner(), tmp_path / "ssl", tmp_path / "letsencrypt")


def lineage(store: Certificates, domain: str, names: list[str], server: str = SETTINGS.server) -> None:
    folder = store.certbot / "live" / domain
    folder.mkdir(parents=True)
    store.runner.run(certificates.stop_gap_argv(folder, domain, names))
    (store.certbot / "renewal").mkdir(exist_ok=True)
    (store.certbot / "renewal" / f"{domain}.conf").write_text(f"version = 4.0.0\n[renewalparams]\nserver = {server}\n")


def test_a_certificate_is_read() -> None:
    found = certificates.parse(TEXT)
    assert found.issuer == "CN = Pebble Intermediate CA 5f2a1c"
    assert found.names == ("demo.localhost", "www.demo.localhost")
    assert found.expires - found.begins == timedelta(days=6, seconds=-1)


def test_a_certificate_is_due_in_the_last_third_of_its_life() -> None:
    found = certificates.parse(TEXT)
    assert not found.due(at(24))
    assert found.due(at(26))


def test_nginx_finds_a_stop_gap_until_there_is_a_real_one(store: Certificates) -> None:
    assert store.ensure("a.test", ["a.test", "www.a.test"])
    assert not store.ensure("a.test", ["a.test", "www.a.test"]), "one is enough"
    assert store.is_stop_gap("a.test")
    assert store.served("a.test").names == ("a.test", "www.a.test")
    assert "Slipway stop-gap" in store.served("a.test").issuer
    assert (store.folder / "a.test/live/privkey.pem").stat().st_mode & 0o077 == 0
    lineage(store, "a.test", ["a.test", "www.a.test"])
    assert store.follow("a.test")
    assert not store.is_stop_gap("a.test")


def test_a_lineage_that_is_there_makes_no_stop_gap(store: Certificates) -> None:
    lineage(store, "a.test", ["a.test"])
    assert not store.ensure("a.test", ["a.test"])
    assert not store.is_stop_gap("a.test")


def test_a_stop_gap_takes_over_where_a_lineage_was_deleted(store: Certificates) -> None:
    store.folder.joinpath("a.test").mkdir(parents=True)
    (store.folder / "a.test/live").symlink_to(store.certbot / "live/a.test")
    assert store.ensure("a.test", ["a.test"])
    assert store.served("a.test").names == ("a.test",)


def test_it_is_said_why_a_certificate_is_wanted(store: Certificates) -> None:
    now = datetime.now(UTC)
    store.ensure("a.test", ["a.test"])
    assert "stop-gap" in store.wanting("a.test", ["a.test"], SETTINGS, now)
    lineage(store, "a.test", ["a.test"])
    store.follow("a.test")
    assert store.wanting("a.test", ["a.test"], SETTINGS, now) == ""
    assert "b.test is not in it" in store.wanting("a.test", ["a.test", "b.test"], SETTINGS, now)
    assert "third" in store.wanting("a.test", ["a.test"], SETTINGS, now + timedelta(days=70))
    staging = EdgeSettings(server="https://staging.test/dir")
    assert "another authority" in store.wanting("a.test", ["a.test"], staging, now)


def test_the_authority_is_asked_by_webroot_for_all_names_at_once() -> None:
    argv = certificates.certbot_argv("a.test", ["a.test", "www.a.test"], SETTINGS, ("/sbin/slipway", "live"))
    words = " ".join(argv)
    assert "--webroot --webroot-path /var/www/acme" in words
    assert "--cert-name a.test -d a.test -d www.a.test" in words
    assert "--deploy-hook /sbin/slipway live" in words
    assert "--server https://acme.test/dir" in words


def test_short_lives_are_renewed_in_their_last_third() -> None:
    text = "# renew_before_expiry = 30 days\nversion = 4.0.0\n[renewalparams]\n"
    shown = certificates.with_renewal_before_expiry(text, timedelta(days=2))
    assert shown == "renew_before_expiry = 48 hours\nversion = 4.0.0\n[renewalparams]\n"
    assert certificates.with_renewal_before_expiry(shown, timedelta(days=2)) == shown


def test_an_authority_that_is_away_is_named_at_once(store: Certificates) -> None:
    store.ensure("a.test", ["a.test"])
    away = EdgeSettings(server="https://127.0.0.1:9/dir")
    with pytest.raises(Exception, match=r"127\.0\.0\.1:9/dir cannot be reached"):
        store.issue("a.test", ["a.test"], away)
    assert store.asked_seconds_ago("a.test") < 60
