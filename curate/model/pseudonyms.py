"""Pseudonyms of subjects, compared: which two are one but for how they are written.

Of what shows, nothing is folded when a pseudonym is stored: what people wrote stays. Punctuation
tells pseudonyms apart (``p-1-12`` is not ``p-11-2``), which it does not with the names of reviewers
(`curate.model.people`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

# Letters of Cyrillic and Greek, as casefold leaves them, that look like Latin ones in one case: of
# the confusables of Unicode Technical Standard 39 those that people type.
_LOOK_ALIKE = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b6",
    "abekmhopctyxsijabehikmnoptyxz",
)


def cleaned(pseudonym: str) -> str:
    r"""Return a pseudonym as it is recorded: composed, without what shows nothing.

    Blanks around it and characters of no width go, and a letter with its accent is one character
    (NFC).

    >>> cleaned(" p02\u200b "), cleaned("zoe\u0301") == "zo\u00e9"
    ('p02', True)
    """
    if pseudonym.isascii():
        return pseudonym.strip()
    shown = "".join(one for one in pseudonym if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFC", shown).strip()


def folded(pseudonym: str) -> str:
    r"""Return what is compared of a pseudonym: NFKC, casefold, no blanks, nothing without width.

    Letters of other scripts that look like Latin ones are taken for these.

    >>> folded("\uff30 01\u200b") == folded("p01") == folded("\u042001") == "p01"
    True
    """
    while True:
        text = unicodedata.normalize("NFKC", pseudonym).casefold()
        text = "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")
        text = text.translate(_LOOK_ALIKE)
        if text == pseudonym:
            return text
        pseudonym = text


def same_but_for_writing(pseudonym: str, known: Iterable[str]) -> str | None:
    """Return the first of the known pseudonyms that differs only in how it is written, or None.

    >>> same_but_for_writing("P02", ["p01", "p02"])
    'p02'
    """
    wanted = folded(pseudonym)
    others = (one for one in sorted(set(known)) if one != pseudonym)
    return next((one for one in others if folded(one) == wanted), None)


def nearest(pseudonym: str, known: Iterable[str]) -> str | None:
    """Return the known pseudonym that was probably meant, or None where none is near.

    >>> nearest("p002", ["p001", "p02", "anna"]), nearest("zoe", ["p02"])
    ('p02', None)
    """
    every = sorted(set(known))
    if (same := same_but_for_writing(pseudonym, every)) is not None:
        return same
    by_form = {folded(one): one for one in reversed(every)}
    found = get_close_matches(folded(pseudonym), list(by_form), n=1, cutoff=0.75)
    return by_form[found[0]] if found else None
