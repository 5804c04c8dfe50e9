"""The steps of `curate.consent.coverage`, in SQL.

A reason is a bit, written ``bit('expired')``. What a consent says without a date, its terms, is
judged once for each role and manipulation; its dates and events are judged once; the two are
brought together by number for each obligation.
"""

from __future__ import annotations

import re

from curate.consent.columns import judged_as_terms

# Each reason's bit is its place here.
REASONS = (
    "withdrawn",
    "revoked",
    "refused",
    "invalidated",
    "expired",
    "pending",
    "not-yet-valid",
    "purpose-excluded",
    "purpose-not-granted",
    "role-not-granted",
    "operation-not-granted",
    "manipulation-not-granted",
    "audience-exceeded",
    "commercial-not-granted",
    "commercial-unstated",
    "territory-not-granted",
    "territory-unstated",
    "context-forbidden",
    "other-media",
    "scope-unresolved",
    "legal-basis-not-consent",
    "notice-mismatch",
    "assurance-too-low",
    "no-expiry",
    "release-outlives-consent",
    "uninformed",
    "legal-basis-unstated",
)


# What one record says against all others, and the column with its last instant.
AGAINST = {
    "withdrawn": "withdrawn_at",
    "refused": "refused_at",
    "revoked": "revoked_at",
    "invalidated": "invalidated_at",
    "purpose-excluded": "excluded_at",
}


def bit(reason: str) -> int:
    """Return the bit of a reason."""
    return 1 << REASONS.index(reason)


def _bits(sql: str) -> str:
    return re.sub(r"bit\('([a-z-]+)'\)", lambda found: f"{bit(found[1])}::BIGINT", sql)


def _against(table: str, given_at: str) -> str:
    """Return the bits of what was said against a consent when it was given, or later.

    Args:
        table: Has an instant for each reason; null where nothing was said.
        given_at: When the consent was last given; where it is not known, all else comes later.
    """
    return " | ".join(
        f"CASE WHEN {table}.{column} >= coalesce({given_at}, '-infinity'::TIMESTAMPTZ) "
        f"THEN bit('{reason}') ELSE 0 END"
        for reason, column in AGAINST.items()
    )


# What of the events counts. A grant of which nobody said when it was given holds whenever its
# consent does. In imports that were recorded before that was asked, nobody can tell.
HEARD = """
CREATE TEMP TABLE heard AS
SELECT e.consent_id, e.subject_id, e.event_id, e.state, e.effective_at,
       coalesce(s.strength, $unknown) AS strength,
       e.state IN ('ConsentGiven', 'RenewedConsentGiven') AS permits,
       permits AND coalesce(e.undated, e.method = 'import', FALSE) AS timeless,
       -- What somebody takes back from an earlier instant is not undone by what was given before
       -- they said so.
       CASE WHEN permits THEN e.effective_at
            ELSE greatest(e.effective_at, e.stated_at) END AS moment
FROM consent_events e
LEFT JOIN strengths s USING (state)
WHERE (e.effective_at <= $as_of OR timeless) AND e.annulled_at IS NULL
AND (len(coalesce(e.purposes, [])) = 0 OR list_has_any(e.purposes, $purpose_line));
"""

# The state of each consent, and when it was last given.
STATES = """
CREATE TEMP TABLE states AS
-- A state that no version known here writes is as good as unknown: it is not passed over.
SELECT consent_id,
       arg_max(state, (NOT timeless, moment, strength, event_id)) AS state,
       max(effective_at) AS state_at,
       max(effective_at) FILTER (permits AND NOT timeless) AS given_at,
       bool_or(timeless) AS undated
FROM heard GROUP BY consent_id;
"""

# People of whom no record says anything yet: somebody says no from a day that is still to come, or
# about another purpose, or did by mistake. That makes nobody one who was asked.
SILENT = """
CREATE TEMP TABLE silent AS
WITH unheard AS (
    SELECT consent_id FROM consent_events ANTI JOIN states USING (consent_id)
    GROUP BY consent_id HAVING bool_and(state IN ('ConsentWithdrawn', 'ConsentRevoked',
        'ConsentRefused', 'ConsentInvalidated', 'ConsentExpired'))
)
SELECT c.subject_id FROM consents c LEFT JOIN unheard u USING (consent_id)
WHERE c.subject_id IN (SELECT subject_id FROM consents JOIN unheard USING (consent_id))
GROUP BY c.subject_id HAVING bool_and(u.consent_id IS NOT NULL);
"""

# What a person said no to, or others for them, in any of their records: it counts against every
# grant that is not given later. A record that covers listed entries restricts only those; where
# nobody knows which entries it is about, it restricts all.
RESTRAINTS = """
CREATE TEMP TABLE restraints AS
WITH said AS (
    SELECT subject_id, consent_id, CASE state
        WHEN 'ConsentWithdrawn' THEN 'withdrawn'
        WHEN 'ConsentRefused' THEN 'refused'
        WHEN 'ConsentRevoked' THEN 'revoked'
        WHEN 'ConsentInvalidated' THEN 'invalidated' END AS reason, moment
    FROM heard
    UNION ALL
    -- An exclusion was said when the record was last given. Where nobody says when that was, it is
    -- not known what came later; and what else happens to the record tells nothing of it. A record
    -- that is still to be given is not here yet.
    SELECT c.subject_id, c.consent_id, 'purpose-excluded',
           CASE WHEN s.undated THEN 'infinity'::TIMESTAMPTZ
                ELSE coalesce(s.given_at, 'infinity'::TIMESTAMPTZ) END
    FROM consents c LEFT JOIN states s USING (consent_id)
    WHERE list_has_any(coalesce(c.purposes_excluded, []), $purpose_line)
    AND (s.consent_id IS NOT NULL OR c.consent_id NOT IN (
        SELECT consent_id FROM consent_events
        WHERE state IN ('ConsentGiven', 'RenewedConsentGiven')
    ))
)
SELECT r.subject_id, r.consent_id, r.reason, r.moment,
       CASE WHEN c.scope_kind = 'listed_media' AND len(c.scope_media_ids) > 0
            THEN c.scope_media_ids END AS media
FROM said r LEFT JOIN consents c USING (consent_id)
WHERE r.reason IS NOT NULL;
"""

# When each was said last: for all of a person's entries, and for those that were listed.
_LAST_OF_EACH = """max(moment) FILTER (reason = 'withdrawn') AS withdrawn_at,
       max(moment) FILTER (reason = 'refused') AS refused_at,
       max(moment) FILTER (reason = 'revoked') AS revoked_at,
       max(moment) FILTER (reason = 'invalidated') AS invalidated_at,
       max(moment) FILTER (reason = 'purpose-excluded') AS excluded_at"""
SUMMED = f"""
CREATE TEMP TABLE against AS
SELECT subject_id,
       {_LAST_OF_EACH}
FROM restraints WHERE media IS NULL GROUP BY subject_id;
CREATE TEMP TABLE listed_against AS
SELECT o.obligation, r.reason, r.consent_id, r.moment
FROM (SELECT * EXCLUDE (media), unnest(media) AS media_id FROM restraints WHERE media IS NOT NULL) r
JOIN obligations o USING (subject_id, media_id);
CREATE TEMP TABLE against_there AS
SELECT obligation,
       {_LAST_OF_EACH}
FROM listed_against GROUP BY obligation;
"""

# What will be taken back before the use is over ends a consent as its own end does.
AHEAD = """
CREATE TEMP TABLE ahead AS
SELECT e.subject_id, e.consent_id, e.state, e.effective_at AS moment,
       CASE WHEN c.scope_kind = 'listed_media' AND len(c.scope_media_ids) > 0
            THEN c.scope_media_ids END AS media
FROM consent_events e LEFT JOIN consents c USING (consent_id)
WHERE e.effective_at > $as_of AND e.effective_at < $ends_at AND e.annulled_at IS NULL
AND (len(coalesce(e.purposes, [])) = 0 OR list_has_any(e.purposes, $purpose_line))
AND e.state IN ('ConsentWithdrawn', 'ConsentRevoked', 'ConsentRefused', 'ConsentInvalidated',
                'ConsentExpired');
"""
ENDING = """
CREATE TEMP TABLE ending AS
SELECT consent_id, min(moment) AS ends_at FROM (
    SELECT c.consent_id, a.moment FROM consents c JOIN ahead a USING (subject_id)
    WHERE a.media IS NULL AND a.state <> 'ConsentExpired'
    UNION ALL
    SELECT consent_id, moment FROM ahead WHERE state = 'ConsentExpired'
) GROUP BY consent_id;
CREATE TEMP TABLE ending_there AS
SELECT o.obligation, min(a.moment) AS ends_at
FROM (SELECT * EXCLUDE (media), unnest(media) AS media_id FROM ahead
      WHERE media IS NOT NULL AND state <> 'ConsentExpired') a
JOIN obligations o USING (subject_id, media_id) GROUP BY o.obligation;
"""

# What a consent says without a date is its terms. Many people sign one form, so there are few
# terms however many consents there are.
TERMS = f"""
CREATE TEMP TABLE signed AS
SELECT row_number() OVER () AS term, * FROM (
    SELECT list(consent) AS consents, {", ".join(judged_as_terms())} FROM consents GROUP BY ALL
);
CREATE TEMP TABLE term_of AS SELECT term, unnest(consents) AS consent FROM signed;
"""

# What a consent's dates and events say, as bits; the consent changed last comes first.
MOMENTS = _bits(
    """
CREATE TEMP TABLE moments AS
SELECT
    c.consent, c.consent_id, c.subject_id, t.term,
    coalesce(c.scope_kind = 'listed_media', FALSE) AS listed,
    CASE WHEN c.scope_kind = 'listed_media' THEN c.scope_media_ids END AS scope_media_ids,
    coalesce(s.state, 'ConsentUnknown') AS state, s.state_at, s.given_at, w.withdrawn_at,
    c.valid_from, c.valid_until, n.ends_at,
    row_number() OVER (ORDER BY s.state_at DESC NULLS LAST, c.consent) AS rank,
    {against}
    | CASE coalesce(s.state, 'ConsentUnknown')
        WHEN 'ConsentWithdrawn' THEN bit('withdrawn')
        WHEN 'ConsentRevoked' THEN bit('revoked')
        WHEN 'ConsentRefused' THEN bit('refused')
        WHEN 'ConsentInvalidated' THEN bit('invalidated')
        WHEN 'ConsentExpired' THEN bit('expired')
        WHEN 'ConsentGiven' THEN 0
        WHEN 'RenewedConsentGiven' THEN 0
        ELSE bit('pending') END
    | CASE WHEN c.valid_from > $as_of THEN bit('not-yet-valid') ELSE 0 END
    | CASE WHEN c.valid_until <= $begins_at THEN bit('expired') ELSE 0 END
    | CASE WHEN c.valid_until IS NULL THEN bit('no-expiry')
           WHEN c.valid_until < $ends_at THEN bit('release-outlives-consent')
           ELSE 0 END
    | CASE WHEN n.ends_at IS NULL THEN 0 ELSE bit('release-outlives-consent') END AS bits
FROM consents c
JOIN term_of t USING (consent)
LEFT JOIN states s USING (consent_id)
LEFT JOIN against w USING (subject_id)
LEFT JOIN ending n USING (consent_id)
WHERE c.subject_id NOT IN (SELECT subject_id FROM silent);
""".format(against=_against("w", "s.given_at"))
)

PAIRS = _bits(
    """
-- A record in which nothing was answered takes nobody's place who answered in another.
DELETE FROM moments WHERE bits & bit('pending') <> 0
AND subject_id IN (SELECT subject_id FROM moments WHERE bits & bit('pending') = 0);
CREATE TEMP TABLE kinds AS
SELECT row_number() OVER () AS kind, * FROM (
    SELECT DISTINCT role, manipulation_type FROM obligations
);
CREATE TEMP TABLE pairs AS
SELECT o.obligation, k.kind, m.consent, m.term, m.rank,
       -- Only such a consent names entries; to look into its list is dear.
       m.bits | CASE WHEN NOT m.listed THEN 0
                     WHEN coalesce(list_contains(m.scope_media_ids, o.media_id), FALSE) THEN 0
                     ELSE bit('other-media') END
       | CASE WHEN u.ends_at IS NULL THEN 0 ELSE bit('release-outlives-consent') END
       | {against} AS bits
FROM obligations o
JOIN kinds k USING (role, manipulation_type)
JOIN moments m USING (subject_id)
LEFT JOIN against_there t USING (obligation)
LEFT JOIN ending_there u USING (obligation);
""".format(against=_against("t", "m.given_at"))
)

# What terms say to a role in a manipulation, as bits. The operations needed are those of the use
# and those of the role in the manipulation.
ANSWERS = _bits("""
CREATE TEMP TABLE answers AS
WITH needed AS (
    SELECT k.kind, k.role, k.manipulation_type,
           list_distinct(list_concat($operations, coalesce(r.extra, []))) AS needed,
           k.manipulation_type NOT IN ('none', 'unknown')
           AND (k.role IN ('donor', 'target', 'driver', 'voice_donor') OR r.extra IS NOT NULL)
               AS altered
    FROM kinds k
    LEFT JOIN (
        SELECT manipulation_type, role, list(operation) AS extra
        FROM role_operations GROUP BY manipulation_type, role
    ) r USING (manipulation_type, role)
)
SELECT
    p.term, p.kind,
    list_sort(list_filter($territories::VARCHAR[], lambda x:
        NOT (list_contains(c.territories, 'WORLD') OR list_contains(c.territories, x))
        OR list_contains(coalesce(c.territories_excluded, []), x)
        OR (x = 'WORLD' AND len(c.territories_excluded) > 0))) AS territories,
    list_sort(list_intersect($contexts::VARCHAR[], coalesce(c.contexts_forbidden, []))) AS contexts,
    list_sort(list_filter(n.needed, lambda x: NOT list_contains(c.operations, x))) AS missing,
    CASE WHEN list_has_any(coalesce(c.purposes_excluded, []), $purpose_line)
         THEN bit('purpose-excluded') ELSE 0 END
    | CASE WHEN list_has_any(c.purposes, $purpose_line) THEN 0
           ELSE bit('purpose-not-granted') END
    | CASE WHEN list_contains(c.roles_permitted, n.role) THEN 0 ELSE bit('role-not-granted') END
    | CASE WHEN list_has_all(c.operations, n.needed) THEN 0
           ELSE bit('operation-not-granted') END
    | CASE WHEN n.altered
                AND NOT list_contains(coalesce(c.manipulations_permitted, []), n.manipulation_type)
           THEN bit('manipulation-not-granted') ELSE 0 END
    | CASE WHEN coalesce(list_position($audiences, c.audience_max), 0)
                < list_position($audiences, $audience)
           THEN bit('audience-exceeded') ELSE 0 END
    | CASE WHEN NOT $commercial OR c.commercial_use = 'yes' THEN 0
           WHEN c.commercial_use = 'no' THEN bit('commercial-not-granted')
           ELSE bit('commercial-unstated') END
    -- Who goes everywhere goes where they must not.
    | CASE WHEN list_has_any(coalesce(c.territories_excluded, []), $territories::VARCHAR[])
                OR (list_contains($territories::VARCHAR[], 'WORLD')
                    AND len(coalesce(c.territories_excluded, [])) > 0)
           THEN bit('territory-not-granted')
           WHEN len($territories::VARCHAR[]) = 0 THEN 0
           WHEN list_contains(c.territories, 'WORLD') THEN 0
           WHEN len(coalesce(c.territories, [])) = 0 THEN bit('territory-unstated')
           WHEN NOT list_has_all(c.territories, $territories::VARCHAR[])
           THEN bit('territory-not-granted') ELSE 0 END
    | CASE WHEN list_has_any(coalesce(c.contexts_forbidden, []), $contexts::VARCHAR[])
           THEN bit('context-forbidden') ELSE 0 END
    | CASE WHEN c.scope_kind IN ('listed_media', 'all_media') THEN 0
           ELSE bit('scope-unresolved') END
    | CASE WHEN coalesce(c.legal_basis, $legal_basis::VARCHAR) IS NULL
           THEN bit('legal-basis-unstated')
           WHEN NOT list_contains($bases, coalesce(c.legal_basis, $legal_basis::VARCHAR))
           THEN bit('legal-basis-not-consent') ELSE 0 END
    | CASE WHEN c.consent_type = 'uninformed' THEN bit('uninformed') ELSE 0 END
    | CASE WHEN c.notice_id IS NULL THEN 0
           WHEN t.notice_id IS NOT NULL
                AND list_has_any(coalesce(t.covers_purposes, []), $purpose_line)
                AND list_has_all(coalesce(t.covers_operations, []), n.needed)
           THEN 0 ELSE bit('notice-mismatch') END
    | CASE WHEN c.assurance_level < list_position($audiences, $audience)
           THEN bit('assurance-too-low') ELSE 0 END AS bits
FROM (SELECT DISTINCT term, kind FROM pairs) p
JOIN needed n USING (kind)
JOIN signed c USING (term)
LEFT JOIN notices t ON t.notice_id = c.notice_id;
""")

# The nearest consent: fewest reasons that say no, then fewest at all, then the one given or
# changed last, then by id. All of it in one number. Of records of which none was answered the
# farthest counts, so that asking for more makes nothing better.
NEAREST = _bits("""
CREATE TEMP TABLE nearest AS
WITH judged AS (
    SELECT p.obligation, p.kind, p.rank, p.bits | a.bits AS bits
    FROM pairs p JOIN answers a USING (term, kind)
), best AS (
    SELECT obligation, min(
        CASE WHEN bits & bit('pending') = 0
             THEN (bit_count(bits & ~$doubts::BIGINT)::BIGINT << 54)
                  | (bit_count(bits)::BIGINT << 48)
             ELSE ((63 - bit_count(bits & ~$doubts::BIGINT))::BIGINT << 54)
                  | ((63 - bit_count(bits))::BIGINT << 48)
        END | rank) AS best
    FROM judged GROUP BY obligation
)
SELECT b.obligation, j.kind, j.rank, j.bits
FROM best b
JOIN judged j ON j.obligation = b.obligation AND j.rank = b.best & ((1::BIGINT << 48) - 1);
""")

TOLD = """
SELECT o.obligation, o.subject_id, o.role, o.manipulation_type, o.media_id, m.consent_id,
       coalesce(r.reasons, ['no-consent']) AS reasons,
       m.state, m.state_at, m.given_at, m.withdrawn_at, w.said AS said, m.valid_from,
       least(m.valid_until, m.ends_at, u.ends_at) AS valid_until,
       c.audience_max, c.purposes, a.missing, c.legal_basis, c.notice_id, c.assurance_level,
       a.territories, a.contexts
FROM obligations o
LEFT JOIN nearest n USING (obligation)
LEFT JOIN (
    SELECT bits, list_sort(list_filter($names, lambda x, i: (bits >> (i - 1)) & 1 = 1)) AS reasons
    FROM (SELECT DISTINCT bits FROM nearest)
) r USING (bits)
LEFT JOIN moments m USING (rank)
LEFT JOIN answers a ON a.term = m.term AND a.kind = n.kind
LEFT JOIN signed c ON c.term = m.term
LEFT JOIN last_said w USING (obligation)
LEFT JOIN ending_there u USING (obligation)
WHERE NOT ($unmet_only AND coalesce(n.bits, 1) = 0)
ORDER BY o.obligation
"""

# Which record said last what stands against an obligation that is not met, for each reason.
LAST_SAID = """
CREATE TEMP TABLE last_said AS
SELECT obligation, list(
    {'reason': reason, 'consent_id': said_in, 'moment': moment} ORDER BY reason
) AS said
FROM (
    SELECT obligation, reason, arg_max(consent_id, (moment, consent_id)) AS said_in,
           nullif(max(moment), 'infinity'::TIMESTAMPTZ) AS moment
    FROM (
        SELECT n.obligation, r.reason, r.consent_id, r.moment
        FROM nearest n JOIN obligations o USING (obligation)
        JOIN restraints r ON r.subject_id = o.subject_id AND r.media IS NULL WHERE n.bits <> 0
        UNION ALL
        SELECT l.obligation, l.reason, l.consent_id, l.moment
        FROM listed_against l JOIN nearest n USING (obligation) WHERE n.bits <> 0
    ) GROUP BY obligation, reason
) GROUP BY obligation;
"""

STEPS = (
    HEARD,
    STATES,
    SILENT,
    RESTRAINTS,
    SUMMED,
    AHEAD,
    ENDING,
    TERMS,
    MOMENTS,
    PAIRS,
    ANSWERS,
    NEAREST,
    LAST_SAID,
)
