"""What nginx writes of requests is what the watch reads: complete over a rotation, and without anybody's secrets."""

import json
import subprocess
import time
import uuid
from typing import Any

from .demo_site import Site

PREPARED = """
import json, sys, time
sys.path.insert(0, "/usr/local/lib/slipway/current")
from pathlib import Path
"""
READER = f"""{PREPARED}
from slipway.host.edge_log import EdgeLog
log, found = EdgeLog(Path("/var/log/nginx/edge.json.log"), "demo", time.time()), []
print("reads", flush=True)
while not Path("/run/reader-ends").exists():
    found += log.answers()
    time.sleep(0.2)
time.sleep(1.5)  # nginx keeps lines for a second
found += log.answers()
missing = [answer for answer in found if answer.status == 404]
print(json.dumps([(answer.service, answer.kind, answer.milliseconds is not None) for answer in missing]))
"""
LOOKS = f"""{PREPARED}
from slipway.host import records
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.observe import Observer
from slipway.placement import Placed
from slipway.watch.judge import judge
work = Work(Machine(), Layout().stack("demo"))
release = records.release(work.folder, work.serving().current)
observer = Observer(work, Placed(release.stack, release.placement), sys.argv[1])
windows = []
for look in range(3):
    windows.append(observer.look())
    time.sleep(2.6)
last = windows[-1]
print(json.dumps({{
    "numbers": judge(release.stack.watch, last).numbers,
    "asked": sorted(check.replica for check in last.checks),
    "limits": {{sample.replica: sample.limit_mb for sample in last.memory}},
    "samples": len(last.memory),
}}))
"""


def start(site: Site, program: str, *arguments: str) -> "subprocess.Popen[str]":
    argv = ["docker", "exec", site.host.container, "python3", "-c", program, *arguments]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def answered(process: "subprocess.Popen[str]") -> Any:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


def test_no_request_is_missed_while_the_log_is_rotated(site: Site) -> None:
    site.shell("rm -f /run/reader-ends")
    reader, client = start(site, READER), site.client()
    assert reader.stdout
    assert reader.stdout.readline() == "reads\n"
    for index in range(45):
        assert client.get(f"/nothing-{index}").status_code == 404
        if index in (15, 30):
            site.shell("logrotate --force /etc/logrotate.d/edge")
        time.sleep(0.1)
    site.shell("touch /run/reader-ends")
    assert answered(reader) == [["api", "plain", True]] * 45
    assert site.shell("stat -c '%a %U %G' /var/log/nginx/edge.json.log").split() == ["640", "www-data", "adm"]


def test_the_host_rotates_the_log_once_a_day_or_where_it_grows_too_large_and_no_other_log_suffers(site: Site) -> None:
    said = site.shell("logrotate --debug /etc/logrotate.conf 2>&1")
    assert "error:" not in said
    bounds = "after 1 days empty log files are not rotated, log files >= 268435456 are rotated"
    assert f"/var/log/nginx/edge.json.log {bounds}" in " ".join(said.split())
    times = site.shell("systemctl show -p TimersCalendar logrotate.timer")
    assert times.count("OnCalendar=") == 1
    assert "OnCalendar=*-*-* *:00:00" in times


def test_query_values_of_the_stack_reach_no_log_of_the_edge(site: Site) -> None:
    secret, shown = f"pin-{uuid.uuid4().hex}", f"page-{uuid.uuid4().hex}"
    client = site.client()
    codes = [client.get(f"/?page={shown}&PIN={secret}&token={secret}").status_code for _ in range(60)]
    assert {200, 429} <= set(codes)  # one too many in a second is what nginx' own log would tell, query and all
    time.sleep(1.5)
    logged = site.shell(f"grep -h {shown} /var/log/nginx/edge.json.log")
    assert f"page={shown}&PIN=***&token=***" in logged
    assert site.shell(f"grep -rl {secret} /var/log", check=False) == ""


def test_a_release_is_seen_as_it_is(site: Site) -> None:
    time.sleep(1.1)  # requests of the test before are not ours
    since = site.shell("date -u +%Y-%m-%dT%H:%M:%S.%3NZ").strip()
    time.sleep(3.1)  # until then a request may have been the release's before
    looks, client = start(site, LOOKS, since), site.client()
    codes = [client.get(path).status_code for path in ("/", "/nothing", "/health", "/")]
    with site.websocket() as socket:
        socket.send("hello")
        time.sleep(4)
    seen = answered(looks)
    assert codes == [200, 404, 200, 200]
    assert seen["asked"] == ["api-1", "api-2", "beat-1", "web-1", "worker-1"]
    counted = {(row["service"], row["kind"]): row for row in seen["numbers"]["traffic"]}
    api = counted["api", "plain"]
    assert (api["requests"], api["failed"], api["timed"]) == (3, 0, 3)  # the health question is nobody's request
    assert counted["web", "plain"]["requests"] == 0
    assert (seen["numbers"]["failed_checks"], seen["numbers"]["restarts"]) == ({}, {})
    assert seen["limits"] == {"api-1": 256, "api-2": 256, "beat-1": 128, "web-1": 192, "worker-1": 256}
    used = seen["numbers"]["memory_mb"]
    assert all(5 < used[replica] < limit for replica, limit in seen["limits"].items()), used
    assert seen["samples"] >= 2 * len(seen["limits"])
