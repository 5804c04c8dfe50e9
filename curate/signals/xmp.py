"""XMP packets: parsed with defusedxml, and asked for every field that says something of use.

An entity, a broken packet or one of more than a megabyte is refused whole, and is `unreadable`.
Fields are known by their names below any namespace: one with a wrong prefix still restricts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from curate.signals.blocks import MOST_XMP
from curate.signals.codes import decoded
from curate.signals.fields import HANDLERS, speaks, statements
from curate.signals.found import Signal, digest_of, unreadable
from curate.signals.normal import UNREADABLE
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
    "prohibits": {"cc"},
}
PROVENANCE = "provenance"


@cache
def tool() -> str:
    """Return what parses XMP."""
    return f"curate XMP reader 3, defusedxml {version('defusedxml')}"


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
        elif _is_handled(prefix, local):
            signals += statements(local, place, values, partial(_make, make))
        elif speaks(f"{local} {namespace}"):
            value = f"a field that is not known: {local} = {'; '.join(values)}"
            signals.append(make(kind="unreadable", place=place, value=value, uses=UNREADABLE))
    return signals, links


def _is_handled(prefix: str, local: str) -> bool:
    if local == "reservation":
        return "tdm" in prefix.lower()
    return local in HANDLERS and prefix in _ONLY_IN.get(local, {prefix})


def read_texts(packet: bytes) -> Iterator[Text]:
    """Yield the texts of a packet that no handler of a field reads, such as descriptions."""
    try:
        root = _parse(packet) if len(packet) <= MOST_XMP else None
    except (ParseError, ValueError, LookupError):
        return
    if root is None:
        return
    for comment in _COMMENT.finditer(packet):
        said = comment[1] or comment[2] or b""
        yield Text("xmp", "a comment of XMP", decoded(said))
    waiting = [(root, "")]
    while waiting:
        element, above = waiting.pop()
        namespace, local = _split(element.tag)
        # The words of a field stand in items below it.
        is_item = element.tag.startswith(_RDF)
        prefix = _PREFIXES.get(namespace, namespace)
        place = above if is_item else f"{prefix}:{local}"
        if (element.tail or "").strip():
            yield Text("xmp", above, (element.tail or "").strip())
        if not is_item and _is_read(prefix, local):
            continue
        if (element.text or "").strip():
            yield Text("xmp", place, (element.text or "").strip())
        for name, value in element.attrib.items():
            space, plain = _split(name)
            if value.strip() and not _is_read(_PREFIXES.get(space, space), plain):
                yield Text("xmp", f"{place}/{plain}", value.strip())
        waiting += [(child, place) for child in element]


# Comments and instructions that are no part of the document, and can be read all the same.
_COMMENT = re.compile(rb"<!--(.*?)-->|<\?(?!xpacket|xml )(.*?)\?>", re.DOTALL)


def _is_read(prefix: str, local: str) -> bool:
    return _is_handled(prefix, local) and local not in _SHORT


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
    """Return the texts below an element, and what its attributes name, in order."""
    found = []
    for part in element.iter():
        if part.text and part.text.strip():
            found.append(part.text.strip())
        found += [
            value
            for name, value in part.attrib.items()
            if value.strip() and name not in _SYNTAX and (part is not element or _names(name))
        ]
        if part is not element and part.tail and part.tail.strip():
            found.append(part.tail.strip())
    return found


_SYNTAX = (
    *(f"{_RDF}{name}" for name in ("parseType", "datatype", "ID", "nodeID")),
    "{http://www.w3.org/XML/1998/namespace}lang",
)


def _names(attribute: str) -> bool:
    return attribute in (f"{_RDF}resource", f"{_RDF}value")
