"""Impact: what a person's withdrawal touches, as a walk of the relation graph.

From the subject to the entries that depict them, declared or by face; to entries with the same
content; to everything made from these; and to the faces, labels and releases of them all. Every
step is a gather over the graph by number, so the walk costs what it touches and not what there is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curate.catalog import numbered
from curate.catalog.memory import in_memory
from curate.catalog.numbered import Numbers, number

# The tables the walk asks; `entries` is the catalogue's view.
CATALOG_INPUTS = (
    "depictions", "entries", "faces", "identities", "labels", "relations", "resemblances",
)  # fmt: skip
# And what the record has of releases.
RECORD_INPUTS = ("release_items", "releases")
INPUTS = CATALOG_INPUTS + RECORD_INPUTS

_STEPS = {
    "people": """
        SELECT (row_number() OVER (ORDER BY subject_id) - 1)::INTEGER AS person, subject_id FROM (
            SELECT subject_id FROM duties
            UNION SELECT subject_id FROM identities WHERE subject_id IS NOT NULL
            UNION SELECT other_subject_id FROM resemblances
        ) ORDER BY person
    """,
    "declared": """
        SELECT p.person, d.media_id, string_agg(d.role, ', ' ORDER BY d.role) AS roles
        FROM depictions d JOIN people p USING (subject_id) WHERE d.duty IS NOT NULL
        GROUP BY p.person, d.media_id ORDER BY ALL
    """,
    "faced": """
        SELECT DISTINCT p.person, e.media_id
        FROM identities i JOIN faces f USING (face_id) JOIN entries e USING (sha256)
        JOIN people p USING (subject_id)
        WHERE i.status IS DISTINCT FROM 'disputed'
        ORDER BY ALL
    """,
    # A face that is like the person's, or one of an identity that has several names: whose it is,
    # nobody has settled.
    "alike": """
        SELECT p.person, e.media_id
        FROM resemblances r JOIN entries e USING (sha256)
        JOIN people p ON p.subject_id = r.other_subject_id
        UNION
        SELECT p.person, e.media_id
        FROM identities i JOIN faces f USING (face_id) JOIN entries e USING (sha256)
        JOIN people p USING (subject_id)
        WHERE i.status = 'disputed'
        ORDER BY ALL
    """,
    # Entries that share their content with another: the copies of each are one run.
    "copies": """
        SELECT first, media_id FROM (
            SELECT min(media_id) OVER (PARTITION BY sha256) AS first, media_id,
                   count(*) OVER (PARTITION BY sha256) AS n
            FROM entries WHERE sha256 IS NOT NULL
        ) WHERE n > 1 ORDER BY ALL
    """,
    "made": """
        SELECT p.media_id AS parent, e.media_id
        FROM relations r
        JOIN entries p ON p.id = r."right"
        JOIN entries e ON e.id = r."left"
        WHERE r.relation IN ('derived_from', 'crop_of', 'frame_of') AND r.left_kind = 'media'
        ORDER BY ALL
    """,
    "released": """
        SELECT e.media_id, i.release_id FROM release_items i JOIN entries e ON e.id = i.media_id
        ORDER BY ALL
    """,
    # One row per entry, in order. Copies count their faces once, with the first of them.
    "tallies": """
        SELECT coalesce(c.first, e.media_id)::INTEGER AS content,
               coalesce(f.n, 0)::INTEGER AS faces, coalesce(l.n, 0)::INTEGER AS labels
        FROM entries e
        LEFT JOIN copies c USING (media_id)
        LEFT JOIN (SELECT sha256, count(*) AS n FROM faces GROUP BY sha256) f USING (sha256)
        LEFT JOIN (SELECT media_id, count(*) AS n FROM labels GROUP BY media_id) l USING (media_id)
        ORDER BY e.media_id
    """,
}
RECIPE = "\n".join((numbered.RECIPE, *_STEPS.values()))


@dataclass(frozen=True)
class Impact:
    """What a withdrawal touches.

    Attributes:
        subject: Whose; entries of their other names are among them.
        entries: ``media_id, locator, how``: each entry, and how it was reached; sorted.
        counts: Faces and labels of these entries.
        releases: ``name, items``: releases that hold them, or what may show the subject, and how
            many of these; sorted.
        maybe: ``media_id, locator``: further entries with a face like that of the subject, under
            another name or none, of which nobody has settled whose it is; sorted.
    """

    subject: str
    entries: pa.Table
    counts: dict[str, int]
    releases: pa.Table
    maybe: pa.Table

    @property
    def ids(self) -> pa.Array:
        """The ids of the entries, and of those that may show the subject."""
        both = pa.concat_tables(
            [self.entries.select(["media_id"]), self.maybe.select(["media_id"])]
        )
        return both["media_id"].combine_chunks()


def draw_graph(
    tables: Mapping[str, pa.Table], by_number: Mapping[str, pa.Table] | None = None
) -> dict[str, pa.Table]:
    """Return the graph by number that walks go along, made once per version of the catalogue.

    Args:
        tables: A table for each of `INPUTS`.
        by_number: What `curate.catalog.numbered.number` gives for them, if it was made already.
    """
    known = number(tables) if by_number is None else by_number
    connection = in_memory()
    for name in ("faces", "identities", "relations", "release_items", "resemblances"):
        connection.register(name, tables[name])
    for name in ("entries", "duties", "depictions", "labels"):
        connection.register(name, known[name])
    graph = {}
    for name, sql in _STEPS.items():
        graph[name] = connection.sql(sql).to_arrow_table().combine_chunks()
        connection.register(name, graph[name])
    names = tables["releases"].select(["release_id", "name"])
    return {**graph, "places": known["entries"].select(["id", "locator"]), "releases": names}


def impact(graph: Mapping[str, pa.Table], subject: str, other_names: Iterable[str] = ()) -> Impact:
    """Return what a withdrawal of `subject` touches.

    Args:
        graph: What `draw_graph` gives.
        subject: The subject's pseudonym.
        other_names: Further pseudonyms of the same person: their entries are touched, too.
    """
    walk = _Walk(graph)
    walk.start(subject)
    for other in other_names:
        walk.start(other, f" under the name {other}")
    while walk.frontier:
        walk.step()
    walk.follow_alike()
    return walk.reached(subject)


class _Walk:
    """The entries reached so far, and those whose neighbours have not been asked for."""

    def __init__(self, graph: Mapping[str, pa.Table]) -> None:
        self._graph = graph
        self._columns: dict[tuple[str, str], Numbers] = {}
        self._content = self._numbers("tallies", "content")
        self.how: dict[int, str] = {}
        self.frontier: list[int] = []
        self.alike: set[int] = set()

    def start(self, subject: str, how: str = "") -> None:
        """Reach the entries that depict the subject, declared or by face."""
        people = self._graph["people"]["subject_id"]
        person = bisect_left(people, subject, key=lambda value: value.as_py())
        if person == len(people) or people[person].as_py() != subject:
            return
        roles = self._run("declared", "person", person, "roles")
        declared = zip(self._run("declared", "person", person), roles, strict=True)
        self._reach((media, f"declared as {told}{how}") for media, told in declared)
        self._reach((media, f"by face{how}") for media in self._run("faced", "person", person))
        self.alike.update(self._run("alike", "person", person))

    def follow_alike(self) -> None:
        """Add to what may show the subject its copies, and what was made from it."""
        sure, self.how = self.how, {}
        self._reach((media, "alike") for media in sorted(self.alike))
        while self.frontier:
            self.step()
        self.alike, self.how = set(self.how), sure

    def step(self) -> None:
        """Reach copies of what was reached last, and what was made from it."""
        last, self.frontier = self.frontier, []
        names = self._locators(last)
        first: dict[int, str] = {}
        for media, name in zip(last, names, strict=True):
            first.setdefault(int(self._content[media]), name)
        self._reach(
            (media, f"copy of {name}")
            for content, name in first.items()
            for media in self._run("copies", "first", content)
        )
        made: dict[int, str] = {}
        for parent, name in sorted(zip(last, names, strict=True)):
            for media in self._run("made", "parent", parent):
                made.setdefault(media, f"made from {name}")
        self._reach(made.items())

    def reached(self, subject: str) -> Impact:
        """Return what was reached."""
        reached = sorted(self.how)
        names = self._locators(reached)
        ids = self._graph["places"]["id"].take(pa.array(reached, pa.int32())).to_pylist()
        rows = sorted(zip(names, ids, reached, strict=True))
        entries = pa.table(
            {
                "media_id": pa.array([media for _, media, _ in rows], pa.string()),
                "locator": pa.array([name for name, _, _ in rows], pa.string()),
                "how": pa.array([self.how[n] for _, _, n in rows], pa.string()),
            }
        )
        contents = np.unique(self._content[reached])
        counts = {
            "faces": int(self._numbers("tallies", "faces")[contents].sum()),
            "labels": int(self._numbers("tallies", "labels")[reached].sum()),
        }
        return Impact(
            subject, entries, counts, self._releases(sorted({*reached, *self.alike})), self._maybe()
        )

    def _maybe(self) -> pa.Table:
        """Return the entries that may show the subject, and were not reached."""
        left = sorted(self.alike - self.how.keys())
        ids = self._graph["places"]["id"].take(pa.array(left, pa.int32())).to_pylist()
        rows = sorted(zip(self._locators(left), ids, strict=True))
        return pa.table({
            "media_id": pa.array([media for _, media in rows], pa.string()),
            "locator": pa.array([name for name, _ in rows], pa.string()),
        })  # fmt: skip

    def _releases(self, reached: list[int]) -> pa.Table:
        held: dict[str, int] = {}
        for media in reached:
            for release in self._run("released", "media_id", media, "release_id"):
                held[release] = held.get(release, 0) + 1
        releases = self._graph["releases"].to_pylist() if held else []
        rows = sorted(
            (r["name"], held[r["release_id"]]) for r in releases if r["release_id"] in held
        )
        return pa.table(
            {
                "name": pa.array([name for name, _ in rows], pa.string()),
                "items": pa.array([items for _, items in rows], pa.int64()),
            }
        )

    def _reach(self, found: Iterable[tuple[int, str]]) -> None:
        for media, how in sorted(found):
            if media not in self.how:
                self.how[media] = how
                self.frontier.append(media)

    def _locators(self, numbers: list[int]) -> list[str]:
        locators = self._graph["places"]["locator"]
        names: list[str] = locators.take(pa.array(numbers, pa.int32())).to_pylist()
        return names

    def _run(self, name: str, key: str, value: int, column: str = "media_id") -> list[Any]:
        """Return a column of the rows of a table, sorted by a number, that have it."""
        first, last = np.searchsorted(self._numbers(name, key), (value, value + 1))
        rows = self._graph[name][column].slice(first, last - first)
        return rows.to_pylist() if last > first else []

    def _numbers(self, name: str, column: str) -> Numbers:
        """Return a column of numbers, as it lies in memory."""
        if (name, column) not in self._columns:
            found = self._graph[name][column]
            whole = found.chunk(0) if found.num_chunks == 1 else found.combine_chunks()
            self._columns[name, column] = whole.to_numpy()
        return self._columns[name, column]
