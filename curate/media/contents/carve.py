"""Pictures that lie whole in other bytes: found by how they begin, and followed to their end.

What holds them need not be known for that: records of TFRecord, pages of databases, icons. A
picture that is compressed again, encrypted or cut into pieces is not found so.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator

_STARTS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP", re.DOTALL)
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_BARE = frozenset(range(0xD0, 0xD9)) | {0x01}

Bytes = bytes | mmap.mmap


def carved(data: Bytes, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where each PNG, JPEG and WebP begins and ends that lies whole in some bytes.

    Args:
        data: The bytes.
        start: Where to begin.
    """
    for found in _STARTS.finditer(data, start):
        end = end_of(data, found.start())
        if end is not None:
            yield found.start(), end


def end_of(data: Bytes, start: int) -> int | None:
    """Return where the picture that begins at `start` ends; None where it does not."""
    mark = data[start : start + 4]
    if mark[:2] == b"\xff\xd8":
        return _end_of_jpeg(data, start)
    if mark == b"\x89PNG":
        return _end_of_png(data, start)
    if mark == b"RIFF":
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        end = start + 8 + size + size % 2
        return end if end <= len(data) else None
    return None


def _end_of_png(data: Bytes, start: int) -> int | None:
    at = start + 8
    while at + 12 <= len(data):
        name = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if name == b"IEND":
            return at if at <= len(data) else None
    return None


def _end_of_jpeg(data: Bytes, start: int) -> int | None:
    at = start + 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        kind = data[at + 1]
        if kind == 0xD9:
            return at + 2
        if kind == 0xFF:
            at += 1
        elif kind in _BARE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            if kind == 0xDA:
                found = _MARKER.search(data, at)
                if found is None:
                    return None
                at = found.start()
    return len(data) if data[at : at + 2] == b"\xff\xd9" else None
