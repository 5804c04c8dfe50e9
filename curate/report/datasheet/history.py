"""Answers on how the data came to be and what was done to them."""

from __future__ import annotations

from curate.report.comparison import comparisons
from curate.report.datasheet.answer import Answer, answered, partly, withheld
from curate.report.datasheet.composition import listing
from curate.report.facts import Facts
from curate.report.overview import rule_of
from curate.report.words import Listing, listed, number, settings


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
    "called-back": "A feed of this use called the file back, and a feed stands for good.",
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
        SELECT verb, versions, CASE WHEN verb <> 'audit' THEN parameters END,
               CASE WHEN verb <> 'audit' THEN started_at END
        FROM runs WHERE status = 'done'
        QUALIFY row_number() OVER (PARTITION BY verb ORDER BY started_at DESC, run_id DESC) = 1
        ORDER BY started_at, run_id""")
    ran = tuple((verb, settings(v), settings(p), started) for verb, v, p, started in rows)
    text = "Files were measured and compared, and none was changed."
    if facts.is_release:
        text = f"Files were measured and compared. {_handed_on(facts)}"
    head = ("Step", "Versions", "Parameters", "Last run")
    faces = [
        f"Faces of the whole catalogue were compared by {one.model}. {' '.join(one.sentences)}"
        for one in comparisons(facts) if one.current
    ]  # fmt: skip
    return answered(text, *faces, listings=[Listing("What ran", head, ran)])


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


ANSWERS = {
    21: acquired,
    22: instruments,
    23: sampling,
    25: timeframe,
    33: preparation,
    34: raw_kept,
    35: software,
}
