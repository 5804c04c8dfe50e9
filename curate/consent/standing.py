"""Standing: what about a person, rather than about a consent of theirs, stands in the way.

Minority, death, a date by which biometric data must be destroyed, and requests that are open or
were fulfilled. Each gives a reason per subject; a request that names entries speaks of those only.
STANDARDS sections 1.5 and 9.4. What is not known of a person is a reason, not its absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from curate.catalog.memory import in_memory
from curate.model.config import UseProfile


@dataclass(frozen=True)
class PeopleTables:
    """The statements about people that standing is judged by."""

    subjects: pa.Table
    requests: pa.Table
    consents: pa.Table
    consent_events: pa.Table


_SQL = """
WITH guarded AS (
    SELECT subject_id, max(effective_at) AS guardian_at FROM consent_events
    WHERE indicated_by = 'guardian' AND effective_at <= $as_of
    AND state IN ('ConsentGiven', 'RenewedConsentGiven')
    GROUP BY subject_id
), own AS (
    SELECT subject_id, max(effective_at) AS own_at FROM consent_events
    WHERE coalesce(indicated_by, 'subject') = 'subject' AND effective_at <= $as_of
    AND state IN ('ConsentGiven', 'RenewedConsentGiven')
    GROUP BY subject_id
), granted AS (
    SELECT subject_id, max(effective_at) AS granted_at FROM consent_events
    WHERE effective_at <= $as_of AND state IN ('ConsentGiven', 'RenewedConsentGiven')
    GROUP BY subject_id
), known AS (
    SELECT p.subject_id, s.* EXCLUDE (subject_id), g.guardian_at, o.own_at
    FROM people p
    LEFT JOIN subjects s USING (subject_id)
    LEFT JOIN guarded g USING (subject_id)
    LEFT JOIN own o USING (subject_id)
), minor AS (
    SELECT *, is_minor_at_capture = 'yes' OR subject_kind = 'minor' AS minor FROM known
)
SELECT subject_id, NULL AS media_id, reason, since, NULL AS request FROM (
    SELECT subject_id, 'possible-minor' AS reason, NULL::TIMESTAMPTZ AS since FROM minor
    WHERE NOT coalesce(minor, FALSE)
    -- Who has a guardian, or is still to come of age, is said to be of age in contradiction.
    AND (coalesce(is_minor_at_capture, 'unknown') = 'unknown' OR guardian_id IS NOT NULL
         OR coalesce(majority_on::TIMESTAMPTZ > $as_of, FALSE))
    UNION ALL
    SELECT subject_id, 'minor', NULL FROM minor WHERE minor AND NOT $minors
    UNION ALL
    SELECT subject_id, 'guardian-missing', NULL FROM minor WHERE minor AND guardian_at IS NULL
    UNION ALL
    SELECT subject_id, 'reconsent-at-majority', majority_on::TIMESTAMPTZ FROM minor
    WHERE minor AND majority_on::TIMESTAMPTZ <= $as_of
    AND coalesce(own_at < majority_on::TIMESTAMPTZ, TRUE)
    UNION ALL
    SELECT subject_id, 'deceased', deceased_on::TIMESTAMPTZ FROM minor
    WHERE subject_kind = 'deceased' OR deceased_on::TIMESTAMPTZ <= $as_of
    UNION ALL
    SELECT subject_id, 'destroy-by-passed', destroy_by FROM minor WHERE destroy_by <= $as_of
    UNION ALL
    SELECT subject_id, 'destroy-by-ahead', destroy_by FROM minor
    WHERE destroy_by > $as_of AND destroy_by < $ends_at
    UNION ALL
    SELECT subject_id, 'restricted', NULL FROM minor WHERE status = 'restricted'
    UNION ALL
    SELECT subject_id, 'erased', NULL FROM minor WHERE status = 'erased'
)
UNION ALL
SELECT subject_id, unnest(coalesce(nullif(media_ids, []), [NULL])), CASE
    WHEN kind IN ('takedown_ncii', 'takedown_likeness') THEN 'takedown'
    WHEN kind = 'erasure' THEN 'erased'
    WHEN kind = 'objection' THEN 'objected'
    WHEN kind = 'withdrawal' THEN 'withdrawal-requested'
    WHEN kind IN ('le_preserve', 'le_destroy') THEN 'legal-hold'
    ELSE 'restricted' END, received_at, request_id
FROM requests LEFT JOIN granted USING (subject_id)
WHERE received_at <= $as_of AND kind NOT IN ('access', 'portability')
-- Until it was turned down it was open.
AND NOT (state IN ('refused', 'expired') AND coalesce(closed_at <= $as_of, TRUE))
-- Who was erased and agreed again afterwards may be shown in what is new; the files that were
-- erased stay refused by their digests.
AND NOT (state = 'fulfilled' AND kind = 'erasure' AND len(coalesce(media_ids, [])) = 0
         AND coalesce(closed_at <= $as_of AND granted_at > closed_at, FALSE))
-- Once rectified, data may be used again; what was erased may not.
AND NOT (state = 'fulfilled' AND kind IN ('rectification', 'le_preserve')
         AND coalesce(closed_at <= $as_of, FALSE))
-- A restriction that was granted holds until it is lifted: GDPR Art. 18(3).
AND NOT (state = 'fulfilled' AND kind = 'restriction' AND coalesce(closed_at <= $as_of, FALSE)
         AND coalesce(lifted_at <= $as_of, FALSE))
ORDER BY ALL
"""


def standing(
    people: pa.Table, tables: PeopleTables, *, use: UseProfile, as_of: datetime
) -> pa.Table:
    """Return what stands in the way of using media of each person.

    Args:
        people: Subjects to judge, one column ``subject_id``, distinct.
        tables: Statements, as they were known.
        use: What the media are wanted for.
        as_of: The instant to judge at, in UTC.

    Returns:
        ``subject_id`` (null for a request about entries only), ``media_id`` (null for all
        of the subject's), ``reason``, ``since``, ``request``; sorted.
    """
    connection = in_memory()
    connection.register("people", people)
    for name in ("subjects", "requests", "consents", "consent_events"):
        connection.register(name, getattr(tables, name))
    asked = {"as_of": as_of, "ends_at": use.ends(as_of), "minors": use.minors}
    return connection.sql(_SQL, params=asked).to_arrow_table()
