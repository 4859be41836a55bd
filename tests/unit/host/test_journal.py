from pathlib import Path

from slipway.host.journal import Journal


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "stack" / "journal.jsonl")
    journal.append({"event": "a"})
    journal.append({"event": "b", "text": "zwei\nZeilen"})
    assert journal.entries() == [{"event": "a"}, {"event": "b", "text": "zwei\nZeilen"}]


def test_a_line_torn_by_a_power_cut_costs_only_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"event": "a"})
    with journal.path.open("a") as file:
        file.write('{"event": "b", "te')
    journal.append({"event": "c"})
    assert journal.entries() == [{"event": "a"}, {"event": "c"}]


def test_a_reader_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"event": "a"})
    offset = journal.size
    assert journal.read(offset) == ([], offset)
    journal.append({"event": "b"})
    entries, offset = journal.read(offset)
    assert entries == [{"event": "b"}]
    assert journal.read(offset)[0] == []


def test_a_half_written_line_is_not_read_yet(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.path.write_text('{"event": "a"}\n{"event": ')
    entries, offset = journal.read()
    assert entries == [{"event": "a"}]
    with journal.path.open("a") as file:
        file.write('"b"}\n')
    assert journal.read(offset)[0] == [{"event": "b"}]


def test_a_journal_that_never_was_is_empty(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").entries() == []
    assert Journal(tmp_path / "none").size == 0


def test_a_line_that_tells_no_event_costs_only_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"[secret]": "begin", "request": "1"})
    journal.append({"event": "result", "request": "1"})
    assert journal.entries() == [{"event": "result", "request": "1"}]
