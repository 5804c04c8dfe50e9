from dataclasses import replace

import pytest

from curate.report.datasheet.answer import AnswerSource
from curate.report.datasheet.distribution import (
    errata,
    licence,
    third_parties,
    third_party_limits,
    unfit,
    updates,
    when,
)
from curate.report.facts import Facts
from tests.unit.report.conftest import AS_OF, entry, make_inputs


def test_an_entrys_licence_is_its_own_or_its_sources(small) -> None:
    assert licence(Facts(small)).listings[0].rows == (
        ("LicenseRef-studio", 9), ("not declared", 1),
    )  # fmt: skip


def test_terms_of_sources_are_told(small) -> None:
    assert third_party_limits(Facts(small)).listings[0].rows == (("not to be passed on", 1, 9),)


def test_any_other_use_is_unfit(small) -> None:
    assert unfit(Facts(small)).text[0] == (
        "Do not use it for anything except training detectors, internally and non-commercially. "
        "The audit behind this datasheet judged this use only."
    )


def test_a_use_that_makes_likenesses_is_not_refused_what_it_is_for(small) -> None:
    use = replace(small.use, purpose="make-training-fakes", operations=("likeness_alteration",))
    assert unfit(Facts(replace(small, use=use))).text[1] == (
        "Do not use it to recognise the people shown or to find them elsewhere. No person shown "
        "excluded a further purpose."
    )


def test_a_licence_is_held_against_the_use_and_what_was_taken_out(laid) -> None:
    source = laid.inputs.tables["sources"].to_pylist()[0] | {"licence": "CC-BY-4.0"}
    tables = {**laid.inputs.tables, "sources": make_inputs(sources=[source]).tables["sources"]}
    inputs = replace(laid.inputs, tables=tables, release={"metadata": "stripped"})
    assert licence(Facts(inputs)).text == (
        "Entries or their sources declare these licences: CC-BY-4.0.",
        (
            "The release is narrower than CC-BY-4.0: the consents were judged for internal use "
            "only, and the data must not be passed on beyond it, whatever the licence permits."
        ),
        (
            "CC-BY-4.0 requires that the author is named when the data are passed on. Metadata "
            "that may name an author was taken out of the files of the release. The sources to "
            "name are: studio."
        ),
    )


def test_a_licence_that_is_not_known_is_left_to_be_read(small) -> None:
    assert any("does not know what LicenseRef-studio permits" in text
               for text in licence(Facts(small)).text)  # fmt: skip


def test_terms_that_nobody_read_put_no_end_to_the_question(small) -> None:
    rows = small.tables["sources"].to_pylist()
    rows = [rows[0], rows[0] | {"source_id": "other", "terms_flags": None}]
    entries = [entry(1), entry(2, source_id="other")]
    made = make_inputs(entries=entries, sources=rows).tables
    tables = {**small.tables, "entries": made["entries"], "sources": made["sources"]}
    answer = third_party_limits(Facts(replace(small, tables=tables)))
    assert answer.source is AnswerSource.PARTIAL
    assert answer.text[1] == "The terms of 1 source are not recorded."


@pytest.mark.parametrize(
    ("audience", "words"), [("internal", "No."), ("gated", "admitted"), ("public", "everybody")]
)
def test_third_parties_are_those_of_the_audience(small, audience, words) -> None:
    inputs = replace(small, use=replace(small.use, audience=audience))
    assert words in third_parties(Facts(inputs)).text[0]


def test_a_use_that_ends_says_when(small) -> None:
    inputs = replace(small, use=replace(small.use, ends_at=AS_OF))
    assert "ends 4 May 2026, 09:30 UTC" in when(Facts(inputs)).text[0]


def test_terms_that_were_read_and_are_none_put_no_limits(small) -> None:
    rows = [{**row, "terms_flags": []} for row in small.tables["sources"].to_pylist()]
    tables = {**small.tables, "sources": make_inputs(sources=rows).tables["sources"]}
    answer = third_party_limits(Facts(replace(small, tables=tables)))
    assert answer.source is AnswerSource.CATALOGUE
    assert answer.text == (
        "The terms that were read put no limits on the data besides those of the licences.",
    )


def test_errata_count_withdrawals_and_decisions(small) -> None:
    withdrawn, decided = errata(Facts(small)).text
    assert "withdrawn by fewer than 5 people" in withdrawn
    assert decided == "Reviewers recorded no decisions on the entries described here."


def test_updates_say_how_deletions_arrive(small) -> None:
    assert "signed feed" in updates(Facts(small)).text[1]
