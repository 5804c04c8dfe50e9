"""Erasure: nothing of the person stays in the file, and everything else does, provably."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from curate.catalog import ledger_file
from curate.catalog.ledger import Ledger
from curate.errors import InputError, InvariantError, UnknownNameError
from tests.factories import consent, day, event, subject

BASIS = "GDPR Art. 17(1)(b)"
WHO = "pseudonym-of-the-erased"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger that says things of one person among fifty, in several kinds."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    people = [subject(WHO), *(subject(f"p{n}") for n in range(50))]
    consents = [consent("secret-consent", WHO, withdrawal_method="x" * 9000 + WHO)]
    ledger.record("subjects", people, recorded_at=day(1))
    ledger.record("consents", [consent(f"c{n}", f"p{n}") for n in range(50)], recorded_at=day(2))
    ledger.record("consents", consents, recorded_at=day(2))
    ledger.record(
        "consent_events", [event(day(1), consent_id="secret-consent", subject=WHO)],
        recorded_at=day(3),
    )  # fmt: skip
    return ledger


def bytes_beside(ledger: Ledger) -> bytes:
    """Return everything that lies in the ledger's folder."""
    return b"".join(path.read_bytes() for path in sorted(ledger.path.parent.iterdir()))


def test_no_byte_of_the_person_stays(ledger: Ledger) -> None:
    """Neither text nor salt nor id: not in free pages, slack, log or index."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        salts = [
            salt
            for (salt,) in connection.execute(
                "SELECT salt FROM entries WHERE record LIKE ?", (f"%{WHO}%",)
            )
        ]
    sought = [WHO.encode(), b"secret-consent", b"x" * 50, *salts]
    assert all(text in bytes_beside(ledger) for text in sought)

    ledger.erase(WHO, basis=BASIS, recorded_at=day(4))

    assert len(sought) == 6
    assert not any(text in bytes_beside(ledger) for text in sought)


def test_everything_else_stays(ledger: Ledger) -> None:
    """Records of others read as before, and the person's are gone."""
    before = ledger.read("consents")

    ledger.erase(WHO, basis=BASIS, recorded_at=day(4))

    assert ledger.read("consents").equals(before.filter([i != 50 for i in range(51)]))
    assert ledger.read("subjects").num_rows == 50
    assert ledger.read("consent_events").num_rows == 0


def test_erasure_is_on_the_record(ledger: Ledger) -> None:
    """What, how much, when and why; by places, and not by name."""
    erased = ledger.erase(WHO, basis=BASIS, recorded_at=day(4))

    (row,) = ledger.read("erasures").to_pylist()
    assert erased.kinds == {0: "subjects", 101: "consents", 102: "consent_events"}
    assert row == {
        "erasure_id": erased.erasure_id,
        "erased_at": day(4),
        "basis": BASIS,
        "entry_count": 3,
        "kinds": ["consent_events", "consents", "subjects"],
        "entries": [0, 101, 102],
    }


def test_erased_ledger_verifies(ledger: Ledger) -> None:
    """Since before the erasure, and since after it."""
    since = ledger.checkpoint()

    ledger.erase(WHO, basis=BASIS, recorded_at=day(4))

    for kept in (since, ledger.checkpoint()):
        found = ledger.verify(kept)
        assert found
        assert found.erased == 3


def test_record_that_came_back_is_told(ledger: Ledger) -> None:
    """An erasure that a backup undid is no erasure."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        old = connection.execute("SELECT * FROM entries WHERE log_index = 0").fetchone()
    ledger.erase(WHO, basis=BASIS, recorded_at=day(4))
    with closing(sqlite3.connect(ledger.path)) as connection:
        trigger = "entries_only_lose_their_record"
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = ?", (trigger,)
        ).fetchone()
        connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(
            "UPDATE entries SET record_id = ?, record = ?, salt = ? WHERE log_index = 0",
            (old[2], old[4], old[5]),
        )
        connection.execute(sql)
        connection.commit()

    texts = [str(problem) for problem in ledger.verify().problems]
    assert texts == ["entry 0: entry 103 erased it, and its record is there"]


@pytest.mark.parametrize(
    "change",
    [
        "record = NULL",
        "salt = NULL",
        "record = NULL, salt = NULL",
        "record = NULL, salt = NULL, record_id = NULL, leaf = zeroblob(32)",
        "record = NULL, salt = NULL, record_id = NULL, log_index = 999",
        "record = '{}', salt = zeroblob(32), record_id = 'x'",
    ],
)
def test_file_allows_no_other_change(ledger: Ledger, change: str) -> None:
    """Id, record and salt go together, or nothing does."""
    with (
        closing(sqlite3.connect(ledger.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(f"UPDATE entries SET {change} WHERE log_index = 7")


def test_erased_entry_cannot_be_filled_again(ledger: Ledger) -> None:
    """Not even with what it had."""
    ledger.erase(WHO, basis=BASIS, recorded_at=day(4))

    with (
        closing(sqlite3.connect(ledger.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute("UPDATE entries SET record = '{}' WHERE log_index = 0")


def test_only_other_kinds_can_be_kept(ledger: Ledger) -> None:
    """The request to erase may stay as evidence; a grant without its withdrawal may not."""
    request = {
        "request_id": "q1", "kind": "erasure", "received_at": day(3), "state": "received",
        "subject_id": WHO,
    }  # fmt: skip
    ledger.record("requests", [request], recorded_at=day(3))

    with pytest.raises(InvariantError, match="cannot leave consents"):
        ledger.erase(WHO, basis=BASIS, recorded_at=day(4), keep=["consents"])
    ledger.erase(WHO, basis=BASIS, recorded_at=day(4), keep=["requests"])

    assert ledger.read("requests")["subject_id"].to_pylist() == [WHO]


def test_unknown_subject_is_told(ledger: Ledger, tmp_path: Path) -> None:
    """Nothing is recorded; what is erased already is not known any more."""
    ledger.erase(WHO, basis=BASIS, recorded_at=day(4))
    before = ledger.root()

    for each in (ledger, Ledger(tmp_path / "none.sqlite")):
        with pytest.raises(UnknownNameError, match="no entry of the ledger is about"):
            each.erase(WHO, basis=BASIS, recorded_at=day(5))
    assert ledger.root() == before


def test_basis_that_names_the_subject_is_refused(ledger: Ledger) -> None:
    """It would outlive the erasure."""
    with pytest.raises(InputError, match="names the subject"):
        ledger.erase(WHO, basis=f"{WHO} asked", recorded_at=day(4))


def test_erasure_that_was_interrupted_is_finished_by_the_next_writer(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the record of it and the rewriting of the file the power may fail."""
    with monkeypatch.context() as patch:
        patch.setattr(ledger_file, "scrub", lambda _: None)
        ledger.erase(WHO, basis=BASIS, recorded_at=day(4))
    assert ledger.verify()

    ledger.record("subjects", [subject("p99")], recorded_at=day(5))

    assert WHO.encode() not in bytes_beside(ledger)
    assert ledger.verify()
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (ledger_file.FORMAT,)
