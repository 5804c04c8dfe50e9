"""What the pipeline's tests let workers do: light to import, since every worker does."""

from __future__ import annotations

import os

import pyarrow as pa

from curate.errors import InputError
from curate.schema import conform


def see(
    batch: pa.Table, *, version: str, broken: str = "", deadly: str = ""
) -> dict[str, pa.Table]:
    """Return a sighting for each row; fail or die at one that is named."""
    rows = batch.to_pylist()
    if any(row["media_id"] == broken for row in rows):
        raise InputError("the item is odd", where=broken)
    if any(row["media_id"] == deadly for row in rows):
        os._exit(1)
    seen = [{**row, "status": "readable", "sha256": row["media_id"].replace("-", "") * 2,
             "probe_version": version} for row in rows]  # fmt: skip
    return {"sightings": conform(seen, "sightings")}


def unseen(batch: pa.Table, reason: str, *, version: str) -> dict[str, pa.Table]:
    """Return that a row could not be seen."""
    rows = [{**row, "status": "unreadable", "reason": reason, "probe_version": version}
            for row in batch.to_pylist()]  # fmt: skip
    return {"sightings": conform(rows, "sightings")}
