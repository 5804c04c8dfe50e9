"""The datasheet: Gebru et al.'s 57 questions, answered from the tables where they know.

What the catalogue cannot know is marked as left to the authors, never guessed; what they write in
`datasheet.toml` stands beside what is counted, and never in its place. No picture of a
person is in it, because a document that left cannot be called back, and small counts of people
are withheld.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from curate.model.instants import print_instant
from curate.report.comparison import comparisons
from curate.report.consents import people_declared
from curate.report.datasheet import (
    composition,
    distribution,
    history,
    people,
    stewardship,
)
from curate.report.datasheet.answer import Answer, AnswerSource
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.method import clearance
from curate.report.pages import as_json, render_html, render_markdown
from curate.report.suppression import SMALLEST, beside_rest
from curate.report.words import Cell, Listing
from curate.schema import resource_folder

_ANSWERS: dict[int, Callable[[Facts], Answer]] = {
    **composition.ANSWERS,
    **people.ANSWERS,
    **history.ANSWERS,
    **distribution.ANSWERS,
    **stewardship.ANSWERS,
}


@dataclass(frozen=True)
class Question:
    """One of the 57.

    Attributes:
        id: Its number.
        section: The section it stands in.
        kind: ``A``, ``P`` or ``M``: whether a catalogue can answer it whole, partly, or not.
        text: The question, in our words.
        optional: Whether it may stay open: it asks for anything else.
    """

    id: int
    section: str
    kind: str
    text: str
    optional: bool = False


@dataclass(frozen=True)
class Answered:
    """A question with its answer."""

    question: Question
    answer: Answer


@dataclass(frozen=True)
class Datasheet:
    """A datasheet, three times the same.

    Attributes:
        markdown: As Markdown.
        html: As a page that loads and runs nothing.
        json: For machines.
        answers: Each question with its answer, in order.
    """

    markdown: str
    html: str
    json: str
    answers: tuple[Answered, ...]

    def files(self) -> dict[str, str]:
        """Return the three, by file name."""
        return {"datasheet.md": self.markdown, "datasheet.html": self.html,
                "datasheet.json": self.json}  # fmt: skip


@cache
def questions() -> tuple[Question, ...]:
    """Return the questions, in order."""
    path = resource_folder("reports") / "datasheet_questions.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["questions"]
    return tuple(Question(**row) for row in rows)


def datasheet(inputs: ReportInputs) -> Datasheet:
    """Return the datasheet of a release, or of the catalogue when `inputs` has no items."""
    facts = Facts(inputs)
    answers = tuple(Answered(question, _answer(facts, question.id)) for question in questions())
    values = {
        "inputs": inputs,
        "is_release": facts.is_release,
        "sections": _by_section(answers),
        "completeness": completeness(answers),
        "clearance": clearance(facts),
    }
    return Datasheet(
        markdown=render_markdown("datasheet.md.j2", **values),
        html=render_html("datasheet.html.j2", **values),
        json=as_json(_machine_form(facts, answers)),
        answers=answers,
    )


def _answer(facts: Facts, question_id: int) -> Answer:
    answer = Answer(AnswerSource.AUTHOR)
    if question_id in _ANSWERS:
        facts.forget()
        answer = _ANSWERS[question_id](facts)
        answer = replace(answer, queries=tuple(facts.forget()))
    written = facts.inputs.authored.answers.get(question_id, "")
    paragraphs = (" ".join(text.split()) for text in written.split("\n\n"))
    said = stewardship.stated_by_authors(facts, question_id)
    return replace(answer, authors=(*said, *(text for text in paragraphs if text)))


def _by_section(answers: Iterable[Answered]) -> dict[str, list[Answered]]:
    sections: dict[str, list[Answered]] = {}
    for one in answers:
        sections.setdefault(one.question.section, []).append(one)
    return sections


def completeness(answers: Iterable[Answered]) -> Listing:
    """Return how many questions of each section are answered, by whom."""
    rows: list[tuple[Cell, ...]] = [
        (section, *_shares(one.answer for one in group))
        for section, group in _by_section(answers).items()
    ]
    totals = (sum(int(str(row[i])) for row in rows) for i in range(1, 5))
    head = ("Section", "Catalogue", "In part", "Authors", "Open")
    return Listing("Questions by who answers them", head, (*rows, ("All", *totals)))


def _shares(answers: Iterable[Answer]) -> tuple[int, int, int, int]:
    group = list(answers)
    by_source = {s: [one for one in group if one.source is s] for s in AnswerSource}
    return (
        len(by_source[AnswerSource.CATALOGUE]),
        len(by_source[AnswerSource.PARTIAL]),
        sum(one.complete for one in by_source[AnswerSource.AUTHOR]),
        sum(not one.complete for one in group),
    )


def _machine_form(facts: Facts, answers: Iterable[Answered]) -> dict[str, Any]:
    inputs = facts.inputs
    return {
        "source": "Gebru et al., Datasheets for Datasets (arXiv:1803.09010v8)",
        "project": inputs.project,
        "notice": inputs.notice,
        "about": "a catalogue" if inputs.items is None else "a release",
        "use": inputs.use.name,
        "as_of": print_instant(inputs.as_of),
        "audit": inputs.audit,
        "tool": inputs.tool,
        "questions": [
            {
                "id": one.question.id,
                "section": one.question.section,
                "question": one.question.text,
                "answer_source": one.answer.source,
                "complete": one.answer.complete,
                "text": one.answer.text,
                "authors": one.answer.authors,
                "left_to_authors": one.answer.left_to_authors,
                "tables": [_table(listing) for listing in one.answer.listings],
                "queries": one.answer.queries,
            }
            for one in answers
        ],
        "comparisons": [
            _measures(one.measures, people_declared(facts)) for one in comparisons(facts)
        ],
    }


def _measures(found: Mapping[str, Any], whole: int) -> dict[str, Any]:
    """Return what was measured in comparing faces, small counts of people withheld as null."""
    told = dict(found)
    for counted, of, least in (
        ("mated_people", "mated_pairs", SMALLEST),
        ("independent_pairs", "pairs", SMALLEST * (SMALLEST - 1) // 2),
    ):
        if 0 < told.get(counted, 0) < least:
            told |= {counted: None, of: None}
    if groups := told.get("by_group"):
        hidden = beside_rest([(one["kind"], one["people"]) for one in groups], whole)
        told["by_group"] = [
            one
            | ({"mated_people": None} if 0 < one["mated_people"] < SMALLEST else {})
            | ({"people": None} if i in hidden else {})
            for i, one in enumerate(groups)
        ]
    return told


def _table(listing: Listing) -> dict[str, Any]:
    return {
        "caption": listing.caption,
        "head": listing.head,
        "rows": [[_plain(cell) for cell in row] for row in listing.rows],
        "rows_left_out": listing.more,
    }


def _plain(cell: Cell) -> Cell:
    return print_instant(cell) if isinstance(cell, datetime) else cell
