"""Answers on what the data may be used for, and how they are passed on and kept up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curate.audit.licences import terms_of
from curate.model.config import UseProfile
from curate.report.datasheet.answer import Answer, answered, partly
from curate.report.datasheet.composition import listing
from curate.report.datasheet.people import end_of_consents
from curate.report.facts import Facts
from curate.report.suppression import count_people, few
from curate.report.vocabulary import purpose_words
from curate.report.words import Listing, instant, listed, number


def limits_on_use(facts: Facts) -> Answer:
    """Question 40: what may limit future use."""
    return partly(
        "A person may withdraw at any time, and later versions will not contain their media. "
        + end_of_consents(facts),
        authors="Say what else about the data may harm people or limit their use.",
        listings=[_terms(facts)],
    )


def _terms(facts: Facts) -> Listing | None:
    return listing(facts, "Terms of sources", ("Term", "Sources", "Entries"), """
        SELECT flag, count(*), sum(entries)::BIGINT AS n
        FROM (SELECT unnest(terms_flags) AS flag, entries FROM used_sources)
        GROUP BY flag ORDER BY n DESC, flag""", ("sources.terms_flags", "", ""))  # fmt: skip


_BY = {
    "internal": "internally",
    "consortium": "within the consortium",
    "gated": "by those who are admitted",
    "public": "by everybody",
}


def use_in_words(use: UseProfile) -> str:
    """Return what a use is, for whom, and whether for money.

    >>> use_in_words(UseProfile("t", "train-detector"))
    'training detectors, internally and non-commercially'
    """
    commerce = "commercially or not" if use.commercial else "non-commercially"
    return f"{purpose_words(use.purpose)}, {_BY[use.audience]} and {commerce}"


_LIKENESS = {"likeness_synthesis", "likeness_alteration", "performance_transfer"}


def unfit(facts: Facts) -> Answer:
    """Question 41: unfit uses."""
    use = facts.inputs.use
    excluded = [purpose_words(row[0]) for row in facts.rows(
        "SELECT DISTINCT unnest(purposes_excluded) FROM granted ORDER BY 1"
    )]  # fmt: skip
    never = []
    if use.purpose != "identify-people":
        never += ["to recognise the people shown", "to find them elsewhere"]
    if not _LIKENESS & set(use.operations):
        never.append("to make media that show them")
    told = f"Do not use it {_or(never)}. " if never else ""
    refused = (
        f"People shown excluded these purposes: {listed(excluded)}." if excluded
        else "No person shown excluded a further purpose."
    )  # fmt: skip
    return answered(
        f"Do not use it for anything except {use_in_words(use)}. The audit behind this datasheet "
        "judged this use only.",
        told + refused,
    )


def _or(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


_AUDIENCES = {
    "internal": "No. It was judged for internal use only.",
    "consortium": "It may be given to the members of the consortium only.",
    "gated": "Yes, to those who are admitted and accept the terms.",
    "public": "Yes, to everybody.",
}


def third_parties(facts: Facts) -> Answer:
    """Question 43: third parties."""
    use = facts.inputs.use
    return answered(
        _AUDIENCES[use.audience],
        f"{_places(use)} Commercial use is {'' if use.commercial else 'not '}included.",
    )


def _places(use: UseProfile) -> str:
    if not use.recipient_territories:
        return "The use does not limit the territories of recipients."
    return f"Recipients must be in {listed(use.recipient_territories)}."


def how(facts: Facts) -> Answer:
    """Question 44: how it is distributed."""
    if not facts.is_release:
        return partly("This datasheet describes a catalogue, which is not distributed. A release "
                      "is a folder that is built from what an audit clears.",
                      authors="Say how a release is passed on.")  # fmt: skip
    return answered(
        "It is distributed as a folder with the data of each split. The file manifest.json states "
        "the digest of every file and a Merkle root over them all, which identifies this release."
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
        "That instant was asked for. What was no longer cleared when the release was built was "
        "left out too, and what was cleared only since then was not added."
    )
    lasting = (
        "The use that it was judged for names no end. The consents had to last for "
        f"{use.horizon_days:,} days."
    )
    return answered(
        f"What may be distributed was decided as of {instant(facts.inputs.as_of)}, and it is "
        "decided anew for each release. "
        + (f"The use that it was judged for {' and '.join(bounds)}." if bounds else "")
        + ("" if use.ends_at else f"{' ' if bounds else ''}{lasting}"),
        *([again] if facts.inputs.release.get("judged_at") else []),
    )


# Licences that ask whoever passes the work on to name its author.
_NAMED = re.compile(r"(?:LICENSEREF-)?(?:CC-BY|ODC-BY|ODBL|OGL|MIT|APACHE|BSD)\b.*")


def licence(facts: Facts) -> Answer:
    """Question 46: licence."""
    table = listing(facts, "Entries by licence", ("Licence", "Entries"), """
        SELECT coalesce(e.licence, s.licence, 'not declared') AS stated, count(*) AS n
        FROM described e LEFT JOIN sources s USING (source_id)
        GROUP BY stated ORDER BY n DESC, stated""")  # fmt: skip
    without = facts.count("""
        SELECT count(*) FROM described e LEFT JOIN sources s USING (source_id)
        WHERE coalesce(e.licence, s.licence) IS NULL""")
    stated = [row[0] for row in facts.rows("""
        SELECT DISTINCT coalesce(e.licence, s.licence) AS stated
        FROM described e LEFT JOIN sources s USING (source_id)
        WHERE coalesce(e.licence, s.licence) IS NOT NULL ORDER BY 1""")]  # fmt: skip
    text = [f"Entries or their sources declare these licences: {listed(stated)}."] if stated else []
    text += [*_held_against_use(facts, stated), *_attribution(facts, stated)]
    if not without and table is not None:
        return answered(*text, listings=[table])
    lacking = f"No licence is declared for {number(without, 'entry', 'entries')}."
    return partly(
        lacking if without else "There are no entries.", *text,
        authors="State the licence and terms of the dataset.",
        listings=[table],
    )  # fmt: skip


def _held_against_use(facts: Facts, stated: list[str]) -> list[str]:
    """Return what licences allow beside the use that was judged, where they are known."""
    use = facts.inputs.use
    known = [one for one in stated if terms_of(one).understood]
    unknown = [one for one in stated if one not in known]
    text = []
    if unknown:
        terms = "terms" if len(unknown) > 1 else "terms of this one"
        text.append(f"Curate does not know what {listed(unknown)} permits; read the {terms}.")
    barred = [one for one in known if use.commercial and not terms_of(one).commercial]
    if barred:
        text.append(f"The use judged is commercial, which {listed(barred)} does not permit.")
    if known and use.audience != "public":
        text.append(
            f"The release is narrower than {listed(known)}: the consents were judged for "
            f"{_FOR[use.audience]} only, and the data must not be passed on beyond it, whatever "
            "the licence permits."
        )
    return text


_FOR = {
    "internal": "internal use",
    "consortium": "use within the consortium",
    "gated": "use by those who are admitted",
}


def _attribution(facts: Facts, stated: list[str]) -> list[str]:
    """Return who must be named where a licence asks for it."""
    named = [one for one in stated if _NAMED.fullmatch(re.sub(r"[\s_-]+", "-", one).upper())]
    if not named:
        return []
    sources = [row[0] for row in facts.rows(
        "SELECT coalesce(name, source_id) FROM used_sources ORDER BY entries DESC, source_id"
    )]  # fmt: skip
    ask = "requires" if len(named) == 1 else "require"
    text = f"{listed(named)} {ask} that the author is named when the data are passed on."
    if facts.inputs.release.get("metadata") == "stripped":
        text += " Metadata that may name an author was taken out of the files of the release."
    if sources:
        text += f" The sources to name are: {listed(sources)}."
    return [text]


def third_party_limits(facts: Facts) -> Answer:
    """Question 47: limits by third parties."""
    known = facts.count("SELECT count(*) FROM used_sources WHERE terms_flags IS NOT NULL")
    if not known:
        return partly("No terms of a source are recorded.",
                      authors="State limits that third parties put on the data.")  # fmt: skip
    terms = _terms(facts)
    unread = facts.count("SELECT count(*) FROM used_sources WHERE terms_flags IS NULL")

    def said(text: str, listings: Sequence[Listing] = ()) -> Answer:
        if not unread:
            return answered(text, listings=listings)
        of = number(unread, "source")
        return partly(text, f"The terms of {of} are not recorded.",
                      authors="State what these sources ask for.", listings=listings)  # fmt: skip

    if terms is None:
        return said("The terms that were read put no limits on the data besides those of the "
                    "licences.")  # fmt: skip
    return said("The datasheet counts the sources by the terms that they set.", [terms])


def regulation(facts: Facts) -> Answer:
    """Question 48: export and other regulation."""
    places = [row[0] for row in facts.rows(
        "SELECT DISTINCT unnest(territories) FROM granted ORDER BY 1"
    )]  # fmt: skip
    stored = facts.inputs.use.storage_territories
    return partly(
        f"{_named('Consents name', places)} {_named('For storage, the use names', stored)}",
        authors="Say which export controls or regulations apply.",
    )


def _named(begin: str, places: Sequence[str]) -> str:
    if places:
        return f"{begin} these territories: {listed(places)}."
    return f"{begin} no territories."


def errata(facts: Facts) -> Answer:
    """Question 52: errata."""
    withdrawn = facts.count("""
        SELECT count(DISTINCT subject_id) FROM consent_events
        WHERE state = 'ConsentWithdrawn' AND annulled_at IS NULL
        AND effective_at <= ?::TIMESTAMPTZ""",
        facts.inputs.as_of)  # fmt: skip
    decided = facts.count("SELECT count(*) FROM decisions SEMI JOIN described USING (media_id)")
    return answered(
        "By the project's records, consent had been withdrawn by "
        f"{count_people(withdrawn)} at the instant judged. Media that show a person who withdrew "
        "are blocked until that person consents anew."
        if withdrawn
        else "By the project's records, nobody had withdrawn consent at the instant judged.",
        f"Reviewers recorded {few(decided, 'decision')} on the entries described here.",
    )


def updates(facts: Facts) -> Answer:
    """Question 53: updates."""
    name = facts.inputs.use.name
    return answered(
        f"What is released is decided anew for each release, by an audit for the use {name}. "
        "When a person withdraws, the next release does not contain their media.",
        "A release that takes files out has a new major version and a signed feed that names the "
        "files which holders of earlier releases must delete.",
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
