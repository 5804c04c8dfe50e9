"""The audit page's plain words: what stands out, and how the audit came to say so."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from curate.audit.rules import BY_CODE
from curate.audit.tally import RESTS_ON, by_declaration_only, in_words, tally
from curate.audit.waivers import resting
from curate.model.verdict import Verdict
from curate.report.appendix import AuditRun
from curate.report.facts import Facts
from curate.report.limits import sentences
from curate.report.structure import copies, stages_run
from curate.report.suppression import count_some, few
from curate.report.words import Cell, Listing, number, settings

_ENTRIES = ("entry", "entries")


def notable(facts: Facts, *, exact: bool = True) -> list[str]:
    """Return what a reader should know of copies, leaks and faces, each in a sentence.

    Args:
        facts: The tables.
        exact: Whether to print small counts of what tells of people.
    """
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
            f"Splits: a person or a copy of {_count(leaking, *_ENTRIES, exact=exact)} stands in "
            "another split."
            if leaking else "Splits: no declared person and no copy stands in two."
        )  # fmt: skip
    if faces := on_identities(facts, exact=exact):
        told.append(f"Faces: {faces[0].lower()}{faces[1:]}")
    waived, decided = facts.row("""
        SELECT (SELECT count(*) FROM findings WHERE waiver IS NOT NULL),
               (SELECT count(*) FROM verdicts WHERE decided_by <> 'policy')""")
    if waived or decided:
        told.append(
            f"People: {number(waived, 'finding')} waived, and {number(decided, 'verdict')} decided "
            "by reviewers."
        )
    return told


def _count(count: int, one: str, many: str, *, exact: bool) -> str:
    return number(count, one, many) if exact else few(count, one, many)


def on_identities(facts: Facts, *, exact: bool = True) -> str:
    """Return how many people faces were grouped into, and how many of these are not declared.

    Args:
        facts: The tables.
        exact: Whether to print small counts of identities, each of which stands for a person.
    """
    faces, people, nobody = facts.row("""
        SELECT count(*) FILTER (identity_id IS NOT NULL), count(DISTINCT identity_id),
               count(DISTINCT identity_id) FILTER (subject_id IS NULL) FROM identities""")
    if not faces:
        return ""
    found = _count(people, "identity", "identities", exact=exact)
    told = f"In the whole catalogue, comparing faces found {found}, each of which stands for one "
    if not nobody:
        return f"{told}person. Every identity is linked to a declared person."
    if not exact:
        who = count_some(nobody, people).removesuffix(" people")
        return f"{told}person. Of these, {who} are linked to no declared person."
    are = "is" if nobody == 1 else "are"
    return f"{told}person. Of these, {nobody:,} {are} linked to no declared person."


@dataclass(frozen=True)
class Clearance:
    """On what clearances rest, in a document.

    Attributes:
        text: Sentences.
        answers: For each question what the answers of cleared entries rest on; without rows
            where nothing is cleared.
    """

    text: tuple[str, ...]
    answers: Listing


def clearance(facts: Facts) -> Clearance:
    """Return on what the clearance of the entries described rests, question by question."""
    verdicts = facts.inputs.tables["verdicts"]
    if facts.inputs.items is not None:
        held = pc.is_in(verdicts["media_id"], value_set=facts.inputs.items["media_id"])
        verdicts = verdicts.filter(held)
    verdicts = verdicts.filter(pc.equal(verdicts["verdict"], str(Verdict.CLEARED)))
    cleared, unasked = verdicts.num_rows, verdicts["answers"].null_count
    head = ("Question", "The answer rests on", "Entries")
    waivers = tuple(on_waivers(facts))
    if cleared == unasked:
        return Clearance(waivers, Listing(_CLEARANCE, head, ()))
    rows: list[tuple[Cell, ...]] = []
    for one in tally(verdicts):
        rows += [(one.question.asks, RESTS_ON[basis], n) for basis, n in one.cleared.items() if n]
        if not any(one.cleared.values()):
            rows.append(
                (one.question.asks, "not asked, because no entry raises it", cleared - unasked)
            )
    of = "in this release" if facts.is_release else "of the catalogue"
    were = number(cleared, "entry", "entries")
    text = [
        (
            f"The audit cleared {were} {of}. An entry is cleared only if each "
            "question that it raises is answered. The table counts the cleared entries by what "
            "each answer rests on."
        )
    ]
    if unasked:
        text.append(f"The answers are not on record for {number(unasked, *_ENTRIES)}.")
    if alone := by_declaration_only(verdicts):
        who = "the people in 1 entry" if alone == 1 else f"the people in {alone:,} entries"
        text.append(f"Who {who} are is known by declaration only.")
    return Clearance((*text, *waivers), Listing(_CLEARANCE, head, tuple(rows)))


_CLEARANCE = "What the clearance rests on"


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
