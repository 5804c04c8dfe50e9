"""HTTP headers that a file was served with, from a JSON file beside it or a WARC record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from curate.signals.agents import agents_of, is_known, may_gather
from curate.signals.aiprefs import preferences
from curate.signals.documents import members
from curate.signals.fields import SPEAKING, Make, reservation, statements
from curate.signals.found import Signal
from curate.signals.normal import REFUSES_TRAINING, UNREADABLE
from curate.signals.robots import read_for
from curate.signals.words import refusing

NAMES = frozenset(
    (
        *("x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal"),
        *("link", "robots"),
    )
)
"""The headers that say something of use, in lower case."""

_REFUSALS = frozenset(("noai", "noimageai", "noml", "no-ai", "notrain", "nogenai"))
_SHUT = frozenset(("none", "noindex", "noarchive", "noimageindex"))
_ODD = re.compile(r"(?:^|[^a-z])(?:no[-_]?)?(?:image)?ai(?:[^a-z]|$)|train|tdm|llm|mining|genai")
# Directives of X-Robots-Tag that have a value: a colon after any other word names an agent.
_VALUED = frozenset(("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"))
# Agents for a search that also serve a model: to refuse AI to one of them means more than the one.
_SEARCHING = frozenset(
    ("googlebot", "googlebot-image", "bingbot", "msnbot", "yandexbot", "baiduspider", "slurp")
)
# Headers that somebody made up.
_OF_USE = re.compile(r"(?:^|-)(?:ai|genai|llm|tdm|usage|train|training|mining)(?:-|$)")
_YES = ("1", "y", "yes", "true", "allow", "allowed", "all")
_LINKED = re.compile(r"\s*<([^<>]*)>(.*)", re.DOTALL)
_REL = re.compile(r"rel\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;,]+))", re.IGNORECASE)
_OF_TERMS = frozenset(("license", "licence", "terms-of-service", "copyright", "tdm-policy"))


def name_of(name: str) -> str:
    """Return the name of a header in one spelling.

    >>> name_of("HTTP_X_ROBOTS_TAG"), name_of("xRobotsTag")
    ('x-robots-tag', 'x-robots-tag')
    """
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name.strip())
    lower = plain.lower().replace("_", "-").replace(" ", "-").removeprefix("http-")
    plain = lower.replace("-", "")
    return next((known for known in NAMES if known.replace("-", "") == plain), lower)


def read_headers(headers: Iterable[tuple[str, str]], make: Make, place: str) -> Iterator[Signal]:
    """Yield what headers say.

    Args:
        headers: Names and values, in the order served; names in any spelling.
        make: Makes the statements.
        place: The file they stand in.
    """
    for name, value in headers:
        lower = name_of(name)
        at = f"{place}: {name.strip()}"
        if lower == "robots" and re.search(r"user-agent\s*:", value, re.IGNORECASE):
            yield from read_for("/", value.encode(), make, at, known=False)
        elif lower in {"x-robots-tag", "robots"}:
            yield from _robots_tag(value, make, at)
        elif lower == "tdm-reservation":
            yield reservation(partial(make, reader="tdmrep"), at, value.strip().strip("\"'"))
        elif lower == "tdm-policy":
            # Conditions lie at an address, and nothing is fetched.
            yield make("terms", at, value.strip(), reader="tdmrep")
        elif lower in {"content-usage", "content-signal"}:
            yield from preferences(make, at, value)
        elif lower == "link":
            yield from _links(value, make, at)
        elif (
            SPEAKING.search(lower)
            or (_OF_USE.search(lower) and value.strip().lower() not in _YES)
            or refusing(f"{lower}: {value}")
        ):
            yield make("unreadable", at, f"{name}: {value}", uses=UNREADABLE)


def _links(value: str, make: Make, place: str) -> Iterator[Signal]:
    for one in re.split(r",\s*(?=<)", value):
        match = _LINKED.match(one)
        rel = _REL.search(match[2]) if match else None
        words = set(next(filter(None, rel.groups()), "").lower().split()) if rel else set()
        if match and words & _OF_TERMS:
            yield from statements("license", place, [match[1]], make)


def _robots_tag(value: str, make: Make, place: str) -> Iterator[Signal]:
    agent = "*"
    for part in re.split(r"[,;\n]", value):
        word, colon, rest = part.partition(":")
        if colon and word.strip().lower() not in _VALUED:
            agent, word = agents_of(word)[0], rest
        said = word.strip().strip("\"'").lower()
        known = agent == "*" or is_known(agent)
        for one in said.split() or [""]:
            if one in _REFUSALS and known:
                yield make(
                    "optout", place, part.strip(), uses=REFUSES_TRAINING, strength="weak",
                    reader="x_robots_tag",
                )  # fmt: skip
            elif (
                (one in _SHUT and agent != "*" and (known or may_gather(agent)))
                or (one in _REFUSALS and (may_gather(agent) or agent in _SEARCHING))
                or (one not in _REFUSALS and _ODD.search(one) and (known or may_gather(agent)))
            ):
                yield make(
                    "unreadable", place, part.strip(), uses=UNREADABLE, reader="x_robots_tag"
                )


def pairs(told: Any, *, inside: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the headers in a JSON document, at any depth and in any shape.

    Headers are what stands under a name that holds ``header``: a mapping, pairs, objects with a
    name and a value, a flat list, or a text as it was sent; and what is called like one of `NAMES`.

    Args:
        told: The document.
        inside: Whether it stands under such a name.
    """
    if isinstance(told, str):
        yield from _of_text(told) if inside else ()
    elif isinstance(told, dict):
        yield from _of_mapping(told, inside=inside)
    elif isinstance(told, list):
        yield from _of_list(told, inside=inside)


def _of_mapping(told: dict[str, Any], *, inside: bool) -> Iterator[tuple[str, str]]:
    key = next((k for k in told if k.lower() in ("name", "key", "header", "field")), None)
    if inside and key is not None and isinstance(told[key], str) and len(told) <= 3:
        values = [value for other, value in told.items() if other != key]
        yield from ((told[key], str(one)) for value in values for one in _scalars(value))
        return
    for key, value in told.items():
        if inside or name_of(key) in NAMES:
            yield from ((key, str(one)) for one in _scalars(value))
        is_deep = isinstance(value, dict) or (
            isinstance(value, list)
            and (not inside or any(isinstance(one, dict | list) for one in value))
        )
        if is_deep or is_headers(key):
            yield from pairs(value, inside=inside or is_headers(key))


def _of_list(told: list[Any], *, inside: bool) -> Iterator[tuple[str, str]]:
    texts = [one for one in told if isinstance(one, str)]
    if inside and len(texts) == len(told) > 1 and not any(":" in one for one in texts[::2]):
        yield from zip(texts[::2], texts[1::2], strict=False)
        return
    for one in told:
        if inside and isinstance(one, list) and len(one) == 2 and isinstance(one[0], str):
            yield from ((one[0], str(value)) for value in _scalars(one[1]))
        else:
            yield from pairs(one, inside=inside)


def is_headers(key: str) -> bool:
    """Return whether what stands under a name is headers."""
    return "header" in key.lower()


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _scalars(one)
    elif not isinstance(value, dict) and value is not None:
        yield value


def _of_text(headers: str) -> Iterator[tuple[str, str]]:
    """Yield headers as they were sent: a line for each, the first one without a name."""
    plain = headers.strip()
    if plain[:1] in ("{", "["):
        try:
            yield from pairs(json.loads(plain), inside=True)
        except ValueError:
            # A mapping as Python shows it, and what else somebody makes of one.
            yield from re.findall(r"[\"']([\w-]+)[\"']\s*[:=,]\s*[\"']([^\"']*)[\"']", plain)
        return
    lines = re.split(r"\r\n|\r|\n|\\r\\n|\\n", re.sub(r"(?:\r\n|\n)[ \t]+", " ", plain))
    for line in lines:
        if re.match(r"HTTP/\d", line):
            continue
        match = re.match(r"\s*([\w-]+)\s*[:=]\s*(.*)", line)
        if match:
            yield match[1], match[2].strip()


def unparsed(told: Any, found: Iterable[tuple[str, str]]) -> list[str]:
    """Return names of headers that stand somewhere in a document and were not made out.

    Args:
        told: The document.
        found: What `pairs` yielded of it.
    """
    whole = json.dumps(told).lower().replace("_", "-")
    known = {name_of(name) for name, _ in found}
    return sorted(one for one in NAMES - {"link", "robots"} - known if one in whole)


# A longer name of a header is none: it is a text in a code.
_LONGEST = 48


def unmade(told: Any) -> list[str]:
    """Return the names in a document under which headers stand of which none was made out."""
    return [
        key for key, value in members(told, enter=lambda name: not is_headers(name))
        if is_headers(key) and value
        and not any(len(name) <= _LONGEST for name, _ in pairs({key: value}))
    ]  # fmt: skip
