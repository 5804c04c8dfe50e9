"""Forgetting: taking what was computed of contents out of the catalogue, for good.

What is computed goes, from every table that names a content, a face or an entry; what people
listed stays, and so does what went out. Delta tables keep old files for readers of old versions,
and derived tables lie beside them: both go too, or nothing would be gone.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.derived import FOLDER
from curate.catalog.tables import Catalog
from curate.schema import arrow_schema, table_names

# What was listed, what became of it, what went out, and what was judged; and what hash lists
# said, which the law may want kept.
KEPT = frozenset({
    "assignments", "depictions", "findings", "hash_checks", "hash_matches", "media",
    "sightings", "verdicts",
})  # fmt: skip
_NAMING = ("sha256", "face_id", "media_id", "about", "left", "right")


def forget(catalog: Catalog, contents: Collection[str], entries: Collection[str]) -> dict[str, int]:
    """Take out what was computed of contents; return how many rows of which tables went.

    Args:
        catalog: The tables.
        contents: SHA-256, hex.
        entries: Ids of the entries that have these contents, all of them.
    """
    faces = catalog.read("faces")
    theirs = faces.filter(pc.is_in(faces["sha256"], value_set=_texts(contents)))["face_id"]
    named = _texts({*contents, *entries, *theirs.to_pylist()})
    gone = {}
    for name in table_names("delta"):
        columns = [c for c in _NAMING if c in arrow_schema(name).names]
        if name in KEPT or not columns:
            continue
        stored = catalog.read(name)
        hit = pa.array([False] * stored.num_rows, pa.bool_())
        for column in columns:
            hit = pc.or_(hit, pc.fill_null(pc.is_in(stored[column], value_set=named), False))  # noqa: FBT003
        if name == "relations":
            # Who made what from what was declared, and is no result of looking at it.
            hit = pc.and_(hit, pc.invert(_declared(stored)))
        kept = stored.filter(pc.invert(hit))
        if count := stored.num_rows - kept.num_rows:
            catalog.replace(name, kept)
            gone[name] = count
    return gone


def purge(catalog: Catalog) -> None:
    """Destroy old files of tables, and what was derived of them: readers of them must be gone."""
    for name in table_names("delta"):
        catalog.purge(name)
    shutil.rmtree(catalog.folder / FOLDER, ignore_errors=True)


def _declared(relations: pa.Table) -> pa.Array:
    return pc.and_(
        pc.equal(relations["left_kind"], "media"),
        pc.is_in(
            relations["relation"], value_set=pa.array(["derived_from", "crop_of", "frame_of"])
        ),
    )


def _texts(values: Collection[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
