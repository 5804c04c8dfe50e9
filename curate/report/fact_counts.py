"""What authors' claims and numbers are held against: facts by name, each with its count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from curate.consent.vocabulary import PERMITTING
from curate.report.consents import by_state, people_shown
from curate.report.facts import Facts
from curate.report.structure import stages_run

# Classes whose sizes differ by no more than this are called balanced.
_BALANCED = 1.5


@dataclass(frozen=True)
class Counted:
    """A fact that can be counted.

    Attributes:
        words: What is counted, many of it.
        count: Counts it.
        stage: The stage without which it is not known; nothing when the tables always tell.
    """

    words: str
    count: Callable[[Facts], int]
    stage: str = ""


def _sql(query: str) -> Callable[[Facts], int]:
    return lambda facts: facts.count(query)


def _without_consent(facts: Facts) -> int:
    return sum(n for state, n in by_state(facts) if state not in PERMITTING)


def _withdrawn(facts: Facts) -> int:
    return facts.count(
        """
        SELECT count(DISTINCT subject_id) FROM consent_events SEMI JOIN shown USING (subject_id)
        WHERE state = 'ConsentWithdrawn' AND annulled_at IS NULL
        AND effective_at <= ?::TIMESTAMPTZ""",
        facts.inputs.as_of,
    )


_LABELLED = """
    SELECT count(*) FROM described SEMI JOIN (
        SELECT media_id FROM labels WHERE name = 'authenticity' AND value = '{value}'
    ) USING (media_id)
"""

COUNTED: dict[str, Counted] = {
    "entries": Counted("entries", _sql("SELECT count(*) FROM described")),
    "pictures": Counted("pictures", _sql("SELECT count(*) FROM described WHERE kind = 'image'")),
    "videos": Counted("videos", _sql("SELECT count(*) FROM described WHERE kind = 'video'")),
    "people": Counted("people declared to be shown", people_shown),
    "sources": Counted("sources", _sql("SELECT count(*) FROM used_sources")),
    "real": Counted("entries labelled real", _sql(_LABELLED.format(value="real"))),
    "fake": Counted("entries labelled fake", _sql(_LABELLED.format(value="fake"))),
    "people-without-consent": Counted(
        "people whose consent is not on record as given", _without_consent
    ),
    "people-withdrawn": Counted("people who withdrew", _withdrawn),
    "people-maybe-minor": Counted(
        "people not on record as adults when they were recorded",
        _sql("""
        SELECT count(*) FROM (SELECT DISTINCT subject_id FROM shown) p
        LEFT JOIN subjects s USING (subject_id)
        WHERE coalesce(s.is_minor_at_capture, 'unknown') <> 'no'"""),
    ),
    "people-in-two-splits": Counted(
        "people in more than one split",
        _sql("""
        SELECT count(*) FROM (
            SELECT subject_id FROM shown JOIN described USING (media_id)
            GROUP BY subject_id HAVING count(DISTINCT split) > 1)"""),
    ),
    "people-identifiable": Counted("people shown by their faces", people_shown),
    "copies": Counted(
        "entries that share their bytes, pixels or look with another",
        _sql("""
        SELECT count(*) FROM (
            SELECT count(*) OVER (PARTITION BY coalesce(g.group_id, e.sha256)) AS n
            FROM described e LEFT JOIN groups g USING (sha256) WHERE e.sha256 IS NOT NULL
        ) WHERE n > 1"""),
        stage="dedup",
    ),
    "entries-without-label": Counted(
        "entries without a label",
        _sql("""
        SELECT count(*) FROM described ANTI JOIN (
            SELECT media_id FROM labels WHERE name = 'authenticity') USING (media_id)"""),
    ),
    "entries-without-licence": Counted(
        "entries of which no licence is known",
        _sql("""
        SELECT count(*) FROM described e LEFT JOIN sources s USING (source_id)
        WHERE coalesce(e.licence, s.licence) IS NULL"""),
    ),
    "entries-manipulated": Counted(
        "entries not on record as unmanipulated",
        _sql("SELECT count(*) FROM described WHERE manipulation_type <> 'none'"),
    ),
    "entries-unreadable": Counted(
        "entries whose file is missing or cannot be read",
        _sql("SELECT count(*) FROM described WHERE state <> 'present'"),
        stage="probe",
    ),
    "imbalance": Counted(
        "entries more in the largest class than in the smallest",
        _sql(f"""
        SELECT CASE WHEN count(*) > 1 AND max(n) > {_BALANCED} * min(n) THEN max(n) - min(n)
                    WHEN count(*) = 1 THEN max(n) ELSE 0 END
        FROM (
            SELECT value, count(*) AS n FROM labels SEMI JOIN described USING (media_id)
            WHERE name = 'authenticity' GROUP BY value)"""),
    ),
}


def counted(facts: Facts) -> list[dict[str, object]]:
    """Return each fact with its count; ``value`` is None where its stage has not run."""
    ran = stages_run(facts)
    return [
        {
            "fact": name,
            "words": one.words,
            "value": one.count(facts) if not one.stage or one.stage in ran else None,
            "lacking": f"the stage {one.stage} has not run" if one.stage else "",
        }
        for name, one in COUNTED.items()
    ]
