"""What was learnt of copies, identities and splits, where the stages ran."""

from __future__ import annotations

from dataclasses import dataclass

from curate.report.facts import Facts
from curate.report.suppression import few_of, withheld_each
from curate.report.words import Cell, Listing, number

_STAGES = ("probe", "signals", "faces", "identity", "dedup", "labels")


def stages_run(facts: Facts) -> set[str]:
    """Return the stages that ran to their end at least once."""
    rows = facts.rows("SELECT DISTINCT verb FROM runs WHERE status = 'done'")
    return {verb.removeprefix("run ") for (verb,) in rows} & set(_STAGES)


@dataclass(frozen=True)
class Copies:
    """Readable entries, by how they relate to others of the catalogue."""

    alone: int
    same_bytes: int
    same_pixels: int
    near: int


def copies(facts: Facts) -> Copies | None:
    """Return how many entries are copies, or None when copies were not searched."""
    if "dedup" not in stages_run(facts):
        return None
    return Copies(*facts.row("""
        SELECT count(*) FILTER (n = 1 AND tier IS NULL), count(*) FILTER (n > 1),
               count(*) FILTER (n = 1 AND tier = 'pixels'),
               count(*) FILTER (n = 1 AND tier = 'near')
        FROM (
            SELECT count(*) OVER (PARTITION BY j.sha256) AS n, g.tier
            FROM judged j LEFT JOIN groups g USING (sha256) WHERE j.state = 'present'
        )"""))  # fmt: skip


def identity_sizes(facts: Facts) -> list[tuple[str, int]]:
    """Return how many identities have so many contents; empty when there are no identities."""
    rows = facts.rows("""
        SELECT CASE WHEN n = 1 THEN '1 content' WHEN n = 2 THEN '2 contents'
                    WHEN n <= 5 THEN '3 to 5 contents' WHEN n <= 20 THEN '6 to 20 contents'
                    ELSE 'more than 20 contents' END AS size, count(*), min(n) AS first
        FROM (
            SELECT identity_id, count(DISTINCT sha256) AS n
            FROM identities JOIN faces USING (face_id)
            WHERE identity_id IS NOT NULL GROUP BY identity_id
        ) GROUP BY size ORDER BY first""")
    return [(size, n) for size, n, _ in rows]


def structure(facts: Facts, *, exact: bool = True) -> Listing:
    """Return the counts of copies, identities and what stands in two splits.

    Args:
        facts: The tables.
        exact: Whether to print small counts of what stands for people.
    """
    rows: list[tuple[Cell, Cell]] = []
    if known := copies(facts):
        groups = facts.count("SELECT count(DISTINCT group_id) FROM groups")
        rows += [
            ("Entries that share their bytes with another", known.same_bytes),
            ("Further entries with the same pixels as another", known.same_pixels),
            ("Further entries that look like another (near duplicates)", known.near),
            ("Groups of copies by pixels or look", groups),
        ]
    faces, grouped, identities, linked, disputed = facts.row("""
        SELECT (SELECT count(*) FROM faces), count(*) FILTER (identity_id IS NOT NULL),
               count(DISTINCT identity_id),
               count(DISTINCT identity_id) FILTER (subject_id IS NOT NULL AND status <> 'disputed'),
               count(DISTINCT identity_id) FILTER (status = 'disputed')
        FROM identities""")
    if faces:
        rows.append(("Faces found", faces))
    if grouped:
        rows += [
            ("Faces gathered into identities", grouped),
            *_of_whole(
                [("Identities", identities), ("Identities linked to a declared person", linked),
                 ("Identities whose link is disputed", disputed)], identities, exact=exact,
            ),
        ]  # fmt: skip
    across = _across(facts, exact=exact)
    return Listing("Copies and identities", ("What", "Number"), (*rows, *across))


def _of_whole(counts: list[tuple[str, int]], whole: int, *, exact: bool) -> list[tuple[Cell, Cell]]:
    """Return counts of people, or of what stands for one each, of a whole; small ones withheld."""
    told = {} if exact else dict(withheld_each(counts, whole))
    return [(name, told.get(name, n)) for name, n in counts]


def _across(facts: Facts, *, exact: bool) -> list[tuple[Cell, Cell]]:
    """Return what stands in more than one split; nothing when fewer than two are declared."""
    if facts.count("SELECT count(DISTINCT split) FROM judged") < 2:
        return []
    people = facts.count("""
        SELECT count(*) FROM (
            SELECT subject_id FROM depictions JOIN judged USING (media_id)
            WHERE link_status <> 'rejected' GROUP BY subject_id HAVING count(DISTINCT split) > 1)
        """)
    found = dict(
        facts.rows("""
        SELECT code, count(DISTINCT media_id) FROM findings
        WHERE code IN ('SPL001', 'SPL002') GROUP BY code""")
    )
    whole = facts.count("""
        SELECT count(DISTINCT subject_id) FROM depictions JOIN judged USING (media_id)
        WHERE link_status <> 'rejected'""")
    return [
        *_of_whole([("Declared people in more than one split", people)], whole, exact=exact),
        *((words, found.get(code, 0) if exact else few_of(code, found.get(code, 0)))
          for words, code in _ACROSS),
    ]  # fmt: skip


_ACROSS = (
    ("Entries with a copy in another split", "SPL001"),
    ("Entries with a person of another split", "SPL002"),
)


def scale_note(facts: Facts) -> str:
    """Return how much was judged, in one phrase."""
    entries = facts.count("SELECT count(*) FROM judged")
    datasets = facts.count("SELECT count(DISTINCT dataset) FROM judged")
    return f"{number(entries, 'entry', 'entries')} of {number(datasets, 'dataset')}"
