"""Answers on people: who is shown, what they were told, what they agreed to. Counts only."""

from __future__ import annotations

from curate.report.comparison import comparisons
from curate.report.consents import (
    SCOPES,
    Counts,
    by_age,
    by_assurance,
    by_column,
    by_scope,
    by_state,
    people_shown,
)
from curate.report.datasheet.answer import Answer, answered, count_people, partly, withheld
from curate.report.facts import Facts
from curate.report.words import Cell, Listing, listed, number


def _of_people(caption: str, what: str, counts: Counts) -> Listing | None:
    """Return people by group, small counts withheld."""
    rows = withheld(counts)
    return Listing(caption, (what, "People"), rows) if rows else None


def subpopulations(facts: Facts) -> Answer:
    """Question 17: subpopulations."""
    ages = _of_people("People by what is recorded of their age", "Recorded as", by_age(facts))
    rates = [one.by_group for one in comparisons(facts) if one.current and one.by_group.rows]
    return partly(
        "Groups are those that sources declare of people; none is inferred." if rates else
        "Besides adult, minor or deceased, no trait of people is recorded, and none is inferred.",
        authors="Describe the groups of people that the data show, if they agreed to that.",
        listings=[ages, *rates],
    )  # fmt: skip


def identifiable(facts: Facts) -> Answer:
    """Question 18: can people be identified."""
    people = people_shown(facts)
    faces, searched, models = facts.row("""
        SELECT (SELECT count(*) FROM faces JOIN held USING (sha256)),
               (SELECT count(DISTINCT sha256) FROM face_scans JOIN held USING (sha256)
                WHERE error IS NULL),
               (SELECT list_sort(list(DISTINCT model_id)) FROM face_scans)""")
    found = (
        f"{number(searched, 'content was', 'contents were')} searched for faces with "
        f"{listed(models)}: {number(faces, 'face')} found." if searched
        else "No content was searched for faces."
    )  # fmt: skip
    leaves = (
        " Who is in a file does not leave with the release." if facts.is_release
        else ""
    )  # fmt: skip
    return answered(
        f"Yes, by their faces. {count_people(people).capitalize()} are declared to be shown, by "
        f"pseudonym.{leaves}",
        f"{found} Embeddings of faces are not kept.",
    )


def sensitive(facts: Facts) -> Answer:
    """Question 19: sensitive data."""
    names = [row[0] for row in facts.rows(
        "SELECT DISTINCT name FROM labels SEMI JOIN described USING (media_id) ORDER BY name"
    )]  # fmt: skip
    return answered(
        "Faces are biometric data once they are processed to tell who someone is, and a face "
        f"may reveal origin, health or belief. Labels that are recorded: {listed(names)}; no "
        "other trait of people is."
    )


def directness(facts: Facts) -> Answer:
    """Question 27: from people directly or not."""
    rows = facts.rows("""
        SELECT coalesce(acquisition_method, 'unknown'), count(*), sum(entries)::BIGINT AS n
        FROM used_sources GROUP BY 1 ORDER BY n DESC, 1""")
    head = ("How they were had", "Sources", "Entries")
    without = facts.count("""
        SELECT count(*) FROM described
        WHERE source_id IS NULL OR source_id NOT IN (SELECT source_id FROM sources)""")
    table = Listing("Entries by how they were acquired", head, tuple(rows))
    gap = f"Of {number(without, 'entry', 'entries')} no source is recorded."
    if not without and all(method != "unknown" for method, *_ in rows):
        return answered("Each entry names its source, and each source says how it was acquired.",
                        listings=[table])  # fmt: skip
    return partly(gap, authors="Say how the data were had where no source is recorded.",
                  listings=[table])  # fmt: skip


def notified(facts: Facts) -> Answer:
    """Question 28: were people told."""
    people, told = facts.row("""
        SELECT (SELECT count(DISTINCT subject_id) FROM shown),
               (SELECT count(DISTINCT subject_id) FROM granted WHERE notice_id IS NOT NULL)""")
    if not told:
        return partly("No consent on record names the notice that was shown.",
                      authors="Quote the notice that people were shown.")  # fmt: skip
    notices = [
        (name, version, language, url)
        for name, version, language, url in facts.rows("""
            SELECT notice_id, version, language, url FROM notices
            WHERE notice_id IN (SELECT notice_id FROM granted) ORDER BY notice_id""")
    ]
    return answered(
        f"Consents that name the notice shown are on record for {count_people(told)}, of "
        f"{count_people(people)} declared.",
        listings=[Listing("Notices", ("Notice", "Version", "Language", "Where"), tuple(notices))],
    )


_STATES = {
    "none": "no consent on record",
    "ended": "given, and its end has passed",
    "ConsentGiven": "given",
    "RenewedConsentGiven": "given again",
    "ConsentUnknown": "not known",
    "ConsentRequested": "asked for",
    "ConsentRequestDeferred": "asked for, answer deferred",
    "ConsentRefused": "refused",
    "ConsentWithdrawn": "withdrawn by the person",
    "ConsentRevoked": "revoked by someone else",
    "ConsentExpired": "expired",
    "ConsentInvalidated": "found invalid",
}


def consented(facts: Facts) -> Answer:
    """Question 29: consent."""
    states = withheld([(_STATES.get(state, state), n) for state, n in by_state(facts)])
    assurance = _of_people("People by how well their consent is proven",
                           "Assurance (0 none to 4 verified)", by_assurance(facts))  # fmt: skip
    people = people_shown(facts)
    if not people:
        return answered("Nobody is declared to be shown, so no consent is on record for anybody.")
    return answered(
        f"{count_people(people).capitalize()} are declared to be shown. Their latest state on "
        "record at the instant judged, and what those with a record granted:",
        listings=[
            Listing("People by state of consent", ("State", "People"), states),
            assurance,
            _scope(facts),
        ],
    )


def _scope(facts: Facts) -> Listing:
    """Return people by what they granted."""
    rows: list[tuple[Cell, ...]] = []
    for what, column in SCOPES.items():
        rows += [(what, *row) for row in withheld(by_scope(facts, column))]
    return Listing("People by what they granted", ("What", "Granted", "People"), tuple(rows))


def revocation(facts: Facts) -> Answer:
    """Question 30: withdrawal."""
    table = _of_people(
        "People by route of withdrawal", "Route", by_column(facts, "withdrawal_method")
    )
    holds = (
        "A withdrawal holds from the instant it takes effect, and beats every earlier grant in "
        "any record of the person; the next audit blocks what they are in."
    )
    if table is None:
        return partly(holds, "No consent on record names a route.",
                      authors="Say how a person can withdraw.")  # fmt: skip
    return answered(holds, listings=[table])


def retention(facts: Facts) -> Answer:
    """Question 54: limits on keeping."""
    people, destroy, first, last = facts.row("""
        SELECT (SELECT count(DISTINCT subject_id) FROM granted WHERE valid_until IS NOT NULL),
               (SELECT count(*) FROM subjects SEMI JOIN shown USING (subject_id)
                WHERE destroy_by IS NOT NULL),
               (SELECT min(valid_until) FROM granted), (SELECT max(valid_until) FROM granted)""")
    until = (
        f"Consents of {count_people(people)} have an end, between {first:%Y-%m-%d} and "
        f"{last:%Y-%m-%d}; after it the entry is blocked." if people
        else "No consent on record has an end."
    )  # fmt: skip
    dated = (
        f"A date by which biometric data must be destroyed is recorded for {count_people(destroy)}."
    )
    if not people and not destroy:
        return partly(until, dated,
                      authors="Say how long copies may be kept, and who sees to it.")  # fmt: skip
    return answered(
        until, dated, "Each audit enforces both: an entry whose consent has ended is not cleared."
    )


ANSWERS = {
    17: subpopulations,
    18: identifiable,
    19: sensitive,
    27: directness,
    28: notified,
    29: consented,
    30: revocation,
    54: retention,
}
