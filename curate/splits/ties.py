"""Ties: the catalogue's tables as groups of entries, one set of groups for each kind.

An entry is its number in the order of ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.memory import in_memory
from curate.model.known_datasets import known_datasets
from curate.splits.arrays import distinct
from curate.splits.descent import Nodes
from curate.splits.groups import Groups, ints
from curate.splits.kinds import KINDS
from curate.splits.lineage import descended

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
    "resemblances",
)

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
SELECT i.item, 'subject ' || coalesce(n.person, d.subject_id) AS name
FROM items i JOIN depictions d ON d.media_id = i.id LEFT JOIN names n USING (subject_id)
WHERE d.link_status <> 'rejected'
UNION ALL
SELECT i.item,
       coalesce('subject ' || coalesce(n.person, p.subject_id), 'identity ' || p.identity_id)
FROM items i JOIN faces f USING (sha256) JOIN identities p USING (face_id)
LEFT JOIN names n USING (subject_id)
WHERE p.identity_id IS NOT NULL AND p.status IS DISTINCT FROM 'disputed'
UNION ALL
-- Faces that are one person by likeness, and have two names.
SELECT i.item, 'identity ' || p.identity_id
FROM items i JOIN faces f USING (sha256) JOIN identities p USING (face_id)
WHERE p.identity_id IS NOT NULL AND p.status = 'disputed'
UNION ALL
SELECT i.item, 'subject ' || coalesce(n.person, p.other_subject_id)
FROM items i JOIN resemblances p USING (sha256)
LEFT JOIN names n ON n.subject_id = p.other_subject_id
-- Whoever looked at both and parted them may keep them in two splits.
WHERE NOT EXISTS (
    SELECT 1 FROM depictions d
    WHERE d.media_id = i.id AND d.subject_id = p.other_subject_id AND d.link_status = 'rejected'
)
AND NOT EXISTS (
    SELECT 1 FROM relations r WHERE r.relation = 'different_people'
    AND (r."left", r."right") IN ((p.face_id, p.other_face_id), (p.other_face_id, p.face_id))
)
"""
# What may be one person, though it is too little like to say so.
_LOOSER = """
SELECT i.item, 'look-alikes ' || p.tie_id AS name
FROM items i JOIN faces f USING (sha256) JOIN identities p USING (face_id)
WHERE p.tie_id IS NOT NULL
"""
NO_NAMES = pa.table({"subject_id": pa.array([], pa.string()),
                      "person": pa.array([], pa.string())})  # fmt: skip
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


@dataclass(frozen=True)
class Ties:
    """Entries, and the groups they are in.

    Attributes:
        entries: The entries in the order of ids.
        groups: The groups of each kind but `entry`.
        known: Of how many entries it is known what each kind needs.
        dangling: Of kinds, how many entries name something they were made from that is not in
            the catalogue: whether that is in another split nobody knows.
    """

    entries: pa.Table
    groups: Mapping[str, Groups]
    known: Mapping[str, int]
    dangling: Mapping[str, int] = field(default_factory=dict)

    @property
    def ids(self) -> pa.Array:
        """The id of each entry."""
        return self.entries["media_id"].combine_chunks()


def read_ties(
    tables: Mapping[str, pa.Table], kinds: Iterable[str] | None = None, *, looser: bool = False
) -> Ties:
    """Return the ties that tables tell of.

    Args:
        tables: A table for each of `INPUTS`; only ``entries`` needs rows. Where there is one
            called ``names``, the pseudonyms in its column ``subject_id`` are those of ``person``.
            Where there is one called ``sources``, whose ``source_id`` are those with terms on
            record, entries of any other declared source are tied by it.
        kinds: Names of the kinds that matter; all when None. Others may be there as well.
        looser: Whether faces that may be one person are tied by identity as well, though they are
            too little alike to be held to be: for making splits, not for telling of leaks.
    """
    wanted = {kind.name for kind in KINDS} if kinds is None else set(kinds)
    entries = tables["entries"].sort_by("media_id").combine_chunks()
    connection = in_memory()
    for name in INPUTS[1:]:
        connection.register(name, tables[name])
    connection.register("names", tables.get("names", NO_NAMES))
    numbers = pa.array(np.arange(entries.num_rows, dtype=np.int32))
    connection.register(
        "items", pa.table({"item": numbers, "id": entries["media_id"], "sha256": entries["sha256"]})
    )
    connection.register("recordings", _recordings(entries, tables.get("sources")))
    groups = _copies(entries["sha256"].combine_chunks(), tables) if wanted & _BY_CONTENT else {}
    for name, relations in _PAIRED.items():
        if name in wanted:
            pairs = _paired(connection, relations)
            groups[name] = Groups.joined([groups[name], pairs] if name in groups else [pairs])
    if "identity" in wanted:
        people = connection.sql(
            f"{_IDENTITY} UNION ALL {_LOOSER}" if looser else _IDENTITY
        ).to_arrow_table()
        groups["identity"] = Groups.named(ints(people["item"]), people["name"].combine_chunks())
    outside: Mapping[str, Nodes] = {}
    if wanted & _BY_DESCENT:
        lineage = descended(connection, entries["media_id"].combine_chunks())
        groups |= lineage.groups
        outside = lineage.dangling
    ordered = {kind.name: groups[kind.name] for kind in KINDS if kind.name in groups}
    dangling = {kind: len(items) for kind, items in outside.items() if len(items)}
    return Ties(entries, ordered, _known(connection, ordered, outside), dangling)


def _recordings(entries: pa.Table, sources: pa.Table | None) -> pa.Table:
    """Return the entries with the source that each declares, where a source is one recording.

    A source whose terms are on record, here or in the registry of known datasets, is a collection
    and ties nothing, and so is the only source of a whole dataset. Any other may be a session or a
    video, and nothing that nobody described counts as harmless.

    Args:
        entries: The entries in the order of ids.
        sources: The sources with terms on record; None where nobody knows them.

    Returns:
        ``item`` (the entry's number) and ``name``.
    """
    named = entries.select(["dataset", "source_id"]).append_column(
        "item", pa.array(np.arange(entries.num_rows, dtype=np.int32))
    )
    if sources is None:
        named = named.slice(0, 0)
    else:
        described = pa.array(sorted({*sources["source_id"].to_pylist(), *known_datasets()}),
                             pa.string())  # fmt: skip
        of_dataset = named.group_by("dataset").aggregate(
            [("source_id", "count_distinct", pc.CountOptions(mode="all"))]
        )
        several = of_dataset.filter(pc.greater(of_dataset["source_id_count_distinct"], 1))
        named = named.filter(
            pc.and_(
                pc.and_(
                    pc.is_valid(named["source_id"]),
                    pc.invert(pc.is_in(named["source_id"], value_set=described)),
                ),
                pc.is_in(named["dataset"], value_set=several["dataset"]),
            )
        )
    return pa.table({"item": named["item"], "name": named["source_id"]})


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
    return Groups(ints(found["item"]), (pair - 1).astype(np.int32), pa.nulls(many, pa.string()))


def _known(
    connection: duckdb.DuckDBPyConnection,
    groups: Mapping[str, Groups],
    outside: Mapping[str, Nodes],
) -> dict[str, int]:
    found = {
        name: len(np.setdiff1d(held.item, outside[name]) if name in outside else
                  distinct(held.item))
        for name, held in groups.items()
    }  # fmt: skip
    if found.keys() & {"near", "chain", "footage"}:
        looked = connection.execute(_LOOKED_AT).fetchall()[0][0]
        found |= {name: looked for name in ("near", "chain", "footage") if name in found}
    return found
