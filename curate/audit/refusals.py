"""Refusals: entries that have copies, and that what a person said or did not say blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from curate.catalog.numbered import Runs

if TYPE_CHECKING:
    import duckdb

# Every reason of `unmet` and `standings` whose rule blocks; a test holds them against the rules.
BLOCKING = {
    "unmet": (
        *("no-consent", "withdrawn", "expired", "purpose-not-granted", "role-not-granted"),
        *("operation-not-granted", "revoked", "refused", "invalidated", "not-yet-valid"),
        *("purpose-excluded", "audience-exceeded", "commercial-not-granted"),
        *("manipulation-not-granted", "territory-not-granted", "other-media"),
        "context-forbidden",
    ),
    "standings": (
        *("minor", "destroy-by-passed", "restricted", "erased", "objected"),
        *("withdrawal-requested", "takedown", "legal-hold"),
    ),
}

_SCHEMA = pa.schema(
    [("media_id", pa.int32()), ("subject_id", pa.string()), ("reason", pa.string())]
)


def refusals(connection: duckdb.DuckDBPyConnection, stands_for: Mapping[str, Runs]) -> pa.Table:
    """Return ``media_id, subject_id, reason`` of entries with copies that are blocked for it.

    Args:
        connection: Has the facts `unmet`, `standings` and `copies`.
        stands_for: The entries of each duty and standing.
    """
    copied = connection.sql("SELECT media_id FROM copies").to_arrow_table()["media_id"].to_numpy()
    parts = [_SCHEMA.empty_table()]
    for view, key in (("unmet", "duty"), ("standings", "standing")) if len(copied) else ():
        reasons = ", ".join(f"'{reason}'" for reason in BLOCKING[view])
        rows = connection.sql(
            f"SELECT {key}, subject_id, reason FROM {view} WHERE reason IN ({reasons})"
        ).to_arrow_table()
        keys = rows[key].to_numpy().astype(np.int32)
        which, media = stands_for[key].expand(keys)
        kept = np.isin(media, copied)
        said = rows.select(["subject_id", "reason"]).take(pa.array(which[kept]))
        parts.append(said.add_column(0, "media_id", pa.array(media[kept])).cast(_SCHEMA))
    return pa.concat_tables(parts)
