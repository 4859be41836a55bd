"""A stack is shut and opened at the edge: by what was chosen, whoever was killed in between."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from slipway.codec import to_json
from slipway.errors import HostError, ReleaseRefused
from slipway.host import choices, files, maintenance
from slipway.host.asker import Asker
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.maintenance import BadWish, Wish, wish_of
from slipway.host.records import OtherVersion
from slipway.model import Domain
from slipway.policy.grants import Policy
from slipway.render.maintenance import included

from .doors import has
from .releases import folder, release, stack

WORD = "w" * 24
WISH = Wish(WORD, "ann@desk", "a new disk", "<p>soon</p>", 120)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a host whose nginx takes everything and writes down what it was asked, and on which release 1 serves."""
    has(tmp_path, monkeypatch, nginx=f'echo "$@" >> {tmp_path}/asked; test ! -e {tmp_path}/refuse || {{ echo bad >&2; exit 1; }}')
    made = release(1, "1.0.0")
    domains = {"site": Domain("shop.example"), "api": Domain("api.shop.example")}
    words = {**to_json(made), "stack": {**to_json(stack("1.0.0")), "domains": to_json(domains)}}
    found = folder(tmp_path, made)
    found.requests.mkdir(parents=True)
    files.write(found.release(1) / "release.json", json.dumps(words))
    layout = Layout(tmp_path)
    files.write(layout.edge_settings, json.dumps({"acme": {"server": "x"}, "public_ports": {"https": 8441}}))
    files.write(layout.sites / "demo.conf", f"include {included('demo')};")
    return Machine(layout, asker=Asker("ops"))


def edge(machine: Machine) -> Path:
    return machine.layout.root / "etc/nginx/slipway/maintenance"


def test_a_stack_is_shut_with_the_page_that_was_sent_and_the_links_past_it(machine: Machine) -> None:
    found = maintenance.on(machine, "demo", WISH)
    assert found["links"] == [
        f"https://api.shop.example:8441/.slipway/bypass?token={WORD}",
        f"https://shop.example:8441/.slipway/bypass?token={WORD}",
    ]
    assert (found["state"], found["who"], found["why"], found["retry_seconds"]) == ("on", "ops (ann@desk)", "a new disk", 120)
    assert (edge(machine) / "demo.html").read_text() == "<p>soon</p>"
    assert WORD in (edge(machine) / "demo.conf").read_text()
    assert (edge(machine) / "demo.conf").stat().st_mode & 0o777 == 0o600, "only nginx's master reads the word"
    assert (machine.layout.root / "asked").read_text().split() == ["-t", "-q"]


def test_the_journal_tells_who_and_why_and_never_the_word(machine: Machine) -> None:
    maintenance.on(machine, "demo", WISH)
    maintenance.off(machine, "demo", "bob@desk")
    journal = machine.layout.stack("demo").journal
    told = [(entry["state"], entry["who"], entry.get("why")) for entry in Journal(journal).entries()]
    assert told == [("on", "ops (ann@desk)", "a new disk"), ("off", "ops (bob@desk)", None)]
    assert WORD not in journal.read_text()


def test_an_opened_stack_leaves_nothing_at_the_edge_and_may_be_opened_twice(machine: Machine) -> None:
    maintenance.on(machine, "demo", WISH)
    assert maintenance.off(machine, "demo", "")["was"] == "on"
    assert list(edge(machine).iterdir()) == []
    assert maintenance.off(machine, "demo", "") == {"stack": "demo", "state": "off", "was": "off"}
    assert maintenance.asked(machine, "demo", "show", {}) == {"stack": "demo", "state": "off"}


def test_without_a_page_of_the_stack_visitors_see_ours(machine: Machine) -> None:
    maintenance.on(machine, "demo", Wish(WORD))
    assert "Back soon" in (edge(machine) / "demo.html").read_text()


def test_other_choices_stay(machine: Machine) -> None:
    found = machine.layout.stack("demo")
    choices.change(found, "a test", lambda _: choices.Choices({"web": 3}))
    maintenance.on(machine, "demo", WISH)
    maintenance.off(machine, "demo", "")
    assert choices.read(found) == choices.Choices({"web": 3})


@pytest.mark.parametrize("lost", ["demo.conf", "demo.html"])
def test_a_resume_makes_anew_what_was_lost_or_never_written(machine: Machine, lost: str) -> None:
    work = Work(machine, machine.layout.stack("demo"))
    maintenance.on(machine, "demo", WISH)
    before = (edge(machine) / lost).read_text()
    (edge(machine) / lost).unlink()
    maintenance.follow(work)
    assert (edge(machine) / lost).read_text() == before


def test_a_resume_goes_on_where_the_reload_never_came(machine: Machine) -> None:
    work = Work(machine, machine.layout.stack("demo"))
    maintenance.follow(work)
    asked = machine.layout.root / "asked"
    assert not asked.exists(), "where all is as chosen nginx is left alone"
    files.write(work.folder.path / maintenance.UNDER_WAY, "")
    maintenance.follow(work)
    assert asked.read_text().split() == ["-t", "-q"]
    maintenance.follow(work)
    assert asked.read_text().split() == ["-t", "-q"]


def test_choices_that_cannot_be_read_keep_no_stack_from_coming_back(machine: Machine) -> None:
    work = Work(machine, machine.layout.stack("demo"))
    maintenance.on(machine, "demo", WISH)
    files.write(work.folder.path / choices.FILE, "{")
    maintenance.follow(work)
    assert (edge(machine) / "demo.conf").exists()
    assert any("cannot be read" in text for text in work.warnings)


def test_an_nginx_that_refuses_keeps_what_it_had(machine: Machine) -> None:
    maintenance.on(machine, "demo", WISH)
    before = (edge(machine) / "demo.conf").read_text()
    (machine.layout.root / "refuse").touch()
    with pytest.raises(HostError, match="nginx refuses its settings, so nothing was changed:\nbad"):
        maintenance.off(machine, "demo", "")
    assert (edge(machine) / "demo.conf").read_text() == before


def test_what_nginx_refused_is_not_done_later_by_a_resume(machine: Machine) -> None:
    work = Work(machine, machine.layout.stack("demo"))
    (machine.layout.root / "refuse").touch()
    with pytest.raises(HostError, match="nothing was changed"):
        maintenance.on(machine, "demo", WISH)
    assert choices.read(work.folder).maintenance is None
    (machine.layout.root / "refuse").unlink()
    maintenance.follow(work)
    assert not (edge(machine) / "demo.conf").exists()


def test_a_nginx_that_refuses_keeps_no_release_from_coming_back(machine: Machine) -> None:
    work = Work(machine, machine.layout.stack("demo"))
    maintenance.on(machine, "demo", WISH)
    (edge(machine) / "demo.conf").unlink()
    (machine.layout.root / "refuse").touch()
    maintenance.follow(work)
    assert any("nginx refuses its settings" in text for text in work.warnings)


def test_a_stack_without_a_site_that_can_be_shut_is_told_so(machine: Machine) -> None:
    files.write(machine.layout.sites / "demo.conf", "server {}")
    with pytest.raises(HostError, match="demo has no site here that could be shut"):
        maintenance.on(machine, "demo", WISH)
    with pytest.raises(HostError, match="nothing was ever deployed of shop here"):
        maintenance.off(machine, "shop", "")


def test_a_deployer_shuts_only_what_was_granted(machine: Machine) -> None:
    theirs = Machine(machine.layout, asker=Asker("deploy", "bob"))
    files.write(machine.layout.policy, json.dumps(to_json(Policy()) | {"stacks": {}}))
    with pytest.raises(ReleaseRefused, match="no stack called 'demo' was granted"):
        maintenance.on(theirs, "demo", WISH)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"retry_seconds": 0}, BadWish),
        ({"retry_seconds": 86401}, BadWish),
        ({"retry_seconds": "60"}, BadWish),
        ({"retry_seconds": True}, BadWish),
        ({"page": "x" * (maintenance.LARGEST_PAGE + 1)}, BadWish),
        ({"page": 5}, BadWish),
        ({"bypass": 'a";return 200;#aaaaaaaa'}, OtherVersion),
        ({"bypass": "short"}, OtherVersion),
        ({"bypass": f"{WORD}\n"}, OtherVersion),
        ({"bypass": None}, OtherVersion),
    ],
)
def test_what_would_not_fit_into_nginx_is_refused(words: Mapping[str, Any], fault: type[Exception]) -> None:
    with pytest.raises(fault):
        wish_of({"bypass": WORD, **words})


def test_a_reason_is_one_line_whoever_sent_it() -> None:
    assert wish_of({"bypass": WORD, "why": "a\nb\x1b[31m"}).why == "a b?[31m"
