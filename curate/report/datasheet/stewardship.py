"""Answers on those who stand behind the data: makers, money, reviews, uses, hosts, contact.

Most of it only the authors know; what the records of sources, consents and runs tell of it
stands here.
"""

from __future__ import annotations

import json

from curate.consent.coverage import CONSENT_BASES
from curate.consent.vocabulary import values_of
from curate.report.consents import by_basis, by_column, people_shown
from curate.report.datasheet.answer import Answer, answered, partly
from curate.report.datasheet.composition import listing
from curate.report.datasheet.history import origins_of_labels
from curate.report.facts import Facts
from curate.report.suppression import count_people, count_some, few, withheld_each
from curate.report.vocabulary import word
from curate.report.words import Listing, day, listed, number


def makers(facts: Facts) -> Answer:
    """Question 2: who made it."""
    sources, own = facts.row(
        "SELECT count(*), count(*) FILTER (kind = 'own_capture') FROM used_sources"
    )
    whence = f"from {number(sources, 'source')} on record" if sources else "from no recorded source"
    captured = ""
    if own:
        captured = f" The project itself captured {own:,} of them."
        if own == sources:
            captured = f" The project itself captured {'it' if own == 1 else 'all of them'}."
    return partly(
        f"It was put together in the project {facts.inputs.project}, {whence}.{captured}",
        authors="Name who made it, and on whose behalf.",
    )


def funding(facts: Facts) -> Answer:
    """Question 3: money."""
    bought = facts.count("SELECT count(*) FROM used_sources WHERE acquisition_method = 'purchase'")
    kind = "commercial" if facts.inputs.use.commercial else "not commercial"
    sources = number(bought, "source was", "sources were") if bought else "no source was"
    return partly(
        f"The use that it was judged for is declared as {kind}. According to the records, "
        f"{sources} bought.",
        authors="Name who paid for it, and the grant.",
    )


_OBJECTIONS = ("takedown_ncii", "takedown_likeness", "objection", "restriction")


def distressing(facts: Facts) -> Answer:
    """Question 16: offensive content."""
    kinds = ", ".join(f"'{kind}'" for kind in _OBJECTIONS)
    asked = facts.count(f"SELECT count(*) FROM requests WHERE kind IN ({kinds})")
    made, unknown = facts.row("""
        SELECT count(*) FILTER (manipulation_type NOT IN ('none', 'unknown')),
               count(*) FILTER (manipulation_type = 'unknown') FROM described""")
    on_record = f"{few(asked, 'request')} to take media down or not to use them"
    blocked = " The media concerned are blocked." if asked else ""
    altered = f"{number(made, 'entry is', 'entries are') if made else 'No entry is'} declared to "
    altered += "be manipulated."
    if unknown:
        altered += f" For {number(unknown, 'entry', 'entries')} this is not known."
    return partly(
        f"The project's records hold {on_record}.{blocked}",
        altered,
        authors="Say whether anything in the media may offend or distress.",
    )


def collectors(facts: Facts) -> Answer:
    """Question 24: who collected, and how they were paid."""
    table = listing(facts, "Sources by how they were acquired", ("How", "Sources"), """
        SELECT coalesce(acquisition_method, 'unknown'), count(*) AS n FROM used_sources
        GROUP BY 1 ORDER BY n DESC, 1""", ("sources.acquisition_method", ""))  # fmt: skip
    return partly(
        f"{origins_of_labels(facts)} The catalogue does not record who was paid.",
        authors="Say who collected the data, and how they and the people shown were paid.",
        listings=[table],
    )


def ethics(facts: Facts) -> Answer:
    """Question 26: ethical review."""
    signed = facts.count(
        "SELECT count(DISTINCT subject_id) FROM granted WHERE document_sha256 IS NOT NULL"
    )
    return partly(
        "The catalogue does not record ethical reviews. "
        + (
            "Records of consent with the digest of a signed document are held for "
            f"{count_some(signed, people_shown(facts))}."
            if signed
            else "No record of consent states the digest of a signed document."
        ),
        authors="Name the review, and what came of it.",
    )


def impact(facts: Facts) -> Answer:
    """Question 31: impact on the people concerned."""
    people = people_shown(facts)
    judged, cleared = facts.row(
        "SELECT count(*), count(*) FILTER (verdict = 'cleared') FROM verdicts"
    )
    bases = withheld_each(
        [(f"{word('consents.legal_basis', name)}{_KIND_OF_BASIS.get(name, '')}", n)
         for name, n in by_basis(facts)], people
    )  # fmt: skip
    default = facts.inputs.use.legal_basis
    rest = ""
    if default is not None:
        rest = " A record that names none rests on that of the use: "
        rest += f"{word('consents.legal_basis', default)}."
    passed = f"{cleared:,}" if cleared else "none"
    return answered(
        f"The audit judged {number(judged, 'entry', 'entries')} of the catalogue and cleared "
        f"{passed}. An entry is cleared only if the consent of each person who is declared to be "
        "shown covers this use, in their role and for this audience, or reviewers decided so.",
        f"{count_people(people).capitalize()} are declared to be shown. The datasheet counts them "
        f"by the legal basis of their records of consent.{rest}"
        if people else "Nobody is declared to be shown, so there is no legal basis to count.",
        "A data protection impact assessment (GDPR Art. 35) is a document of the controller. The "
        "catalogue records none.",
        listings=[Listing("People by legal basis", ("Legal basis of their records", "People"),
                          bases)],
    )  # fmt: skip


# A basis that is not consent is told from one that nobody stated.
_KIND_OF_BASIS = {
    name: "" if name in CONSENT_BASES else ", which is not consent"
    for name in values_of("legal_basis") if name not in ("none", "other")
} | {"not stated": " in the record or the use"}  # fmt: skip


def used(facts: Facts) -> Answer:
    """Question 37: used already."""
    uses = sorted({
        str(json.loads(told or "{}").get("use", "unknown"))
        for (told,) in facts.rows(
            "SELECT DISTINCT parameters FROM runs WHERE verb = 'audit' AND status = 'done'"
        )
    })  # fmt: skip
    of = "this use" if len(uses) == 1 else "these uses"
    return partly(
        f"The catalogue was judged for {of}: {listed(uses)}."
        if uses
        else "No audit of the catalogue is on record.",
        authors="Say for which tasks the data were used.",
    )


def works(facts: Facts) -> Answer:
    """Question 38: works that use it."""
    built = facts.count(
        "SELECT count(*) FROM runs WHERE verb = 'release build' AND status = 'done'"
    )
    earlier = number(built, "earlier release") if built else "no earlier release"
    return partly(
        f"The project's records hold {earlier}. Works that use the data are not recorded.",
        authors="Name the works that use the data, or where they are listed.",
    )


def hosts(facts: Facts) -> Answer:
    """Question 50: who hosts it."""
    stored = facts.inputs.use.storage_territories
    return partly(
        f"The use allows storage in these territories: {listed(stored)}."
        if stored
        else "The use names no place of storage.",
        authors="Name who hosts and maintains it.",
    )


def contact(facts: Facts) -> Answer:
    """Question 51: contact."""
    routes = [route for route, _ in by_column(facts, "withdrawal_method")]
    if not routes:
        return partly("No consent on record names a route to those responsible.",
                      authors="Say how those responsible can be reached.")  # fmt: skip
    return answered(
        "By their records of consent, the people shown can reach those responsible in "
        f"{'this way' if len(routes) == 1 else 'these ways'}: {listed(routes)}."
    )


def old_versions(facts: Facts) -> Answer:
    """Question 55: older versions."""
    return answered(
        "A release never changes after it was built. A superseded release is kept as evidence of "
        "what was passed on and why; media that were withdrawn from it must be deleted from every "
        "copy.",
        f"A verdict applies to the instant judged, which was on {day(facts.inputs.as_of)}. A "
        "release that was cleared then may not be used today unless it is still cleared.",
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
