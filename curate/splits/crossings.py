"""Crossings: entry by entry, what stands in another split, for the rules of the audit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.splits.groups import Groups
from curate.splits.lint import declared, entries_alone
from curate.splits.placements import Crossing, Placements, crossing
from curate.splits.ties import Ties, read_ties

# What relations tell of entries; copies, footage and people have rules over views of their own.
KINDS = ("entry", "clip", "frames", "source", "derived", "swap")
_RELATIONS = (
    *("in_split", "same_clip", "frame_of", "crop_of", "from_source", "derived_from"),
    *("swap_target", "swap_donor"),
)
SCHEMA = pa.schema([
    ("media_id", pa.int32()), ("kind", pa.string()), ("split", pa.string()),
    ("other", pa.string()), ("other_split", pa.string()), ("name", pa.string()),
])  # fmt: skip


def crossings(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return what stands in another split than each entry, of each of `KINDS`.

    Args:
        tables: A table for each of `curate.splits.ties.INPUTS`.

    Returns:
        ``media_id`` (the entry's number in the order of ids), ``kind``, ``split``, and of what it
        is tied to: ``other`` (the locator of one such entry), ``other_split``, ``name`` (what the
        group is called). One row per placement and kind, in order.
    """
    spoken = pc.is_in(tables["relations"]["relation"], value_set=pa.array(_RELATIONS))
    if not pc.any(spoken).as_py():
        return SCHEMA.empty_table()
    ties = read_ties(tables, KINDS)
    placed = declared(ties, tables["relations"])
    runs = placed.runs(ties.entries.num_rows)
    found = []
    for kind in KINDS:
        held = entries_alone(placed, ties) if kind == "entry" else ties.groups[kind]
        found.append(_rows(kind, ties, placed, held, crossing(placed, runs, held)))
    return pa.concat_tables(found)


def _rows(kind: str, ties: Ties, placed: Placements, held: Groups, found: Crossing) -> pa.Table:
    """Return one row for each placement that crosses: its first tie in the first other split."""
    if not len(found.placement):
        return SCHEMA.empty_table()
    splits, none = len(placed.splits), len(placed.item)
    split = placed.split[found.placement]
    groups, group = np.unique(found.group, return_inverse=True)
    first = np.full((len(groups), splits), none, np.int64)
    np.minimum.at(first, (group, split), found.placement)
    # Of each membership: the least placement of the group in the first of the other splits.
    there = first[group]
    there[np.arange(len(split)), split] = none
    other_split = np.argmax(there < none, axis=1)
    other = there[np.arange(len(split)), other_split]
    order = np.lexsort((found.group, other, other_split, found.placement))
    once = np.ones(len(order), bool)
    once[1:] = np.diff(found.placement[order]) != 0
    rows = order[once]
    names = pa.array(placed.splits, pa.string())
    locators = ties.entries["locator"].combine_chunks()
    columns = [
        pa.array(placed.item[found.placement[rows]]),
        pa.repeat(kind, len(rows)),
        names.take(pa.array(split[rows])),
        locators.take(pa.array(placed.item[other[rows]])),
        names.take(pa.array(other_split[rows])),
        held.names.take(pa.array(found.group[rows])),
    ]
    return pa.table([column.cast(f.type) for column, f in zip(columns, SCHEMA, strict=True)],
                    schema=SCHEMA)  # fmt: skip
