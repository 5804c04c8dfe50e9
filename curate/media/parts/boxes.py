"""Boxes and items of HEIF and AVIF (ISO/IEC 14496-12, 23008-12, and the AVIF specification)."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from curate.media.parts.blocks import EXIF, Parts, exif_block, inside, profile, words

# Properties that programs read, and how long they are at most: what codes and places a picture.
_PROPERTIES = {
    b"ispe": 64, b"pixi": 64, b"colr": 1 << 20, b"hvcC": 4096, b"av1C": 4096, b"irot": 64,
    b"imir": 64, b"pasp": 64, b"auxC": 256, b"clli": 64, b"mdcv": 64, b"clap": 64, b"lsel": 64,
    b"a1op": 64, b"a1lx": 64, b"amve": 64, b"rloc": 64, b"cclv": 64, b"ndwt": 64, b"udes": 2048,
    b"altt": 2048, b"avcC": 4096, b"jpgC": 1 << 16, b"free": 0, b"skip": 0,
}  # fmt: skip
_DERIVED = (b"grid", b"iovl", b"iden", b"tmap")
_CODED = (b"hvc1", b"hev1", b"av01")
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_DEEPEST_GRID = 4
# A file that ends within one of these was cut short; other letters are no box.
_LARGE = (b"mdat", b"meta", b"moov", b"ftyp", b"iprp", b"ipco", b"iinf", b"iloc", b"idat", b"free")
# More than this no program writes.
_MOST_EXTENTS, _MOST_BLOCK, _MOST_BOXES = 1 << 16, 32 << 20, 64
# No face fits into so few pixels: encoders fill up to even sizes.
_MARGIN = 16


@dataclass
class _Item:
    """One item of a file: a picture, or metadata."""

    kind: bytes = b""
    content: bytes = b""
    hidden: bool = False
    extents: list[tuple[int, int, int]] = field(default_factory=list)
    """Where its bytes stand: 0 for the file or 1 for ``idat``, where, and how many."""
    properties: list[int] = field(default_factory=list)


@dataclass
class _Meta:
    primary: int = 0
    items: dict[int, _Item] = field(default_factory=lambda: defaultdict(_Item))
    refers: list[tuple[bytes, int, list[int]]] = field(default_factory=list)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    small: bytes = b""
    """What ``idat`` holds."""


def walk_heif(data: bytes, parts: Parts) -> None:
    """Take a HEIF apart: libheif shows each of its images that is not marked as hidden."""
    _walk(data, parts, several=True)


def walk_avif(data: bytes, parts: Parts) -> None:
    """Take an AVIF apart: libavif shows the primary image and its transparency, no other."""
    _walk(data, parts, several=False)


def _walk(data: bytes, parts: Parts, *, several: bool) -> None:
    meta, stored, moving = _Meta(), [], False
    end = 0
    for kind, begin, after in _boxes(data, 0, len(data)):
        if kind is None:
            break
        end = after
        if kind == b"meta":
            _meta(data, begin + 4, after, meta, parts)
        elif kind == b"mdat":
            stored.append((begin, after))
        elif kind == b"moov":
            moving = True
        elif kind != b"ftyp":
            _other(kind, data[begin:after], parts)
    parts.tail = len(data) - end
    if len(stored) > _MOST_BOXES:
        raise IndexError
    used = _items(data, meta, parts)
    _pictures(meta, parts, several=several)
    if moving:  # what its samples refer to is not walked
        parts.miss("moov", 1)
        return
    for begin, after in stored:
        _uncovered(data, begin, after, used, parts)
    # Whether a slice of HEVC or a tile of AV1 has bytes that its pixels do not need is not tried.
    parts.surplus = None


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes | None, int, int]]:
    """Yield kind, and begin and end of the content, of each box; None where there is none."""
    while at < end:
        if at + 8 > end:
            yield None, at, end
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        begin = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, begin)
            begin += 8
        after = end if size == 0 else at + size
        if not kind.strip(b" ").isalnum():
            yield None, at, end
            return
        if after < begin or after > end:
            if kind in _LARGE:
                raise IndexError
            yield None, at, end
            return
        yield kind, begin, after
        at = after


def _other(kind: bytes, value: bytes, parts: Parts) -> None:
    """Take a box that no reader understands; space that is free holds nothing but zeros."""
    if kind in (b"free", b"skip"):
        parts.miss("free space", len(value) if value.strip(b"\x00") else 0)
    else:
        parts.miss(f"box {kind.decode('latin-1').strip()}", len(value))


def _meta(data: bytes, at: int, end: int, meta: _Meta, parts: Parts) -> None:
    for kind, begin, after in _boxes(data, at, end):
        if kind == b"pitm":
            wide = data[begin] > 0
            meta.primary = _number(data, begin + 4, 4 if wide else 2)
        elif kind == b"iinf":
            _kinds(data, begin, after, meta)
        elif kind == b"iloc":
            _places(data, begin, meta)
        elif kind == b"iref":
            _references(data, begin, after, meta)
        elif kind == b"iprp":
            _properties(data, begin, after, meta, parts)
        elif kind == b"idat":
            meta.small = data[begin:after]
        elif kind in (b"hdlr", b"dinf", b"grpl"):
            parts.miss(kind.decode(), after - begin if after - begin > 1024 else 0)
        elif kind is not None:
            _other(kind, data[begin:after], parts)
        else:
            parts.miss("bytes behind the boxes of meta", after - begin)


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + size], "big")


def _kinds(data: bytes, at: int, end: int, meta: _Meta) -> None:
    first = at + (6 if data[at] == 0 else 8)
    for kind, begin, after in _boxes(data, first, end):
        if kind != b"infe" or data[begin] < 2:
            raise IndexError
        wide = 4 if data[begin] > 2 else 2
        item = meta.items[_number(data, begin + 4, wide)]
        item.hidden = bool(data[begin + 3] & 1)
        rest = data[begin + 6 + wide : after]
        item.kind = rest[:4]
        item.content = rest[4:].partition(b"\x00")[2].partition(b"\x00")[0]


def _places(data: bytes, at: int, meta: _Meta) -> None:
    version = data[at]
    sizes = _number(data, at + 4, 2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    index = index if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    count, at = _number(data, at + 6, wide), at + 6 + wide
    found = 0
    for _ in range(count):
        item, at = meta.items[_number(data, at, wide)], at + wide
        method = 0
        if version in (1, 2):
            method, at = data[at + 1] & 15, at + 2
        start, at = _number(data, at + 2, base), at + 2 + base
        extents, at = _number(data, at, 2), at + 2
        found += extents
        if found > _MOST_EXTENTS:
            raise IndexError
        for _ in range(extents):
            at += index
            item.extents.append(
                (method, start + _number(data, at, offset), _number(data, at + offset, length))
            )
            at += offset + length


def _references(data: bytes, at: int, end: int, meta: _Meta) -> None:
    wide = 4 if data[at] else 2
    for kind, begin, _ in _boxes(data, at + 4, end):
        if kind is None:
            raise IndexError
        count = _number(data, begin + wide, 2)
        first = begin + wide + 2
        to = [_number(data, first + wide * n, wide) for n in range(count)]
        meta.refers.append((kind, _number(data, begin, wide), to))


def _properties(data: bytes, at: int, end: int, meta: _Meta, parts: Parts) -> None:
    for kind, begin, after in _boxes(data, at, end):
        if kind == b"ipco":
            for name, first, last in _boxes(data, begin, after):
                value = data[first:last]
                meta.properties.append((name or b"", value))
                _property(name or b"", value, parts)
        elif kind == b"ipma":
            _associations(data, begin, meta)
        elif kind is not None:
            _other(kind, data[begin:after], parts)


def _property(name: bytes, value: bytes, parts: Parts) -> None:
    most = _PROPERTIES.get(name)
    shown = name.decode("latin-1").strip()
    if most is None or len(value) > most:
        _other(name, value, parts) if most is None or most == 0 else parts.miss(shown, len(value))
    elif name == b"colr" and value[:4] in (b"prof", b"rICC"):
        profile("ICC profile", value[4:], parts)
    else:
        inside(f"property {shown}", value, parts)


def _associations(data: bytes, at: int, meta: _Meta) -> None:
    version, flags = data[at], data[at + 3]
    wide, each = (4 if version else 2), (2 if flags & 1 else 1)
    count, at = _number(data, at + 4, 4), at + 8
    for _ in range(count):
        item, at = meta.items[_number(data, at, wide)], at + wide
        number, at = data[at], at + 1
        for _ in range(number):
            item.properties.append(_number(data, at, each) & (0x7FFF if each == 2 else 0x7F))
            at += each


def _items(data: bytes, meta: _Meta, parts: Parts) -> list[tuple[int, int]]:
    """Take the items that are no pictures; return which bytes of the file items use."""
    used = []
    for item in meta.items.values():
        block = b""
        for method, at, size in item.extents:
            source = (data, meta.small)[method] if method in (0, 1) else b""
            # A length of zero means all of the rest.
            length = size or len(source) - at
            if at + length > len(source):
                raise IndexError
            if method == 0:
                used.append((at, at + length))
            if item.kind in (b"Exif", b"mime"):
                if len(block) + length > _MOST_BLOCK:
                    raise IndexError
                block += source[at : at + length]
        if item.kind == b"Exif":
            begin = 4 + int.from_bytes(block[:4], "big")
            exif_block("EXIF", block[begin:].removeprefix(EXIF), parts)
            parts.miss("EXIF", max(begin - 10, 0))
        elif item.kind == b"mime" and item.content == b"application/rdf+xml":
            words("XMP", block, parts)
        elif item.kind not in (*_CODED, *_DERIVED):
            name = item.kind.decode("latin-1")
            parts.miss(f"item {name if name.isalnum() else 'without a name'}",
                       sum(size or 1 for _, _, size in item.extents) or 1)  # fmt: skip
    return used


def _pictures(meta: _Meta, parts: Parts, *, several: bool) -> None:
    """Count pictures that are shown by nothing, and say what crops hide."""
    if meta.primary not in meta.items:
        raise IndexError
    shown = _shown(meta, several=several)
    for number, item in meta.items.items():
        if item.kind not in (*_CODED, *_DERIVED):
            continue
        if number not in shown:
            size = sum(length or 1 for _, _, length in item.extents)
            parts.miss("an image that is not shown", size or 1)
        elif _cropped(meta, item):
            parts.hidden.append("what lies outside of a crop")


def _shown(meta: _Meta, *, several: bool) -> set[int]:
    """Return the numbers of the pictures that the reader shows, and of those they are made of."""
    shown = {meta.primary}
    if several:
        shown.update(
            number
            for number, item in meta.items.items()
            if item.kind in (*_CODED, *_DERIVED) and not item.hidden
        )
    for kind, begin, of in meta.refers:
        if kind == b"auxl" and (several or _is_alpha(meta, begin)) and set(of) & shown:
            shown.add(begin)
    for _ in range(_DEEPEST_GRID):
        for kind, begin, of in meta.refers:
            if kind == b"dimg" and begin in shown:
                shown.update(of)
    return shown


def _cropped(meta: _Meta, item: _Item) -> bool:
    """Return whether a crop hides more of an image than its edge."""
    found = dict(
        meta.properties[place - 1] for place in item.properties
        if 0 < place <= len(meta.properties)
    )  # fmt: skip
    if b"clap" not in found or b"ispe" not in found:
        return b"clap" in found
    whole = struct.unpack_from(">II", found[b"ispe"], 4)
    parts = struct.unpack_from(">IIII", found[b"clap"])
    kept = (parts[0] // max(parts[1], 1), parts[2] // max(parts[3], 1))
    return any(all_ - some >= _MARGIN for all_, some in zip(whole, kept, strict=True))


def _is_alpha(meta: _Meta, number: int) -> bool:
    for place in meta.items[number].properties:
        if 0 < place <= len(meta.properties):
            name, value = meta.properties[place - 1]
            if name == b"auxC" and value[4:].partition(b"\x00")[0] in _ALPHA:
                return True
    return False


def _uncovered(
    data: bytes, begin: int, end: int, used: list[tuple[int, int]], parts: Parts
) -> None:
    """Count the bytes of a box of data to which no item refers."""
    at = begin
    for first, after in [*sorted(used), (end, end)]:
        if first > at and first <= end and data[at:first].strip(b"\x00"):
            parts.miss("bytes to which no item refers", first - at)
        at = max(at, after)
        if at >= end:
            return
