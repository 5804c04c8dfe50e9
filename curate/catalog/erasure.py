"""Erasure: destroying what the ledger says of a person, while every proof stays valid.

An erased entry loses its id, record and salt; its commitment and leaf stay, and mean nothing
without the salt (STANDARDS section 6). An entry of kind ``erasures`` says which entries, when
and why: a record that is gone without one is a change, and verifying tells it.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from curate.catalog import ledger_file
from curate.catalog.entries import canonical_texts
from curate.errors import InputError, InvariantError, UnknownNameError
from curate.schema import arrow_schema, table_names

# A withdrawal must not go while its grant stays: these are erased together or not at all.
ALWAYS_ERASED = frozenset({"subjects", "consents", "consent_events", "supersessions"})

_OF_SUBJECT = """
SELECT log_index FROM entries
WHERE kind = :kind AND record IS NOT NULL AND :subject IN (
    json_extract(record, '$.subject_id'), json_extract(record, '$.other_subject_id')
)
"""
_DESTROY = "UPDATE entries SET record_id = NULL, record = NULL, salt = NULL WHERE log_index = ?"


@dataclass(frozen=True)
class Erased:
    """What an erasure destroyed.

    Attributes:
        erasure_id: The id of the entry that says so.
        kinds: The kind of each entry that lost its record, by its place in the log.
    """

    erasure_id: str
    kinds: dict[int, str]


def check_request(subject: str, basis: str, keep: Collection[str]) -> None:
    """Refuse an erasure that would leave what it must destroy.

    Raises:
        InputError: The basis names the subject.
        InvariantError: A kind to keep may not be kept.
    """
    if subject in basis:
        raise InputError("the basis names the subject, and it would outlive the erasure")
    if kept := sorted(ALWAYS_ERASED & set(keep)):
        raise InvariantError(f"an erasure cannot leave {kept[0]}")


def erase_entries(
    connection: sqlite3.Connection,
    subject: str,
    *,
    basis: str,
    recorded_at: datetime,
    keep: Collection[str],
) -> Erased:
    """Destroy the records of a subject and append the entry that says so; in a transaction.

    The file is marked: the old bytes are still in it until `ledger_file.scrub`.

    Raises:
        UnknownNameError: No entry is about the subject.
    """
    kinds: dict[int, str] = {}
    for kind in table_names("ledger"):
        if "subject_id" in arrow_schema(kind).names and kind not in keep:
            asked = {"kind": kind, "subject": subject}
            kinds |= {n: kind for (n,) in connection.execute(_OF_SUBJECT, asked)}
    if not kinds:
        raise UnknownNameError(f"no entry of the ledger is about the subject {subject!r}")
    connection.executemany(_DESTROY, [(index,) for index in kinds])
    row = {
        "erasure_id": str(uuid.uuid4()),
        "erased_at": recorded_at,
        "basis": basis,
        "entry_count": len(kinds),
        "kinds": sorted(set(kinds.values())),
        "entries": sorted(kinds),
    }
    texts = canonical_texts("erasures", [row])
    ledger_file.append(connection, "erasures", texts, recorded_at)
    connection.execute(f"PRAGMA user_version = {ledger_file.FORMAT_TO_SCRUB}")
    return Erased(str(row["erasure_id"]), dict(sorted(kinds.items())))
