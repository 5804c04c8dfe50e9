"""Answers on how the data came to be, what was done to them, and how they are passed on."""

from __future__ import annotations

from curate.report.answer import Answer, answered, partly, people_said, withheld
from curate.report.answers_composition import listing
from curate.report.facts import Facts
from curate.report.overview import rule_of
from curate.report.words import Listing, instant, listed, number, settings


def acquired(facts: Facts) -> Answer:
    """Question 21: how data and labels were acquired."""
    sources = listing(
        facts,
        "Sources",
        ("Source", "Kind", "Acquired by", "Claims of consent", "Entries"),
        """
        SELECT coalesce(name, source_id), kind, coalesce(acquisition_method, 'unknown'),
               consent_claim, entries FROM used_sources ORDER BY entries DESC, source_id""",
    )
    origins = facts.rows("""
        SELECT origin, count(*) AS n FROM labels SEMI JOIN described USING (media_id)
        GROUP BY origin ORDER BY n DESC, origin""")
    told = listed([f"{n:,} {origin}" for origin, n in origins])
    text = f"Labels by origin: {told}."
    if sources is None:
        return partly("No source that entries name is recorded.", text,
                      authors="Say how the data were acquired and validated.")  # fmt: skip
    return answered(text, listings=[sources])


def instruments(facts: Facts) -> Answer:
    """Question 22: instruments."""
    exif, total = facts.row("SELECT count(*) FILTER (has_exif), count(*) FROM held")
    return partly(
        f"{exif:,} of {number(total, 'content')} carry an EXIF block of the device that made "
        "them; devices are not catalogued.",
        authors="Name the cameras or programs, and how they were checked.",
    )


def sampling(facts: Facts) -> Answer:
    """Question 23: sampling."""
    use = facts.inputs.use
    if not facts.is_release:
        return partly("The catalogue lists every file it was given.",
                      authors="Say how the files were drawn.")  # fmt: skip
    return partly(
        f"Every entry that the audit cleared for the use {use.name} is taken, each content once. "
        "Nothing was drawn at random.",
        authors="Say how the catalogue's entries were drawn in the first place.",
        listings=[_left_out(facts)],
    )


def _left_out(facts: Facts) -> Listing:
    """Return why entries were left out; small counts are withheld where reasons speak of people."""
    reasons = sorted(facts.inputs.left_out.items())
    of_people = [(r, n) for r, n in reasons if r[:3] in ("CON", "DEP", "IDN")]
    others = [(r, n) for r, n in reasons if (r, n) not in of_people]
    rows = tuple((_in_words(str(reason)), n) for reason, n in (*withheld(of_people), *others))
    return Listing("Entries left out, by reason", ("Reason", "Entries"), rows)


def _in_words(reason: str) -> str:
    return _REASONS.get(reason) or f"{reason} {rule_of(reason).title}"


_REASONS = {
    "same-content": "The same bytes are in the release already.",
    "copy-blocked": "An entry with the same bytes is blocked.",
    "not-present": "The file is not there.",
    "not-judged": "The audit did not judge the entry.",
}


def timeframe(facts: Facts) -> Answer:
    """Question 25: time frame."""
    known, first, last = facts.row(
        "SELECT count(captured_at), min(captured_at), max(captured_at) FROM described"
    )
    got, since, until = facts.row(
        "SELECT count(acquired_at), min(acquired_at), max(acquired_at) FROM used_sources"
    )
    total = facts.count("SELECT count(*) FROM described")
    text = []
    if known:
        text.append(f"Captured from {first:%Y-%m-%d} to {last:%Y-%m-%d}, as "
                    f"{number(known, 'entry declares', 'entries declare')}.")  # fmt: skip
    if got:
        text.append(f"Sources were acquired from {since:%Y-%m-%d} to {until:%Y-%m-%d}.")
    if not text:
        return partly("No time of capture or acquisition is recorded.",
                      authors="Say when the data were made and collected.")  # fmt: skip
    if known < total:
        text.append(f"Of {number(total - known, 'entry', 'entries')} no time of capture is "
                    "recorded.")  # fmt: skip
    return answered(*text)


def preparation(facts: Facts) -> Answer:
    """Question 33: preprocessing."""
    rows = facts.rows("""
        SELECT verb, versions, CASE WHEN verb <> 'audit' THEN parameters END, started_at
        FROM runs WHERE status = 'done'
        QUALIFY row_number() OVER (PARTITION BY verb ORDER BY started_at DESC, run_id DESC) = 1
        ORDER BY started_at, run_id""")
    ran = tuple((verb, settings(v), settings(p), started) for verb, v, p, started in rows)
    text = "Files were measured and compared, and none was changed."
    if facts.is_release:
        text = f"Files were measured and compared. {_handed_on(facts)}"
    head = ("Step", "Versions", "Parameters", "Last run")
    return answered(text, listings=[Listing("What ran", head, ran)])


_HANDED_ON = {
    "kept": "The release holds them byte for byte, with the metadata inside them.",
    "stripped": "The release holds them without the metadata inside them, which may tell of places "
    "and people; pictures and sound are as they were.",
}


def _handed_on(facts: Facts) -> str:
    """Return what became of files on their way into the release."""
    told = _HANDED_ON.get(str(facts.inputs.release.get("metadata")), "")
    crops = facts.inputs.release.get("crops")
    return f"{told} Each face is there as a picture of its own too: {crops}." if crops else told


def raw_kept(facts: Facts) -> Answer:
    """Question 34: raw data."""
    if facts.is_release:
        return answered(
            "The files as they were received stay with those who built the release, where they "
            f"were listed. {_handed_on(facts)}".rstrip()
        )
    present = facts.count("SELECT count(*) FROM described WHERE state = 'present'")
    return answered(f"The raw files of {number(present, 'entry', 'entries')} lie where they were "
                    "listed; the catalogue never changes or moves them.")  # fmt: skip


def software(facts: Facts) -> Answer:
    """Question 35: software."""
    models = [row[0] for row in facts.rows("SELECT DISTINCT model_id FROM face_scans ORDER BY 1")]
    versions = [row[0] for row in facts.rows(
        "SELECT DISTINCT tool_version FROM runs WHERE status = 'done' ORDER BY 1"
    )]  # fmt: skip
    return answered(
        f"Curate {listed(versions)}, open source under Apache-2.0. Models that looked for faces: "
        f"{listed(models)}."
    )


def limits_on_use(facts: Facts) -> Answer:
    """Question 40: what may limit future use."""
    flags = _terms(facts)
    ending = facts.count(
        "SELECT count(DISTINCT subject_id) FROM granted WHERE valid_until IS NOT NULL"
    )
    return partly(
        "A person may withdraw at any time, and later versions will lack what they are in. "
        f"Consents of {people_said(ending)} end at a date.",
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
    return answered(
        f"What may go out was decided as of {instant(facts.inputs.as_of)}, and is decided anew "
        f"for each release. The use it was judged for {' and '.join(bounds) or 'has no end'}."
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
        WHERE state = 'ConsentWithdrawn' AND effective_at <= ?::TIMESTAMPTZ""",
        facts.inputs.as_of)  # fmt: skip
    decided = facts.count("SELECT count(*) FROM decisions SEMI JOIN described USING (media_id)")
    return answered(
        "In the project's records, by the instant judged, consent was withdrawn by "
        f"{people_said(withdrawn)}. What they are in is blocked until they consent anew.",
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
    21: acquired,
    22: instruments,
    23: sampling,
    25: timeframe,
    33: preparation,
    34: raw_kept,
    35: software,
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
