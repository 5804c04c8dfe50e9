"""What a picture's file holds beside the picture: idle coded data, unread parts, and previews.

A picture can go on below the height that its header declares, and a chunk that no program knows can
hold another picture. A part counts as read where a reader of Curate understands it: the coded
picture, colour and size, EXIF, XMP, IPTC and Photoshop's settings, C2PA, and texts. Pictures inside
such a part (previews of cameras and editors) are handed out, to be held against the picture. JPEG,
PNG, GIF and WebP are walked; of other formats nothing is established.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from curate.media.jpeg import parse_jpeg
from curate.media.kernels import default_kernels
from curate.media.photoshop import image_resources
from curate.media.unreadable import UnreadableError

if TYPE_CHECKING:
    from curate.media.jpeg import JpegFacts

# Settings that programs keep, in bytes: one of them, all of Photoshop's, and a JPEG's tables of
# codes. A picture of a person does not fit.
_SETTING, _SETTINGS, _TABLES = 2048, 16 << 10, 32 << 10
_MOST_TEXT, _MOST_PROFILE = 1 << 20, 8 << 20
_PIECE = 1 << 20
# What an encoder may write behind the last code, to end with a whole byte or word.
_ROUNDING = 2

_EXIF, _XMP = b"Exif\x00\x00", b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP, _ICC, _MPF = b"Photoshop 3.0\x00", b"ICC_PROFILE\x00", b"MPF\x00"
_PNG_BEGIN, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x00IEND\xaeB`\x82"
_PICTURES = (b"GIF87a", b"GIF89a", b"WEBPVP8")
# As many letters of base64 or hexadecimal digits as these are no words.
_RUN = re.compile(rb"[A-Za-z0-9+/=_-]{1024,}")
_BREAKS = re.compile(rb"(?i:&#x[ad];)|[\r\n]")


@dataclass
class Parts:
    """What stands in the file of a picture beside what is shown.

    Attributes:
        surplus: Coded bytes that no pixel needs, at least; None where that is not established.
        unread: Bytes of parts that nothing reads, by name; None where the file is not walked.
        previews: Pictures inside, JPEG or PNG, with the names of the parts that hold them.
    """

    surplus: int | None = None
    unread: dict[str, int] | None = field(default_factory=lambda: defaultdict(int))
    previews: list[tuple[str, bytes]] = field(default_factory=list)

    def miss(self, name: str, size: int) -> None:
        """Count bytes that nothing reads."""
        if self.unread is not None and size > 0:
            self.unread[name] = self.unread.get(name, 0) + size

    def facts(self) -> dict[str, object]:
        """Return columns of table ``content``."""
        if self.unread is None:
            return {"surplus_bytes": self.surplus, "unread_bytes": None, "unread_parts": None}
        names = ", ".join(sorted(self.unread)[:8])
        return {
            "surplus_bytes": self.surplus,
            "unread_bytes": sum(self.unread.values()),
            "unread_parts": names or None,
        }


def find_parts(data: bytes, format_name: str, jpeg: JpegFacts | None = None) -> Parts:
    """Return what stands in a picture's file.

    Args:
        data: The file.
        format_name: As `sniff` names it.
        jpeg: Of a JPEG, its markers, with what its decoder counted.
    """
    parts = Parts()
    if jpeg is not None:
        _jpeg(data, jpeg, parts)
        return parts
    walk = _WALKS.get(format_name)
    try:
        if walk is not None:
            walk(data, parts)
            return parts
    except (IndexError, struct.error):  # cut short: what stands in the rest is not known
        pass
    return Parts(unread=None)


# Blocks that more than one format has.


def _setting(name: str, value: bytes, parts: Parts, *, most: int = _SETTING) -> None:
    """Take a block of settings: small, and no picture."""
    if len(value) > most:
        parts.miss(name, len(value))
    else:
        _inside(name, value, parts)


def _inside(name: str, block: bytes, parts: Parts) -> None:
    """Hand out the JPEGs and PNGs that stand in a block, and count other pictures as not read."""
    at = block.find(b"\xff\xd8\xff")
    while at >= 0:
        end = _jpeg_end(block, at)
        if end is None:
            parts.miss(f"a damaged picture in {name}", len(block) - at)
            return
        parts.previews.append((name, block[at:end]))
        at = block.find(b"\xff\xd8\xff", end)
    at = block.find(_PNG_BEGIN)
    while at >= 0:
        end = block.find(_PNG_END, at) + len(_PNG_END)
        if end < len(_PNG_END):
            parts.miss(f"a damaged picture in {name}", len(block) - at)
            return
        parts.previews.append((name, block[at:end]))
        at = block.find(_PNG_BEGIN, end)
    for mark in _PICTURES:
        if (at := block.find(mark)) >= 0:
            parts.miss(f"a picture in {name}", len(block) - at)


def _jpeg_end(block: bytes, at: int) -> int | None:
    try:
        end = parse_jpeg(block[at:]).end
    except (UnreadableError, IndexError):
        return None
    return None if end is None else at + end


def _text(name: str, value: bytes, parts: Parts) -> None:
    """Take a text, which the signals stage reads; bytes that are none are counted."""
    if len(value) > _MOST_TEXT or not is_text(value):
        parts.miss(name, len(value))
    else:
        _words(name, value, parts)


def is_text(value: bytes) -> bool:
    r"""Return whether bytes are words, in UTF-8 or another code of single bytes.

    >>> is_text(b"Caf\xe9 in Paris\x00"), is_text(bytes(range(64)))
    (True, False)
    """
    value = value.rstrip(b"\x00")
    odd = sum(value.count(code) for code in range(32) if code not in (9, 10, 12, 13))
    if odd:
        return False
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return sum(byte > 0xA0 for byte in value) * 3 <= len(value)
    return True


def _words(name: str, text: bytes, parts: Parts) -> None:
    """Hand out pictures that are written as letters."""
    _inside(name, text, parts)
    if len(text) < 1024:
        return
    for match in _RUN.finditer(_BREAKS.sub(b"", text)):
        run = match.group()
        try:
            packed = base64.b64decode(run + b"=" * (-len(run) % 4), validate=True)
        except binascii.Error:
            packed = b""
        if packed.startswith((b"\xff\xd8\xff", _PNG_BEGIN)):
            parts.previews.append((name, packed))
        else:
            parts.miss(f"coded data in {name}", len(run))


def _exif(name: str, block: bytes, parts: Parts) -> None:
    if block[:4] not in (b"II*\x00", b"MM\x00*"):
        parts.miss(name, len(block))
    _inside(name, block, parts)


def _profile(name: str, profile: bytes, parts: Parts) -> None:
    if len(profile) < 128 or int.from_bytes(profile[:4], "big") != len(profile):
        parts.miss(name, len(profile))
    _inside(name, profile, parts)


def _inflated(name: str, packed: bytes, parts: Parts, most: int) -> bytes:
    machine = zlib.decompressobj()
    try:
        plain = machine.decompress(packed, most)
    except zlib.error:
        parts.miss(name, len(packed))
        return b""
    if not machine.eof:
        parts.miss(name, len(packed))
    parts.miss(name, len(machine.unused_data))
    return plain


_THUMBNAILS = (1033, 1036)
_IPTC = 1028


def _photoshop(block: bytes, parts: Parts) -> None:
    """Take Photoshop's image resources: IPTC, settings, and a thumbnail behind 28 bytes."""
    end, small = 0, 0
    for resource in image_resources(block):
        kind, value, end = resource.kind, resource.value, resource.end
        if kind in _THUMBNAILS:
            if value[28:31] != b"\xff\xd8\xff":
                parts.miss(f"8BIM {kind}", len(value))
            _inside(f"8BIM {kind}", value, parts)
        elif kind == _IPTC:
            _inside("IPTC", value, parts)
        else:
            small += len(value)
            _setting(f"8BIM {kind}", value, parts)
    parts.miss("8BIM", len(block[end:].rstrip(b"\x00")))
    if small > _SETTINGS:
        parts.miss("8BIM", small)


# JPEG.

_COM, _TABLE_KINDS = 0xFE, (0xC4, 0xDB, 0xCC)
_CODED = {0xDA, 0xDD, *_TABLE_KINDS, *range(0xC0, 0xD0)}


def _jpeg(data: bytes, facts: JpegFacts, parts: Parts) -> None:
    parts.surplus = None if facts.scanned_twice else facts.surplus
    parts.miss("between two segments", facts.stray)
    joined: dict[str, bytearray] = defaultdict(bytearray)
    tables = 0
    for marker, begin, end in facts.segments:
        if marker in _CODED:
            tables += end - begin if marker in _TABLE_KINDS else 0
        elif marker == _COM:
            _text("COM", data[begin:end], parts)
        elif 0xE0 <= marker <= 0xEF:
            _application(marker - 0xE0, data[begin:end], parts, joined)
        else:
            parts.miss(f"marker {marker:02X}", end - begin)
    if tables > _TABLES:
        parts.miss("tables", tables)
    for name, whole in joined.items():
        _JOINED[name](name, bytes(whole), parts)


def _application(number: int, payload: bytes, parts: Parts, joined: dict[str, bytearray]) -> None:
    """Take an application segment; those that are parts of one block are joined."""
    for name, of, begin, skipped in _JOINED_SEGMENTS:
        if number == of and payload.startswith(begin):
            # Boxes of JUMBF that are continued repeat their header, of eight bytes.
            again = 8 if name == "C2PA" and joined[name] else 0
            joined[name] += payload[skipped + again :]
            return
    for of, begin, take in _SEGMENTS:
        if number == of and payload.startswith(begin):
            take(payload[len(begin) :], parts)
            return
    parts.miss(f"APP{number}", len(payload))


_JOINED_SEGMENTS = (
    ("XMP", 1, _XMP_MORE, len(_XMP_MORE) + 40),
    ("ICC profile", 2, _ICC, len(_ICC) + 2),
    ("C2PA", 11, b"JP", 8),
    ("Photoshop", 13, _PHOTOSHOP, len(_PHOTOSHOP)),
)
_JOINED: dict[str, Callable[[str, bytes, Parts], None]] = {
    "XMP": _words,
    "ICC profile": _profile,
    "C2PA": _inside,
    "Photoshop": lambda _, block, parts: _photoshop(block, parts),
}
_SMALL = 64
_SEGMENTS: tuple[tuple[int, bytes, Callable[[bytes, Parts], None]], ...] = (
    (0, b"JFIF\x00", lambda value, parts: parts.miss("JFIF thumbnail", len(value) - 9)),
    (0, b"JFXX\x00\x10", lambda value, parts: _inside("JFXX thumbnail", value, parts)),
    (1, _EXIF, lambda value, parts: _exif("EXIF", value, parts)),
    (1, _XMP, lambda value, parts: _words("XMP", value, parts)),
    (2, _MPF, lambda value, parts: _setting("MPF", value, parts)),
    (12, b"Ducky", lambda value, parts: _setting("Ducky", value, parts, most=_SMALL)),
    (13, b"Adobe_CM\x00", lambda value, parts: _setting("APP13", value, parts, most=_SMALL)),
    (14, b"Adobe", lambda value, parts: _setting("APP14", value, parts, most=_SMALL)),
)


# PNG.

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


def _png(data: bytes, parts: Parts) -> None:
    width, height, depth, colour, _, _, laced = struct.unpack_from(">IIBBBBB", data, 16)
    bits = depth * _SAMPLES.get(colour, 4)
    frames: list[tuple[Size, list[memoryview]]] = [((width, height), [])]
    view, at, kind = memoryview(data), 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        value = view[at + 8 : at + 8 + length]
        if len(value) < length:
            raise IndexError
        at += 12 + length
        if kind == b"IDAT":
            frames[0][1].append(value)
        elif kind == b"fdAT":
            frames[-1][1].append(value[4:])
        elif kind in _PNG_SIZES:
            parts.miss(kind.decode(), length if length > _PNG_SIZES[kind] else 0)
            if kind == b"fcTL" and frames[0][1]:
                frames.append((struct.unpack_from(">II", value, 4), []))
        else:
            _png_words(kind, bytes(value), parts)
    parts.surplus = 0
    for size, pieces in frames:
        parts.surplus += _left_over(pieces, _png_bytes(size, bits, laced=bool(laced)))


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


def _left_over(pieces: list[memoryview], wanted: int) -> int:
    """Return how many bytes of a zlib stream, packed or not, are more than is wanted."""
    machine, found = zlib.decompressobj(), 0
    over = 0
    try:
        for piece in pieces:
            waiting: bytes | memoryview = piece
            while waiting and not machine.eof and found <= wanted:
                found += len(machine.decompress(waiting, _PIECE))
                waiting = machine.unconsumed_tail
            over += len(waiting)
    except zlib.error:
        return over
    return over + len(machine.unused_data) + max(found - wanted, 0)


def _png_words(kind: bytes, value: bytes, parts: Parts) -> None:
    """Take a chunk that holds metadata."""
    name = kind.decode("latin-1")
    if kind == b"eXIf":
        _exif("EXIF", value.removeprefix(_EXIF), parts)
    elif kind == b"iCCP":
        packed = value.partition(b"\x00")[2][1:]
        _profile("ICC profile", _inflated(name, packed, parts, _MOST_PROFILE), parts)
    elif kind == b"caBX":
        _inside("C2PA", value, parts)
    elif kind in (b"tEXt", b"zTXt", b"iTXt"):
        _png_text(kind, value, parts)
    else:
        parts.miss(name if name.isalpha() else "a chunk without a name", len(value))


def _png_text(kind: bytes, value: bytes, parts: Parts) -> None:
    keyword, _, rest = value.partition(b"\x00")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:]
        rest = rest.partition(b"\x00")[2].partition(b"\x00")[2]
    elif packed:
        rest = rest[1:]
    name = f"{kind.decode()} {keyword[:40].decode('latin-1')}"
    text = _inflated(name, rest, parts, _MOST_TEXT) if packed else rest
    profile = keyword.removeprefix(b"Raw profile type ")
    if profile == keyword:
        _text(name, text, parts)
        return
    try:
        raw = bytes.fromhex(b"".join(text.strip().split(b"\n")[2:]).decode("ascii"))
    except ValueError:
        parts.miss(name, len(text))
        return
    if profile in (b"exif", b"APP1", b"xmp"):
        _inside(name, raw, parts)
    elif profile in (b"iptc", b"8bim"):
        _photoshop(raw.removeprefix(_PHOTOSHOP), parts)
    elif profile in (b"icc", b"icm"):
        _profile(name, raw, parts)
    else:
        parts.miss(name, len(raw))


# GIF.

_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def _gif(data: bytes, parts: Parts) -> None:
    parts.surplus = 0
    at = 13 + _colours(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            width, height = struct.unpack_from("<HH", data, at + 5)
            at += 10 + _colours(data[at + 9])
            smallest = data[at]
            value, at = _blocks(data, at + 1)
            used = _lzw(value, smallest, width * height)
            parts.surplus += len(value) - used if len(value) > used + _ROUNDING else 0
        elif data[at] == 0x21:
            kind = data[at + 1]
            value, at = _blocks(data, at + 2)
            _gif_extension(kind, value, parts)
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
        _text("comment", value, parts)
    elif kind == 0x01:
        _text("plain text", value[12:], parts)
    elif kind == 0xFF and value[:11] in _LOOPS:
        parts.miss(value[:11].decode(), len(value) - 11 - 8)
    elif kind == 0xFF and value[:11] == b"XMP DataXMP":
        _words("XMP", value[11:], parts)
    elif kind == 0xFF and value[:11] == b"ICCRGBG1012":
        _profile("ICC profile", value[11:], parts)
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


# WebP.

_WEBP_SIZES = {b"VP8X": 10, b"ANIM": 6}
_CODES = (b"VP8 ", b"VP8L", b"ALPH")


def _webp(data: bytes, parts: Parts) -> None:
    end = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    frames: list[dict[bytes, bytes]] = [{}]
    for kind, value in _riff(data[:end], 12):
        if kind in _CODES:
            _take(kind, value, frames[0], parts)
        elif kind == b"ANMF":
            frame: dict[bytes, bytes] = {}
            for inner, code in _riff(value, 16):
                _take(inner, code, frame, parts)
            frames.append(frame)
        elif kind in _WEBP_SIZES:
            parts.miss(kind.decode(), len(value) - _WEBP_SIZES[kind])
        elif kind == b"ICCP":
            _profile("ICC profile", value, parts)
        elif kind == b"EXIF":
            _exif("EXIF", value.removeprefix(_EXIF), parts)
        elif kind == b"XMP ":
            _words("XMP", value, parts)
        elif kind == b"C2PA":
            _inside("C2PA", value, parts)
        else:
            _take(kind, value, {}, parts)
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


_WALKS: dict[str, Callable[[bytes, Parts], None]] = {"PNG": _png, "GIF": _gif, "WEBP": _webp}
