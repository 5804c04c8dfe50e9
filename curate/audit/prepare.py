"""Prepare: the facts that the catalogue alone decides, made once per version of it.

No use, instant or statement changes them, so an audit for another use, or on the day after a
withdrawal, starts from here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from curate.audit import names as merged
from curate.audit.apart import OPEN_RESEMBLANCES, RESTRICTED, TOLD_APART, Spoken
from curate.audit.looked import ANSWERED, KNOWN_ROLES, SUPPORTED, answered, known_roles
from curate.catalog import numbered
from curate.catalog.memory import in_memory
from curate.catalog.numbered import number
from curate.splits.crossings import crossings

# What an audit reads of the catalogue; `entries`, `changed`, `stages` and `uncompared` are views of
# it, the rest are tables.
CATALOG_INPUTS = (
    "entries",
    "beside_scans",
    "changed",
    "compared",
    "content",
    "depictions",
    "faces",
    "face_scans",
    "parts",
    "groups",
    "hash_checks",
    "hash_lists",
    "hash_matches",
    "identities",
    "labels",
    "relations",
    "resemblances",
    "signals",
    "signal_scans",
    "stages",
    "doubts",
    "shortcuts",
    "shortcut_drops",
    "uncompared",
)

# STANDARDS section 2: whom a manipulation cannot do without; a role stands as often as people
# are needed in it.
REQUIRED_ROLES = (
    ("face_swap", "donor"),
    ("face_swap", "target"),
    ("reenactment", "target"),
    ("reenactment", "driver"),
    ("lip_sync", "target"),
    ("attribute_edit", "depicted"),
    ("morph", "donor"),
    ("morph", "donor"),
    ("identity_conditioned_synthesis", "donor"),
)

_VIEWS = {
    # From each entry to everything it was made from, however far; to itself too, where its descent
    # goes round in a circle. A parent that is not listed
    # has no number, and its text is all that is known of it.
    "ancestors": """
        WITH RECURSIVE made_from AS (
            SELECT "left" AS child, "right" AS parent FROM relations
            WHERE relation IN ('derived_from', 'crop_of', 'frame_of') AND left_kind = 'media'
            AND right_kind = 'media'
        ), line AS (
            SELECT * FROM made_from
            UNION
            SELECT l.child, m.parent FROM line l JOIN made_from m ON m.child = l.parent
        )
        SELECT e.media_id, p.media_id AS parent_id, coalesce(p.locator, l.parent) AS parent
        FROM line l
        JOIN entries e ON e.id = l.child
        LEFT JOIN entries p ON p.id = l.parent
        ORDER BY ALL
    """,
    # Faces too poor to judge count too: someone is there. A donor and a target meet in one
    # visible face, and so do all donors of a morph; drivers and voices are not seen. A scan that
    # failed on a frame is no scan.
    "visible": """
        SELECT e.media_id,
               (coalesce(p.seen, 0) + greatest(
                   CASE WHEN e.manipulation_type = 'morph' THEN least(coalesce(p.donors, 0), 1)
                   ELSE coalesce(p.donors, 0) END, coalesce(p.targets, 0)))::BIGINT AS declared,
               coalesce(f.faces, 0) AS faces, p.media_id IS NOT NULL AS someone,
               s.sha256 IS NOT NULL AS scanned
        FROM entries e
        LEFT JOIN (
            SELECT media_id, count(*) FILTER (seen) AS seen, count(*) FILTER (donor) AS donors,
                   count(*) FILTER (target) AS targets
            FROM (
                SELECT media_id, role = 'depicted' AND not_visible IS NULL AS seen,
                       role = 'donor' AND not_visible IS NULL AS donor,
                       role = 'target' AND not_visible IS NULL AS target
                FROM depictions WHERE link_status <> 'rejected' AND role <> 'bystander'
                UNION ALL
                -- Whoever is declared in two roles is one person.
                SELECT media_id, not_visible IS NULL AND NOT EXISTS (
                    SELECT 1 FROM depictions o
                    WHERE o.media_id = b.media_id AND o.subject_id = b.subject_id
                    AND o.role = 'depicted' AND o.link_status <> 'rejected'
                    AND o.not_visible IS NULL
                ), FALSE, FALSE
                FROM depictions b WHERE link_status <> 'rejected' AND role = 'bystander'
            ) GROUP BY media_id
        ) p USING (media_id)
        LEFT JOIN (
            SELECT sha256, max(n) AS faces FROM (
                SELECT sha256, frame, count(*) AS n FROM faces GROUP BY sha256, frame, model_id
            ) GROUP BY sha256
        ) f USING (sha256)
        LEFT JOIN (
            SELECT DISTINCT sha256 FROM (
                SELECT sha256 FROM face_scans GROUP BY sha256, model_id
                HAVING bool_and(error IS NULL)
            )
        ) s USING (sha256)
        WHERE e.state = 'present'
        ORDER BY e.media_id
    """,
    "short_roles": """
        SELECT e.media_id, e.manipulation_type, r.role, r.needed,
               coalesce(d.declared, 0) AS declared
        FROM entries e
        JOIN (
            SELECT manipulation_type, role, count(*) AS needed FROM required_roles GROUP BY ALL
        ) r USING (manipulation_type)
        LEFT JOIN (
            SELECT media_id, role, count(*) AS declared FROM depictions
            WHERE link_status <> 'rejected' GROUP BY media_id, role
        ) d ON d.media_id = e.media_id AND d.role = r.role
        WHERE coalesce(d.declared, 0) < r.needed
        ORDER BY e.media_id, r.role
    """,
    # Who was ruled out is not known to be there, and neither is it sure of anyone unconfirmed.
    "unsure": """
        SELECT media_id, subject_id, role, link_method, link_status FROM depictions
        WHERE (role = 'unknown' AND link_status <> 'rejected')
        OR link_status IN ('proposed', 'disputed')
        ORDER BY media_id, subject_id, role
    """,
    "likenesses": """
        SELECT e.media_id, f.frame, f.model_id, f.face_id, i.identity_id, i.subject_id,
               i.similarity, i.status, d.media_id IS NOT NULL AS declared,
               p.media_id IS NOT NULL AS someone
        FROM entries e
        JOIN faces f USING (sha256)
        LEFT JOIN identities i USING (face_id)
        LEFT JOIN (SELECT DISTINCT media_id, subject_id FROM depictions) d
            ON d.media_id = e.media_id AND d.subject_id = i.subject_id
        LEFT JOIN (SELECT DISTINCT media_id FROM depictions) p ON p.media_id = e.media_id
        WHERE p.media_id IS NOT NULL OR i.subject_id IS NOT NULL
        ORDER BY e.media_id, f.frame, f.face_id
    """,
    # What an older model found of faces tells nothing any more.
    "likenesses_now": """
        SELECT l.* FROM likenesses l
        JOIN stages g ON g.stage = 'faces' AND g.model_id = l.model_id
    """,
    # Whose faces are known, by what the stage wrote as a whole: what is lost of one entry, its
    # faces or what it contains, must not change what is held of another.
    "known_faces": """
        SELECT i.subject_id, i.identity_id, i.model_id,
               regexp_replace(i.face_id, '/[^/]*/[^/]*/[^/]*$', '') AS content
        FROM identities i
        JOIN stages g ON g.stage = 'faces' AND g.model_id = i.model_id
        WHERE i.subject_id IS NOT NULL AND i.status IS DISTINCT FROM 'disputed'
    """,
    # Everyone seen is linked to somebody else, and the face of whom is declared is known.
    "face_elsewhere": """
        SELECT DISTINCT d.media_id, d.subject_id
        FROM depictions d
        JOIN (
            SELECT media_id,
                   bool_and(subject_id IS NOT NULL AND status IS DISTINCT FROM 'disputed')
                   AS all_known
            FROM likenesses_now GROUP BY media_id
        ) f ON f.media_id = d.media_id AND f.all_known
        JOIN entries e ON e.media_id = d.media_id
        -- The donors of a morph meet in one face, which is like one of them.
        WHERE d.link_status <> 'rejected' AND d.not_visible IS NULL
        AND (d.role IN ('depicted', 'bystander')
            OR (d.role = 'donor' AND e.manipulation_type <> 'morph'))
        AND d.subject_id IN (SELECT subject_id FROM known_faces)
        AND NOT EXISTS (
            SELECT 1 FROM likenesses_now own
            WHERE own.media_id = d.media_id AND own.subject_id = d.subject_id
        )
        ORDER BY ALL
    """,
    # The identity seen in most contents is the subject's own.
    "second_identities": """
        SELECT DISTINCT l.media_id, l.subject_id
        FROM likenesses_now l
        JOIN (
            SELECT identity_id, subject_id FROM known_faces
            WHERE identity_id IS NOT NULL
            GROUP BY model_id, subject_id, identity_id
            QUALIFY row_number() OVER (
                PARTITION BY model_id, subject_id
                ORDER BY count(DISTINCT content) DESC, identity_id
            ) > 1
        ) s ON s.identity_id = l.identity_id AND s.subject_id = l.subject_id
        ORDER BY ALL
    """,
    "open_resemblances": OPEN_RESEMBLANCES,
    # An entry that is alone in its group is a copy of nothing.
    "copies": """
        SELECT e.media_id, e.id, e.locator, e.dataset, e.split, e.sha256, c.pixel_digest,
               coalesce(g.group_id, e.sha256) AS group_id, g.tier, g.distance
        FROM entries e
        LEFT JOIN content c USING (sha256)
        LEFT JOIN groups g USING (sha256)
        WHERE e.state = 'present'
        QUALIFY count(*) OVER (PARTITION BY coalesce(g.group_id, e.sha256)) > 1
        ORDER BY e.media_id
    """,
    # A chain of look-alikes whose ends are too far apart to be copies is several groups.
    "split_chains": """
        SELECT e.media_id, c.chain, n.pieces, n.entries
        FROM entries e
        JOIN compared c USING (sha256)
        JOIN (
            SELECT chain, count(DISTINCT coalesce(g.group_id, sha256)) AS pieces,
                   count(*) AS entries
            FROM compared
            JOIN entries USING (sha256)
            LEFT JOIN groups g USING (sha256)
            WHERE chain IS NOT NULL AND state = 'present'
            GROUP BY chain HAVING pieces > 1
        ) n USING (chain)
        WHERE e.state = 'present'
        ORDER BY e.media_id
    """,
    # What an older reader found of a content counts no longer, once another has read it.
    # A statement about a picture is about every entry that has its bytes or its pixels, whichever
    # of them it stands in or beside; what a record says of its own file is not.
    "signalled": """
        WITH own AS (
            SELECT e.media_id, e.sha256, e.locator, s.*
            FROM signals s
            JOIN signal_scans r ON r.sha256 = s.about AND r.stage = s.stage
            JOIN entries e ON e.sha256 = s.about
            WHERE s.about_kind = 'content'
            UNION ALL
            SELECT e.media_id, e.sha256, e.locator, s.*
            FROM signals s JOIN entries e ON e.id = s.about
            WHERE s.about_kind = 'media'
        ),
        pictures AS (
            SELECT e.media_id,
                   coalesce(c.pixel_digest_basis || ':' || c.pixel_digest, e.sha256) AS picture
            FROM entries e LEFT JOIN content c USING (sha256) WHERE e.sha256 IS NOT NULL
        ),
        shared AS (
            SELECT picture FROM pictures GROUP BY picture HAVING count(*) > 1
        ),
        told AS (
            SELECT p.picture, o.*
            FROM own o JOIN pictures p USING (media_id) SEMI JOIN shared USING (picture)
            WHERE o.kind NOT IN ('c2pa_state', 'conflict', 'rights')
            QUALIFY row_number() OVER (
                PARTITION BY p.picture, o.kind, o.place, o.value, o.digest ORDER BY o.locator
            ) = 1
        )
        SELECT media_id, * EXCLUDE (media_id, sha256, locator) FROM own
        UNION ALL
        SELECT p.media_id, t.* EXCLUDE (picture, media_id, sha256, locator) REPLACE (
                   t.key || ' of ' || t.locator AS key,
                   t.place || ' of ' || t.locator || ', which is the same picture' AS place
               )
        FROM told t JOIN pictures p USING (picture)
        WHERE NOT EXISTS (
            SELECT 1 FROM own o WHERE o.media_id = p.media_id AND o.kind = t.kind
            AND o.place = t.place AND o.value IS NOT DISTINCT FROM t.value AND o.digest = t.digest
        )
        ORDER BY media_id, kind, key
    """,
    "people": """
        SELECT e.media_id, e.locator, e.split,
               'subject ' || coalesce(n.person, d.subject_id) AS person
        FROM entries e JOIN depictions d USING (media_id) LEFT JOIN names n USING (subject_id)
        WHERE d.link_status <> 'rejected'
        UNION
        SELECT e.media_id, e.locator, e.split,
               coalesce('subject ' || coalesce(n.person, i.subject_id),
                        'identity ' || i.identity_id) AS person
        FROM entries e JOIN faces f USING (sha256) JOIN identities i USING (face_id)
        LEFT JOIN names n USING (subject_id)
        WHERE i.identity_id IS NOT NULL AND i.status IS DISTINCT FROM 'disputed'
        ORDER BY ALL
    """,
    "origins": """
        SELECT (row_number() OVER (ORDER BY source_id, licence) - 1)::INTEGER AS origin, *
        FROM (SELECT DISTINCT source_id, licence FROM entries
              WHERE source_id IS NOT NULL OR licence IS NOT NULL)
        ORDER BY origin
    """,
    # Whose face an identity is by two contents that are no copies.
    "supported": SUPPORTED,
}

# Asked by other views alone, and so made each time and not kept: they are as long as all faces.
_NOT_KEPT = ("likenesses_now", "known_faces")

# What reviewers see of an entry beside what was found: its bytes, what was done to it and how, when
# it was taken, who is in it in which role, its labels, its source and licence, and what it was made
# from. Splits and groups are no part of it: they say nothing of who is shown, or of rights.
_SIGHT = """
SELECT e.media_id, unhex(sha256(to_json([
    to_json([e.id, e.sha256, e.manipulation_type::VARCHAR, e.people, e.source_id::VARCHAR,
             e.licence::VARCHAR, e.method::VARCHAR, e.compression::VARCHAR,
             e.captured_at::VARCHAR, e.declared_again]),
    to_json(d.people), to_json(l.labels), to_json(a.parents)
])::VARCHAR)) AS digest
FROM entries e
LEFT JOIN (
    SELECT media_id, list([subject_id, role::VARCHAR, link_method::VARCHAR, link_status::VARCHAR]
                          ORDER BY subject_id, role) AS people
    FROM depictions GROUP BY media_id
) d ON d.media_id = e.media_id
LEFT JOIN (
    SELECT media_id, list([name, value] ORDER BY name) AS labels FROM labels GROUP BY media_id
) l ON l.media_id = e.media_id
LEFT JOIN (
    SELECT media_id, list(parent ORDER BY parent) AS parents FROM ancestors GROUP BY media_id
) a ON a.media_id = e.media_id
ORDER BY e.media_id
"""

# The numbers of each origin's entries come after its table.
_FROM_ORIGINS = """
SELECT o.origin, e.media_id FROM entries e
JOIN origins o ON o.source_id IS NOT DISTINCT FROM e.source_id
AND o.licence IS NOT DISTINCT FROM e.licence
ORDER BY ALL
"""

RECIPE = "\n".join((
    numbered.RECIPE, str(REQUIRED_ROLES), str(KNOWN_ROLES), *_VIEWS.values(), ANSWERED, _SIGHT,
    _FROM_ORIGINS, merged.SETTLED,
))  # fmt: skip


_DIGESTS = pa.schema([("media_id", pa.int32()), ("digest", pa.binary(32))])


def prepare(tables: Mapping[str, pa.Table], spoken: Spoken | None = None) -> dict[str, pa.Table]:
    """Return the catalogue by number, and the views of it that no other statement changes.

    Args:
        tables: A table for each of `CATALOG_INPUTS`.
        spoken: What is said of people and faces, as `curate.audit.facts.spoken_of` gives it;
            nothing when None.

    Returns:
        What `curate.catalog.numbered.number` gives; the views that `curate.audit.facts` lists
        as the catalogue's own; ``from_origins``, the entries of each origin; ``sight``, a digest of
        what reviewers see of each entry beside findings; and the tables that are asked as they
        are.
    """
    connection = in_memory()
    names = None if spoken is None else spoken.names
    tables = {**tables, "identities": merged.settled_identities(tables, names)}
    merged.register_names(connection, names)
    for name, schema in (("told_apart", TOLD_APART), ("restricted", RESTRICTED)):
        said = schema.empty_table() if spoken is None else getattr(spoken, name)
        connection.register(name, said)
    made = number(tables)
    plain = {name: tables[name] for name in CATALOG_INPUTS if name not in made}
    kinds, roles = zip(*REQUIRED_ROLES, strict=True)
    required = pa.table({"manipulation_type": list(kinds), "role": list(roles)})
    for name, table in {
        **made,
        **plain,
        "required_roles": required,
        "known_roles": known_roles(),
    }.items():
        connection.register(name, table)
    for name, sql in {**_VIEWS, "sight": _SIGHT, "from_origins": _FROM_ORIGINS}.items():
        if name in _NOT_KEPT:
            connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
            continue
        made[name] = connection.sql(sql).to_arrow_table()
        connection.register(name, made[name])
    made["answered"] = answered(connection)
    made["sight"] = made["sight"].cast(_DIGESTS).combine_chunks()
    made["crossings"] = crossings(tables)
    return made | plain
