from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.report.words import (
    Share,
    cell_text,
    listed,
    number,
    one_setting,
    part_of,
    settings,
    share,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not known"), (True, "yes"), (False, "no"), (0, "0"), (12345, "12,345"),
        (Share(0.5), "50 %"), (0.12345, "0.1235"), ("a\nb", "a\\nb"),
        (date(2026, 5, 4), "2026-05-04"),
        (datetime(2026, 5, 4, 9, 30, tzinfo=UTC), "4 May 2026, 09:30 UTC"),
    ],
)  # fmt: skip
def test_a_cell_is_said_by_its_kind(value, words) -> None:
    assert cell_text(value) == words


@given(st.integers(1, 10**9), st.integers(2, 10**9))
def test_a_share_reads_none_or_all_only_when_it_is(part, whole) -> None:
    words = share(min(part, whole - 1) / whole)
    assert words not in {"0 %", "100 %"}


def test_of_nothing_there_is_no_share() -> None:
    assert part_of(0, 0) is None
    assert part_of(1, 4) == 0.25


@pytest.mark.parametrize(
    ("words", "text"),
    [([], "none"), (["a"], "a"), (["a", "b"], "a and b"), (list("abcd"), "a, b and 2 more")],
)
def test_a_list_is_said_in_a_sentence(words, text) -> None:
    assert listed(words, at_most=2) == text


def test_a_count_has_its_noun() -> None:
    assert number(1, "entry", "entries") == "1 entry"
    assert number(0, "entry", "entries") == "0 entries"
    assert number(2000, "face") == "2,000 faces"


def test_settings_are_said_in_a_line() -> None:
    assert settings('{"radius": 31, "model": "toy@1"}') == "radius 31; model toy@1"
    assert settings(None) == ""


def test_a_long_setting_is_cut() -> None:
    assert one_setting("x" * 20, at_most=5) == "xxxx…"
