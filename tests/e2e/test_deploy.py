"""The verbs about releases against a real host: a version goes out, comes back without a registry, and old files undo nothing."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from slipway import lab

from .demo_site import ROOT, Site
from .test_releases import visitors, wait_until

FAB = str(ROOT / ".venv/bin/fab")


@dataclass(frozen=True, slots=True)
class Said:
    """How a verb ended: its answer, and what it told meanwhile."""

    code: int
    text: str
    progress: str

    @property
    def data(self) -> Any:
        """Return the answer for machines."""
        return json.loads(self.text)

    def done(self) -> "Said":
        """Return self where the verb went well."""
        assert self.code == 0, self.text + self.progress
        return self


def fab(site: Site, *words: str, said: str = "") -> Said:
    argv = [FAB, *words, "--env", str(site.inventory)]
    run = subprocess.run(argv, cwd=ROOT, input=said, capture_output=True, text=True, check=False, timeout=600)
    assert "Traceback" not in run.stdout + run.stderr
    return Said(run.returncode, run.stdout, run.stderr)


def pin(site: Site) -> dict[str, Any]:
    file = site.inventory / "group_vars/all/releases.yml"
    found: dict[str, Any] = yaml.safe_load(file.read_text())["releases"]["demo"] if file.is_file() else {}
    return found


@pytest.fixture
def team(site: Site, tmp_path: Path) -> Iterator[Site]:
    """Return the host with an inventory of its own to pin in; afterwards the files are in charge of it again."""
    yield site.varied(tmp_path / "team")
    put_files_in_charge(site, tmp_path)


def put_files_in_charge(site: Site, folder: Path) -> None:
    """Deploy what the inventory says, so that no earlier choice of a person goes before it."""
    fab(site.varied(folder / "before"), "deploy", "demo", "--why", "the end of a story").done()


@contextlib.contextmanager
def without_registry(site: Site) -> Iterator[None]:
    """Take the registry away from the host, and from no other."""
    address = str(urlsplit(lab.REGISTRY_MIRROR).hostname)
    site.shell(f"ip route add unreachable {address}")
    try:
        assert site.shell("docker pull -q slipway-demo/app:1.2.0", check=False) == "", "it is gone"
        yield
    finally:
        site.shell(f"ip route del unreachable {address}")


def stack_only(site: Site) -> str:
    run = site.playbook("--tags", "stack").done()
    return run.output


def test_a_version_is_deployed_and_taken_back_without_a_registry_and_nobody_notices(team: Site, site: Site) -> None:
    number = site.serving()["current"]
    with visitors(site) as tallies:
        out = fab(team, "deploy", "demo", "1.1.0", "--variable", "TASK_SECONDS=601", "--why", "the new editor").done()
        made = site.serving()["current"]
        assert site.client().get("/health").json()["release"] == "1.1.0"
        after = pin(team)
        with without_registry(site):
            began = time.monotonic()
            back = fab(team, "rollback", "demo", "--to", str(number), "--json").done()
            seconds = time.monotonic() - began
    assert [tally.failures for tally in tallies] == [[], []]
    assert f"release {made} of demo serves" in out.text
    assert "start the web services beside the old ones (" in out.progress
    assert "commit it" in out.text
    assert after["variables"] == {"RELEASE": "1.1.0", "TASK_SECONDS": "601"}
    assert set(after["images"]) == {"api"}, "one line for the image that all services share"
    assert site.client().get("/health").json()["release"] == "1.0.0"
    assert pin(team)["variables"] == {"RELEASE": "1.0.0"}
    (host,) = back.data["hosts"]
    assert (host["verdict"], host["release"], back.data["code"]) == ("serving", made + 1, 0)
    assert not [step for step in host["steps"] if step["name"] == "task-migrate"], "migrations never run backwards"
    assert seconds < 120, f"the way back took {seconds:.0f} s"

    rows = {row["number"]: row for row in fab(team, "releases", "demo", "--json").done().data[0]["releases"]}
    assert (rows[made + 1]["state"], rows[made]["why"]) == ("serving", "the new editor")
    assert (rows[made + 1]["returns_to"], rows[made]["verdict"]) == (number, "serving")
    assert rows[made + 1]["variables"] == rows[number]["variables"], "the old variables came back with it"
    told = fab(team, "diff", "demo", str(number), str(made)).done().text
    assert "RELEASE: 1.0.0 -> 1.1.0" in told
    assert "TASK_SECONDS" in told


@pytest.mark.sweep
def test_files_of_yesterday_undo_nothing_that_was_deployed_since(team: Site, site: Site) -> None:
    fab(team, "deploy", "demo", "1.1.0").done()
    number = site.serving()["current"]
    said = stack_only(site)  # somebody who has not pulled the pin
    assert "RELEASE 1.0.0 is asked for, 1.1.0 serves" in " ".join(said.split())
    assert site.serving()["current"] == number
    stack_only(team)
    assert site.serving()["current"] == number, "what is pinned is what serves"
    plan = json.loads(fab(site, "plan", "--stack", "demo", "--json").text)
    assert "fab pin demo" in plan["hosts"][0]["stacks"][0]["left"]


def test_a_locked_stack_is_left_alone_and_says_by_whom(team: Site, site: Site) -> None:
    number = site.serving()["current"]
    fab(team, "lock", "demo", "--why", "the fair").done()
    try:
        refused = fab(team, "deploy", "demo", "1.1.0")
        assert refused.code == 4
        assert ": the fair" in refused.text
        assert "locked     by ops" in fab(team, "status").text
        assert fab(team, "lock", "demo").code == 4
    finally:
        fab(team, "unlock", "demo").done()
    assert (site.serving()["current"], pin(team)) == (number, {})


def test_a_refused_version_ends_with_5_and_pins_nothing(team: Site, site: Site) -> None:
    number = site.serving()["current"]
    run = fab(team, "deploy", "demo", "9.9.9", "--json")
    assert run.code == 5
    assert "slipway-demo/app:9.9.9" in run.data["hosts"][0]["msg"]
    assert (pin(team), site.serving()["current"]) == ({}, number)
    assert fab(team, "rollback", "demo", "--to", "999").code == 2
    assert fab(team, "diff", "demo", "1", "999999").code == 2
    assert fab(team, "deploy", "demo", "1.1.0", "--variable", "RELAESE=1").code == 2


def test_the_steps_are_shown_and_not_taken(team: Site, site: Site) -> None:
    number = site.serving()["current"]
    shown = fab(team, "deploy", "demo", "1.1.0", "--dry-run").done().text
    assert "nothing was changed" in shown
    assert "start the web services beside the old ones" in shown
    assert f"docker compose --ansi never --project-name demo-r{number + 1}" in shown
    assert (site.serving()["current"], pin(team)) == (number, {})


@pytest.mark.sweep
def test_whoever_leaves_stops_nothing_and_can_follow(team: Site, site: Site) -> None:
    number = site.serving()["current"]
    argv = [FAB, "deploy", "demo", "1.1.0", "--env", str(team.inventory)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as run:
        wait_until(lambda: site.serving()["next"] is not None, 60, "the release is being made")
        os.killpg(run.pid, signal.SIGINT)
        output, _ = run.communicate(timeout=30)
    assert run.returncode == 130, output
    assert "fab follow demo" in output
    assert "Traceback" not in output
    followed = fab(team, "follow", "demo").done()
    assert f"release {number + 1} of demo serves" in followed.text
    assert "release" in fab(team, "pin", "demo").done().text
    assert pin(team)["variables"] == {"RELEASE": "1.1.0"}


@pytest.fixture
def schema(site: Site) -> Iterator[None]:
    """Bring the database and what the host knows of its migrations back afterwards."""
    site.shell("docker exec demo-db-1 pg_dump --clean --if-exists -U demo demo > /root/before.sql")
    site.shell("cd /var/lib/slipway/demo && cp migrations.json revisions.json /root/")
    yield
    site.shell("docker exec -i demo-db-1 psql -q -v ON_ERROR_STOP=1 -U demo demo < /root/before.sql")
    site.shell("cd /root && mv migrations.json revisions.json /var/lib/slipway/demo/")


@pytest.mark.sweep
def test_a_migration_that_contracts_closes_the_way_back_and_says_so(team: Site, site: Site, schema: None) -> None:
    number = site.serving()["current"]
    fab(team, "deploy", "demo", "1.2.0").done()
    refused = fab(team, "rollback", "demo", "--to", str(number))
    assert refused.code == 5
    said = " ".join((refused.text + refused.progress).split())
    assert f"release {number + 1} ran the migration 0003" in said
    assert "(the schema is at 0003 now)" in said
    assert (site.serving()["current"], pin(team)["variables"]) == (number + 1, {"RELEASE": "1.2.0"})


def test_a_command_runs_beside_the_release_and_its_end_is_passed_on(team: Site, site: Site) -> None:
    said = fab(
        team, "run", "demo", "api", "--command", 'python3 -c \'import os, sys; print(os.environ["FAULT"] == ""); sys.exit(7)\''
    )
    assert (said.code, said.text.strip()) == (7, "True")
    fab(team, "run", "demo", "buckets").done()  # a task runs what the stack file says
    masked = fab(team, "run", "demo", "api", "--command", "sh -c 'echo $SECRET_KEY'").done()
    assert masked.text.strip() == "[secret]"
    late = fab(team, "run", "demo", "api", "--command", "sleep 60", "--seconds", "2")
    assert late.code == 124
    assert not [name for name in site.containers() if "-run-" in name], "nothing is left behind"
    assert fab(team, "run", "demo", "api").code == 2
    assert fab(team, "run", "demo", "nothing").code == 2


def test_a_shell_looks_inside_and_a_resume_has_nothing_to_do(team: Site) -> None:
    inside = fab(team, "shell", "demo", "db", said="id -un; exit 3\n")
    assert (inside.code, inside.text.strip()) == (3, "postgres")
    assert fab(team, "shell", "demo", "dbb").code == 2
    (healed,) = fab(team, "resume", "demo", "--json").done().data
    assert (healed["code"], healed["said"][-1].partition(":")[0]) == (0, "demo")
