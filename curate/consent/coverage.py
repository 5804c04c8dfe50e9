"""Coverage: which obligations the consents on record meet, at an instant, for a use.

An obligation is a subject in a role, in media with a manipulation. It is met when one consent
meets all of it; when none does, the reasons of the consent that comes nearest are given. The
rules are those of STANDARDS section 9.4:

* The state of a consent is that of its latest event at the instant; of events at one instant
  the one that restricts most counts.
* A withdrawal by the subject beats every grant given before it or with it, in any record.
* A grant of a purpose covers those below it; an exclusion of one excludes those below it, and
  wins.
* Making a swap needs its own operation from each person, by role.

Set-wise over Arrow by DuckDB: the distinct obligations are few, however many media there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from curate.model.config import UseProfile

OBLIGATIONS = pa.schema(
    [
        ("subject_id", pa.string()),
        ("role", pa.string()),
        ("manipulation_type", pa.string()),
        # Set only for people one of whose consents covers listed entries alone.
        ("media_id", pa.string()),
    ]
)

# STANDARDS section 9.4: how sure a record must be for each audience.
AUDIENCES = ("internal", "consortium", "gated", "public")
CONSENT_BASES = ("A9-2-a", "A6-1-a", "bipa_release")

# STANDARDS section 2: what each role must have agreed to beyond being included.
ROLE_OPERATIONS = (
    ("face_swap", "donor", "likeness_synthesis"),
    ("face_swap", "target", "likeness_alteration"),
    ("reenactment", "target", "likeness_synthesis"),
    ("reenactment", "driver", "performance_transfer"),
    ("lip_sync", "target", "likeness_synthesis"),
    ("lip_sync", "voice_donor", "voice_synthesis"),
    ("attribute_edit", "depicted", "likeness_alteration"),
    ("morph", "donor", "likeness_synthesis"),
    ("identity_conditioned_synthesis", "donor", "likeness_synthesis"),
)

# By how much each state restricts, for events at one instant; only the first two permit.
_STATES = (
    "ConsentGiven",
    "RenewedConsentGiven",
    "ConsentUnknown",
    "ConsentRequested",
    "ConsentRequestDeferred",
    "ConsentExpired",
    "ConsentRefused",
    "ConsentInvalidated",
    "ConsentRevoked",
    "ConsentWithdrawn",
)


@dataclass(frozen=True)
class ConsentTables:
    """The statements that coverage is judged by."""

    consents: pa.Table
    consent_events: pa.Table
    notices: pa.Table


_STATE_SQL = """
CREATE TABLE states AS
-- A state that no version known here writes is as good as unknown: it is not passed over.
SELECT consent_id,
       arg_max(state, (effective_at, coalesce(strength, $unknown), event_id)) AS state,
       max(effective_at) AS state_at
FROM consent_events LEFT JOIN strengths USING (state)
WHERE effective_at <= $as_of
GROUP BY consent_id;

CREATE TABLE withdrawals AS
SELECT subject_id, max(effective_at) AS withdrawn_at FROM consent_events
WHERE effective_at <= $as_of AND state = 'ConsentWithdrawn'
GROUP BY subject_id;

CREATE TABLE given AS
SELECT consent_id, max(effective_at) AS given_at FROM consent_events
WHERE effective_at <= $as_of AND state IN ('ConsentGiven', 'RenewedConsentGiven')
GROUP BY consent_id;
"""

# One list of reasons per consent and obligation: empty when the consent meets it. The operations
# an obligation needs are those of the use and those of the role in the manipulation.
_REASONS_SQL = """
CREATE TABLE reasons AS
WITH needed AS (
    SELECT o.*, list_distinct(list_concat($operations, coalesce(r.extra, []))) AS needed,
           o.manipulation_type NOT IN ('none', 'unknown')
           AND (o.role IN ('donor', 'target', 'driver', 'voice_donor') OR r.extra IS NOT NULL)
               AS altered
    FROM obligations o
    LEFT JOIN (
        SELECT manipulation_type, role, list(operation) AS extra
        FROM role_operations GROUP BY manipulation_type, role
    ) r USING (manipulation_type, role)
)
SELECT
    n.subject_id, n.role, n.manipulation_type, n.media_id, c.consent_id,
    coalesce(s.state, 'ConsentUnknown') AS state, s.state_at, w.withdrawn_at,
    c.valid_from, c.valid_until, c.audience_max, c.purposes, c.legal_basis, c.notice_id,
    c.assurance_level,
    list_sort(list_filter($territories::VARCHAR[], lambda x:
        NOT (list_contains(c.territories, 'WORLD') OR list_contains(c.territories, x))
        OR list_contains(coalesce(c.territories_excluded, []), x)
        OR (x = 'WORLD' AND len(c.territories_excluded) > 0))) AS territories,
    list_sort(list_intersect($contexts::VARCHAR[], coalesce(c.contexts_forbidden, []))) AS contexts,
    list_sort(list_filter(n.needed, lambda x: NOT list_contains(c.operations, x))) AS missing,
    list_filter([
        CASE WHEN w.withdrawn_at >= coalesce(g.given_at, w.withdrawn_at) THEN 'withdrawn' END,
        CASE coalesce(s.state, 'ConsentUnknown')
            WHEN 'ConsentWithdrawn' THEN 'withdrawn'
            WHEN 'ConsentRevoked' THEN 'revoked'
            WHEN 'ConsentRefused' THEN 'refused'
            WHEN 'ConsentInvalidated' THEN 'invalidated'
            WHEN 'ConsentExpired' THEN 'expired'
            WHEN 'ConsentGiven' THEN NULL
            WHEN 'RenewedConsentGiven' THEN NULL
            ELSE 'pending' END,
        CASE WHEN c.valid_from > $as_of THEN 'not-yet-valid' END,
        CASE WHEN c.valid_until <= $as_of THEN 'expired' END,
        CASE WHEN list_has_any(coalesce(c.purposes_excluded, []), $purpose_line)
             THEN 'purpose-excluded' END,
        CASE WHEN NOT list_has_any(c.purposes, $purpose_line) THEN 'purpose-not-granted' END,
        CASE WHEN NOT list_contains(c.roles_permitted, n.role) THEN 'role-not-granted' END,
        CASE WHEN NOT list_has_all(c.operations, n.needed) THEN 'operation-not-granted' END,
        CASE WHEN n.altered
                  AND NOT list_contains(coalesce(c.manipulations_permitted, []),
                                        n.manipulation_type)
             THEN 'manipulation-not-granted' END,
        CASE WHEN coalesce(list_position($audiences, c.audience_max), 0)
                  < list_position($audiences, $audience)
             THEN 'audience-exceeded' END,
        CASE WHEN $commercial AND c.commercial_use = 'no' THEN 'commercial-not-granted'
             WHEN $commercial AND c.commercial_use <> 'yes' THEN 'commercial-unstated' END,
        -- Who goes everywhere goes where they must not.
        CASE WHEN list_has_any(coalesce(c.territories_excluded, []), $territories::VARCHAR[])
                  OR (list_contains($territories::VARCHAR[], 'WORLD')
                      AND len(coalesce(c.territories_excluded, [])) > 0)
             THEN 'territory-not-granted'
             WHEN len($territories::VARCHAR[]) = 0 THEN NULL
             WHEN list_contains(c.territories, 'WORLD') THEN NULL
             WHEN len(coalesce(c.territories, [])) = 0 THEN 'territory-unstated'
             WHEN NOT list_has_all(c.territories, $territories::VARCHAR[])
             THEN 'territory-not-granted' END,
        CASE WHEN list_has_any(coalesce(c.contexts_forbidden, []), $contexts::VARCHAR[])
             THEN 'context-forbidden' END,
        CASE WHEN c.scope_kind = 'listed_media'
             THEN CASE WHEN NOT coalesce(list_contains(c.scope_media_ids, n.media_id), FALSE)
                       THEN 'other-media' END
             WHEN c.scope_kind IS DISTINCT FROM 'all_media' THEN 'scope-unresolved' END,
        CASE WHEN NOT list_contains($bases, c.legal_basis) THEN 'legal-basis-not-consent' END,
        CASE WHEN c.notice_id IS NOT NULL AND t.notice_id IS NULL THEN 'notice-mismatch'
             WHEN c.notice_id IS NULL THEN NULL
             WHEN NOT list_has_any(coalesce(t.covers_purposes, []), $purpose_line)
                  OR NOT list_has_all(coalesce(t.covers_operations, []), n.needed)
             THEN 'notice-mismatch' END,
        CASE WHEN c.assurance_level < list_position($audiences, $audience)
             THEN 'assurance-too-low' END,
        CASE WHEN c.valid_until IS NULL THEN 'no-expiry'
             WHEN c.valid_until < $ends_at::TIMESTAMPTZ THEN 'release-outlives-consent' END
    ], lambda x: x IS NOT NULL) AS reasons
FROM needed n
JOIN consents c USING (subject_id)
LEFT JOIN states s USING (consent_id)
LEFT JOIN given g USING (consent_id)
LEFT JOIN withdrawals w USING (subject_id)
LEFT JOIN notices t ON t.notice_id = c.notice_id;
"""

# The nearest consent: fewest reasons that say no, then fewest at all, then the one given or
# changed last, then by id.
_NEAREST_SQL = """
SELECT o.subject_id, o.role, o.manipulation_type, o.media_id, n.consent_id,
       CASE WHEN n.consent_id IS NULL THEN ['no-consent']
            ELSE list_sort(list_distinct(n.reasons)) END AS reasons,
       n.state, n.state_at, n.withdrawn_at, n.valid_from, n.valid_until, n.audience_max,
       n.purposes, n.missing, n.legal_basis, n.notice_id, n.assurance_level, n.territories,
       n.contexts
FROM obligations o
LEFT JOIN (
    SELECT * FROM reasons
    QUALIFY row_number() OVER (
        PARTITION BY subject_id, role, manipulation_type, media_id
        ORDER BY len(list_filter(list_distinct(reasons), lambda x: NOT list_contains($doubts, x))),
                 len(list_distinct(reasons)), state_at DESC NULLS LAST, consent_id
    ) = 1
) n ON n.subject_id = o.subject_id AND n.role = o.role
    AND n.manipulation_type = o.manipulation_type AND n.media_id IS NOT DISTINCT FROM o.media_id
ORDER BY o.subject_id, o.role, o.manipulation_type, o.media_id
"""

# Reasons that raise a doubt; all others say no.
DOUBTS = (
    "pending",
    "commercial-unstated",
    "territory-unstated",
    "scope-unresolved",
    "legal-basis-not-consent",
    "notice-mismatch",
    "assurance-too-low",
    "no-expiry",
    "release-outlives-consent",
)


def coverage(
    obligations: pa.Table,
    tables: ConsentTables,
    *,
    use: UseProfile,
    purposes: Mapping[str, str | None],
    as_of: datetime,
) -> pa.Table:
    """Return, for each obligation, the consent that meets it best and why it falls short.

    Args:
        obligations: Distinct rows of `OBLIGATIONS`.
        tables: Consents and their events, as they were known.
        use: What the media are wanted for.
        purposes: Each purpose with the broader one it stands below.
        as_of: The instant to judge at, in UTC.

    Returns:
        One row per obligation, sorted: the obligation, ``consent_id`` (null without any
        consent), ``reasons`` (list of text, empty when met), and the facts they speak of:
        ``state, state_at, withdrawn_at, valid_from, valid_until, audience_max, purposes,
        missing`` (operations not granted), ``legal_basis, notice_id, assurance_level,
        territories`` and ``contexts`` (those that stand against it).
    """
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("obligations", obligations.select(OBLIGATIONS.names).cast(OBLIGATIONS))
    connection.register("consents", tables.consents)
    connection.register("consent_events", tables.consent_events)
    connection.register("notices", tables.notices)
    connection.register("strengths", _strengths())
    connection.register("role_operations", _role_operations())
    for statement in _STATE_SQL.strip().split(";\n"):
        if statement.strip():
            known = {"as_of": as_of, "unknown": _STATES.index("ConsentUnknown")}
            wants = {name: value for name, value in known.items() if f"${name}" in statement}
            connection.execute(statement, wants or None)
    connection.execute(
        _REASONS_SQL,
        {
            "as_of": as_of,
            "operations": list(use.operations),
            "purpose_line": purpose_line(use.purpose, purposes),
            "audiences": list(AUDIENCES),
            "audience": use.audience,
            "commercial": use.commercial,
            "territories": sorted({*use.recipient_territories, *use.storage_territories}),
            "contexts": list(use.contexts),
            "bases": list(CONSENT_BASES),
            "ends_at": use.ends_at,
        },
    )
    return connection.sql(_NEAREST_SQL, params={"doubts": list(DOUBTS)}).to_arrow_table()


def purpose_line(purpose: str, purposes: Mapping[str, str | None]) -> list[str]:
    """Return `purpose` and every broader purpose above it, nearest first.

    >>> purpose_line("b", {"a": None, "b": "a"})
    ['b', 'a']
    """
    line: list[str] = []
    at: str | None = purpose
    while at is not None and at not in line:
        line.append(at)
        at = purposes.get(at)
    return line


def _strengths() -> pa.Table:
    return pa.table({"state": list(_STATES), "strength": list(range(len(_STATES)))})


def _role_operations() -> pa.Table:
    kinds, roles, operations = zip(*ROLE_OPERATIONS, strict=True)
    return pa.table(
        {"manipulation_type": list(kinds), "role": list(roles), "operation": list(operations)}
    )
