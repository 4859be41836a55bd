"""Several hosts switch together or not at all, whoever dies and whichever line is cut on the way."""

import time
from pathlib import Path

import pytest

from slipway import together
from slipway.host import together as words
from slipway.together import Seat, Table
from tests.unit.host.doors import has
from tests.unit.hosts_apart import ApartHost, take_part

SILENCE = 1.0


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ApartHost]:
    """Return three hosts that serve 1.0.0, with a bound of a second instead of a minute."""
    has(tmp_path, monkeypatch, systemctl="echo active", nft="exit 0", docker="exit 0", nginx="exit 0")
    monkeypatch.setattr(words, "SILENCE_SECONDS", SILENCE)
    monkeypatch.setattr(together, "SILENCE_SECONDS", SILENCE)
    monkeypatch.setattr(together, "LOOK_EVERY_SECONDS", SILENCE / 5)
    monkeypatch.setattr(together, "RETRY_SECONDS", SILENCE / 10)
    return [ApartHost(name, tmp_path / name) for name in ("web1", "web2", "web3")]


def table(hosts: list[ApartHost], folder: Path, *, one_by_one: bool = True) -> Table:
    folder.mkdir()
    return Table(folder, tuple(host.name for host in hosts), one_by_one)


def serve(hosts: list[ApartHost]) -> list[str]:
    return [host.serves for host in hosts]


@pytest.mark.parametrize("one_by_one", [True, False])
def test_all_are_prepared_before_any_switches_and_confirmed_once_all_have(
    hosts: list[ApartHost], tmp_path: Path, *, one_by_one: bool
) -> None:
    answers = take_part(table(hosts, tmp_path / "table", one_by_one=one_by_one), hosts)
    assert [answers[host.name]["verdict"] for host in hosts] == ["serving"] * 3
    assert serve(hosts) == ["1.1.0"] * 3
    assert all(host.words[0] == "submit" and host.words[-2:] == ["confirm", "answer"] for host in hosts)
    assert all(host.work.serving().unconfirmed is None for host in hosts)


def test_one_that_refuses_keeps_all_from_it_and_those_behind_it_are_not_asked(hosts: list[ApartHost], tmp_path: Path) -> None:
    hosts[1].refuses = "never healthy"
    answers = take_part(table(hosts, tmp_path / "table"), hosts)
    assert [answers[host.name]["verdict"] for host in hosts] == [together.TAKEN_BACK, "refused", together.NOT_ASKED]
    assert {answer["exit_code"] for answer in answers.values()} == {5}
    assert "web2 does not: demo: never healthy" in answers["web1"]["msg"]
    assert serve(hosts) == ["1.0.0"] * 3
    assert hosts[2].words == [], "it was asked for nothing"
    assert hosts[0].work.serving().next is None


@pytest.mark.parametrize("word", ["submit", "look 1", "go", "look 2"])
def test_a_line_that_is_cut_before_the_confirm_leaves_the_old_release_everywhere(
    hosts: list[ApartHost], tmp_path: Path, word: str
) -> None:
    hosts[2].cut_at = word
    answers = take_part(table(hosts, tmp_path / "table"), hosts)
    assert all(answer["failed"] and answer["exit_code"] == 3 for answer in answers.values())
    assert serve(hosts) == ["1.0.0"] * 3
    assert all(host.work.serving().held == () for host in hosts), "the release did no wrong"


def test_a_line_that_is_cut_once_the_host_has_gone_leaves_the_old_release_everywhere(
    hosts: list[ApartHost], tmp_path: Path
) -> None:
    hosts[2].cut_at = "answer 2"  # the one to `go`: the host switched, and nobody heard of it
    take_part(table(hosts, tmp_path / "table"), hosts)
    assert serve(hosts) == ["1.0.0"] * 3
    assert hosts[2].work.serving().retiring == (2,), "it served for a moment, and leaves"


@pytest.mark.parametrize("answer", ["answer 1", "answer 2", "answer 3", "answer 4", "confirm 1"])
def test_an_answer_that_is_lost_is_asked_for_again(hosts: list[ApartHost], tmp_path: Path, answer: str) -> None:
    hosts[2].lost = answer
    answers = take_part(table(hosts, tmp_path / "table"), hosts)
    assert [answers[host.name]["verdict"] for host in hosts] == ["serving"] * 3
    assert serve(hosts) == ["1.1.0"] * 3


def test_a_line_that_is_cut_amid_the_confirms_is_said_and_the_next_contact_makes_it_one(
    hosts: list[ApartHost], tmp_path: Path
) -> None:
    hosts[2].cut_at = "confirm"
    answers = take_part(table(hosts, tmp_path / "table"), hosts)
    assert serve(hosts) == ["1.1.0", "1.1.0", "1.0.0"]
    assert (answers["web1"]["verdict"], answers["web3"]["exit_code"]) == ("serving", 3)
    assert "nobody knows whether this host heard so" in answers["web3"]["msg"]
    again = ApartHost("again", tmp_path / "again", served=2)
    hosts[2] = again
    answers = take_part(table(hosts, tmp_path / "table2"), hosts)
    assert serve(hosts) == ["1.1.0"] * 3
    assert [answers[host.name]["verdict"] for host in hosts] == ["unchanged", "unchanged", "serving"]


def test_a_member_that_died_behind_the_switch_keeps_no_host_waiting(hosts: list[ApartHost], tmp_path: Path) -> None:
    shared = table(hosts, tmp_path / "table")
    shared.take(Seat("web3", "switched"))
    answers = take_part(shared, hosts[:2])
    assert all("were not reached within 1 s" in answer["msg"] for answer in answers.values())
    assert {answer["exit_code"] for answer in answers.values()} == {3}
    assert serve(hosts) == ["1.0.0"] * 3


def test_hosts_that_hear_nothing_any_more_go_back_by_themselves(hosts: list[ApartHost], tmp_path: Path) -> None:
    """As where whoever releases is killed: one host switched, one is prepared, one was never asked."""
    for host in hosts[:2]:
        assert host.submit()["verdict"] == "prepared"
    assert hosts[0].speak("go", "")["verdict"] == "serving"
    assert serve(hosts) == ["1.1.0", "1.0.0", "1.0.0"]
    began = time.monotonic()
    for host in hosts:
        host.rest()
    assert time.monotonic() - began < 2 * SILENCE + 1
    assert serve(hosts) == ["1.0.0"] * 3
    assert hosts[0].speak("confirm", "")["failed"], "the word comes too late"
    assert "was not heard of" in hosts[1].speak("go", "")["msg"]


def test_each_word_lengthens_the_patience_of_a_host(hosts: list[ApartHost]) -> None:
    host = hosts[0]
    host.submit()
    for _ in range(2):
        time.sleep(SILENCE * 0.7)
        assert host.speak("look", "")["verdict"] == "prepared"
    assert host.speak("go", "")["verdict"] == "serving"
    for _ in range(2):
        time.sleep(SILENCE * 0.7)
        assert host.speak("look", "")["verdict"] == "unconfirmed"
    assert host.speak("confirm", "")["verdict"] == "confirmed"
    assert host.speak("confirm", "")["verdict"] == "confirmed", "said twice, as where an answer was lost"
    host.rest()
    assert host.serves == "1.1.0"


def test_an_engine_that_was_killed_behind_the_switch_settles_anew(hosts: list[ApartHost], tmp_path: Path) -> None:
    host = hosts[0]
    host.dies = True
    host.submit()
    assert host.speak("go", "")["verdict"] == "serving"
    host.rest()
    assert host.serves == "1.1.0"
    host.settle()  # the next run: nobody speaks any more
    assert host.serves == "1.0.0"


def test_hosts_that_would_serve_something_else_do_not_switch(hosts: list[ApartHost], tmp_path: Path) -> None:
    hosts[1].wanted = "1.1.1"
    answers = take_part(table(hosts, tmp_path / "table"), hosts)
    assert serve(hosts) == ["1.0.0"] * 3
    assert all("would serve other words or images" in answer["msg"] for answer in answers.values())
    assert {answer["exit_code"] for answer in answers.values()} == {5}


def test_all_wait_for_the_first_host_or_for_every_one_before(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    assert [Table(tmp_path, names).before(name) for name in names] == [(), ("a",), ("a", "b")]
    assert [Table(tmp_path, names, one_by_one=False).before(name) for name in names] == [(), ("a",), ("a",)]


def test_what_is_written_at_the_table_is_what_all_see(tmp_path: Path) -> None:
    shared = Table(tmp_path, ("a", "b"))
    shared.take(Seat("a", "prepared", "x"))
    assert not together.all_are(shared.seats(), shared.hosts, "prepared")
    shared.take(Seat("b", "apart"))
    assert together.all_are(shared.seats(), shared.hosts, "prepared")
    assert not together.all_are(shared.seats(), shared.hosts, "switched")
    assert together.fault(shared.seats()) is None
