"""Durations of ISO 8601, such as ``P6M``, counted from an instant by the calendar."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

_DURATION = re.compile(
    r"P(?=[0-9T])(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=[0-9])(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?"
)


def end_of(start: datetime, duration: str) -> datetime:
    """Return the instant at which `duration`, begun at `start`, is over.

    A month later is the same day of the next month, or its last day where there is none.

    Raises:
        ValueError: `duration` is no ISO 8601 duration in whole units, or leads out of the
            years there are.

    >>> from datetime import UTC
    >>> end_of(datetime(2024, 8, 31, tzinfo=UTC), "P6M").isoformat()
    '2025-02-28T00:00:00+00:00'
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is not an ISO 8601 duration")
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    count = start.year * 12 + start.month - 1 + years * 12 + months
    year, month = divmod(count, 12)
    try:
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day) + timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
        )
    except (ValueError, OverflowError):
        raise ValueError(f"{duration!r} leads out of the years 1 to 9999") from None
