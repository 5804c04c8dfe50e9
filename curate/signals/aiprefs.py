"""AIPREF usage preferences, as a header or in robots.txt; and Cloudflare's Content Signals.

The drafts say ``Content-Usage: train-ai=n``; labels that are not known are ignored, as they ask,
unless they speak of AI. A label that is known with a value that is not may have been a refusal, and
is unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from curate.signals.fields import Make
from curate.signals.found import Signal
from curate.signals.normal import UNREADABLE, preference

_OF_AI = re.compile(
    r"\bai\b|\bgenai|\bllm|train|\btdm\b|mining|machine|learn|bots?\b|model|\buse\b"
)
_YES = ("y", "yes", "1", "?1", "true", "allow", "allowed")


def preferences(make: Make, place: str, text: str) -> Iterator[Signal]:
    """Yield what a dictionary of preferences says.

    Args:
        make: Makes the statements.
        place: Where it stands.
        text: Such as ``train-ai=n, search=y``; some divide by semicolons or blanks.
    """
    for part in re.split(r"[,;]|(?<=[=:][\w?])\s+(?=[\w-]+\s*[=:])|(?<=yes)\s+|(?<=no)\s+", text):
        label, _, value = part.replace(":", "=", 1).partition("=")
        label, value = label.strip().lower(), value.strip().strip("\"'").lower()
        uses = preference(label, value)
        if uses is None and _OF_AI.search(label) and value not in _YES:
            uses = UNREADABLE
        if uses is not None:
            yield make("optout", place, part.strip(), uses=uses, reader="aipref")
