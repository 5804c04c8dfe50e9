"""Directories of a TIFF structure, which EXIF and the formats of many cameras are: all of them.

Layout: TIFF 6.0 section 2; BigTIFF (Aware Systems, 2007). Every pointer to another directory is
followed once, up to `MOST` directories; what is left then, or lies outside of the block, is told.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST = 256
# Directories that a directory points at: EXIF, GPS, interoperability, and further pictures.
POINTERS = (0x8769, 0x8825, 0xA005, 0x014A)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8, 129: 1}  # fmt: skip


class BrokenError(Exception):
    """The block is no TIFF structure, or is cut short where it matters."""


@dataclass(frozen=True, slots=True)
class Value:
    """One entry of a directory.

    Attributes:
        directory: The number of its directory, in the order read; 0 is the first.
        tag: What it is.
        kind: Its type.
        value: Its bytes; None where they lie outside of the block.
    """

    directory: int
    tag: int
    kind: int
    value: bytes | None


@dataclass
class Directories:
    """The entries of all directories of a block.

    Attributes:
        order: ``<`` or ``>``, as `struct` writes the order of bytes.
        values: The entries.
        problems: What could not be read.
        end: Behind which byte none of them, and none of their values, stands.
    """

    order: str
    values: list[Value] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    end: int = 0


@dataclass(frozen=True, slots=True)
class _Layout:
    order: str
    count: str
    entry: int
    inline: int
    offset: str

    def number(self, code: str, block: bytes, at: int) -> int:
        return int(struct.unpack_from(self.order + code, block, at)[0])


def read_directories(block: bytes) -> Directories:
    """Return the entries of all directories of a block.

    Args:
        block: A TIFF structure, classic or big.

    Raises:
        BrokenError: It is none, or its first directory is not there or is cut short.
    """
    layout, start = _layout(block)
    found = Directories(layout.order)
    waiting, seen = [start], set[int]()
    while waiting:
        start = waiting.pop(0)
        if start in seen or start == 0:
            continue
        if len(seen) == MOST:
            found.problems.append(f"more than {MOST} directories")
            break
        seen.add(start)
        try:
            waiting += _directory(block, layout, start, len(seen) - 1, found)
        except BrokenError as error:
            if len(seen) == 1:
                raise
            found.problems.append(str(error))
    return found


def _layout(block: bytes) -> tuple[_Layout, int]:
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        raise BrokenError("the block is no TIFF structure")
    magic, start = struct.unpack_from(f"{order}HI", block, 2)
    layout = _Layout(order, "H", 12, 4, "I")
    if magic == 43 and len(block) >= 16:
        layout = _Layout(order, "Q", 20, 8, "Q")
        start = layout.number("Q", block, 8)
    if magic not in (42, 43) or start + 2 > len(block):
        raise BrokenError("the block has no first directory")
    return layout, start


def _directory(
    block: bytes, layout: _Layout, start: int, number: int, found: Directories
) -> Iterator[int]:
    """Add the entries of a directory, and yield where others begin."""
    head = struct.calcsize(layout.count)
    name = "the first directory" if number == 0 else "a directory"
    if start + head > len(block):
        raise BrokenError(f"{name} lies outside of the block")
    count = layout.number(layout.count, block, start)
    end = start + head + layout.entry * count
    if end > len(block):
        raise BrokenError(f"{name} is cut short")
    for place in range(start + head, end, layout.entry):
        tag, kind = struct.unpack_from(f"{layout.order}HH", block, place)
        size = _SIZES.get(kind, 1) * layout.number(layout.offset, block, place + 4)
        at = place + 4 + struct.calcsize(layout.offset)
        if size > layout.inline:
            at = layout.number(layout.offset, block, at)
            found.end = max(found.end, at + size)
        value = block[at : at + size] if at + size <= len(block) else None
        if tag in POINTERS and value:
            code = {4: "I", 13: "I", 16: "Q", 18: "Q"}.get(kind)
            if code is not None:
                yield from struct.unpack(f"{layout.order}{len(value) // _SIZES[kind]}{code}", value)
        found.values.append(Value(number, tag, kind, value))
    found.end = max(found.end, end + struct.calcsize(layout.offset))
    if end + struct.calcsize(layout.offset) <= len(block):
        yield layout.number(layout.offset, block, end)


# Where coded samples and previews begin, and how long they are.
_SAMPLES = ((0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202))
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


def end_of(block: bytes) -> int:
    """Return behind which byte of a TIFF file nothing of it stands, its length if unknown."""
    try:
        found = read_directories(block)
    except BrokenError:
        return len(block)
    ends = [found.end]
    tables: dict[tuple[int, int], list[int]] = {}
    for one in found.values:
        if one.value and one.kind in _CODES:
            code = _CODES[one.kind]
            count = len(one.value) // struct.calcsize(f"<{code}")
            size = struct.calcsize(f"<{code}") * count
            numbers = struct.unpack(f"{found.order}{count}{code}", one.value[:size])
            tables[one.directory, one.tag] = list(numbers)
    for (directory, tag), starts in tables.items():
        for begin, length in _SAMPLES:
            if tag == begin:
                sizes = tables.get((directory, length), [])
                if len(sizes) != len(starts):
                    return len(block)
                ends += [start + size for start, size in zip(starts, sizes, strict=True)]
    return min(max(ends), len(block))
