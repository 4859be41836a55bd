"""Somebody changes everything on a host by hand: a check and `fab drift` name each thing, one run brings all of it back.

What there is to change is read from the host itself: its records of files and accounts, its units, its rules, its containers.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway import lab
from slipway.host_rules import FILES, lines, tables

from .conftest import inventory_for
from .demo_site import ROOT, Site
from .test_plan import EVENTS, really_changed

HEARD = ROOT / "build/plan/events.log"  # what `site.yml --check --diff` said, as `fab drift` ran it
BROUGHT = "/var/lib/slipway/files/brought.json"
SNIPPET = "/etc/nginx/slipway/snippets/site.conf"
SITE = "/etc/nginx/slipway/sites/demo.conf"
DAMAGED_ENGINE = "/usr/local/lib/slipway/current/slipway/codec.py"
FAR = "2099-12-31"
LOGIN = "ssh.service"  # stopping it would keep the repair out


@dataclass(frozen=True, slots=True)
class Told:
    """How `fab drift` ended, and what the check behind it said."""

    code: int
    text: str
    progress: str
    events: list[dict[str, Any]]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Return the only host's findings."""
        (host,) = json.loads(self.text)["hosts"]
        return list(host["findings"])

    @property
    def checked(self) -> str:
        """Return all that the check's own results name: paths, units, commands, losses, rules."""
        results = [event["result"] for event in self.events if event["event"] == "result"]
        return json.dumps([one for one in results if one.get("changed") or one.get("probe")])


def heard(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith('{"event":')]


def drift(site: Site, *words: str) -> Told:
    argv = [str(ROOT / ".venv/bin/fab"), "drift", "--env", str(site.inventory), *words]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert "Traceback" not in run.stdout + run.stderr
    return Told(run.returncode, run.stdout, run.stderr, heard(HEARD.read_text()))


@dataclass(frozen=True, slots=True)
class Host:
    """What a host holds that a hand could change, as it says itself."""

    paths: Mapping[str, str]  # path -> kind, with `log` for a file whose content is its own
    accounts: list[str]
    enabled: list[str]
    running: list[str]
    rules: Mapping[str, list[str]]  # table -> its rules and elements
    containers: list[str]


def host_of(site: Site) -> Host:
    brought = json.loads(site.shell(f"cat {BROUGHT}"))
    tasks = set(task_names())
    units = probed_units(site)
    listed = tables(site.shell("; ".join(f"nft -s list table {table}" for table in FILES)))
    return Host(
        paths={
            path: "log" if kind == "file" and not digest else kind
            for path, (by, kind, *_, digest, _) in brought.items()
            if by.partition(" : ")[2] in tasks  # not of a tree that was here before
        },
        accounts=list(json.loads(site.shell("cat /var/lib/slipway/accounts.json"))),
        enabled=[name for name, unit in units.items() if unit["UnitFileState"] == "enabled"],
        running=[name for name, unit in units.items() if unit["ActiveState"] == "active"],
        rules={table: [line for line in lines(text) if ": type " not in line] for table, text in listed.items()},
        containers=sorted(site.shell("docker ps --filter label=slipway.stack --format '{{.Names}}'").split()),
    )


def task_names() -> Iterator[str]:
    for path in ROOT.glob("roles/*/tasks/*.yml"):
        yield from (str(task["name"]) for task in yaml.safe_load(path.read_text()))


def probed_units(site: Site) -> dict[str, dict[str, str]]:
    """Return the units that roles ask for, as the last check saw them."""
    events = heard(HEARD.read_text())
    probes = [event["result"]["probe"] for event in events if event["event"] == "result" and event["result"].get("probe")]
    found: dict[str, dict[str, str]] = probes[-1]["units"]
    return found


def test_a_tree_that_is_newer_is_no_drift(site: Site, tmp_path: Path) -> None:
    opening = {"port": 9443, "protocol": "tcp", "sources": [], "why": "a test"}
    newer = drift(site.varied(tmp_path, {"openings": [opening]}), "--json")
    assert (newer.code, newer.findings) == (0, []), newer.text + newer.progress
    assert {"opening tcp 9443 (a test)", "file /etc/slipway/firewall.nft"} <= set(json.loads(newer.text)["hosts"][0]["newer"])


def without_drift(site: Site) -> None:
    """Neither the check nor `fab drift` finds anything."""
    said = drift(site)
    assert said.code == 0, said.text + said.progress
    assert said.text == f"{site.inventory.name}: no drift, {site.host.name} is as brought into place\n"
    assert not [event for event in said.events if event["event"] == "result" and event["result"].get("changed")]


def test_everything_changed_by_hand_at_once_is_named_and_repaired(site: Site) -> None:
    """Every managed file, folder, link, account, unit, rule and container, the site and the engine: one run brings all back."""
    without_drift(site)
    host = host_of(site)
    change_paths(site, host.paths)
    change_accounts(site, host.accounts)
    change_units(site, host)
    change_rules(site, host.rules)
    change_containers(site, host.containers)
    site.shell(f"echo '# by hand' | tee -a {SITE} {DAMAGED_ENGINE}")

    said = drift(site, "--json")
    assert said.code == 6, said.text + said.progress
    names = {(one["kind"], one["name"]) for one in said.findings}
    assert missing(host.paths, {name for kind, name in names if kind in ("file", "folder", "link")}) == []
    assert missing(host.accounts, {name for kind, name in names if kind == "user"}) == []
    assert missing(host.enabled, {Path(name).name for kind, name in names if kind in ("unit", "link")}) == []
    assert missing(rule_names(host), {name for kind, name in names if kind == "rule"}) == []
    assert missing([*host.containers, "demo-tool"], {name for kind, name in names if kind == "container"}) == []
    assert ("site", SITE) in names
    assert "engine" in {kind for kind, _ in names}
    assert [one["lines"] for one in said.findings if one["name"] == SITE] == [["+# by hand"]]
    things = [*host.paths, *host.accounts, *host.containers, "demo-tool", SITE]
    assert missing(things, set(re.findall(r"[\w./@-]+", said.checked))) == []

    site.playbook().done()
    assert site.playbook().done().changed == 0
    without_drift(site)
    assert host_of(site) == host
    assert site.client().get("/health").status_code == 200


def missing(wanted: Any, named: set[str]) -> list[str]:
    return sorted(set(wanted) - named)


def change_paths(site: Site, paths: Mapping[str, str]) -> None:
    """Add an empty line to each file, which breaks none; drop links; open folders and logs a little."""
    how = {"file": "echo >> {}", "log": "chmod 0666 {}", "folder": "chmod 0711 {}", "link": "rm {}", "absent": "echo > {}"}
    site.shell("\n".join(["set -e", *(how[kind].format(path) for path, kind in paths.items())]))


def change_accounts(site: Site, names: list[str]) -> None:
    site.shell("\n".join(f"usermod --expiredate {FAR} {name}" for name in names))


def change_units(site: Site, host: Host) -> None:
    """Shut off every unit at boot, and stop all but the ways in and Docker, which the engine is asked through."""
    site.shell(f"systemctl disable --quiet {' '.join(host.enabled)}")
    stopped = [name for name in host.running if name not in (LOGIN, "docker.service", "slipway-resume.service")]
    site.shell(f"systemctl stop {' '.join(stopped)}")


def change_rules(site: Site, rules: Mapping[str, list[str]]) -> None:
    """Take away every rule and element of ours, but for one that lets the repair in."""
    script = ["set -e"]
    for table in rules:
        listed = site.shell(f"nft -a list table {table}")
        chain = ""
        for line in map(str.strip, listed.splitlines()):
            found = re.match(r"(chain|map|set) (\S+) \{", line)
            chain = found[2] if found else chain
            if found and found[1] != "chain":
                script.append(f"nft flush {found[1]} {table} {chain}")
            elif not found and chain and (handle := re.search(r"# handle (\d+)$", line)):
                script.append(f"nft delete rule {table} {chain} handle {handle[1]}")
    script.insert(1, "nft insert rule inet slipway input accept")
    site.shell("\n".join(script))


def rule_names(host: Host) -> list[str]:
    return ["inet slipway input: accept", *(f"{table} {rule}" for table, found in host.rules.items() for rule in found)]


def change_containers(site: Site, names: list[str]) -> None:
    """Take away what a release runs, stop the stores, put a container beside them."""
    stores = site.shell("docker ps --filter label=slipway.kind=store --format '{{.Names}}'").split()
    image = site.shell(f"docker inspect --format '{{{{.Image}}}}' {names[0]}").strip()
    site.shell(f"docker rm --force {' '.join(set(names) - set(stores))}; docker kill {' '.join(stores)}")
    label = "--label com.docker.compose.project=demo --label slipway.stack=demo"
    site.shell(f"docker run --detach --name demo-tool {label} --network none --entrypoint sleep {image} 600")


@pytest.fixture
def fresh(tmp_path: Path) -> Site:
    lab.fresh("spare", print)
    return Site(lab.HOSTS["spare"], inventory_for("spare", tmp_path))


def predicted_and_real(site: Site, packages: list[str], *words: str) -> None:
    """Install packages, then compare what a check foretells with what a run does."""
    install = f"DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends {' '.join(packages)}"
    argv = ["docker", "exec", site.host.container, "sh", "-c", f"apt-get update -q && {install}"]
    subprocess.run(argv, check=True, capture_output=True, timeout=900)
    foretold, then = changed_by(site.playbook("--check", "--diff", *words, environment=EVENTS).done().output)
    real, followed = changed_by(site.playbook(*words, environment=EVENTS).done().output)
    assert foretold == real
    assert then == followed


def changed_by(output: str) -> tuple[dict[str, str], set[str]]:
    """Return each thing a run changed with the role that did so first, and the handlers it ran.

    A check makes no folder, so every task that needs it would: the first one does.
    """
    changed, handlers = really_changed(output)
    order = list(dict.fromkeys(event["role"] for event in heard(output) if event["event"] == "result"))
    things = sorted(changed, key=lambda pair: order.index(pair[0]), reverse=True)
    return {thing: role for role, thing in things}, handlers


def packages_of(*roles: str) -> list[str]:
    """Return the packages that roles install on Debian, from their own defaults."""
    found = [yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text())[f"{role}_packages"] for role in roles]
    return [name for one in found for name in (one["debian"] if isinstance(one, dict) else one)]


def test_a_check_of_a_fresh_host_with_its_packages_foretells_what_a_run_does(fresh: Site) -> None:
    predicted_and_real(fresh, packages_of("users", "firewall"), "--tags", "users,ssh,firewall")


@pytest.mark.sweep
def test_a_check_of_a_fresh_host_foretells_all_that_a_run_does(fresh: Site) -> None:
    roles = sorted(path.parent.parent.name for path in ROOT.glob("roles/*/defaults/main.yml") if "_packages:" in path.read_text())
    predicted_and_real(fresh, packages_of(*roles))
