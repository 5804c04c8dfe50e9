"""What of the words that staff wrote may be told to a person: nothing that names somebody else.

Pseudonyms are known and are looked for; a name is not. Words that are asked for as an answer (what
was done, why not) are told where they hold no other pseudonym; remarks are not told at all, and
are counted, so that somebody looks at them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

# By table: words that are an answer to the person, and words that are not written for them.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "requests": ("outcome", "nonfulfilment_reason", "lifted_reason"),
}
REMARKS: Mapping[str, tuple[str, ...]] = {
    "consents": ("extra",),
    "consent_events": ("reason", "annulled_by", "annulled_reason"),
    "requests": ("lifted_by",),
}


def names_somebody(text: str, others: Collection[str]) -> bool:
    """Tell whether a text has the pseudonym of somebody else as a word.

    >>> names_somebody("with P02, by mail", {"p02"}), names_somebody("step02", {"p02"})
    (True, False)
    """
    plain = _plain(text)
    return any(
        re.search(rf"(?<!\w){re.escape(one)}(?!\w)", plain) is not None
        for one in map(_plain, others) if one and one in plain
    )  # fmt: skip


def told(table: str, row: Mapping[str, Any], others: Collection[str]) -> tuple[dict[str, Any], int]:
    """Return a row without words that may be about others, and how many texts were left out.

    Args:
        table: The name of its table.
        row: The row.
        others: Pseudonyms of everybody else.
    """
    kept, left = dict(row), 0
    for name in REMARKS.get(table, ()):
        if kept.get(name):
            left += 1
        kept.pop(name, None)
    for name in ANSWERS.get(table, ()):
        if kept.get(name) and names_somebody(kept[name], others):
            kept[name] = None
            left += 1
    return kept, left


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
