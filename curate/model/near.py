"""Pseudonyms that are nearly one: pairs that differ in writing, or in one character.

Each pseudonym is put under the keys that a slip of one character would share with it, so that no
two are compared that have none in common: deletion neighbourhoods at distance 1, as in T. Bocek,
E. Hunt and B. Stiller, "Fast similarity search in large dictionaries", University of Zurich, 2007.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from curate.model.pseudonyms import cleaned, folded

# Where more ids than this differ at one place, that place counts: it is no slip of the hand.
COUNTER = 10


@dataclass(frozen=True)
class Near:
    """Pseudonyms that are nearly one.

    Attributes:
        pairs: Two pseudonyms in order, and in what they differ; sorted.
        numbered: Pairs that differ in a digit alone, or at a place that many ids count by. They
            are not among `pairs`.
    """

    pairs: tuple[tuple[str, str, str], ...]
    numbered: int


def near_pairs(pseudonyms: Collection[str]) -> Near:
    """Return the pairs of pseudonyms that are written differently, or differ in one character.

    Ids that count (``p01`` and ``p02``) differ in a digit and are two people: these are counted
    and not listed. A zero before a number counts nothing (``p02`` and ``p002``).

    Args:
        pseudonyms: The pseudonyms. Time grows with their number and length.
    """
    forms: dict[str, list[str]] = {}
    for one in sorted(set(pseudonyms)):
        forms.setdefault(folded(one), []).append(one)
    found = {
        (one, other, _difference(one, other))
        for same in forms.values()
        for at, one in enumerate(same)
        for other in same[at + 1 :]
    }
    first = {form: same[0] for form, same in forms.items()}
    numbered = 0
    for listed, more in (_replaced(first), _left_out(first)):
        numbered += more
        for one, other in listed:
            pair = sorted((first[one], first[other]))
            found.add((pair[0], pair[1], "one character"))
    return Near(tuple(sorted(found)), numbered)


def _replaced(forms: Iterable[str]) -> tuple[list[tuple[str, str]], int]:
    """Return pairs in which one character stands for another, and how many are numbered."""
    by_rest: dict[tuple[int, str], list[str]] = {}
    for form in forms:
        for at in range(len(form)):
            by_rest.setdefault((at, form[:at] + form[at + 1 :]), []).append(form)
    listed, numbered = [], 0
    for (at, _), same in by_rest.items():
        if len(same) == 1:
            continue
        digits = sum(one[at].isdigit() for one in same)
        if len(same) - digits > COUNTER:
            numbered += len(same) * (len(same) - 1) // 2
            continue
        numbered += digits * (digits - 1) // 2
        letters = [one for one in same if not one[at].isdigit()]
        counting = [one for one in same if one[at].isdigit()]
        listed += [(one, other) for n, one in enumerate(letters)
                   for other in (*letters[n + 1 :], *counting)]  # fmt: skip
    return listed, numbered


def _left_out(forms: Collection[str]) -> tuple[list[tuple[str, str]], int]:
    """Return pairs in which one has a character more, and how many are numbered."""
    known, listed, numbered = set(forms), [], 0
    for form in forms:
        for shorter, ats in _shorter(form):
            if shorter not in known:
                continue
            if any(_counts(form, at) for at in ats):
                numbered += 1
            else:
                listed.append((shorter, form))
    return listed, numbered


def _shorter(form: str) -> Iterator[tuple[str, list[int]]]:
    """Yield what is left of a form without one character, and at which places it stood."""
    places: dict[str, list[int]] = {}
    for at in range(len(form)):
        places.setdefault(form[:at] + form[at + 1 :], []).append(at)
    yield from places.items()


def _counts(form: str, at: int) -> bool:
    """Tell whether a character is a digit of a number, and no zero before it."""
    if not form[at].isdigit():
        return False
    start = at
    while start and form[start - 1].isdigit():
        start -= 1
    zero = form[start : at + 1].strip("0") == "" and form[at + 1 : at + 2].isdigit()
    return not zero


def _difference(one: str, other: str) -> str:
    """Return in what two pseudonyms differ that are one but for how they are written."""
    nfc = [unicodedata.normalize("NFC", text) for text in (one, other)]
    if nfc[0] == nfc[1]:
        return "Unicode form"
    if one.casefold() == other.casefold():
        return "capitals"
    plain = ["".join(cleaned(text).split()) for text in (one, other)]
    if plain[0] == plain[1]:
        return "blanks, or characters that show nothing"
    wide = [unicodedata.normalize("NFKC", text) for text in (one, other)]
    if wide[0] == wide[1]:
        return "width, or another form of characters"
    return "several ways of writing"
