from pathlib import Path

import pytest

from slipway.host import drain

# Recorded in a container: a listener on 8000, two clients, one of them leaving, one connection to a database.
TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 52791 1 0000000000000000 100 0 0 10 0
   1: 0301D50A:1F40 014DFF0A:C8E2 01 00000000:00000000 00:00000000 00000000  1000        0 52801 1 0000000000000000 20 4 30 10 -1
   2: 0301D50A:1F40 014DFF0A:C8E4 06 00000000:00000000 03:00000F4C 00000000     0        0 0 3 0000000000000000
   3: 0301D50A:9C40 0200D50A:1538 01 00000000:00000000 00:00000000 00000000  1000        0 52810 1 0000000000000000 20 4 30 10 -1
"""


def test_only_open_connections_to_the_ports_count() -> None:
    assert drain.open_connections(TABLE, [8000]) == 1
    assert drain.open_connections(TABLE, [8000, 9000]) == 1
    assert drain.open_connections(TABLE, [5432]) == 0, "what the application opened itself is no client"


def test_both_address_families_count(tmp_path: Path) -> None:
    folder = tmp_path / "77" / "net"
    folder.mkdir(parents=True)
    (folder / "tcp").write_text(TABLE)
    assert drain.connections_of(77, [8000], tmp_path) == 1
    (folder / "tcp6").write_text(TABLE)
    assert drain.connections_of(77, [8000], tmp_path) == 2


def test_a_process_that_is_gone_has_no_connections(tmp_path: Path) -> None:
    assert drain.connections_of(0, [8000], tmp_path) == 0
    assert drain.connections_of(78, [8000], tmp_path) == 0


def test_a_drain_ends_when_nothing_is_open_or_at_the_limit() -> None:
    left = iter([2, 1, 0])
    assert drain.wait(lambda: next(left), 30, lambda: False) == 0
    assert drain.wait(lambda: 3, 0, lambda: False) == 3


def test_a_drain_is_put_off_for_what_waits() -> None:
    with pytest.raises(drain.Postponed):
        drain.wait(lambda: 3, 30, lambda: True)
