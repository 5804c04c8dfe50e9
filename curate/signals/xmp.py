"""XMP packets: parsed with defusedxml, and asked for every field that says something of use.

An entity, a broken packet or one of more than a megabyte is refused whole, and is `unreadable`.
Fields are known by their names below any namespace: one with a wrong prefix still restricts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from curate.signals.blocks import MOST_XMP
from curate.signals.fields import HANDLERS, statements
from curate.signals.found import Signal, digest_of, unreadable
from curate.signals.words import Text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_PREFIXES = {
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://creativecommons.org/ns#": "cc",
    "http://www.w3.org/ns/tdmrep/": "tdm",
}
# Names too common to mean the same in every namespace.
_ONLY_IN = {
    "rights": {"dc", "dcterms"},
    "creator": {"dc", "dcterms"},
    "license": {"cc", "dcterms", "xmpRights", "plus"},
    "reservation": {"tdm"},
    "prohibits": {"cc"},
}
PROVENANCE = "provenance"


@cache
def tool() -> str:
    """Return what parses XMP."""
    return f"curate XMP reader 2, defusedxml {version('defusedxml')}"


def read_xmp(packet: bytes) -> tuple[list[Signal], list[str]]:
    """Return what a packet says, and the addresses of provenance records that it points at.

    Args:
        packet: One packet, with or without its wrapper.
    """
    digest = digest_of(packet)
    refuse = partial(unreadable, "xmp", "XMP", digest=digest, tool=tool())
    if len(packet) > MOST_XMP:
        return [refuse(f"a packet of {len(packet):,} bytes; at most {MOST_XMP:,} are read")], []
    try:
        root = _parse(packet)
    except (ParseError, ValueError, LookupError) as error:
        return [refuse(f"not well formed: {type(error).__name__}: {error}")], []
    make = partial(Signal, reader="xmp", digest=digest, tool=tool())
    signals: list[Signal] = []
    links: list[str] = []
    for namespace, local, values in _fields(root):
        prefix = _PREFIXES.get(namespace, namespace)
        place = f"{prefix}:{local}"
        if local == PROVENANCE and prefix == "dcterms":
            links += values
        elif local in HANDLERS and prefix in _ONLY_IN.get(local, {prefix}):
            signals += statements(local, place, values, partial(_make, make))
    return signals, links


def read_texts(packet: bytes) -> Iterator[Text]:
    """Yield the texts of a packet that no handler of a field reads, such as descriptions."""
    try:
        root = _parse(packet) if len(packet) <= MOST_XMP else None
    except (ParseError, ValueError, LookupError):
        return
    waiting = [] if root is None else [(root, "")]
    while waiting:
        element, above = waiting.pop()
        namespace, local = _split(element.tag)
        # The words of a field stand in items below it.
        is_item = element.tag.startswith(_RDF)
        place = above if is_item else f"{_PREFIXES.get(namespace, namespace)}:{local}"
        if not is_item and _is_read(local):
            continue
        if (element.text or "").strip():
            yield Text("xmp", place, (element.text or "").strip())
        for name, value in element.attrib.items():
            if value.strip() and not _is_read(_split(name)[1]):
                yield Text("xmp", f"{place}/{_split(name)[1]}", value.strip())
        waiting += [(child, place) for child in element]


def _is_read(local: str) -> bool:
    return local in HANDLERS and local not in _SHORT


# Fields that are read as they are and can hold a sentence all the same.
_SHORT = ("rights", "creator", "copyrightNotice")


def _make(
    make: partial[Signal], kind: str, place: str, value: str | None, **rest: object
) -> Signal:
    return make(kind=kind, place=place, value=value, **rest)


def _parse(packet: bytes) -> Element:
    from defusedxml import ElementTree

    text = packet.strip(b"\x00 \t\r\n")
    # Padding and processing instructions after the packet's end are no part of the document.
    root: Element = ElementTree.fromstring(text, forbid_dtd=True)
    return root


def _fields(root: Element) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the namespace, name and texts of every element and attribute."""
    for element in root.iter():
        for name, value in element.attrib.items():
            if not name.startswith(_RDF):
                yield *_split(name), [value]
        if not element.tag.startswith(_RDF):
            yield *_split(element.tag), _texts(element)


def _split(name: str) -> tuple[str, str]:
    namespace, brace, local = name.rpartition("}")
    return (namespace[1:], local) if brace else ("", local)


def _texts(element: Element) -> list[str]:
    """Return the texts below an element, and the resources it names, in order."""
    found = []
    for part in element.iter():
        if part.text and part.text.strip():
            found.append(part.text.strip())
        resource = part.get(f"{_RDF}resource")
        if resource:
            found.append(resource)
    return found
