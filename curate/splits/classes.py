"""Classes: what is wrong with splits and classes as a whole, and not with two entries.

A class is a label or a method within one dataset. What is told: splits that are equal or lie one
inside the other; classes that a split lacks, or that live in one split; folders of a dataset that
are in no split; and labels that contradict what was done to the media.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.splits.arrays import masks
from curate.splits.placements import Placements
from curate.splits.ties import Ties

if TYPE_CHECKING:
    import duckdb

# Each asks the views `items` (``item, id, dataset, locator, method, manipulation_type``), `placed`
# (``item, split``), `labelled` (``item, value``) and `swapped` (``item``); so do the rules.
PARTIAL = """
WITH classes AS (
    SELECT item, dataset, 'label' AS sort, value AS class FROM items JOIN labelled USING (item)
    UNION ALL
    SELECT item, dataset, 'method', method FROM items WHERE method IS NOT NULL
), wide AS (
    SELECT i.dataset, list(DISTINCT split ORDER BY split) AS every
    FROM placed p JOIN items i USING (item) GROUP BY i.dataset HAVING count(DISTINCT split) > 1
)
SELECT c.dataset, c.sort, c.class, count(DISTINCT c.item) AS entries,
       coalesce(list(DISTINCT p.split ORDER BY p.split) FILTER (p.split IS NOT NULL), [])
           AS present,
       list_filter(any_value(w.every), lambda s: NOT list_contains(present, s)) AS absent
FROM classes c JOIN wide w USING (dataset) LEFT JOIN placed p USING (item)
GROUP BY c.dataset, c.sort, c.class HAVING len(absent) > 0
ORDER BY ALL
"""
# The first folder that is not named for a split. A dataset without splits has none to lack.
FOLDERS = """
SELECT i.item, i.dataset, list_filter(
    string_split(i.locator, '/')[:-2],
    lambda f: NOT list_contains(s.names, lower(f)) AND lower(f) NOT IN (
        'train', 'training', 'val', 'valid', 'validation', 'dev', 'test', 'testing', 'eval'
    )
)[1] AS folder
FROM items i, (SELECT coalesce(list(DISTINCT lower(split)), []) AS names FROM placed) s
"""
VANISHED = f"""
SELECT f.dataset, f.folder, count(*) AS entries
FROM ({FOLDERS}) f LEFT JOIN (SELECT DISTINCT item, split FROM placed) p USING (item)
WHERE f.folder IS NOT NULL
AND f.dataset IN (SELECT dataset FROM placed JOIN items USING (item))
GROUP BY f.dataset, f.folder HAVING count(p.split) = 0
ORDER BY ALL
"""
CONTRADICTED = """
SELECT i.item, i.dataset, l.value, i.manipulation_type,
       (l.value = 'real' AND (i.manipulation_type NOT IN ('none', 'unknown')
                              OR s.item IS NOT NULL))
       OR (l.value = 'fake' AND i.manipulation_type = 'none') AS contradicts
FROM items i JOIN labelled l USING (item) LEFT JOIN swapped s USING (item)
WHERE i.manipulation_type <> 'unknown' OR s.item IS NOT NULL
"""
_INVERTED = f"""
SELECT dataset, count(*) AS labelled, count(*) FILTER (contradicts) AS contradicted
FROM ({CONTRADICTED}) GROUP BY dataset HAVING contradicted > 0 ORDER BY dataset
"""
SWAPPED = """
SELECT DISTINCT i.item FROM relations r JOIN items i ON i.id = r."left"
WHERE r.relation IN ('swap_target', 'swap_donor')
"""
_LABELLED = """
SELECT i.item, l.value FROM labels l JOIN items i ON i.id = l.media_id
WHERE l.name = 'authenticity'
"""


@dataclass(frozen=True)
class Classes:
    """What is wrong with splits and classes as a whole; each is a list of rows.

    Attributes:
        inside: ``inner_split, outer_split, entries, equal``: a split that holds nothing that
            another does not hold.
        partial: ``dataset, sort, class, entries, present, absent``: a label or method that is not
            in every split of its dataset.
        vanished: ``dataset, folder, entries``: a folder of a dataset that is in no split.
        inverted: ``dataset, labelled, contradicted``: labels that contradict what was done to the
            media; the convention is inverted where it is most of them.
    """

    inside: list[dict[str, Any]]
    partial: list[dict[str, Any]]
    vanished: list[dict[str, Any]]
    inverted: list[dict[str, Any]]


def classes(ties: Ties, tables: Mapping[str, pa.Table], placed: Placements) -> Classes:
    """Return what is wrong with splits and classes as a whole.

    Args:
        ties: The entries.
        tables: ``labels`` and ``relations``.
        placed: Which entry is in which split.
    """
    connection = in_memory()
    numbers = pa.array(np.arange(ties.entries.num_rows, dtype=np.int32))
    columns = ("dataset", "locator", "method", "manipulation_type")
    items = ties.entries.select(columns).append_column("item", numbers)
    connection.register("items", items.append_column("id", ties.entries["media_id"]))
    names = pa.array(placed.splits, pa.string()).take(pa.array(placed.split))
    connection.register("placed", pa.table({"item": placed.item, "split": names}))
    for name in ("labels", "relations"):
        connection.register(name, tables[name])
    for name, sql in (("swapped", SWAPPED), ("labelled", _LABELLED)):
        connection.register(name, connection.sql(sql).to_arrow_table())
    return Classes(
        inside=_inside(ties, placed),
        partial=_rows(connection, PARTIAL),
        vanished=[] if placed.entries == ties.entries.num_rows else _rows(connection, VANISHED),
        inverted=_rows(connection, _INVERTED),
    )


def _inside(ties: Ties, placed: Placements) -> list[dict[str, Any]]:
    """Return the splits that hold nothing that another does not hold.

    The same entry is one thing, and so are entries with the same bytes.
    """
    held = ties.groups["bytes"]
    thing = np.arange(ties.entries.num_rows) + len(held.names)
    thing[held.item] = held.group
    count, splits = ties.entries.num_rows + len(held.names), placed.splits
    found = masks(thing[placed.item], placed.split, count, len(splits))
    mask, number = np.unique(found, return_counts=True)
    has = (mask[:, None] >> np.arange(len(splits)) & 1).astype(np.int64)
    both = (has * number[:, None]).T @ has
    size = both.diagonal()
    return [
        {"inner_split": splits[a], "outer_split": splits[b], "entries": int(size[a]),
         "equal": bool(size[a] == size[b])}
        for a in range(len(splits)) for b in range(len(splits))
        if a != b and both[a, b] == size[a] and (size[a] < size[b] or a > b)
    ]  # fmt: skip


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = connection.sql(sql).to_arrow_table().to_pylist()
    return found
