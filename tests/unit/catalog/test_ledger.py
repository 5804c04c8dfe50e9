"""The ledger: append-only, replayable, and whole whoever writes at once."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from curate.catalog import merkle
from curate.catalog.ledger import Ledger, leaf
from curate.errors import InvalidFileError, InvariantError
from curate.schema import arrow_schema, conform, table_names
from tests import factories
from tests.factories import consent, day, event, subject


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger without entries."""
    return Ledger(tmp_path / "ledger.sqlite")


def query(ledger: Ledger, sql: str) -> list[tuple[object, ...]]:
    """Return what plain SQLite finds in the ledger's file."""
    connection = sqlite3.connect(ledger.path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("kind", table_names("ledger"))
def test_ledger_that_was_never_written_reads_as_empty(ledger: Ledger, kind: str) -> None:
    """Reading makes no file."""
    assert ledger.read(kind).equals(arrow_schema(kind).empty_table())
    assert ledger.root() == (0, merkle.root([]).hex())
    assert not ledger.path.exists()


def test_records_come_back_as_they_went(ledger: Ledger) -> None:
    """Lists, instants, days and numbers survive, and rows are sorted by key."""
    rows = [
        consent("c2", valid_from=day(1), valid_until=datetime(2027, 1, 1, 0, 0, 0, 5, tzinfo=UTC)),
        consent("c1", purposes=[], territories=["DE", "AT"], extra='{"a":1}'),
    ]
    people = [subject(deceased_on=day(2).date(), destroy_by=day(3))]

    assert ledger.record("consents", rows, recorded_at=day(4)) == 2
    assert ledger.record("subjects", people, recorded_at=day(4)) == 1

    assert ledger.read("consents").equals(conform(rows[::-1], "consents"))
    assert ledger.read("subjects").equals(conform(people, "subjects"))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Quotes, line breaks and NUL are text like any other."""
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "l.sqlite")

    ledger.record("consents", [consent(withdrawal_method=text)], recorded_at=day(1))

    assert ledger.read("consents")["withdrawal_method"].to_pylist() == [text]


def test_same_record_twice_adds_nothing(ledger: Ledger) -> None:
    """Importing a file again changes nothing, at whatever hour."""
    ledger.record("consents", [consent("c1"), consent("c2")], recorded_at=day(1))
    before = ledger.root()

    assert ledger.record("consents", [consent("c2"), consent("c1")], recorded_at=day(2)) == 0
    assert ledger.root() == before


def test_latest_record_counts(ledger: Ledger) -> None:
    """Saying something new of a record, and going back to the old, are entries each."""
    for number, audience in enumerate(("internal", "public", "internal"), 1):
        rows = [consent(audience_max=audience)]
        assert ledger.record("consents", rows, recorded_at=day(number)) == 1

    assert ledger.read("consents")["audience_max"].to_pylist() == ["internal"]
    assert ledger.root()[0] == 3


def test_what_was_known_at_an_instant(ledger: Ledger) -> None:
    """An entry is known from the instant of its recording on, that instant included."""
    ledger.record("consents", [consent(audience_max="public")], recorded_at=day(2))
    ledger.record("consents", [consent(audience_max="internal")], recorded_at=day(4))

    def known(moment: datetime) -> list[str]:
        return ledger.read("consents", known_at=moment)["audience_max"].to_pylist()

    assert known(day(2) - timedelta(microseconds=1)) == []
    assert known(day(2)) == known(day(3)) == ["public"]
    assert known(day(4)) == known(day(5)) == ["internal"]


def test_fractions_of_a_second_are_in_order(ledger: Ledger) -> None:
    """Text order is time order: a whole second comes before its half, and after the last one's."""
    second = datetime(2026, 5, 1, 12, 0, 1, tzinfo=UTC)
    moments = [second + timedelta(microseconds=n) for n in (-1, 0, 1, 100_000, 500_000, 999_999)]
    for number, moment in enumerate(moments):
        ledger.record("consents", [consent(extra=str(number))], recorded_at=moment)

    for number, moment in enumerate(moments):
        found = ledger.read("consents", known_at=moment)["extra"].to_pylist()
        assert found == [str(number)]


def test_instants_of_other_zones_are_the_same(ledger: Ledger) -> None:
    """A zone is how an instant is written, not when it was."""
    from zoneinfo import ZoneInfo

    there = datetime(2026, 5, 1, 2, tzinfo=ZoneInfo("Europe/Berlin"))
    ledger.record("consents", [consent(valid_from=there)], recorded_at=there)

    assert ledger.read("consents", known_at=day(5))["valid_from"].to_pylist() == [day(5)]
    assert ledger.read("consents", known_at=day(5) - timedelta(seconds=1)).num_rows == 0


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM entries",
        "UPDATE entries SET record = '{}'",
        "UPDATE entries SET recorded_at = '2020'",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries",
    ],
)
def test_entries_are_neither_changed_nor_deleted(ledger: Ledger, sql: str) -> None:
    """The file itself refuses, whoever opens it."""
    ledger.record("consents", [consent()], recorded_at=day(1))
    before = query(ledger, "SELECT * FROM entries")

    connection = sqlite3.connect(ledger.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(sql)
    connection.close()

    assert query(ledger, "SELECT * FROM entries") == before


def test_leaves_commit_to_their_records(ledger: Ledger) -> None:
    """Whoever holds record and salt can recompute the commitment, the leaf and the root."""
    import hmac

    ledger.record("consents", [consent("c1"), consent("c2")], recorded_at=day(1))
    ledger.record("consent_events", [event(day(1))], recorded_at=day(2))

    rows = query(
        ledger,
        "SELECT log_index, kind, recorded_at, record, salt, commitment, leaf FROM entries "
        "ORDER BY log_index",
    )

    leaves = []
    for index, kind, at, record, salt, commitment, kept in rows:
        assert record == rfc8785.dumps(json.loads(str(record))).decode()
        assert hmac.digest(salt, str(record).encode(), "sha256") == commitment  # type: ignore[arg-type]
        leaves.append(leaf(str(kind), int(str(index)), str(at), commitment))  # type: ignore[arg-type]
        assert leaves[-1] == kept
    assert [row[0] for row in rows] == [0, 1, 2]
    assert ledger.root() == (3, merkle.root(leaves).hex())


def test_salts_differ(ledger: Ledger) -> None:
    """Equal records cannot be told from their commitments."""
    ledger.record("consents", [consent(extra="1")], recorded_at=day(1))
    ledger.record("consents", [consent(extra="2")], recorded_at=day(1))
    ledger.record("consents", [consent(extra="1")], recorded_at=day(1))

    found = query(ledger, "SELECT count(DISTINCT salt), count(DISTINCT commitment) FROM entries")
    assert found == [(3, 3)]


def test_all_or_none(ledger: Ledger) -> None:
    """One record that is not whole keeps the others out."""
    broken = {**consent("c2"), "audience_max": None}

    with pytest.raises(InvariantError, match="audience_max"):
        ledger.record("consents", [consent("c1"), broken], recorded_at=day(1))

    assert ledger.read("consents").num_rows == 0


def test_unknown_kind_is_an_error(ledger: Ledger) -> None:
    """A table of the catalogue is none of the ledger."""
    with pytest.raises(InvariantError, match="'media' is no table of the ledger"):
        ledger.read("media")


@pytest.mark.parametrize("damage", ["garbage", "half", "page", "header"])
def test_damaged_file_is_told(ledger: Ledger, damage: str) -> None:
    """What cannot be read is an error with the place, and not an empty ledger."""
    rows = [consent(f"c{n}", extra="x" * 200) for n in range(100)]
    ledger.record("consents", rows, recorded_at=day(1))
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(
        {
            "garbage": b"no ledger at all" * 500,
            "half": whole[: len(whole) // 2],
            "page": whole[:4096],
            "header": bytes(100) + whole[100:],
        }[damage]
    )

    with pytest.raises(InvalidFileError, match="the ledger cannot be used") as caught:
        ledger.read("consents")
    assert caught.value.where == str(ledger.path)


def test_ledger_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Writing where nothing can be written is told."""
    with pytest.raises(InvalidFileError, match="the ledger cannot be used"):
        Ledger(tmp_path / "no" / "l.sqlite").record("consents", [consent()], recorded_at=day(1))


def _write(path: Path, writer: int) -> None:
    for number in range(10):
        row = consent(f"w{writer}-{number}")
        assert Ledger(path).record("consents", [row], recorded_at=factories.AS_OF) == 1


def test_writers_at_once_lose_nothing(ledger: Ledger) -> None:
    """Processes that write the same new file at once each get their entries in, once."""
    context = multiprocessing.get_context("forkserver")
    writers = [context.Process(target=_write, args=(ledger.path, n)) for n in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0] * 6
    found = ledger.read("consents")["consent_id"].to_pylist()
    assert found == sorted(f"w{w}-{n}" for w in range(6) for n in range(10))
    indexes = query(ledger, "SELECT log_index FROM entries ORDER BY log_index")
    assert indexes == [(n,) for n in range(60)]


def test_order_of_records_in_a_call_does_not_show(tmp_path: Path) -> None:
    """What is read is a function of what was said."""
    rows = [consent(f"c{n}") for n in range(5)]
    one, two = Ledger(tmp_path / "1"), Ledger(tmp_path / "2")
    one.record("consents", rows, recorded_at=day(1))
    two.record("consents", rows[::-1], recorded_at=day(1))

    assert one.read("consents").equals(two.read("consents"))
    assert isinstance(one.read("consents"), pa.Table)
