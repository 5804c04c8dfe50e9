"""What an answer of the datasheet is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from curate.report.words import Listing


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
