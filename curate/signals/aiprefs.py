"""AIPREF usage preferences, as a header or in robots.txt; and Cloudflare's Content Signals.

The drafts say ``Content-Usage: train-ai=n``; labels that are not known are ignored, as they ask.
A label that is known with a value that is not may have been a refusal, and is unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.signals.fields import Make
from curate.signals.found import Signal
from curate.signals.normal import preference


def preferences(make: Make, place: str, text: str) -> Iterator[Signal]:
    """Yield what a dictionary of preferences says.

    Args:
        make: Makes the statements.
        place: Where it stands.
        text: Such as ``train-ai=n, search=y``.
    """
    for part in text.split(","):
        label, _, value = part.partition(";")[0].partition("=")
        uses = preference(label.strip(), value.strip())
        if uses is not None:
            yield make("optout", place, part.strip(), uses=uses, reader="aipref")
