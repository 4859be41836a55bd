"""The log as nginx writes it: the recorded lines are its own, the rotation is the one of Debian (rename, then a new file)."""

import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.host import edge_log
from slipway.host.edge_log import EdgeLog, answer_of
from slipway.watch.tally import Answer

RECORDED = Path(__file__).parent / "recorded/edge.jsonl"
NOW = 1_795_272_000.0


def line(ended: float, took: float = 0.01, stack: str = "shop", **more: str) -> str:
    fields = {"ts": f"{ended:.3f}", "stack": stack, "service": "api", "kind": "plain", "uri": "/", "status": "200"}
    return json.dumps({**fields, "rt": f"{took:.3f}", "urt": f"{took:.3f}", **more}, separators=(",", ":")) + "\n"


def log(
    path: Path,
    since: float = 0.0,
    clock: Callable[[], float] = lambda: 0.0,
    asked: frozenset[tuple[str, str]] = frozenset(),
) -> EdgeLog:
    return EdgeLog(path, "shop", since, asked, clock)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "edge.json.log"


def add(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(lines))


def began(found: EdgeLog) -> list[float]:
    return [round(answer.began - NOW, 2) for answer in found.answers()]


def test_lines_of_a_real_nginx_are_understood() -> None:
    found = list(EdgeLog(RECORDED, "chat-room", 0.0).answers())
    assert [(answer.service, answer.status, answer.kind, answer.milliseconds is not None) for answer in found] == [
        ("chat", 200, "plain", True),
        ("chat", 404, "plain", True),
        ("chat", 200, "stream", True),
        ("chat", 499, "plain", True),
        ("chat", 200, "stream", True),
        ("chat", 500, "plain", True),
        ("chat", 101, "stream", True),
        ("chat", 200, "plain", True),
        ("chat", 429, "plain", False),
        ("chat", 502, "plain", True),
    ]
    gave_up = found[3]
    assert gave_up.milliseconds == pytest.approx(501)
    assert gave_up.began == pytest.approx(1795272503.687)


def test_a_request_began_when_it_ended_less_the_time_it_took(path: Path) -> None:
    add(path, line(NOW + 5, took=4.5))
    assert list(log(path).answers()) == [Answer(NOW + 0.5, "api", 200, 4500.0)]


@pytest.mark.parametrize(
    ("times", "milliseconds"),
    [("0.012", 12), ("2.001, 0.010", 2011), ("0.5 : 0.25", 750), ("-, 0.1", 100), ("", None), ("-", None)],
)
def test_the_times_of_all_replicas_that_were_tried_add_up(times: str, milliseconds: float | None) -> None:
    data = json.loads(line(NOW, urt=times))
    assert answer_of(data).milliseconds == pytest.approx(milliseconds)


def test_each_line_is_read_once_and_a_half_one_when_it_is_whole(path: Path) -> None:
    whole, half = line(NOW + 1), line(NOW + 2)
    found = log(path)
    assert began(found) == []
    add(path, whole, half[:30])
    assert began(found) == [0.99]
    add(path, half[30:])
    assert began(found) == [1.99]
    assert began(found) == []


def test_other_stacks_broken_lines_and_health_questions_are_left_out(path: Path) -> None:
    forged = line(NOW, stack="other", agent='","stack":"shop","x":"')
    broken = line(NOW)[:40] + "\n"
    add(path, line(NOW, stack="shop-two"), forged, broken, "no JSON\n", line(NOW + 1, uri="/health"), line(NOW + 2))
    assert began(log(path, asked=frozenset({("api", "/health")}))) == [1.99]


def test_lines_of_an_older_format_are_left_out(path: Path) -> None:
    add(path, '{"ts":"1.0","id":"x","status":"200","rt":"0.1","urt":"0.1"}\n', '{"stack":"shop","ts":"1.0"}\n')
    assert began(log(path)) == []


def test_bytes_that_are_no_text_do_not_stop_the_reader(path: Path) -> None:
    path.write_bytes(line(NOW, agent="x").encode().replace(b'"x"', b'"\xff\xfe"') + line(NOW + 1).encode())
    assert began(log(path)) == [-0.01, 0.99]


def test_a_rotated_log_is_read_to_its_end_and_the_new_one_from_its_begin(path: Path) -> None:
    found = log(path)
    add(path, line(NOW + 1))
    assert began(found) == [0.99]
    renamed = path.with_name("edge.json.log.1")
    path.rename(renamed)
    add(renamed, line(NOW + 2))  # workers write on into the renamed file until they are told
    assert began(found) == [1.99]
    add(path, line(NOW + 3))
    add(renamed, line(NOW + 4))
    assert sorted(began(found)) == [2.99, 3.99]


def test_a_renamed_file_is_let_go_once_nobody_writes_to_it(path: Path) -> None:
    at = [0.0]
    found = log(path, clock=lambda: at[0])
    add(path, line(NOW + 1))
    began(found)
    path.rename(path.with_name("edge.json.log.1"))
    add(path, line(NOW + 2))
    began(found)
    assert len(found.parts) == 2
    at[0] = edge_log.IDLE_SECONDS + 1
    began(found)
    assert len(found.parts) == 1
    add(path, line(NOW + 3))
    assert began(found) == [2.99]
    found.close()


def test_twenty_rotations_in_a_row_lose_no_line(path: Path) -> None:
    found, read = log(path), 0
    for round_ in range(20):
        add(path, *(line(NOW + round_ + index / 100) for index in range(50)))
        read += len(began(found)) if round_ % 3 else 0
        if round_ % 3 == 1:  # one look and at most one rotation in between, as logrotate is no quicker
            path.rename(path.with_name("edge.json.log.1"))
    assert read + len(began(found)) == 1000


def test_who_begins_late_finds_the_lines_since_the_switch_also_before_a_rotation(path: Path) -> None:
    renamed = path.with_name("edge.json.log.1")
    renamed.write_text("".join(line(NOW + second) for second in range(-20_000, 0, 10)), encoding="utf-8")
    path.write_text("".join(line(NOW + second) for second in range(0, 30_000, 10)), encoding="utf-8")
    older = path.with_name("edge.json.log.2.gz")
    older.write_bytes(gzip.compress(line(NOW).encode()))
    found = began(log(path, since=NOW - 100))
    assert found[0] == pytest.approx(-100 - 0.01)
    assert len(found) == 10 + 3000


def test_a_late_beginner_does_not_read_what_is_long_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_log, "CHUNK", 1 << 12)
    path.write_text("".join(line(NOW + second / 10) for second in range(50_000)), encoding="utf-8")
    found = began(log(path, since=NOW + 4900))
    assert (found[0], found[-1]) == (4899.99, 4999.89)
    assert len(found) == 1000


def test_the_place_to_begin_is_found_by_halving(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_log, "CHUNK", 1 << 12)
    path.write_text("".join(line(NOW + second / 10) for second in range(50_000)), encoding="utf-8")
    found = log(path, since=NOW + 4900)
    next(found.answers())
    assert found.parts[0].file.tell() > path.stat().st_size * 0.97


def test_no_log_is_no_traffic(path: Path) -> None:
    assert began(log(path)) == []


def test_a_second_of_a_busy_edge_is_read_in_a_fraction_of_it(path: Path) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
    lines = (line(NOW + index / 20_000, id="4f73902a019de2b7", args="q=" + "x" * 60, agent=agent) for index in range(20_000))
    path.write_text("".join(lines), encoding="utf-8")
    cpu = time.process_time()
    assert len(began(log(path))) == 20_000
    assert time.process_time() - cpu < 1.0  # 80,000 lines/s were measured


def test_a_line_without_end_takes_no_memory(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"x" * (3 * edge_log.LONGEST_LINE))
    found = log(path)
    began(found)
    assert len(found.parts[0].rest) < edge_log.LONGEST_LINE
    add(path, "\n", line(NOW + 1))
    assert began(found) == [0.99]


def test_a_file_that_was_emptied_is_read_from_its_begin(path: Path) -> None:
    found = log(path)
    add(path, line(NOW + 1), line(NOW + 2))
    began(found)
    os.truncate(path, 0)
    add(path, line(NOW + 3))
    assert began(found) == [2.99]


@pytest.mark.parametrize(
    ("upstream", "slot"),
    [
        ("10.255.77.1:20003", 20003),
        ("10.255.77.1:20001, 10.255.77.1:20004", 20004),
        ("10.255.77.1:20001 : 10.255.77.1:20002", 20002),
        ("shop.api.8000", 0),
        ("", 0),
        ("-", 0),
    ],
)
def test_an_answer_is_of_the_replica_that_was_asked_last(path: Path, upstream: str, slot: int) -> None:
    add(path, line(NOW, upstream=upstream))
    assert [answer.slot for answer in log(path).answers()] == [slot]
