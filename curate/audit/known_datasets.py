"""Sources on record, joined with the registry of known datasets.

The registry is part of the tool and not of the ledger, which holds what people said: a dataset
that is found to be withdrawn counts as such from the next version on, in every workspace and
without another ingest. What a person recorded of a source stands, but for what the registry
knows to be stricter: nobody can declare a withdrawn dataset active.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pyarrow as pa

from curate.model.known_datasets import known_datasets
from curate.schema import conform

# From the mildest to the strictest.
_STATUSES = ("active", "superseded", "restricted", "retracted")


def with_known(sources: pa.Table, named: Iterable[str | None], as_of: datetime) -> pa.Table:
    """Return the sources on record with those of the registry that entries name.

    Args:
        sources: Rows of ``sources`` on record.
        named: The sources that entries name.
        as_of: The instant whose status of a dataset counts.

    Returns:
        The rows sorted by id: one for each source on record, and for each known dataset that is
        named and on no record.
    """
    known = known_datasets()
    rows = {row["source_id"]: row for row in sources.to_pylist()}
    for source_id in known.keys() & (rows.keys() | set(named)):
        found = known[source_id].source(as_of)
        rows[source_id] = _stricter(rows[source_id], found) if source_id in rows else found
    return conform([rows[source_id] for source_id in sorted(rows)], "sources")


def _stricter(stated: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return what is on record, filled from the registry where it says nothing or less."""
    filled = {k: known.get(k) if v is None else v for k, v in stated.items()}
    flags = {*(stated["terms_flags"] or ()), *(known["terms_flags"] or ())}
    if stated["terms_flags"] is not None or known["terms_flags"] is not None:
        filled["terms_flags"] = sorted(flags)
    filled["status"] = max(stated["status"], known["status"], key=_STATUSES.index)
    return filled
