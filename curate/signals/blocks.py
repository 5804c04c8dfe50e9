"""The metadata of one file, as bytes: XMP packets, EXIF, IPTC and Photoshop blocks, and texts.

How they are found in each kind of file is in `curate.signals.walks`. A block that cannot be taken
out whole is a problem that is told, and never an absence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from curate.media.photoshop import image_resources
from curate.signals.codes import decoded, runs, unpacked, wide_texts
from curate.signals.words import Text, refusing

MOST_XMP = 1 << 20
XMP = b"http://ns.adobe.com/xap/1.0/\x00"
EXIF = b"Exif\x00\x00"
PHOTOSHOP = b"Photoshop 3.0\x00"
_PACKET = re.compile(rb"<(?:[A-Za-z][\w.-]{0,30}:)?(?:xmpmeta|xapmeta|RDF)\b")
_WIDE = tuple(f"<{name}".encode(code) for name in ("x:xmpmeta", "x:xapmeta", "rdf:RDF")
              for code in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"))  # fmt: skip
_NAMES = (b"xmpmeta", b"xapmeta", b"RDF")
# What stands in each of the wide ones: it is looked for first.
_WIDE_NAMES = (b"R\x00D\x00F", b"R\x00\x00\x00D")
WIDE_CODES = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# More than this is no trailer of metadata but a file of its own.
MOST_TAIL = 4 << 20
_IPTC_BEGIN = re.compile(rb"\x1c[\x01-\x09][\x00-\xf0][\x00-\x7f]")


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
        taken: Pieces of `rest` that a reader understands, beside those above.
    """

    xmp: list[bytes] = field(default_factory=list)
    exif: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    iptc_digest: bytes | None = None
    texts: dict[str, str] = field(default_factory=dict)
    words: list[Text] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    rest: bytes = b""
    taken: list[bytes] = field(default_factory=list)

    def comment(self, place: str, value: bytes) -> None:
        """Take a text."""
        self.taken.append(value)
        self.words.append(Text("file", place, decoded(value)))

    def block(self, place: str, value: bytes) -> None:
        """Take the texts in a block of bytes that nobody else reads."""
        self.words += [Text("file", place, run) for run in runs(unpacked(value))]

    def settings(self, place: str, value: bytes) -> None:
        """Take the texts of a block that has words of its own, where they limit a use."""
        self.words += [Text("file", place, run) for run in _limits(value)]

    def join(self, other: Blocks) -> None:
        """Take what stands in a file inside this one."""
        self.xmp += other.xmp
        self.exif += other.exif
        self.iptc += other.iptc
        self.words += other.words
        self.texts |= other.texts
        self.problems += other.problems
        self.taken += other.taken


@lru_cache(maxsize=256)
def _limits(value: bytes) -> tuple[str, ...]:
    """Return the texts in a block that limit a use; few profiles of colours are in many files."""
    return tuple(run for run in (*runs(value), *wide_texts(value)) if refusing(run))


def add_packets(found: Blocks, packets: Iterable[bytes]) -> None:
    """Add packets of XMP that are not among those which were found by the structure."""
    walked = b"\x00".join(found.xmp)
    found.xmp += [packet for packet in packets if packet not in walked]


def packets(data: bytes) -> Iterator[bytes]:
    """Yield the XMP packets that stand in `data` as they are; a cut one as far as it goes.

    A packet is searched byte by byte, as XMP is meant to be found (ISO 16684-1, 7.3.2), with any
    prefix, and in UTF-16 and UTF-32, which come out as UTF-8.
    """
    at = 0 if any(name in data for name in _NAMES) else len(data)
    while match := _PACKET.search(data, at):
        name = match.group()[1:]
        close = b"</" + name + b">"
        end = data.find(close, match.end(), match.start() + MOST_XMP + len(close))
        if end < 0 and (alone := re.compile(rb"[^<]{0,4096}/>").match(data, match.end())):
            # An element that is closed where it begins holds nothing.
            at = alone.end()
            yield data[match.start() : at]
            continue
        at = end + len(close) if end >= 0 else min(len(data), match.start() + MOST_XMP + 1)
        yield data[match.start() : at]
    yield from _wide_packets(data)


def _wide_packets(data: bytes) -> Iterator[bytes]:
    if not any(name in data for name in _WIDE_NAMES):
        return
    for number, mark in enumerate(_WIDE):
        code, at = WIDE_CODES[number % len(WIDE_CODES)], 0
        close = ("</" + mark.decode(code)[1:] + ">").encode(code)
        while (start := data.find(mark, at)) >= 0:
            end = data.find(close, start)
            at = end + len(close) if end >= 0 else min(len(data), start + MOST_XMP)
            yield data[start:at].decode(code, "replace").encode()


def take_photoshop(block: bytes, found: Blocks) -> None:
    """Take IPTC and its digest, XMP, EXIF and texts out of Photoshop's image resources."""
    end = 0
    for resource in image_resources(block):
        if not resource.whole:
            break
        end = resource.end
        if resource.kind == 0x0404:
            found.iptc.append(resource.value)
        elif resource.kind == 0x0425:
            found.iptc_digest = resource.value
        elif resource.kind == 0x0424:
            found.xmp.append(resource.value)
        elif resource.kind in (0x0422, 0x0423):
            found.exif.append(resource.value.removeprefix(EXIF))
        elif resource.kind in (0x03F0, 0x040B):
            # A caption, and the address of terms.
            found.block(f"Photoshop 0x{resource.kind:04X}", resource.value)
        elif resource.kind not in (0x0409, 0x040C):
            found.settings(f"Photoshop 0x{resource.kind:04X}", resource.value)
    if end < len(block.rstrip(b"\x00")):
        found.problems.append(("Photoshop", "image resources that are cut short"))
    found.taken.append(block)


def take_tail(tail: bytes, found: Blocks) -> None:
    """Take what stands behind the end of a picture.

    Programs put IPTC there (AFCP of AXS, FotoStation), EXIF, Photoshop's resources and texts.
    """
    if not tail.strip(b"\x00\r\n\t "):
        return
    if len(tail) > MOST_TAIL:
        found.problems.append(("behind the end", f"{len(tail):,} bytes, which are not read"))
        tail = tail[:MOST_TAIL]
    take_exif(tail, found)
    if (at := tail.find(b"8BIM")) >= 0:
        _resources(tail[at:], found)
    at = 0
    while match := _IPTC_BEGIN.search(tail, at):
        at = iptc_end(tail, match.start())
        if at > match.start() + 5:
            found.iptc.append(tail[match.start() : at])
        else:
            at = match.start() + 1
    found.block("behind the end", tail)


def _resources(block: bytes, found: Blocks) -> None:
    """Take resources that something else follows."""
    ends = [one.end for one in image_resources(block) if one.whole]
    if ends:
        take_photoshop(block[: ends[-1]], found)


def iptc_end(data: bytes, at: int) -> int:
    """Return where IPTC records that begin at `at` end."""
    while at + 5 <= len(data) and data[at] == 0x1C and 1 <= data[at + 1] <= 9:
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if size & 0x8000 or at + 5 + size > len(data):
            break
        at += 5 + size
    return at


def take_exif(data: bytes, found: Blocks) -> None:
    """Find EXIF blocks in files that are not walked."""
    at = data.find(EXIF)
    while at >= 0:
        if data[at + 6 : at + 8] in {b"II", b"MM"}:
            found.exif.append(data[at + 6 : at + 6 + (1 << 20)])
        at = data.find(EXIF, at + 6)
