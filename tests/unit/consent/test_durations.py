"""Durations of ISO 8601, by the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.consent.durations import end_of


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2023-01-31", "P1M", "2023-02-28"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-12-15", "P1M", "2025-01-15"),
        ("2024-01-01", "P2W", "2024-01-15"),
        ("2024-01-01", "P1Y2M3DT4H5M6S", "2025-03-04T04:05:06"),
        ("2024-01-01", "PT36H", "2024-01-02T12:00:00"),
        ("2024-01-01", "P0D", "2024-01-01"),
    ],
)
def test_a_duration_is_counted_by_the_calendar(start: str, duration: str, end: str) -> None:
    assert end_of(datetime.fromisoformat(start), duration) == datetime.fromisoformat(end)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "6M", "P-1D", "P1.5D", "p1d", "P1D "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 duration"):
        end_of(datetime(2024, 1, 1, tzinfo=UTC), text)


@pytest.mark.parametrize("text", ["P9000Y", "P999999M", "P999999W"])
def test_a_duration_out_of_the_years_there_are_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="leads out of the years"):
        end_of(datetime(2024, 1, 1, tzinfo=UTC), text)


@given(
    st.datetimes(max_value=datetime(5000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 1000),
)
def test_more_months_end_later(start: datetime, months: int) -> None:
    assert start < end_of(start, f"P{months}M") < end_of(start, f"P{months + 1}M")
