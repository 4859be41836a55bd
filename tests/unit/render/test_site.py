import dataclasses
import re
from pathlib import Path

import pytest

from slipway.errors import ReleaseRefused
from slipway.model import Access, Cors, Domain, Headers, Rate, Route, Stack
from slipway.placement import Host
from slipway.render.nginx_text import host_name, quoted, token, variable
from slipway.render.site import site
from tests.unit.plan.stacks import API, SHOP, release, with_services

TEMPLATE = (Path(__file__).parents[3] / "nginx/site.conf.j2").read_text(encoding="utf-8")
NEW, OLD = Host((1, 26, 3)), Host((1, 24, 0))


def text(stack: Stack = SHOP, host: Host = NEW) -> str:
    placed = release(1, stack)
    return site(placed.stack, placed.placement, host, TEMPLATE)


def with_routes(*routes: Route) -> Stack:
    return with_services(SHOP, dataclasses.replace(API, routes=routes))


def with_domain(**words: object) -> Stack:
    return dataclasses.replace(SHOP, domains={"site": dataclasses.replace(Domain("shop.example"), **words)})  # type: ignore[arg-type] # fields by name


def location(rendered: str, path: str) -> str:
    return rendered.partition(f'location "{path}" {{')[2].partition("\n    }")[0]


def test_a_stack_without_domains_has_no_site() -> None:
    assert text(dataclasses.replace(with_services(SHOP, without=("api",)), domains={})) == ""


def test_every_slot_is_a_server_that_is_never_put_aside() -> None:
    rendered = text()
    assert "upstream shop.api.8000 {\n    zone shop.api.8000 64k;\n    least_conn;\n" in rendered
    assert "    server 10.255.77.1:20001 max_fails=0;\n    server 10.255.77.1:20002 max_fails=0;\n" in rendered


def test_http2_is_said_as_the_version_knows_it() -> None:
    assert "    listen 443 ssl;\n    listen [::]:443 ssl;\n    http2 on;\n" in text()
    assert "    listen 443 ssl http2;\n" in text(host=OLD)
    assert "http2 on" not in text(host=OLD)


def test_a_kernel_without_ipv6_is_not_asked_for_it() -> None:
    assert "[::]" not in text(host=dataclasses.replace(NEW, ipv6=False))


def test_redirects_keep_the_port_clients_use() -> None:
    assert "return 301 https://$host$request_uri;" in text()
    lab = text(host=dataclasses.replace(NEW, https_port=8441))
    assert "return 301 https://$host:8441$request_uri;" in lab
    assert "return 308 https://shop.example:8441$request_uri;" in lab


def test_old_names_lead_to_the_domain_under_its_certificate() -> None:
    rendered = text()
    assert "server_name www.shop.example;\n    ssl_certificate /etc/ssl/slipway/shop.example/live/fullchain.pem;" in rendered
    assert "server_name shop.example www.shop.example;\n\n    include /etc/nginx/slipway/snippets/challenge.conf;" in rendered


def test_websockets_are_upgraded_only_where_they_are_allowed() -> None:
    rendered = text()
    assert "set $edge_upgrade $http_upgrade;" in location(rendered, "/ws/")
    assert "edge_upgrade" not in location(rendered, "/")


def test_silence_is_bounded_by_the_kind_of_route() -> None:
    rendered = text(
        with_routes(
            Route("site", 8000, timeout_seconds=30, idle_seconds=99),
            Route("site", 8000, "/ws/", websocket=True, idle_seconds=200),
            Route("site", 8000, "/events", buffering=False, idle_seconds=300),
        )
    )
    assert "proxy_read_timeout 30s;" in location(rendered, "/")
    assert "proxy_read_timeout 200s;" in location(rendered, "/ws/")
    assert "proxy_read_timeout 300s;" in location(rendered, "/events")
    assert "proxy_buffering off;" in location(rendered, "/events")


def test_each_route_has_its_own_limits() -> None:
    rendered = text(with_routes(Route("site", 8000, rate=Rate(30, 60, 5), body_mb=7, connections_per_address=9)))
    inside = location(rendered, "/")
    assert "rate=30r/m;" in rendered
    assert "burst=5 nodelay;" in inside
    assert "client_max_body_size 7m;" in inside
    assert " 9;" in inside.partition("limit_conn ")[2].partition("\n")[0]
    assert "set $edge_retry 2;" in inside


def test_a_key_from_a_header_never_replaces_the_bound_by_address() -> None:
    rendered = text(with_routes(Route("site", 8000, rate=Rate(5, 1, 10, "header:X-Api-Key"))))
    assert "map $http_x_api_key" in rendered
    assert "rate=5r/s;" in rendered
    assert "limit_req_zone $binary_remote_addr zone=shop_site__guard" in rendered
    assert "rate=50r/s;" in rendered
    assert "burst=100 nodelay;" in location(rendered, "/")


def test_another_header_is_another_zone_because_a_reload_refuses_a_changed_key() -> None:
    zones = {
        text(with_routes(Route("site", 8000, rate=Rate(by=by)))).partition("limit_req zone=")[2].partition(" ")[0]
        for by in ("address", "header:X-A", "header:X-B")
    }
    assert len(zones) == 3


@pytest.mark.parametrize("path", ["@limited", "= /x", "api"])
def test_a_path_is_a_path(path: str) -> None:
    with pytest.raises(ReleaseRefused, match="slash"):
        text(with_routes(Route("site", 8000, path)))


def test_a_stripped_prefix_never_reaches_the_service() -> None:
    rendered = text(with_routes(Route("site", 8000, "/api/v1.0/", strip_path=True), Route("site", 8000)))
    assert 'rewrite "^/api/v1\\.0/?(.*)$" /$1 break;' in location(rendered, "/api/v1.0/")
    assert "rewrite" not in location(rendered, "/")


def test_a_path_nobody_serves_is_answered_by_the_edge() -> None:
    assert "location / {\n        return 404;" in text(with_routes(Route("site", 8000, "/only/")))


def test_security_headers_stand_once_at_server_level() -> None:
    rendered = text()
    assert 'add_header Strict-Transport-Security "max-age=31536000" always;' in rendered
    assert "frame-ancestors 'none'" in rendered
    assert "        add_header" not in rendered


def test_every_domain_can_be_shut_and_no_redirect_is() -> None:
    rendered = text()
    shut = "    include /etc/nginx/slipway/maintenance/shop[.]conf;\n"
    assert rendered.count(shut) == len(SHOP.domains)
    assert shut not in rendered.partition("return 308")[0], "the names that lead elsewhere still do"
    assert rendered.index("return 421;") < rendered.index(shut) < rendered.index("proxy_pass")


def test_policies_may_be_said_by_the_team() -> None:
    headers = Headers(content_security_policy='default-src "x"', report_only=True, frame_options="sameorigin", hsts_seconds=60)
    rendered = text(with_domain(headers=headers))
    assert 'map "$edge_page$upstream_http_content_security_policy_report_only" $edge_site_' in rendered
    assert '"default-src \\"x\\""' in rendered
    assert '"SAMEORIGIN"' in rendered
    assert '"max-age=60"' in rendered


def test_other_origins_are_answered_at_the_edge_and_only_named_ones() -> None:
    rendered = text(with_domain(cors=Cors(("https://a.example",), credentials=True, headers=("X-Token",))))
    assert '"https://a.example" $http_origin;' in rendered
    assert "return 204;" in location(rendered, "/")
    assert "proxy_hide_header Access-Control-Allow-Origin;" in rendered
    assert "Access-Control" not in text()


def test_a_domain_behind_addresses_refuses_all_others() -> None:
    assert "    allow 192.0.2.0/24;\n    deny all;\n" in text(with_domain(access=Access(("192.0.2.0/24",))))


def test_words_that_would_leave_a_door_open_are_refused() -> None:
    with pytest.raises(ReleaseRefused, match="password"):
        text(with_domain(access=Access(password="STAGING")))
    with pytest.raises(ReleaseRefused, match="grpc"):
        text(with_routes(Route("site", 8000, protocol="grpc")))


def test_every_line_of_the_log_says_stack_service_and_kind() -> None:
    routes = (Route("site", 8000), Route("site", 8000, "/ws/", websocket=True), Route("site", 8000, "/news", buffering=False))
    rendered = text(with_routes(*routes))
    assert rendered.count('    set $edge_stack "shop";\n') == rendered.count("    server_name ") == 3
    for path, kind in (("/", "plain"), ("/ws/", "stream"), ("/news", "stream")):
        assert f'        set $edge_service "api";\n        set $edge_kind {kind};\n' in location(rendered, path)


def test_query_values_are_hidden_on_top_of_those_that_the_edge_hides() -> None:
    rendered = text(dataclasses.replace(SHOP, mask_query=("my.word", "pin")))
    first = rendered.partition("map $masked_args ")[2].partition("}\n")[0]
    assert r"(?:my\.word|pin)=" in first
    (name,) = set(re.findall(r"set \$edge_args \$(\w+);", rendered))
    assert f" ${name} {{\n" in rendered
    assert rendered.count("map $masked_args ") == 1
    none = text(dataclasses.replace(SHOP, mask_query=()))
    assert "set $edge_args $masked_args;" in none
    assert "edge_before" not in none


@pytest.mark.parametrize("bad", ["a b", 'a"b', "a)b", "a\\b", "", "a{b", "a;b"])
def test_a_query_value_that_could_leave_its_pattern_is_refused(bad: str) -> None:
    with pytest.raises(ReleaseRefused, match="mask_query"):
        text(dataclasses.replace(SHOP, mask_query=("token", bad)))


def test_a_client_may_stay_on_its_replica() -> None:
    rendered = text(with_routes(Route("site", 8000), Route("site", 8000, "/ws/", sticky="address")))
    assert "upstream shop.api.8000.sticky {\n    zone shop.api.8000.sticky 64k;\n    hash $remote_addr consistent;" in rendered
    assert "proxy_pass http://shop.api.8000;" in location(rendered, "/")


@pytest.mark.parametrize("bad", ["a;b", "a b", "$x", "a{", "-a", ""])
def test_a_name_that_could_leave_its_place_is_refused(bad: str) -> None:
    with pytest.raises(ReleaseRefused):
        host_name(bad)


@pytest.mark.parametrize("bad", ["a$b", "a\nb", "a\x00"])
def test_text_that_nginx_would_read_otherwise_is_refused(bad: str) -> None:
    with pytest.raises(ReleaseRefused):
        quoted(bad)


def test_names_of_two_stacks_never_meet() -> None:
    assert token("a", "b-c") != token("a-b", "c")
    assert token("shop", "site", "/", "rate") != token("shop", "site", "/root", "rate")
    assert variable("a", "b-c", "x") != variable("a-b", "c", "x")
    assert len(variable("stack" * 9, "domain" * 9, "permissions")) <= 46
