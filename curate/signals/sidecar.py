"""One file beside media: what it says of use, by what it is and not by its name alone."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from curate.media import Limits, UnreadableError
from curate.media.open import open_regular
from curate.media.parts import is_text
from curate.media.sniff import sniff
from curate.signals import c2pa, words, xmp
from curate.signals.blocks import packets
from curate.signals.codes import decoded, runs, unpacked
from curate.signals.content import read_picture
from curate.signals.documents import members
from curate.signals.fields import HANDLERS, SPEAKING, Make, statements
from curate.signals.flags import flag_of
from curate.signals.found import Signal, digest_of
from curate.signals.headers import NAMES, is_headers, name_of, pairs, read_headers, unmade, unparsed
from curate.signals.iptc import read_iptc
from curate.signals.iptc import read_texts as iptc_texts
from curate.signals.normal import UNREADABLE
from curate.signals.pages import ENDINGS, read_page, words_of
from curate.signals.rsl import is_rsl, read_rsl
from curate.signals.words import Text, leaves, spoken

TOOL = "curate web reader 3"
MOST = 1 << 20
# Records of C2PA hold thumbnails.
_MOST_STORE = 64 << 20
_LICENCES = ("license", "licence", "license_url", "licence_url", "license_name", "rights_url")


def make_of(raw: bytes) -> Make:
    """Return what makes statements of a file's bytes."""
    digest = digest_of(raw)

    def make(kind: str, place: str, value: str | None, **rest: Any) -> Signal:
        return Signal(**{"reader": "file", **rest}, kind=kind, place=place, value=value,
                      digest=digest, tool=TOOL)  # fmt: skip

    return make


def read_file(root: str, place: str, most: int = MOST) -> bytes | None:
    """Return the bytes of a file, up to one more than `most`; None where it cannot be opened."""
    try:
        with (
            open_regular(Path(root, place), root=Path(root)) as descriptor,
            os.fdopen(os.dup(descriptor), "rb") as file,
        ):
            return unpacked(file.read(most + 1))
    except (UnreadableError, OSError):
        return None


def read_sidecar(root: str, place: str, locator: str, mime: str | None) -> tuple[str, list[Signal]]:
    """Return the address that a sidecar names, and what it says.

    Args:
        root: The media root.
        place: Where the sidecar lies.
        locator: The entry that it belongs to.
        mime: The media type of that.
    """
    is_store = place.lower().endswith((".c2pa", ".jumbf", ".jumb"))
    most = _MOST_STORE if is_store else MOST
    raw = read_file(root, place, most)
    make = make_of(raw or b"")
    if raw is None or len(raw) > most:
        why = "it cannot be opened" if raw is None else f"more than {most >> 20} MiB"
        return "", [make("unreadable", place, why, uses=UNREADABLE)]
    if is_store or raw[4:8] == b"jumb":
        return "", _store(raw, root, place, locator, mime)
    if place.lower().endswith(".json"):
        return _json(raw, make, place)
    return "", list(read_loose(raw, make, place))


def _store(raw: bytes, root: str, place: str, locator: str, mime: str | None) -> list[Signal]:
    """Return what a C2PA record beside its picture says, held against the picture."""
    picture = read_file(root, locator, Limits().max_bytes)
    whole = picture is not None and len(picture) <= Limits().max_bytes and mime is not None
    if whole and picture is not None and mime is not None:
        record = c2pa.read_c2pa(io.BytesIO(picture), mime, digest=digest_of(raw), store=raw)
    else:
        record = c2pa.read_c2pa(io.BytesIO(raw), "application/c2pa", digest=digest_of(raw))
    signals = [replace(one, place=f"{place}: {one.place}") for one in record.signals]
    if record.state in ("none", "error") and not any(one.uses for one in signals):
        why = "a C2PA record that cannot be read"
        signals.append(make_of(raw)("unreadable", place, why, uses=UNREADABLE))
    return signals


def _json(raw: bytes, make: Make, place: str) -> tuple[str, list[Signal]]:
    try:
        told = json.loads(decoded(raw), object_pairs_hook=_every)
    except (ValueError, RecursionError) as error:
        why = f"no JSON: {type(error).__name__}"
        return "", [make("unreadable", place, why, uses=UNREADABLE)]
    headers = list(pairs(told))
    signals = list(read_headers(headers, make, place))
    signals += [
        make("unreadable", place, f"{name}, in a form that is not known", uses=UNREADABLE)
        for name in unparsed(told, headers)
    ]
    signals += [
        make("unreadable", place, f"{name}: in a form that is not known", uses=UNREADABLE)
        for name in unmade(told)
    ]
    signals += [
        make("unreadable", place, f"{name}: {value}", uses=UNREADABLE)
        for name, value in speaking(told)
    ]
    known = [*_named(told)]
    for name, value in known:
        local = "license" if name in _LICENCES else name
        signals += statements(local, f"{place}: {name}", [value], make)
    free = leaves(_without(told), place)
    signals += spoken(free, digest=digest_of(raw), tool=words.TOOL)
    url = told.get("url") if isinstance(told, dict) else None
    if isinstance(url, list):
        url = next((one for one in url if isinstance(one, str)), None)
    return str(url or ""), signals


def _every(held: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; of a name that stands there twice both values count."""
    made: dict[str, Any] = {}
    for name, value in held:
        made[name] = [made[name], value] if name in made and made[name] != value else value
    return made


def speaking(told: Any) -> Iterator[tuple[str, str]]:
    """Yield the names in a document that speak of use by themselves, with their values."""
    for name, value in members(told):
        flag = flag_of(name, value)
        speaks = SPEAKING.search(name) and flag != "free"
        # Of fields that are read otherwise the value alone is not.
        legal = "status" in name.lower() and str(value).strip().startswith("451")
        if (
            (speaks and name_of(name) not in NAMES)
            or legal
            or (flag == "held" and name in HANDLERS)
        ):
            yield name, json.dumps(value, ensure_ascii=False)


def _named(told: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of metadata in a document, at any depth, by their local names."""
    waiting = [("", told)]
    while waiting:
        name, one = waiting.pop()
        if isinstance(one, dict):
            waiting += list(one.items())
        elif isinstance(one, list):
            waiting += [(name, held) for held in one]
        elif isinstance(one, str | int | float):
            local = re.split(r"[:/#]", name)[-1]
            lower = local.lower()
            if lower in _LICENCES and isinstance(one, str):
                yield lower, one
            elif local in HANDLERS and local not in ("creator", "rights", "reservation"):
                yield local, str(one)


def _without(told: Any) -> Any:
    """Return a document without what is read otherwise: headers, addresses and fields."""
    if isinstance(told, dict):
        return {
            name: _without(value)
            for name, value in told.items()
            if not (is_headers(name) and list(pairs({name: value})))
            and name_of(name) not in NAMES
            and not (name.lower() in (*_LICENCES, "url") and isinstance(value, str))
            and (re.split(r"[:/#]", name)[-1] not in HANDLERS or isinstance(value, dict | list))
        }
    if isinstance(told, list):
        return [_without(one) for one in told]
    return told


def read_loose(raw: bytes, make: Make, place: str) -> Iterator[Signal]:
    """Yield what a file says that is no JSON: a packet of XMP, a page, a licence, or a text."""
    found = sniff(raw[:4096])
    lower = place.lower()
    if lower.endswith(".xmp") or re.match(rb"\s*(?:<\?xpacket|<x:xmpmeta|<rdf:RDF)", raw):
        yield from _packet(raw, place)
    elif raw.startswith(b"\xff\x01Exiv2"):
        yield from _inside(b"\xff\xd8" + raw[7:], "image/jpeg", place)
    elif found is not None and found.kind == "image":
        yield from _inside(raw, found.mime, place)
    elif raw.startswith(b"Exif\x00\x00"):
        yield from _inside(raw[6:], "image/tiff", place)
    elif raw[:1] == b"\x1c":
        texts = [replace(text, place=f"{place}: {text.place}") for text in iptc_texts(raw)]
        yield from (replace(one, place=f"{place}: {one.place}") for one in read_iptc(raw)[0])
        yield from spoken(texts, digest=digest_of(raw), tool=words.TOOL)
    elif place.rpartition("/")[2].startswith("._"):
        texts = [Text("file", place, run) for run in runs(raw)]
        yield from spoken(texts, digest=digest_of(raw), tool=words.TOOL)
    elif not is_words(raw):
        yield make("unreadable", place, "a file of a kind that is not read", uses=UNREADABLE)
    else:
        yield from _text(raw, make, place)


# Documents of programs: words stand in them, and not as such.
_DOCUMENTS = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!")


def is_words(raw: bytes) -> bool:
    """Return whether a file is a text, in whichever code."""
    if raw.startswith(_DOCUMENTS):
        return False
    return is_text(raw) or raw[:2] in (b"\xff\xfe", b"\xfe\xff") or is_text(decoded(raw).encode())


def _text(raw: bytes, make: Make, place: str) -> Iterator[Signal]:
    if is_rsl(raw):
        yield from read_rsl("/", raw, make, place, known=False)
    is_page = place.lower().endswith(ENDINGS) or re.match(
        rb"\s*<(?:!doctype )?html", raw, re.IGNORECASE
    )
    if is_page:
        signals, shown = read_page(raw, make, place)
        yield from signals
        free = [Text("file", place, text) for text in words_of(shown)]
    else:
        for packet in packets(raw):
            yield from _packet(packet, place)
        free = [Text("file", place, decoded(raw))]
    yield from spoken(free, digest=digest_of(raw), tool=words.TOOL)


def _packet(raw: bytes, place: str) -> Iterator[Signal]:
    yield from (replace(one, place=f"{place}: {one.place}") for one in xmp.read_xmp(raw)[0])
    free = [Text("xmp", f"{place}: {text.place}", text.words) for text in xmp.read_texts(raw)]
    yield from spoken(free, digest=digest_of(raw), tool=words.TOOL)


def _inside(raw: bytes, mime: str, place: str) -> Iterator[Signal]:
    for one in read_picture(raw, mime).signals:
        yield replace(one, place=f"{place}: {one.place}")
