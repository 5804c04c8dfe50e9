"""What in the catalogue is not what its stage wrote, and having that done anew.

Scans of single contents answer for their rows by `curate.catalog.rowsums`; of a table that a
stage writes whole, the record of its run has the count and the sum.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.derived import derived
from curate.catalog.rowsums import answered_for, changed_scans, drop_scans, scans, table_sum
from curate.catalog.tables import Catalog
from curate.engine.records import recorded
from curate.schema import conform, key_of

# A table that a stage writes whole: the stage and the table.
Output = tuple[str, str]
_WHOLE = "*"
# What is said to be readable has a row of its content.
_WITHOUT_CONTENT = """
SELECT media_id FROM sightings
WHERE status = 'readable' AND sha256 NOT IN (SELECT sha256 FROM content) ORDER BY media_id
"""


def changed(catalog: Catalog) -> pa.Table:
    """Return what is not what its stage wrote: rows of the view ``changed``."""
    outputs = recorded_outputs(catalog)

    def make() -> dict[str, pa.Table]:
        rows = [
            {"about": about, "written_in": scan}
            for scan, keys in _changed_scans(catalog).items()
            for about in pc.unique(keys[key_of(scan)[0]]).to_pylist()
        ]
        rows += [
            {"about": _WHOLE, "written_in": name}
            for stage, name in sorted(outputs)
            if written_by(catalog, stage, name) != outputs[stage, name]
        ]
        return {"changed": conform(rows, "changed")}

    inputs = tuple(sorted({*_scanned(), *(name for _, name in outputs)}))
    beside = json.dumps(sorted([*key, json.dumps(value)] for key, value in outputs.items()))
    return derived(catalog, "changed", inputs, make, beside=beside)["changed"]


def drop_changed(catalog: Catalog) -> int:
    """Take scans that were changed out of the catalogue, so that they are pending again.

    Returns:
        How many rows went.
    """
    gone = 0
    # A sighting whose content went is changed in its turn.
    while any(about != _WHOLE for about in changed(catalog)["about"].to_pylist()):
        gone += sum(
            drop_scans(catalog, scan, keys)
            for scan, keys in _changed_scans(catalog).items()
            if keys.num_rows
        )
    return gone


def written_by(catalog: Catalog, stage: str, name: str) -> dict[str, Any]:
    """Return the count and sum of the rows that a stage has in a table."""
    rows = catalog.read(name)
    if "stage" in rows.column_names:
        rows = rows.filter(pc.starts_with(rows["stage"], f"{stage}/"))
    return table_sum(rows, name)


def recorded_outputs(catalog: Catalog) -> dict[Output, dict[str, Any]]:
    """Return what each stage wrote last into each table that it writes whole."""
    rows = catalog.connect("runs").execute(
        "SELECT outputs FROM runs WHERE status = 'done' AND outputs IS NOT NULL "
        "ORDER BY started_at, run_id"
    )
    return {
        (one["stage"], one["table"]): {"rows": one["rows"], "sum": one["sum"]}
        for (text,) in rows.fetchall()
        for one in json.loads(text)
    }


def as_outputs(found: dict[Output, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return counts and sums as the record of a run has them."""
    return [{"stage": stage, "table": name, **sums} for (stage, name), sums in found.items()]


@contextmanager
def sums_kept(catalog: Catalog, clock: Callable[[], datetime], verb: str) -> Iterator[None]:
    """Record anew what stages have in tables from which others take rows, within.

    What was not as it was written before stays so.

    Args:
        catalog: The tables.
        clock: Gives the present instant.
        verb: Who takes rows out.
    """
    before = recorded_outputs(catalog)
    right = {key: sums for key, sums in before.items() if written_by(catalog, *key) == sums}
    yield
    after = {key: written_by(catalog, *key) for key in right}
    if new := {key: sums for key, sums in after.items() if sums != right[key]}:
        with recorded(catalog, clock, verb, {"about": "sums of tables"}) as record:
            record["outputs"] = as_outputs(new)


def _scanned() -> set[str]:
    return {name for scan in scans() for name in (scan, *answered_for(scan))}


def _changed_scans(catalog: Catalog) -> dict[str, pa.Table]:
    found = changed_scans({name: catalog.read(name) for name in sorted(_scanned())})
    lacking = catalog.connect("sightings", "content").sql(_WITHOUT_CONTENT).to_arrow_table()
    keys = found["sightings"]
    both = pa.concat_tables([keys, lacking.cast(keys.schema)])
    return {**found, "sightings": both.group_by("media_id").aggregate([])}
