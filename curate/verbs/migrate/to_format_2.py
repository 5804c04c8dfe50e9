"""From format 1 to 2: what was said and what went out moves from the catalogue to the record.

Format 1 kept releases, their items, tombstones and refusals as tables that anybody was told to
delete when the catalogue had to be made again.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.ledger import Ledger
from curate.catalog.record import ITEMS, Record
from curate.media.refuse import KEY, key_id
from curate.model.plural import counted
from curate.schema import arrow_schema
from curate.vault.keys import own_key
from curate.verbs.migrate.columns import COLUMNS, read_stored, stored_table
from curate.verbs.migrate.step import Step
from curate.workspace import Workspace

_MOVED = ("releases", ITEMS, "tombstones", "refusals")


def _rows(place: Workspace, name: str) -> list[dict[str, Any]]:
    table = read_stored(place, name)
    return [] if table is None else table.to_pylist()


def _preview(place: Workspace) -> list[str]:
    words = {
        "releases": "releases",
        ITEMS: "items of releases",
        "tombstones": "tombstones of feeds",
        "refusals": "refusals of what was erased",
    }
    found = ((words[name], read_stored(place, name)) for name in _MOVED)
    return [f"{table.num_rows:,} {what} move to the ledger and record/"
            for what, table in found if table is not None]  # fmt: skip


def lost(place: Workspace) -> list[str]:
    """Return a sentence for each thing of the record that was there and that no table holds.

    Tables that are gone read as empty, and a migration that went on would record that nothing
    went out and nothing was erased. What lies beside them, and the runs, tell that there was more.
    """
    found = []
    known = {row["name"] for row in _rows(place, "releases")}
    known |= {row["name"] for row in Record(Ledger(place.ledger)).rows()}
    built = {folder.name for folder in place.releases.glob("[!.]*") if folder.is_dir()}
    built |= {
        json.loads(row["parameters"] or "{}").get("name", "without a name")
        for row in _rows(place, "runs")
        if row["verb"] == "release build" and row["status"] == "done"
    }
    if missing := sorted(built - known):
        found.append(
            f"{counted(len(missing), 'release')} went out that catalog/releases does not hold, "
            f"such as {missing[0]}"
        )
    if known and not place.root.joinpath("record").exists() and stored_table(place, ITEMS) is None:
        found.append("catalog/release_items, which says what releases hold, is gone")
    refused = _rows(place, "refusals") or Ledger(place.ledger).read("refusals").num_rows
    if not refused and (place.root / KEY).exists():
        found.append(
            f"{KEY} is there, which is made when something is erased, and catalog/refusals holds "
            "nothing: what was erased would be taken in again"
        )
    if not refused and any(place.root.glob("receipts/erasure-*.json")):
        found.append("receipts tell of erasures, and catalog/refusals holds nothing of them")
    if not any(place.catalog.glob("*/_delta_log")):
        found.append(
            "the folder catalog/ holds no tables: this format kept in it what went out, what was "
            "called back and what was erased"
        )
    return found


def _run(place: Workspace, now: datetime) -> None:
    ledger = Ledger(place.ledger)
    _move_releases(place, Record(ledger), now)
    ledger.record("tombstones", _batches(_rows(place, "tombstones")), recorded_at=now)
    ledger.record("refusals", _refusals(place), recorded_at=now)
    # Only once all of it is in the ledger do the tables go.
    for name in _MOVED:
        shutil.rmtree(place.catalog / name, ignore_errors=True)
    shutil.rmtree(place.catalog / ".derived", ignore_errors=True)


def _move_releases(place: Workspace, record: Record, now: datetime) -> None:
    items = read_stored(place, ITEMS)
    known = {row["release_id"] for row in record.releases()}
    for row in sorted(_rows(place, "releases"), key=lambda row: row["built_at"]):
        if row["release_id"] in known:
            continue
        mine = arrow_schema(ITEMS).empty_table()
        if items is not None:
            mine = items.filter(pc.equal(items["release_id"], row["release_id"]))
        record.add_release(row, _declared(mine), recorded_at=now)


def _declared(items: pa.Table) -> pa.Table:
    """Return the columns of items that are declared; older versions wrote no others."""
    return items.select([n for n in items.column_names if n in arrow_schema(ITEMS).names])


def _batches(stones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return tombstones as the ledger has them: one record for all that have a salt."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in stones:
        batch = found.setdefault(
            (row["use"], row["salt"]),
            {"use": row["use"], "salt": row["salt"], "digests": [],
             "recalled_at": row["recalled_at"]},
        )  # fmt: skip
        batch["digests"].append(row["digest"])
        batch["recalled_at"] = min(batch["recalled_at"], row["recalled_at"])
    return [{**batch, "digests": sorted(batch["digests"])} for batch in found.values()]


def _refusals(place: Workspace) -> list[dict[str, Any]]:
    rows = _rows(place, "refusals")
    if not rows:
        return []
    made_with = key_id(own_key(place.root / KEY))
    return [
        {"digest": row["digest"], "of": "content", "key_id": made_with,
         "pdq": None if row["pdq"] is None else row["pdq"].hex(),
         "refused_since": row["refused_since"]}
        for row in rows
    ]  # fmt: skip


STEPS = (Step("record", _preview, _run), COLUMNS)
