"""How documents say numbers, shares, instants and lists: the same in every one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from curate.errors import printable


class Share(float):
    """A part of a whole, 0 to 1, printed in per cent."""


Cell = str | int | float | bool | datetime | date | None


@dataclass(frozen=True)
class Listing:
    """A table of a document.

    Attributes:
        caption: What it shows.
        head: The columns' names.
        rows: The cells, printed by `cell_text`.
        more: How many rows were left out to bound the document's size.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int = 0


def cell_text(value: Cell) -> str:
    """Return a cell's value as documents print it.

    >>> cell_text(12345), cell_text(Share(0.994)), cell_text(None), cell_text(True)
    ('12,345', '99.4 %', 'not known', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    for kind, say in _SAYING:
        if isinstance(value, kind):
            return say(value)
    return "not known"


def share(part: float) -> str:
    """Return a share in per cent; one that is not whole never reads 0 % or 100 %.

    >>> share(0.0), share(0.0001), share(0.5), share(0.9999), share(1.0)
    ('0 %', '<0.1 %', '50 %', '>99.9 %', '100 %')
    """
    if 0 < part < 0.001:
        return "<0.1 %"
    if 0.999 < part < 1:
        return ">99.9 %"
    return f"{100 * part:.1f}".removesuffix(".0") + " %"


def rate(part: float) -> str:
    """Return a rate, which may be small, in per cent with two digits.

    >>> rate(0.0), rate(0.00098), rate(0.0123), rate(0.999), rate(1.0), rate(1e-9)
    ('0 %', '0.098 %', '1.2 %', '>99 %', '100 %', '<0.0001 %')
    """
    if 0 < part < 1e-6:
        return "<0.0001 %"
    return ">99 %" if 0.99 < part < 1 else f"{float(f'{100 * part:.2g}'):g} %"


def part_of(part: int, whole: int) -> Share | None:
    """Return the share of `part` in `whole`, or None of nothing."""
    return Share(part / whole) if whole else None


def instant(moment: datetime) -> str:
    """Return an instant in UTC to the minute.

    >>> from datetime import UTC
    >>> instant(datetime(2026, 5, 4, 9, 30, tzinfo=UTC))
    '4 May 2026, 09:30 UTC'
    """
    return f"{day(moment)}, {moment:%H:%M} UTC"


def day(moment: date) -> str:
    """Return a day.

    >>> day(date(2100, 1, 1))
    '1 January 2100'
    """
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def period(first: date, last: date) -> str:
    """Return when something happened or happens: on a day, or between two.

    >>> period(date(2100, 1, 1), date(2100, 1, 1)), period(date(2026, 1, 2), date(2026, 3, 4))
    ('on 1 January 2100', 'between 2 January 2026 and 4 March 2026')
    """
    start, end = day(first), day(last)
    return f"on {start}" if start == end else f"between {start} and {end}"


# Not strftime's: it speaks the machine's language.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def number(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    >>> number(1, "entry", "entries"), number(2000, "face")
    ('1 entry', '2,000 faces')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(words: Sequence[object], *, at_most: int = 12) -> str:
    """Return words as a list in a sentence.

    >>> listed(["a", "b", "c"]), listed([]), listed(["a", "b", "c"], at_most=2)
    ('a, b and c', 'none', 'a, b and 1 more')
    """
    shown = [str(word) for word in words[:at_most]]
    if len(words) > at_most:
        shown.append(f"{len(words) - at_most:,} more")
    if len(shown) < 2:
        return shown[0] if shown else "none"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def parsed(text: str | None) -> dict[str, Any]:
    """Return a run's settings, which its record keeps as a JSON object."""
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}


def one_setting(value: object, *, at_most: int = 400) -> str:
    """Return one setting's value, bounded in length."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= at_most else text[: at_most - 1] + "…"


def settings(text: str | None, *, at_most: int = 400) -> str:
    """Return a run's settings in a line.

    >>> settings('{"radius": 31, "model": "toy@1"}')
    'radius 31; model toy@1'
    """
    told = parsed(text).items()
    return "; ".join(f"{name} {one_setting(value, at_most=at_most)}" for name, value in told)


# The first kind that fits: a Share is a float, and a datetime a date.
_SAYING: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (str, printable),
    (Share, share),
    (int, "{:,}".format),
    (float, "{:.4g}".format),
    (datetime, instant),
    (date, date.isoformat),
)
