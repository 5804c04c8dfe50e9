from dataclasses import replace

from curate.report.facts import Facts
from curate.report.overview import (
    MAX_ROWS,
    by_label,
    by_source,
    by_split,
    found_by_rule,
    people,
    rejections,
    silent_rules,
    verdict_counts,
)
from curate.report.words import Share
from tests.unit.report.conftest import entry, finding, make_inputs, verdict


def test_verdicts_are_counted(small) -> None:
    counts = verdict_counts(Facts(small))
    assert (counts.cleared, counts.needs_review, counts.blocked, counts.total) == (6, 2, 2, 10)


def test_what_blocks_comes_first(small) -> None:
    assert [one.rule.code for one in found_by_rule(Facts(small))] == [
        "CON001", "CON002", "MED001", "MED002", "DUP001",
    ]  # fmt: skip


def test_an_entry_with_two_findings_counts_once() -> None:
    inputs = make_inputs(
        entries=[entry(1)],
        findings=[finding("CON001", 1, subject=s) for s in ("a", "b")],
        verdicts=[verdict(1, "blocked", "CON001")],
    )
    (one,) = found_by_rule(Facts(inputs))
    assert (one.findings, one.entries) == (2, 1)


def test_applied_rules_that_found_nothing_are_told(small) -> None:
    found = found_by_rule(Facts(small))
    assert [rule.code for rule in silent_rules(found, ["CON001", "CON003"])] == ["CON003"]


def test_verdicts_by_source_are_those_of_the_tables(small) -> None:
    assert by_source(Facts(small)).rows == (
        ("faces", "studio", 9, 6, 1, 2, Share(6 / 9)),
        ("faces", "not declared", 1, 0, 1, 0, Share(0)),
    )


def test_verdicts_by_split_are_those_of_the_tables(small) -> None:
    assert by_split(Facts(small)).rows == (
        ("train", 8, 6, 1, 1, Share(6 / 8)),
        ("test", 1, 0, 0, 1, Share(0)),
        ("not declared", 1, 0, 1, 0, Share(0)),
    )


def test_verdicts_by_label_are_those_of_the_tables(small) -> None:
    assert by_label(Facts(small)).rows == (
        ("real", "none", 8, 6, 0, 2, Share(6 / 8)),
        ("not declared", "none", 2, 0, 2, 0, Share(0)),
    )


def test_a_long_table_is_cut_and_says_so() -> None:
    count = MAX_ROWS + 7
    inputs = make_inputs(
        entries=[entry(n, dataset=f"d{n:03}") for n in range(count)],
        verdicts=[verdict(n, "cleared") for n in range(count)],
    )
    table = by_source(Facts(inputs))
    assert (len(table.rows), table.more) == (MAX_ROWS, 7)


def test_a_rejection_has_place_reason_and_detail(small) -> None:
    ((dataset, place, reason, detail),) = rejections(Facts(small)).rows
    assert (dataset, reason) == ("faces", "outside_root")
    assert place.startswith("list.csv:11 (<script>")
    assert detail.endswith("leaves the root")


def test_people_are_covered_when_no_rule_on_consent_speaks_of_them(small) -> None:
    known = people(Facts(small))
    assert (known.declared, known.covered) == (8, 6)
    assert [(rule.code, n) for rule, n in known.reasons] == [("CON001", 1), ("CON002", 1)]


def test_a_finding_without_a_subject_uncovers_nobody(small) -> None:
    findings = make_inputs(findings=[finding("CON001", 1)]).tables["findings"]
    inputs = replace(small, tables={**small.tables, "findings": findings})
    assert people(Facts(inputs)).covered == 8
