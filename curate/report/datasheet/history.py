"""Answers on how the data came to be and what was done to them."""

from __future__ import annotations

from curate.audit.rules import BY_CODE
from curate.report.comparison import comparisons
from curate.report.datasheet.answer import Answer, answered, partly
from curate.report.datasheet.composition import listing
from curate.report.facts import Facts
from curate.report.overview import rule_of
from curate.report.suppression import withheld_reasons
from curate.report.vocabulary import word
from curate.report.words import Cell, Listing, listed, number, period, settings


def acquired(facts: Facts) -> Answer:
    """Question 21: how data and labels were acquired."""
    sources = listing(
        facts,
        "Sources",
        ("Source", "Kind", "How acquired", "What it states of consent", "Entries"),
        """
        SELECT coalesce(name, source_id), kind, coalesce(acquisition_method, 'unknown'),
               consent_claim, entries FROM used_sources ORDER BY entries DESC, source_id""",
        ("", "sources.kind", "sources.acquisition_method", "sources.consent_claim", ""),
    )
    text = origins_of_labels(facts)
    if sources is None:
        return partly("No source that entries name is recorded.", text,
                      authors="Say how the data were acquired and validated.")  # fmt: skip
    return answered(text, listings=[sources])


def origins_of_labels(facts: Facts) -> str:
    """Return in sentences how many labels have which origin."""
    origins = facts.rows("""
        SELECT origin, count(*) AS n FROM labels SEMI JOIN described USING (media_id)
        GROUP BY origin ORDER BY n DESC, origin""")
    if not origins:
        return "The entries carry no labels."
    told = listed([
        f"{number(n, 'label was', 'labels were')} {word('labels.origin', origin)}"
        for origin, n in origins
    ])  # fmt: skip
    return f"{told}."


def instruments(facts: Facts) -> Answer:
    """Question 22: instruments."""
    exif, without, unknown = facts.row("""
        SELECT count(*) FILTER (has_exif), count(*) FILTER (NOT has_exif),
               count(*) FILTER (has_exif IS NULL) FROM held""")
    said = ["The catalogue does not record which devices were used."]
    if exif + without:
        said.append(
            f"{_some(exif, exif + without)} EXIF metadata as received, which may name a device."
        )
    if unknown:
        told = number(unknown, "file", "files")
        said.append(f"Whether there is EXIF metadata is not known of {told}.")
    if facts.is_release:
        said.append(_EXIF_OF_RELEASE.get(str(facts.inputs.release.get("metadata")), ""))
    return partly(
        " ".join(text for text in said if text),
        authors="Name the cameras or programs, and how they were checked.",
    )


def _some(carrying: int, read: int) -> str:
    """Return how many of the files that were read carry something, without what they carry."""
    if read == 1:
        return "The 1 file that was read carries" + ("" if carrying else " no")
    if not carrying:
        return f"None of the {read:,} files that were read carries"
    of = f"{carrying:,} of the" if carrying < read else "All"
    return f"{of} {read:,} files that were read {'carries' if carrying == 1 else 'carry'}"


_EXIF_OF_RELEASE = {
    "kept": "The release holds the files with the metadata inside them.",
    "stripped": "The files of the release hold no EXIF metadata, except for a note of how a "
    "picture is turned.",
}


def sampling(facts: Facts) -> Answer:
    """Question 23: sampling."""
    use = facts.inputs.use
    if not facts.is_release:
        return partly("The catalogue lists every file it was given.",
                      authors="Say how the files were drawn.")  # fmt: skip
    rows = tuple((_in_words(str(reason)), n) for reason, n in left_out(facts))
    reasons = Listing("Entries left out, by reason", ("Reason", "Entries"), rows)
    text = [
        (
            f"The release holds each entry that the audit cleared for the use {use.name}, and each "
            "content once. Nothing was drawn at random."
        )
    ]
    if rows:
        text.append(
            "An entry can be left out for several reasons and is then counted under each, so the "
            "counts by reason add up to more than the entries left out."
            if _overlap(facts) else
            "The table counts the entries that were left out, by reason. An entry with several "
            "reasons is counted under each."
        )  # fmt: skip
    return partly(
        *text,
        authors="Say how the catalogue's entries were drawn in the first place.",
        listings=[reasons],
    )


def _overlap(facts: Facts) -> bool:
    known = facts.count("SELECT count(*) FROM entries")
    held = facts.count("SELECT count(*) FROM described")
    return sum(facts.inputs.left_out.values()) > known - held


def left_out(facts: Facts) -> tuple[tuple[Cell, Cell], ...]:
    """Return entries left out by reason; small counts that tell of people are withheld."""
    return withheld_reasons(facts.inputs.left_out)


def _in_words(reason: str) -> str:
    known = rule_of(reason).title if reason in BY_CODE else f"Another reason, called {reason}."
    return REASONS.get(reason, known)


# Why a release leaves an entry out that the audit did not hold back (`curate.release.select`).
REASONS = {
    "same-content": "The same bytes are in the release already.",
    "near-duplicate": "A picture or video that looks nearly the same is in the release already.",
    "called-back": "A withdrawal feed of this use called the file back, and that is final.",
    "copy-blocked": "An entry with the same bytes is blocked.",
    "in-no-split": "The assignment of splits leaves the entry out.",
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
        were = number(known, "entry was", "entries were")
        text.append(f"By what is declared, {were} captured {period(first, last)}.")
    if got:
        were = number(got, "source was", "sources were")
        text.append(f"{were} acquired {period(since, until)}.")
    if not text:
        return partly("No time of capture or acquisition is recorded.",
                      authors="Say when the data were made and collected.")  # fmt: skip
    if known < total:
        text.append("No time of capture is recorded for "
                    f"{number(total - known, 'entry', 'entries')}.")  # fmt: skip
    return answered(*text)


def preparation(facts: Facts) -> Answer:
    """Question 33: preprocessing."""
    rows = facts.rows("""
        SELECT verb, versions, CASE WHEN verb <> 'audit' THEN parameters END,
               CASE WHEN verb <> 'audit' THEN started_at END
        FROM runs WHERE status = 'done'
        QUALIFY row_number() OVER (PARTITION BY verb ORDER BY started_at DESC, run_id DESC) = 1
        ORDER BY started_at, run_id""")
    ran = tuple((f"curate {verb}", settings(v), settings(p), started)
                for verb, v, p, started in rows)  # fmt: skip
    text = "Files were measured and compared, and none was changed."
    if facts.is_release:
        text = f"Files were measured and compared. {_handed_on(facts)}".rstrip()
    head = ("Command", "Versions", "Parameters", "Last run")
    faces = [
        f"The faces of the whole catalogue were compared by the model {one.model}. "
        + " ".join(one.sentences)
        for one in comparisons(facts) if one.current
    ]  # fmt: skip
    return answered(text, *faces, listings=[Listing("Commands that ran", head, ran)])


_HANDED_ON = {
    "kept": "The release holds the files byte for byte, with the metadata inside them.",
    "stripped": "The metadata inside the files, which may reveal places and people, is left out of "
    "the release; pictures and sound are unchanged.",
}


def _handed_on(facts: Facts) -> str:
    """Return what became of files on their way into the release."""
    told = _HANDED_ON.get(str(facts.inputs.release.get("metadata")), "")
    crops = facts.inputs.release.get("crops")
    cropped = f"Each face is in the release as a separate picture too: {crops}."
    return f"{told} {cropped}".lstrip() if crops else told


def raw_kept(facts: Facts) -> Answer:
    """Question 34: raw data."""
    if facts.is_release:
        return answered(
            "Those who built the release keep the files as they were received, in the place where "
            f"they were listed. {_handed_on(facts)}".rstrip()
        )
    present = facts.count("SELECT count(*) FROM described WHERE state = 'present'")
    return answered(f"The raw files of {number(present, 'entry', 'entries')} are kept in the place "
                    "where they were listed. Curate did not change or move them.")  # fmt: skip


def software(facts: Facts) -> Answer:
    """Question 35: software."""
    models = [row[0] for row in facts.rows("SELECT DISTINCT model_id FROM face_scans ORDER BY 1")]
    versions = [row[0] for row in facts.rows(
        "SELECT DISTINCT tool_version FROM runs WHERE status = 'done' ORDER BY 1"
    )]  # fmt: skip
    looked = f"Faces were searched with {listed(models)}." if models else "No faces were searched."
    used = f", version {listed(versions)}," if versions else ""
    return answered(
        f"Yes. Curate{used} prepared the data. It is open source under Apache-2.0. {looked}"
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
