"""Parts of a picture's file, and the blocks that more than one format has."""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections import defaultdict
from dataclasses import dataclass, field

from curate.media.exif import parse_exif
from curate.media.jpeg import parse_jpeg
from curate.media.photoshop import image_resources
from curate.media.unreadable import UnreadableError

# Settings that programs keep, in bytes: one of them, and all of Photoshop's. A picture of a person
# does not fit.
_SETTING, _SETTINGS = 2048, 16 << 10
MOST_TEXT, MOST_PROFILE = 1 << 20, 8 << 20
_PIECE = 1 << 20
_MOST_PREVIEWS = 256
# What an encoder may write behind the last code, to end with a whole byte or word.
ROUNDING = 2

EXIF = b"Exif\x00\x00"
PHOTOSHOP = b"Photoshop 3.0\x00"
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
        tail: Bytes behind the end, where the walk alone tells it; None where it does not.
        hidden: Pixels that the file has and says not to show, in words.
        kept: Whether `strip` keeps the block that is walked at the moment.
        stay: Names of the parts of which something stays when metadata are taken out.
    """

    surplus: int | None = None
    unread: dict[str, int] | None = field(default_factory=lambda: defaultdict(int))
    previews: list[tuple[str, bytes]] = field(default_factory=list)
    tail: int | None = None
    hidden: list[str] = field(default_factory=list)
    kept: bool = True
    stay: set[str] = field(default_factory=set)

    def miss(self, name: str, size: int) -> None:
        """Count bytes that nothing reads."""
        if self.unread is not None and size > 0:
            self.unread[name] = self.unread.get(name, 0) + size
            if self.kept:
                self.stay.add(name)

    def preview(self, name: str, picture: bytes) -> None:
        """Hand out a picture that stands in a block."""
        self.previews.append((name, picture))
        if self.kept:
            self.stay.add(f"a preview in {name}")

    def facts(self) -> dict[str, object]:
        """Return columns of table ``content``."""
        row: dict[str, object] = {"surplus_bytes": self.surplus}
        if self.tail is not None:
            row["trailing_bytes"] = self.tail
        if self.unread is None:
            return {**row, "unread_bytes": None, "unread_parts": None}
        names = ", ".join(sorted(self.unread)[:8])
        return {
            **row,
            "unread_bytes": sum(self.unread.values()),
            "unread_parts": names or None,
        }


def setting(name: str, value: bytes, parts: Parts, *, most: int = _SETTING) -> None:
    """Take a block of settings: small, and no picture."""
    if len(value) > most:
        parts.miss(name, len(value))
    else:
        inside(name, value, parts)


def inside(name: str, block: bytes, parts: Parts) -> None:
    """Hand out the JPEGs and PNGs that stand in a block, and count other pictures as not read."""
    at = block.find(b"\xff\xd8\xff")
    while at >= 0:
        end = _jpeg_end(block, at)
        if end is None:
            parts.miss(f"a damaged picture in {name}", len(block) - at)
            return
        parts.preview(name, block[at:end])
        at = block.find(b"\xff\xd8\xff", end)
        if len(parts.previews) > _MOST_PREVIEWS and at >= 0:
            parts.miss(f"a picture in {name}", len(block) - at)
            return
    at = block.find(_PNG_BEGIN)
    while at >= 0:
        end = block.find(_PNG_END, at) + len(_PNG_END)
        if end < len(_PNG_END):
            parts.miss(f"a damaged picture in {name}", len(block) - at)
            return
        parts.preview(name, block[at:end])
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


def text_block(name: str, value: bytes, parts: Parts) -> None:
    """Take a text, which the signals stage reads; bytes that are none are counted."""
    if len(value) > MOST_TEXT or not is_text(value):
        parts.miss(name, len(value))
    else:
        words(name, value, parts)


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


def words(name: str, text: bytes, parts: Parts) -> None:
    """Hand out pictures that are written as letters."""
    inside(name, text, parts)
    if len(text) < 1024:
        return
    for match in _RUN.finditer(_BREAKS.sub(b"", text)):
        run = match.group()
        try:
            packed = base64.b64decode(run + b"=" * (-len(run) % 4), validate=True)
        except binascii.Error:
            packed = b""
        if packed.startswith((b"\xff\xd8\xff", _PNG_BEGIN)):
            parts.preview(name, packed)
        else:
            parts.miss(f"coded data in {name}", len(run))


def exif_block(name: str, block: bytes, parts: Parts) -> None:
    """Take a block of EXIF, which is a TIFF structure."""
    if block[:4] not in (b"II*\x00", b"MM\x00*"):
        parts.miss(name, len(block))
    elif parse_exif(block).other_thumbnail:
        parts.miss(f"a plain thumbnail in {name}", len(block))
    inside(name, block, parts)


# What stands in profiles (ICC.1:2022, 9.2, and its older versions), and what Apple adds.
_TAGS = frozenset(
    (b"A2B0", b"A2B1", b"A2B2", b"A2B3", b"A2M0", b"B2A0", b"B2A1", b"B2A2", b"B2A3", b"B2D0",
     b"B2D1", b"B2D2", b"B2D3", b"D2B0", b"D2B1", b"D2B2", b"D2B3", b"gamt", b"pre0", b"pre1",
     b"pre2", b"bXYZ", b"gXYZ", b"rXYZ", b"bTRC", b"gTRC", b"rTRC", b"kTRC", b"wtpt", b"bkpt",
     b"calt", b"targ", b"chad", b"chrm", b"cicp", b"clro", b"clrt", b"clot", b"ciis", b"cprt",
     b"crdi", b"dmnd", b"dmdd", b"devs", b"lumi", b"meas", b"meta", b"ncol", b"ncl2", b"resp",
     b"rig0", b"rig2", b"rig3", b"rpoc", b"pseq", b"psid", b"desc", b"scrd", b"scrn", b"tech",
     b"ucrb", b"vued", b"view", b"dscm", b"vcgt", b"vcgp", b"ndin", b"mmod", b"aarg", b"aagg",
     b"aabg", b"arts", b"psvm", b"ps2s", b"ps2i", b"MS00", b"MSBN")
)  # fmt: skip
_SMALL_TAG = 64


def profile(name: str, profile: bytes, parts: Parts) -> None:
    """Take a colour profile (ICC.1), which begins with its length; private tags are not read."""
    count = int.from_bytes(profile[128:132], "big")
    begin = 132 + 12 * count
    if begin > len(profile) or int.from_bytes(profile[:4], "big") != len(profile):
        parts.miss(name, len(profile))
    else:
        reached = begin
        tags = [
            (*struct.unpack_from(">II", profile, place + 4), profile[place : place + 4])
            for place in range(132, begin, 12)
        ]
        for at, size, sign in sorted(tags):
            if sign not in _TAGS and size > _SMALL_TAG:
                parts.miss(f"a private tag in {name}", size)
            parts.miss(f"a gap in {name}", at - reached if at - reached > _SMALL_TAG else 0)
            reached = max(reached, at + size)
        left = len(profile) - reached
        parts.miss(f"a gap in {name}", left if left > _SMALL_TAG else 0)
    inside(name, profile, parts)


def inflated(name: str, packed: bytes, parts: Parts, most: int) -> bytes:
    """Return what a stream of zlib holds, up to `most` bytes; what is left of it is counted."""
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


def photoshop(block: bytes, parts: Parts) -> None:
    """Take Photoshop's image resources: IPTC, settings, and a thumbnail behind 28 bytes."""
    end, small = 0, 0
    for resource in image_resources(block):
        kind, value, end = resource.kind, resource.value, resource.end
        if kind in _THUMBNAILS:
            if value[28:31] != b"\xff\xd8\xff":
                parts.miss(f"8BIM {kind}", len(value))
            inside(f"8BIM {kind}", value, parts)
        elif kind == _IPTC:
            inside("IPTC", value, parts)
        else:
            small += len(value)
            setting(f"8BIM {kind}", value, parts)
    parts.miss("8BIM", len(block[end:].rstrip(b"\x00")))
    if small > _SETTINGS:
        parts.miss("8BIM", small)


def left_over(pieces: list[memoryview], wanted: int) -> int:
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
