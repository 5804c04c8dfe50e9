"""Fields with yes or no in them, such as ``exclude=1`` or ``{"training_allowed": false}``.

A word rule does not read them: their names have no word of refusal, or the value turns it round.
"""

from __future__ import annotations

import re
from typing import Any, Literal

Flag = Literal["held", "free", "none"]

_NO = frozenset(
    (
        *("0", "n", "no", "false", "f", "off", "never", "not", "denied", "deny", "refused", "nein"),
        *("non", "nee", "nej", "nie", "nao", "não", "нет", "否", "いいえ", "아니요", "0.0", "no."),
        *("hayir", "ei", "ne", "όχι", "لا"),
    )
)
_YES = frozenset(("1", "y", "yes", "true", "t", "on", "ok", "ja", "oui", "si", "sí", "sim", "tak"))
_NOTHING = frozenset(("", "none", "null", "nan", "n/a", "-"))
# Names that say that something may be done.
_GRANTS = frozenset(
    (
        *(
            "use",
            "uses",
            "usable",
            "usage",
            "include",
            "included",
            "ok",
            "okay",
            "allow",
            "allowed",
        ),
        *("allows", "permit", "permitted", "permission", "release", "released", "consent"),
        *("consented", "agree", "agreed", "trainable", "approved", "cleared", "signed", "granted"),
        *("publishable", "shareable", "licensed", "opted", "opt"),
    )
)
# With these, and with nothing else, a name says only that.
_BESIDE = frozenset(
    (
        *("training", "train", "ai", "ml", "given", "has", "is", "model", "for", "to", "the", "a"),
        *("data", "mining", "tdm", "face", "faces", "image", "images", "photo", "on", "file"),
        *("form", "in", "of", "and", "genai", "research", "commercial", "can", "be", "it", "was"),
    )
)
# Beginnings of names that say that something was taken back or must not be.
_TAKES = (
    *("exclu", "remov", "delet", "drop", "block", "ban", "withdr", "refus", "revo", "restrict"),
    *("prohib", "forbid", "disallow", "den", "optout", "noai", "notrain", "noml", "embargo"),
    *("underage", "takedown", "discard", "reject", "blacklist", "denylist", "donot", "unusable"),
)
_PART = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*|[^\W\d_a-zA-Z]+")


def flag_of(name: str, value: Any) -> Flag:  # noqa: PLR0911 - a case a line
    """Return what a field with yes or no in it says: held, free, or none where it is none.

    Args:
        name: Its name, with those it stands under before dots.
        value: Its value.

    >>> flag_of("exclude", "1"), flag_of("ok_for_ml", "n"), flag_of("training_allowed", True)
    ('held', 'held', 'free')
    >>> flag_of("is_train", 0), flag_of("use.train", "no"), flag_of("train", False)
    ('none', 'held', 'held')
    """
    if value in ([], {}):
        # A list of what is allowed, with nothing in it.
        return "held" if _GRANTS.intersection(_parts(name)) else "none"
    if isinstance(value, dict | list) or len(str(value)) > 16:
        return "none"
    said = str("" if value is None else value).strip().casefold()
    parts = _parts(name)
    joined = "".join(parts)
    if "rights" in parts and said in ("rm", "managed", "rights managed"):
        return "held"
    if any(part.startswith(_TAKES) for part in parts) or joined.startswith(("optout", "optedout")):
        return "none" if said in _NOTHING else "free" if said in _NO else "held"
    if parts in (["train"], ["training"], ["ai"], ["mining"], ["robots"]) and value is False:
        return "held"
    if not _GRANTS.intersection(parts):
        return "none"
    if said in _NO:
        return "held"
    return "free" if said in _YES and {*parts} <= _GRANTS | _BESIDE else "none"


def _parts(name: str) -> list[str]:
    return [part.lower() for part in _PART.findall(name)]
