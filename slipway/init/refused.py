"""Words that Slipway refuses and that can be taken out or said otherwise without asking."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..load.folder import NotShipped
from ..load.keys import NETWORK
from . import data as loose
from .changes import Append, Change, Drop, Put, Write
from .data import Data
from .layout import Path
from .sketch import Sketch
from .team import Facts

OWN_NETWORK_WORDS = frozenset(("internal",))
LATEST = re.compile(r"(latest|stable|main|master|edge|dev|develop|nightly|prod|production)?")
LAPTOP_TARGET = re.compile(r"dev|debug|builder|test")
SWARM = ("mode", "endpoint_mode")


def propose_image(sketch: Sketch, facts: Facts) -> None:
    """Propose the name and tag of an image that the team builds, here or at another service."""
    build = _build_of(sketch, facts)
    if not build:
        return
    if facts.builds:
        _leave_build_to_the_laptop(sketch, facts)
    path = (*facts.path, "image")
    written = loose.text(facts.data.get("image"))
    if written and "$" in written:
        return
    repository, tag = _split_image(written)
    if written and tag and not LATEST.fullmatch(tag):
        return
    first = sketch.builds.setdefault(repr(build), facts.name)
    name = repository if "/" in repository else f"${{REGISTRY:?}}/{sketch.team.order.name}/{first}"
    if "REGISTRY" in name:
        _ask(sketch, "REGISTRY", sketch.team.order.registry, "where your images are pushed, such as ghcr.io/acme")
    _ask(sketch, "RELEASE", sketch.team.order.release, "the version to deploy: the tag your images are pushed with")
    sketch.change(
        path, "built by you: pushed under this name, with the release as its tag", Put(path, f"{name}:${{RELEASE:?}}", first=True)
    )


def _build_of(sketch: Sketch, facts: Facts) -> Any:
    """Return how a service's image is built: by its own words, or by those of a service that builds the same image."""
    if facts.builds:
        return facts.data["build"]
    image = loose.text(facts.data.get("image"))
    services = map(loose.mapping, sketch.team.services.values())
    return next(
        (other["build"] for other in services if image and loose.text(other.get("image")) == image and other.get("build")), None
    )


def _leave_build_to_the_laptop(sketch: Sketch, facts: Facts) -> None:
    sketch.laptop(facts, "build", facts.data["build"])
    sketch.drop(facts, "build", "images are built and pushed before a deploy; built on the laptop by compose.override.yml")
    target = loose.text(loose.mapping(facts.data["build"]).get("target"))
    if LAPTOP_TARGET.search(target):
        sketch.guess((*facts.path, "build", "target"), f"`{target}` looks like a target for the laptop: push the one that serves")


def _ask(sketch: Sketch, name: str, value: str, what: str) -> None:
    sketch.known.setdefault(name, value or sketch.team.values.get(name, ""))
    if not sketch.known[name]:
        sketch.asked[name] = what


def _split_image(image: str) -> tuple[str, str]:
    folder, slash, last = image.partition("@")[0].rpartition("/")
    name, _, tag = last.partition(":")
    return f"{folder}{slash}{name}", tag


def propose_names(sketch: Sketch, all_facts: Iterable[Facts]) -> None:
    """Take `container_name` and `links` out; a name that somebody calls becomes an alias."""
    found = list(all_facts)
    aliases: dict[str, set[str]] = {facts.name: set() for facts in found}
    for facts in found:
        name = sketch.team.filled(facts.data.get("container_name"))
        if name and name != facts.name and _is_called(name, facts, found):
            aliases[facts.name].add(name)
        for target, alias in _links(facts):
            aliases.get(target, set()).update({alias} - {target})
        if "container_name" in facts.data:
            sketch.drop(facts, "container_name", "replicas and releases need names of their own")
        if "links" in facts.data:
            sketch.drop(facts, "links", "services reach each other by name")
    for facts in found:
        if names := sorted(aliases[facts.name]):
            _add_aliases(sketch, facts, names)


def _links(facts: Facts) -> list[tuple[str, str]]:
    found = [text.partition(":") for text in loose.texts(facts.data.get("links"))]
    return [(target, alias or target) for target, _, alias in found]


def _is_called(name: str, facts: Facts, everybody: Sequence[Facts]) -> bool:
    """Say whether another service names a host like this."""
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    texts = (text for other in everybody if other is not facts for text in (other.line, *other.environment.values()))
    return any(word.search(text) for text in texts)


def _add_aliases(sketch: Sketch, facts: Facts, names: Sequence[str]) -> None:
    path = (*facts.path, "networks")
    written = facts.data.get("networks")
    if isinstance(written, Mapping):
        joined: Data = {str(name): loose.mapping(options) for name, options in written.items()}
    else:
        joined = {name: {} for name in (loose.texts(written) or ["default"])}
    first = next(iter(joined))
    joined[first] = {"aliases": sorted({*loose.texts(joined[first].get("aliases")), *names})}
    clean = {name: {key: value for key, value in options.items() if key == "aliases"} for name, options in joined.items()}
    sketch.change(path, f"{', '.join(names)}: others call it so, so it stays an alias", Put(path, clean))


def propose_networks(sketch: Sketch, kept: Iterable[Facts]) -> None:
    """Take the options of networks that Slipway sets itself out."""
    declared = loose.mapping(sketch.team.data.get("networks"))
    for name, written in declared.items():
        options = loose.mapping(written)
        away = {key for key in options if key in NETWORK - OWN_NETWORK_WORDS}
        if away and not (away == {"driver"} and loose.text(options["driver"]) == "bridge"):
            path = ("networks", name)
            gone = Write(path, {}) if away == set(options) else Drop(path, frozenset(away))
            sketch.change(path, "names, addresses and drivers of networks are Slipway's", gone)
    for facts in kept:
        for name in loose.names(facts.data.get("networks")):
            if name not in declared and name != "default" and "$" not in name:
                sketch.declare("networks", name)
        _drop_addresses(sketch, facts)


def _drop_addresses(sketch: Sketch, facts: Facts) -> None:
    for name, options in loose.mapping(facts.data.get("networks")).items():
        if away := frozenset(key for key in loose.mapping(options) if key != "aliases"):
            place = (*facts.path, "networks", name)
            gone = Write(place, {}) if len(away) == len(options) else Drop(place, away)
            sketch.change(place, "addresses are allotted by Slipway", gone)


def propose_waits(sketch: Sketch, facts: Facts, gone: Mapping[str, str], stores: Mapping[str, Facts]) -> None:
    """Take dependencies out that lead to nobody, or from a store to what comes and goes."""
    written = facts.data.get("depends_on")
    path: Path = (*facts.path, "depends_on")
    away = [name for name in facts.waits if name in gone or (facts.name in stores and name not in stores)]
    if away:
        parts = away if isinstance(written, Mapping) else [i for i, n in enumerate(loose.texts(written)) if n in away]
        sketch.change(path, f"nobody waits for {', '.join(away)} on a host", Drop(path, frozenset(parts)))
    for name, options in loose.mapping(written).items():
        if loose.mapping(options).get("required") is False and "condition" in options and name not in away:
            sketch.change((*path, name), "a dependency is there or not", Drop((*path, name), frozenset(["required"])))


def propose_small_words(sketch: Sketch, facts: Facts, *, is_task: bool) -> None:
    """Say `scale` and Swarm's words in the way that one host understands."""
    if facts.data.get("profiles") and facts.name not in sketch.moved and not is_task:
        sketch.drop(facts, "profiles", "it always runs on a host")
    if facts.data.get("network_mode") in ("bridge", "default"):
        sketch.drop(facts, "network_mode", "the stack has a network of its own")
    if "scale" in facts.data:
        count = loose.text(facts.data["scale"])
        sketch.drop(facts, "scale", "`deploy.replicas` says it")
        if count.isdigit():
            sketch.deploy.setdefault(facts.name, {})["replicas"] = int(count)
    deploy = loose.mapping(facts.data.get("deploy"))
    swarm = frozenset(key for key in SWARM if key in deploy and (key != "mode" or deploy[key] != "replicated"))
    if swarm:
        path = (*facts.path, "deploy")
        sketch.change(path, "it belongs to Swarm", Drop(path, swarm))


def propose_configs(sketch: Sketch, kept: Iterable[Facts]) -> None:
    """Turn configs that are files into bind mounts of shipped files."""
    shipped: dict[str, str] = {}
    for name, options in loose.mapping(sketch.team.data.get("configs")).items():
        file = sketch.team.filled(loose.mapping(options).get("file"))
        try:
            texts = sketch.team.beside.shippable(file).texts if file else {}
        except NotShipped:
            continue
        if len(texts) == 1:
            shipped[name] = f"configs/{next(iter(texts))}"
            sketch.copies[shipped[name]] = next(iter(texts.values()))
    if not shipped:
        return
    sketch.change(("configs",), "files that are bound from the stack's folder", Drop((), frozenset(["configs"])))
    for facts in kept:
        _bind_configs(sketch, facts, shipped)


def _bind_configs(sketch: Sketch, facts: Facts, shipped: Mapping[str, str]) -> None:
    changes: list[Change] = []
    for item in loose.items(facts.data.get("configs")):
        name = loose.text(item.get("source") if isinstance(item, dict) else item)
        target = loose.text(item.get("target")) if isinstance(item, dict) else ""
        if name in shipped:
            changes.append(Append((*facts.path, "volumes"), f"./{shipped[name]}:{target or f'/{name}'}:ro"))
    if changes:
        sketch.change((*facts.path, "configs"), "bound as files", *changes, Drop(facts.path, frozenset(["configs"])))


def propose_secret_files(sketch: Sketch, kept: Iterable[Facts]) -> None:
    """Let secrets that were files come from the inventory by name."""
    for name, options in loose.mapping(sketch.team.data.get("secrets")).items():
        path = ("secrets", name)
        variable = loose.text(loose.mapping(options).get("environment"))
        if not variable:
            variable = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "SECRET"
            why = f"its value comes from the inventory's secret `{variable}`, still as the file /run/secrets/{name}"
            sketch.change(path, why, Write(path, {"environment": variable}))
        sketch.secrets.add(variable)
    for facts in kept:
        for index, item in enumerate(loose.items(facts.data.get("secrets"))):
            if away := frozenset(key for key in loose.mapping(item) if key not in ("source", "target")):
                place = (*facts.path, "secrets", index)
                sketch.change(place, "the service's user may read its secrets", Drop(place, away))
