"""Instants as people write them: RFC 3339 date-times, or a date for its first moment in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?)?"
)


def parse_instant(text: str) -> datetime:
    """Return `text` as an instant in UTC.

    A date stands for its first moment, and a time without an offset is taken as UTC.

    Raises:
        ValueError: `text` is no date or date-time, names a day that does not exist, or is
            out of the years 1 to 9999 in UTC.

    >>> parse_instant("2026-05-04").isoformat()
    '2026-05-04T00:00:00+00:00'
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"{text!r} is not an RFC 3339 date or date-time")
    try:
        moment = datetime.fromisoformat(text.upper())
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):  # an offset can lead out of the years there are
        raise ValueError(f"{text!r} is not an RFC 3339 date or date-time") from None


def print_instant(moment: datetime) -> str:
    """Return `moment` in RFC 3339 form, in UTC, with microseconds only when it has any.

    >>> print_instant(datetime(2026, 5, 4, 12, tzinfo=UTC))
    '2026-05-04T12:00:00Z'
    """
    text = moment.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")
