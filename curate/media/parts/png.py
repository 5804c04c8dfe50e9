"""Chunks of a PNG (third edition, 11)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from curate.media.parts.blocks import (
    EXIF,
    MOST_PROFILE,
    MOST_TEXT,
    PHOTOSHOP,
    Parts,
    exif_block,
    inflated,
    inside,
    left_over,
    photoshop,
    profile,
    text_block,
)
from curate.media.pngtext import TEXTS, profile_kind, split_text, unwritten
from curate.media.strip import PNG_KEPT

# Chunks that programs read, and how long they are at most (PNG, third edition, 11).
_PNG_SIZES = {
    b"IHDR": 13, b"PLTE": 768, b"IEND": 0, b"tRNS": 256, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1,
    b"sBIT": 4, b"bKGD": 6, b"hIST": 512, b"pHYs": 9, b"tIME": 7, b"cICP": 4, b"mDCV": 24,
    b"cLLI": 8, b"acTL": 8, b"fcTL": 26, b"oFFs": 9, b"vpAg": 9, b"orNT": 1, b"caNv": 16,
    b"iDOT": 28,
}  # fmt: skip
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
Size = tuple[int, int]


def walk_png(data: bytes, parts: Parts) -> None:
    """Take a PNG apart."""
    width, height, depth, colour, _, _, laced = struct.unpack_from(">IIBBBBB", data, 16)
    bits = depth * _SAMPLES.get(colour, 4)
    frames: list[tuple[Size, list[memoryview]]] = [((width, height), [])]
    counted, drawn = 0, 0
    seen: set[bytes] = set()
    for kind, value in _chunks(memoryview(data)):
        parts.kept = kind in PNG_KEPT
        if kind == b"IDAT":
            frames[0][1].append(value)
        elif kind == b"fdAT":
            frames[-1][1].append(value[4:])
        elif kind == b"fcTL":
            parts.miss("fcTL", len(value) if len(value) > _PNG_SIZES[kind] else 0)
            drawn += 1
            if frames[0][1]:
                frames.append((struct.unpack_from(">II", value, 4), []))
        elif kind not in _PNG_SIZES:
            _png_words(kind, bytes(value), parts)
        elif kind in seen:
            parts.miss(f"a second {kind.decode()}", len(value) or 1)
        else:
            seen.add(kind)
            parts.miss(kind.decode(), len(value) if len(value) > _PNG_SIZES[kind] else 0)
            counted += int.from_bytes(value[:4], "big") if kind == b"acTL" else 0
    parts.kept = True
    if drawn != counted:  # decoders go by one number or the other
        parts.hidden.append("frames of the animation that its header does not count")
    parts.surplus = 0
    for size, pieces in frames:
        parts.surplus += left_over(pieces, _png_bytes(size, bits, laced=bool(laced)))


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the chunks up to the last, each with its kind."""
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", view, at)
        value = view[at + 8 : at + 8 + length]
        if len(value) < length:
            raise IndexError
        at += 12 + length
        yield kind, value


def _png_bytes(size: Size, bits: int, *, laced: bool) -> int:
    """Return how many bytes a picture's rows have, each with the byte that names its filter."""
    width, height = size
    passes = _PASSES if laced else ((0, 0, 1, 1),)
    total = 0
    for left, top, right, down in passes:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _png_words(kind: bytes, value: bytes, parts: Parts) -> None:
    """Take a chunk that holds metadata."""
    name = kind.decode("latin-1")
    if kind == b"eXIf":
        exif_block("EXIF", value.removeprefix(EXIF), parts)
    elif kind == b"iCCP":
        packed = value.partition(b"\x00")[2][1:]
        profile("ICC profile", inflated(name, packed, parts, MOST_PROFILE), parts)
    elif kind == b"caBX":
        inside("C2PA", value, parts)
    elif kind in TEXTS:
        _png_text(kind, value, parts)
    else:
        parts.miss(name if name.isalpha() else "a chunk without a name", len(value))


def _png_text(kind: bytes, value: bytes, parts: Parts) -> None:
    keyword, rest, packed = split_text(kind, value)
    name = f"{kind.decode()} {keyword[:40].decode('latin-1')}"
    text = inflated(name, rest, parts, MOST_TEXT) if packed else rest
    raw_profile = profile_kind(keyword)
    if raw_profile is None:
        text_block(name, text, parts)
        return
    try:
        raw = unwritten(text)
    except ValueError:
        parts.miss(name, len(text))
        return
    if raw_profile in (b"exif", b"APP1", b"xmp"):
        inside(name, raw, parts)
    elif raw_profile in (b"iptc", b"8bim"):
        photoshop(raw.removeprefix(PHOTOSHOP), parts)
    elif raw_profile in (b"icc", b"icm"):
        profile(name, raw, parts)
    else:
        parts.miss(name, len(raw))
