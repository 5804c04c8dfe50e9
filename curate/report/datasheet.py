"""The datasheet: Gebru et al.'s 57 questions, answered from the tables where they know.

What the catalogue cannot know is marked as left to the authors, never guessed. No picture of a
person is in it, because a document that left cannot be called back, and small counts of people
are withheld.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

from curate.report import answers_composition, answers_history, answers_people
from curate.report.answer import Answer, AnswerSource
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.pages import render_html, render_markdown
from curate.report.words import Cell, Listing
from curate.schema import resource_folder

_ANSWERS: dict[int, Callable[[Facts], Answer]] = {
    **answers_composition.ANSWERS,
    **answers_people.ANSWERS,
    **answers_history.ANSWERS,
}


@dataclass(frozen=True)
class Question:
    """One of the 57.

    Attributes:
        id: Its number.
        section: The section it stands in.
        kind: ``A``, ``P`` or ``M``: whether a catalogue can answer it whole, partly, or not.
        text: The question, in our words.
    """

    id: int
    section: str
    kind: str
    text: str


@dataclass(frozen=True)
class Answered:
    """A question with its answer."""

    question: Question
    answer: Answer


@dataclass(frozen=True)
class Datasheet:
    """A datasheet, twice the same.

    Attributes:
        markdown: As Markdown.
        html: As a page that loads and runs nothing.
        answers: Each question with its answer, in order.
    """

    markdown: str
    html: str
    answers: tuple[Answered, ...]


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
    }
    return Datasheet(
        markdown=render_markdown("datasheet.md.j2", **values),
        html=render_html("datasheet.html.j2", **values),
        answers=answers,
    )


def _answer(facts: Facts, question_id: int) -> Answer:
    if question_id not in _ANSWERS:
        return Answer(AnswerSource.AUTHOR)
    facts.forget()
    answer = _ANSWERS[question_id](facts)
    return replace(answer, queries=tuple(facts.forget()))


def _by_section(answers: Iterable[Answered]) -> dict[str, list[Answered]]:
    sections: dict[str, list[Answered]] = {}
    for one in answers:
        sections.setdefault(one.question.section, []).append(one)
    return sections


def completeness(answers: Iterable[Answered]) -> Listing:
    """Return how many questions of each section are answered, by whom."""
    rows: list[tuple[Cell, ...]] = [
        (section, *(sum(one.answer.source == source for one in group) for source in AnswerSource))
        for section, group in _by_section(answers).items()
    ]
    totals = (sum(int(str(row[i])) for row in rows) for i in (1, 2, 3))
    head = ("Section", "From the catalogue", "In part", "Left to the authors")
    return Listing("Questions by who answers them", head, (*rows, ("All", *totals)))
