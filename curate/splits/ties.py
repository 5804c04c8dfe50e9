"""Ties: the catalogue's tables as groups of entries, one set of groups for each kind.

An entry is its number in the order of ids. What a relation points at need not be listed: a source
video, or the clip that frames were taken from, ties entries all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.numbered import Runs
from curate.splits.arrays import distinct
from curate.splits.descent import Edges, Nodes, ancestry, representatives
from curate.splits.kinds import KINDS

if TYPE_CHECKING:
    import duckdb

# What is read; `entries` is the catalogue's view, the rest are tables.
INPUTS = (
    "entries",
    "compared",
    "content",
    "depictions",
    "faces",
    "groups",
    "identities",
    "labels",
    "relations",
)

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
"""
# Relations between contents, or between entries, that hold for the pair alone.
_PAIRS = """
WITH pairs AS MATERIALIZED (
    SELECT row_number() OVER () AS pair, * FROM relations
    WHERE relation IN {relations}
)
SELECT p.pair, i.item FROM pairs p
JOIN items i ON i.sha256 = p."left" WHERE p.left_kind = 'content'
UNION ALL
SELECT p.pair, i.item FROM pairs p
JOIN items i ON i.sha256 = p."right" WHERE p.right_kind = 'content'
UNION ALL
SELECT p.pair, i.item FROM pairs p JOIN items i ON i.id = p."left" WHERE p.left_kind = 'media'
UNION ALL
SELECT p.pair, i.item FROM pairs p JOIN items i ON i.id = p."right" WHERE p.right_kind = 'media'
"""
_IDENTITY = """
SELECT i.item, 'subject ' || d.subject_id AS name
FROM items i JOIN depictions d ON d.media_id = i.id WHERE d.link_status <> 'rejected'
UNION ALL
SELECT i.item, coalesce('subject ' || p.subject_id, 'identity ' || p.identity_id)
FROM items i JOIN faces f USING (sha256) JOIN identities p USING (face_id)
WHERE p.identity_id IS NOT NULL AND p.status IS DISTINCT FROM 'disputed'
"""
_PAIRED = {
    "pixels": ("same_pixels",),
    "near": ("near_duplicate",),
    "footage": ("clip_of", "shares_footage"),
}
_BY_CONTENT = {"bytes", "pixels", "near", "chain"}
_BY_DESCENT = {"frames", "clip", "swap", "derived", "source"}
_LOOKED_AT = """
SELECT count(*) FROM items SEMI JOIN (
    SELECT sha256 FROM compared UNION ALL SELECT sha256 FROM groups
    UNION ALL
    SELECT sha256 FROM content WHERE kind = 'video' AND frames_read IS NOT NULL
    AND EXISTS (FROM groups)
) looked USING (sha256)
"""
# A real entry is no swap: nothing is left to know.
_REAL = """
SELECT i.item FROM items i JOIN labels l ON l.media_id = i.id
WHERE l.name = 'authenticity' AND l.value = 'real'
"""


@dataclass(frozen=True)
class Groups:
    """Groups of entries: a pair is one membership.

    Attributes:
        item: The entry, shape (M,).
        group: Its group, shape (M,).
        names: What each group is called, G texts.
    """

    item: Nodes
    group: Nodes
    names: pa.Array

    @classmethod
    def named(cls, item: Nodes, names: pa.Array) -> Groups:
        """Return entries grouped by a name of each membership."""
        coded = names.dictionary_encode()
        return cls(item, coded.indices.to_numpy().astype(np.int32), coded.dictionary)

    @classmethod
    def joined(cls, parts: Iterable[Groups]) -> Groups:
        """Return the groups of all parts, each as it is."""
        parts = list(parts)
        first = np.cumsum([0, *(len(p.names) for p in parts)])
        return cls(
            np.concatenate([np.empty(0, np.int32), *(p.item for p in parts)]),
            np.concatenate(
                [np.empty(0, np.int32), *(p.group + np.int32(n) for p, n in zip(parts, first,
                                                                              strict=False))]
            ),
            pa.concat_arrays([pa.array([], pa.string()), *(p.names for p in parts)]),
        )  # fmt: skip


@dataclass(frozen=True)
class Ties:
    """Entries, and the groups they are in.

    Attributes:
        entries: The entries in the order of ids.
        groups: The groups of each kind but `entry`.
        known: Of how many entries it is known what each kind needs.
    """

    entries: pa.Table
    groups: Mapping[str, Groups]
    known: Mapping[str, int]

    @property
    def ids(self) -> pa.Array:
        """The id of each entry."""
        return self.entries["media_id"].combine_chunks()


def read_ties(tables: Mapping[str, pa.Table], kinds: Iterable[str] | None = None) -> Ties:
    """Return the ties that tables tell of.

    Args:
        tables: A table for each of `INPUTS`; only ``entries`` needs rows.
        kinds: Names of the kinds that matter; all when None. Others may be there as well.
    """
    import duckdb

    wanted = {kind.name for kind in KINDS} if kinds is None else set(kinds)
    entries = tables["entries"].sort_by("media_id").combine_chunks()
    connection = duckdb.connect(":memory:")
    for name in INPUTS[1:]:
        connection.register(name, tables[name])
    numbers = pa.array(np.arange(entries.num_rows, dtype=np.int32))
    connection.register(
        "items", pa.table({"item": numbers, "id": entries["media_id"], "sha256": entries["sha256"]})
    )
    groups = _copies(entries["sha256"].combine_chunks(), tables) if wanted & _BY_CONTENT else {}
    for name, relations in _PAIRED.items():
        if name in wanted:
            pairs = _paired(connection, relations)
            groups[name] = Groups.joined([groups[name], pairs] if name in groups else [pairs])
    if "identity" in wanted:
        people = connection.sql(_IDENTITY).to_arrow_table()
        groups["identity"] = Groups.named(_ints(people["item"]), people["name"].combine_chunks())
    if wanted & _BY_DESCENT:
        groups |= _descended(connection, entries["media_id"].combine_chunks())
    ordered = {kind.name: groups[kind.name] for kind in KINDS if kind.name in groups}
    return Ties(entries, ordered, _known(connection, ordered))


def _copies(sha256: pa.Array, tables: Mapping[str, pa.Table]) -> dict[str, Groups]:
    """Return the groups that follow from what entries' bytes are and look like."""
    coded = sha256.cast(pa.string()).dictionary_encode()
    item = np.flatnonzero(sha256.is_valid()).astype(np.int32)
    content = coded.indices.drop_null().to_numpy().astype(np.int32)
    every = Groups(item, content, coded.dictionary)

    def by(table: str, column: str, *, alone: bool) -> Groups:
        """Return entries by a column of their contents; without it each content is `alone`."""
        place = pc.index_in(coded.dictionary, value_set=tables[table]["sha256"])
        found = tables[table][column].take(place).combine_chunks().dictionary_encode()
        number = found.indices.fill_null(-1).to_numpy().astype(np.int32)
        group = number[content]
        rows = group >= 0
        if not alone:
            return Groups(item[rows], group[rows], found.dictionary)
        names = pa.concat_arrays([coded.dictionary, found.dictionary])
        shift = np.int32(len(coded.dictionary))
        return Groups(item, np.where(rows, group + shift, content), names)

    return {
        "bytes": every,
        "pixels": by("content", "pixel_digest", alone=True),
        "near": by("groups", "group_id", alone=True),
        "chain": by("compared", "chain", alone=False),
    }


def _paired(connection: duckdb.DuckDBPyConnection, relations: tuple[str, ...]) -> Groups:
    listed = ", ".join(f"'{name}'" for name in relations)
    found = connection.sql(_PAIRS.format(relations=f"({listed})")).to_arrow_table()
    pair = found["pair"].to_numpy()
    many = int(pair.max(initial=0))
    return Groups(_ints(found["item"]), (pair - 1).astype(np.int32), pa.nulls(many, pa.string()))


def _descended(connection: duckdb.DuckDBPyConnection, ids: pa.Array) -> dict[str, Groups]:
    """Return the groups that follow from what entries were made from."""
    made = connection.sql(_EDGES).to_arrow_table()
    sources = connection.sql(_SOURCES).to_arrow_table()
    texts = [made["child_id"], made["parent_id"], sources["child_id"]]
    outside = pc.unique(pa.chunked_array([c for t in texts for c in t.chunks], pa.string()))
    outside = outside.drop_null()
    names = pa.concat_arrays([ids, outside])

    def nodes(table: pa.Table, end: str) -> Nodes:
        found = pc.index_in(table[f"{end}_id"], value_set=outside)
        shifted = pc.add(found, pa.scalar(len(ids), pa.int32()))
        return _ints(pc.coalesce(table[end], shifted))

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
    return {
        "frames": _grouped(shown, frames.parent, names),
        "clip": _grouped(Edges(clips.child, rep[clips.parent]), rep[same.parent], names),
        "swap": _grouped(line, rep[swaps.parent], names),
        "derived": _grouped(line, rep[derived.parent[alone]], names),
        "source": _from_sources(line, rep, source, len(names)),
    }


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


def _known(connection: duckdb.DuckDBPyConnection, groups: Mapping[str, Groups]) -> dict[str, int]:
    found = {name: int(np.count_nonzero(np.bincount(held.item))) for name, held in groups.items()}
    if found.keys() & {"near", "chain", "footage"}:
        looked = connection.execute(_LOOKED_AT).fetchall()[0][0]
        found |= {name: looked for name in ("near", "chain", "footage") if name in found}
    if "swap" in found:
        real = _ints(connection.sql(_REAL).to_arrow_table()["item"])
        found["swap"] = len(distinct(np.concatenate([groups["swap"].item, real])))
    return found


def _ints(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    return column.to_numpy().astype(np.int32)
