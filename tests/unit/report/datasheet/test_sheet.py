import re
from collections import Counter
from dataclasses import replace

from curate.release.select import INPUTS, select
from curate.report.datasheet.answer import Answer, AnswerSource
from curate.report.datasheet.sheet import datasheet, questions
from curate.report.inputs import ReportInputs
from curate.report.words import Cell
from tests.unit.report.conftest import (
    HOSTILE,
    consent,
    content,
    entry,
    event,
    make_inputs,
    verdict,
)
from tests.unit.report.page_reader import assert_sound, read


def release_of(inputs) -> ReportInputs:
    selection = select({name: inputs.tables[name] for name in INPUTS})
    return replace(inputs, items=selection.items, left_out=selection.left_out)


def answer(sheet, number) -> Answer:
    return sheet.answers[number - 1].answer


def cells(sheet, number, caption) -> tuple[tuple[Cell, ...], ...]:
    (table,) = (one for one in answer(sheet, number).listings if one.caption == caption)
    return table.rows


def crowd(states) -> ReportInputs:
    """Return inputs with one entry for each subject, whose consent is in that state."""
    rows = [entry(n) for n in range(len(states))]
    return make_inputs(
        entries=rows,
        content=[content(row) for row in rows],
        depictions=[
            {"media_id": row["media_id"], "subject_id": f"s{n}", "role": "depicted",
             "link_method": "declared", "link_status": "confirmed"} for n, row in enumerate(rows)
        ],
        consents=[consent(f"s{n}") for n in range(len(states))],
        consent_events=[event(f"s{n}", state) for n, state in enumerate(states)],
        verdicts=[verdict(n, "cleared") for n in range(len(states))],
    )  # fmt: skip


def test_there_are_57_questions_of_three_kinds() -> None:
    assert [question.id for question in questions()] == list(range(1, 58))
    assert Counter(question.kind for question in questions()) == {"A": 32, "P": 15, "M": 10}


def test_page_runs_nothing_loads_nothing_and_is_in_order(small) -> None:
    assert_sound(datasheet(small).html)
    assert_sound(datasheet(release_of(small)).html)


def test_shows_no_picture(small) -> None:
    sheet = datasheet(release_of(small))
    assert "<img" not in sheet.html
    assert "data:image" not in sheet.html
    assert "![" not in sheet.markdown


def test_same_tables_give_same_bytes(small) -> None:
    assert datasheet(small) == datasheet(small)


def test_what_only_authors_know_is_left_to_them(small) -> None:
    sheet = datasheet(small)
    assert all(
        one.answer.source == AnswerSource.AUTHOR
        for one in sheet.answers
        if one.question.kind == "M"
    )
    assert not any(
        one.answer.text for one in sheet.answers if one.answer.source == AnswerSource.AUTHOR
    )


def test_an_answer_with_numbers_tells_its_queries(small) -> None:
    told = [one.answer for one in datasheet(small).answers if one.answer.listings]
    assert len(told) > 5
    assert all(one.queries or "left out" in one.listings[0].caption for one in told)


def test_completeness_adds_up(small) -> None:
    rows = re.findall(r"\| All \| (\d+) \| (\d+) \| 0 \| (\d+) \|", datasheet(small).markdown)
    assert len(rows) == 1
    whole, in_part, still_open = (int(n) for n in rows[0])
    assert whole + still_open == 57
    assert in_part <= still_open


def test_markdown_and_html_say_the_same_numbers(small) -> None:
    sheet = datasheet(release_of(small))
    page = read(sheet.html).text
    for one in sheet.answers:
        for text in one.answer.text:
            assert text in page
    counts = re.compile(r"\b\d[\d,.]*\b")
    plain = sheet.markdown.replace("\\", "")
    assert Counter(counts.findall(plain)) - Counter(counts.findall(page)) == Counter()


def test_describes_the_catalogue_without_items(small) -> None:
    assert (
        answer(datasheet(small), 5)
        .text[0]
        .startswith("An instance is one media file that shows faces: 10 entries")
    )


def test_describes_the_items_of_a_release(small) -> None:
    sheet = datasheet(release_of(small))
    assert "6 entries (6 pictures)" in answer(sheet, 5).text[0]
    assert "6 of the 10 entries" in answer(sheet, 7).text[0]
    assert cells(sheet, 29, "People by state of consent") == (("given", 6),)


def test_small_counts_of_people_are_withheld() -> None:
    states = ["ConsentGiven"] * 20 + ["ConsentRefused"] * 7 + ["ConsentWithdrawn"] * 2
    sheet = datasheet(crowd(states))
    assert cells(sheet, 29, "People by state of consent") == (
        ("given", 20), ("refused", "withheld"), ("withdrawn by the person", "fewer than 5"),
    )  # fmt: skip
    assert "fewer than 5 people" in answer(sheet, 52).text[0]


def test_a_grant_whose_end_has_passed_is_not_given() -> None:
    inputs = crowd(["ConsentGiven"] * 6)
    ended = [consent(f"s{n}", valid_until=inputs.as_of) for n in range(6)]
    tables = {**inputs.tables, "consents": make_inputs(consents=ended).tables["consents"]}
    sheet = datasheet(replace(inputs, tables=tables))
    assert cells(sheet, 29, "People by state of consent") == (("given, and its end has passed", 6),)


def test_a_withdrawal_after_the_instant_is_not_known_yet() -> None:
    inputs = crowd(["ConsentWithdrawn"] * 6)
    before = replace(inputs, as_of=inputs.as_of.replace(year=2025))
    sheet = datasheet(before)
    assert cells(sheet, 29, "People by state of consent") == (("no consent on record", 6),)


def test_reasons_left_out_are_told_and_those_of_people_withheld(small) -> None:
    rows = cells(datasheet(release_of(small)), 23, "Entries left out, by reason")
    assert ("A person has no consent on record.", "fewer than 5") in rows
    assert ("The file cannot be read as media.", 1) in rows


def test_names_no_subject_and_no_place(small, tmp_path) -> None:
    sheet = datasheet(release_of(small))
    assert not re.search(r"\bp[1-8]\b", sheet.markdown.split("## Basis")[0])
    assert str(tmp_path) not in sheet.markdown
    assert ".jpg" not in sheet.markdown


def test_hostile_words_are_inert_in_both() -> None:
    rows = [entry(1, method=HOSTILE, dataset="a|b`*_[x](javascript:alert(1))")]
    sheet = datasheet(make_inputs(entries=rows, content=[content(row) for row in rows]))
    assert_sound(sheet.html)
    assert "<script" not in sheet.markdown.replace("\\<", "")
    assert "\u202e" not in sheet.markdown
    assert "a\\|b\\`\\*\\_\\[x\\]" in sheet.markdown


def test_an_empty_catalogue_has_a_datasheet() -> None:
    assert_sound(datasheet(make_inputs()).html)
