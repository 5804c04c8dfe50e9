"""The audit page's plain words: what stands out, and how the audit came to say so."""

from __future__ import annotations

from curate.audit.rules import BY_CODE
from curate.audit.tally import in_words
from curate.audit.waivers import resting
from curate.report.appendix import AuditRun
from curate.report.facts import Facts
from curate.report.limits import sentences
from curate.report.structure import copies, stages_run
from curate.report.words import Cell, Listing, number, settings

_ENTRIES = ("entry", "entries")


def notable(facts: Facts) -> list[str]:
    """Return what a reader should know of copies, leaks and faces, each in a sentence."""
    told = []
    if known := copies(facts):
        again = known.same_bytes + known.same_pixels + known.near
        told.append(
            f"Copies: {number(again, *_ENTRIES)} share bytes, pixels or look with another."
            if again else "Copies: no entry is like another."
        )  # fmt: skip
    leaking, splits = facts.row("""
        SELECT (SELECT count(DISTINCT media_id) FROM findings WHERE code IN ('SPL001', 'SPL002')),
               (SELECT count(DISTINCT split) FROM judged)""")
    if splits > 1:
        told.append(
            f"Splits: a person or a copy of {number(leaking, *_ENTRIES)} stands in another split."
            if leaking else "Splits: no declared person and no copy stands in two."
        )  # fmt: skip
    faces, nobody = facts.row("""
        SELECT count(*) FILTER (identity_id IS NOT NULL),
               count(DISTINCT identity_id) FILTER (subject_id IS NULL) FROM identities""")
    if faces:
        told.append(
            f"Faces: {number(nobody, 'identity', 'identities')} found in them belong to nobody "
            "who is declared." if nobody else
            "Faces: every identity found in them is linked to a declared person."
        )  # fmt: skip
    waived, decided = facts.row("""
        SELECT (SELECT count(*) FROM findings WHERE waiver IS NOT NULL),
               (SELECT count(*) FROM verdicts WHERE decided_by <> 'policy')""")
    if waived or decided:
        told.append(
            f"People: {number(waived, 'finding')} waived, and {number(decided, 'verdict')} decided "
            "by reviewers."
        )
    return told


def on_clearance(facts: Facts) -> list[str]:
    """Return on what clearances rest, and what rests on waivers; nothing where nothing does."""
    return in_words(facts.inputs.tables["verdicts"]) + on_waivers(facts)


def on_waivers(facts: Facts) -> list[str]:
    """Return how many waivers there are and what rests on them; nothing where there is none."""
    tables = facts.inputs.tables
    found = resting(tables["findings"], tables["verdicts"], BY_CODE)
    return [f"Waivers: {found}."] if found.waivers else []


def method(facts: Facts, run: AuditRun) -> tuple[list[str], Listing]:
    """Return how the audit was done: in sentences, and which stages told it what.

    Args:
        facts: The tables.
        run: The record of the audit's own run.
    """
    rows = facts.rows("""
        SELECT verb, versions, started_at FROM runs
        WHERE status = 'done' AND verb LIKE 'run %'
        QUALIFY row_number() OVER (PARTITION BY verb ORDER BY started_at DESC, run_id DESC) = 1
        ORDER BY started_at, run_id""")
    ran = stages_run(facts)
    stages: list[tuple[Cell, ...]] = [
        (verb.removeprefix("run "), _LOOKS.get(verb.removeprefix("run "), ""), settings(versions),
         started)
        for verb, versions, started in rows if verb.removeprefix("run ") in ran
    ]  # fmt: skip
    told = [text.format(rules=len(run.rules), ruleset=run.ruleset) for text in sentences("method")]
    return told, Listing("Stages that ran", ("Stage", "What it looks at", "Versions", "Last run"),
                         tuple(stages))  # fmt: skip


_LOOKS = {
    "probe": "whether files can be read, and what they hold",
    "signals": "what files say of origin, rights and training",
    "faces": "faces",
    "identity": "which faces are one person's",
    "dedup": "copies by pixels and look",
    "labels": "labels that look wrong, and shortcuts",
}
