"""Take the metadata out of a picture and leave its coded pixels as they are, byte for byte.

What a file says of place, time, device, people and rights lies beside the pixels: segments of a
JPEG, chunks of a PNG or WebP, extensions of a GIF, comments of a PNM. What a viewer needs to show
the picture stays: colour profile, gamma, transparency, timing, and how it is to be turned. Bytes
after the end of the picture go as well: phones hide clips there, and other pictures.

Nothing is decoded. A file that does not keep to its format is refused, not mended.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from zlib import crc32

import numpy as np

from curate.media.exif import parse_exif
from curate.media.unreadable import Reason, UnreadableError

# A TIFF structure with nothing in it but the orientation: tag 0x0112, one SHORT.
_ORIENTATION = (
    b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00%b\x00\x00\x00\x00\x00\x00\x00"
)

# What may follow 0xFF inside coded data: a stuffed zero, a restart, filling.
_CODED = np.zeros(256, np.bool_)
_CODED[[0x00, *range(0xD0, 0xD8), 0xFF]] = True
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14, _APP15, _COM = (
    *(0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE),
)
_DATA = -1

# PNG, third edition, 11: what changes how the pixels are shown. `eXIf` is made anew.
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
     b"sBIT", b"bKGD", b"pHYs", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT")
)  # fmt: skip
WEBP_CODED = frozenset((b"VP8 ", b"VP8L", b"ALPH"))
WEBP_KEPT = WEBP_CODED | {b"ANIM", b"ICCP"}
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04


def strip(data: bytes, format_name: str) -> bytes:
    """Return a picture without metadata; the same bytes when it has none.

    Args:
        data: The file.
        format_name: As `sniff` names it.

    Raises:
        UnreadableError: `UNSUPPORTED` for a format whose metadata cannot be taken out without
            coding the picture anew; `CORRUPT` for a file that does not keep to its format.
    """
    if format_name not in _STRIPPERS:
        detail = f"metadata cannot be taken out of {format_name} without coding it anew"
        raise UnreadableError(Reason.UNSUPPORTED, detail)
    try:
        parts = list(_STRIPPERS[format_name](data))
    except (IndexError, struct.error) as error:
        raise _broken("it ends inside a header") from error
    # What was cut out of `data` is a view of it: views of all of it are the file as it was.
    if all(isinstance(part, memoryview) for part in parts) and sum(map(len, parts)) == len(data):
        return data
    return b"".join(parts)


def can_strip(format_name: str) -> bool:
    """Return whether metadata can be taken out of pictures of this format."""
    return format_name in _STRIPPERS


def _broken(detail: str) -> UnreadableError:
    return UnreadableError(Reason.CORRUPT, detail)


def _turning(exif: bytes) -> bytes | None:
    """Return an EXIF block that says no more than how the picture is turned, if it is."""
    turned = parse_exif(exif).orientation
    return _ORIENTATION % bytes([turned]) if turned not in (None, 1) else None


def _jpeg(data: bytes) -> Iterator[bytes | memoryview]:
    """Yield a JPEG's segments (ITU-T T.81, annex B) but those that describe it."""
    kept: list[bytes | memoryview] = []
    turning: bytes | None = None
    for kind, segment in _segments(data):
        head = bytes(segment[4:18])
        if kind == _APP1 and head.startswith(b"Exif\x00\x00"):
            turning = turning or _turning(bytes(segment[10:]))
        if kind == _APP0 and head.startswith(b"JFIF\x00") and len(segment) > 18:
            # A thumbnail shows the picture as it was before someone changed it.
            kept.append(struct.pack(">BBH", 0xFF, _APP0, 16) + head[:12] + b"\x00\x00")
        elif is_shown(kind, head):
            kept.append(segment)
    if turning:
        # Behind JFIF, where there is one: readers look for it at the very beginning.
        place = 2 if kept[1][1] == _APP0 else 1
        block = b"Exif\x00\x00" + turning
        kept.insert(place, struct.pack(">BBH", 0xFF, _APP1, len(block) + 2) + block)
    yield from kept


def _segments(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield the segments of a picture from its first marker to its last, with their kinds.

    What is coded follows the head of its scan, as a piece of the kind `_DATA`.
    """
    view, at = memoryview(data), 2
    yield _SOI, view[:2]
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise _broken(f"no marker at byte {at}")
        kind = data[at + 1]
        if kind == _EOI:
            yield _EOI, view[at : at + 2]
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise _broken(f"the segment at byte {at} has no end")
        yield kind, view[at:end]
        at = end
        if kind == _SOS:
            at = _scan_end(data, at)
            yield _DATA, view[end:at]


def is_shown(kind: int, head: bytes) -> bool:
    """Return whether a segment is part of what the picture shows."""
    if kind == _APP0:
        # An extension of JFIF (JFXX) is nothing but a thumbnail.
        return head.startswith(b"JFIF\x00") and len(head) == 14
    if kind == _APP2:
        return head.startswith(b"ICC_PROFILE\x00")
    if kind == _APP14:
        return head.startswith(b"Adobe")
    return not (_APP0 <= kind <= _APP15 or kind == _COM)


def _scan_end(data: bytes, begin: int) -> int:
    """Return where the coded data that begins there ends: at the first marker."""
    codes = np.frombuffer(data, np.uint8, offset=begin)
    at = np.flatnonzero(codes[:-1] == 0xFF)
    markers = at[~_CODED[codes[at + 1]]]
    if not len(markers):
        raise _broken("the coded data has no end")
    return begin + int(markers[0])


def _png(data: bytes) -> Iterator[bytes]:
    yield _PNG_HEAD
    at = len(_PNG_HEAD)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if len(chunk) < 12 + length:
            raise _broken(f"the chunk at byte {at} has no end")
        at += 12 + length
        if kind == b"eXIf" and (turning := _turning(chunk[8:-4])):
            yield _png_chunk(kind, turning)
        elif kind in PNG_KEPT:
            yield chunk


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", crc32(kind + body))


def _webp(data: bytes) -> Iterator[bytes]:
    chunks, turning = list(_riff_chunks(data)), None
    for kind, body in chunks:
        if kind == b"EXIF":
            turning = turning or _turning(body)
    parts = []
    for kind, body in chunks:
        if kind == b"VP8X":
            flags = body[0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if turning else 0)
            parts.append(_riff_chunk(kind, bytes([flags]) + body[1:]))
        elif kind == b"ANMF":
            frame = b"".join(
                _riff_chunk(inner, code)
                for inner, code in _chunks(body, 16, len(body))
                if inner in WEBP_CODED
            )
            parts.append(_riff_chunk(kind, body[:16] + frame))
        elif kind in WEBP_KEPT:
            parts.append(_riff_chunk(kind, body))
    if turning:
        parts.append(_riff_chunk(b"EXIF", turning))
    whole = b"WEBP" + b"".join(parts)
    yield struct.pack("<4sI", b"RIFF", len(whole)) + whole


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    (size,) = struct.unpack_from("<I", data, 4)
    end, at = 8 + size, 12
    if end > len(data):
        raise _broken("the file is shorter than it says")
    yield from _chunks(data, at, end)


def _chunks(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    while at < end:
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise _broken(f"the chunk at byte {at} has no end")
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + b"\x00" * (len(body) % 2)


def _gif(data: bytes) -> Iterator[bytes]:
    """Yield a GIF's blocks (GIF89a, 12 to 27) but comments, texts and foreign extensions."""
    at = 13 + _colours(data[10])
    yield data[:at]
    while data[at] != 0x3B:
        begin = at
        if data[at] == 0x2C:
            at += 10 + _colours(data[at + 9]) + 1
            at = _past_blocks(data, at)
            yield data[begin:at]
        elif data[at] == 0x21:
            kind = data[at + 1]
            at = _past_blocks(data, at + 2)
            loops = kind == 0xFF and data[begin + 3 : begin + 14] in GIF_LOOPS
            if kind == 0xF9 or loops:
                yield data[begin:at]
        else:
            raise _broken(f"no block at byte {at}")
    yield b";"


GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _past_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


_PNM_HEAD = re.compile(
    rb"(P[56]|P[Ff])(?:\s+|\s*#[^\n]*\n)+(\d+)(?:\s+|\s*#[^\n]*\n)+(\d+)"
    rb"(?:\s+|\s*#[^\n]*\n)+([-+.\deE]+)\s"
)


def _pnm(data: bytes) -> Iterator[bytes]:
    """Yield a binary PGM, PPM or PFM: its header without comments, and its samples."""
    head = _PNM_HEAD.match(data)
    if head is None:
        detail = "metadata cannot be taken out of this kind of PNM without coding it anew"
        raise UnreadableError(Reason.UNSUPPORTED, detail)
    kind, width, height, most = head.groups()
    channels = 3 if kind in (b"P6", b"PF") else 1
    depth = 4 if kind in (b"PF", b"Pf") else 1 + (int(most) > 255)
    size = int(width) * int(height) * channels * depth
    samples = data[head.end() : head.end() + size]
    if len(samples) < size:
        raise _broken("the file is shorter than it says")
    yield b"%b\n%b %b\n%b\n" % (kind, width, height, most)
    yield samples


def _bmp(data: bytes) -> Iterator[bytes]:
    """Yield a BMP up to the length it names: the format has no place for words."""
    (size,) = struct.unpack_from("<I", data, 2)
    if size > len(data):
        raise _broken("the file is shorter than it says")
    yield data[: size or len(data)]


_STRIPPERS: dict[str, Callable[[bytes], Iterator[bytes | memoryview]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
    "PPM": _pnm,
    "BMP": _bmp,
}
