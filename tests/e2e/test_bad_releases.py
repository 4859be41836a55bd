"""Every way a release can be bad: it is refused with its cause, visitors notice nothing, and nothing of it stays behind.

What the policy refuses is in `test_trust`; an image that no registry has also goes through site.yml, in `test_releases`.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.lab.push import pushed_name

from .demo_site import ROOT, Site
from .test_deploy import put_files_in_charge
from .test_releases import releases_of, visitors
from .test_watch import good, submit

ABSENT = "sha256:" + "0" * 64
LARGER = "1.1.1"
TMP = "/var/lib/docker/tmp"
LONG_NAME = ".".join(["a" * 60, "b" * 60, "test.localhost"])
# Takes the room for downloads away the moment a pull begins, which is after the host judged that there is enough.
FILLER = f"""
import json, subprocess
with open("/var/lib/slipway/demo/journal.jsonl") as journal:
    journal.seek(0, 2)
    print("ready", flush=True)
    line = ""
    while True:
        line += journal.readline()
        if not line.endswith("\\n"):
            continue
        entry, line = json.loads(line), ""
        if entry.get("name") == "fetch":
            subprocess.run(["mount", "-o", "remount,size=4k", "{TMP}"], check=True)
            break
"""
VERIFY = """
  smoke:
    <<: *app
    command: sh -c "echo the smoke test found nothing; exit 3"
    x-slipway: {task: {when: verify, timeout_seconds: 30}}

  seed:
"""


@dataclass(frozen=True, slots=True)
class Bad:
    """A bad release: what makes it so, its exit code, and words of what is said about it and of the next step.

    `edits` are replacements in the demo's Compose file. `logs` says that containers of it ran, whose last lines are shown;
    `foretold` that `plan` says it as well.
    """

    said: tuple[str, ...]
    next: str
    code: int = 5
    tag: str = "1.1.0"
    variables: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, str] = field(default_factory=dict)
    pin: str = ""
    logs: str = ""
    foretold: bool = False
    host: Callable[[Site], contextlib.AbstractContextManager[object]] = contextlib.nullcontext


@contextlib.contextmanager
def little_room(site: Site, size: str = "16m") -> Iterator[None]:
    """Give Docker a small disk to load images to."""
    site.shell(f"mkdir -p {TMP} && mount -t tmpfs -o size={size} full {TMP}")
    try:
        yield
    finally:
        site.shell(f"umount {TMP}")


@contextlib.contextmanager
def filled_while_pulling(site: Site) -> Iterator[None]:
    """Have the disk become full while an image is pulled of which the host has not all."""
    push_larger("1.1.0", LARGER)
    argv = ["docker", "exec", site.host.container, "timeout", "60", "python3", "-c", FILLER]
    with little_room(site, "4g"), subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as filler:
        assert filler.stdout
        assert filler.stdout.readline() == "ready\n"
        yield
        assert filler.wait(60) == 0, "the pull began, and the room went"


def push_larger(tag: str, larger: str) -> None:
    """Give the registry an image with a layer that nobody has had yet."""
    name = pushed_name("slipway-demo/app")
    recipe = f"FROM {name}:{tag}\nRUN head -c 2000000 /dev/urandom > /tmp/larger\n"
    subprocess.run(
        ["docker", "build", "--quiet", "--no-cache", "--tag", f"{name}:{larger}", "-"], input=recipe, text=True, check=True
    )
    subprocess.run(["docker", "push", "--quiet", f"{name}:{larger}"], check=True)


def fault(name: str, said: tuple[str, ...], next_step: str, logs: str, **words: Any) -> Bad:
    """Return a release whose program has a fault."""
    return Bad(said, next_step, logs=logs, variables={"FAULT": name, **words.pop("variables", {})}, **words)


TABLE = {
    "not-enough-memory": Bad(
        ("MiB of memory are needed", "web 921600", "128 MiB stay for the host"),
        "`reservations.memory`",
        code=3,
        foretold=True,
        edits={
            '\n  deploy: {resources: {limits: {cpus: "0.5", memory: 192m}}}': "\n  deploy: {resources: {limits: {memory: 900g}}}"
        },
    ),
    "not-enough-connections": Bad(
        ("db allows 100 connections (the stack file says 1000)", "and both generations may open "),
        "`-c max_connections=",
        code=3,
        foretold=True,
        edits={"connections: {db: 5}": "connections: {db: 60}", "max_connections: 100": "max_connections: 1000"},
    ),
    "wrong-digest": Bad((f"no registry has the image slipway-demo/app@{ABSENT}",), "push it", pin=ABSENT),
    "disk-too-full": Bad((f"the disk is too full for this release: {TMP} has 1",), "free some room", code=3, host=little_room),
    "never-healthy": fault("never-healthy", ("api-", "healthy"), "correct the cause", "api-"),
    "healthy-only-inside": fault("loopback-only", ("api does not answer the host",), "see that it listens", "api-"),
    "migration-fails": fault("migration-fails", ("migrate ended with",), "correct the cause", "migrate", tag="1.2.0"),
    "crash-loop": fault("crash:1", ("api-", "ended with 70 while starting"), "correct the cause", "api-"),
    "wrong-port": fault("wrong-port", ("api-",), "correct the cause", "api-"),
    "out-of-memory": fault("memory:8000", ("api-", "ran out of memory: its limit is too low"), "correct the cause", "api-"),
    "migration-hangs": fault(
        "migration-hangs",
        ("migrate did not end within 20 s and was killed",),
        "correct the cause",
        "migrate",
        tag="1.2.0",
        variables={"TASK_SECONDS": "20"},
    ),
    "verify-fails": Bad(
        ("smoke ended with 3", "the smoke test found nothing"), "correct the cause", logs="smoke", edits={"\n  seed:\n": VERIFY}
    ),
    "site-invalid": Bad(
        ("nginx refuses the site of demo", "map_hash"),
        "correct the routes",
        edits={'{origins: ["https://${SITE_DOMAIN:?}"]': f'{{origins: ["https://${{SITE_DOMAIN:?}}", "https://{LONG_NAME}"]'},
    ),
    "disk-full-while-pulling": Bad(
        (f"the disk became full while pulling slipway-demo/app:{LARGER}", f"{TMP} has 0 MiB free"),
        "free some room",
        code=3,
        tag=LARGER,
        host=filled_while_pulling,
    ),
}
USUAL = (  # the first four are refused before anything is made
    "not-enough-memory",
    "not-enough-connections",
    "wrong-digest",
    "disk-too-full",
    "healthy-only-inside",
    "migration-fails",
)


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the test host, and bring the first release back at the end."""
    put_files_in_charge(site, tmp_path_factory.mktemp("files"))
    yield site
    assert submit(site)["code"] == 0


def written(site: Site, folder: Path, bad: Bad) -> tuple[Site, Path]:
    """Return an inventory and a folder of stacks that ask for a bad release."""
    wanted = site.release(folder, bad.tag, **bad.variables)
    if bad.pin:
        pinned = {"variables": {"RELEASE": bad.tag}, "images": {"api": bad.pin}}
        (wanted.inventory / "group_vars/all/releases.yml").write_text(yaml.safe_dump({"releases": {"demo": pinned}}))
    shutil.copytree(ROOT / "compose/demo", folder / "compose/demo")
    file = folder / "compose/demo/compose.yml"
    text = file.read_text()
    for old, new in bad.edits.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text)
    return wanted, folder / "compose"


def refused(site: Site, folder: Path, bad: Bad) -> None:
    """Assert that a release is refused for its own cause while visitors are served, and leaves nothing behind."""
    wanted, stacks = written(site, folder, bad)
    number, given = site.serving()["current"], given_number(site)
    with bad.host(site), visitors(site) as tallies:
        shown = submit(wanted, stacks, "plan") if bad.foretold else None
        result = submit(wanted, stacks)
    assert shown is None or (shown["verdict"], shown["code"], said_not(bad, shown["error"])) == ("refused", bad.code, [])
    assert (result["verdict"], result["code"]) == ("refused", bad.code), result["error"]
    cause, _, next_step = result["error"].partition("\n  next: ")
    assert said_not(bad, cause) == []
    assert bad.next in next_step
    if bad.logs:
        assert f"last lines of demo-r{given + 1}-{bad.logs}" in cause
    assert [tally.failures for tally in tallies] == [[], []]
    assert site.serving()["current"] == number
    assert site.serving()["next"] is None
    assert left_behind(site, given) == ""
    assert releases_of(site.containers()) >= {number}
    assert submit(site)["verdict"] in ("unchanged", "serving"), "what serves is wanted again, and nothing stands in its way"


def said_not(bad: Bad, cause: str) -> list[str]:
    """Return the words that a cause lacks."""
    return [words for words in bad.said if words not in cause]


def given_number(site: Site) -> int:
    return int(site.shell("cat /var/lib/slipway/demo/number"))


def left_behind(site: Site, given: int) -> str:
    """Return what is there of releases after a number: containers, networks, local tags, files beside the record, requests."""
    ours = "grep -E 'demo-r[0-9]+|:r[0-9]+$' | sed -E 's/.*(-|:)r([0-9]+).*/\\2 &/'"
    listed = site.shell(
        "( docker ps --all --format '{{.Names}}'; docker network ls --format '{{.Name}}';"
        f" docker images --format '{{{{.Repository}}}}:{{{{.Tag}}}}' | grep slipway.local/demo/ ) | {ours}"
    )
    later = [line for line in listed.splitlines() if int(line.split()[0]) > given]
    files = site.shell(  # a release that was not made has no folder
        f"for n in $(seq {given + 1} {given + 5}); do find /var/lib/slipway/demo/releases/$n -mindepth 1 2>&- || true; done;"
        " ls /var/lib/slipway/demo/requests; ls /etc/slipway/secrets/demo | grep incoming || true"  # none is what is wanted
    )
    record = ("/release.json", "/revisions.json")
    return "\n".join([*later, *(line for line in files.splitlines() if not line.endswith(record))])


@pytest.mark.parametrize("name", USUAL)
def test_a_bad_release_is_refused_with_its_cause_and_leaves_nothing_behind(host: Site, tmp_path: Path, name: str) -> None:
    refused(host, tmp_path, TABLE[name])


def test_the_next_good_release_goes_through(host: Site, tmp_path: Path) -> None:
    goes_through(host, tmp_path)


@pytest.mark.sweep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(TABLE.keys() - set(USUAL)))
def test_each_other_bad_release_is_refused_too_and_a_good_one_follows(host: Site, tmp_path: Path, name: str) -> None:
    refused(host, tmp_path, TABLE[name])
    goes_through(host, tmp_path / "good")


def goes_through(site: Site, folder: Path) -> None:
    """Assert that a good release takes the traffic without a failed request."""
    with visitors(site) as tallies:
        result = submit(good(site, folder))
    assert (result["verdict"], result["code"]) == ("serving", 0), result["error"]
    assert [step["name"] for step in result["steps"] if step["name"] in ("fit", "begin")] == ["fit", "begin"]
    assert [tally.failures for tally in tallies] == [[], []]
    assert site.serving()["current"] == result["release"]
