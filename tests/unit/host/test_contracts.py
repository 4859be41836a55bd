"""The way back is closed where a migration that contracts ran since."""

from pathlib import Path

import pytest

from slipway.errors import ReleaseRefused
from slipway.host import contracts, records

from .releases import folder, ran, release

ALEMBIC = "INFO  [alembic.runtime.migration] Running upgrade {} -> {}, text"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (ALEMBIC.format("0002", "0003"), True),
        (ALEMBIC.format("0003", "0004"), False),
        (ALEMBIC.format("0002, 0003", "0004"), False),
        ("  Applying shop.0003... OK", True),
        ("Applying shop.0003_drop_writer... OK", False),
        ("== 0003 DropWriter: migrated (0.0034s) ==", True),
        ("10003 rows", False),
        ("", False),
    ],
)
def test_a_revision_counts_where_it_was_applied(text: str, names: bool) -> None:
    assert list(contracts.applied(["0003"], [(7, text)])) == ([(7, "0003")] if names else [])


def test_across_it_there_is_no_way_back_and_the_reason_is_told(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.0.0"), release(2, "1.1.0"), release(3, "1.2.0"))
    ran(found, 2, migrated=ALEMBIC.format("0001", "0002"))
    ran(found, 3, migrated=ALEMBIC.format("0002", "0003"))
    with pytest.raises(ReleaseRefused, match=r"release 2 cannot come back: release 3 ran the migration 0003"):
        contracts.judge(found, 2)
    contracts.judge(found, 3)


def test_a_release_made_after_it_can_come_back(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.2.0"), release(2, "1.2.0"))
    ran(found, 1, migrated=ALEMBIC.format("0002", "0003"))
    contracts.judge(found, 1)


def test_a_migration_that_failed_applied_nothing_one_of_a_refused_release_did(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.1.0"), release(2, "1.1.0"))
    ran(found, 3, migrated=ALEMBIC.format("0002", "0003"), state="failed")
    contracts.judge(found, 1)
    ran(found, 4, migrated=ALEMBIC.format("0002", "0003"), result={"verdict": "refused", "release": 2})
    with pytest.raises(ReleaseRefused, match="release 4 ran the migration 0003"):
        contracts.judge(found, 1)


def test_the_refusal_says_where_the_schema_stands(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.0.0"), release(2, "1.2.0"))
    ran(found, 2, migrated=ALEMBIC.format("0002", "0003"))
    records.note_revision(found, 2, "migrate", "0004")
    with pytest.raises(ReleaseRefused, match=r"ran the migration 0003, .* \(the schema is at 0004 now\)"):
        contracts.judge(found, 1)


def test_a_migration_that_prints_nothing_is_known_by_where_the_schema_stands(tmp_path: Path) -> None:
    found = folder(tmp_path, *(release(number, "1.2.0") for number in (1, 2, 3, 4)))
    records.note_revision(found, 2, "migrate", "0002")
    records.note_revision(found, 3, "migrate", "0003")
    records.note_revision(found, 4, "migrate", "0003")
    with pytest.raises(ReleaseRefused, match="release 4 ran the migration 0003"):
        contracts.judge(found, 2)
    contracts.judge(found, 3)
    contracts.judge(found, 1)
