"""The ledger's file: made whole, opened only if it is one, and honest about time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from curate.catalog import ledger_file
from curate.catalog.ledger import Ledger
from curate.errors import InputError, InvalidFileError, WorkspaceBusyError
from tests.factories import consent, day


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger of one consent, recorded in April."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record("consents", [consent("c1")], recorded_at=day(4))
    return ledger


def recorded(ledger: Ledger) -> list[str]:
    """Return the instants of all entries."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        found = connection.execute("SELECT recorded_at FROM entries ORDER BY log_index")
        return [row[0] for row in found]


def test_file_that_is_there_is_left_alone(ledger: Ledger) -> None:
    """Making a ledger where one is makes none."""
    before = ledger.path.read_bytes()

    ledger_file.create(ledger.path)

    assert ledger.path.read_bytes() == before


def test_what_a_killed_maker_left_is_no_hindrance(tmp_path: Path) -> None:
    """Half a ledger never stands where the whole one will."""
    path = tmp_path / "ledger.sqlite"
    for suffix in ("", "-wal"):
        (tmp_path / f".ledger.sqlite.new{suffix}").write_bytes(b"half")

    ledger_file.create(path)

    assert [found.name for found in tmp_path.iterdir()] == ["ledger.sqlite"]
    assert Ledger(path).root()[0] == 0


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Nothing is made on the way."""
    with pytest.raises(InvalidFileError, match="cannot be used"):
        ledger_file.create(tmp_path / "none" / "l.sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pragma", ["user_version = 3", "application_id = 7"])
def test_file_of_another_program_or_version_is_refused(ledger: Ledger, pragma: str) -> None:
    """It may hold tables of the same names, and means something else."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute(f"PRAGMA {pragma}")

    with pytest.raises(InvalidFileError, match="no ledger, or one of another version"):
        ledger.record("consents", [consent("c2")], recorded_at=day(5))


def test_each_commit_is_on_disk_before_it_is_acknowledged(ledger: Ledger) -> None:
    """The file is in WAL mode, and connections wait for the disk at each commit."""
    with ledger_file.connect(ledger.path) as connection:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]

    assert found == ["wal", 2]


def test_writer_that_waited_is_recorded_with_the_one_before(ledger: Ledger) -> None:
    """It took the time before its turn came."""
    ledger.record("consents", [consent("c2")], recorded_at=day(4) - timedelta(minutes=1))

    first, second = recorded(ledger)
    assert first == second
    assert ledger.verify()


def test_clock_that_went_back_is_told(ledger: Ledger) -> None:
    """What was known at an instant must not change afterwards."""
    before = ledger.root()

    with pytest.raises(InputError, match="the clock says 2026-03-01T00:00:00") as caught:
        ledger.record("consents", [consent("c2")], recorded_at=day(3))

    assert "last entry is of 2026-04-01" in str(caught.value)
    assert ledger.root() == before


def test_ledger_that_another_holds_is_told(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while; it is not damaged, and no backup is called for."""
    monkeypatch.setattr(ledger_file, "PATIENCE_S", 0.01)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(WorkspaceBusyError, match="another command holds"):
            ledger.record("consents", [consent("c2")], recorded_at=day(5))
        with pytest.raises(WorkspaceBusyError):
            ledger.checkpoint()

    assert ledger.record("consents", [consent("c2")], recorded_at=day(5)) == 1


def test_reader_does_not_keep_statements_out(ledger: Ledger) -> None:
    """Who reads sees what was there when it began; who writes does not wait."""
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        count = "SELECT count(*) FROM entries"
        assert reader.execute(count).fetchone() == (1,)

        ledger.record("consents", [consent("c2")], recorded_at=day(5))

        assert reader.execute(count).fetchone() == (1,)
    assert ledger.root()[0] == 2


def test_ledger_behind_a_link_is_the_same(ledger: Ledger, tmp_path: Path) -> None:
    """Its log lies beside the file, not beside the link."""
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.sqlite"
    link.symlink_to(ledger.path)

    Ledger(link).record("consents", [consent("c2")], recorded_at=day(5))

    assert Ledger(link).checkpoint() == ledger.checkpoint()
    assert Ledger(link).verify(ledger.checkpoint())
