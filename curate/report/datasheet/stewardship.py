"""Answers on those who stand behind the data: makers, money, reviews, uses, hosts, contact.

Most of it only the authors know; what the records of sources, consents and runs tell of it
stands here.
"""

from __future__ import annotations

import json

from curate.report.consents import by_column, people_shown
from curate.report.datasheet.answer import Answer, answered, count_people, partly
from curate.report.datasheet.composition import listing
from curate.report.facts import Facts
from curate.report.words import listed, number


def makers(facts: Facts) -> Answer:
    """Question 2: who made it."""
    sources, own = facts.row(
        "SELECT count(*), count(*) FILTER (kind = 'own_capture') FROM used_sources"
    )
    whence = f"from {number(sources, 'source')} on record" if sources else "from no recorded source"
    captured = f"; {own:,} of them captured by the project" if own else ""
    return partly(
        f"It was put together in the project {facts.inputs.project}, {whence}{captured}.",
        authors="Name who made it, and on whose behalf.",
    )


def funding(facts: Facts) -> Answer:
    """Question 3: money."""
    bought = facts.count("SELECT count(*) FROM used_sources WHERE acquisition_method = 'purchase'")
    kind = "commercial" if facts.inputs.use.commercial else "not commercial"
    sources = number(bought, "source was", "sources were") if bought else "no source was"
    return partly(
        f"The use it was made for is declared {kind}; {sources} bought, by what is on record.",
        authors="Name who paid for it, and the grant.",
    )


_OBJECTIONS = ("takedown_ncii", "takedown_likeness", "objection", "restriction")


def distressing(facts: Facts) -> Answer:
    """Question 16: offensive content."""
    kinds = ", ".join(f"'{kind}'" for kind in _OBJECTIONS)
    asked = facts.count(f"SELECT count(*) FROM requests WHERE kind IN ({kinds})")
    made = facts.count("SELECT count(*) FROM described WHERE manipulation_type <> 'none'")
    return partly(
        f"Requests to take down or not to use media, in the project's records: {asked:,}. What "
        "they are about is blocked.",
        f"{number(made, 'entry shows', 'entries show')} people as they were not, by manipulation.",
        authors="Say whether anything in the media may offend or distress.",
    )


def collectors(facts: Facts) -> Answer:
    """Question 24: who collected, and how they were paid."""
    origins = facts.rows("""
        SELECT origin, count(*) AS n FROM labels SEMI JOIN described USING (media_id)
        GROUP BY origin ORDER BY n DESC, origin""")
    table = listing(facts, "Sources by who had the media", ("Acquired by", "Sources"), """
        SELECT coalesce(acquisition_method, 'unknown'), count(*) AS n FROM used_sources
        GROUP BY 1 ORDER BY n DESC, 1""")  # fmt: skip
    told = listed([f"{n:,} {origin}" for origin, n in origins])
    return partly(
        f"Labels by origin: {told}. Pay is not in the catalogue.",
        authors="Say who collected the data, and how they and the people shown were paid.",
        listings=[table],
    )


def ethics(facts: Facts) -> Answer:
    """Question 26: ethical review."""
    signed = facts.count(
        "SELECT count(DISTINCT subject_id) FROM granted WHERE document_sha256 IS NOT NULL"
    )
    return partly(
        "The catalogue keeps consents and no reviews. Consents with the digest of a signed "
        f"document are on record for {count_people(signed)}.",
        authors="Name the review, and what came of it.",
    )


def impact(facts: Facts) -> Answer:
    """Question 31: impact on the people concerned."""
    people = people_shown(facts)
    judged, cleared = facts.row(
        "SELECT count(*), count(*) FILTER (verdict = 'cleared') FROM verdicts"
    )
    bases = [name for name, _ in by_column(facts, "legal_basis")]
    return answered(
        f"For each of {number(judged, 'entry', 'entries')} of the catalogue the audit judged "
        "whether the people in it agreed to this use, in their role, for this audience; "
        f"{cleared:,} passed. Legal bases on record for the {count_people(people)} shown: "
        f"{listed(bases)}.",
        "An assessment by GDPR Art. 35 is a document of the controller, and the catalogue "
        "records none.",
    )


def used(facts: Facts) -> Answer:
    """Question 37: used already."""
    uses = sorted({
        str(json.loads(told or "{}").get("use", "unknown"))
        for (told,) in facts.rows(
            "SELECT DISTINCT parameters FROM runs WHERE verb = 'audit' AND status = 'done'"
        )
    })  # fmt: skip
    return partly(
        f"The catalogue was judged for these uses: {listed(uses)}.",
        authors="Say for which tasks the data were used.",
    )


def works(facts: Facts) -> Answer:
    """Question 38: works that use it."""
    built = facts.count(
        "SELECT count(*) FROM runs WHERE verb = 'release build' AND status = 'done'"
    )
    return partly(
        f"The project's records hold {number(built, 'earlier release')}; works are not recorded.",
        authors="Name the works that use the data, or where they are listed.",
    )


def hosts(facts: Facts) -> Answer:
    """Question 50: who hosts it."""
    stored = facts.inputs.use.storage_territories
    return partly(
        f"Storage that the use names: {listed(stored)}.",
        authors="Name who hosts and maintains it.",
    )


def contact(facts: Facts) -> Answer:
    """Question 51: contact."""
    routes = [route for route, _ in by_column(facts, "withdrawal_method")]
    if not routes:
        return partly("No consent on record names a route to those responsible.",
                      authors="Say how those responsible can be reached.")  # fmt: skip
    return answered(
        f"People shown reach those responsible as their consents say: {listed(routes)}."
    )


def old_versions(facts: Facts) -> Answer:
    """Question 55: older versions."""
    return answered(
        "A release never changes after it was built. One that is superseded stays as evidence of "
        "what was passed on and why; what people withdrew from it must be deleted from copies.",
        f"Verdicts hold for the instant judged, {facts.inputs.as_of:%Y-%m-%d}: an older release "
        "is not cleared for use today because it once was.",
    )


ANSWERS = {
    2: makers,
    3: funding,
    16: distressing,
    24: collectors,
    26: ethics,
    31: impact,
    37: used,
    38: works,
    50: hosts,
    51: contact,
    55: old_versions,
}

# What the authors state once of the whole dataset, told where it is asked.
ABOUT: dict[int, tuple[tuple[str, str], ...]] = {
    2: (("creators", "Made by {}."), ("controller", "Controller: {}.")),
    3: (("funding", "{}"),),
    24: (("compensation", "{}"),),
    26: (("ethics_review", "{}"),),
    31: (("impact_assessment", "Impact assessment: {}."),),
    44: (("url", "It is described at {}."), ("doi", "DOI {}.")),
    45: (("published_on", "Passed on from {}."),),
    46: (("licence_name", "{}."), ("licence", "{}."), ("licence_url", "{}")),
    50: (("maintainer", "{}"),),
    51: (("contact", "{}"),),
    53: (("update_cycle", "{}"),),
    54: (("retention", "{}"),),
}


def stated_by_authors(facts: Facts, question_id: int) -> tuple[str, ...]:
    """Return what the authors state under ``[about]`` that answers a question."""
    about = facts.inputs.authored.about
    told = []
    for name, words in ABOUT.get(question_id, ()):
        if name in about:
            value = about[name]
            text = listed(value) if isinstance(value, list) else str(value).strip()
            told.append(words.format(text).replace("..", "."))
    return tuple(told)
