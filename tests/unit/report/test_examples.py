import base64

from curate.audit.rules import ALL_RULES
from curate.report import examples as module
from curate.report.examples import MAX_THUMBNAILS, PER_RULE, Example, examples
from curate.report.facts import Facts
from curate.report.overview import found_by_rule
from curate.report.thumbnails import blurred_jpeg
from tests.unit.report.conftest import entry, finding, make_inputs, picture, small_rows, verdict


def told(inputs) -> dict[str, list[Example]]:
    facts = Facts(inputs)
    return examples(facts, found_by_rule(facts), pictures=True)


def test_a_finding_is_told_in_words(small) -> None:
    (example,) = told(small)["CON001"]
    assert example.words == "p8 appears as depicted, and no consent of theirs is on record"


def test_an_entry_that_is_not_cleared_is_blurred(small) -> None:
    (example,) = told(small)["CON001"]
    expected = base64.b64encode(blurred_jpeg(picture(8))).decode()
    assert example.blurred
    assert example.picture == f"data:image/jpeg;base64,{expected}"


def test_a_cleared_entry_is_shown(small) -> None:
    (example,) = told(small)["DUP001"]
    assert not example.blurred
    assert example.picture is not None


def test_nothing_is_shown_of_an_unreadable_or_missing_file(small) -> None:
    found = told(small)
    assert found["MED001"][0].picture is None
    assert found["MED002"][0].picture is None


def test_a_few_of_each_rule_by_place() -> None:
    rows = [entry(n, locator=f"{99 - n}.jpg") for n in range(20)]
    inputs = make_inputs(
        entries=rows, findings=[finding("CON001", n, subject="p", role="depicted")
                                for n in range(20)],
        verdicts=[verdict(n, "blocked", "CON001") for n in range(20)],
    )  # fmt: skip
    assert [one.locator for one in told(inputs)["CON001"]] == [
        f"{80 + n}.jpg" for n in range(PER_RULE)
    ]


def test_pictures_are_bounded_in_all(tmp_path, monkeypatch) -> None:
    codes = [rule.code for rule in ALL_RULES]
    rows = small_rows(tmp_path)
    rows["findings"] = [finding(code, n) for code in codes for n in range(1, 9)]
    monkeypatch.setattr(module, "MAX_THUMBNAILS", 10)
    shown = [one for group in told(make_inputs(**rows)).values() for one in group if one.picture]
    assert len(shown) == 10
    assert MAX_THUMBNAILS == 40


def test_an_unknown_rule_shows_its_facts() -> None:
    inputs = make_inputs(
        entries=[entry(1)], verdicts=[verdict(1, "blocked", "XXX001")],
        findings=[finding("XXX001", 1, what="odd")],
    )  # fmt: skip
    assert told(inputs)["XXX001"][0].words == '{"what": "odd"}'


def test_no_picture_is_read_when_none_is_asked_for(small) -> None:
    facts = Facts(small)
    found = examples(facts, found_by_rule(facts), pictures=False)
    assert not any(one.picture for group in found.values() for one in group)
