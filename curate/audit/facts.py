"""Facts: the views that rules ask, made from the catalogue's tables and a use.

========================  ==================================================================
view                      one row per
========================  ==================================================================
entries                   entry, with its content and state
duties                    entry, person, role and reason why their consent falls short;
                          reason is null when it does not
visible                   readable entry: people declared to be seen, faces seen in a frame
copies                    readable entry, with its duplicate group
people                    entry and person in it: declared subjects, and identities of faces
required_roles            manipulation and role that it needs
========================  ==================================================================

and the tables as they are: content, depictions, faces, face_scans, identities, labels,
relations, sources, subjects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from curate.consent.coverage import ConsentTables, coverage
from curate.model.config import UseProfile

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
LEDGER_INPUTS = ("consents", "consent_events", "sources", "subjects")
INPUTS = CATALOG_INPUTS + LEDGER_INPUTS

# STANDARDS section 2: whom a manipulation cannot do without.
REQUIRED_ROLES = (
    ("face_swap", "donor"),
    ("face_swap", "target"),
    ("reenactment", "target"),
    ("reenactment", "driver"),
    ("lip_sync", "target"),
    ("attribute_edit", "depicted"),
    ("morph", "donor"),
    ("identity_conditioned_synthesis", "donor"),
)

_VIEWS = """
CREATE VIEW duties AS
SELECT e.media_id, d.subject_id, d.role, e.manipulation_type, c.consent_id, r.reason,
       c.state, c.state_at, c.withdrawn_at, c.valid_from, c.valid_until, c.audience_max,
       c.purposes, c.missing, u.purpose, u.audience,
       CASE WHEN c.state = 'ConsentExpired' THEN c.state_at END AS state_at_if_expired
FROM entries e
JOIN depictions d USING (media_id)
JOIN coverage c USING (subject_id, role, manipulation_type)
CROSS JOIN use u
LEFT JOIN LATERAL (SELECT unnest(c.reasons) AS reason) r ON TRUE
WHERE d.link_status <> 'rejected';

-- Faces too poor to judge count too: someone is there. A donor and a target meet in one
-- visible face; drivers and voices are not seen.
CREATE VIEW visible AS
SELECT e.media_id,
       coalesce(p.seen, 0) + greatest(coalesce(p.donors, 0), coalesce(p.targets, 0)) AS declared,
       coalesce(f.faces, 0) AS faces
FROM entries e
LEFT JOIN (
    SELECT media_id,
           count(DISTINCT subject_id) FILTER (role IN ('depicted', 'bystander')) AS seen,
           count(DISTINCT subject_id) FILTER (role = 'donor') AS donors,
           count(DISTINCT subject_id) FILTER (role = 'target') AS targets
    FROM depictions WHERE link_status <> 'rejected' GROUP BY media_id
) p USING (media_id)
LEFT JOIN (
    SELECT sha256, max(n) AS faces FROM (
        SELECT sha256, frame, count(*) AS n FROM faces GROUP BY sha256, frame, model_id
    ) GROUP BY sha256
) f USING (sha256)
WHERE e.state = 'present';

CREATE VIEW copies AS
SELECT e.media_id, e.locator, e.dataset, e.split, e.sha256, c.pixel_digest,
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
    """

    use: UseProfile
    purposes: Mapping[str, str | None]
    as_of: datetime


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
        connection.register(name, tables[name])
    obligations = connection.sql(
        "SELECT DISTINCT d.subject_id, d.role, e.manipulation_type "
        "FROM entries e JOIN depictions d USING (media_id)"
    ).to_arrow_table()
    connection.register(
        "coverage",
        coverage(
            obligations,
            ConsentTables(tables["consents"], tables["consent_events"]),
            use=question.use,
            purposes=question.purposes,
            as_of=question.as_of,
        ),
    )
    connection.register("use", _use_row(question.use))
    kinds, roles = zip(*REQUIRED_ROLES, strict=True)
    connection.register(
        "required_roles", pa.table({"manipulation_type": list(kinds), "role": list(roles)})
    )
    connection.execute(_VIEWS)
    return connection


def _use_row(use: UseProfile) -> pa.Table:
    return pa.table({"purpose": [use.purpose], "audience": [use.audience]})
