"""Blocks of a BMP (BITMAPFILEHEADER and BITMAPV5HEADER), and of a PNM."""

from __future__ import annotations

import re
import struct

import numpy as np

from curate.media.parts.blocks import Parts, profile, text_block

_V5, _EMBEDDED = 124, b"DEBM"
_MASKS = {3: 12, 6: 16}


def walk_bmp(data: bytes, parts: Parts) -> None:
    """Take a BMP apart."""
    size, _, _, pixels, header = struct.unpack_from("<IHHII", data, 2)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        coding, colours, entry = 0, 0, 3
    else:
        width, height, _, bits, coding, coded, _, _, colours = struct.unpack_from(
            "<iiHHIIiiI", data, 18
        )
        entry = 4
    end = 14 + header + (_MASKS.get(coding, 0) if header == 40 else 0)
    if bits <= 8:
        end += entry * (colours or 1 << bits)
    elif colours:
        end += entry * colours
    parts.miss("the gap before the pixels", max(pixels - end, 0))
    if pixels < min(end, 14 + header) or pixels > len(data):
        raise IndexError
    if coding in (0, 3, 6):
        row = (width * bits + 31) // 32 * 4
        need = row * abs(height)
        parts.surplus = 0
        _unused_bits(data[pixels : pixels + need], row, width, bits, coding, parts)
    else:
        need = coded
        parts.surplus = None  # runs that go on behind the last row
    if pixels + need > len(data):
        raise IndexError
    end = pixels + need
    if header == _V5:
        end = _embedded_profile(data, end, parts)
    # Up to the length that the header names it belongs to the file; most leave it at two zeros.
    inner = min(max(size, end), len(data))
    if data[end:inner].strip(b"\x00") or inner - end > 4:
        parts.surplus = None if parts.surplus is None else inner - end
        if parts.surplus is None:
            parts.miss("bytes behind the pixels", inner - end)
    parts.tail = len(data) - inner


def _unused_bits(coded: bytes, row: int, width: int, bits: int, coding: int, parts: Parts) -> None:
    """Count what stands behind each row, and a bit of each pixel that no colour has."""
    if row <= 0:
        raise IndexError
    whole = coded[: len(coded) // row * row]
    rows = np.frombuffer(whole, np.uint8).reshape(-1, row)
    padding = rows[:, (width * bits + 7) // 8 :]
    parts.miss("bytes behind each row", padding.size if padding.any() else 0)
    if bits == 16 and coding == 0 and (rows[:, 1 : 2 * width : 2] & 0x80).any():
        parts.hidden.append("a bit of each pixel beside its colours")


def _embedded_profile(data: bytes, end: int, parts: Parts) -> int:
    kind = data[70:74]
    at, size = struct.unpack_from("<II", data, 126)
    if kind not in (_EMBEDDED, b"KNIL") or not size:
        return end
    block = data[14 + at : 14 + at + size]
    if kind == _EMBEDDED:
        profile("ICC profile", block, parts)
    else:
        text_block("the name of a profile", block, parts)
    return max(end, 14 + at + size)


_GAP = rb"(?:\s+|#[^\r\n]*[\r\n])+"
_BINARY = re.compile(
    rb"P([4567fF])" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)(?:" + _GAP + rb"([-+.\deE]+))?"
)
_COMMENT = re.compile(rb"#[^\r\n]*")
_PLAIN = re.compile(rb"(?:[\s\d]|#[^\r\n]*)*")
_DEPTH = {b"4": 0, b"5": 1, b"6": 3, b"f": 4, b"F": 12}


def walk_anymap(data: bytes, parts: Parts) -> None:
    """Take a PBM, PGM, PPM or PFM apart."""
    if data[1:2] in b"123":
        _plain(data, parts)
        return
    head = _BINARY.match(data)
    if head is None:
        raise IndexError
    kind, width, height, most = head.groups()
    begin = (head.end(3) if kind == b"4" else head.end()) + 1
    if kind == b"4":
        size = (int(width) + 7) // 8 * int(height)
    else:
        wide = 2 if kind in b"56" and int(most) > 255 else 1
        size = int(width) * int(height) * _DEPTH[kind] * wide
    if begin + size > len(data):
        raise IndexError
    parts.kept = False
    for comment in _COMMENT.findall(data[:begin]):
        text_block("comment", comment, parts)
    parts.kept = True
    parts.surplus, parts.tail = 0, len(data) - begin - size


def _plain(data: bytes, parts: Parts) -> None:
    """Take a picture in numbers written out: comments can stand anywhere between them."""
    end = _PLAIN.match(data, 2)
    assert end is not None
    numbers = _COMMENT.sub(b" ", data[2 : end.end()]).split()
    head = 2 if data[1:2] == b"1" else 3
    width, height = int(numbers[0]), int(numbers[1])
    need = width * height * (3 if data[1:2] == b"3" else 1)
    have = len(numbers) - head
    if data[1:2] == b"1":  # bits need no blank between them
        have = sum(map(len, numbers[head:]))
    if have < need:
        raise IndexError
    for comment in _COMMENT.findall(data[: end.end()]):
        text_block("comment", comment, parts)
    # A number takes two bytes at least, with its blank.
    parts.surplus, parts.tail = have - need, len(data) - end.end()
