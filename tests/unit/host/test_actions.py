"""Which certificates a site needs before nginx can read it."""

from pathlib import Path

from slipway.host.actions import certified

DOMAINS = ["api.demo.localhost", "demo.localhost", "files.demo.localhost"]
SITE = Path(__file__).parents[2] / "golden/full-stack/expected/site.conf"
HEADER = '    add_header Content-Security-Policy "x ssl_certificate /x/evil.example/live/fullchain.pem; y" always;\n'


def test_a_site_names_the_certificates_of_its_domains() -> None:
    assert certified(SITE.read_text()) == DOMAINS


def test_a_headers_text_names_none() -> None:
    assert certified(SITE.read_text() + HEADER) == DOMAINS
