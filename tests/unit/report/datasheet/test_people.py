from curate.report.datasheet.answer import AnswerSource
from curate.report.datasheet.people import directness, identifiable, notified, retention, revocation
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


def test_entries_without_a_source_are_left_to_authors(small) -> None:
    answer = directness(Facts(small))
    assert answer.source == AnswerSource.PARTIAL
    assert answer.text == ("No source is recorded for 1 entry.",)
    assert answer.listings[0].rows == (("directly from the people shown", 1, 9),)
