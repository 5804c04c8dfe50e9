"""Whom a name stands for: forms of one name are one person.

`skeleton` is what is compared: Unicode NFKC and casefold, until neither changes anything, then
letters and digits alone. So ``Ana``, ``ana `` and full-width forms are one, and so are
``r.meyer`` and ``R. Meyer``: blanks, punctuation and marks that show nothing tell nobody apart.
"""

from __future__ import annotations

import unicodedata


def skeleton(name: str) -> str:
    r"""Return what is compared of a name; empty where it has neither letters nor digits.

    >>> skeleton("\uff32. Meyer") == skeleton("r.meyer") == "rmeyer"
    True
    """
    while True:
        shorter = _folded(name)
        if shorter == name:
            return name
        name = shorter


def person_of(name: str) -> str:
    """Return what stands for the person of a name: its skeleton, or the name where that is empty.

    >>> person_of("Ana "), person_of(" ?")
    ('ana', '?')
    """
    return skeleton(name) or name.strip()


def _folded(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in text if letter.isalnum())
