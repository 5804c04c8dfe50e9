"""EXIF: artist and copyright, metadata blocks that stand in it, and all of its texts.

The block is hostile until proven otherwise: statements come from one directory, and no pointer is
followed but those of the five tags that matter there; texts come from sixteen directories at most.
Layout: TIFF 6.0 section 2, and for the texts CIPA DC-008 (EXIF 2.32) section 4.6.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from curate.signals.found import Signal, digest_of, unreadable
from curate.signals.iptc import Rights
from curate.signals.words import Text

TOOL = "curate EXIF reader 2"

_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_INSIDE = {0x02BC: "xmp", 0x83BB: "iptc"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_MOST_TEXT = 4096


class BrokenError(Exception):
    """The block is no TIFF structure, or is cut short where it matters."""


def read_exif(block: bytes) -> tuple[list[Signal], Rights, dict[str, bytes]]:
    """Return what an EXIF block says, its rights, and metadata blocks that stand inside it.

    Args:
        block: A TIFF structure; of a TIFF file, the file.

    Returns:
        Statements, rights for comparison, and blocks by ``xmp`` and ``iptc``.
    """
    digest = digest_of(block)
    try:
        found = _directory(block)
    except BrokenError as error:
        return [unreadable("exif", "EXIF", str(error), digest=digest, tool=TOOL)], Rights(), {}
    rights = Rights(_text(found.get(_ARTIST)), _text(found.get(_COPYRIGHT)))
    signals = [
        Signal("rights", "exif", f"exif:{name}", digest, TOOL, value=value)
        for name, value in (("Artist", rights.creator), ("Copyright", rights.copyright))
        if value
    ]
    return signals, rights, {name: found[tag] for tag, name in _INSIDE.items() if tag in found}


def _directory(block: bytes) -> dict[int, bytes]:
    """Return the raw values of the tags that matter, from the first directory."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        raise BrokenError("the block is no TIFF structure")
    (magic, start) = struct.unpack_from(f"{order}HI", block, 2)
    if magic != 42 or start + 2 > len(block):
        raise BrokenError("the block has no first directory")
    (count,) = struct.unpack_from(f"{order}H", block, start)
    if start + 2 + 12 * count > len(block):
        raise BrokenError("the first directory is cut short")
    found = {}
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", block, place)
        if tag in {_ARTIST, _COPYRIGHT, *_INSIDE}:
            found[tag] = _value(block, order, place, _SIZES.get(kind, 1) * number)
    return found


def _value(block: bytes, order: str, place: int, size: int) -> bytes:
    at = place + 8
    if size > 4:
        (at,) = struct.unpack_from(f"{order}I", block, at)
    if at + size > len(block):
        raise BrokenError("a value lies outside the block")
    return block[at : at + size]


def _text(value: bytes | None) -> str | None:
    """Return a text; the photographer's and the editor's parts of a copyright are joined."""
    if value is None:
        return None
    parts = [_decoded(part).strip() for part in value[:_MOST_TEXT].split(b"\x00")]
    return "; ".join(part for part in parts if part) or None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


# Directories that a directory points at: EXIF, GPS and interoperability.
_POINTERS = (0x8769, 0x8825, 0xA005)
_USER_COMMENT, _WIDE = 0x9286, range(0x9C9B, 0x9CA0)
_MOST_DIRECTORIES = 16
_NAMES = {
    0x010D: "DocumentName", 0x010E: "ImageDescription", 0x0131: "Software", 0x013B: "Artist",
    0x8298: "Copyright", 0x9286: "UserComment", 0x9C9B: "XPTitle", 0x9C9C: "XPComment",
    0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject",
}  # fmt: skip


def read_texts(block: bytes) -> Iterator[Text]:
    """Yield every text of an EXIF block: of all directories, and in whatever code it is written.

    What lies outside the block is left out: `read_exif` tells a broken block.
    """
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return
    waiting, seen = [int(struct.unpack_from(f"{order}I", block, 4)[0])], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        start = waiting.pop()
        if start in seen or start < 8 or start + 2 > len(block):
            continue
        seen.add(start)
        (count,) = struct.unpack_from(f"{order}H", block, start)
        end = start + 2 + 12 * count
        for place in range(start + 2, min(end, len(block) - 11), 12):
            tag, kind, number = struct.unpack_from(f"{order}HHI", block, place)
            try:
                value = _value(block, order, place, _SIZES.get(kind, 1) * number)
            except BrokenError:
                continue
            if tag in _POINTERS and len(value) == 4:
                waiting.append(int(struct.unpack(f"{order}I", value)[0]))
            elif text := _words(tag, kind, value, order):
                yield Text("exif", f"exif:{_NAMES.get(tag, f'0x{tag:04X}')}", text)
        if end + 4 <= len(block):
            waiting.append(int(struct.unpack_from(f"{order}I", block, end)[0]))


def _words(tag: int, kind: int, value: bytes, order: str) -> str:
    if tag in _WIDE:
        return value.decode("utf-16-le", "replace").strip("\x00")
    if tag == _USER_COMMENT:
        if value.startswith(b"UNICODE\x00"):
            code = "utf-16-le" if order == "<" else "utf-16-be"
            other = "utf-16-be" if order == "<" else "utf-16-le"
            # Programs do not agree on the order of bytes: both are looked at.
            return " ".join(value[8:].decode(c, "replace") for c in (code, other))
        value, kind = value.removeprefix(b"ASCII\x00\x00\x00").removeprefix(b"\x00" * 8), 2
    return _decoded(value).strip("\x00 ") if kind in (2, 129) else ""
