"""Text of others stays text in a terminal."""

import pytest

from slipway.host.commands import journal_line
from slipway.ops import operation
from slipway.printable import one_line, printable

FORGED = "id\n2026-11-21T08:00:00.000Z  ran  who=ops\x1b[2J\u202e"


def test_what_moves_a_cursor_or_hides_is_shown_as_a_question_mark() -> None:
    assert printable("a\x1b[2Jb\rc\u202ed") == "a?[2Jb?c?d"
    assert printable("größer → 1\t2\n") == "größer → 1\t2\n"


def test_a_line_stays_one() -> None:
    assert one_line("a\nb\x85c\r\nd\te") == "a b c d?e"
    assert one_line("python -m app.report") == "python -m app.report"


def test_a_command_forges_no_line_of_the_journal() -> None:
    shown = journal_line({"at": "2026-11-21T09:00:00.000Z", "event": "ran", "who": "ann as deploy", "command": FORGED})
    assert len(shown.splitlines()) == 1
    assert shown.isprintable()
    assert shown.startswith("2026-11-21T09:00:00.000Z  ran       who=ann as deploy  command=id 2026")


def test_answers_of_hosts_are_shown_without_what_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    operation.show(f"a table\n\t{FORGED}")
    operation.tell(FORGED)
    shown = capsys.readouterr()
    assert shown.out.startswith("a table\n\tid\n")
    assert "\x1b" not in shown.out + shown.err


def test_what_containers_wrote_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    operation.relay("\x1b[32mok\x1b[0m\n")
    assert capsys.readouterr().out == "\x1b[32mok\x1b[0m\n"
