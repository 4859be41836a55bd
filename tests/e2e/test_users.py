"""People come and go: keys, sudo and open sessions follow the inventory at once."""

import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from slipway import lab

from .demo_site import ROOT, Site

OPERATOR = {"ops": {"keys": ["~/.cache/slipway/lab/id_ed25519.pub"]}}


def key(folder: Path, name: str) -> dict[str, Any]:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
    return {"keys": [(folder / f"{name}.pub").read_text().strip()]}


def login(site: Site, folder: Path, name: str, command: str) -> "subprocess.Popen[str]":
    options = (
        "BatchMode=yes",
        "ControlPath=none",
        "ConnectTimeout=8",
        "IdentitiesOnly=yes",
        f"UserKnownHostsFile={lab.known_hosts()}",
    )
    argv = ["ssh", "-F", "none", "-i", str(folder / name), "-p", str(site.host.ssh_port)]
    argv += [word for option in options for word in ("-o", option)]
    return subprocess.Popen([*argv, f"{name}@127.0.0.1", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def listed(site: Site) -> dict[str, Any]:
    argv = [str(ROOT / ".venv/bin/fab"), "users", "--env", str(site.inventory), "--host", site.host.name, "--json"]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    return {user["name"]: user for user in json.loads(run.stdout)[0]["users"]}


def test_people_come_expire_and_go_with_all_they_have_open(site: Site, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    past = {"expires": str(today - timedelta(days=1))}
    people = {**OPERATOR, "ann": {**key(tmp_path, "ann"), "expires": str(today)}, "ben": {**key(tmp_path, "ben"), **past}}
    site.varied(tmp_path, {"admins": people}).playbook("--tags", "users,ssh").done()

    session = login(site, tmp_path, "ann", "sudo -n true && echo in; sleep 300")
    assert session.stdout
    assert session.stdout.readline() == "in\n"
    refused = login(site, tmp_path, "ben", "true")
    output, _ = refused.communicate(timeout=30)
    assert refused.returncode == 255, output

    there = listed(site)
    assert {"ops", "ann", "ben", "deploy"} <= set(there)
    assert (there["ann"]["last_day"], there["ben"]["last_day"]) == (str(today), past["expires"])
    assert there["ann"]["last_login"].startswith(str(today))
    assert (there["ben"]["last_login"], there["ops"]["last_day"]) == ("", "")

    failed = site.shell("systemctl --failed --plain --no-legend")
    site.playbook("--tags", "users,ssh").done()
    began = time.monotonic()
    session.wait(timeout=10)
    print(f"session ended {time.monotonic() - began:.1f} s after the run")  # noqa: T201 - the measurement
    assert not {"ann", "ben"} & set(listed(site))
    back = login(site, tmp_path, "ann", "true")
    back.communicate(timeout=30)
    assert back.returncode == 255
    assert site.shell("systemctl --failed --plain --no-legend") == failed
    assert site.shell("grep -l . /etc/sudoers.d/slipway && ! grep ann /etc/sudoers.d/slipway && ! pgrep -u ann", check=True)
