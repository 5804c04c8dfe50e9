"""Lineage: the groups that follow from what entries were made from, however far back.

What a relation points at need not be listed: a source video, or the clip that frames were taken
from, ties entries all the same. But whether an entry that is listed is that video is not known
then: it may be there under another name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.numbered import Runs
from curate.splits.arrays import distinct
from curate.splits.descent import Edges, Nodes, ancestry, representatives
from curate.splits.groups import Groups, ints

if TYPE_CHECKING:
    import duckdb

_MADE = ("frame_of", "crop_of", "swap_target", "swap_donor", "derived_from", "same_clip")

# Both ends by number; the text of an end that is not listed.
_EDGES = f"""
SELECT r.relation, a.item AS child, b.item AS parent,
       CASE WHEN a.item IS NULL THEN r."left" END AS child_id,
       CASE WHEN b.item IS NULL THEN r."right" END AS parent_id
FROM relations r
LEFT JOIN items a ON a.id = r."left"
LEFT JOIN items b ON b.id = r."right"
WHERE r.relation IN {_MADE} AND r.left_kind = 'media' AND r.right_kind = 'media'
"""
_SOURCES = """
SELECT a.item AS child, CASE WHEN a.item IS NULL THEN r."left" END AS child_id, r."right" AS name
FROM relations r LEFT JOIN items a ON a.id = r."left"
WHERE r.relation = 'from_source' AND r.left_kind = 'media'
UNION ALL
SELECT item, NULL, name FROM recordings
"""


@dataclass(frozen=True)
class Lineage:
    """What follows from what entries were made from.

    Attributes:
        groups: The groups of each kind.
        dangling: Of kinds, the entries that name something they were made from which is not in the
            catalogue.
    """

    groups: Mapping[str, Groups]
    dangling: Mapping[str, Nodes]


def descended(connection: duckdb.DuckDBPyConnection, ids: pa.Array) -> Lineage:
    """Return the groups that follow from what entries were made from, and what is not listed.

    Args:
        connection: Has the tables ``relations``, ``items`` (``item``, ``id``) and ``recordings``
            (``item``, ``name``): sources that entries name themselves.
        ids: The ids of the entries, in order.
    """
    made = connection.sql(_EDGES).to_arrow_table()
    sources = connection.sql(_SOURCES).to_arrow_table()
    texts = [made["child_id"], made["parent_id"], sources["child_id"]]
    outside = pc.unique(pa.chunked_array([c for t in texts for c in t.chunks], pa.string()))
    outside = outside.drop_null()
    names = pa.concat_arrays([ids, outside])

    def nodes(table: pa.Table, end: str) -> Nodes:
        found = pc.index_in(table[f"{end}_id"], value_set=outside)
        shifted = pc.add(found, pa.scalar(len(ids), pa.int32()))
        return ints(pc.coalesce(table[end], shifted))

    child, parent = nodes(made, "child"), nodes(made, "parent")
    relation = made["relation"].combine_chunks().dictionary_encode()
    spoken = np.array(relation.dictionary.to_pylist(), object)[relation.indices.to_numpy()]

    def edges(*relations: str) -> Edges:
        rows = np.isin(spoken, relations) if len(spoken) else np.zeros(0, bool)
        return Edges(child[rows], parent[rows])

    frames, swaps = edges("frame_of", "crop_of"), edges("swap_target", "swap_donor")
    derived, same = edges("derived_from"), edges("same_clip")
    rep = representatives(same, len(names))
    shown = _with_themselves(ancestry(frames, len(names)), len(ids))
    every = Edges(*(np.concatenate([getattr(e, end) for e in (frames, swaps, derived)])
                    for end in ("child", "parent")))  # fmt: skip
    line = _by_entry(ancestry(every.through(rep), len(names)), rep, len(ids))
    clips = shown.through(np.arange(len(names), dtype=np.int32))
    # A swap is declared to be derived from its videos as well: that is told once.
    size = len(names)
    alone = ~np.isin(derived.keys(size), swaps.keys(size))
    source = Groups.named(nodes(sources, "child"), sources["name"].combine_chunks())

    def dangling(found: Edges) -> Nodes:
        return distinct(found.child[(found.child < len(ids)) & (found.parent >= len(ids))])

    groups = {
        "frames": _grouped(shown, frames.parent, names),
        "clip": _grouped(Edges(clips.child, rep[clips.parent]), rep[same.parent], names),
        "swap": _grouped(line, rep[swaps.parent], names),
        "derived": _grouped(line, rep[derived.parent[alone]], names),
        "source": _from_sources(line, rep, source, len(names)),
    }
    outside_of = {"frames": frames, "swap": swaps, "derived": derived}
    return Lineage(groups, {kind: dangling(found) for kind, found in outside_of.items()})


def _with_themselves(found: Edges, entries: int) -> Edges:
    """Return pairs of entries and what they come from, each entry with itself too."""
    alone = np.ones(entries, bool)
    listed = found.child < entries
    alone[found.child[listed]] = False
    rest = np.flatnonzero(alone).astype(np.int32)
    return Edges(
        np.concatenate([found.child[listed], rest]), np.concatenate([found.parent[listed], rest])
    )


def _by_entry(found: Edges, rep: Nodes, entries: int) -> Edges:
    """Return pairs of entries and ancestors from pairs of what stands for them."""
    whole = _with_themselves(found, len(rep))
    runs = Runs.of(whole.child, whole.parent, len(rep))
    which, parent = runs.expand(rep[:entries])
    return Edges(which.astype(np.int32), parent)


def _grouped(found: Edges, heads: Nodes, names: pa.Array) -> Groups:
    """Return entries by those of their ancestors that are among `heads`."""
    wanted = np.zeros(len(names), bool)
    wanted[heads] = True
    rows = wanted[found.parent]
    number = np.cumsum(wanted, dtype=np.int32) - np.int32(1)
    return Groups(
        found.child[rows], number[found.parent[rows]], names.take(pa.array(np.flatnonzero(wanted)))
    )


def _from_sources(line: Edges, rep: Nodes, source: Groups, nodes: int) -> Groups:
    """Return entries by the sources of all they were made from."""
    runs = Runs.of(rep[source.item], source.group, nodes)
    which, group = runs.expand(line.parent)
    return Groups(line.child[which], group, source.names)
