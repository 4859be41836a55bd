"""A canary on a host: what may be one, who decides, and what the host itself does with a bad one."""

import json
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import HostError, LockHeld, ReleaseRefused
from slipway.host import canary, canary_watch, clock, engine, files, history, locked, pinned, records, resume, slots, status
from slipway.host.docker import Docker
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.locked import Locked
from slipway.host.machine import Machine, Work
from slipway.host.preview import preview
from slipway.host.records import Release, Request
from slipway.host.run import Turn, turn
from slipway.host.site import site_repairs
from slipway.model import Canary as Words
from slipway.model import Health, Route, Stack, Watch
from slipway.placement import Placement
from slipway.plan.place import Taken, place
from slipway.serving import Canary, Serving
from tests.unit.plan.stacks import API, SHOP, images_of, release, with_services

from .doors import docker_with, empty_docker, has

PORT = 8000
EDGE = {"acme": {"server": "https://ca.example/dir"}}


class Application(BaseHTTPRequestHandler):
    """An application that is well."""

    def do_GET(self) -> None:
        """Answer as a healthy one."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def stack(port: int = PORT, **words: Any) -> Stack:
    """Return a stack whose only service listens on a port, and is judged by its requests."""
    api = replace(API, routes=(Route("site", port),), health=Health("/health"), depends_on={}, replicas=1)
    api = replace(api, compose={"mem_limit": str(64 << 20)}, memory_mb=64)
    alone = with_services(SHOP, api, without=("worker", "beat", "migrate", "seed", "db"))
    empty: dict[str, Any] = {"volumes": (), "secret_files": {}, "secret_names": ()}
    return replace(alone, **empty, watch=Watch(failed_checks=100), **words)


def here(placement: Placement) -> Placement:
    """Return a placement whose replicas are on this machine."""
    local = {replica: dict.fromkeys(found, "127.0.0.1") for replica, found in placement.addresses.items()}
    return replace(placement, addresses=local, secrets_generation=0)


def container(name: str) -> dict[str, Any]:
    """Return what Docker says of a container that has been well for a while."""
    state = {"Status": "running", "Pid": 1, "ExitCode": 0, "OOMKilled": False, "StartedAt": clock.later(-60)}
    labels = {"slipway.stack": "shop", "com.docker.compose.project": "shop-r2"}
    return {
        "Name": f"/{name}",
        "RestartCount": 0,
        "State": {**state, "Health": {"Status": "healthy"}},
        "HostConfig": {"RestartPolicy": {"Name": "no"}},
        "Config": {"Image": "a/app", "Labels": labels},
    }


def tried(root: Path, monkeypatch: pytest.MonkeyPatch, wanted: Stack, until: str = "", present: tuple[str, ...] = ()) -> Work:
    """Return a host on which release 2 has been a canary beside release 1 for a minute."""
    has(root, monkeypatch, nft="exit 0", ip="echo '[]'", docker="exit 0", nginx="exit 0")
    docker_with(root, *map(container, present)) if present else empty_docker(root)
    (root / "proc/1").mkdir(parents=True)
    (root / "proc/stat").write_text("btime 1000000000\n")
    (root / "proc/1/stat").write_text("1 (init) " + "0 " * 19 + "0\n")
    layout = Layout(root)
    work = Work(Machine(layout, Docker(root / "docker.sock")), layout.stack("shop"))
    files.write(layout.edge_settings, json.dumps(EDGE), 0o644)
    first = here(release(1, wanted).placement)
    second = here(place(wanted, 2, Taken((), ()), first, images_of(wanted), canary=True))
    for number, placement in ((1, first), (2, second)):
        print_of = records.fingerprint(wanted, 0)
        words: dict[str, Any] = {
            "who": "ann@desk",
            "why": "fab deploy shop 2 --canary 10",
            "at": clock.later(-90),
            "verb": "deploy",
            "pinned": ("RELEASE",),
        }
        records.keep_release(work.folder, Release(number, f"{number}{print_of}", wanted, placement, **words))
        files.write(work.folder.release(number) / "site.conf", f"the site of {number}", 0o640)
    files.write(work.folder.release(2) / "canary.conf", "a site with a share", 0o640)
    slots.keep_share(work.folder, {str(slot): ["127.0.0.1", PORT, False] for slot in second.canary_slots.values()})
    work.folder.requests.mkdir()
    shared = Canary(2, 10, clock.later(-60), until)
    work.keep_serving(Serving("shop", current=1, since=clock.later(-3600), canary=shared))
    return work


def answered(work: Work, number: int, failed: int, seconds: range) -> None:
    """Have the edge log an answer of a release each second, some of them failures."""
    placement = records.release(work.folder, number).placement
    slot = next(iter((placement.canary_slots if number == 2 else placement.slots).values()))
    found = work.serving().canary
    begin = clock.parse(found.since if found else "").timestamp()
    line = {"rt": "0.010", "urt": "0.010", "stack": "shop", "service": "api", "kind": "plain", "uri": "/"}
    made = [
        json.dumps(
            {
                "ts": f"{begin + second:.3f}",
                **line,
                "status": "500" if second % 4 < failed else "200",
                "upstream": f"10.255.77.1:{slot}",
            },
            separators=(",", ":"),
        )
        for second in seconds
    ]
    work.machine.layout.edge_log.parent.mkdir(parents=True, exist_ok=True)
    with work.machine.layout.edge_log.open("a") as log:
        log.write("".join(f"{one}\n" for one in made))


def watch(work: Work, looks: int) -> None:
    left = iter([False] * (looks + 1) + [True] * 100)
    canary_watch.watch(replace(work, something_waits=lambda: next(left)), lambda _: nullcontext(""))


def entries(work: Work, event: str) -> list[dict[str, Any]]:
    return [entry for entry in Journal(work.folder.journal).entries() if entry["event"] == event]


def test_a_bad_canary_is_taken_back_while_the_other_visitors_notice_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    answered(work, 2, 2, range(1, 41))
    answered(work, 1, 0, range(1, 41))
    watch(work, looks=1)
    serving = work.serving()
    assert (serving.current, serving.canary, serving.retiring, serving.held) == (1, None, (2,), (2,))
    (ended,) = entries(work, "returned")
    assert (ended["from"], ended["to"], ended["trigger"], ended["how"], ended["failed"]) == (2, 1, "error_ratio", "returned", "")
    assert "20 of 40 requests failed" in ended["text"]
    assert ended["numbers"]["traffic"][0]["beside"] == {"requests": 40, "failed": 0}
    assert slots.kept_share(work.folder), "a body that was on its way is answered until all has drained"
    assert "split_clients" not in work.machine.nginx.site("shop")
    assert clock.seconds_since(serving.since) < 30, "its drain begins now"


def test_what_both_suffer_is_no_fault_of_a_canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    answered(work, 2, 2, range(1, 41))
    answered(work, 1, 2, range(1, 41))
    watch(work, looks=1)
    assert work.serving().tried == 2
    assert entries(work, "watch") == []


def test_where_the_release_beside_it_does_not_answer_either_nobody_is_led_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tried(tmp_path, monkeypatch, stack(9))
    answered(work, 2, 2, range(1, 41))
    monkeypatch.setattr("slipway.plan.returning.ANSWER_SECONDS", 1)
    watch(work, looks=1)
    assert work.serving().tried == 2
    (said,) = entries(work, "watch")
    assert said["state"] == "bad, and not returned"
    assert "release 1 does not answer either" in said["text"]


def test_one_silent_replica_of_the_release_beside_it_keeps_no_bad_canary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    wanted = stack(port)
    wanted = with_services(wanted, replace(wanted.services["api"], replicas=2))
    work = tried(tmp_path, monkeypatch, wanted)
    made = records.release(work.folder, 1)
    away = {**made.placement.addresses, "api-1": dict.fromkeys(made.placement.addresses["api-1"], "127.0.0.2")}
    records.keep_release(work.folder, replace(made, placement=replace(made.placement, addresses=away)))
    answered(work, 2, 2, range(1, 41))
    answered(work, 1, 0, range(1, 41))
    monkeypatch.setattr("slipway.plan.returning.ANSWER_SECONDS", 0)
    watch(work, looks=1)
    assert (work.serving().current, work.serving().tried, work.serving().held) == (1, None, (2,))


def test_a_canary_whose_time_is_over_is_promoted_by_a_request_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port, canary=Words(10, 30)), until=clock.later(-1))
    answered(work, 2, 0, range(0, 60))
    watch(work, looks=1)
    (request,) = records.waiting(work.folder)
    assert (request.verb, request.ends, request.who) == ("promote", 2, "the host")
    assert request.why.startswith("the canary held for")
    assert entries(work, "watch")[0]["state"] == "canary passed"
    assert dict(work.secrets.received(request.id)) == {}


def test_a_locked_stack_keeps_its_canary_beyond_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    work = tried(tmp_path, monkeypatch, stack(port, canary=Words(10, 30)), until=clock.later(-1))
    locked.lock(work.folder, Locked("bob", clock.now(), "the fair"))
    watch(work, looks=1)
    assert records.waiting(work.folder) == []
    asked = Request("q1", records.release(work.folder, 2).stack, "ann", "", clock.now(), verb="promote", ends=2)
    with pytest.raises(LockHeld):
        engine._canary_ended(work, asked)


def test_a_canary_without_a_time_goes_on_until_somebody_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    answered(work, 2, 0, range(0, 60))
    watch(work, looks=1)
    assert work.serving().tried == 2
    assert records.waiting(work.folder) == []


def ended(work: Work, verb: str) -> engine.Result:
    words = canary.words(work, {"who": "ann@desk", "why": "it is late"}, verb)
    request, values = records.request_of(words, clock.now())
    work.secrets.receive(request.id, values)
    return engine.run(work, request)


def test_a_person_aborts_a_canary_and_it_is_held_with_that_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    result = ended(work, canary.ABORT)
    assert (result.verdict, result.code, result.release) == ("aborted", 0, 1)
    assert (work.serving().tried, work.serving().held) == (None, (2,))
    (noted,) = entries(work, "returned")
    assert (noted["how"], noted["text"]) == ("aborted", "ann@desk: it is late")
    again = ended_by_nobody(work)
    assert "no canary of shop runs here" in str(again.value)


def test_a_canary_whose_way_back_fails_twice_drains_and_is_not_removed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port), present=("shop-r1-api-1", "shop-r2-api-1"))
    (tmp_path / "bin/nft").write_text("#!/bin/sh\nexit 1\n")
    result = ended(work, canary.ABORT)
    assert (result.verdict, result.code, result.release, result.changed) == ("incomplete", 3, 1, True)
    assert "release 2 is taken back, but what follows failed" in result.error
    assert (work.serving().tried, work.serving().retiring, work.serving().held) == (None, (2,), (2,))
    assert "remove-2" not in [entry["name"] for entry in entries(work, "step")]
    assert (work.folder.release(2) / "site.conf").is_file()


def test_a_canary_whose_way_back_failed_goes_only_once_its_visitors_are_led_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port), present=("shop-r1-api-1",))
    work = replace(work, something_waits=lambda: bool(records.waiting(work.folder)))
    work.folder.lock.touch()
    works, fails = "#!/bin/sh\nexit 0\n", "#!/bin/sh\nexit 1\n"
    (tmp_path / "bin/nft").write_text(fails)
    request, values = records.request_of(canary.words(work, {"who": "ann", "why": "late"}, canary.ABORT), clock.now())
    work.secrets.receive(request.id, values)
    records.file_request(work.folder, request)
    first = turn(work, Turn())
    assert first.fault is not None
    assert (work.serving().tried, work.serving().retiring) == (None, (2,))
    (tmp_path / "bin/nft").write_text(works)
    assert turn(work, first).fault is None
    assert (work.serving().retiring, slots.kept_share(work.folder)) == ((), {})


def ended_by_nobody(work: Work) -> "pytest.ExceptionInfo[HostError]":
    with pytest.raises(HostError) as caught:
        canary.words(work, {}, canary.PROMOTE)
    return caught


def test_a_request_about_a_canary_that_is_gone_ends_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    asked = Request("q1", stack(port), "ann", "", clock.now(), verb="promote", ends=7)
    with pytest.raises(HostError, match="release 7 of shop is no canary any more"):
        engine._canary_ended(work, asked)
    assert work.serving().tried == 2


def test_a_canary_that_cannot_be_promoted_is_taken_back_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    result = ended(work, canary.PROMOTE)  # Docker has none of its containers
    assert (result.verdict, result.release) == ("refused", 1)
    assert result.code
    assert "release 1 serves all visitors on" in result.error
    assert (work.serving().current, work.serving().tried, work.serving().held) == (1, None, (2,))


def test_a_docker_that_is_down_keeps_a_promotion_waiting_and_says_nothing_of_the_canary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port, canary=Words(10, 30)), until=clock.later(-1))
    answered(work, 2, 0, range(1, 60))
    down = replace(work, machine=replace(work.machine, docker=Docker(tmp_path / "no-docker")))
    watch(down, looks=1)
    assert records.waiting(work.folder) == []
    result = ended(down, canary.PROMOTE)
    assert (result.verdict, result.code, work.serving().tried, work.serving().held) == ("refused", 3, 2, ())


def test_a_canary_is_made_whole_before_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    work = tried(tmp_path, monkeypatch, stack(port), present=("shop-r2-api-1",))
    watch(work, looks=0)
    steps = [entry["name"] for entry in entries(work, "step") if entry["state"] == "done"]
    assert steps == ["switch-canary", "restart-canary"]


def test_a_canary_that_does_not_start_is_judged_and_keeps_nothing_else_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    down = container("shop-r2-api-1")
    down["State"] |= {"Status": "exited", "ExitCode": 1}
    work = tried(tmp_path, monkeypatch, replace(stack(port), watch=Watch(failed_checks=1)), present=("shop-r1-api-1",))
    (tmp_path / "containers/shop-r2-api-1.json").write_text(json.dumps(down))
    (tmp_path / "bin/docker").write_text('#!/bin/sh\n[ "$1" = start ] && echo no room >&2 && exit 1\nexit 0\n')
    done = [step.name for step in resume.heal(work)]
    assert done[-2:] == ["site", "certificates"]
    assert "start-canary" not in done
    assert "the canary does not come up" in work.warnings[0]
    watch(work, looks=1)
    assert (work.serving().tried, work.serving().held) == (None, (2,))


def test_a_promoted_canary_serves_with_a_watch_and_the_choices_of_its_deploy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port), present=("shop-r2-api-1",))
    result = ended(work, canary.PROMOTE)
    assert (result.verdict, result.release) == ("serving", 2), result.error
    serving = work.serving()
    assert (serving.current, serving.standby, serving.tried, serving.watched) == (2, 1, None, True)
    assert result.watch_until == serving.watch_until
    assert slots.kept_share(work.folder), "they lead to it on"
    site = work.machine.nginx.site("shop")
    assert "server 10.255.77.1:" in site
    assert "split_clients" not in site
    chosen = pinned.read(work.folder)
    assert (chosen.names, chosen.who, chosen.why) == (("RELEASE",), "ann@desk", "fab deploy shop 2 --canary 10")
    assert [step["name"] for step in result.steps][:4] == ["start-web", "ask-api", "check-site", "record"]


def wished(wanted: Stack, **words: Any) -> Request:
    return Request("q1", wanted, "ann@desk", "fab deploy", clock.now(), **{"verb": "deploy", **words})


def test_the_share_is_what_was_asked_for_or_what_the_stack_file_says(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    work = Work(Machine(layout), layout.stack("shop"))
    current = Release(1, "f", SHOP, release(1).placement, "ann", "why", clock.now())
    timed = replace(SHOP, canary=Words(25, 600))
    assert canary.percent(work, wished(SHOP), current) == 0
    assert canary.percent(work, wished(SHOP, canary=10), current) == 10
    assert canary.percent(work, wished(timed), current) == 25
    assert canary.percent(work, wished(timed, verb=""), current) == 25
    assert canary.percent(work, wished(timed, canary=0), current) == 0
    for verb in ("rollback", "restart", "promote"):
        assert canary.percent(work, wished(timed, verb=verb), current) == 0
    for wrong in (-1, 100):
        with pytest.raises(ReleaseRefused, match="ask for 1 to 99"):
            canary.percent(work, wished(SHOP, canary=wrong), current)


def test_a_first_release_is_no_canary_and_that_is_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    work = Work(Machine(layout), layout.stack("shop"))
    assert canary.percent(work, wished(SHOP, canary=10), None) == 0
    assert work.warnings == ["nothing serves yet: the release is no canary"]


def test_beside_a_release_that_is_watched_nothing_is_tried(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    work = Work(Machine(layout), layout.stack("shop"))
    work.keep_serving(Serving("shop", current=1, since=clock.now(), watch_until=clock.later(60)))
    current = Release(1, "f", SHOP, release(1).placement, "ann", "why", clock.now())
    with pytest.raises(ReleaseRefused, match="has to prove itself first") as refused:
        canary.percent(work, wished(SHOP, canary=10), current)
    assert refused.value.next_step == "wait, or: fab deploy shop --canary 0"


def test_amid_a_canary_nothing_else_is_released_and_the_same_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    other = stack(port, variables={"RELEASE": "9"})
    asked = records.release(work.folder, 2)
    same = replace(asked, fingerprint=records.fingerprint(asked.stack, 0))
    records.keep_release(work.folder, same)
    left = engine._release(work, wished(asked.stack), {})
    assert (left.verdict, left.changed, left.release) == ("canary", False, 2)
    for verb in ("", "deploy", "rollback", "restart"):
        with pytest.raises(ReleaseRefused, match="release 2 of shop is a canary for 10 % of the visitors") as refused:
            engine._release(work, wished(other, verb=verb), {})
        assert "`fab promote shop`" in refused.value.next_step
        assert "`fab abort shop`" in refused.value.next_step
    assert "release 2 of shop is a canary" in work.warnings[0], "and told"
    told = preview(work, wished(other, verb=""), {}).result
    assert (told.verdict, told.code) == ("refused", 5)
    assert preview(work, wished(asked.stack, verb=""), {}).result.verdict == "canary"


def test_hosts_that_switch_together_are_told_of_a_canary_before_one_of_them_switches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    made = records.release(work.folder, 2)
    records.keep_release(work.folder, replace(made, fingerprint=records.fingerprint(made.stack, 0)))
    asked = wished(made.stack, together="c0ffee")
    with pytest.raises(ReleaseRefused, match="release 2 of shop is a canary"):
        engine._release(work, asked, {})
    assert preview(work, replace(asked, verb=""), {}).result.verdict == "refused"


def test_a_plan_shows_the_steps_of_a_canary_or_why_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    (tmp_path / "proc/meminfo").write_text("MemAvailable: 4000000 kB\n")
    work.keep_serving(replace(work.serving(), canary=None))
    found = preview(work, wished(stack(port, variables={"RELEASE": "9"}), verb="", canary=10), {}).result
    assert found.verdict == "would deploy", found.error
    assert [step["name"] for step in found.steps][-3:] == ["switch-canary", "restart-canary", "site"]
    assert "release 3 would be a canary for 10 % of the visitors first" in found.warnings
    refused = preview(work, wished(stack(port + 1), verb="", canary=10), {}).result
    assert (refused.verdict, refused.code) == ("refused", 5)
    assert "share one site" in refused.error


def test_status_and_list_show_a_canary_and_how_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    work = tried(tmp_path, monkeypatch, stack(port), until=clock.later(60))
    shown = status.status(work.machine)["stacks"][0]
    assert (shown["canary"]["number"], shown["canary"]["percent"]) == (2, 10)
    assert "canary: release 2 for 10 % of the visitors" in status.as_text(status.status(work.machine))
    rows = {row.number: row for row in history.releases(work.folder)}
    assert (rows[1].state, rows[2].state, rows[2].pinned) == ("serving", "canary", ("RELEASE",))
    ended(work, canary.ABORT)
    rows = {row.number: row for row in history.releases(work.folder)}
    assert rows[2].state == "held"
    assert status.status(work.machine)["stacks"][0]["canary"] == {}


def test_a_resume_puts_the_site_with_its_share_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    assert resume.facts(work).site == "a site with a share"
    work.keep_serving(work.serving().aborted(2, clock.now()))
    assert resume.facts(work).site == "the site of 1"
    assert resume.cut_short(work), "until somebody has led the visitors back"


def test_a_host_whose_words_changed_amid_a_canary_keeps_both_sites_by_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    write, *_, put, certificates = site_repairs(work, records.release(work.folder, 1))
    kept = {Path(path).name: text for path, text in write.arguments["files"].items()}
    assert sorted(kept) == ["canary.conf", "site.conf"]
    assert ("split_clients" in kept["canary.conf"], "split_clients" in kept["site.conf"]) == (True, False)
    assert (put.arguments["text"], certificates.name) == (kept["canary.conf"], "certificates")


def test_the_slots_of_a_canary_are_loaded_beside_the_stacks_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    work = tried(tmp_path, monkeypatch, stack(port))
    slots.keep(work.folder, {"20001": ["10.213.0.2", 8000, False]})
    slots.put_in_force(work.machine.layout, work.machine.runner)
    text = (work.machine.layout.state / "switch.nft").read_text()
    (slot,) = slots.kept_share(work.folder)
    assert "20001 : 10.213.0.2 . 8000" in text
    assert f"{slot} : 127.0.0.1 . {PORT}" in text
    assert slots.kept(work.folder).keys() == {"20001"}, "what the stack's own lead to is told apart"
