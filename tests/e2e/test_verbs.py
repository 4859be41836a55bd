"""The verbs of every day against a real host: what they print, what machines read, how they fail."""

import json
import subprocess
from pathlib import Path

from .demo_site import ROOT, Run, Site


def fab(*words: str, env: Path) -> Run:
    argv = [str(ROOT / ".venv/bin/fab"), *words, "--env", str(env)]
    run = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120)
    assert "Traceback" not in run.stdout
    return Run(run.returncode, run.stdout)


def test_check_accepts_the_environment_and_names_what_is_not_in_force_yet(site: Site) -> None:
    said = fab("check", env=site.inventory).done().output
    assert "demo: accepted" in said
    assert "not in force yet" in said


def test_check_names_every_fault_with_its_line_and_ends_with_2(site: Site, tmp_path: Path) -> None:
    wrong = site.varied(tmp_path, {"stacks.demo.variables.RELEASE": None, "stacks.demo.variables.RELAESE": "1.0.0"})
    run = fab("check", env=wrong.inventory)
    assert run.code == 2
    assert "did you mean `RELAESE`?" in run.output
    assert "did you mean `RELEASE`?" in run.output
    assert run.output.count("stacks.yml:") >= 1
    assert "compose/demo/compose.yml:" in run.output


def test_status_shows_the_release_for_people_and_machines(site: Site) -> None:
    assert f"release {site.serving()['current']}" in fab("status", env=site.inventory).done().output
    answer = json.loads(fab("status", "--json", env=site.inventory).done().output)
    assert '"release": ' in json.dumps(answer)
    assert site.domain("api") in json.dumps(answer)


def test_status_of_a_host_that_does_not_answer_names_the_cause_and_ends_with_3(site: Site, tmp_path: Path) -> None:
    run = fab("status", env=site.varied(tmp_path, hosts={"ansible_port": 2999}).inventory)
    assert run.code == 3
    assert "nothing listens" in run.output


def test_logs_show_one_service_only(site: Site) -> None:
    said = fab("logs", "demo", "--service", "worker", "--tail", "20", env=site.inventory).done().output
    assert "tick" in said
    assert '"service": "api"' not in said
    typo = fab("logs", "dmeo", env=site.inventory)
    assert typo.code == 2
    assert "did you mean `demo`" in typo.output


def test_ssh_runs_a_command_over_the_checked_connection(site: Site) -> None:
    assert fab("ssh", "--command", "hostname", env=site.inventory).done().output.strip() == site.host.name
