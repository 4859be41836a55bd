"""Shutting a stack as the controller asks for it: the page of the stack's folder, one word for all hosts."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import SlipwayError
from slipway.ops import maintenance
from slipway.ops.hosts import Host
from slipway.ops.maintenance import Wish
from slipway.ops.releasing import Doors, Place
from slipway.ops.silence import HostSaid
from slipway.ops.ssh import Answer

WEB1, WEB2 = Host("web1", "203.0.113.7"), Host("web2", "203.0.113.8")
ON = {
    "stack": "shop",
    "state": "on",
    "since": "2026-05-01T11:48:00.000Z",
    "who": "ops (ann@desk)",
    "why": "a new disk",
    "retry_seconds": 600,
    "bypass": "w" * 24,
    "links": [f"https://shop.example/.slipway/bypass?token={'w' * 24}"],
}


def silent(*_: object) -> Answer:
    raise AssertionError("nothing is asked")


def answering(asked: list[tuple[str, list[str], dict[str, Any]]], answer: Answer) -> Doors:
    def converse(host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        asked.append((host.name, list(command[3:]), json.loads(said)))
        return answer

    return Doors(silent, converse, print)


@pytest.fixture
def where(tmp_path: Path) -> Place:
    """Return a repository whose folder `shop` serves as the stack `shop-staging` on two hosts."""
    written = {
        "compose/shop/compose.yml": "name: shop\nservices: {}\n",
        "inventory/one/group_vars/all/stacks.yml": "stacks: {shop-staging: {compose: shop}}\n",
        "inventory/one/hosts.yml": "all: {hosts: {web1: {}, web2: {}}}\n",
    }
    for path, text in written.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return Place(tmp_path, tmp_path / "inventory/one", (WEB1, WEB2))


def test_all_hosts_get_the_page_of_the_stacks_folder_and_one_word(where: Place) -> None:
    page = where.compose / "shop" / maintenance.PAGE
    page.parent.mkdir()
    page.write_text("<p>bis bald, é</p>")
    asked: list[tuple[str, list[str], dict[str, Any]]] = []
    found = maintenance.maintain(
        where, "shop-staging", Wish("on", "a new disk", 120), answering(asked, Answer(0, json.dumps(ON), ""))
    )
    assert [(host, command) for host, command, _ in asked] == [
        ("web1", ["maintenance", "shop-staging", "on"]),
        ("web2", ["maintenance", "shop-staging", "on"]),
    ]
    first, second = (data for *_, data in asked)
    assert (first["page"], first["why"], first["retry_seconds"]) == ("<p>bis bald, é</p>", "a new disk", 120)
    assert len(first["bypass"]) == 24
    assert first["bypass"] == second["bypass"], "a link works on whichever host it leads to"
    assert found[0].page == "compose/shop/pages/maintenance.html"


def test_each_time_the_word_is_another(where: Place) -> None:
    asked: list[tuple[str, list[str], dict[str, Any]]] = []
    for _ in range(2):
        maintenance.maintain(where, "shop-staging", Wish("on"), answering(asked, Answer(0, json.dumps(ON), "")))
    assert len({data["bypass"] for *_, data in asked}) == 2
    assert {data["page"] for *_, data in asked} == {""}


def test_people_read_how_to_pass_and_how_to_end_it(where: Place) -> None:
    found = maintenance.maintain(where, "shop-staging", Wish(), answering([], Answer(0, json.dumps(ON), "")))
    assert maintenance.as_text(found).splitlines()[:4] == [
        "web1: visitors of shop see a page since 2026-05-01T11:48Z, by ops (ann@desk): a new disk",
        f"  past it    https://shop.example/.slipway/bypass?token={'w' * 24}",
        f"  in scripts the header X-Slipway-Bypass: {'w' * 24}",
        "  end it     fab maintenance shop off",
    ]
    assert maintenance.as_json(found)[0]["said"]["state"] == "on"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"state": "off", "was": "on"}, "web1: visitors see shop again"),
        ({"state": "off", "was": "off"}, "web1: visitors see shop as before"),
        ({"state": "off"}, "web1: visitors see shop"),
    ],
)
def test_people_read_that_it_is_over(where: Place, said: dict[str, str], line: str) -> None:
    answer = Answer(0, json.dumps({"stack": "shop", **said}), "")
    found = maintenance.maintain(where, "shop-staging", Wish("off"), answering([], answer))
    assert maintenance.as_text(found).splitlines()[0] == line


@pytest.mark.parametrize(
    ("stack", "wish", "said"),
    [
        ("shop-staging", Wish("of"), "'of' is neither on nor off"),
        ("shop-staging", Wish("on", retry_seconds=0), "--retry-seconds is 0"),
        ("shop-staging", Wish("on", retry_seconds=86401), "--retry-seconds is 86401"),
        ("shop-stagin", Wish("on"), "did you mean `shop-staging`"),
    ],
)
def test_what_nobody_can_mean_asks_no_host(where: Place, stack: str, wish: Wish, said: str) -> None:
    with pytest.raises(SlipwayError, match=said) as caught:
        maintenance.maintain(where, stack, wish, Doors(silent, silent, print))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff\xfe", "is not UTF-8 text"), (b" \n", "is empty"), (b"x" * (256 * 1024 + 1), "is larger")]
)
def test_a_page_that_cannot_be_shown_asks_no_host(where: Place, content: bytes, said: str) -> None:
    page = where.compose / "shop" / maintenance.PAGE
    page.parent.mkdir()
    page.write_bytes(content)
    with pytest.raises(maintenance.PageUnusable, match=said) as caught:
        maintenance.maintain(where, "shop-staging", Wish("on"), Doors(silent, silent, print))
    assert caught.value.exit_code == 2


def test_a_page_that_leads_out_of_the_stacks_folder_asks_no_host(where: Place, tmp_path: Path) -> None:
    (tmp_path / "vault.yml").write_text("DB_PASSWORD: word")
    page = where.compose / "shop" / maintenance.PAGE
    page.parent.mkdir()
    page.symlink_to(tmp_path / "vault.yml")
    with pytest.raises(maintenance.PageUnusable, match="leads out of the stack's folder"):
        maintenance.maintain(where, "shop-staging", Wish("on"), Doors(silent, silent, print))


def test_the_words_and_the_code_of_a_host_that_refuses_are_kept(where: Place) -> None:
    refusing = answering([], Answer(3, "", "nothing was ever deployed of shop here\n  next: fab deploy shop\n"))
    with pytest.raises(HostSaid, match="web1: nothing was ever deployed") as caught:
        maintenance.maintain(where, "shop-staging", Wish("off"), refusing)
    assert caught.value.exit_code == 3
