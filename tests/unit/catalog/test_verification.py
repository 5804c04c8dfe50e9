"""Verification: every way of changing a ledger is told, with the entry where it begins."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from curate.catalog import merkle
from curate.catalog.checkpoints import Checkpoint
from curate.catalog.entries import new_entry
from curate.catalog.ledger import Ledger
from curate.catalog.merkle import Frontier
from curate.catalog.verification import MOST_PROBLEMS
from curate.errors import InvalidFileError, VerificationError
from tests.factories import consent, day, event, subject


def said(path: Path) -> Ledger:
    """Return a ledger at `path` of seven entries under four heads."""
    ledger = Ledger(path)
    ledger.record("subjects", [subject("p01"), subject("p02")], recorded_at=day(1))
    ledger.record("consents", [consent(f"c{n}") for n in range(3)], recorded_at=day(2))
    ledger.record("consent_events", [event(day(1))], recorded_at=day(3))
    ledger.record("consent_events", [event(day(2), "ConsentWithdrawn")], recorded_at=day(4))
    return ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger of seven entries."""
    return said(tmp_path / "ledger.sqlite")


def tamper(ledger: Ledger, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """Change the file as one would who can: without its triggers, which are put back."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for sql, values in statements:
            connection.execute(sql, values)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def entry_texts(ledger: Ledger, since: Checkpoint | None = None) -> list[str]:
    """Return the problems that verifying tells."""
    return [str(problem) for problem in ledger.verify(since).problems]


def rewrite(
    ledger: Ledger, index: int, *, recorded_at: str = "", heads: bool
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return how to replace an entry by a consistent one, and the heads after it if wanted."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        rows = connection.execute("SELECT * FROM entries ORDER BY log_index").fetchall()
        sizes = [size for (size,) in connection.execute("SELECT size FROM heads")]
    _, kind, record_id, at, record, *_ = rows[index]
    forged = new_entry(index, kind, record_id, record, recorded_at or at)
    rows[index] = forged
    change = "UPDATE entries SET (recorded_at, salt, commitment, leaf) = (?, ?, ?, ?)"
    fields = (forged.recorded_at, forged.salt, forged.commitment, forged.leaf, index)
    changes: list[tuple[str, tuple[Any, ...]]] = [(f"{change} WHERE log_index = ?", fields)]
    frontier = Frontier()
    for row in rows:
        frontier.append(row[7])
        if heads and frontier.size in sizes:
            values = (frontier.root(), frontier.edge, frontier.size)
            changes.append(("UPDATE heads SET root = ?, edge = ? WHERE size = ?", values))
    return changes


def test_ledger_that_was_only_added_to_verifies(ledger: Ledger) -> None:
    """As it is, since a checkpoint of now, and since one before it grew."""
    before = ledger.checkpoint()
    ledger.record("consents", [consent("c9")], recorded_at=day(5))

    for since in (None, before, ledger.checkpoint(), Ledger(ledger.path.parent / "0").checkpoint()):
        found = ledger.verify(since)
        assert found
        assert (found.size, found.heads, found.erased, found.problems) == (8, 5, 0, ())
        assert found.root.hex() == ledger.root()[1]
        found.demand()


def test_verifying_changes_no_byte(ledger: Ledger) -> None:
    """Evidence stays as it was found."""
    before = ledger.path.read_bytes()

    ledger.verify(ledger.checkpoint())

    assert ledger.path.read_bytes() == before
    assert [path.name for path in ledger.path.parent.iterdir()] == [ledger.path.name]


def test_no_ledger_is_an_empty_one(tmp_path: Path, ledger: Ledger) -> None:
    """Unless a checkpoint says that there was one."""
    missing = Ledger(tmp_path / "none.sqlite")

    assert missing.verify()
    assert entry_texts(missing, ledger.checkpoint()) == [
        "entry 0: it is missing: there is no ledger"
    ]
    assert not missing.path.exists()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SET record = replace(record, 'c1', 'c9')", "its record or salt was changed"),
        ("SET salt = zeroblob(32)", "its record or salt was changed"),
        ("SET commitment = zeroblob(32)", "its kind, place, instant or commitment was changed"),
        ("SET leaf = zeroblob(32)", "its kind, place, instant or commitment was changed"),
        ("SET kind = 'sources'", "its kind, place, instant or commitment was changed"),
        ("SET kind = 'a\"'", "its kind, place, instant or commitment was changed"),
        ("SET recorded_at = '2027'", "its kind, place, instant or commitment was changed"),
        ("SET record_id = 'c9'", "its id is not that of its record"),
        ("SET record_id = NULL", "its id is not that of its record"),
        ("SET salt = NULL", "its record or salt is not of its type"),
        ("SET record = NULL", "its record is gone, and not its salt and id"),
        (
            "SET record = NULL, salt = NULL, record_id = NULL",
            "its record is gone, and no erasure names it",
        ),
    ],
)
def test_changed_field_is_told_with_its_entry(ledger: Ledger, sql: str, told: str) -> None:
    """Each field of an entry is held by its commitment, its leaf or its erasure."""
    tamper(ledger, (f"UPDATE entries {sql} WHERE log_index = 3", ()))

    assert entry_texts(ledger)[0] == f"entry 3: {told}"
    assert not ledger.verify()


def test_first_of_several_wrong_entries_is_named(ledger: Ledger) -> None:
    """An error of the right exit status, for whoever only wants to go on if all is well."""
    tamper(ledger, ("UPDATE entries SET record_id = 'x' WHERE log_index IN (2, 5)", ()))

    with pytest.raises(VerificationError, match="changed: entry 2: its id is not") as caught:
        ledger.verify().demand(where="l")
    assert caught.value.exit_status == 4
    assert caught.value.where == "l"


def test_entry_rewritten_whole_is_told_by_the_head_over_it(ledger: Ledger) -> None:
    """A consistent forgery has another leaf: alone under its head it is named exactly."""
    tamper(ledger, *rewrite(ledger, 5, heads=False))
    alone = entry_texts(ledger)
    tamper(ledger, *rewrite(ledger, 3, heads=False))
    among = entry_texts(ledger)

    assert alone == ["entry 5: it is not what the head over 6 entries says"]
    assert among[0] == (
        "entry 2: it, or one up to entry 4, is not what the head over 5 entries says"
    )


def test_history_rewritten_whole_is_told_by_a_checkpoint_alone(ledger: Ledger) -> None:
    """Who forges the heads too deceives the file, and not what someone kept elsewhere."""
    early = ledger.checkpoint()
    ledger.record("consents", [consent("c9")], recorded_at=day(5))
    late = ledger.checkpoint()
    tamper(ledger, *rewrite(ledger, 3, heads=True))

    assert ledger.verify()
    for since in (early, late):
        assert entry_texts(ledger, since)[0].startswith(
            f"entry 0: it, or one up to entry {since.size - 1}, is not what the checkpoint says"
        )
    with pytest.raises(VerificationError, match="does not extend"):
        ledger.prove_consistency(early)


def test_another_ledger_is_told(ledger: Ledger, tmp_path: Path) -> None:
    """A checkpoint knows whose it is, even if the other says the same."""
    other = said(tmp_path / "other.sqlite")

    first = entry_texts(ledger, other.checkpoint())[0]

    assert first.startswith("entry 0: the checkpoint is of another ledger, curate-ledger/")


def test_ledger_cut_short_is_told(ledger: Ledger) -> None:
    """By its heads; by the checkpoint if they were cut too."""
    since = ledger.checkpoint()

    tamper(ledger, ("DELETE FROM entries WHERE log_index >= 5", ()))
    assert entry_texts(ledger) == [
        "entry 5: it is missing: a head covers 7 entries, 5 are there",
    ]
    tamper(ledger, ("DELETE FROM heads WHERE size > 5", ()))
    assert ledger.verify()
    assert entry_texts(ledger, since) == [
        "entry 5: it is missing: the checkpoint covers 7 entries, 5 are there",
    ]


def test_older_copy_of_the_ledger_is_told(ledger: Ledger) -> None:
    """A backup put back has lost what was said since."""
    backup = ledger.path.read_bytes()
    ledger.record("consent_events", [event(day(3), "ConsentRevoked")], recorded_at=day(5))
    since = ledger.checkpoint()

    ledger.path.write_bytes(backup)

    assert entry_texts(ledger, since)[0].startswith("entry 7: it is missing")


def test_entry_taken_from_between_is_told(ledger: Ledger) -> None:
    """The first place that does not hold what it should is named."""
    tamper(ledger, ("DELETE FROM entries WHERE log_index = 3", ()))

    assert entry_texts(ledger)[0] == "entry 3: it is missing: the next one is entry 4"


def test_entries_that_changed_places_are_told(ledger: Ledger) -> None:
    """A leaf holds its place."""
    tamper(
        ledger,
        ("UPDATE entries SET log_index = 99 WHERE log_index = 2", ()),
        ("UPDATE entries SET log_index = 2 WHERE log_index = 3", ()),
        ("UPDATE entries SET log_index = 3 WHERE log_index = 99", ()),
    )

    assert [problem.entry for problem in ledger.verify().problems[:2]] == [2, 3]


def test_entry_recorded_before_the_last_is_told(ledger: Ledger) -> None:
    """What was known when could be told two ways otherwise."""
    earlier = "2026-01-15T00:00:00.000000Z"
    tamper(ledger, *rewrite(ledger, 4, recorded_at=earlier, heads=True))

    (told,) = entry_texts(ledger)
    assert told.startswith("entry 4: it was recorded at")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DELETE FROM heads WHERE size = 7", "entry 6: it stands under no head"),
        ("DELETE FROM heads", "entry 0: it stands under no head"),
        ("UPDATE heads SET root = zeroblob(32) WHERE size = 6", "entry 5: it is not what"),
        ("UPDATE heads SET edge = zeroblob(64) WHERE size = 6", "entry 5: it is not what"),
        ("UPDATE heads SET size = 8 WHERE size = 7", "entry 7: it is missing: a head covers 8"),
    ],
)
def test_changed_heads_are_told(ledger: Ledger, sql: str, told: str) -> None:
    """What a head covers is in doubt, and named."""
    tamper(ledger, (sql, ()))

    assert entry_texts(ledger)[0].startswith(told)
    if "size = 6" not in sql:
        with pytest.raises(VerificationError, match="last head does not fit"):
            ledger.record("consents", [consent("c9")], recorded_at=day(5))


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER entries_stay",
        "DROP INDEX entries_by_record",
        "CREATE TABLE more (x)",
        "CREATE TRIGGER quiet BEFORE INSERT ON entries BEGIN SELECT RAISE(IGNORE); END",
    ],
)
def test_changed_shape_is_told(ledger: Ledger, sql: str) -> None:
    """A trigger that no longer refuses, or that refuses quietly, is no trigger of ours."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute(sql)

    texts = entry_texts(ledger)
    assert "its tables, indexes or triggers are not those of a ledger" in texts


def test_index_of_another_shape_is_told(ledger: Ledger) -> None:
    """What is read goes through the index: a withdrawal that it skips would not count."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = sql || ' ' WHERE type = 'index'")
        connection.commit()
    assert "not those of a ledger" in entry_texts(ledger)[0]


def test_ledger_of_an_older_version_is_whole_and_gets_its_index(ledger: Ledger) -> None:
    """An index that decides nothing is missing: the next entry makes it."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("DROP INDEX entries_by_subject")
        connection.commit()
    assert ledger.verify()
    before = ledger.read("consents", where=("subject_id", ["p01"]))

    ledger.record("subjects", [subject("p03")], recorded_at=day(9))

    with closing(sqlite3.connect(ledger.path)) as connection:
        plan = str(connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM entries "
            "WHERE kind = 'consents' AND json_extract(record, '$.subject_id') IN ('p1')"
        ).fetchall())  # fmt: skip
    assert "entries_by_subject" in plan
    assert ledger.read("consents", where=("subject_id", ["p01"])).equals(before)
    assert ledger.verify()


def test_byte_that_no_entry_uses_is_told_by_the_file_digest(ledger: Ledger) -> None:
    """Every entry is intact, and someone wrote into the file."""
    since = ledger.checkpoint()
    whole = bytearray(ledger.path.read_bytes())
    whole[4096 * (len(whole) // 4096 - 1) + 2000] ^= 1  # the slack of the last page

    ledger.path.write_bytes(whole)

    assert ledger.verify()
    assert entry_texts(ledger, since) == [
        "the file's bytes differ from the checkpoint's, though every entry is intact"
    ]


def test_shifted_ledger_tells_its_first_problems(tmp_path: Path) -> None:
    """Thousands of wrong entries have one cause: the list ends at a hundred."""
    ledger = Ledger(tmp_path / "l.sqlite")
    rows = [consent(f"c{n}") for n in range(300)]
    ledger.record("consents", rows, recorded_at=day(1))
    tamper(ledger, ("UPDATE entries SET salt = zeroblob(32)", ()))

    found = ledger.verify()

    assert len(found.problems) == MOST_PROBLEMS
    assert found.first is not None
    assert found.first.entry == 0


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00", b"x" * 5000])
def test_file_that_is_no_ledger_does_not_open(tmp_path: Path, content: bytes) -> None:
    """A file that was emptied is not a ledger without entries."""
    ledger = Ledger(tmp_path / "l.sqlite")
    ledger.path.write_bytes(content)

    for use in (ledger.verify, ledger.root, ledger.checkpoint, lambda: ledger.read("consents")):
        with pytest.raises(InvalidFileError, match="the ledger cannot be used"):
            use()
    assert ledger.path.read_bytes() == content


def test_entries_at_the_end_of_a_hot_log_count(ledger: Ledger) -> None:
    """A copy taken with its write-ahead log has all that was acknowledged."""
    since = ledger.checkpoint()
    with closing(sqlite3.connect(ledger.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        ledger.record("consents", [consent("c9")], recorded_at=day(5))
        copy = ledger.path.with_name("copy.sqlite")
        for suffix in ("", "-wal"):
            source = ledger.path.with_name(ledger.path.name + suffix)
            copy.with_name(copy.name + suffix).write_bytes(source.read_bytes())

    assert Ledger(copy).verify(since)
    assert Ledger(copy).root() == ledger.root()
    assert merkle.EMPTY_ROOT.hex() != ledger.root()[1]
