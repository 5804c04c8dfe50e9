"""Where metadata stand in a picture: XMP packets, EXIF, IPTC and Photoshop blocks, as bytes.

JPEG, PNG and WebP are walked by their structure. All else, and whatever a walk does not reach, is
searched for XMP packets byte by byte, as XMP is meant to be found (ISO 16684-1, 7.3.2). Only the
coded picture of a file that is whole is left out: no statement can stand in it, and it is nearly
all there is. A block that cannot be taken out whole is a problem that is told, and never an
absence.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from curate.media.photoshop import image_resources
from curate.media.pngtext import TEXTS, profile_kind, split_text, unwritten
from curate.signals.words import Text, decoded

MOST_XMP = 1 << 20
# Numbers and comments stand before the samples of a binary PNM; its last number ends at one blank.
_NUMBER = rb"(?:\s|#[^\r\n]*[\r\n])*[-+.\d]+"
_PNM_HEAD = re.compile(rb"P(?:4(?:" + _NUMBER + rb"){2}|[56fF](?:" + _NUMBER + rb"){3})")
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\x00"
_EXIF = b"Exif\x00\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"
_PACKET = re.compile(rb"<(?:x:)?xmpmeta\b|<rdf:RDF\b")
_WIDE = ("<x:xmpmeta".encode("utf-16-le"), "<x:xmpmeta".encode("utf-16-be"))


@dataclass
class Blocks:
    """The metadata of one file, as bytes.

    Attributes:
        xmp: Packets of XMP.
        exif: EXIF blocks: TIFF structures.
        iptc: IPTC-IIM records.
        iptc_digest: The MD5 that Photoshop kept of the IPTC block when XMP last agreed with it.
        texts: Words beside the picture that image generators write, by keyword.
        words: Free texts beside the picture: comments, and texts of PNG with any keyword.
        problems: What could not be taken out: its place and why.
        rest: The file without its coded picture; all of it where its structure is broken.
    """

    xmp: list[bytes] = field(default_factory=list)
    exif: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    iptc_digest: bytes | None = None
    texts: dict[str, str] = field(default_factory=dict)
    words: list[Text] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    rest: bytes = b""


def find_blocks(data: bytes) -> Blocks:
    """Return the metadata blocks of a picture, whatever its name says it is."""
    found = Blocks(rest=data)
    if data.startswith(b"\xff\xd8"):
        _jpeg(data, found)
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
            _comment("PNM comment", line, found)
    else:
        _elsewhere(data, found)
    add_packets(found, packets(found.rest))
    if any(mark in found.rest for mark in _WIDE):
        found.problems.append(("XMP", "a packet in UTF-16, which is not read"))
    return found


def add_packets(found: Blocks, packets: Iterable[bytes]) -> None:
    """Add packets of XMP that are not among those which were found by the structure."""
    walked = b"\x00".join(found.xmp)
    found.xmp += [packet for packet in packets if packet not in walked]


def packets(data: bytes) -> Iterator[bytes]:
    """Yield the XMP packets that stand in `data` as they are; a cut one as far as it goes."""
    at = 0
    while match := _PACKET.search(data, at):
        name = match.group()[1:]
        close = b"</" + name + b">"
        end = data.find(close, match.end(), match.start() + MOST_XMP + len(close))
        at = end + len(close) if end >= 0 else min(len(data), match.start() + MOST_XMP + 1)
        yield data[match.start() : at]


def _jpeg(data: bytes, found: Blocks) -> None:
    more: dict[bytes, list[tuple[int, int, bytes]]] = {}
    framed, at = False, 2
    for marker, at in _segments(data):
        framed = framed or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC})
        if 0xE0 <= marker <= 0xEF:
            (length,) = struct.unpack_from(">H", data, at + 2)
            _application(data[at + 4 : at + 2 + length], found, more)
        if marker == 0xFE:
            (length,) = struct.unpack_from(">H", data, at + 2)
            _comment("JPEG comment", data[at + 4 : at + 2 + length], found)
        if marker == 0xDA and framed:
            # Coded data never hold an end marker. Without a frame this is no scan but damage.
            end = data.find(b"\xff\xd9", at)
            found.rest = data[:at] + data[end:] if end >= 0 else data
            for comment in _LATE.finditer(data, at, end if end >= 0 else len(data)):
                (length,) = struct.unpack(">H", comment[1])
                _comment("JPEG comment", data[comment.end() : comment.start() + 2 + length], found)
    for parts in more.values():
        _join(parts, found)


# In coded data no such marker can stand: it is a comment between two scans.
_LATE = re.compile(rb"\xff\xfe(..)", re.DOTALL)


def _comment(place: str, value: bytes, found: Blocks) -> None:
    found.words.append(Text("file", place, decoded(value)))


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


def _application(
    payload: bytes, found: Blocks, more: dict[bytes, list[tuple[int, int, bytes]]]
) -> None:
    if payload.startswith(_XMP):
        found.xmp.append(payload.removeprefix(_XMP))
    elif payload.startswith(_XMP_MORE):
        _extension(payload, more)
    elif payload.startswith(_EXIF):
        found.exif.append(payload.removeprefix(_EXIF))
    elif payload.startswith(_PHOTOSHOP):
        _photoshop(payload.removeprefix(_PHOTOSHOP), found)


def _extension(payload: bytes, more: dict[bytes, list[tuple[int, int, bytes]]]) -> None:
    start = len(_XMP_MORE)
    if len(payload) >= start + 40:
        guid = payload[start : start + 32]
        whole, offset = struct.unpack_from(">II", payload, start + 32)
        more.setdefault(guid, []).append((offset, whole, payload[start + 40 :]))


def _join(parts: list[tuple[int, int, bytes]], found: Blocks) -> None:
    """Put an extended XMP packet together from its segments."""
    joined = b""
    for offset, _, piece in sorted(parts, key=lambda part: part[0]):
        if offset != len(joined):
            break
        joined += piece
    if len(joined) == max(whole for _, whole, _ in parts):
        found.xmp.append(joined)
    else:
        found.problems.append(("XMP", "parts of an extended packet are missing"))


def _photoshop(block: bytes, found: Blocks) -> None:
    """Take IPTC and its digest out of Photoshop's image resources."""
    end = 0
    for resource in image_resources(block):
        if not resource.whole:
            break
        if resource.kind == 0x0404:
            found.iptc.append(resource.value)
        elif resource.kind == 0x0425:
            found.iptc_digest = resource.value
        end = resource.end
    if end < len(block.rstrip(b"\x00")):
        found.problems.append(("Photoshop", "image resources that are cut short"))


def _png(data: bytes, found: Blocks) -> None:
    at, kept, kind = 8, [data[:8]], b""
    while at + 12 <= len(data) and kind != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        kind, value = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"eXIf":
            found.exif.append(value)
        elif kind in TEXTS:
            _png_text(kind, value, found)
        if kind != b"IDAT":
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    if kind == b"IEND":
        found.rest = b"".join(kept) + data[at:]


def _png_text(kind: bytes, value: bytes, found: Blocks) -> None:
    keyword, rest, packed = split_text(kind, value)
    name = keyword.decode("latin-1")
    profile = profile_kind(keyword)
    try:
        text = _inflate(rest) if packed else rest
        if name == "XML:com.adobe.xmp":
            found.xmp.append(text)
        elif profile is not None:
            _profile(profile.decode("latin-1"), text, found)
        elif name in GENERATORS:
            found.texts[name] = text.decode("utf-8", "replace")
        else:
            _comment(f"PNG text {name}", keyword + b": " + text, found)
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
    if kind == "xmp":
        found.xmp.append(raw)
    elif kind in {"exif", "APP1"}:
        target = found.xmp if raw.startswith(_XMP) else found.exif
        target.append(raw.removeprefix(_XMP).removeprefix(_EXIF))
    elif kind in {"iptc", "8bim"}:
        _photoshop(raw.removeprefix(_PHOTOSHOP), found)


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
            _comment("GIF comment", b"".join(pieces), found)


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: bytes, found: Blocks) -> None:
    at, kept = 12, [data[:12]]
    while at + 8 <= len(data):
        kind, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        end = at + 8 + length + length % 2
        value = data[at + 8 : at + 8 + length]
        if kind == b"XMP ":
            found.xmp.append(value)
        elif kind == b"EXIF":
            found.exif.append(value.removeprefix(_EXIF))
        if kind not in {b"VP8 ", b"VP8L", b"ALPH", b"ANMF"}:
            kept.append(data[at:end])
        at = end
    if at in {len(data), len(data) + 1}:
        found.rest = b"".join(kept)


def _elsewhere(data: bytes, found: Blocks) -> None:
    """Find EXIF in files that are not walked: TIFF is one, and others hold one."""
    if data[:4] in {b"II*\x00", b"MM\x00*"}:
        found.exif.append(data)
    elif (at := data.find(_EXIF)) >= 0 and data[at + 6 : at + 8] in {b"II", b"MM"}:
        found.exif.append(data[at + 6 : at + 6 + (1 << 16)])
