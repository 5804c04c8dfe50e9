"""What was looked at of each entry, and what was found: one wide row per entry.

Questions (`curate.audit.questions`) are asked of these rows. Scans count only where the stage and
model of today made them without an error: what an older version looked at, or a scan that failed,
is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from curate.audit.questions import OF_CATALOGUE, letter_of

if TYPE_CHECKING:
    import duckdb

# STANDARDS section 2: in which role a person can be in what kind of manipulation. A bystander is
# somebody whom nothing was done to, and can be in each. Any other cell is not known.
KNOWN_ROLES = (
    ("none", "depicted"),
    ("face_swap", "donor"),
    ("face_swap", "target"),
    ("reenactment", "target"),
    ("reenactment", "driver"),
    ("lip_sync", "target"),
    ("lip_sync", "voice_donor"),
    ("attribute_edit", "depicted"),
    ("morph", "donor"),
    ("identity_conditioned_synthesis", "donor"),
    *(
        (manipulation, "bystander")
        for manipulation in (
            *("none", "face_swap", "reenactment", "lip_sync", "attribute_edit", "morph"),
            "identity_conditioned_synthesis",
        )
    ),
)

# A track of a video is one person, and one of its faces stands for it.
_FACES = """
SELECT f.face_id, f.sha256, f.frame, f.track_id, f.judgeable, i.identity_id, i.subject_id,
       i.status, coalesce(i.held, FALSE) AS held, i.others, i.unlike_subject_id,
       coalesce(i.alike, FALSE) AS alike,
       first_value(f.face_id) OVER (
           PARTITION BY coalesce(f.track_id, f.face_id)
           ORDER BY f.judgeable DESC, f.quality DESC, f.face_id
       ) = f.face_id AS stands
FROM faces f
JOIN stages g ON g.stage = 'faces' AND g.model_id = f.model_id
LEFT JOIN identities i USING (face_id)
"""

# A face that is like nobody's but its own entry's proves nothing about whose it is; neither does
# one that is in an identity by declaration only.
SUPPORTED = """
SELECT i.identity_id, i.subject_id
FROM faces f
JOIN stages g ON g.stage = 'faces' AND g.model_id = f.model_id
JOIN identities i USING (face_id)
LEFT JOIN groups c USING (sha256)
WHERE i.identity_id IS NOT NULL AND i.subject_id IS NOT NULL
AND i.status IS DISTINCT FROM 'disputed'
GROUP BY i.identity_id, i.subject_id
HAVING count(DISTINCT coalesce(c.group_id, f.sha256)) > 1
ORDER BY ALL
"""

LOOKED = f"""
WITH shown AS MATERIALIZED ({_FACES}),
scans_now AS (
    SELECT s.* FROM face_scans s
    JOIN stages g ON g.stage = 'faces' AND g.mark = s.stage AND g.model_id = s.model_id
),
scanned AS (
    SELECT s.sha256, bool_and(s.error IS NULL) AS worked, count(DISTINCT s.frame) AS frames,
           CASE WHEN count(*) = count(s.smallest_px) THEN max(s.smallest_px) END AS floor_px,
           CASE WHEN count(*) = count(s.turns) THEN min(s.turns) END AS turns,
           CASE WHEN count(*) = count(s.gap_ms) THEN max(s.gap_ms) END AS gap_ms,
           CASE WHEN count(*) = count(s.looks) THEN max(s.looks) END AS looks
    FROM scans_now s GROUP BY s.sha256
),
-- A part is sought in where a scan of its frame is on record.
made_of AS (
    SELECT p.sha256, count(*)::INTEGER AS parts,
           count(*) FILTER (p.reading = 'not' AND p.released = 'kept')::INTEGER AS unseen,
           string_agg(p.part || coalesce(': ' || p.detail, ''), '; ' ORDER BY p.part)
               FILTER (p.reading = 'not' AND p.released = 'kept') AS unseen_parts,
           count(*) FILTER (p.reading = 'not' AND p.released = 'taken_out')::INTEGER AS cut,
           string_agg(p.part, '; ' ORDER BY p.part)
               FILTER (p.reading = 'not' AND p.released = 'taken_out') AS cut_parts,
           count(*) FILTER (p.frame IS NOT NULL AND s.sha256 IS NULL)::INTEGER AS unsought,
           string_agg(p.part, '; ' ORDER BY p.part)
               FILTER (p.frame IS NOT NULL AND s.sha256 IS NULL) AS unsought_parts
    FROM parts p
    LEFT JOIN (
        SELECT DISTINCT sha256, frame FROM scans_now WHERE error IS NULL
    ) s ON s.sha256 = p.sha256 AND s.frame = p.frame
    GROUP BY p.sha256
),
-- Two faces in one frame are two people; over the whole content whoever has another identity is.
together AS (
    SELECT sha256, max(n)::INTEGER AS most FROM (
        SELECT sha256, frame, count(*) AS n FROM shown GROUP BY sha256, frame
    ) GROUP BY sha256
),
people_seen AS (
    SELECT sha256, count(DISTINCT coalesce(identity_id, track_id, face_id))::INTEGER AS distinct_,
           count(*) FILTER (stands)::INTEGER AS faces,
           count(*) FILTER (stands AND judgeable)::INTEGER AS judgeable,
           count(*) FILTER (stands AND held)::INTEGER AS held,
           -- Of how many subjects a face is like one says the face's row, and each has a row.
           count(*) FILTER (stands AND held AND others IS DISTINCT FROM coalesce(n, 0))::INTEGER
               AS lost_others,
           count(*) FILTER (stands AND status = 'disputed')::INTEGER AS disputed
    FROM shown LEFT JOIN (SELECT face_id, count(*) AS n FROM resemblances GROUP BY face_id) r
        USING (face_id)
    GROUP BY sha256
),
alike AS (
    SELECT media_id, count(*)::INTEGER AS others,
           string_agg(DISTINCT other_subject_id, ', ' ORDER BY other_subject_id) AS other_names
    FROM open_resemblances GROUP BY media_id
),
named AS (
    SELECT media_id, subject_id, bool_or(link_status = 'confirmed') AS confirmed
    FROM depictions WHERE link_status <> 'rejected' GROUP BY media_id, subject_id
),
naming AS (
    SELECT media_id, count(*)::INTEGER AS people,
           count(*) FILTER (NOT confirmed)::INTEGER AS unconfirmed
    FROM named GROUP BY media_id
),
linked AS (
    SELECT e.media_id,
           count(*) FILTER (s.stands AND n.subject_id IS NOT NULL AND p.subject_id IS NOT NULL
                            AND s.alike AND s.status IS DISTINCT FROM 'disputed')::INTEGER
               AS matched,
           count(*) FILTER (s.subject_id IS NOT NULL AND n.subject_id IS NULL
                            AND s.status IS DISTINCT FROM 'disputed')::INTEGER AS undeclared,
           count(*) FILTER (s.unlike_subject_id IS NOT NULL)::INTEGER AS unlike
    FROM entries e
    JOIN shown s USING (sha256)
    LEFT JOIN named n ON n.media_id = e.media_id AND n.subject_id = s.subject_id
    LEFT JOIN supported p ON p.identity_id = s.identity_id AND p.subject_id = s.subject_id
    GROUP BY e.media_id
),
-- The same bytes under names that have nobody in common. Two names are one person where it is
-- settled that they are.
people_named AS (
    SELECT d.media_id, list(coalesce(n.settled, d.subject_id)) AS names
    FROM named d LEFT JOIN names n USING (subject_id) GROUP BY d.media_id
),
twice AS (
    SELECT e.media_id, count(*)::INTEGER AS otherwise
    FROM people_named own
    JOIN entries e USING (media_id)
    JOIN entries t ON t.sha256 = e.sha256 AND t.media_id <> e.media_id
    JOIN people_named theirs
        ON theirs.media_id = t.media_id
    WHERE NOT list_has_any(own.names, theirs.names)
    GROUP BY e.media_id
),
-- The same bytes, declared to show nobody in one place and somebody in another; or to be made in
-- two ways.
otherwise_declared AS (
    SELECT e.media_id,
           count(*) FILTER ((e.people = 'none' AND o.media_id IS NOT NULL)
                            OR (t.people = 'none' AND n.media_id IS NOT NULL))::INTEGER
               AS shown_otherwise,
           count(*) FILTER (t.manipulation_type NOT IN ('unknown', e.manipulation_type))::INTEGER
               AS done_otherwise
    FROM entries e JOIN entries t ON t.sha256 = e.sha256 AND t.media_id <> e.media_id
    LEFT JOIN naming n ON n.media_id = e.media_id
    LEFT JOIN naming o ON o.media_id = t.media_id
    GROUP BY e.media_id
),
roles AS (
    SELECT d.media_id, count(*) FILTER (k.role IS NULL)::INTEGER AS unknown_roles
    FROM depictions d JOIN entries e USING (media_id)
    LEFT JOIN known_roles k ON k.manipulation_type = e.manipulation_type AND k.role = d.role
    WHERE d.link_status <> 'rejected' GROUP BY d.media_id
),
-- Who is declared not to be seen, and why.
unseen_people AS (
    SELECT media_id, count(DISTINCT subject_id)::INTEGER AS not_visible,
           string_agg(DISTINCT not_visible, '; ' ORDER BY not_visible) AS why_not
    FROM depictions WHERE link_status <> 'rejected' AND not_visible IS NOT NULL
    GROUP BY media_id
),
short AS (SELECT media_id, count(*)::INTEGER AS missing_roles FROM short_roles GROUP BY media_id),
elsewhere AS (
    SELECT media_id, count(*)::INTEGER AS elsewhere FROM (
        SELECT media_id, subject_id FROM face_elsewhere
        UNION ALL SELECT media_id, subject_id FROM second_identities
    ) GROUP BY media_id
),
read AS (
    SELECT s.sha256, s.error IS NULL AS worked
    FROM signal_scans s JOIN stages g ON g.stage = 'signals' AND g.mark = s.stage
),
beside AS (
    SELECT b.media_id AS id FROM beside_scans b
    JOIN stages g ON g.stage = 'signals-beside' AND g.mark = b.stage
),
unread AS (
    SELECT media_id, count(*)::INTEGER AS unreadable,
           string_agg(place || ' (' || CASE WHEN length(value) > 120
                          THEN regexp_replace(left(value, 120), '\\s+\\S*$', '') || ' …'
                          ELSE coalesce(value, '') END || ')', '; '
                      ORDER BY place, key) AS unreadable_where
    FROM signalled WHERE kind = 'unreadable' GROUP BY media_id
),
checks AS (
    SELECT k.sha256, k.checked AND k.lists = (SELECT max(state) FROM hash_lists) AS asked
    FROM hash_checks k
)
SELECT e.media_id, e.state, e.manipulation_type, coalesce(e.people, '') AS declared_people,
       coalesce(e.declared_again, '') AS declared_again,
       -- Of a picture that nothing was done to, some datasets say so as a method.
       CASE WHEN lower(trim(e.method)) IN ('none', 'real', 'original', 'pristine') THEN ''
            ELSE coalesce(trim(e.method), '') END AS method,
       coalesce(x.shown_otherwise, 0) AS shown_otherwise,
       coalesce(x.done_otherwise, 0) AS done_otherwise,
       e.source_id IS NOT NULL AS named_source, coalesce(e.licence::VARCHAR, '') AS licence,
       contains(e.root, '://') AS remote,
       c.sha256 IS NOT NULL AS probed, c.kind = 'video' AS moving, c.width IS NOT NULL AS decoded,
       c.format, c.byte_size, c.part_count, coalesce(m.parts, 0) AS parts,
       coalesce(m.unseen, 0) AS unseen, left(m.unseen_parts, 600) AS unseen_parts,
       coalesce(m.cut, 0) AS cut, left(m.cut_parts, 600) AS cut_parts,
       coalesce(m.unsought, 0) AS unsought, left(m.unsought_parts, 600) AS unsought_parts,
       c.frame_count, c.frames_read, c.decode_errors, c.mode, c.bit_depth, c.contrast,
       c.brightness, c.exif_orientation,
       s.sha256 IS NOT NULL AS scanned, coalesce(s.worked, FALSE) AS scan_worked,
       CASE WHEN c.kind = 'video' THEN
           '; faces were sought in ' || coalesce(s.frames, 0) || ' of '
           || coalesce(c.frame_count::VARCHAR, 'an unknown number of')
           || ' frames, one of them within 0.2 seconds of each change'
       ELSE '' END AS sampled,
       coalesce(s.frames, 0) AS scanned_frames, s.looks, s.gap_ms, s.floor_px, s.turns,
       (SELECT any_value(smallest_px) FROM stages WHERE stage = 'faces') AS smallest_px,
       coalesce(t.most, 0) AS together, greatest(coalesce(t.most, 0), coalesce(p.distinct_, 0))
           AS persons,
       coalesce(p.faces, 0) AS faces, coalesce(p.judgeable, 0) AS judgeable,
       coalesce(p.held, 0) AS held, coalesce(z.others, 0) AS others,
       left(z.other_names, 300) AS other_names,
       coalesce(p.lost_others, 0) AS lost_others,
       (SELECT count(*) FROM uncompared)::INTEGER AS uncompared,
       coalesce(o.otherwise, 0) AS otherwise,
       coalesce(p.disputed, 0) AS disputed,
       coalesce(n.people, 0) AS named, coalesce(n.unconfirmed, 0) AS unconfirmed,
       coalesce(v.declared, 0) AS visible, coalesce(y.not_visible, 0) AS not_visible,
       left(y.why_not, 200) AS why_not, coalesce(l.matched, 0) AS matched,
       coalesce(l.undeclared, 0) AS undeclared, coalesce(l.unlike, 0) AS unlike,
       coalesce(w.elsewhere, 0) AS elsewhere,
       coalesce(r.unknown_roles, 0) AS unknown_roles,
       coalesce(h.missing_roles, 0) AS missing_roles,
       coalesce(a.value, '') AS label,
       q.sha256 IS NOT NULL AS searched, coalesce(q.worked, FALSE) AS search_worked,
       b.id IS NOT NULL AS searched_beside, coalesce(u.unreadable, 0) AS unreadable,
       left(u.unreadable_where, 600) AS unreadable_where,
       (SELECT count(*) FROM hash_lists) AS lists, coalesce(k.asked, FALSE) AS list_asked
FROM entries e
LEFT JOIN content c USING (sha256)
LEFT JOIN scanned s USING (sha256)
LEFT JOIN made_of m USING (sha256)
LEFT JOIN together t USING (sha256)
LEFT JOIN people_seen p USING (sha256)
LEFT JOIN naming n ON n.media_id = e.media_id
LEFT JOIN visible v ON v.media_id = e.media_id
LEFT JOIN unseen_people y ON y.media_id = e.media_id
LEFT JOIN linked l ON l.media_id = e.media_id
LEFT JOIN alike z ON z.media_id = e.media_id
LEFT JOIN twice o ON o.media_id = e.media_id
LEFT JOIN otherwise_declared x ON x.media_id = e.media_id
LEFT JOIN elsewhere w ON w.media_id = e.media_id
LEFT JOIN roles r ON r.media_id = e.media_id
LEFT JOIN short h ON h.media_id = e.media_id
LEFT JOIN labels a ON a.media_id = e.media_id AND a.name = 'authenticity'
LEFT JOIN read q USING (sha256)
LEFT JOIN beside b ON b.id = e.id
LEFT JOIN unread u ON u.media_id = e.media_id
LEFT JOIN checks k ON k.sha256 = e.sha256
"""

_LETTERS = ", ".join(
    f"ascii({letter_of(question)})::UTINYINT AS {question.name}" for question in OF_CATALOGUE
)
# What of the questions that each entry raises the catalogue alone answers, in the order of entries.
ANSWERED = f"SELECT media_id, named > 0 AS named, {_LETTERS} FROM ({LOOKED}) ORDER BY media_id"

# So many entries are asked at once: what is joined for one slice is gone before the next. Each
# slice reads every table, so there are never many.
_SLICE, _MOST_SLICES = 250_000, 8
# A slice is of whole contents, so that entries with the same bytes stay together.
_OF_SLICE = f"""
WITH entries AS (SELECT * FROM entries WHERE hash(coalesce(sha256, id)) % $slices = $slice),
depictions AS (SELECT * FROM depictions WHERE media_id IN (SELECT media_id FROM entries)),
{
    ", ".join(
        f"{name} AS (SELECT * FROM {name} WHERE hash(sha256) % $slices = $slice)"
        for name in ("content", "parts", "faces", "face_scans", "signal_scans", "hash_checks")
    )
}
{ANSWERED}
"""


def answered(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return what `ANSWERED` gives, in the order of entries.

    Args:
        connection: Has what `LOOKED` asks.
    """
    ((count,),) = connection.execute("SELECT count(*) FROM entries").fetchall()
    slices = min(-(-count // _SLICE), _MOST_SLICES)
    if slices <= 1:
        return connection.sql(ANSWERED).to_arrow_table()
    parts = [
        connection.sql(_OF_SLICE, params={"slices": slices, "slice": one}).to_arrow_table()
        for one in range(slices)
    ]
    return pa.concat_tables(parts).sort_by("media_id").combine_chunks()


def known_roles() -> pa.Table:
    """Return the table ``known_roles`` that `LOOKED` asks."""
    manipulations, roles = zip(*KNOWN_ROLES, strict=True)
    return pa.table({"manipulation_type": list(manipulations), "role": list(roles)})
