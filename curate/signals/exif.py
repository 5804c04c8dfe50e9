"""EXIF: artist and copyright, metadata blocks that stand in it, and all of its texts.

The block is hostile until proven otherwise: a text that lies outside of it, or directories that
cannot be read, are told. Layout: `curate.signals.directories`, and for the texts CIPA DC-008 (EXIF
2.32) section 4.6.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from curate.signals.codes import decoded, runs, wide_texts
from curate.signals.directories import BrokenError, Directories, Value, read_directories
from curate.signals.found import Signal, digest_of, unreadable
from curate.signals.iptc import Rights
from curate.signals.words import Text, refusing

TOOL = "curate EXIF reader 3"

_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_XMP, _IPTC, _PHOTOSHOP, _MAKER, _PROFILE = 0x02BC, 0x83BB, 0x8649, 0x927C, 0x8773
_MOST_TEXT = 4096
# Texts that begin with the name of their code.
_CODED = (0x9286, 0x001B, 0x001C)
_WIDE = range(0x9C9B, 0x9CA0)
_NAMES = {
    0x010D: "DocumentName", 0x010E: "ImageDescription", 0x0131: "Software", 0x013B: "Artist",
    0x8298: "Copyright", 0x9286: "UserComment", 0x9C9B: "XPTitle", 0x9C9C: "XPComment",
    0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject", 0x927C: "MakerNote",
    0x8773: "ICC profile", 0x001B: "GPSProcessingMethod", 0x001C: "GPSAreaInformation",
}  # fmt: skip
# Coded samples and their tables, and blocks that are read as such.
_NO_TEXT = (_XMP, _IPTC, _PHOTOSHOP, 0x0201, 0x015B, 0x935C, 0x02BD)
_MOST_BYTES = 1 << 20
_LETTERS = re.compile(rb"[\x20-\x7e]{8,}")


@dataclass
class Inside:
    """Metadata blocks that stand inside of an EXIF block."""

    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    photoshop: list[bytes] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)


def read_exif(block: bytes) -> tuple[list[Signal], Rights, Inside, list[Text]]:
    """Return what an EXIF block says, its rights, and what stands inside it.

    Args:
        block: A TIFF structure; of a TIFF file, the file.

    Returns:
        Statements, rights for comparison, blocks inside, and all texts.
    """
    digest = digest_of(block)
    inside = Inside()
    try:
        found = read_directories(block)
    except BrokenError as error:
        told = [unreadable("exif", "EXIF", str(error), digest=digest, tool=TOOL)]
        return told, Rights(), inside, []
    signals = []
    rights: dict[int, str] = {}
    for one in found.values:
        if one.value is None:
            if _may_speak(one):
                why = f"{_name(one.tag)} lies outside of the block"
                signals.append(unreadable("exif", "EXIF", why, digest=digest, tool=TOOL))
            continue
        if one.tag in (_ARTIST, _COPYRIGHT) and (text := _text(one.value)):
            rights.setdefault(one.tag, text)
            place = f"exif:{_NAMES[one.tag]}"
            signals.append(Signal("rights", "exif", place, digest, TOOL, value=text))
        kept = {_XMP: inside.xmp, _IPTC: inside.iptc, _PHOTOSHOP: inside.photoshop}.get(one.tag)
        if kept is not None:
            kept.append(one.value)
    inside.pictures = list(_pictures(block, found))
    signals += [
        unreadable("exif", "EXIF", why, digest=digest, tool=TOOL) for why in set(found.problems)
    ]
    stated = Rights(rights.get(_ARTIST), rights.get(_COPYRIGHT))
    return signals, stated, inside, list(_texts(found))


def _pictures(block: bytes, found: Directories) -> Iterator[bytes]:
    """Yield the previews that hold anything beside their picture."""
    for one in found.values:
        if one.tag == 0x0201 and one.value and len(one.value) == 4:
            start = int.from_bytes(one.value, "little" if found.order == "<" else "big")
            size = next((int.from_bytes(other.value, "little" if found.order == "<" else "big")
                         for other in found.values
                         if other.tag == 0x0202 and other.directory == one.directory
                         and other.value and len(other.value) == 4), 0)  # fmt: skip
            preview = block[start : start + size]
            if any(mark in preview for mark in _MARKS):
                yield preview


# A comment, EXIF, and XMP: what cameras put into a preview of theirs has none of them.
_MARKS = (b"\xff\xfe", b"Exif\x00", b"http://ns", b"8BIM")


def _name(tag: int) -> str:
    return _NAMES.get(tag, f"tag 0x{tag:04X}")


def _may_speak(one: Value) -> bool:
    return one.kind in (2, 129) or one.tag in (*_WIDE, 0x9286, _XMP, _IPTC, _PHOTOSHOP)


def _text(value: bytes) -> str | None:
    """Return a text; the photographer's and the editor's parts of a copyright are joined."""
    parts = [decoded(part).strip() for part in value[:_MOST_TEXT].split(b"\x00")]
    return "; ".join(part for part in parts if part) or None


def _texts(found: Directories) -> Iterator[Text]:
    """Yield every text of all directories, in whatever code it is written."""
    for one in found.values:
        if one.value and one.tag not in _NO_TEXT:
            for words in _words(one.tag, one.kind, one.value, found.order):
                yield Text("exif", f"exif:{_NAMES.get(one.tag, f'0x{one.tag:04X}')}", words)


def _words(tag: int, kind: int, value: bytes, order: str) -> Iterator[str]:
    if tag in _WIDE:
        yield value.decode("utf-16-le", "replace").strip("\x00")
    elif tag in _CODED and kind not in (3, 4, 5):
        yield from _coded(value, order)
    elif kind in (2, 129):
        yield decoded(value).strip("\x00 ")
    elif tag in (_MAKER, _PROFILE):
        # Cameras and profiles of colours have words of their own, such as those of autofocus.
        for run in _LETTERS.findall(value):
            if refusing(text := run.decode("ascii")):
                yield text
        for text in runs(value) if tag == _PROFILE else wide_texts(value):
            if refusing(text):
                yield text
    elif kind in (1, 6, 7) and 8 <= len(value) <= _MOST_BYTES:
        yield from runs(value)


def _coded(value: bytes, order: str) -> Iterator[str]:
    """Yield a text that begins with the name of its code; programs do not agree on these."""
    head, body = value[:8], value[8:]
    if head == b"UNICODE\x00":
        code = "utf-16-le" if order == "<" else "utf-16-be"
        other = "utf-16-be" if order == "<" else "utf-16-le"
        # The order of bytes is not told: both are looked at, and UTF-8 too.
        yield " ".join(body.decode(c, "replace") for c in (code, other))
        yield body.decode("utf-8", "replace").strip("\x00 ")
    elif head == b"JIS\x00\x00\x00\x00\x00":
        yield decoded(body).strip("\x00 ")
        # Some leave out the signs that begin and end the code.
        yield (b"\x1b$B" + body).decode("iso2022_jp", "replace")
    elif head in (b"ASCII\x00\x00\x00", b"\x00" * 8):
        yield decoded(body).strip("\x00 ")
    else:
        yield decoded(value).strip("\x00 ")
