"""What the walk of a container finds: where it ends, what is missing, and what nothing reads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from curate.engine.watch import alive

# Blocks of settings and texts longer than this are not taken for texts.
MOST_BLOCK = 1 << 20
_MOST_BLOCKS = 20_000
_MOST_BYTES = 8 << 20
_STEP = 1 << 20
_ZERO = (b"\x00",)


_WRITTEN = re.compile(rb"(?:[A-Za-z0-9+/_=-][\x00\r\n]*){200}")
# Numbers and codes: too short for a sentence or a picture.
_SHORT = 40


def is_text(content: bytes) -> bool:
    """Return whether bytes are a text: nearly all of it can be printed, in some Unicode.

    A file that is written in letters, such as in base64, is none.
    """
    if is_written(content):
        return False
    for code in ("utf-8", "utf-16-be", "utf-16-le"):
        try:
            text = content.decode(code)
        except UnicodeDecodeError:
            continue
        # Lengths and codes of languages stand before some texts.
        odd = sum(not (sign.isprintable() or sign in "\t\r\n") for sign in text)
        plain = sum(sign.isascii() or sign.isalpha() for sign in text)
        if odd <= 8 + len(text) // 50 and plain > 0.8 * len(text):
            return True
    return False


def is_written(content: bytes) -> bool:
    """Return whether a file is written in letters somewhere in it."""
    return _WRITTEN.search(content) is not None


class CutShortError(Exception):
    """The file ends where more is promised."""


@dataclass
class Layout:
    """How a container is laid out.

    Attributes:
        missing: Why the file is not whole, each without a full stop; empty where it is.
        tail: Bytes behind the end of the container.
        unread: How many bytes no demuxer reads, by the place where they stand.
        unknown: What could not be established of the file: by name, why.
        dark: What of it is no text either: by place, what is to be said of it.
        passed: What was not looked at, and stands beside the streams: by name, why.
        hidden: What players show otherwise than it is decoded, or not at all: by name, why.
        further: Streams that stand in the file, and that the demuxer need not have noticed: their
            ids, by name.
        seconds: How long the header says that it lasts.
        tracks: How many streams the header describes, where it does.
        blocks: Settings and texts, as bytes by place.
        xmp: Packets of XMP.
        transparent: Whether the container says that frames have a plane of transparency.
    """

    missing: list[str] = field(default_factory=list)
    tail: int = 0
    unread: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    dark: dict[str, str] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    further: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None
    tracks: int = 0
    blocks: list[tuple[str, bytes]] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    transparent: bool = False
    _size: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no further block is kept: a file of nothing but texts is none that is read."""
        return len(self.blocks) >= _MOST_BLOCKS or self._size >= _MOST_BYTES

    def leave(self, place: str, size: int, content: bytes = b"") -> None:
        """Add bytes that no demuxer reads."""
        if size > 0:
            self.unread[place] = self.unread.get(place, 0) + size
            self._show(place, size, content)

    def _show(self, place: str, size: int, content: bytes) -> None:
        self.keep(place, content)
        if len(content) < size or self.is_full or not is_text(content):
            self.dark[place] = "bytes that are not understood"

    def note(self, place: str, content: bytes, size: int) -> None:
        """Add a value of user data: a text is kept, and what is none is not read."""
        if size <= _SHORT or (not self.is_full and is_text(content)):
            self.keep(place, content)
        else:
            self.leave(place, size, content)

    def end(self, source: Source, at: int) -> None:
        """Take what follows from `at`, if anything, for bytes behind the end."""
        if not source.filled(at, source.size):
            self.behind(source.size - at, source.block(at, source.size))

    def behind(self, size: int, content: bytes) -> None:
        """Add bytes behind the end."""
        self.tail = size
        self._show("behind the end", size, content)

    def keep(self, place: str, content: bytes) -> None:
        """Add a block of settings or texts."""
        if not content:
            return
        full = self.is_full
        if not full:
            self.blocks.append((place, content[:MOST_BLOCK]))
            self._size += len(self.blocks[-1][1])
        if full or len(content) > MOST_BLOCK:
            self.passed["long texts"] = "there are more texts in the container than are read"

    def cut(self, why: str) -> None:
        """Say that the file is not whole."""
        if why not in self.missing:
            self.missing.append(why)


class Source:
    """A file read in places, without moving its position.

    Args:
        descriptor: The open file.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._at, self._window = 0, b""

    def read(self, at: int, length: int) -> bytes:
        """Return `length` bytes from `at`.

        Raises:
            CutShortError: The file ends before.
        """
        if length <= 0:
            return b""
        # Nothing is allocated for what a damaged length promises.
        if at < 0 or at + length > self.size:
            raise CutShortError
        if length > 4096:
            return self._pread(at, length)
        if not self._at <= at or at + length > self._at + len(self._window):
            alive()
            # Headers stand close together: one call of the system serves several.
            self._at, self._window = at, os.pread(self._descriptor, 1 << 14, at)
        found = self._window[at - self._at : at - self._at + length]
        if len(found) < length:
            raise CutShortError
        return found

    def _pread(self, at: int, length: int) -> bytes:
        found = os.pread(self._descriptor, length, at)
        if len(found) < length:
            raise CutShortError
        return found

    def pieces(self, at: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `at` to `end`, or to the end of the file, in pieces."""
        while at < end:
            alive()
            piece = os.pread(self._descriptor, min(_STEP, end - at), at)
            if not piece:
                return
            yield piece
            at += len(piece)

    def number(self, at: int, length: int) -> int:
        """Return a big-endian number."""
        return int.from_bytes(self.read(at, length), "big")

    def little(self, at: int, length: int) -> int:
        """Return a little-endian number."""
        return int.from_bytes(self.read(at, length), "little")

    def block(self, at: int, end: int) -> bytes:
        """Return bytes of settings or texts: at most one more than are taken for such."""
        length = min(end, self.size) - at
        return self.read(at, min(length, MOST_BLOCK + 1))

    def filled(self, at: int, end: int, filling: tuple[bytes, ...] = _ZERO) -> bool:
        """Return whether nothing but one of `filling` stands from `at` to `end`."""
        left = set(filling)
        for piece in self.pieces(at, end):
            left = {one for one in left if piece.count(one) == len(piece)}
            if not left:
                return False
        return True
