"""Names that are one person: what follows from what reviewers said of two pseudonyms.

Two pseudonyms are merged from the instant at which a reviewer says that they are one person, until
everybody who said so has taken it back, or two reviewers on the register say that they are not. A
merge is settled once two reviewers on the register say so and nobody says otherwise. Who is merged
with one of several names is merged with all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curate.model.people import person_of

MERGED, PARTED = "merged", "parted"
# So many people of the register settle what the others of this product's decisions need two for.
ENOUGH = 2

Row = Mapping[str, Any]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Words:
    """The last words of reviewers about one pair of pseudonyms.

    Attributes:
        merged: Those who say that the two are one person, each as the record of that word.
        parted: Those who say that they are not.
    """

    merged: tuple[Row, ...]
    parted: tuple[Row, ...]

    def holds(self, counts: Callable[[Row], bool]) -> bool:
        """Tell whether the two are treated as one person.

        Args:
            counts: Whether the record is the word of somebody on the register.
        """
        return bool(self.merged) and sum(map(counts, self.parted)) < ENOUGH

    def settled(self, counts: Callable[[Row], bool]) -> bool:
        """Tell whether enough people on the register say so, and nobody says otherwise."""
        return not self.parted and sum(map(counts, self.merged)) >= ENOUGH


def pair_of(one: str, other: str) -> Pair:
    """Return two pseudonyms in order.

    >>> pair_of("p07", "p01")
    ('p01', 'p07')
    """
    return (one, other) if one <= other else (other, one)


def last_words(merges: Iterable[Row], as_of: datetime | None = None) -> dict[Pair, Words]:
    """Return the last word of each reviewer about each pair, by pair in order.

    Args:
        merges: Rows of the table ``merges``.
        as_of: What was said after this instant is left out; nothing is when None.
    """
    told: dict[Pair, dict[str, Row]] = {}
    for row in sorted(merges, key=lambda row: (row["decided_at"], row["merge_id"])):
        if as_of is None or row["decided_at"] <= as_of:
            pair = pair_of(row["subject_id"], row["other_subject_id"])
            told.setdefault(pair, {})[person_of(row["reviewer"])] = row
    return {
        pair: Words(
            *(
                tuple(by_name[name] for name in sorted(by_name) if by_name[name]["state"] == state)
                for state in (MERGED, PARTED)
            )
        )
        for pair, by_name in sorted(told.items())
    }


def people_of(pairs: Iterable[Pair]) -> dict[str, str]:
    """Return, for each pseudonym that pairs name, the first of all names of that person.

    >>> people_of([("b", "c"), ("a", "b"), ("x", "y")])
    {'a': 'a', 'b': 'a', 'c': 'a', 'x': 'x', 'y': 'x'}
    """
    first: dict[str, str] = {}

    def root(name: str) -> str:
        while (up := first.setdefault(name, name)) != name:
            first[name] = name = first[up]
        return name

    for one, other in pairs:
        ends = sorted((root(one), root(other)))
        first[ends[1]] = ends[0]
    return {name: root(name) for name in sorted(first)}


def names_of(people: Mapping[str, str], subject: str) -> tuple[str, ...]:
    """Return all names of the person who has one of them, in order; it alone where not merged.

    >>> names_of({"a": "a", "b": "a"}, "b"), names_of({}, "z")
    (('a', 'b'), ('z',))
    """
    if subject not in people:
        return (subject,)
    return tuple(name for name, person in sorted(people.items()) if person == people[subject])
