from dataclasses import replace
from datetime import UTC, datetime

from curate.report.datasheet.answer import AnswerSource
from curate.report.datasheet.people import (
    consented,
    directness,
    identifiable,
    notified,
    retention,
    revocation,
)
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from tests.unit.report.conftest import AS_OF, consent, entry, make_inputs


def shown(count, **facts) -> ReportInputs:
    """Return inputs with one person in each of `count` entries, with consents alike."""
    return make_inputs(
        entries=[entry(n) for n in range(count)],
        depictions=[
            {"media_id": f"m{n:03}", "subject_id": f"s{n}", "role": "depicted",
             "link_method": "declared", "link_status": "confirmed"} for n in range(count)
        ],
        consents=[consent(f"s{n}", **facts) for n in range(count)],
    )  # fmt: skip


def test_faces_and_models_are_told(small) -> None:
    first, second = identifiable(Facts(small)).text
    assert "8 people are declared" in first
    assert "7 contents were searched for faces with toy@1" in second


def test_a_route_of_withdrawal_is_told_with_people() -> None:
    (table,) = revocation(Facts(shown(9, withdrawal_method="by letter"))).listings
    assert table.rows == (("by letter", 9),)


def test_without_a_route_authors_must_say() -> None:
    answer = revocation(Facts(shown(9)))
    assert answer.source == AnswerSource.PARTIAL
    assert answer.listings == ()


def test_a_notice_is_told_by_how_many_saw_one() -> None:
    assert "For 9 people a record" in notified(Facts(shown(9, notice_id="n1"))).text[0]
    assert "names the notice" in notified(Facts(shown(9))).text[0]


def test_the_span_in_which_consents_end_is_told() -> None:
    text = retention(Facts(shown(9, valid_until=AS_OF))).text[0]
    assert text.startswith("The consent of 9 people ended on 4 May 2026; since then their media")


def test_consents_that_end_on_several_days_are_told_as_a_span() -> None:
    inputs = shown(9)
    ends = [datetime(2099, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)]
    rows = [consent(f"s{n}", valid_until=ends[n % 2]) for n in range(9)]
    tables = {**inputs.tables, "consents": make_inputs(consents=rows).tables["consents"]}
    text = retention(Facts(replace(inputs, tables=tables))).text[0]
    assert text == (
        "The consent of 9 people ends between 1 January 2099 and 1 January 2100; from then on "
        "their media are blocked unless they consent anew."
    )


def test_a_person_with_a_consent_without_an_end_is_not_said_to_have_one() -> None:
    inputs = shown(14)
    rows = [
        *(consent(f"s{n}", valid_until=datetime(2100, 1, 1, tzinfo=UTC)) for n in range(14)),
        *(consent(f"s{n}", consent_id=f"s{n}/2") for n in range(5)),
    ]
    tables = {**inputs.tables, "consents": make_inputs(consents=rows).tables["consents"]}
    text = retention(Facts(replace(inputs, tables=tables))).text[0]
    assert text.startswith("The consent of 9 people ends on 1 January 2100; from then on")


def test_a_part_that_leaves_few_people_is_not_counted() -> None:
    """8 of 10 people told beside 10 give away the 2 who were shown no notice."""
    inputs = shown(10)
    rows = [consent(f"s{n}", notice_id="n1" if n < 8 else None) for n in range(10)]
    tables = {**inputs.tables, "consents": make_inputs(consents=rows).tables["consents"]}
    (text,) = notified(Facts(replace(inputs, tables=tables))).text
    assert "For all but fewer than 5 people a record" in text


def test_people_without_a_record_are_not_given_away_by_the_proofs_of_others() -> None:
    inputs = shown(12)
    rows = [consent(f"s{n}") for n in range(10)]
    tables = {**inputs.tables, "consents": make_inputs(consents=rows).tables["consents"]}
    proofs = consented(Facts(replace(inputs, tables=tables))).listings[1]
    assert proofs.rows == (
        ("individual record with the digest of the document (3)", "all but fewer than 5"),
        ("no consent on record", "fewer than 5"),
    )  # fmt: skip


def test_what_was_granted_is_told_in_words() -> None:
    told = {(kind, what) for kind, what, _ in consented(Facts(shown(9))).listings[2].rows}
    assert told == {
        ("purpose", "training detectors"), ("operation", "including the media in the dataset"),
        ("operation", "training detectors"), ("role", "person shown"),
    }  # fmt: skip


def test_entries_without_a_source_are_left_to_authors(small) -> None:
    answer = directness(Facts(small))
    assert answer.source == AnswerSource.PARTIAL
    assert answer.text == ("No source is recorded for 1 entry.",)
    assert answer.listings[0].rows == (("directly from the people shown", 1, 9),)
