"""Likenesses on record: doubts about people who refused, which a new catalogue must not lose.

A catalogue can be thrown away and made again, and what is gone by then, a deleted file or an erased
person, is compared with nobody any more. So each likeness to a person of whom something is on
record that stands against a use is kept in the ledger as well, and comes back from there.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from curate.model.ids import stable_id
from curate.schema import conform
from curate.verbs.names import names_in

if TYPE_CHECKING:
    from curate.catalog.ledger import Ledger
    from curate.catalog.tables import Catalog

TABLE = "likenesses"
_COLUMNS = ("face_id", "sha256", "other_subject_id", "other_face_id", "similarity", "model_id")
_ABOUT = ("consent_events", "requests", "subjects")


def record_likenesses(catalog: Catalog, ledger: Ledger, now: datetime) -> int:
    """Keep on record which faces are like those of people who refused; return how many are new.

    Args:
        catalog: The tables.
        ledger: The statements.
        now: The instant, in UTC.
    """
    from curate.audit.apart import restricted_table

    found = catalog.load("resemblances")
    if not found.num_rows:
        return 0
    statements = {name: ledger.read(name) for name in _ABOUT}
    restricted = restricted_table(statements, names_in(ledger))
    people = restricted["subject_id"].combine_chunks()
    rows = found.filter(pc.is_in(found["other_subject_id"], value_set=people))
    kept = {row["likeness_id"] for row in ledger.read(TABLE).to_pylist()}
    new = [
        {"likeness_id": stable_id("likeness", row["face_id"], row["other_subject_id"]), **row}
        for row in rows.select(list(_COLUMNS)).to_pylist()
    ]
    return ledger.record(
        TABLE, [row for row in new if row["likeness_id"] not in kept], recorded_at=now
    )


def restore_likenesses(catalog: Catalog, ledger: Ledger) -> int:
    """Put likenesses on record back where the catalogue lacks them; return how many.

    Those of files that the catalogue does not list stay on record alone.
    """
    kept = ledger.read(TABLE).drop_columns(["likeness_id"])
    if not kept.num_rows:
        return 0
    there = catalog.load("sightings")["sha256"].combine_chunks()
    kept = kept.filter(pc.is_in(kept["sha256"], value_set=there))
    have = {
        (row["face_id"], row["other_subject_id"])
        for row in catalog.load("resemblances").select(["face_id", "other_subject_id"]).to_pylist()
    }
    lacking = [
        {**row, "state": "gone"}
        for row in kept.to_pylist()
        if (row["face_id"], row["other_subject_id"]) not in have
    ]
    if lacking:
        catalog.append("resemblances", conform(lacking, "resemblances"))
    return len(lacking)
