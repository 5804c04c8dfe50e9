"""Impact: what a person's withdrawal touches, as a walk of the relation graph.

From the subject to the entries that depict them, declared or by face; to entries with the same
content or pixels; to everything made from these; and to the faces, labels and releases of them all.
Each step is a filter on one column, so the walk costs what it touches and not what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
"""
_BY_FACE = "SELECT face_id FROM identities WHERE subject_id = $subject"

# Each step filters a table by a short list: a semi-join streams it past a small hash table, and
# builds nothing of the size of the catalogue.
_FACES = """
SELECT DISTINCT sha256 FROM faces WHERE face_id IN (SELECT unnest($keys))
"""
_HOLDING = """
SELECT media_id, sha256, locator FROM entries WHERE sha256 IN (SELECT unnest($keys))
"""
_LISTED = """
SELECT media_id, sha256, locator FROM entries WHERE media_id IN (SELECT unnest($keys))
"""
_MADE_FROM = """
SELECT "left" AS media_id, min("right") AS parent FROM relations
WHERE relation IN ('derived_from', 'crop_of', 'frame_of') AND left_kind = 'media'
AND "right" IN (SELECT unnest($keys)) GROUP BY "left"
"""
_RELEASES = """
SELECT release_id, count(*) AS items FROM release_items
WHERE media_id IN (SELECT unnest($keys)) GROUP BY release_id
"""
_COUNTS = {
    "faces": ("sha256", "SELECT count(*) FROM faces WHERE sha256 IN (SELECT unnest($keys))"),
    "labels": ("media_id", "SELECT count(*) FROM labels WHERE media_id IN (SELECT unnest($keys))"),
}


@dataclass(frozen=True)
class Impact:
    """What a withdrawal touches.

    Attributes:
        subject: Whose.
        entries: ``media_id, locator, how``: each entry, and how it was reached; sorted.
        counts: Faces and labels of these entries.
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
    walk = _Walk(connection)
    walk.start(subject)
    while walk.frontier:
        walk.step()
    return walk.told(subject)


class _Walk:
    """The entries reached so far, and those whose neighbours have not been asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.how: dict[str, str] = {}
        self.known: dict[str, tuple[str | None, str]] = {}
        self.frontier: list[str] = []

    def start(self, subject: str) -> None:
        """Reach the entries that depict the subject, declared or by face."""
        found = self._rows(_DEPICTING, subject=subject)
        faces = [row[0] for row in self._rows(_BY_FACE, subject=subject)]
        contents = [row[0] for row in self._keyed(_FACES, faces)]
        self._reach(found)
        self._reach([(m, "by face") for m, _, _ in self._keyed(_HOLDING, contents)])

    def step(self) -> None:
        """Reach copies of what was reached last, and what was made from it."""
        last, self.frontier = self.frontier, []
        for media, sha256, locator in self._keyed(_LISTED, last):
            self.known[media] = (sha256, locator)
        first = {self.known[m][0]: self.known[m][1] for m in reversed(last) if m in self.known}
        contents = [sha256 for sha256 in first if sha256]
        self._reach([(m, f"copy of {first[s]}") for m, s, _ in self._keyed(_HOLDING, contents)])
        self._reach(
            [(m, f"made from {self._name(parent)}") for m, parent in self._keyed(_MADE_FROM, last)]
        )

    def told(self, subject: str) -> Impact:
        """Return what was reached."""
        rows = sorted((name, media) for media, (_, name) in self.known.items())
        entries = pa.table(
            {
                "media_id": pa.array([media for _, media in rows], pa.string()),
                "locator": pa.array([name for name, _ in rows], pa.string()),
                "how": pa.array([self.how[media] for _, media in rows], pa.string()),
            }
        )
        keys = {
            "media_id": list(self.known),
            "sha256": sorted({s for s, _ in self.known.values() if s}),
        }
        counts = {
            name: sum(row[0] for row in self._keyed(sql, keys[key]))
            for name, (key, sql) in _COUNTS.items()
        }
        return Impact(subject, entries, counts, self._releases(keys["media_id"]))

    def _releases(self, media: list[str]) -> pa.Table:
        held = dict(self._keyed(_RELEASES, media))
        names = self._rows("SELECT release_id, name FROM releases") if held else []
        rows = sorted((name, held[release]) for release, name in names if release in held)
        return pa.table(
            {
                "name": pa.array([name for name, _ in rows], pa.string()),
                "items": pa.array([items for _, items in rows], pa.int64()),
            }
        )

    def _reach(self, found: list[tuple[str, str]]) -> None:
        for media, how in sorted(found):
            if media not in self.how:
                self.how[media] = how
                self.frontier.append(media)

    def _name(self, media: str) -> str:
        return self.known[media][1] if media in self.known else media

    def _keyed(self, sql: str, keys: list[str]) -> list[tuple[Any, ...]]:
        return self._rows(sql, keys=keys) if keys else []

    def _rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values or None).fetchall()
