"""Answers on people: who is shown, what they were told, what they agreed to. Counts only."""

from __future__ import annotations

from dataclasses import replace

from curate.report.comparison import comparisons
from curate.report.consents import (
    SCOPES,
    Counts,
    by_age,
    by_assurance,
    by_column,
    by_scope,
    by_state,
    ends,
    people_declared,
    people_shown,
)
from curate.report.datasheet.answer import Answer, answered, partly
from curate.report.facts import Facts
from curate.report.suppression import beside_rest, count_people, count_some, withheld, withheld_each
from curate.report.vocabulary import ASSURANCE, WORDS, purpose_words, word
from curate.report.words import Cell, Listing, listed, number, period


def _of_people(caption: str, what: str, counts: Counts) -> Listing | None:
    """Return people by group, each person in one; small counts withheld."""
    rows = withheld(counts)
    return Listing(caption, (what, "People"), rows) if rows else None


def subpopulations(facts: Facts) -> Answer:
    """Question 17: subpopulations."""
    ages = _of_people(
        "People by what is recorded of their age",
        "Recorded as",
        [(word("subjects.subject_kind", age), n) for age, n in by_age(facts)],
    )
    whole = people_declared(facts)
    rates = [
        _without_rest(one.by_group, whole)
        for one in comparisons(facts) if one.current and one.by_group.rows
    ]  # fmt: skip
    recorded = (
        "The groups below are those that sources declare of people. No group was inferred from a "
        "picture."
        if rates else
        "The catalogue records whether a person is an adult, a minor or deceased. It records no "
        "other trait of people, and none was inferred from a picture."
    )  # fmt: skip
    return partly(
        recorded,
        authors="Describe the groups of people that the data show, if they agreed to that.",
        listings=[ages, *rates],
    )


def _without_rest(rates: Listing, whole: int) -> Listing:
    """Return a table by declared group in which groups of few people cannot be worked out."""
    hidden = beside_rest([(str(row[0]), int(str(row[2]))) for row in rates.rows], whole)
    rows = tuple(
        (*row[:2], "withheld", *row[3:]) if i in hidden else row for i, row in enumerate(rates.rows)
    )
    return replace(rates, rows=rows)


def identifiable(facts: Facts) -> Answer:
    """Question 18: can people be identified."""
    people = people_shown(facts)
    faces, searched, models = facts.row("""
        SELECT (SELECT count(*) FROM faces JOIN held USING (sha256)),
               (SELECT count(DISTINCT sha256) FROM face_scans JOIN held USING (sha256)
                WHERE error IS NULL),
               (SELECT list_sort(list(DISTINCT model_id)) FROM face_scans)""")
    found = "No content was searched for faces."
    if searched:
        seen = number(faces, "face was", "faces were") if faces else "no face was"
        found = f"{number(searched, 'content was', 'contents were')} searched for faces with "
        found += f"{listed(models)}, and {seen} found."
    leaves = " The release does not say who is in which file." if facts.is_release else ""
    declared = "Nobody is declared to be shown."
    if people:
        declared = f"{count_people(people).capitalize()} are declared to be shown, each under a "
        declared += f"pseudonym.{leaves}"
    return answered(
        f"Yes, people can be recognised by their faces. {declared}",
        f"{found} Embeddings of faces are not kept.",
    )


def sensitive(facts: Facts) -> Answer:
    """Question 19: sensitive data."""
    names = [row[0] for row in facts.rows(
        "SELECT DISTINCT name FROM labels SEMI JOIN described USING (media_id) ORDER BY name"
    )]  # fmt: skip
    return answered(
        "Pictures of faces become biometric data when they are processed to identify someone, "
        "and a face may reveal a person's origin, health or belief.",
        f"{_recorded(names)} It is also recorded whether a person is an adult, a minor or "
        "deceased, and no other trait.",
    )


def _recorded(names: list[str]) -> str:
    if not names:
        return "The entries carry no labels."
    return f"The entries carry {'labels' if len(names) > 1 else 'a label'} of {listed(names)}."


def directness(facts: Facts) -> Answer:
    """Question 27: from people directly or not."""
    rows = facts.rows("""
        SELECT coalesce(acquisition_method, 'unknown'), count(*), sum(entries)::BIGINT AS n
        FROM used_sources GROUP BY 1 ORDER BY n DESC, 1""")
    head = ("How they were acquired", "Sources", "Entries")
    without = facts.count("""
        SELECT count(*) FROM described
        WHERE source_id IS NULL OR source_id NOT IN (SELECT source_id FROM sources)""")
    said = tuple((word("sources.acquisition_method", way), *counts) for way, *counts in rows)
    table = Listing("Entries by how they were acquired", head, said)
    gap = f"No source is recorded for {number(without, 'entry', 'entries')}."
    if not without and all(method != "unknown" for method, *_ in rows):
        return answered("Each entry names its source, and each source says how it was acquired.",
                        listings=[table])  # fmt: skip
    if not without:
        gap = "Each entry names its source, and not each source says how it was acquired."
    return partly(gap, authors="Say how the data were acquired where this is not recorded.",
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
        f"{count_people(people).capitalize()} are declared to be shown. For "
        f"{count_some(told, people)} a record of consent names the notice that was shown.",
        listings=[Listing("Notices", ("Notice", "Version", "Language", "Where"), tuple(notices))],
    )


_STATES = {
    "none": "no consent on record",
    "ended": "given, and its end has passed",
    **WORDS["consent_events.state"],
}
# A table follows in the datasheet; machines are told these sentences alone.
_COUNTED = (
    "The datasheet counts people by the latest state of their consent that was on record at the "
    "instant judged, by how well it is proven, and by what they consented to."
)


def consented(facts: Facts) -> Answer:
    """Question 29: consent."""
    people = people_shown(facts)
    if not people:
        return answered("Nobody is declared to be shown, so no consent is on record for anybody.")
    return answered(
        f"{count_people(people).capitalize()} are declared to be shown. {_COUNTED}",
        listings=[
            _of_people("People by state of consent", "State",
                       [(_STATES.get(state, state), n) for state, n in by_state(facts)]),
            _of_people("People by how well their consent is proven", "Proof",
                       [(ASSURANCE.get(level, "no consent on record"), n)
                        for level, n in by_assurance(facts)]),
            _scope(facts, people),
        ],
    )  # fmt: skip


def _scope(facts: Facts, people: int) -> Listing:
    """Return people by what they granted; one person can be in several rows."""
    rows: list[tuple[Cell, ...]] = []
    for what, column in SCOPES.items():
        counts = [(_granted(column, item), n) for item, n in by_scope(facts, column)]
        rows += [(what, *row) for row in withheld_each(counts, people)]
    return Listing("People by what they consented to", ("Of what kind", "What", "People"),
                   tuple(rows))  # fmt: skip


def _granted(column: str, item: str) -> str:
    if column == "purposes":
        return purpose_words(item)
    return word(f"consents.{column}", item)


def revocation(facts: Facts) -> Answer:
    """Question 30: withdrawal."""
    rows = withheld_each(by_column(facts, "withdrawal_method"), people_shown(facts))
    holds = (
        "Yes. A withdrawal applies from the instant it takes effect, and it overrides every "
        "earlier consent of that person. The next audit blocks all media that show them."
    )
    if not rows:
        return partly(holds, "No record of consent says how to withdraw.",
                      authors="Say how a person can withdraw.")  # fmt: skip
    table = Listing("People by how they can withdraw", ("How", "People"), rows)
    return answered(holds, listings=[table])


def end_of_consents(facts: Facts) -> str:
    """Return in a sentence how many people have a consent that ends, and when."""
    people, first, last = ends(facts)
    if first is None or last is None:
        return "No consent on record has an end."
    who, when = f"The consent of {count_some(people, people_shown(facts))}", period(first, last)
    blocked = "their media are blocked unless they consent anew."
    if first > facts.inputs.as_of:
        return f"{who} ends {when}; from then on {blocked}"
    if last <= facts.inputs.as_of:
        return f"{who} ended {when}; since then {blocked}"
    return f"{who} has an end {when}; from that day on {blocked}"


def retention(facts: Facts) -> Answer:
    """Question 54: limits on keeping."""
    people, _, _ = ends(facts)
    destroy = facts.count("""
        SELECT count(*) FROM (SELECT DISTINCT subject_id FROM shown) JOIN subjects
        USING (subject_id) WHERE destroy_by IS NOT NULL""")
    until = end_of_consents(facts)
    date = "date by which biometric data must be destroyed is recorded"
    dated = f"A {date} for {count_people(destroy)}." if destroy else f"No {date}."
    if not people and not destroy:
        return partly(until, dated,
                      authors="Say how long copies may be kept, and who enforces it.")  # fmt: skip
    checked = "Each audit checks when consents end, and does not clear media after that."
    return answered(until, dated, checked)


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
