"""Which names and paths lead to a service: from labels of known edges, `VIRTUAL_HOST`, published ports."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..load.edge_checks import DOMAIN
from . import data as loose
from .changes import Drop
from .images import DEBUG_PORTS, IMAGE_PORTS, OTHER_PORTS, WEB_PORTS
from .sketch import Sketch
from .team import Facts, Published

RULE = re.compile(r"traefik\.http\.routers\.([^.]+)\.rule")
SERVER_PORT = re.compile(r"traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port|traefik\.port")
STRIP = re.compile(r"traefik\.http\.middlewares\.[^.]+\.stripprefix\.prefixes")
UPSTREAMS = re.compile(r"\{\{\s*upstreams\s+(?:https?\s+)?(\d+)\s*\}\}")
PROXY_LABEL = re.compile(r"traefik\..*|caddy([._].*)?")
PROXY_VARIABLES = frozenset(
    ["VIRTUAL_HOST", "VIRTUAL_PORT", "VIRTUAL_PATH", "VIRTUAL_PROTO", "LETSENCRYPT_HOST", "LETSENCRYPT_EMAIL", "HTTPS_METHOD"]
)
LAPTOP_NAME = re.compile(r"(.*\.)?(localhost|local|test|lan|internal|localdomain|lvh\.me|nip\.io)")
MAIN_NAMES = ("web", "frontend", "front", "site", "www", "ui", "client", "app", "nginx", "proxy", "gateway", "server")


@dataclass(frozen=True, slots=True)
class Wish:
    """A name and a path that shall lead to a port; no host where none is known."""

    hosts: tuple[str, ...]
    path: str
    port: int
    strip: bool
    because: str


def wishes(facts: Facts) -> list[Wish]:
    """Return where a service wants its requests from."""
    port = inner_port(facts)
    if found := labelled(facts):
        return found
    if port and web_ports(facts):
        return [Wish((), "/", port, strip=False, because="its published port")]
    return []


def labelled(facts: Facts) -> list[Wish]:
    """Return what labels and variables of known edges wish for."""
    port = inner_port(facts)
    return [*_of_traefik(facts, port), *_of_nginx_proxy(facts, port), *_of_caddy(facts, port)]


def _exposed(facts: Facts) -> Wish:
    return Wish((), "/", inner_port(facts), strip=False, because="the port it listens on, as nothing is published")


def web_ports(facts: Facts) -> list[Published]:
    """Return the published ports that may speak HTTP, the likeliest first."""
    found = [
        port for port in facts.ports if port.protocol == "tcp" and port.port not in OTHER_PORTS and port.port not in DEBUG_PORTS
    ]
    return sorted(found, key=lambda port: WEB_PORTS.index(port.port) if port.port in WEB_PORTS else len(WEB_PORTS))


def inner_port(facts: Facts) -> int:
    """Return the port a service most likely listens on, or 0."""
    labelled = [value for key, value in facts.labels.items() if SERVER_PORT.fullmatch(key)]
    upstream = [match[1] for key, value in facts.labels.items() if key.startswith("caddy") and (match := UPSTREAMS.search(value))]
    written = [*labelled, *upstream, facts.environment.get("VIRTUAL_PORT", "")]
    told = next((int(text) for text in written if text.isdigit() and 0 < int(text[:6]) < 65536), 0)
    published = [port.port for port in web_ports(facts)]
    exposed = [int(text) for text in loose.texts(facts.data.get("expose")) if text.isdigit() and int(text) not in OTHER_PORTS]
    return told or next(iter(published), 0) or next(iter(exposed), 0) or IMAGE_PORTS.get(facts.base, 0) or _asked_port(facts)


def _asked_port(facts: Facts) -> int:
    """Return the port that the healthcheck asks over HTTP."""
    test = " ".join(loose.texts(loose.mapping(facts.data.get("healthcheck")).get("test")))
    match = re.search(r"https?://[^/\s:'\"`]+:(\d{2,5})", test)
    return int(match[1]) if match and int(match[1]) not in OTHER_PORTS else 0


def _of_traefik(facts: Facts, port: int) -> Iterator[Wish]:
    if facts.labels.get("traefik.enable", "true").lower() != "true":
        return
    stripped = {prefix for key, value in facts.labels.items() if STRIP.fullmatch(key) for prefix in value.split(",")}
    seen: set[tuple[tuple[str, ...], str]] = set()
    for key, rule in facts.labels.items():
        if not (RULE.fullmatch(key) or key == "traefik.frontend.rule"):
            continue
        hosts = tuple(re.findall(r"Host(?:SNI)?\([^)]*\)", rule))
        names = tuple(name for host in hosts for name in re.findall(r"[`\"']([^`\"']+)[`\"']", host)) or tuple(
            name.strip() for name in rule.removeprefix("Host:").split(";")[0].split(",") if rule.startswith("Host:")
        )
        prefix = re.search(r"Path(?:Prefix)?\([`\"']([^`\"']+)[`\"']", rule)
        path = prefix[1] if prefix else "/"
        if (names or prefix) and (names, path) not in seen:
            seen.add((names, path))
            yield Wish(names, path, port or 80, strip=path in stripped, because="its traefik labels")


def _of_nginx_proxy(facts: Facts, port: int) -> Iterator[Wish]:
    names = tuple(name.strip() for name in facts.environment.get("VIRTUAL_HOST", "").split(",") if name.strip())
    if names:
        yield Wish(names, facts.environment.get("VIRTUAL_PATH") or "/", port or 80, strip=False, because="VIRTUAL_HOST")


def _of_caddy(facts: Facts, port: int) -> Iterator[Wish]:
    for key, value in facts.labels.items():
        if re.fullmatch(r"caddy(_\d+)?", key):
            names = tuple(
                re.sub(r"^https?://", "", name.strip()).partition("/")[0] for name in re.split(r"[ ,]+", value) if name.strip()
            )
            yield Wish(names, "/", port or 80, strip=False, because="its caddy labels")


def propose_routes(sketch: Sketch, webs: Sequence[Facts]) -> None:
    """Propose domains and routes for the web services; the main one answers at the bare domain."""
    wanted = {facts.name: (facts, wishes(facts) or [_exposed(facts)]) for facts in webs}
    if not wanted:
        return
    names = _Names(sketch, *_main(wanted))
    for facts, found in wanted.values():
        routes = [_route(names.key(facts, wish), wish) for wish in found]
        unique = {(route["domain"], route["path"]): route for route in routes}
        sketch.word(facts, "routes", list(unique.values()))
        because = sorted({wish.because for wish in found})
        where = ", ".join(
            f"{shown_name(sketch, route['domain'])}{route['path']} to port {route['port']}" for route in unique.values()
        )
        sketch.guess((*facts.path, "x-slipway", "routes"), f"{where}; from {', '.join(because)}")


def _route(key: str, wish: Wish) -> dict[str, Any]:
    path = wish.path if wish.path.startswith("/") else f"/{wish.path}"
    return {"domain": key, "path": path, "port": wish.port, **({"strip_path": True} if wish.strip else {})}


def _main(wanted: Mapping[str, tuple[Facts, list[Wish]]]) -> tuple[str, str]:
    """Return the service that answers at the bare domain, and the name it has today."""
    asked = [(facts.name, wish) for facts, found in wanted.values() for wish in found if wish.hosts and _is_public(wish.hosts[0])]
    hosts = {wish.hosts[0] for _, wish in asked}
    if asked:
        name, wish = min(asked, key=lambda one: _far_from_bare(one[1], hosts))
        return name, wish.hosts[0]
    outer = {name: {str(loose.text(port.written)).split(":")[0] for port in facts.ports} for name, (facts, _) in wanted.items()}
    fronts = [name for name, ports in outer.items() if ports & {"80", "443"}]
    return next(iter(fronts), "") or main_name(wanted), ""


def _far_from_bare(wish: Wish, hosts: Iterable[str]) -> tuple[int, int, bool]:
    """Return how little a wish is for the bare domain: names below it, dots in it, a path of it."""
    host = wish.hosts[0].removeprefix("www.")
    return -sum(other.endswith(f".{host}") for other in hosts), host.count("."), wish.path != "/"


def _is_public(host: str) -> bool:
    return DOMAIN.fullmatch(host) is not None and LAPTOP_NAME.fullmatch(host) is None


def main_name(names: Iterable[str]) -> str:
    """Return the service that by its name is the front, or the first; nothing of nothing."""
    found = list(names)
    fronts = (name for word in MAIN_NAMES for name in found if word in re.split(r"[-_.]", name))
    return next(fronts, next(iter(found), ""))


class _Names:
    """The stack's domains as they come up: key -> name, with values for the inventory.

    `main` is the service at the bare domain, `today` the name it has today.
    """

    def __init__(self, sketch: Sketch, main: str, today: str) -> None:
        self.sketch, self.main, self.today = sketch, main, today
        self.keys: dict[str, str] = {}

    def key(self, facts: Facts, wish: Wish) -> str:
        """Return the domain's key for a wish, made where it is new."""
        hosts = [host for host in wish.hosts if _is_public(host)]
        is_main = hosts[0] == self.today if hosts else facts.name == self.main
        host = self.today if is_main else hosts[0] if hosts else f"?{facts.name}"
        if host not in self.keys:
            self.keys[host] = self._add_main(hosts) if is_main else self._add(facts, wish, hosts)
        return self.keys[host]

    def _add_main(self, hosts: Sequence[str]) -> str:
        self._ask_for_domain()
        domain: dict[str, Any] = {"name": "${DOMAIN:?}"}
        if self.sketch.known["DOMAIN"] and any(host == f"www.{hosts[0]}" for host in hosts[1:]):
            domain["redirect_from"] = ["www.${DOMAIN:?}"]
        self.sketch.domains["site"] = domain
        return "site"

    def _add(self, facts: Facts, wish: Wish, hosts: Sequence[str]) -> str:
        key = _free(_slug(facts.name), self.sketch.domains)
        self.sketch.domains[key] = {"name": self._name(key, facts, wish, hosts)}
        return key

    def _name(self, key: str, facts: Facts, wish: Wish, hosts: Sequence[str]) -> str:
        if hosts and not (self.today and hosts[0].endswith(f".{self.today}")):
            variable = f"{key.upper().replace('-', '_')}_DOMAIN"
            self.sketch.known[variable] = hosts[0]
            return f"${{{variable}:?}}"
        self._ask_for_domain()
        label = wish.hosts[0].partition(".")[0] if wish.hosts else facts.name
        prefix = hosts[0].removesuffix(f".{self.today}") if hosts else _slug(label or facts.name)
        return f"{prefix}.${{DOMAIN:?}}"

    def _ask_for_domain(self) -> None:
        self.sketch.known.setdefault("DOMAIN", self.sketch.team.order.domain or self.today)
        if not self.sketch.known["DOMAIN"]:
            self.sketch.asked["DOMAIN"] = "the site's name; it needs a DNS record that leads to the host"


def shown_name(sketch: Sketch, key: str) -> str:
    """Return a domain's name for people."""
    text = str(loose.mapping(sketch.domains.get(key)).get("name", key))
    for name, value in sketch.known.items():
        text = text.replace(f"${{{name}:?}}", value or f"<{name}>")
    return text


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "web"


def _free(key: str, taken: Mapping[str, Any]) -> str:
    return next(name for name in (key, *(f"{key}-{number}" for number in range(2, 999))) if name not in taken)


def propose_ports(sketch: Sketch, facts: Facts, *, is_store: bool, is_web: bool) -> None:
    """Move published ports to the laptop's file; ports that no edge can answer for stay, for a person to decide."""
    if "ports" not in facts.data:
        return
    left = [port for port in facts.ports if not is_store and (port.protocol != "tcp" or port.port in OTHER_PORTS)]
    kept = {port.index for port in left}
    written = loose.items(facts.data["ports"])
    away = {index: item for index, item in enumerate(written) if index not in kept}
    if left:
        listed = ", ".join(f"{port.port}/{port.protocol}" for port in left)
        remark = f"{listed}: no HTTP, so no edge answers for it; on a host only 22, 80 and 443 are open"
        sketch.remarks[(*facts.path, "ports")] = remark
    sketch.laptop(facts, "ports", list(away.values()))
    if away or not written:
        why = "only the edge answers from outside; published on the laptop by compose.override.yml"
        gone = Drop((*facts.path, "ports"), frozenset(away)) if kept else Drop(facts.path, frozenset(["ports"]))
        sketch.change((*facts.path, "ports"), why, gone)
    routed = inner_port(facts)
    others = [port.port for port in web_ports(facts) if port.port != routed or not is_web]
    if others and not is_store:
        listed = ", ".join(map(str, dict.fromkeys(others)))
        sketch.guess((*facts.path, "ports"), f"no route leads to port {listed}; add one if the world needs it")


def propose_without_labels(sketch: Sketch, facts: Facts) -> None:
    """Move what only another edge reads to the laptop's file."""
    for place in (("labels",), ("deploy", "labels")):
        written: Any = facts.data
        for key in place:
            written = loose.mapping(written).get(key)
        away = {key: value for key, value in loose.pairs(written).items() if PROXY_LABEL.fullmatch(key)}
        if away:
            sketch.laptop(facts, "labels", away)
            path = (*facts.path, *place)
            sketch.change(path, "Slipway's edge reads `x-slipway.routes`; kept for the laptop", _without(path, written, away))
    away = {key: value for key, value in loose.pairs(facts.data.get("environment")).items() if key in PROXY_VARIABLES}
    if away and facts.environment.get("VIRTUAL_HOST"):
        sketch.laptop(facts, "environment", away)
        path = (*facts.path, "environment")
        why = "Slipway's edge reads `x-slipway.routes`; kept for the laptop"
        sketch.change(path, why, _without(path, facts.data["environment"], away))


def _without(path: tuple[str, ...], written: Any, away: Mapping[str, Any]) -> Drop:
    if isinstance(written, dict):
        return Drop(path, frozenset(away))
    return Drop(path, frozenset(i for i, item in enumerate(loose.items(written)) if loose.text(item).partition("=")[0] in away))
