"""Chunks of a WebP, and coded data that its decoder does not need."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from curate.media.parts.blocks import EXIF, Parts, exif_block, inside, profile, words
from curate.media.strip import WEBP_CODED, WEBP_KEPT

_WEBP_SIZES = {b"VP8X": 10, b"ANIM": 6}
_CODES = (b"VP8 ", b"VP8L", b"ALPH")


def walk_webp(data: bytes, parts: Parts) -> None:
    """Take a WebP apart."""
    end = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    frames: list[dict[bytes, bytes]] = [{}]
    for kind, value in _riff(data[:end], 12):
        parts.kept = kind in WEBP_KEPT or kind in _WEBP_SIZES
        if kind in _CODES:
            _take(kind, value, frames[0], parts)
        elif kind == b"ANMF":
            frame: dict[bytes, bytes] = {}
            for inner, code in _riff(value, 16):
                parts.kept = inner in WEBP_CODED
                _take(inner, code, frame, parts)
            frames.append(frame)
        elif kind in _WEBP_SIZES:
            parts.miss(kind.decode(), len(value) - _WEBP_SIZES[kind])
        elif kind == b"ICCP":
            profile("ICC profile", value, parts)
        elif kind == b"EXIF":
            exif_block("EXIF", value.removeprefix(EXIF), parts)
        elif kind == b"XMP ":
            words("XMP", value, parts)
        elif kind == b"C2PA":
            inside("C2PA", value, parts)
        else:
            _take(kind, value, {}, parts)
    parts.kept = True
    frames = [frame for frame in frames if frame]
    found = [_webp_surplus(frame) for frame in frames[:_MOST_FRAMES]]
    known = frames and len(frames) <= _MOST_FRAMES and None not in found
    parts.surplus = sum(size or 0 for size in found) if known else None


_MOST_FRAMES = 64


def _riff(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        value = data[at + 8 : at + 8 + length]
        if len(value) < length:
            raise IndexError
        yield kind, value
        at += 8 + length + length % 2


def _take(kind: bytes, value: bytes, frame: dict[bytes, bytes], parts: Parts) -> None:
    """Take the one coded picture of a frame; a second one is shown by nothing."""
    if kind in _CODES and kind not in frame:
        frame[kind] = value
    else:
        name = kind.decode("latin-1")
        parts.miss(name if name.isprintable() else "a chunk without a name", len(value))


def _webp_surplus(frame: dict[bytes, bytes]) -> int | None:
    """Return how much of a frame's coded data no pixel needs, at least; None where not known.

    The decoder complains where the data end too early: what still decodes when the end of a
    partition is cut off had something behind it that is not needed.
    """
    if len(frame) != 1:  # a plane of transparency beside it
        return None
    ((kind, code),) = frame.items()
    if kind == b"VP8L":
        return _idle(kind, code[:-_CUT], len(code))
    tag = int.from_bytes(code[:3], "little")
    modes = tag >> 5
    start = 10 + modes
    # Of data in several partitions the end of each would have to be tried.
    if start > len(code) or _partitions(code[10:start]) != 1:
        return None
    shorter = (tag & 0x1F | max(modes - _CUT, 0) << 5).to_bytes(3, "little")
    without_modes = shorter + code[3 : max(start - _CUT, 10)] + code[start:]
    return _idle(kind, without_modes, modes) + _idle(kind, code[:-_CUT], len(code) - start)


_CUT = 12


def _idle(kind: bytes, shorter: bytes, size: int) -> int:
    """Return how many bytes of a partition of `size` are idle: as many as were cut off, or none."""
    return _CUT if size > _CUT and _decodes(kind, shorter) else 0


def _partitions(modes: bytes) -> int:
    """Return how many partitions of coefficients a VP8 frame has (RFC 6386, 9.3 to 9.6, 19.2)."""
    bit = _Bits(modes).read
    bit(2)  # colour space and clamping
    if bit(1):  # segments
        of_map, of_data = bit(1), bit(1)
        if of_data:
            bit(1)
            for width in (*(7,) * 4, *(6,) * 4):
                bit(width + 1) if bit(1) else 0
        if of_map:
            for _ in range(3):
                bit(8) if bit(1) else 0
    bit(10)  # kind, level and sharpness of the filter
    if bit(1) and bit(1):
        for _ in range(8):
            bit(7) if bit(1) else 0
    return int(1 << bit(2))


class _Bits:
    """Reads bits of even odds from VP8's arithmetic code (RFC 6386, 7.3)."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._shifts, self._range = data, 2, 0, 255
        self._value = int.from_bytes(data[:2], "big")

    def read(self, count: int) -> int:
        """Return a number of so many bits."""
        number = 0
        for _ in range(count):
            number = number << 1 | self._bit()
        return number

    def _bit(self) -> int:
        split = 1 + ((self._range - 1) * 128 >> 8)
        found = self._value >= split << 8
        self._value -= split << 8 if found else 0
        self._range = self._range - split if found else split
        while self._range < 128:
            self._value, self._range = self._value << 1, self._range << 1
            self._shifts += 1
            if self._shifts == 8:
                self._shifts = 0
                self._value |= self._data[self._at] if self._at < len(self._data) else 0
                self._at += 1
        return int(found)


def _decodes(kind: bytes, code: bytes) -> bool:
    import io
    import warnings

    from PIL import Image

    body = b"WEBP" + struct.pack("<4sI", kind, len(code)) + code + b"\x00" * (len(code) % 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            Image.open(
                io.BytesIO(struct.pack("<4sI", b"RIFF", len(body)) + body), formats=("WEBP",)
            ).load()
        except Exception:  # noqa: BLE001 - a decoder's complaint can be any
            return False
    return True
