from pathlib import Path

from slipway.host.journal import Journal


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "stack" / "journal.jsonl")
    journal.append({"n": 1})
    journal.append({"n": 2, "text": "zwei\nZeilen"})
    assert journal.entries() == [{"n": 1}, {"n": 2, "text": "zwei\nZeilen"}]


def test_a_line_torn_by_a_power_cut_costs_only_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"n": 1})
    with journal.path.open("a") as file:
        file.write('{"n": 2, "te')
    journal.append({"n": 3})
    assert journal.entries() == [{"n": 1}, {"n": 3}]


def test_a_reader_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"n": 1})
    offset = journal.size
    assert journal.read(offset) == ([], offset)
    journal.append({"n": 2})
    entries, offset = journal.read(offset)
    assert entries == [{"n": 2}]
    assert journal.read(offset)[0] == []


def test_a_half_written_line_is_not_read_yet(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.path.write_text('{"n": 1}\n{"n": ')
    entries, offset = journal.read()
    assert entries == [{"n": 1}]
    with journal.path.open("a") as file:
        file.write("2}\n")
    assert journal.read(offset)[0] == [{"n": 2}]


def test_a_journal_that_never_was_is_empty(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").entries() == []
    assert Journal(tmp_path / "none").size == 0
