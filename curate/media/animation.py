"""Count frames and durations of animations, and pages, from containers, without decoding.

GIF89a section 23, the WebP container specification (ANIM, ANMF), and the PNG specification
third edition (acTL, fcTL). Counting by decoding would let a small file cost minutes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# Browsers show frames of at most 10 ms for 100 ms; files rely on it.
_SHORTEST_MS = 10
_REPLACED_BY_MS = 100


@dataclass(frozen=True, slots=True)
class Timing:
    """Frames of a container, and what its structure says of its end."""

    frame_count: int = 1
    duration_ms: int | None = None
    """One loop; None for a still picture."""
    end: int | None = None
    """Where the container ends in the file; None when it was cut off."""


def _timing(delays: list[int], end: int | None) -> Timing:
    if len(delays) <= 1:
        return Timing(1, None, end)
    return Timing(len(delays), sum(map(shown_ms, delays)), end)


def shown_ms(delay: int) -> int:
    """Return how long a frame of `delay` ms is shown, in ms."""
    return _REPLACED_BY_MS if delay <= _SHORTEST_MS else delay


def gif_timing(data: bytes, *, max_frames: int) -> Timing:
    """Return the timing of a GIF; counting stops at `max_frames`."""
    at = 13 + _colours(data, 10)
    delays: list[int] = []
    delay = 0
    while at < len(data) and len(delays) < max_frames:
        block = data[at]
        if block == 0x3B:
            return _timing(delays, at + 1)
        if block == 0x21:
            if data[at + 1 : at + 3] == b"\xf9\x04":
                delay = 10 * int.from_bytes(data[at + 4 : at + 6], "little")
            at = _skip_blocks(data, at + 2)
        elif block == 0x2C:
            delays.append(delay)
            delay = 0
            at = _skip_blocks(data, at + 11 + _colours(data, at + 9))
        else:
            break
    return _timing(delays, None)


def _colours(data: bytes, at: int) -> int:
    """Return the length of the colour table that the flags at `at` announce, in bytes."""
    flags = data[at] if at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def webp_timing(data: bytes, *, max_frames: int) -> Timing:
    """Return the timing of a WebP; counting stops at `max_frames`."""
    end = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    delays: list[int] = []
    while at + 8 <= min(end, len(data)) and len(delays) < max_frames:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"ANMF":
            delays.append(int.from_bytes(data[at + 20 : at + 23], "little"))
        at += 8 + length + (length & 1)
    return _timing(delays, end if end <= len(data) else None)


def png_timing(data: bytes, *, max_frames: int) -> Timing:
    """Return the timing of a PNG; counting stops at `max_frames`.

    A still that is no frame of the animation, which programs without animations show, counts as
    the first: so do decoders number them.
    """
    at = 8
    delays: list[int] = []
    animated = False
    while at + 8 <= len(data) and len(delays) < max_frames:
        (length,) = struct.unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        animated = animated or name == b"acTL"
        if name == b"IDAT" and animated and not delays:
            delays.append(0)
        if name == b"fcTL" and at + 34 <= len(data):
            number, parts = struct.unpack_from(">HH", data, at + 28)
            delays.append(1000 * number // (parts or 100))
        at += 12 + length
        if name == b"IEND":
            return _timing(delays, at if at <= len(data) else None)
    return _timing(delays, None)


def tiff_timing(data: bytes, *, max_frames: int) -> Timing:
    """Return the number of pages of a TIFF; counting stops at `max_frames`.

    Walks the chain of directories (TIFF 6.0 section 2, and BigTIFF) and nothing in them.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    count_code, entry, pointer = (f"{order}Q", 20, f"{order}Q") if big else (
        f"{order}H", 12, f"{order}I"
    )  # fmt: skip
    at = _unpack(data, 8 if big else 4, pointer)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < max_frames:
        seen.add(at)
        entries = _unpack(data, at, count_code)
        at = _unpack(data, at + struct.calcsize(count_code) + entries * entry, pointer)
    return Timing(max(len(seen), 1))


def _unpack(data: bytes, at: int, code: str) -> int:
    """Return the number at `at`, 0 where the file ends before it."""
    if at + struct.calcsize(code) > len(data):
        return 0
    return int(struct.unpack_from(code, data, at)[0])
