"""Read the structure of a TIFF or BigTIFF: its directories and what their tags refer to.

TIFF 6.0 section 2, TIFF Technical Note 1 (SubIFDs), and BigTIFF. Nothing is decoded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

# Length of one value of each type, in bytes.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8}  # fmt: skip
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q",
          18: "Q"}  # fmt: skip
SUB_IFDS = 330
_MOST_ENTRIES = 4096
_MOST_VALUES = 1 << 20
# Directories can overlap, so that few bytes hold many: so many entries are read in all.
_MOST_IN_ALL = 1 << 17


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag of a directory: where its values stand."""

    kind: int
    count: int
    at: int
    size: int
    """Length of its values in bytes."""
    inline: bool
    """Whether the values stand in the directory itself."""


@dataclass(slots=True)
class Directory:
    """One directory of a TIFF."""

    at: int
    end: int
    """Where it ends, behind the pointer to the next."""
    next: int
    sub: bool
    """Whether a tag of another directory refers to it, and the chain does not."""
    tags: dict[int, Entry] = field(default_factory=dict)
    repeated: int = 0
    """Entries of a tag that stands in it already: nothing reads them."""


@dataclass(slots=True)
class Tiff:
    """The structure of a TIFF."""

    data: bytes
    order: str
    big: bool
    directories: list[Directory] = field(default_factory=list)
    broken: str | None = None
    """What could not be followed, as a sentence without its full stop."""
    entries: int = 0
    """How many entries were read."""

    def values(self, directory: Directory, tag: int) -> tuple[int, ...]:
        """Return the integers of a tag; nothing where it is absent, or of another kind."""
        entry = directory.tags.get(tag)
        if entry is None or entry.kind not in _CODES or entry.count > _MOST_VALUES:
            return ()
        code = f"{self.order}{entry.count}{_CODES[entry.kind]}"
        return struct.unpack_from(code, self.data, entry.at)

    def number(self, directory: Directory, tag: int, otherwise: int) -> int:
        """Return the first integer of a tag."""
        found = self.values(directory, tag)
        return found[0] if found else otherwise

    def block(self, entry: Entry) -> bytes:
        """Return the bytes of an entry's values."""
        return self.data[entry.at : entry.at + entry.size]

    def beginning_with(self, directory: Directory) -> bytes:
        """Return the file with that directory as its first, so that readers show its picture."""
        if self.big:
            return self.data[:8] + struct.pack(f"{self.order}Q", directory.at) + self.data[16:]
        return self.data[:4] + struct.pack(f"{self.order}I", directory.at) + self.data[8:]


def parse_tiff(data: bytes, *, most: int) -> Tiff:
    """Return the directories of a TIFF: of the chain, each followed by those below it.

    Args:
        data: The file, or a block of EXIF.
        most: How many directories are followed.
    """
    order = "<" if data[:2] == b"II" else ">"
    found = Tiff(data, order, big=data[2:4] in (b"+\x00", b"\x00+"))
    try:
        at = _pointer(found, 8 if found.big else 4)
        _chain(found, at, sub=False, most=most)
    except struct.error:
        found.broken = "a directory lies outside of the file"
    return found


def _pointer(tiff: Tiff, at: int) -> int:
    return int(struct.unpack_from(f"{tiff.order}{'Q' if tiff.big else 'I'}", tiff.data, at)[0])


def _chain(tiff: Tiff, at: int, *, sub: bool, most: int) -> None:
    known = {directory.at for directory in tiff.directories}
    while at:
        if at in known:
            tiff.broken = "two pointers lead to one directory"
            return
        if len(tiff.directories) >= most:
            tiff.broken = f"there are more than {most} directories"
            return
        directory = _directory(tiff, at, sub=sub)
        known.add(at)
        tiff.directories.append(directory)
        if not sub or SUB_IFDS in directory.tags:
            for below in tiff.values(directory, SUB_IFDS):
                _chain(tiff, below, sub=True, most=most)
        at = directory.next


def _directory(tiff: Tiff, at: int, *, sub: bool) -> Directory:
    order, big = tiff.order, tiff.big
    (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", tiff.data, at)
    tiff.entries += count
    if count > _MOST_ENTRIES or tiff.entries > _MOST_IN_ALL:
        raise struct.error
    width, inside = (20, 8) if big else (12, 4)
    begin = at + (8 if big else 2)
    end = begin + count * width
    made = Directory(at, end + inside, _pointer(tiff, end), sub)
    for place in range(begin, end, width):
        tag, kind, number = struct.unpack_from(f"{order}HH{'Q' if big else 'I'}", tiff.data, place)
        size = number * _SIZES.get(kind, 1)
        where = place + width - inside
        inline = size <= inside
        entry = Entry(kind, number, where if inline else _pointer(tiff, where), size, inline)
        if entry.at + size > len(tiff.data):
            raise struct.error
        made.repeated += tag in made.tags
        made.tags.setdefault(tag, entry)
    return made
