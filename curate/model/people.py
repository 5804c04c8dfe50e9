"""Whom a name stands for: forms of one name are one person.

`skeleton` is what is compared: Unicode NFKC and casefold, until neither changes anything, then
letters and digits alone. So ``Ana``, ``ana `` and full-width forms are one, and so are
``r.meyer`` and ``R. Meyer``: blanks, punctuation and marks that show nothing tell nobody apart.

`looks_of` is what a reader sees of a name, for whoever puts people on a register: accents, the
order of the words, and letters of other scripts that look like Latin ones are no second person.
"""

from __future__ import annotations

import re
import unicodedata

# Small letters and capitals of Cyrillic and Greek, and digits, that look like Latin letters. Which
# letter a capital looks like is seen before case is folded.
_LATIN = str.maketrans(
    {
        look: letter
        for letter, looks in {
            "a": "\u0430\u03b1\u0410\u0391",
            "b": "\u0432\u03b2\u0412\u0392\u044c",
            "c": "\u0441\u0421",
            "d": "\u0501",
            "e": "\u0435\u03b5\u0415\u0395",
            "h": "\u043d\u04bb\u041d\u03b7\u0397",
            "j": "\u0458\u0408",
            "k": "\u043a\u03ba\u041a\u039a",
            "l": "\u0456\u0406\u03b9\u0399\u0131Ii1|",
            "m": "\u043c\u041c\u03bc\u039c",
            "n": "\u039d",
            "o": "\u043e\u03bf\u041e\u039f\u03c30",
            "p": "\u0440\u03c1\u0420\u03a1",
            "q": "\u051b",
            "s": "\u0455\u0405",
            "t": "\u0442\u03c4\u0422\u03a4",
            "u": "\u03c5",
            "v": "\u03bd",
            "w": "\u051d\u03c9",
            "x": "\u0445\u03c7\u0425\u03a7",
            "y": "\u0443\u03b3\u0423\u03a5",
            "z": "\u0396",
        }.items()
        for look in looks
    }
)


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


def looks_of(name: str) -> set[str]:
    r"""Return how a name looks, in the order of its words and sorted; empty where it has no letter.

    >>> looks_of("r.m\u0435yer") & looks_of("R. Meyer") == {"rmeyer", "meyerr"}
    True
    >>> looks_of("Meyer, R\u00f3bin") & looks_of("Robin Meyer") == {"meyerrobln"}
    True
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    # As a reader may take capitals for what they look like, or fold them first.
    found = set()
    for text in (plain, plain.casefold()):
        seen = text.translate(_LATIN).casefold().translate(_LATIN)
        words = [skeleton(word) for word in re.split(r"[\W_]+", seen)]
        found |= {"".join(words), "".join(sorted(words))}
    return found - {""}


def _folded(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in text if letter.isalnum())
