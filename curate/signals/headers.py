"""HTTP headers that a file was served with, from a JSON file beside it or a WARC record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from curate.signals.aiprefs import preferences
from curate.signals.fields import Make, reservation, statements
from curate.signals.found import Signal
from curate.signals.normal import REFUSES_TRAINING
from curate.signals.robots import AI_AGENTS

NAMES = frozenset(
    ("x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal", "link")
)
"""The headers that say something of use, in lower case."""

_REFUSALS = frozenset(("noai", "noimageai", "noml"))
# Directives of X-Robots-Tag that have a value: a colon after any other word names an agent.
_VALUED = frozenset(("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"))
_EVERYONE = frozenset(("*", *(agent.lower() for agent in AI_AGENTS)))
_LICENCE = re.compile(r"<([^<>]*)>[^,]*;\s*rel\s*=\s*\"?license\b", re.IGNORECASE)


def read_headers(headers: Iterable[tuple[str, str]], make: Make, place: str) -> Iterator[Signal]:
    """Yield what headers say.

    Args:
        headers: Names and values, in the order served; names in any case.
        make: Makes the statements.
        place: The file they stand in.
    """
    for name, value in headers:
        lower = name.strip().lower()
        at = f"{place}: {name.strip()}"
        if lower == "x-robots-tag":
            yield from _robots_tag(value, make, at)
        elif lower == "tdm-reservation":
            yield reservation(partial(make, reader="tdmrep"), at, value)
        elif lower in {"content-usage", "content-signal"}:
            yield from preferences(make, at, value)
        elif lower == "link":
            for address in _LICENCE.findall(value):
                yield from statements("license", at, [address], make)


def _robots_tag(value: str, make: Make, place: str) -> Iterator[Signal]:
    agent = "*"
    for part in value.split(","):
        word, colon, rest = part.partition(":")
        if colon and word.strip().lower() not in _VALUED:
            agent, word = word.strip().lower(), rest
        if word.strip().lower() in _REFUSALS and agent in _EVERYONE:
            yield make(
                "optout", place, part.strip(), uses=REFUSES_TRAINING, strength="weak",
                reader="x_robots_tag",
            )  # fmt: skip
