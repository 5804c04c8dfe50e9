"""Answers on what the data may be used for, and how they are passed on and kept up."""

from __future__ import annotations

from curate.report.datasheet.answer import Answer, answered, count_people, partly
from curate.report.datasheet.composition import listing
from curate.report.facts import Facts
from curate.report.words import Listing, instant, listed, number


def limits_on_use(facts: Facts) -> Answer:
    """Question 40: what may limit future use."""
    flags = _terms(facts)
    ending = facts.count(
        "SELECT count(DISTINCT subject_id) FROM granted WHERE valid_until IS NOT NULL"
    )
    return partly(
        "A person may withdraw at any time, and later versions will lack what they are in. "
        f"Consents of {count_people(ending)} end at a date.",
        authors="Say what else about the data may harm people or limit their use.",
        listings=[flags],
    )


def _terms(facts: Facts) -> Listing | None:
    return listing(facts, "Terms of sources", ("Term", "Sources", "Entries"), """
        SELECT flag, count(*), sum(entries)::BIGINT AS n
        FROM (SELECT unnest(terms_flags) AS flag, entries FROM used_sources)
        GROUP BY flag ORDER BY n DESC, flag""")  # fmt: skip


def unfit(facts: Facts) -> Answer:
    """Question 41: unfit uses."""
    use = facts.inputs.use
    excluded = [row[0] for row in facts.rows(
        "SELECT DISTINCT unnest(purposes_excluded) FROM granted ORDER BY 1"
    )]  # fmt: skip
    return answered(
        f"Anything but {use.purpose} for the audience {use.audience}"
        f"{'' if use.commercial else ', not commercial'}: it was judged for that use and no other.",
        f"Purposes that people excluded: {listed(excluded)}. Never: recognising people, finding "
        "them elsewhere, or making pictures of them.",
    )


_AUDIENCES = {
    "internal": "No. It was judged for internal use, and for nobody else.",
    "consortium": "To the members of the consortium, and to nobody else.",
    "gated": "Yes, to those who are admitted and accept the terms.",
    "public": "Yes, to everybody.",
}


def third_parties(facts: Facts) -> Answer:
    """Question 43: third parties."""
    use = facts.inputs.use
    return answered(
        _AUDIENCES[use.audience],
        f"Recipient territories: "
        f"{listed(use.recipient_territories) if use.recipient_territories else 'none named'}; "
        f"{'commercial use is included' if use.commercial else 'not for commercial use'}.",
    )


def how(facts: Facts) -> Answer:
    """Question 44: how it is distributed."""
    if not facts.is_release:
        return partly("A release is a folder built from what an audit clears; this sheet "
                      "describes the catalogue.",
                      authors="Say how a release is passed on.")  # fmt: skip
    return answered(
        "As a folder: data by split, and manifest.json with the digest of every file and one "
        "Merkle root over them all, which tells this release from any other."
    )


def when(facts: Facts) -> Answer:
    """Question 45: when."""
    use = facts.inputs.use
    bounds = [
        f"{word} {instant(moment)}"
        for word, moment in (("starts", use.starts_at), ("ends", use.ends_at))
        if moment is not None
    ]
    again = (
        "That instant was asked for: what was not cleared any more when the release was built was "
        "left out too, and what was cleared only since then was not let in."
    )
    return answered(
        f"What may go out was decided as of {instant(facts.inputs.as_of)}, and is decided anew "
        f"for each release. The use it was judged for {' and '.join(bounds) or 'has no end'}.",
        *([again] if facts.inputs.release.get("judged_at") else []),
    )


def licence(facts: Facts) -> Answer:
    """Question 46: licence."""
    table = listing(facts, "Entries by licence", ("Licence", "Entries"), """
        SELECT coalesce(e.licence, s.licence, 'not declared') AS stated, count(*) AS n
        FROM described e LEFT JOIN sources s USING (source_id)
        GROUP BY stated ORDER BY n DESC, stated""")  # fmt: skip
    without = facts.count("""
        SELECT count(*) FROM described e LEFT JOIN sources s USING (source_id)
        WHERE coalesce(e.licence, s.licence) IS NULL""")
    if not without and table is not None:
        return answered("The licences that entries or their sources declare.", listings=[table])
    return partly(
        f"No licence is declared for {number(without, 'entry', 'entries')}.",
        authors="State the licence and terms of the dataset.",
        listings=[table],
    )


def third_party_limits(facts: Facts) -> Answer:
    """Question 47: limits by third parties."""
    known = facts.count("SELECT count(*) FROM used_sources WHERE terms_flags IS NOT NULL")
    if not known:
        return partly("No terms of a source are recorded.",
                      authors="State limits that third parties put on the data.")  # fmt: skip
    terms = _terms(facts)
    if terms is None:
        return answered("The terms of the sources were read, and put no limits on the data.")
    return answered("The terms of the sources are recorded as follows.", listings=[terms])


def regulation(facts: Facts) -> Answer:
    """Question 48: export and other regulation."""
    places = [row[0] for row in facts.rows(
        "SELECT DISTINCT unnest(territories) FROM granted ORDER BY 1"
    )]  # fmt: skip
    stored = facts.inputs.use.storage_territories
    return partly(
        f"Territories that consents name: {listed(places)}. Storage that the use names: "
        f"{listed(stored)}.",
        authors="Say which export controls or regulations apply.",
    )


def errata(facts: Facts) -> Answer:
    """Question 52: errata."""
    withdrawn = facts.count("""
        SELECT count(DISTINCT subject_id) FROM consent_events
        WHERE state = 'ConsentWithdrawn' AND annulled_at IS NULL
        AND effective_at <= ?::TIMESTAMPTZ""",
        facts.inputs.as_of)  # fmt: skip
    decided = facts.count("SELECT count(*) FROM decisions SEMI JOIN described USING (media_id)")
    return answered(
        "In the project's records, by the instant judged, consent was withdrawn by "
        f"{count_people(withdrawn)}. What they are in is blocked until they consent anew.",
        f"Reviewers recorded {number(decided, 'decision')} on what is described here.",
    )


def updates(facts: Facts) -> Answer:
    """Question 53: updates."""
    name = facts.inputs.use.name
    return answered(
        f"What goes out is decided anew at each release, by an audit for the use {name}; a "
        "person's withdrawal takes their media out of the next one.",
        "A release that takes something out has a new major version, and a signed feed by which "
        "a holder can tell which of their files must go.",
    )


ANSWERS = {
    40: limits_on_use,
    41: unfit,
    43: third_parties,
    44: how,
    45: when,
    46: licence,
    47: third_party_limits,
    48: regulation,
    52: errata,
    53: updates,
}
