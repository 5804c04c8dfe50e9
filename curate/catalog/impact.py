"""Impact: what a person's withdrawal touches, as a walk of the relation graph.

From the subject to the entries that depict them, declared or by face; to entries with the same
content or pixels; to everything made from these; and to the faces, labels and releases of them all.
Each step is a filter on one column, so the walk costs what it touches and not what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb

# The tables the walk asks; `entries` is the catalogue's view.
INPUTS = (
    "depictions",
    "entries",
    "faces",
    "groups",
    "identities",
    "labels",
    "relations",
    "release_items",
    "releases",
)

_DEPICTING = """
SELECT media_id, 'declared as ' || string_agg(role, ', ' ORDER BY role) AS how
FROM depictions WHERE subject_id = $subject AND link_status <> 'rejected' GROUP BY media_id
UNION ALL
SELECT DISTINCT e.media_id, 'by face' FROM identities i
JOIN faces f USING (face_id) JOIN entries e USING (sha256)
WHERE i.subject_id = $subject
"""

_COPIES = """
SELECT DISTINCT o.media_id, 'copy of ' || min(e.locator) AS how
FROM touched t JOIN entries e USING (media_id)
JOIN entries o ON o.sha256 = e.sha256 AND o.media_id <> e.media_id
GROUP BY o.media_id
"""

_MADE_FROM = """
SELECT r."left" AS media_id, 'made from ' || min(coalesce(e.locator, r."right")) AS how
FROM relations r JOIN touched t ON t.media_id = r."right"
LEFT JOIN entries e ON e.media_id = r."right"
WHERE r.relation IN ('derived_from', 'crop_of', 'frame_of') AND r.left_kind = 'media'
GROUP BY r."left"
"""


@dataclass(frozen=True)
class Impact:
    """What a withdrawal touches.

    Attributes:
        subject: Whose.
        entries: ``media_id, locator, how``: each entry, and how it was reached; sorted.
        counts: Faces, identities and labels of these entries, and entries by dataset.
        releases: ``name, items``: releases that hold them, and how many; sorted.
    """

    subject: str
    entries: pa.Table
    counts: dict[str, int]
    releases: pa.Table


def impact(connection: duckdb.DuckDBPyConnection, subject: str) -> Impact:
    """Return what a withdrawal of `subject` touches.

    Args:
        connection: One that has `INPUTS`.
        subject: The subject's pseudonym.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE touched (media_id VARCHAR, how VARCHAR)")
    connection.execute(f"{_INSERT} SELECT media_id, min(how) FROM ({_DEPICTING}) GROUP BY 1",
                       {"subject": subject})  # fmt: skip
    # Until nothing is added: copies of copies, and things made from things made.
    while sum(_added(connection, step) for step in (_COPIES, _MADE_FROM)):
        pass
    entries = connection.sql(
        "SELECT t.media_id, e.locator, t.how FROM touched t JOIN entries e USING (media_id) "
        "ORDER BY e.locator, t.media_id"
    ).to_arrow_table()
    releases = connection.sql(
        "SELECT r.name, count(*) AS items FROM release_items i JOIN touched USING (media_id) "
        "JOIN releases r USING (release_id) GROUP BY r.name ORDER BY r.name"
    ).to_arrow_table()
    counts = {name: _count(connection, sql) for name, sql in _COUNTS.items()}
    return Impact(subject, entries, counts, releases)


_INSERT = "INSERT INTO touched"

_COUNTS = {
    "faces": "SELECT count(*) FROM faces WHERE sha256 IN "
    "(SELECT sha256 FROM entries JOIN touched USING (media_id))",
    "labels": "SELECT count(*) FROM labels JOIN touched USING (media_id)",
}


def _added(connection: duckdb.DuckDBPyConnection, step: str) -> int:
    before = _count(connection, "SELECT count(*) FROM touched")
    connection.execute(
        f"{_INSERT} SELECT media_id, how FROM ({step}) "
        "WHERE media_id NOT IN (SELECT media_id FROM touched)"
    )
    return _count(connection, "SELECT count(*) FROM touched") - before


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    # All of it is fetched: a result that is not finished holds the connection.
    ((count,),) = connection.execute(sql).fetchall()
    return int(count)
