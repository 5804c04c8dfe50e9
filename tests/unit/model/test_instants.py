"""Instants: read from what people write, printed in one form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.model.instants import parse_instant, print_instant

FIRST, LAST = (datetime(year, 1, 1) for year in (2, 9998))  # noqa: DTZ001 - the zone comes below
INSTANTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-04", datetime(2026, 5, 4, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2026-05-04T12:30:00Z", datetime(2026, 5, 4, 12, 30, tzinfo=UTC)),
        ("2026-05-04t12:30:00z", datetime(2026, 5, 4, 12, 30, tzinfo=UTC)),
        ("2026-05-04 12:30", datetime(2026, 5, 4, 12, 30, tzinfo=UTC)),
        ("2026-05-04T12:30:00+02:00", datetime(2026, 5, 4, 10, 30, tzinfo=UTC)),
        ("2026-05-04T12:30:00.25-00:30", datetime(2026, 5, 4, 13, 0, 0, 250000, tzinfo=UTC)),
    ],
)
def test_instants_that_are_read(text: str, expected: datetime) -> None:
    """A date is its first moment, and a time without an offset is UTC."""
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026", "2026-5-4", "04.05.2026", "05/04/2026", "2024-13-01", "2023-02-29",
        "2026-05-04T25:00:00Z", "2026-05-04T12:60:00Z", "2026-05-04\n", "20260504", "46145",
        "2026-05-04T12:00:00+24:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
        "0000-01-01", "\u0662\u0660\u0662\u0666-05-04",
    ],
)  # fmt: skip
def test_text_that_is_no_instant(text: str) -> None:
    """Days that do not exist, other notations and instants out of range are refused."""
    with pytest.raises(ValueError, match="is not an RFC 3339 date"):
        parse_instant(text)


@given(INSTANTS)
def test_printed_instants_read_back(moment: datetime) -> None:
    """Printing loses nothing."""
    assert parse_instant(print_instant(moment)) == moment


@given(INSTANTS, st.integers(-23 * 60, 23 * 60))
def test_the_offset_does_not_show(moment: datetime, minutes: int) -> None:
    """One instant prints as one text, wherever it was written."""
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))

    assert print_instant(elsewhere) == print_instant(moment)
    assert parse_instant(elsewhere.isoformat()) == moment
