import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.report.charts.draw import BLUE, GREEN, ORANGE, Bar, bars
from tests.unit.report.page_reader import read


def widths(chart, colour) -> list[float]:
    """Return the widths of the rectangles in `colour`."""
    paths = re.findall(r'<path d="M ([\d.]+) [\d.]+ L ([\d.]+) [^"]*" style="fill: (#\w+)"',
                       " ".join(chart.svg.split()))  # fmt: skip
    return [float(right) - float(left) for left, right, fill in paths if fill == colour]


def test_same_numbers_give_same_bytes() -> None:
    rows = [Bar("a", ((3, GREEN),)), Bar("b", ((1, ORANGE),))]
    assert bars("x", "T", rows) == bars("x", "T", rows)


def test_bars_are_as_long_as_their_numbers() -> None:
    chart = bars("x", "T", [Bar("a", ((40, GREEN),)), Bar("b", ((10, GREEN),))], whole=80)
    long, short = widths(chart, GREEN)
    assert long == pytest.approx(4 * short)
    assert long == pytest.approx(160)


def test_the_smallest_part_is_seen() -> None:
    assert widths(bars("x", "T", [Bar("a", ((1, GREEN),))], whole=10**6), GREEN) == [2.0]


def test_a_chart_says_its_numbers_in_words() -> None:
    chart = bars("x", "Things", [Bar("a", ((1200, GREEN),)), Bar("b", ((0, BLUE),), "none")])
    assert chart.alternative == "Things: a 1,200 and b none"
    assert chart.alternative in read(str(chart.svg)).text


def test_ids_are_the_charts_own() -> None:
    ids = re.findall(r'id="([^"]*)"', str(bars("mine", "T", [Bar("a", ((1, GREEN),))]).svg))
    assert ids
    assert all(name.startswith("mine-") for name in ids)


@given(st.text(max_size=60))
@settings(max_examples=30)
def test_no_label_breaks_out_of_the_drawing(label) -> None:
    svg = str(bars("x", "T", [Bar(label, ((1, GREEN),))]).svg)
    page = read(svg)
    assert {tag for tag, _ in page.elements} == {"svg", "title", "desc", "g", "path", "text"}
    assert "http" not in re.sub(r">[^<]*<", "><", svg)


def test_a_chart_takes_the_pages_ink_and_font() -> None:
    svg = str(bars("x", "T", [Bar("a", ((1, GREEN),))]).svg)
    assert "fill: currentColor" in svg
    assert "font-family" not in svg
    assert "var(--ground)" in svg


def test_a_chart_of_nothing_is_drawn() -> None:
    assert bars("x", "T", []).alternative == "T: none"
