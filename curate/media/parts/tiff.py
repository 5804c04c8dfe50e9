"""Directories of a TIFF: what no reader understands, and bytes to which no tag refers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from curate.media.jpeg import parse_jpeg
from curate.media.kernels import default_kernels
from curate.media.limits import Limits
from curate.media.pages import MOST_DIRECTORIES
from curate.media.parts.blocks import (
    ROUNDING,
    Parts,
    inside,
    left_over,
    photoshop,
    profile,
    setting,
    text_block,
    words,
)
from curate.media.tiff import SUB_IFDS, parse_tiff
from curate.media.turbo import decode_jpeg
from curate.media.unreadable import UnreadableError

if TYPE_CHECKING:
    from curate.media.tiff import Directory, Entry, Tiff

_WIDTH, _HEIGHT, _BITS, _COMPRESSION = 256, 257, 258, 259
_STRIPS, _STRIP_SIZES, _ROWS = (273, 324), (279, 325), 278
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_SAMPLES, _PLANES, _EXTRA = 277, 284, 338
_PREVIEW_AT, _PREVIEW_SIZE = 513, 514
_XMP, _IPTC, _PHOTOSHOP, _PROFILE = 700, 33723, 34377, 34675
# EXIF, GPS, and interoperability: directories of their own.
_DIRECTORIES = (34665, 34853, 40965)
# Words, which the signals stage reads, whatever type they have.
_TEXTS = frozenset((269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, 34737, 42112, 42113,
                    40091, 40092, 40093, 40094, 40095))  # fmt: skip
_NONE, _LZW, _JPEG, _DEFLATE, _PACKBITS = 1, 5, 7, (8, 32946), 32773
_MARKERS, _MOST_SAMPLES = 64, 256
# Strips, and bytes of them when they are not packed, that are counted in all.
_MOST_STRIPS, _MOST_UNPACKED = 1 << 20, 1 << 31
# Of many values each: where strips stand, colours of a palette, and tables of JPEG.
_COLOURS, _TABLES = 320, 347
_MOST_TABLES = 32 << 10
_ASCII = 2
# Pillow leaves the header of each further page where it was.
_NOTHING = (b"", b"II*\x00\x08", b"MM\x00*\x00\x00\x00\x08")


def walk_tiff(data: bytes, parts: Parts) -> None:
    """Take a TIFF apart."""
    tiff = parse_tiff(data, most=MOST_DIRECTORIES)
    if tiff.broken or not tiff.directories:
        raise IndexError
    used = [(0, 16 if tiff.big else 8)]
    parts.surplus, left = 0, _MOST_UNPACKED
    for directory in tiff.directories:
        _directory(tiff, directory, parts, used)
        left = _strips(tiff, directory, parts, used, left)
    _between(data, used, parts)


def _directory(tiff: Tiff, directory: Directory, parts: Parts, used: list[tuple[int, int]]) -> None:
    used.append((directory.at, directory.end))
    parts.miss("a tag that is there twice", directory.repeated * 12)
    for tag, entry in directory.tags.items():
        if not entry.inline:
            used.append((entry.at, entry.at + entry.size))
        if tag in _DIRECTORIES:
            _below(tiff, directory, tag, parts, used)
        elif tag != SUB_IFDS:
            _tag(tag, entry, tiff.block(entry), parts)
    at = tiff.number(directory, _PREVIEW_AT, 0)
    size = tiff.number(directory, _PREVIEW_SIZE, 0)
    if at and size and not tiff.values(directory, _STRIPS[0]):
        used.append((at, at + size))
        inside("EXIF", tiff.data[at : at + size], parts)
    extra = tiff.values(directory, _EXTRA)
    if all(tag in directory.tags for tag in _STRIPS):
        # Some programs show the strips, others the tiles.
        parts.hidden.append("a picture in tiles beside one in strips")
    if len(extra) > 1 or len(tiff.values(directory, _BITS)) > 4 + bool(extra):
        parts.hidden.append("planes of samples beside the colours")


def _tag(tag: int, entry: Entry, value: bytes, parts: Parts) -> None:
    """Take the values of one tag."""
    if tag == _XMP:
        words("XMP", value, parts)
    elif tag == _PROFILE:
        profile("ICC profile", value, parts)
    elif tag == _PHOTOSHOP:
        photoshop(value, parts)
    elif tag == _IPTC:
        inside("IPTC", value, parts)
    elif tag in _TEXTS or entry.kind == _ASCII:
        text_block(f"tag {tag}", value, parts)
    elif tag in (*_STRIPS, *_STRIP_SIZES):
        return  # each is held against the coded picture
    elif tag in (_COLOURS, _TABLES):
        parts.miss(f"tag {tag}", len(value) if len(value) > _MOST_TABLES else 0)
    elif entry.inline:
        return
    else:
        setting(f"tag {tag}", value, parts)


def _below(
    tiff: Tiff, directory: Directory, tag: int, parts: Parts, used: list[tuple[int, int]]
) -> None:
    """Take a directory of EXIF: its values are settings and words."""
    at = tiff.number(directory, tag, 0)
    if not at:
        return
    inner = parse_tiff(tiff.beginning_with(replace(directory, at=at)), most=1)
    if not inner.directories:
        raise IndexError
    below = inner.directories[0]
    used.append((below.at, below.end))
    for other, entry in below.tags.items():
        if not entry.inline:
            used.append((entry.at, entry.at + entry.size))
            inside("EXIF", inner.block(entry), parts)
        if other in _DIRECTORIES:
            _below(inner, below, other, parts, used)


def _strips(
    tiff: Tiff, directory: Directory, parts: Parts, used: list[tuple[int, int]], left: int
) -> int:
    """Take the coded picture, and count what it has beyond its pixels.

    Returns:
        How many of the bytes that may be unpacked are left.
    """
    at, sizes = ((*tiff.values(directory, a), *tiff.values(directory, b)) for a, b in
                 (_STRIPS, _STRIP_SIZES))  # fmt: skip
    if len(at) != len(sizes):
        if at:
            raise IndexError
        return left
    wanted = _wanted(tiff, directory, len(at))
    coding = tiff.number(directory, _COMPRESSION, 1)
    tables = tiff.block(directory.tags[_TABLES]) if _TABLES in directory.tags else b""
    if len(used) + len(at) > _MOST_STRIPS:
        raise IndexError
    for begin, size, need in zip(at, sizes, wanted, strict=True):
        code = tiff.data[begin : begin + size]
        if len(code) < size:
            raise IndexError
        used.append((begin, begin + size))
        left -= need
        if left < 0:  # packed so that it would take long
            over = None
        elif coding == _JPEG:
            over = _of_jpeg(tables, code)
        else:
            over = _over(code, need, coding)
        if over is None:
            parts.surplus = None
        elif parts.surplus is not None:
            parts.surplus += over
    return left


def _wanted(tiff: Tiff, directory: Directory, count: int) -> list[int]:
    """Return how many bytes each strip or tile has when it is not packed."""
    width, height = (tiff.number(directory, tag, 0) for tag in (_WIDTH, _HEIGHT))
    bits = tiff.values(directory, _BITS) or (1,)
    samples = tiff.number(directory, _SAMPLES, 1)
    if samples > _MOST_SAMPLES:
        raise IndexError
    every = bits if len(bits) == samples else bits[:1] * samples
    planes = samples if tiff.number(directory, _PLANES, 1) == 2 else 1
    per_plane = [every[plane : plane + 1] if planes > 1 else every for plane in range(planes)]
    across = tiff.number(directory, _TILE_WIDTH, 0)
    if across:
        down = tiff.number(directory, _TILE_HEIGHT, 0)
        each = count // planes
        return [(across * sum(of) + 7) // 8 * down for of in per_plane for _ in range(each)]
    rows = min(tiff.number(directory, _ROWS, height) or height, height)
    made = []
    for of in per_plane:
        row = (width * sum(of) + 7) // 8
        steps = range(0, height, rows or 1)[: count + 1]
        made += [row * min(rows, height - top) for top in steps]
    # Strips that no row needs are shown by nothing.
    return (made + [0] * count)[:count]


def _over(code: bytes, wanted: int, coding: int) -> int | None:
    """Return how many bytes a strip has that its pixels do not need; None where not known."""
    if coding == _NONE:
        return max(len(code) - wanted, 0)
    if coding in _DEFLATE:
        return left_over([memoryview(code)], wanted)
    if coding == _PACKBITS:
        return _beyond(len(code), _packbits(code, wanted))
    if coding == _LZW:
        codes = np.frombuffer(code, np.uint8)
        return _beyond(len(code), default_kernels().tiff_lzw_used(codes, wanted))
    return None


def _of_jpeg(tables: bytes, code: bytes) -> int | None:
    """Return how many bytes of a strip or tile coded as JPEG show nothing (Technical Note 2)."""
    whole = (tables[:-2] if len(tables) > 4 else b"\xff\xd8") + code[2:]
    try:
        facts = parse_jpeg(whole)
        decode_jpeg(whole, facts, Limits(), colour=False)
    except (UnreadableError, IndexError):
        return None
    if facts.surplus is None or facts.end is None or facts.scanned_twice:
        return None
    aside = sum(end - begin for marker, begin, end in facts.segments
                if 0xE0 <= marker <= 0xEF or marker == 0xFE)  # fmt: skip
    # Adobe's and JFIF's markers say how it is coded.
    aside = aside if aside > _MARKERS else 0
    return facts.surplus + facts.stray + aside + len(whole) - facts.end


def _beyond(size: int, used: int) -> int:
    return size - used if size > used + ROUNDING else 0


def _packbits(code: bytes, wanted: int) -> int:
    """Return how many bytes are read until so many are there (TIFF 6.0, section 9)."""
    at, made = 0, 0
    while at < len(code) and made < wanted:
        head = code[at]
        if head < 128:
            at, made = at + 2 + head, made + 1 + head
        else:
            at, made = at + (1 if head == 128 else 2), made + (0 if head == 128 else 257 - head)
    return at


def _between(data: bytes, used: list[tuple[int, int]], parts: Parts) -> None:
    """Count bytes to which nothing refers: between two parts, and behind the last."""
    end = 0
    for begin, after in sorted(used):
        # Values begin at even bytes.
        if begin > end and data[end:begin].strip(b"\x00") not in _NOTHING:
            parts.miss("bytes to which no tag refers", begin - end)
        end = max(end, after)
    parts.tail = len(data[end:].rstrip(b"\x00"))
