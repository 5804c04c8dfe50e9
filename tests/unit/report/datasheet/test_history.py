import json
from dataclasses import replace

import pytest

from curate.report.bundle import late_documents
from curate.report.datasheet.answer import AnswerSource
from curate.report.datasheet.history import acquired, preparation, timeframe
from curate.report.facts import Facts
from tests.unit.report.conftest import AS_OF, entry, make_inputs, run


def test_sources_are_told(small) -> None:
    (table,) = acquired(Facts(small)).listings
    assert table.rows == (
        ("studio", "captured by the project itself", "directly from the people shown",
         "a consent record for each person", 9),
    )


def test_without_sources_authors_must_say() -> None:
    answer = acquired(Facts(make_inputs(entries=[entry(1)])))
    assert answer.source == AnswerSource.PARTIAL


def test_times_that_every_entry_declares_are_an_answer() -> None:
    answer = timeframe(Facts(make_inputs(entries=[entry(1, captured_at=AS_OF)])))
    assert answer.source == AnswerSource.CATALOGUE
    assert answer.text == ("By what is declared, 1 entry was captured on 4 May 2026.",)


def test_each_step_is_told_by_its_last_run() -> None:
    inputs = make_inputs(runs=[
        run("run dedup", 1, parameters={"radius": 10}),
        run("run dedup", 2, parameters={"radius": 31}),
        run("audit", 3, parameters={"rules": ["CON001"]}),
    ])  # fmt: skip
    (table,) = preparation(Facts(inputs)).listings
    assert [(step, told) for step, _, told, _ in table.rows] == [
        ("curate run dedup", "radius 31"), ("curate audit", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metadata", "words"),
    [("stripped", "is left out of the release"), ("kept", "byte for byte")],
)
def test_a_release_says_what_became_of_metadata(laid, metadata, words) -> None:
    told = {**laid.written.facts, "metadata": metadata, "crops": "256 px"}
    texts = late_documents(laid.inputs, replace(laid.written, facts=told))
    sheet = json.loads(texts["datasheet.json"])
    answers = {one["id"]: " ".join(one["text"]) for one in sheet["questions"]}
    assert words in answers[33]
    assert words in answers[34]
    assert "in the release as a separate picture too: 256 px" in answers[33]
