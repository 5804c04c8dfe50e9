"""Really Simple Licensing: documents that say which uses of a site's content are licensed.

``<rsl><content url="/"><license><prohibits type="usage">train-ai</prohibits></license></content>
</rsl>`` (RSL 1.0, rslstandard.org). What a licence permits is permitted alone: where usages are
named and training is not among them, it is refused. Conditions such as payment are not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

from curate.signals.fields import Make
from curate.signals.found import Signal
from curate.signals.normal import TRAINS, UNREADABLE, Use, Uses, preference
from curate.signals.robots import matches

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FREE = ("free", "attribution")


def is_rsl(raw: bytes) -> bool:
    """Return whether a file is an RSL document."""
    return re.search(rb"<(?:[\w.-]+:)?rsl[\s>]|rslstandard\.org", raw[:4096]) is not None


def read_rsl(path: str, raw: bytes, make: Make, place: str, *, known: bool) -> Iterator[Signal]:
    """Yield what an RSL document says of a path.

    Args:
        path: The path, from the site's root on.
        raw: The document.
        make: Makes the statements.
        place: What the file is called.
        known: Whether the path is that of the site, and not only of the folder.
    """
    from defusedxml import ElementTree

    try:
        root: Element = ElementTree.fromstring(raw.strip(b"\x00 \t\r\n"), forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        yield make("unreadable", place, f"{type(error).__name__}: {error}", uses=UNREADABLE)
        return
    contents = [one for one in root.iter() if _local(one) == "content"]
    if not contents:
        yield make("unreadable", place, "no content that a licence is for", uses=UNREADABLE)
    for content in contents:
        pattern = _path(content.get("url") or content.get("href") or "/")
        if known and not matches(pattern, path, exactly=False):
            continue
        licences = [one for one in content.iter() if _local(one) == "license"]
        for licence in licences or [content]:
            yield from _licence(licence, make, f"{place}: {pattern}")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _path(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    return parts.path or "/" if parts.scheme else address


def _licence(licence: Element, make: Make, place: str) -> Iterator[Signal]:
    uses = Uses()
    permitted: list[str] | None = None
    free = True
    for part in licence.iter():
        name, words = _local(part), (part.text or "").replace(",", " ").lower().split()
        about = (part.get("type") or "usage").lower()
        if name == "prohibits" and about == "usage":
            for word in words or ["all"]:
                uses |= preference(word, "n") or _unknown(word)
        elif name == "permits" and about == "usage":
            permitted = [*(permitted or []), *words]
        elif name in ("prohibits", "permits") or (name == "payment" and about not in _FREE):
            free = False
        elif name in ("terms", "custom", "standard", "copyright", "legal", "amount"):
            free = free and name == "copyright"
    if permitted is not None and not TRAINS & set(permitted):
        uses |= Uses(ai_training=Use.PROHIBITED, ai_generative_training=Use.PROHIBITED)
    if not free or permitted is None:
        uses |= Uses.every(Use.CONSTRAINED)
    shown = " ".join("".join(licence.itertext()).split())
    yield make("optout", place, f"licence: {shown}" if shown else "a licence", uses=uses)


def _unknown(word: str) -> Uses:
    return Uses() if word in ("search", "ai-index") else UNREADABLE
