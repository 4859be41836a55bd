"""A share of a site: who is dealt to which side, and that a site without one says nothing of it."""

import dataclasses
import re

import pytest

from slipway.model import Domain, Route, Stack, Store
from slipway.placement import Placed
from slipway.plan.place import Taken, place
from slipway.render import canary
from slipway.render.canary import Share
from slipway.render.site import site
from tests.unit.plan.stacks import API, SHOP, images_of, release, with_services
from tests.unit.render.test_site import NEW, TEMPLATE, location


def shared(stack: Stack = SHOP, number: int = 2, percent: int = 10) -> str:
    one = release(1, stack)
    placement = place(stack, number, Taken((), ()), one.placement, images_of(stack), canary=True)
    return site(stack, one.placement, NEW, TEMPLATE, Share(Placed(stack, placement), percent))


def variable(text: str, what: str) -> str:
    (found,) = re.findall(rf"^(?:map|split_clients) .* (\$edge_canary_\w+_{what}) {{$", text, re.MULTILINE)
    return str(found)


def test_each_upstream_has_one_beside_it_at_slots_of_its_own() -> None:
    text = shared()
    assert "    server 10.255.77.1:20001 max_fails=0;\n    server 10.255.77.1:20002 max_fails=0;\n" in text
    beside = text.partition("upstream shop.api.8000.canary {")[2].partition("}")[0]
    assert re.findall(r"server (\S+) max_fails=0;", beside) == ["10.255.77.1:20003", "10.255.77.1:20004"]
    assert "least_conn;" in beside


def test_a_visitor_is_dealt_by_the_number_in_the_cookie_and_by_the_release() -> None:
    text = shared(number=7, percent=25)
    visitor, side = variable(text, "visitor"), variable(text, "side")
    assert f'split_clients "7.{visitor}" {side} {{\n    25% canary;\n    * stable;\n}}' in text
    assert (
        f'map $cookie_slipway_shop {visitor} {{\n    default $request_id;\n    "~^[0-9a-f]{{32}}$" $cookie_slipway_shop;\n}}'
        in text
    )
    assert f"{side} $edge_shop_api_800" in text
    for path in ("/", "/ws/"):
        assert re.search(r"proxy_pass http://\$edge_shop_api_800_\w+_up;", location(text, path)), "sockets as well"


def test_who_has_no_number_gets_the_one_that_was_dealt_by() -> None:
    text = shared()
    cookie = variable(text, "cookie")
    assert 'default "slipway_shop=$request_id; Path=/; Max-Age=604800; Secure; HttpOnly; SameSite=Lax";' in text
    given = variable(text, "given")
    assert f"map $sent_http_cache_control {given} {{\n    default {cookie};\n" in text
    assert text.count(f"add_header Set-Cookie {given} always;") == 2, "on the name and on the one that redirects to it"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("public, max-age=60", True),
        ("max-age=31536000, Immutable", True),
        ("s-maxage=5", True),
        ("private, max-age=60", False),
        ("no-store", False),
        ("", False),
    ],
)
def test_what_caches_may_keep_for_all_gives_nobody_a_number(said: str, *, kept: bool) -> None:
    text = shared()
    begin = rf"map \$sent_http_cache_control \{variable(text, 'given')} {{\n    default .*;\n"
    pattern = re.search(rf'{begin}    "~\*(.*)" "";\n}}', text)
    assert pattern
    assert bool(re.search(pattern[1], said, re.IGNORECASE)) == kept


@pytest.mark.parametrize(
    ("names", "above"),
    [
        (["shop.example"], ""),
        (["shop.example", "api.shop.example"], "shop.example"),
        (["shop.example", "other.example"], ""),
        (["a.shop.example", "b.shop.example"], ""),
        (["localhost", "api.localhost"], ""),
    ],
)
def test_one_number_is_for_all_names_where_one_stands_above_the_others(names: list[str], above: str) -> None:
    stack = dataclasses.replace(SHOP, domains={f"d{index}": Domain(name) for index, name in enumerate(names)})
    assert canary.domain(stack) == above
    site_alone = dataclasses.replace(SHOP, domains={"site": Domain(names[0]), **stack.domains})
    assert (f"Domain={above};" in shared(site_alone)) == bool(above)


def test_a_name_with_hyphens_has_a_cookie_that_nginx_can_read() -> None:
    assert canary.cookie("shop-two") == "slipway_shop_two"


def test_stores_are_the_same_for_both() -> None:
    files = dataclasses.replace(API, name="files", store=Store("s3"), replicas=1, routes=(Route("site", 9000, "/files/"),))
    text = shared(with_services(SHOP, files))
    assert "proxy_pass http://shop.files.9000;" in text
    assert "shop.files.9000.canary" not in text


def test_without_a_share_a_site_says_nothing_of_it() -> None:
    one = release(1)
    text = site(SHOP, one.placement, NEW, TEMPLATE)
    assert not {"split_clients", "Set-Cookie", "canary"} & set(re.findall(r"\w+(?:-\w+)?", text))
