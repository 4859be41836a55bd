"""What shuts a stack: a file that a site includes where it is there, and that lets the team past."""

from pathlib import Path

from slipway.model import Domain
from slipway.render import headers, maintenance
from tests.unit.plan.stacks import SHOP

TEMPLATE = (Path(__file__).parents[3] / "nginx/maintenance.conf.j2").read_text(encoding="utf-8")
TEXT = maintenance.text("shop", "Word_1-2", 120, TEMPLATE)


def test_what_a_site_includes_is_a_pattern_that_only_its_own_stack_fits() -> None:
    assert maintenance.included("shop") == "/etc/nginx/slipway/maintenance/shop[.]conf"


def test_everybody_but_the_team_is_led_to_the_page() -> None:
    assert 'if ($cookie_slipway_bypass = "Word_1-2") {\n    set $edge_shut "";' in TEXT
    assert 'if ($http_x_slipway_bypass = "Word_1-2") {\n    set $edge_shut "";' in TEXT
    assert "alias /etc/nginx/slipway/maintenance/shop.html;" in TEXT
    assert TEXT.count("set $edge_retry_after 120;") == 2
    assert '"retry_after":120' in TEXT


def test_the_link_is_the_one_that_the_file_knows() -> None:
    link = maintenance.link("https://shop.example/", "Word_1-2")
    assert link == "https://shop.example/.slipway/bypass?token=Word_1-2"
    assert 'location = /.slipway/bypass {\n    if ($arg_token != "Word_1-2") {\n        return 404;' in TEXT


def test_no_header_of_its_own_drops_those_of_the_domain() -> None:
    inside = TEXT.partition("location")[2]
    assert "add_header" not in inside


def test_the_page_may_style_itself_and_nothing_else_may() -> None:
    rows = {row.name: row for row in headers.maps(SHOP, "site", Domain("shop.example"))}
    asked = [row for row in rows.values() if "edge_page" in row.source]
    assert [row.source for row in asked] == ['"$edge_page$upstream_http_content_security_policy"']
    policies = dict(asked[0].pairs)
    assert "style-src 'unsafe-inline'" in policies['"maintenance"']
    assert "unsafe-inline" not in policies['""']
    assert policies["default"] == '""', "the application's own policy wins"
