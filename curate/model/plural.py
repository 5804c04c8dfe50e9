"""Numbers with their nouns, as English writes them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, and the noun in the right number.

    Args:
        number: How many.
        noun: The noun for one.
        plural: The noun for any other number; by default regular.

    >>> counted(1, "entry"), counted(1200, "entry"), counted(0, "person", "people")
    ('1 entry', '1,200 entries', '0 people')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or _regular(noun)}"


def verb(number: int, singular: str, plural: str) -> str:
    """Return a verb in the right number.

    >>> verb(1, "was", "were"), verb(2, "was", "were")
    ('was', 'were')
    """
    return singular if number == 1 else plural


def _regular(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    return noun + "s"
