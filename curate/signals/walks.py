"""Where metadata stand in a picture: each kind of file walked by its structure.

All else, and whatever a walk does not reach, is searched for XMP packets byte by byte. Only the
coded picture of a file that is whole is left out: no statement can stand in it, and it is nearly
all there is.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator

from curate.media.pngtext import TEXTS, profile_kind, split_text, unwritten
from curate.signals.blocks import (
    EXIF,
    MOST_XMP,
    PHOTOSHOP,
    XMP,
    Blocks,
    add_packets,
    packets,
    take_exif,
    take_photoshop,
    take_tail,
)
from curate.signals.directories import end_of

# Numbers and comments stand before the samples of a binary PNM; its last number ends at one blank.
_NUMBER = rb"(?:\s|#[^\r\n]*[\r\n])*[-+.\d]+"
_PNM_HEAD = re.compile(rb"P(?:4(?:" + _NUMBER + rb"){2}|[56fF](?:" + _NUMBER + rb"){3})")
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\x00"
# Segments whose words, if any, are those of programs.
_PLAIN_SEGMENTS = (b"JFIF\x00", b"JFXX\x00", b"MPF\x00", b"Adobe\x00", b"Adobe_CM\x00")
_PROFILE = b"ICC_PROFILE\x00"
_MOST_INSIDE = 16
_SHORT = 18
_LETTERS = re.compile(rb"[\x20-\x7e]{8,}")


def find_blocks(data: bytes, depth: int = 0) -> Blocks:
    """Return the metadata blocks of a picture, whatever its name says it is.

    Args:
        data: The file.
        depth: In how many other files it lies.
    """
    found = Blocks(rest=data)
    if data.startswith(b"\xff\xd8"):
        _jpeg(data, found, depth)
    elif data.startswith(b"\x89PNG"):
        _png(data, found)
    elif data[:4] == b"RIFF":
        _webp(data, found)
    elif data[:4] == b"GIF8":
        _gif(data, found)
    elif re.match(rb"P[1-6fF]\s", data):
        binary = _PNM_HEAD.match(data)
        head = binary.group() if binary else data
        for line in re.findall(rb"#([^\r\n]*)", head):
            found.comment("PNM comment", line)
        if binary and data[1:2] in b"456":
            take_tail(data[binary.end() + 1 + _samples(binary.group()) :], found)
    elif data[:2] == b"BM":
        _bmp(data, found)
    elif data[:4] in {b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"}:
        found.exif.append(data)
        take_tail(data[end_of(data) :], found)
    else:
        take_exif(data, found)
    add_packets(found, packets(found.rest))
    return found


def _samples(head: bytes) -> int:
    """Return how many bytes the samples of a binary PNM have."""
    numbers = [int(n) for n in re.sub(rb"#[^\r\n]*", b" ", head[2:]).split() if n.isdigit()]
    if len(numbers) < 2:
        return 0
    width, height, most = (*numbers, 255)[:3]
    if head[:2] == b"P4":
        return (width + 7) // 8 * height
    return width * height * (3 if head[:2] == b"P6" else 1) * (2 if most > 255 else 1)


def _jpeg(data: bytes, found: Blocks, depth: int) -> None:
    walk = _Jpeg(found)
    framed, at = False, 2
    for marker, at in _segments(data):
        framed = framed or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC})
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            (length,) = struct.unpack_from(">H", data, at + 2)
            walk.take(marker, data[at + 4 : at + 2 + length])
        elif marker != 0xDA:
            # In tables there are no words, unless somebody put them there.
            (length,) = struct.unpack_from(">H", data, at + 2)
            for run in _LETTERS.findall(data, at + 4, at + 2 + length):
                found.settings(f"marker {marker:02X}", run)
        if marker == 0xDA and framed:
            # Coded data never hold an end marker. Without a frame this is no scan but damage.
            end = data.find(b"\xff\xd9", at)
            found.rest = data[:at] + data[end:] if end >= 0 else data
            for late in _LATE.finditer(data, at, end if end >= 0 else len(data)):
                (length,) = struct.unpack(">H", late[2])
                walk.take(late[1][0], data[late.end() : late.start() + 2 + length], late=True)
            if end >= 0:
                _behind(data[end + 2 :], found, depth)
    walk.finish()


# In coded data no such marker can stand: it is a segment between two scans.
_LATE = re.compile(rb"\xff([\xe0-\xef\xfe])(..)", re.DOTALL)


def _behind(tail: bytes, found: Blocks, depth: int) -> None:
    """Take what stands behind a JPEG: further pictures, trailers and texts."""
    at = tail.find(b"\xff\xd8\xff")
    if at < 0 or depth >= _MOST_INSIDE:
        take_tail(tail, found)
        return
    take_tail(tail[:at], found)
    found.join(find_blocks(tail[at:], depth + 1))


class _Jpeg:
    """The segments of one JPEG."""

    def __init__(self, found: Blocks) -> None:
        self._found = found
        self._more: dict[bytes, list[tuple[int, int, bytes]]] = defaultdict(list)
        self._photoshop: list[bytes] = []

    def take(self, marker: int, payload: bytes, *, late: bool = False) -> None:
        """Take a segment; `late` where it stands between scans."""
        found = self._found
        if marker == 0xFE:
            found.comment("JPEG comment", payload)
            return
        if late:
            found.rest += payload
        if not self._block(payload):
            self._other(marker, payload)

    def _block(self, payload: bytes) -> bool:
        """Take a block of metadata; return whether it is one."""
        found = self._found
        if payload.startswith(XMP):
            found.xmp.append(payload.removeprefix(XMP))
        elif payload.startswith(_XMP_MORE):
            self._extension(payload)
        elif payload.startswith(EXIF):
            found.exif.append(payload.removeprefix(EXIF))
        elif payload.startswith(PHOTOSHOP):
            self._photoshop.append(payload.removeprefix(PHOTOSHOP))
        else:
            return False
        return True

    def _other(self, marker: int, payload: bytes) -> None:
        found = self._found
        if payload.startswith(_PROFILE):
            found.settings("ICC profile", payload)
        elif marker == 0xEB and payload[:2] == b"JP":
            found.taken.append(payload)
        elif payload.startswith(_PLAIN_SEGMENTS):
            if len(payload) > _SHORT:
                found.settings(f"APP{marker - 0xE0}", payload)
        else:
            found.block(f"APP{marker - 0xE0}", payload)

    def _extension(self, payload: bytes) -> None:
        start = len(_XMP_MORE)
        if len(payload) >= start + 40:
            guid = payload[start : start + 32]
            whole, offset = struct.unpack_from(">II", payload, start + 32)
            self._more[guid].append((offset, whole, payload[start + 40 :]))

    def finish(self) -> None:
        """Put together what stands in several segments."""
        for parts in self._more.values():
            _join(parts, self._found)
        if self._photoshop:
            take_photoshop(b"".join(self._photoshop), self._found)
            self._found.taken += self._photoshop


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield each marker of a JPEG and where it stands, up to its first scan."""
    at, marker = 2, 0
    while at + 4 <= len(data) and data[at] == 0xFF and marker not in {0xDA, 0xD9}:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            yield marker, at
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + max(length, 2)


def _join(parts: list[tuple[int, int, bytes]], found: Blocks) -> None:
    """Put an extended XMP packet together from its segments."""
    joined = b""
    for offset, _, piece in sorted(parts, key=lambda part: part[0]):
        if offset != len(joined):
            break
        joined += piece
    if len(joined) == max(whole for _, whole, _ in parts):
        found.xmp.append(joined)
        found.taken += [piece for _, _, piece in parts]
    else:
        found.problems.append(("XMP", "parts of an extended packet are missing"))


# Chunks of settings: no words stand in them.
_PNG_SETTINGS = frozenset(
    (
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tIME"),
        *(b"bKGD", b"sBIT", b"hIST", b"acTL", b"fcTL", b"fdAT", b"cICP", b"oFFs", b"sTER", b"vpAg"),
    )
)


def _png(data: bytes, found: Blocks) -> None:
    at, kept, kind = 8, [data[:8]], b""
    while at + 12 <= len(data) and kind != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        kind, value = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"eXIf":
            found.exif.append(value.removeprefix(EXIF))
        elif kind in TEXTS:
            _png_text(kind, value, found)
        elif kind == b"caBX":
            found.taken.append(value)
        elif kind == b"iCCP":
            _png_profile(value, found)
        elif kind not in _PNG_SETTINGS:
            found.block(f"PNG chunk {kind.decode('latin-1')}", value)
        if kind != b"IDAT":
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    if kind == b"IEND":
        found.rest = b"".join(kept) + data[at:]
        take_tail(data[at:], found)
        while at + 12 <= len(data) and data[at + 4 : at + 8] in TEXTS:
            (length,) = struct.unpack_from(">I", data, at)
            _png_text(data[at + 4 : at + 8], data[at + 8 : at + 8 + length], found)
            at += 12 + length


def _png_profile(value: bytes, found: Blocks) -> None:
    name, _, rest = value.partition(b"\x00")
    try:
        found.settings("ICC profile", name + b"\x00" + _inflate(rest[1:]))
    except (zlib.error, ValueError) as error:
        found.problems.append(("ICC profile", str(error)))


def _png_text(kind: bytes, value: bytes, found: Blocks) -> None:
    keyword, rest, packed = split_text(kind, value)
    name = keyword.decode("latin-1")
    raw = b"Raw profile type "
    if keyword.lower().startswith(raw.lower()):
        keyword = raw + keyword[len(raw) :].lower()
    profile = profile_kind(keyword)
    found.taken.append(value)
    if kind == b"iTXt":
        # The keyword may be translated.
        between = value[len(keyword) + 3 : len(value) - len(rest)].replace(b"\x00", b" ").strip()
        if between:
            found.comment(f"PNG text {name}", between)
    try:
        text = _inflate(rest) if packed else rest
        if name.casefold() == "xml:com.adobe.xmp":
            found.xmp.append(text)
        elif profile is not None:
            _profile(profile.decode("latin-1"), text, found)
        elif name in GENERATORS:
            # One keyword may stand there several times.
            shown = text.decode("utf-8", "replace")
            found.texts[name] = "\n".join(filter(None, (found.texts.get(name), shown)))
        else:
            found.comment(f"PNG text {name}", keyword + b": ")
            found.comment(f"PNG text {name}", text)
    except (zlib.error, ValueError) as error:
        found.problems.append((f"PNG text {name}", str(error)))


GENERATORS = ("parameters", "prompt", "workflow", "sd-metadata", "invokeai_metadata", "Dream")
"""Keywords of PNG texts in which image generators leave their settings."""


def _inflate(packed: bytes) -> bytes:
    machine = zlib.decompressobj()
    text = machine.decompress(packed, MOST_XMP + 1)
    if len(text) > MOST_XMP:
        raise ValueError("it unpacks to more than 1 MiB")
    if not machine.eof:
        raise ValueError("it is cut short")
    return text


def _profile(kind: str, text: bytes, found: Blocks) -> None:
    """Take apart what ImageMagick writes: a length and hexadecimal digits."""
    raw = unwritten(text)
    if kind == "xmp" or raw.startswith(XMP):
        found.xmp.append(raw.removeprefix(XMP))
    elif kind in {"exif", "app1"}:
        found.exif.append(raw.removeprefix(EXIF))
    elif kind in {"iptc", "8bim"} and raw[:1] != b"\x1c":
        take_photoshop(raw.removeprefix(PHOTOSHOP), found)
    elif kind == "iptc":
        found.iptc.append(raw)
    elif kind in {"icc", "icm"}:
        found.settings("ICC profile", raw)
    else:
        found.block(f"PNG profile {kind}", raw)


def _gif(data: bytes, found: Blocks) -> None:
    """Take the comments and texts of a GIF."""
    at = 13 + _colours(data[10]) if len(data) > 13 else len(data)
    while at + 2 < len(data) and data[at] != 0x3B:
        kind = data[at + 1] if data[at] == 0x21 else 0
        at += 2 if data[at] == 0x21 else 11 + _colours(data[at + 9] if at + 9 < len(data) else 0)
        pieces = []
        while at < len(data) and (size := data[at]):
            pieces.append(data[at + 1 : at + 1 + size])
            at += 1 + size
        at += 1
        if kind in (0xFE, 0x01):
            found.comment("GIF comment", b"".join(pieces))
        elif kind == 0xFF and pieces and not pieces[0].startswith(b"XMP Data"):
            take = found.settings if pieces[0].startswith(b"NETSCAPE") else found.block
            take("GIF application", b"".join(pieces))
    if at < len(data):
        take_tail(data[at + 1 :], found)


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


_WEBP_SETTINGS = frozenset((b"VP8 ", b"VP8L", b"ALPH", b"ANMF", b"VP8X", b"ANIM"))


def _webp(data: bytes, found: Blocks) -> None:
    at, kept = 12, [data[:12]]
    whole = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0]) if len(data) >= 12 else 0
    while at + 8 <= whole:
        kind, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        end = at + 8 + length + length % 2
        value = data[at + 8 : at + 8 + length]
        if kind == b"XMP ":
            found.xmp.append(value)
        elif kind == b"EXIF":
            found.exif.append(value.removeprefix(EXIF))
        elif kind == b"C2PA":
            found.taken.append(value)
        elif kind == b"ICCP":
            found.settings("ICC profile", value)
        elif kind not in _WEBP_SETTINGS:
            found.block(f"WebP chunk {kind.decode('latin-1')}", value)
        if kind not in {b"VP8 ", b"VP8L", b"ALPH", b"ANMF"}:
            kept.append(data[at:end])
        at = end
    if whole <= at <= whole + 1:
        found.rest = b"".join(kept) + data[at:]
    take_tail(data[min(at, whole) :], found)


def _bmp(data: bytes, found: Blocks) -> None:
    """Take what stands before and behind the samples of a BMP."""
    if len(data) < 18:
        return
    size, _, begin, head = struct.unpack_from("<IIII", data, 2)
    found.settings("before the samples", data[14 + head : min(begin, len(data))][: 1 << 20])
    if 0 < size < len(data):
        take_tail(data[size:], found)
