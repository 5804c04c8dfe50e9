"""People counted by their consents: the groups that answers and summaries alike speak of."""

from __future__ import annotations

from datetime import datetime

from curate.report.facts import Facts

Counts = list[tuple[str, int]]

# A person's state is that of the latest event in any of their records; of events at one instant
# the one that restricts counts. A grant whose end has passed is no grant any more.
_STATE = """
    SELECT coalesce(CASE WHEN latest.state IN ('ConsentGiven', 'RenewedConsentGiven')
                         AND NOT ends.running THEN 'ended' ELSE latest.state END, 'none') AS state,
           count(*) AS n
    FROM (SELECT DISTINCT subject_id FROM shown) p
    LEFT JOIN (
        SELECT subject_id, arg_max(state, (
            greatest(effective_at, stated_at),
            state NOT IN ('ConsentGiven', 'RenewedConsentGiven'), event_id
        )) AS state
        FROM consent_events SEMI JOIN granted USING (consent_id)
        WHERE effective_at <= ?::TIMESTAMPTZ AND annulled_at IS NULL GROUP BY subject_id
    ) latest USING (subject_id)
    LEFT JOIN (
        SELECT subject_id, bool_or(valid_until IS NULL OR valid_until > ?::TIMESTAMPTZ) AS running
        FROM granted GROUP BY subject_id
    ) ends USING (subject_id)
    GROUP BY 1 ORDER BY n DESC, 1
"""

# What a grant says, each in a column of lists.
SCOPES = {
    "purpose": "purposes",
    "operation": "operations",
    "role": "roles_permitted",
    "manipulation": "manipulations_permitted",
}


def people_shown(facts: Facts) -> int:
    """Return how many people are declared to be shown."""
    return facts.count("SELECT count(DISTINCT subject_id) FROM shown")


def people_declared(facts: Facts) -> int:
    """Return how many people are declared to be shown in the whole catalogue."""
    return facts.count(
        "SELECT count(DISTINCT subject_id) FROM depictions WHERE link_status <> 'rejected'"
    )


def by_state(facts: Facts) -> Counts:
    """Return people by the latest state on record at the instant judged: DPV's term.

    ``none`` is for those with no record, and ``ended`` for a grant whose end has passed.
    """
    as_of = facts.inputs.as_of
    return [(state, n) for state, n in facts.rows(_STATE, as_of, as_of)]


def by_assurance(facts: Facts) -> Counts:
    """Return people by how well their consent is proven: ``none`` on record, or ``0`` to ``4``."""
    return list(facts.rows("""
        SELECT coalesce(best::VARCHAR, 'none') AS assurance, count(*) AS n FROM (
            SELECT p.subject_id, max(assurance_level) AS best
            FROM (SELECT DISTINCT subject_id FROM shown) p LEFT JOIN granted USING (subject_id)
            GROUP BY p.subject_id)
        GROUP BY 1 ORDER BY 1"""))  # fmt: skip


def by_basis(facts: Facts) -> Counts:
    """Return people by the legal basis of their records of consent.

    A record that names none has that of the use. ``not stated`` is for records where neither
    names one, and a person with two records can be in two groups.
    """
    return list(facts.rows("""
        SELECT coalesce(legal_basis, ?::VARCHAR, 'not stated') AS basis,
               count(DISTINCT subject_id) AS n
        FROM granted GROUP BY 1 ORDER BY n DESC, 1""",
        facts.inputs.use.legal_basis))  # fmt: skip


def ends(facts: Facts) -> tuple[int, datetime | None, datetime | None]:
    """Return how many people have a consent that ends, and the first and the last such end.

    A person of whose records one has no end is not counted, and of several ends the last counts.
    """
    people, first, last = facts.row("""
        SELECT count(*), min(ending), max(ending) FROM (
            SELECT subject_id, max(valid_until) AS ending FROM granted
            GROUP BY subject_id HAVING count(*) = count(valid_until))""")
    return int(people), first, last


def by_scope(facts: Facts, column: str) -> Counts:
    """Return people by what they granted, as a column of `SCOPES` lists it."""
    return list(facts.rows(f"""
        SELECT item, count(DISTINCT subject_id) AS n
        FROM (SELECT subject_id, unnest({column}) AS item FROM granted)
        GROUP BY item ORDER BY n DESC, item"""))  # fmt: skip


def by_column(facts: Facts, column: str) -> Counts:
    """Return people by one column of their consents; those where it is empty are left out."""
    return list(facts.rows(f"""
        SELECT {column}, count(DISTINCT subject_id) AS n FROM granted
        WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"""))  # fmt: skip


def by_age(facts: Facts) -> Counts:
    """Return people by what is recorded of their age."""
    return list(facts.rows("""
        SELECT coalesce(s.subject_kind, 'unknown'), count(*) AS n
        FROM (SELECT DISTINCT subject_id FROM shown) p LEFT JOIN subjects s USING (subject_id)
        GROUP BY 1 ORDER BY n DESC, 1"""))  # fmt: skip
