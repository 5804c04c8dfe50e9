from __future__ import annotations

import json
from dataclasses import replace

import pytest

from curate.model.authored import Authored
from curate.report.datasheet.answer import AnswerSource
from curate.report.datasheet.sheet import datasheet
from curate.report.datasheet.stewardship import (
    ABOUT,
    contact,
    ethics,
    impact,
    makers,
    stated_by_authors,
    used,
)
from curate.report.facts import Facts
from curate.schema import json_schema
from tests.unit.report.conftest import consent, entry, make_inputs
from tests.unit.report.page_reader import read


def test_the_project_and_its_sources_are_told(small) -> None:
    (told,) = makers(Facts(small)).text
    assert told.endswith("small <b>, from 1 source on record. The project itself captured it.")
    assert "from no recorded source." in makers(Facts(make_inputs())).text[0]


def test_contact_is_the_route_that_consents_name(small) -> None:
    assert contact(Facts(small)).source is AnswerSource.PARTIAL
    rows = [consent(f"p{n}", withdrawal_method="write to us") for n in range(1, 8)]
    tables = {**small.tables, "consents": make_inputs(consents=rows).tables["consents"]}
    answer = contact(Facts(replace(small, tables=tables)))
    assert answer.source is AnswerSource.CATALOGUE
    assert "write to us" in answer.text[0]


def test_what_the_audit_weighed_is_told_and_no_document_is_made_up(small) -> None:
    judged, _, none = impact(Facts(small)).text
    assert "The audit judged 10 entries of the catalogue and cleared 6." in judged
    assert "records none" in none


def test_a_basis_that_nobody_stated_is_told_from_one_that_is_not_consent() -> None:
    stated = [None] * 5 + ["A6-1-f"] * 5 + ["A6-1-a"] * 5
    rows = [consent(f"s{n}", legal_basis=basis) for n, basis in enumerate(stated)]
    depicted = [
        {"media_id": "m001", "subject_id": f"s{n}", "role": "depicted",
         "link_method": "declared", "link_status": "confirmed"} for n in range(len(stated))
    ]  # fmt: skip
    inputs = make_inputs(entries=[entry(1)], consents=rows, depictions=depicted)
    (table,) = impact(Facts(inputs)).listings
    assert set(table.rows) == {
        ("not stated in the record or the use", 5),
        ("consent (GDPR Art. 6(1)(a))", 5),
        ("legitimate interests (GDPR Art. 6(1)(f)), which is not consent", 5),
    }
    use = replace(inputs.use, legal_basis="A6-1-a")
    answer = impact(Facts(replace(inputs, use=use)))
    assert ("consent (GDPR Art. 6(1)(a))", 10) in answer.listings[0].rows
    assert "A record that names none rests on that of the use: consent" in answer.text[1]


def test_uses_are_those_that_were_audited(small) -> None:
    assert used(Facts(small)).text == ("The catalogue was judged for this use: detector-training.",)


def test_small_counts_of_signed_documents_are_withheld(small) -> None:
    assert "No record of consent states" in ethics(Facts(small)).text[0]


def test_every_field_of_about_that_is_told_is_declared() -> None:
    declared = json_schema("datasheet")["properties"]["about"]["properties"]
    assert {name for rows in ABOUT.values() for name, _ in rows} <= set(declared)


@pytest.mark.parametrize(
    ("name", "value", "question", "words"),
    [
        ("creators", ["A", "B"], 2, "Made by A and B."),
        ("controller", "Lab Inc.", 2, "Controller: Lab Inc."),
        ("doi", "10.1/x", 44, "DOI 10.1/x."),
        ("contact", "a@b", 51, "a@b"),
    ],
)
def test_what_authors_state_once_is_told_where_it_is_asked(
    small, name, value, question, words
) -> None:
    facts = Facts(replace(small, authored=Authored(about={name: value})))
    assert stated_by_authors(facts, question) == (words,)


def test_authors_stand_beside_the_catalogue_and_never_in_its_place(small) -> None:
    text = "We hold <b>no</b> duplicates.\n\nNone\nat all."
    sheet = datasheet(replace(small, authored=Authored(answers={13: text, 1: "To detect."})))
    told = {one["id"]: one for one in json.loads(sheet.json)["questions"]}
    assert told[13]["answer_source"] == "catalogue"
    assert told[13]["text"]
    assert told[13]["authors"] == ["We hold <b>no</b> duplicates.", "None at all."]
    assert (told[1]["answer_source"], told[1]["complete"]) == ("author", True)
    assert (told[2]["answer_source"], told[2]["complete"]) == ("partial", False)
    assert "We hold <b>no</b> duplicates." in read(sheet.html).text
    assert "\\<b\\>no" in sheet.markdown
