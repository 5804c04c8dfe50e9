"""One entry's neighbourhood: the rows that decide what is known of it, and no others.

Each table is scanned for the rows wanted and never held whole, so that one entry of a million is
explained within seconds and in little memory. In the neighbourhood are the entry and those that
have its bytes or its pixels, the entries that it was made from, what was computed of their
contents, and the faces of the people whom it names or who were recognised in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.catalog.tables import Catalog
from curate.catalog.views import create_withheld
from curate.schema import arrow_schema, conform

if TYPE_CHECKING:
    import duckdb

# Of a person who is in very many entries, so many faces are enough to compare with.
MOST_FACES = 20_000
# So many ids are written out in a condition; more are joined with.
_SPELLED_OUT = 64
_LINES = "('derived_from', 'crop_of', 'frame_of')"

# In order: each may ask what those before it found.
_STEPS: tuple[tuple[str, str], ...] = (
    ("ids", """
        WITH RECURSIVE line AS (
            SELECT $media_id AS id
            UNION
            SELECT r."right" FROM line l JOIN relations r ON r."left" = l.id
            WHERE r.relation IN {lines} AND r.left_kind = 'media' AND r.right_kind = 'media'
        )
        SELECT id FROM line
    """),
    ("digests", ("SELECT DISTINCT sha256 AS id FROM sightings "
                "WHERE media_id IN (SELECT id FROM ids) AND sha256 IS NOT NULL")),
    # What is said of one picture holds all with its pixels.
    ("digests", """
        SELECT id FROM digests
        UNION
        SELECT sha256 FROM content WHERE pixel_digest IN (
            SELECT pixel_digest FROM content WHERE sha256 IN (SELECT id FROM digests)
        )
    """),
    ("ids", ("SELECT id FROM ids UNION SELECT media_id FROM sightings "
            "WHERE sha256 IN (SELECT id FROM digests)")),
    ("names", ("SELECT DISTINCT subject_id AS id FROM depictions "
              "WHERE media_id IN (SELECT id FROM ids)")),
    ("own_faces", "SELECT face_id AS id FROM faces WHERE sha256 IN (SELECT id FROM digests)"),
    ("clusters", ("SELECT DISTINCT identity_id AS id FROM identities "
                 "WHERE face_id IN (SELECT id FROM own_faces) AND identity_id IS NOT NULL")),
    ("face_ids", """
        SELECT id FROM own_faces
        UNION
        SELECT other_face_id FROM resemblances
        WHERE sha256 IN (SELECT id FROM digests) AND other_face_id IS NOT NULL
        UNION
        (SELECT face_id FROM identities WHERE identity_id IN (SELECT id FROM clusters)
         OR subject_id IN (SELECT id FROM names) ORDER BY face_id LIMIT {most})
    """),
    ("face_digests", ("SELECT DISTINCT sha256 AS id FROM faces "
                     "WHERE face_id IN (SELECT id FROM face_ids)")),
    ("shown", ("SELECT DISTINCT media_id AS id FROM sightings "
              "WHERE sha256 IN (SELECT id FROM face_digests) UNION SELECT id FROM ids")),
)  # fmt: skip

# What is taken of each table.
_WANTED = {
    "media": "media_id IN (SELECT id FROM shown)",
    "sightings": "media_id IN (SELECT id FROM shown)",
    "depictions": "media_id IN (SELECT id FROM shown)",
    "beside_scans": "media_id IN (SELECT id FROM ids)",
    "labels": "media_id IN (SELECT id FROM ids)",
    "content": "sha256 IN (SELECT id FROM digests)",
    "parts": "sha256 IN (SELECT id FROM digests)",
    "face_scans": "sha256 IN (SELECT id FROM digests)",
    "signal_scans": "sha256 IN (SELECT id FROM digests)",
    "hash_checks": "sha256 IN (SELECT id FROM digests)",
    "hash_matches": "sha256 IN (SELECT id FROM digests)",
    "faces": "face_id IN (SELECT id FROM face_ids)",
    "identities": "face_id IN (SELECT id FROM face_ids)",
    "resemblances": "sha256 IN (SELECT id FROM digests)",
    "groups": "sha256 IN (SELECT id FROM face_digests UNION SELECT id FROM digests)",
    "signals": "about IN (SELECT id FROM digests UNION SELECT id FROM ids)",
    "relations": '"left" IN (SELECT id FROM ids UNION SELECT id FROM own_faces) '
    'OR "right" IN (SELECT id FROM own_faces)',
    "hash_lists": "TRUE",
}


def neighbourhood(catalog: Catalog, media_id: str, names: Iterable[str]) -> dict[str, pa.Table]:
    """Return the rows of tables that decide what is known of one entry.

    Args:
        catalog: The tables.
        media_id: The entry.
        names: The tables, ``entries`` among them; of one that does not decide what is known of a
            single entry, no row is returned.
    """
    connection = catalog.look_up(*_WANTED)
    known: dict[str, list[str]] = {}
    for name, sql in _STEPS:
        text = _spelled_out(sql.format(lines=_LINES, most=MOST_FACES), known)
        given = {"media_id": media_id} if "$media_id" in text else {}
        found = connection.sql(text, params=given).to_arrow_table()
        connection.register(name, found)
        known[name] = found["id"].to_pylist()
    tables = {
        name: _rows(connection, name, _spelled_out(where, known)) for name, where in _WANTED.items()
    }
    tables["entries"] = _entries(tables)
    return {
        name: tables[name] if name in tables else arrow_schema(name).empty_table() for name in names
    }


def _spelled_out(sql: str, known: dict[str, list[str]]) -> str:
    """Return SQL with sets of few ids written out, so that filters of row groups apply to them."""

    def values(found: re.Match[str]) -> str:
        ids = known.get(found[1])
        if ids is None or len(ids) > _SPELLED_OUT:
            return found[0]
        texts = ("'" + one.replace("'", "''") + "'" for one in ids)
        return f"IN ({', '.join(texts) or 'NULL'})"

    return re.sub(r"IN \(SELECT id FROM (\w+)\)", values, sql)


def _rows(connection: duckdb.DuckDBPyConnection, name: str, where: str) -> pa.Table:
    return conform(connection.sql(f"SELECT * FROM {name} WHERE {where}").to_arrow_table(), name)


def _entries(tables: dict[str, pa.Table]) -> pa.Table:

    connection = in_memory()
    for name in ("media", "sightings", "hash_matches"):
        connection.register(name, tables[name])
    create_withheld(connection)
    return connection.sql("SELECT * FROM entries ORDER BY media_id").to_arrow_table()
