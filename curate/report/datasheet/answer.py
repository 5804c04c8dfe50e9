"""What an answer of the datasheet is, and how counts of people are kept from telling of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from curate.report.words import Cell, Listing

# Fewer people than this are not counted out: with other knowledge, a small count points at one.
SMALLEST = 5


class AnswerSource(StrEnum):
    """Who answers a question."""

    CATALOGUE = "catalogue"
    PARTIAL = "partial"
    AUTHOR = "author"


@dataclass(frozen=True)
class Answer:
    """An answer.

    Attributes:
        source: Who gives it.
        text: Its paragraphs; empty when only the authors can answer.
        listings: Tables that belong to it.
        left_to_authors: What the catalogue cannot know and the authors must say.
        queries: The SQL behind its numbers, in order.
        authors: What the authors wrote, paragraph by paragraph.
    """

    source: AnswerSource
    text: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    left_to_authors: str = ""
    queries: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing of it is left to be said."""
        return self.source is AnswerSource.CATALOGUE or bool(self.authors)


def answered(*text: str, listings: Sequence[Listing | None] = ()) -> Answer:
    """Return an answer that the catalogue gives whole."""
    return Answer(AnswerSource.CATALOGUE, text, _there(listings))


def partly(*text: str, authors: str, listings: Sequence[Listing | None] = ()) -> Answer:
    """Return an answer of which the catalogue gives a part, and `authors` the rest."""
    return Answer(AnswerSource.PARTIAL, text, _there(listings), authors)


def _there(listings: Sequence[Listing | None]) -> tuple[Listing, ...]:
    return tuple(one for one in listings if one is not None and one.rows)


def count_people(count: int) -> str:
    """Return a number of people, unless it is small.

    >>> count_people(1200), count_people(3), count_people(0)
    ('1,200 people', 'fewer than 5 people', 'no people')
    """
    if count == 0:
        return "no people"
    return f"fewer than {SMALLEST} people" if count < SMALLEST else f"{count:,} people"


def withheld(rows: Sequence[tuple[str, int]]) -> tuple[tuple[Cell, Cell], ...]:
    """Return counts of people by group, with small ones withheld.

    A single withheld count could be had from the total, so a second one goes with it: the
    smallest of the others.

    >>> withheld([("a", 90), ("b", 6), ("c", 2)])
    (('a', 90), ('b', 'withheld'), ('c', 'fewer than 5'))
    """
    counts = [(name, n) for name, n in rows if n]
    small = [i for i, (_, n) in enumerate(counts) if n < SMALLEST]
    others = sorted((n, i) for i, (_, n) in enumerate(counts) if n >= SMALLEST)
    beside = others[0][1] if len(small) == 1 and others else None
    said: list[tuple[Cell, Cell]] = []
    for i, (name, n) in enumerate(counts):
        cell: Cell = f"fewer than {SMALLEST}" if i in small else n
        said.append((name, "withheld" if i == beside else cell))
    return tuple(said)
