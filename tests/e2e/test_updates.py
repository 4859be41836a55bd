"""Updates: security updates come by themselves, reboots in the window after the work, Docker by an order with a way back."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.load import steady

from .demo_site import ROOT, Site

ARCHIVE = (Path(__file__).parent / "updates/archive.py").read_text()
HOME = "/srv/slipway-archive"
SECURITY = {"Origin": "Debian", "Label": "Debian-Security", "Suite": "stable-security", "Codename": "trixie-security"}
FOREIGN = {"Origin": "Somebody", "Label": "Somebody", "Suite": "stable", "Codename": "trixie"}
UNIT = "apt-daily-upgrade.service"
PLANTED = ("slipway-planted", "slipway-held", "slipway-foreign")
ASKS = "touch /run/reboot-required; echo slipway-planted >>/run/reboot-required.pkgs"
BOOT_SECONDS = 240


def plant(site: Site, archives: Mapping[str, Any]) -> None:
    """Make archives on the host; nothing reads them yet."""
    argv = ["docker", "exec", "-i", site.host.container, "python3", "-c", ARCHIVE]
    subprocess.run(argv, input=json.dumps({"archives": archives}), text=True, check=True, timeout=120)


def package(name: str, version: str, **words: Any) -> dict[str, Any]:
    return {"Package": name, "Version": version, **words}


def installed(site: Site, *names: str) -> list[str]:
    return [site.shell(f"dpkg-query -W -f '${{Version}}' {name}", check=False) for name in names]


@pytest.fixture
def planted(site: Site) -> Iterator[Site]:
    """Return the host with three old packages, one of them held; apt's own service sees planted archives only."""
    plant(site, {"old": {"fields": FOREIGN, "packages": [package(name, "1.0") for name in PLANTED]}})
    site.shell(f"dpkg --install {HOME}/old/*.deb && apt-mark hold slipway-held", check=True)
    drop_in = f"/run/systemd/system/{UNIT}.d"
    site.shell(f"mkdir -p {drop_in} && printf '[Service]\\nEnvironment=APT_CONFIG={HOME}/apt.conf\\n' >{drop_in}/planted.conf")
    site.shell("systemctl daemon-reload")
    yield site
    site.shell(f"rm -rf {drop_in} {HOME} /run/reboot-required*; systemctl daemon-reload")
    site.shell(f"apt-mark unhold slipway-held; dpkg --purge {' '.join(PLANTED)}")


@pytest.mark.feature("F02")
def test_security_updates_install_themselves_and_nobody_elses_do(planted: Site) -> None:
    docker = installed(planted, "docker.io", "runc")
    security = [package("slipway-planted", "1.1", postinst=ASKS), package("slipway-held", "1.1"), package("runc", "99:1")]
    foreign = {"fields": FOREIGN, "packages": [package("slipway-foreign", "1.1")]}
    plant(planted, {"security": {"fields": SECURITY, "packages": security}, "foreign": foreign})
    planted.shell(f"APT_CONFIG={HOME}/apt.conf apt-get update -qq && rm -f /var/lib/apt/periodic/upgrade-stamp")
    planted.shell(f"systemctl start {UNIT}")  # as its timer does
    log = planted.shell("tail -40 /var/log/unattended-upgrades/unattended-upgrades.log")
    assert installed(planted, *PLANTED) == ["1.1", "1.0", "1.0"], log
    assert installed(planted, "docker.io", "runc") == docker, log
    told = json.loads(planted.shell("slipway reboot --check --json"))
    assert told["wants"] == ["an update asks for it: slipway-planted"]


def test_the_timers_run_by_the_window_of_the_inventory(site: Site, tmp_path: Path) -> None:
    upgrade, look = next_runs(site)
    assert "02:00:00 UTC" <= upgrade <= "02:30:00 UTC"
    assert look in {f"{hour:02}:{minute:02}:00 UTC" for hour in (3, 4) for minute in (0, 15, 30, 45)}
    far = (int(site.shell("TZ=Asia/Kolkata date +%H")) + 8) % 22 + 1  # a timer whose time has come shows no next one
    other = {"updates": {"window": f"{far:02}:00-{far:02}:30"}, "timezone": "Asia/Kolkata"}
    site.varied(tmp_path, other).playbook("--tags", "updates").done()
    upgrade, look = next_runs(site)
    assert f"{far - 1:02}:00:00 IST" <= upgrade <= f"{far - 1:02}:30:00 IST"
    assert look in (f"{far:02}:00:00 IST", f"{far:02}:15:00 IST")
    assert site.playbook("--tags", "updates").done().changed > 0
    assert site.shell("date +%Z").strip() == "UTC"


def next_runs(site: Site) -> list[str]:
    """Return when updates install themselves and the host looks whether it wants a reboot, in its own time."""
    return [next_run(site, name) for name in ("apt-daily-upgrade.timer", "slipway-reboot.timer")]


def next_run(site: Site, timer: str) -> str:
    """Return a timer's next time; while what it started runs there is none."""
    until = time.monotonic() + 120
    while not (shown := site.shell(f"systemctl show --property=NextElapseUSecRealtime --value {timer}").split()[2:]):
        assert time.monotonic() < until
        time.sleep(2)
    return " ".join(shown)


def boot_id(site: Site) -> str:
    return site.shell("cat /proc/sys/kernel/random/boot_id", check=False)


def window(site: Site, begin_minutes: int, minutes: int) -> None:
    """Write a window that begins that many minutes from now, as site.yml would."""
    now = [int(word) for word in site.shell("date '+%H %M'").split()]
    begin = now[0] * 60 + now[1] + begin_minutes
    text = "-".join(f"{at % 1440 // 60:02}:{at % 60:02}" for at in (begin, begin + minutes))
    site.shell(f"""echo '{{"window": "{text}", "reboot": true}}' >/etc/slipway/updates.json""")


def settled(site: Site) -> None:
    """Wait until nobody is at work on the stack."""
    until = time.monotonic() + 120
    while site.shell("systemctl is-active slipway-run@demo.service", check=False).strip() in ("active", "activating"):
        assert time.monotonic() < until
        time.sleep(0.5)


@pytest.fixture
def wanting(site: Site) -> Iterator[Site]:
    """Return the host when an update wants a reboot and nobody is at work."""
    settings = site.shell("cat /etc/slipway/updates.json")
    site.shell("rm -f /var/lib/slipway/reboot.json; touch /run/reboot-required")
    settled(site)
    yield site
    site.shell(f"rm -f /run/reboot-required /var/lib/slipway/reboot.json; echo '{settings.strip()}' >/etc/slipway/updates.json")


def journal(site: Site) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(site.shell("slipway journal demo --json"))
    return entries


def test_outside_the_window_or_beside_a_deploy_a_host_stays_up(wanting: Site) -> None:
    boot, serving, length = boot_id(wanting), wanting.containers(), len(journal(wanting))
    window(wanting, 300, 60)
    wanting.shell("systemctl start slipway-reboot.service")
    window(wanting, -5, 120)
    hold = "flock /var/lib/slipway/demo/lock sh -c 'echo held; read end'"
    argv = ["docker", "exec", "-i", wanting.host.container, "sh", "-c", hold]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        wanting.shell("systemctl start slipway-reboot.service")
        holder.communicate("end\n", timeout=30)
    assert (boot_id(wanting), wanting.containers(), len(journal(wanting))) == (boot, serving, length)
    assert wanting.shell("systemctl is-failed slipway-reboot.service", check=False).strip() == "inactive"
    said = wanting.shell("journalctl -u slipway-reboot.service -n 30 -o cat")
    assert "not now: outside the window" in said
    assert "demo/lock is held by" in said


@pytest.mark.feature("F02")
def test_inside_the_window_jobs_and_requests_end_before_the_reboot_and_all_serves_again(wanting: Site) -> None:
    boot, serving, api = boot_id(wanting), wanting.containers(), wanting.client()
    window(wanting, -5, 120)
    job = api.post("/jobs", json={"seconds": 6}).json()["id"]
    until = time.monotonic() + 20
    while api.get(f"/jobs/{job}").json()["starts"] == 0:
        assert time.monotonic() < until
        time.sleep(0.2)
    answers: list[httpx.Response] = []
    slow = threading.Thread(target=lambda: answers.append(wanting.client().get("/slow?seconds=12")))
    slow.start()
    began = time.monotonic()
    wanting.shell("systemctl start --no-block slipway-reboot.service")
    slow.join(60)
    shut = time.monotonic()
    assert [answer.status_code for answer in answers] == [200]
    while boot_id(wanting) in ("", boot):
        assert time.monotonic() < shut + BOOT_SECONDS, wanting.shell("slipway journal demo | tail -20", check=False)
        time.sleep(0.5)
    while not answered(wanting):
        assert time.monotonic() < shut + BOOT_SECONDS
        time.sleep(0.5)
    print(f"drained in {shut - began:.1f} s, back after {time.monotonic() - shut:.1f} s")  # noqa: T201 - the measurement
    done = api.get(f"/jobs/{job}").json()
    assert (done["starts"], done["finishes"]) == (1, 1)
    assert wanting.containers() == serving
    told(journal(wanting))
    rules = wanting.shell("docker inspect --format '{{.HostConfig.RestartPolicy.Name}}' $(docker ps -q)").split()
    assert set(rules) == {"unless-stopped"}
    assert "rebooted itself last" in wanting.shell("slipway reboot --check")


def answered(site: Site) -> bool:
    try:
        return site.client().get("/health").status_code == 200
    except httpx.HTTPError:
        return False


def told(entries: Sequence[dict[str, Any]]) -> None:
    """Compare what the journal tells with what happened, in order."""
    begin = max(index for index, entry in enumerate(entries) if entry["event"] == "reboot")
    mine = entries[begin:]
    assert mine[0]["why"] == "an update asks for it: it does not say which"
    steps = [entry["name"] for entry in mine if entry["event"] == "step" and entry["state"] == "done"]
    assert steps[:7] == ["end-jobs", "jobs-ended", "back-at-boot", "end-web", "web-ended", "close-stores", "stores-closed"]
    assert [entry["cut"] for entry in mine if entry["event"] == "edge-quit"] == [False]
    codes = {name: code for entry in mine if entry["event"] == "ended" for name, code in entry["codes"].items()}
    assert {code for name, code in codes.items() if "worker" in name} == {0}
    assert "resumed" in [entry["event"] for entry in mine]


@pytest.mark.sweep  # a reboot that nobody kills is in every run
def test_a_reboot_that_is_killed_on_its_way_is_undone(wanting: Site) -> None:
    boot, serving = boot_id(wanting), wanting.containers()
    window(wanting, -5, 120)
    wanting.client().post("/jobs", json={"seconds": 8})
    time.sleep(1)
    wanting.shell("systemctl start --no-block slipway-reboot.service")
    until = time.monotonic() + 30
    while not [entry for entry in journal(wanting)[-4:] if entry.get("name") == "jobs-ended"]:
        assert time.monotonic() < until
        time.sleep(0.3)
    wanting.shell("systemctl kill --signal=KILL slipway-reboot.service")
    while [entry["state"] for entry in journal(wanting) if entry["event"] == "reboot"][-1] != "given up":
        assert time.monotonic() < until + BOOT_SECONDS
        time.sleep(0.5)
    assert wanting.containers() == serving
    assert answered(wanting)
    assert boot_id(wanting) == boot
    wanting.shell("systemctl reset-failed slipway-reboot.service")


KEEP = """
import sys; sys.path.insert(0, "/usr/local/lib/slipway/current")
from pathlib import Path
from slipway.host.apt import Apt
from slipway.host.runner import Runner
Apt(Runner()).keep(["docker.io"], Path("/srv/slipway-docker"))
"""
BROKEN = {"usr/sbin/dockerd": "#!/bin/sh\necho broken by a test >&2\nexit 1\n"}


def fab(site: Site, *words: str) -> tuple[int, Any, str]:
    argv = [str(ROOT / ".venv/bin/fab"), "upgrade-engine", "--env", str(site.inventory), "--json", *words]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=400)
    return run.returncode, json.loads(run.stdout)[0] if run.stdout else None, run.stderr


@pytest.fixture
def docker(site: Site) -> Iterator[Site]:
    """Return the host with its own Docker packed, to make newer ones of; its packages are as they were afterwards."""
    settled(site)
    site.shell(f"python3 - <<'END'\n{KEEP}\nEND")
    before = installed(site, "docker.io")
    yield site
    site.shell(f"rm -rf {HOME} /etc/apt/sources.list.d/planted.list")
    if installed(site, "docker.io") != before:
        site.shell("dpkg --install --force-downgrade,confold /srv/slipway-docker/docker.io.deb && apt-mark hold docker.io")
        site.shell("systemctl reset-failed docker.service docker.socket; systemctl restart docker.service")
    site.shell("rm -rf /srv/slipway-docker")


def newer(site: Site, version: str, **words: Any) -> None:
    """Offer a newer package of Docker's engine, made of the one that runs."""
    made = package("docker.io", version, **{"from": "/srv/slipway-docker/docker.io.deb"}, **words)
    plant(site, {"docker": {"fields": FOREIGN, "packages": [made]}})
    site.shell(f"cp {HOME}/sources.list /etc/apt/sources.list.d/planted.list")


def test_a_docker_that_does_not_start_is_taken_back_and_no_request_is_lost(docker: Site) -> None:
    before, containers = installed(docker, "docker.io"), docker.containers()
    newer(docker, "99:1+broken", replace=BROKEN)
    with steady(
        lambda client: docker_health(docker, client), lambda: httpx.Client(verify=docker.tls(), timeout=30), 2, keep=False
    ) as tally:
        code, report, errors = fab(docker)
    assert (code, report["verdict"]) == (5, "taken back"), (report, errors)
    assert "Docker does not" in report["error"]  # start any more, or answer
    assert tally.failures == [], tally.failures
    assert installed(docker, "docker.io") == before
    assert (docker.containers(), report["kept"]) == (containers, report["containers"])
    assert "docker.io" in docker.shell("apt-mark showhold").split()


@pytest.mark.sweep
def test_docker_moves_under_running_containers_and_comes_back_by_order(docker: Site) -> None:
    before, containers = installed(docker, "docker.io"), docker.containers()
    newer(docker, "99:1+newer")
    assert fab(docker, "--dry-run")[0] == 6
    with steady(
        lambda client: docker_health(docker, client), lambda: httpx.Client(verify=docker.tls(), timeout=30), 2, keep=False
    ) as tally:
        code, report, errors = fab(docker)
    assert (code, report["verdict"]) == (0, "upgraded"), (report, errors)
    assert tally.failures == [], tally.failures
    assert installed(docker, "docker.io") == ["99:1+newer"]
    assert (docker.containers(), report["kept"], report["asked"]) == (containers, report["containers"], 3)
    assert "docker.io" in docker.shell("apt-mark showhold").split()
    assert fab(docker)[1]["verdict"] == "unchanged"
    docker.shell("slipway upgrade-docker --back", check=False)
    assert installed(docker, "docker.io") == before
    assert docker.containers() == containers


def docker_health(site: Site, client: httpx.Client) -> httpx.Response:
    headers = {"Host": f"{site.domain('api')}:{site.host.https_port}"}
    url = f"https://127.0.0.1:{site.host.https_port}/health"
    return client.get(url, headers=headers, extensions={"sni_hostname": site.domain("api")})
