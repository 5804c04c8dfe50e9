"""Facts: the views that rules ask, made from the catalogue's tables and a use.

========================  ==================================================================
view                      one row per
========================  ==================================================================
entries                   entry, with its content and state
duties                    entry, person, role and reason why their consent falls short
standings                 entry, person and reason that is not in a consent: age, death, a
                          destruction date, a request
ancestors                 entry and entry it was made from, however far
visible                   readable entry: people declared to be seen, faces seen in a frame
copies                    readable entry, with its duplicate group
people                    entry and person in it: declared subjects, and identities of faces
required_roles            manipulation and person that it needs in a role
========================  ==================================================================

and the tables as they are: content, depictions, faces, face_scans, identities, labels,
relations, sources, subjects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.consent.coverage import ConsentTables, coverage
from curate.consent.standing import PeopleTables, standing
from curate.model.config import UseProfile, Waiver

if TYPE_CHECKING:
    import duckdb

# What an audit reads; `entries` is the catalogue's view, the rest are tables.
CATALOG_INPUTS = (
    "entries",
    "content",
    "depictions",
    "faces",
    "face_scans",
    "groups",
    "identities",
    "labels",
    "relations",
)
LEDGER_INPUTS = (
    "consents",
    "consent_events",
    "decisions",
    "notices",
    "requests",
    "sources",
    "subjects",
)
INPUTS = CATALOG_INPUTS + LEDGER_INPUTS

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

# Ids of entries are long texts, and every rule joins on them: inside the connection an entry is
# its number in the order of ids, and `id` its text. What names an entry that is not listed joins
# with nothing.
_NUMBERED = """
CREATE TABLE entries AS
SELECT * EXCLUDE (number) REPLACE (number AS media_id), media_id AS id
FROM listed_entries;

CREATE TABLE depictions AS
SELECT d.* REPLACE (e.media_id AS media_id)
FROM listed_depictions d JOIN entries e ON e.id = d.media_id;

CREATE TABLE labels AS
SELECT l.* REPLACE (e.media_id AS media_id)
FROM listed_labels l JOIN entries e ON e.id = l.media_id;

CREATE TABLE decisions AS
SELECT d.* REPLACE (e.media_id AS media_id)
FROM listed_decisions d JOIN entries e ON e.id = d.media_id;
"""
NUMBERED = ("entries", "depictions", "labels", "decisions")

_VIEWS = """
-- Whoever a source speaks of without a record of their own is doubted, and not refused: the
-- source's statement is a claim of assurance 1 or 2.
CREATE TABLE duties AS
SELECT e.media_id, d.subject_id, d.role, e.manipulation_type, c.consent_id,
       CASE WHEN r.reason = 'no-consent'
                 AND s.consent_claim IN ('dataset_statement', 'batch_attestation')
            THEN 'claim-only' ELSE r.reason END AS reason,
       s.consent_claim, e.source_id,
       c.state, c.state_at, c.withdrawn_at, c.valid_from, c.valid_until, c.audience_max,
       c.purposes, c.missing, c.legal_basis, c.notice_id, c.assurance_level, c.territories,
       c.contexts, u.purpose, u.audience, u.ends_at,
       CASE WHEN c.state = 'ConsentExpired' THEN c.state_at END AS state_at_if_expired
FROM depictions d
JOIN short_of c ON c.subject_id = d.subject_id AND c.role = d.role
JOIN entries e ON e.media_id = d.media_id AND c.manipulation_type = e.manipulation_type
    AND (c.media_id IS NULL OR c.media_id = e.id)
LEFT JOIN sources s ON s.source_id = e.source_id
CROSS JOIN use u
CROSS JOIN LATERAL (SELECT unnest(c.reasons) AS reason) r
WHERE d.link_status <> 'rejected';

CREATE TABLE standings AS
SELECT DISTINCT media_id, subject_id, reason, since, request FROM (
    SELECT d.media_id, t.subject_id, t.reason, t.since, t.request
    FROM standing t JOIN depictions d USING (subject_id)
    WHERE t.media_id IS NULL AND d.link_status <> 'rejected'
    UNION ALL
    SELECT e.media_id, t.subject_id, t.reason, t.since, t.request
    FROM standing t JOIN entries e ON e.id = t.media_id
);

-- From each entry to everything it was made from, however far. A parent that is not listed has
-- no number, and its text is all that is known of it.
CREATE TABLE ancestors AS
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
WHERE l.child <> l.parent;

-- Faces too poor to judge count too: someone is there. A donor and a target meet in one
-- visible face; drivers and voices are not seen.
CREATE TABLE visible AS
SELECT e.media_id,
       (coalesce(p.seen, 0) + greatest(coalesce(p.donors, 0), coalesce(p.targets, 0)))::BIGINT
           AS declared,
       coalesce(f.faces, 0) AS faces, p.media_id IS NOT NULL AS someone
FROM entries e
LEFT JOIN (
    SELECT media_id, count(*) FILTER (seen) AS seen, count(*) FILTER (donor) AS donors,
           count(*) FILTER (target) AS targets
    FROM (
        SELECT media_id, role = 'depicted' AS seen, role = 'donor' AS donor,
               role = 'target' AS target
        FROM depictions WHERE link_status <> 'rejected' AND role <> 'bystander'
        UNION ALL
        -- Whoever is declared in two roles is one person.
        SELECT media_id, NOT EXISTS (
            SELECT 1 FROM depictions o
            WHERE o.media_id = b.media_id AND o.subject_id = b.subject_id
            AND o.role = 'depicted' AND o.link_status <> 'rejected'
        ), FALSE, FALSE
        FROM depictions b WHERE link_status <> 'rejected' AND role = 'bystander'
    ) GROUP BY media_id
) p USING (media_id)
LEFT JOIN (
    SELECT sha256, max(n) AS faces FROM (
        SELECT sha256, frame, count(*) AS n FROM faces GROUP BY sha256, frame, model_id
    ) GROUP BY sha256
) f USING (sha256)
WHERE e.state = 'present';

CREATE VIEW copies AS
SELECT e.media_id, e.id, e.locator, e.dataset, e.split, e.sha256, c.pixel_digest,
       coalesce(g.group_id, e.sha256) AS group_id, g.tier, g.distance,
       coalesce(g.keep, e.sha256) AS keep, g.keep_reason
FROM entries e
LEFT JOIN content c USING (sha256)
LEFT JOIN groups g USING (sha256)
WHERE e.state = 'present';

CREATE VIEW people AS
SELECT DISTINCT e.media_id, e.locator, e.split, 'subject ' || d.subject_id AS person
FROM entries e JOIN depictions d USING (media_id) WHERE d.link_status <> 'rejected'
UNION
SELECT DISTINCT e.media_id, e.locator, e.split,
       coalesce('subject ' || i.subject_id, 'identity ' || i.identity_id) AS person
FROM entries e JOIN faces f USING (sha256) JOIN identities i USING (face_id)
WHERE i.identity_id IS NOT NULL AND i.status IS DISTINCT FROM 'disputed';
"""


@dataclass(frozen=True)
class Question:
    """What an audit is asked: a use, at an instant.

    Attributes:
        use: What the media are wanted for.
        purposes: Each purpose with the broader one it stands below.
        as_of: The instant to judge at, in UTC.
        waivers: Findings that someone answers for.
    """

    use: UseProfile
    purposes: Mapping[str, str | None]
    as_of: datetime
    waivers: tuple[Waiver, ...] = ()


def connect_facts(tables: Mapping[str, pa.Table], question: Question) -> duckdb.DuckDBPyConnection:
    """Return an in-memory connection with the tables and views that rules ask.

    Args:
        tables: A table for each of `INPUTS`.
        question: The use and the instant.
    """
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for name in INPUTS:
        table = _numbered(tables[name]) if name == "entries" else tables[name]
        connection.register(f"listed_{name}" if name in NUMBERED else name, table)
    connection.execute(_NUMBERED)
    connection.register("coverage", _coverage(connection, tables, question))
    connection.execute("CREATE TABLE short_of AS SELECT * FROM coverage WHERE len(reasons) > 0")
    people = connection.sql("SELECT DISTINCT subject_id FROM depictions").to_arrow_table()
    statements = PeopleTables(**{f.name: tables[f.name] for f in fields(PeopleTables)})
    connection.register(
        "standing",
        standing(people, statements, use=question.use, as_of=question.as_of),
    )
    connection.register("use", _use_row(question.use))
    kinds, roles = zip(*REQUIRED_ROLES, strict=True)
    connection.register(
        "required_roles", pa.table({"manipulation_type": list(kinds), "role": list(roles)})
    )
    connection.execute(_VIEWS)
    return connection


def _numbered(entries: pa.Table) -> pa.Table:
    """Return entries in the order of their ids, with the column ``number``, int32."""
    ids = entries["media_id"].combine_chunks()
    # The catalogue gives them in order already, and sorting wide rows is dear.
    if len(ids) and not pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py():
        entries = entries.take(pc.array_sort_indices(ids))
    numbers = pa.array(np.arange(len(ids), dtype=np.int32))
    return entries.append_column("number", numbers)


_OBLIGATIONS = """
SELECT DISTINCT d.subject_id, d.role, e.manipulation_type,
       CASE WHEN s.subject_id IS NOT NULL THEN e.id END AS media_id
FROM depictions d
JOIN entries e USING (media_id)
LEFT JOIN (SELECT DISTINCT subject_id FROM consents WHERE scope_kind = 'listed_media') s
    ON s.subject_id = d.subject_id
WHERE d.link_status <> 'rejected'
"""


def _coverage(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table], question: Question
) -> pa.Table:
    statements = ConsentTables(**{f.name: tables[f.name] for f in fields(ConsentTables)})
    return coverage(
        connection.sql(_OBLIGATIONS).to_arrow_table(),
        statements,
        use=question.use,
        purposes=question.purposes,
        as_of=question.as_of,
    )


def _use_row(use: UseProfile) -> pa.Table:
    row = {
        "purpose": use.purpose,
        "operations": list(use.operations),
        "audience": use.audience,
        "commercial": use.commercial,
        "ends_at": use.ends_at,
    }
    return pa.Table.from_pylist([row], schema=_USE)


_USE = pa.schema(
    [
        ("purpose", pa.string()),
        ("operations", pa.list_(pa.string())),
        ("audience", pa.string()),
        ("commercial", pa.bool_()),
        ("ends_at", pa.timestamp("us", tz="UTC")),
    ]
)
