"""Blocks of a GIF (GIF89a, 12 to 27)."""

from __future__ import annotations

import struct

import numpy as np

from curate.media.kernels import default_kernels
from curate.media.parts.blocks import ROUNDING, Parts, profile, text_block, words
from curate.media.strip import GIF_LOOPS


def walk_gif(data: bytes, parts: Parts) -> None:
    """Take a GIF apart."""
    parts.surplus = 0
    at = 13 + _colours(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            width, height = struct.unpack_from("<HH", data, at + 5)
            at += 10 + _colours(data[at + 9])
            smallest = data[at]
            value, at = _blocks(data, at + 1)
            used = _lzw(value, smallest, width * height)
            parts.surplus += len(value) - used if len(value) > used + ROUNDING else 0
        elif data[at] == 0x21:
            kind = data[at + 1]
            value, at = _blocks(data, at + 2)
            parts.kept = kind == 0xF9 or (kind == 0xFF and value[:11] in GIF_LOOPS)
            _gif_extension(kind, value, parts)
            parts.kept = True
        else:
            raise IndexError


def _lzw(value: bytes, smallest: int, pixels: int) -> int:
    if not 1 <= smallest <= 11:
        return 0
    return default_kernels().lzw_used(np.frombuffer(value, np.uint8), smallest, pixels)


def _gif_extension(kind: int, value: bytes, parts: Parts) -> None:
    if kind == 0xF9:
        parts.miss("graphic control", len(value) - 4)
    elif kind == 0xFE:
        text_block("comment", value, parts)
    elif kind == 0x01:
        text_block("plain text", value[12:], parts)
    elif kind == 0xFF and value[:11] in GIF_LOOPS:
        parts.miss(value[:11].decode(), len(value) - 11 - 8)
    elif kind == 0xFF and value[:11] == b"XMP DataXMP":
        words("XMP", value[11:], parts)
    elif kind == 0xFF and value[:11] == b"ICCRGBG1012":
        profile("ICC profile", value[11:], parts)
    else:
        name = value[:11].decode("latin-1") if kind == 0xFF else f"extension {kind:02X}"
        parts.miss(name if name.isprintable() else "an extension", len(value))


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """Return what a chain of blocks holds, and where it ends."""
    pieces = []
    while size := data[at]:
        pieces.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(pieces), at + 1
