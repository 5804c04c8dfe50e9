from curate.report.charts.audit import charts
from curate.report.charts.draw import Chart
from curate.report.facts import Facts
from curate.report.overview import by_source, by_split, found_by_rule, people, verdict_counts
from tests.unit.report.conftest import make_inputs


def drawn(inputs) -> list[Chart]:
    facts = Facts(inputs)
    groupings = (by_split(facts), by_source(facts))
    return charts(facts, verdict_counts(facts), found_by_rule(facts), people(facts), groupings)


def test_each_chart_has_its_reason(small) -> None:
    assert [chart.name for chart in drawn(small)] == [
        "verdicts", "rules", "people", "grouping-0", "grouping-1", "copies",
    ]  # fmt: skip


def test_of_nothing_no_chart_is_drawn() -> None:
    assert drawn(make_inputs()) == []


def test_people_are_drawn_with_their_number(small) -> None:
    (chart,) = (one for one in drawn(small) if one.name == "people")
    assert "Every use of them is covered 6 of 8" in chart.alternative


def test_splits_say_how_much_of_them_is_cleared(small) -> None:
    (chart,) = (one for one in drawn(small) if one.name == "grouping-0")
    assert "train 8 · 75 % cleared, test 1 · 0 % cleared" in chart.alternative
