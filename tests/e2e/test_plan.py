"""What `fab plan` says against what site.yml then does: neither less nor more."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from slipway import lab

from .conftest import inventory_for
from .demo_site import ROOT, Site

OPENING = {"port": 9443, "protocol": "tcp", "sources": [], "why": "a test knocks here"}
RULES = "/etc/slipway/firewall.nft"
SNIPPET = "/etc/nginx/slipway/snippets/site.conf"
PLANTED = "planted-4711-value"
EVENTS = {"ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "plugins/callback"), "ANSIBLE_STDOUT_CALLBACK": "run_events"}


@dataclass(frozen=True, slots=True)
class Planned:
    """How `fab plan` ended: its answer, and what it said meanwhile."""

    code: int
    text: str
    progress: str

    @property
    def data(self) -> dict[str, Any]:
        """Return the answer for machines."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def host(self) -> dict[str, Any]:
        """Return the only host's part of it."""
        (found,) = self.data["hosts"]
        return dict(found)


def plan(site: Site, *words: str) -> Planned:
    argv = [str(ROOT / ".venv/bin/fab"), "plan", "--env", str(site.inventory), *words]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert "Traceback" not in run.stdout + run.stderr
    return Planned(run.returncode, run.stdout, run.stderr)


def really_changed(output: str) -> tuple[set[tuple[str, str]], set[str]]:
    """Return (role, thing) of all that a run of site.yml changed, and the handlers it ran."""
    events = [json.loads(line) for line in output.splitlines() if line.startswith('{"event":')]
    results = [event for event in events if event["event"] == "result" and event["result"].get("changed")]
    changed = {
        (event["role"], thing)
        for event in results
        if not event["handler"] and not event["action"].endswith("debug")  # it only notifies
        for thing in event["result"].get("paths") or [event["result"].get("item") or event["task"]]
    }
    return changed, {event["name"].rpartition(" : ")[2] for event in events if event["event"] == "notified"}


def test_a_converged_host_has_nothing_to_do_in_one_line(site: Site) -> None:
    said = plan(site)
    assert said.code == 0, said.text
    assert said.text == f"{site.inventory.name}: nothing to do, {site.host.name} is as the inventory wants\n"
    assert "ask: firewall" in said.progress


def test_the_plan_is_what_site_yml_then_changes_and_nothing_is_left(baseline: Site, tmp_path: Path) -> None:
    number = baseline.serving()["current"]
    values = {"stacks.demo.variables.RELEASE": "1.1.0", "stacks.demo.variables.API_RATE": "15", "openings": [OPENING]}
    wanted = baseline.varied(tmp_path, values)
    baseline.shell(f"echo '# drifted' >> {SNIPPET}")

    said = plan(wanted, "--json")
    assert said.code == 6, said.text + said.progress
    (stack,) = said.host["stacks"]
    assert {(item["role"], item["name"]) for item in said.host["items"] if item["kind"] != "opening"} == {
        ("firewall", RULES),
        ("edge", SNIPPET),
        ("edge", "nginx has not read its settings since they changed"),
    }
    assert [item["name"] for item in said.host["items"] if item["kind"] == "opening"] == [f"tcp 9443 ({OPENING['why']})"]
    assert (said.host["not_judged"], said.host["stops"], said.host["stray"]) == ([], [], [])
    # What serves may hold a digest that an earlier story pinned; nobody pins the wanted one.
    changes = [c for c in stack["changes"] if not str(c["old"]).startswith("pinned to ")]
    assert [(c["topic"], c["of"], c["what"], c["old"], c["new"]) for c in changes] == [
        (
            "image",
            ["api", "beat", "buckets", "migrate", "seed", "web", "worker"],
            "image",
            "slipway-demo/app:1.0.0",
            "slipway-demo/app:1.1.0",
        ),
        ("limit", [f"{baseline.domain('api')}/"], "rate", "10 per second, burst 20", "15 per second, burst 20"),
        ("variable", ["API_RATE"], "", None, "15"),
        ("variable", ["RELEASE"], "", "1.0.0", "1.1.0"),
    ]
    assert (stack["serving"], stack["tasks"], stack["certificates"], stack["repairs"]) == (number, ["buckets", "migrate"], [], [])
    assert (stack["secrets"], stack["base"]) == (
        {"added": [], "removed": [], "changed": []},
        {"added": [], "changed": [], "removed": [], "networks": []},
    )
    assert baseline.serving()["current"] == number, "a plan changes nothing"
    assert "# drifted" in baseline.shell(f"cat {SNIPPET}")

    run = wanted.playbook(environment=EVENTS).done()
    changed, handlers = really_changed(run.output)
    assert changed == {("firewall", RULES), ("edge", SNIPPET), ("stack", "demo")}
    assert handlers == {then["name"] for then in said.host["then"]}
    assert baseline.serving()["current"] == stack["release"]
    assert baseline.client().get("/").json()["release"] == "1.1.0"
    assert "rate=15r/s" in baseline.shell("cat /etc/nginx/slipway/sites/demo.conf")
    assert "dport 9443 accept" in baseline.shell("nft list chain inet slipway openings")

    again = plan(wanted)
    assert again.code == 0, again.text


def test_a_store_that_would_restart_is_shouted_and_no_secret_is_shown(site: Site, tmp_path: Path) -> None:
    number = site.serving()["current"]
    changed = {
        "releases.demo.images.redis": f"sha256:{'1' * 64}",
        "stacks.demo.secrets.SECRET_KEY": {"command": ["echo", PLANTED]},
    }
    said = plan(site.varied(tmp_path, changed), "--stack", "demo", "--diff")
    assert said.code == 6, said.text + said.progress
    assert "!! STORE redis RESTARTS" in said.text
    assert "-e base=demo" in said.text.splitlines()[-1]
    assert "SECRET_KEY changes" in said.text
    values = [PLANTED, *(lab.secret(name) for name in ("SECRET_KEY", "DB_PASSWORD", "S3_SECRET"))]
    log = (ROOT / "build/plan/events.log").read_text()
    assert not [value for value in values if value in said.text + said.progress + log]
    assert site.serving()["current"] == number


@pytest.fixture
def fresh(tmp_path: Path) -> Site:
    lab.fresh("spare", print)
    return Site(lab.HOSTS["spare"], inventory_for("spare", tmp_path))


def test_a_fresh_host_is_told_what_is_new_and_what_could_not_be_judged(fresh: Site) -> None:
    said = plan(fresh, "--json")
    assert said.code == 6, said.text + said.progress
    named = {(item["kind"], item["name"]) for item in said.host["items"]}
    assert {("package", "nginx"), ("package", "docker.io"), ("user", "deploy"), ("file", RULES), ("file", SNIPPET)} <= named
    assert ("opening", "tcp { 22, 80, 443 }") in named
    assert {"the checker nft is not installed", "demo: this host has no engine yet"} <= set(said.host["not_judged"])
    (stack,) = said.host["stacks"]
    assert not stack["judged"]
    assert {name for name, _ in stack["certificates"]} == {fresh.domain(part) for part in ("", "api", "files")}
    assert {"docker", "ssh"} <= {then["role"] for then in said.host["then"]}
    assert fresh.shell("ls /etc/slipway /var/lib/slipway", check=False) == "", "a plan changes nothing"


def test_a_host_that_does_not_answer_ends_with_3_and_its_cause(site: Site, tmp_path: Path) -> None:
    said = plan(site.varied(tmp_path, hosts={"ansible_port": 2999}))
    assert said.code == 3
    assert "nothing listens on this port" in said.text


def test_faults_are_named_all_at_once_before_a_host_is_asked(site: Site, tmp_path: Path) -> None:
    wrong = site.varied(tmp_path, {"stacks.demo.variables.RELEASE": None, "stacks.demo.variables.RELAESE": "1.0.0"})
    said = plan(wrong)
    assert said.code == 2
    assert said.text == ""
    assert "did you mean `RELEASE`?" in said.progress
    assert "did you mean `RELAESE`?" in said.progress
    typo = plan(site, "--stack", "dmeo")
    assert (typo.code, typo.text) == (2, "")
    assert "did you mean `demo`" in typo.progress
