"""Selection: the cleared entries of an audit, and why each other entry is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.dedup.keep import kept_copies

INPUTS = ("entries", "content", "parts", "labels", "groups", "relations", "faces", "verdicts")

# A cleared entry is held back when an entry with the same bytes is blocked: a copy under another
# name shows the same person, whatever is declared of the copy. So is what a feed called back:
# whoever follows the feed would delete it from the new release too. Of near duplicates one goes
# out for each label and method, as `kept_copies` says: a fake may look much like what it was made
# from.
_CLEARED = """
CREATE TEMPORARY TABLE distinct_bytes AS
WITH barred AS (
    SELECT e.*, l.value AS label,
           CASE WHEN e.state <> 'present' THEN 'not-present'
                WHEN {assigned} AND e.split IS NULL THEN 'in-no-split'
                WHEN e.sha256 IN (SELECT sha256 FROM entries JOIN called_back USING (media_id)
                                  WHERE sha256 IS NOT NULL)
                THEN 'called-back'
                WHEN e.sha256 IN (SELECT sha256 FROM entries JOIN verdicts USING (media_id)
                                  WHERE verdict = 'blocked' AND sha256 IS NOT NULL)
                THEN 'copy-blocked'
           END AS barred
    FROM entries e
    JOIN verdicts v USING (media_id)
    LEFT JOIN labels l ON l.media_id = e.media_id AND l.name = 'authenticity'
    WHERE v.verdict = 'cleared'
)
SELECT * EXCLUDE (barred), coalesce(barred, CASE WHEN row_number() OVER (
    PARTITION BY sha256, barred IS NULL
    ORDER BY coalesce(label = 'real' OR (label = 'fake' AND method IS NOT NULL), FALSE) DESC,
             locator, media_id
) > 1 THEN 'same-content' END) AS repeated
FROM barred
"""
_TO_CHOOSE_FROM = """
CREATE TEMPORARY VIEW judged AS
SELECT media_id, 'cleared' AS verdict FROM distinct_bytes WHERE repeated IS NULL
"""
_KEPT = """
CREATE TEMPORARY TABLE cleared AS
SELECT * EXCLUDE (repeated, keep), coalesce(repeated, CASE WHEN {settled} AND k.keep <> media_id
                                      THEN 'near-duplicate' END) AS held_back
FROM distinct_bytes LEFT JOIN (SELECT media_id, keep FROM kept) k USING (media_id)
"""

# Subjects are not columns of a release: who is in a picture does not leave with it. What nobody
# looked at does not either, and `taken_out` names it.
_ITEMS = """
SELECT e.media_id, e.dataset, e.root, e.locator, e.sha256, coalesce(e.split, 'all') AS split,
       e.label, e.method, e.manipulation_type, e.source_id, e.licence,
       c.kind, c.format, c.width, c.height, c.byte_size, v.frame_of, p.taken_out
FROM cleared e
JOIN content c USING (sha256)
LEFT JOIN (SELECT sha256, string_agg(part, '; ' ORDER BY part) AS taken_out FROM parts
           WHERE reading = 'not' AND released = 'taken_out' GROUP BY 1) p USING (sha256)
LEFT JOIN (SELECT "left" AS media_id, min("right") AS frame_of FROM relations
           WHERE relation = 'frame_of' GROUP BY 1) v USING (media_id)
WHERE e.held_back IS NULL
ORDER BY split, e.sha256
"""

# Boxes of one model: the one that found most. Faces of videos have frames, which no index lists;
# those of further pages and other readings of a picture do not lie on the picture as it is shown.
_FACES = """
SELECT i.media_id, f.ordinal, f.x1, f.y1, f.x2, f.y2, f.roll
FROM faces f JOIN items i USING (sha256)
WHERE i.kind = 'image' AND f.frame = 0 AND f.model_id = (
    SELECT model_id FROM faces GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
)
ORDER BY i.media_id, f.ordinal
"""

_LEFT_OUT = """
SELECT reason, count(*) AS entries FROM (
    SELECT unnest(v.codes) AS reason FROM verdicts v WHERE v.verdict <> 'cleared'
    UNION ALL
    SELECT held_back FROM cleared WHERE held_back IS NOT NULL
    UNION ALL
    SELECT 'not-judged' FROM entries e
    WHERE NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.media_id = e.media_id)
) GROUP BY reason ORDER BY reason
"""


@dataclass(frozen=True)
class Selection:
    """What goes out and what does not.

    Attributes:
        items: One row per distinct content, sorted by split and digest.
        left_out: Entries left out, by rule or reason; an entry with two reasons is in both.
        excluded: How many entries were left out.
        faces: Faces found in the pictures that go out, by media_id and ordinal: x1, y1, x2, y2 in
            pixels, and roll in degrees.
    """

    items: pa.Table
    left_out: dict[str, int]
    excluded: int
    faces: pa.Table


def select(
    tables: Mapping[str, pa.Table],
    *,
    called_back: Iterable[str] = (),
    assigned: bool = False,
    keep_duplicates: bool = False,
) -> Selection:
    """Return what an audit cleared, each content once.

    Args:
        tables: A table for each of `INPUTS`; verdicts are those of one audit.
        called_back: Ids of entries of which a feed of the use names a file that went out.
        assigned: The splits are those of an assignment: an entry in none of them is left out.
        keep_duplicates: Let every near duplicate go out, not only the one that was kept.
    """
    with in_memory() as connection:
        for name in INPUTS:
            connection.register(name, tables[name])
        named = pa.table({"media_id": pa.array(sorted(set(called_back)), pa.string())})
        connection.register("called_back", named)
        connection.execute(_CLEARED.format(assigned=assigned))
        connection.execute(_TO_CHOOSE_FROM)
        connection.register("kept", kept_copies(connection))
        connection.execute(_KEPT.format(settled=not keep_duplicates))
        items = connection.sql(_ITEMS).to_arrow_table()
        left_out = dict(connection.sql(_LEFT_OUT).fetchall())
        connection.register("items", items)
        faces = connection.sql(_FACES).to_arrow_table()
    return Selection(items, left_out, tables["entries"].num_rows - items.num_rows, faces)
