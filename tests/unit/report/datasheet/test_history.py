import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from curate.release.select import select
from curate.report.bundle import late_documents
from curate.report.datasheet.answer import AnswerSource
from curate.report.datasheet.history import (
    REASONS,
    acquired,
    instruments,
    preparation,
    sampling,
    timeframe,
)
from curate.report.facts import Facts
from tests.unit.report.conftest import AS_OF, entry, make_inputs, run


def test_sources_are_told(small) -> None:
    (table,) = acquired(Facts(small)).listings
    assert table.rows == (
        (
            "studio",
            "captured by the project itself",
            "directly from the people shown",
            "a consent record for each person",
            9,
        ),
    )


def test_without_sources_authors_must_say() -> None:
    answer = acquired(Facts(make_inputs(entries=[entry(1)])))
    assert answer.source == AnswerSource.PARTIAL


def test_times_that_every_entry_declares_are_an_answer() -> None:
    answer = timeframe(Facts(make_inputs(entries=[entry(1, captured_at=AS_OF)])))
    assert answer.source == AnswerSource.CATALOGUE
    assert answer.text == ("By what is declared, 1 entry was captured on 4 May 2026.",)


def test_what_files_carry_is_told_of_what_was_received_and_of_the_release(laid) -> None:
    rows = laid.inputs.tables["content"].to_pylist()
    held = set(laid.inputs.items["sha256"].to_pylist())
    exif = iter([True, True, True, None, None, False])
    rows = [row | {"has_exif": next(exif)} for row in rows if row["sha256"] in held]
    tables = {**laid.inputs.tables, "content": make_inputs(content=rows).tables["content"]}
    inputs = replace(laid.inputs, tables=tables, release={"metadata": "stripped"})
    (text,) = instruments(Facts(inputs)).text
    assert text == (
        "The catalogue does not record which devices were used. 3 of the 4 files that were read "
        "carry EXIF metadata as received, which may name a device. Whether there is EXIF metadata "
        "is not known of 2 files. The files of the release hold no EXIF metadata, except for a "
        "note of how a picture is turned."
    )
    kept = replace(inputs, release={"metadata": "kept"})
    assert "with the metadata inside them" in instruments(Facts(kept)).text[0]


def test_every_reason_of_a_selection_has_words(laid) -> None:
    told = Path(select.__code__.co_filename).read_text(encoding="utf-8")
    assert set(re.findall(r"'([a-z]+-[a-z-]+)'", told)) == set(REASONS)
    inputs = replace(laid.inputs, left_out={"near-duplicate": 2, "MED001": 1, "CON001": 7})
    (table,) = sampling(Facts(inputs)).listings
    assert table.rows == (
        ("A person has no consent on record.", 7), ("The file cannot be read as media.", 1),
        ("A picture or video that looks nearly the same is in the release already.", 2),
    )  # fmt: skip


def test_reasons_that_overlap_are_said_to(laid) -> None:
    once = replace(laid.inputs, left_out={"MED001": 4})
    assert "is counted under each." in sampling(Facts(once)).text[1]
    twice = replace(laid.inputs, left_out={"MED001": 4, "LAB001": 3})
    assert "add up to more than the entries left out" in sampling(Facts(twice)).text[1]


def test_a_span_of_acquisition_is_told_in_days(small) -> None:
    source = small.tables["sources"].to_pylist()[0] | {"acquired_at": AS_OF}
    tables = {**small.tables, "sources": make_inputs(sources=[source]).tables["sources"]}
    text = timeframe(Facts(replace(small, tables=tables))).text
    assert text[0] == "1 source was acquired on 4 May 2026."


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
