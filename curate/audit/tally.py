"""Tallies of answers: on what clearances rest, and what is not answered, by question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.questions import BASES, BASIS_OF, OPEN, QUESTIONS, ClearanceQuestion
from curate.model.plural import counted
from curate.model.verdict import Verdict


@dataclass(frozen=True)
class Tally:
    """How one question was answered in an audit.

    Attributes:
        question: The question.
        cleared: How many cleared entries were answered on each basis, by basis.
        open: How many entries it keeps from being cleared.
    """

    question: ClearanceQuestion
    cleared: dict[str, int]
    open: int


def tally(verdicts: pa.Table) -> list[Tally]:
    """Return how each question was answered, in the order of questions.

    Args:
        verdicts: Rows of ``verdicts`` of one audit; those of audits that asked no questions have
            no ``answers`` and count nowhere.
    """
    few = verdicts.filter(pc.is_valid(verdicts["answers"]))
    counted_ = few.group_by(["answers", "verdict"]).aggregate([([], "count_all")]).to_pylist()
    cleared: list[Counter[str]] = [Counter() for _ in QUESTIONS]
    open_ = [0] * len(QUESTIONS)
    for row in counted_:
        for place, letter in enumerate(row["answers"]):
            if letter == OPEN:
                open_[place] += row["count_all"]
            elif letter in BASIS_OF and row["verdict"] == Verdict.CLEARED:
                cleared[place][BASIS_OF[letter]] += row["count_all"]
    return [
        Tally(question, dict(bases), number)
        for question, bases, number in zip(QUESTIONS, cleared, open_, strict=True)
    ]


def by_declaration_only(verdicts: pa.Table) -> int:
    """Return how many cleared entries show people who are known by declaration alone."""
    (found,) = (one for one in tally(verdicts) if one.question.name == "accounted")
    return found.cleared.get("declared", 0)


RESTS_ON = {
    "seen": "what was seen in the file",
    "matched": "a match by the face model",
    "declared": "what is declared or on record",
    "reviewed": "the decision of reviewers",
    "stripped": "the part being left out of releases",
}
"""What an answer of each basis rests on, in words."""


def in_words(verdicts: pa.Table) -> list[str]:
    """Return sentences on what the clearances of an audit rest on; none where none was given."""
    cleared = pc.sum(pc.equal(verdicts["verdict"], str(Verdict.CLEARED))).as_py() or 0
    if not cleared:
        return []
    alone = by_declaration_only(verdicts)
    bases: Counter[str] = Counter()
    for one in tally(verdicts):
        bases.update(one.cleared)
    parts = [f"{bases[basis]:,} on {RESTS_ON[basis]}" for basis in BASES if bases[basis]]
    told = []
    if parts:
        listed = ", ".join(parts[:-1]) + (" and " if parts[1:] else "") + parts[-1]
        answers = counted(bases.total(), "answer")
        told.append(f"The clearance of {counted(cleared, 'entry')} rests on {answers}: {listed}.")
    if alone:
        told.append(
            f"The people in {counted(alone, 'cleared entry', 'cleared entries')} are known by "
            "declaration only: no other file shows that they are who is declared."
        )
    return told
