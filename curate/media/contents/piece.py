"""What a search of a file's contents takes and tells, and what its readers share."""

from __future__ import annotations

import hashlib
import io
import mmap
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Protocol

from curate.media.sniff import Format

FILE, MEMBER, ROW, VALUE, MENTION = "file", "member", "row", "value", "mention"
DIGEST = re.compile(rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
BLOCK = 1 << 20
_IN_MEMORY = 8 << 20


@dataclass(frozen=True)
class Limits:
    """How much one file may cost to search.

    Attributes:
        depth: How deep archives and tables may lie in one another.
        bytes: Bytes that may be unpacked of any file.
        ratio: Or so many times its own size, whichever is more.
        parts: Parts that are looked at.
    """

    depth: int = 8
    bytes: int = 4 << 30
    ratio: int = 100
    parts: int = 50_000_000


class TooMuchError(Exception):
    """A file unpacks to more than its limits allow."""


@dataclass(frozen=True)
class Source:
    """Bytes that can be read more than once.

    Attributes:
        file: Where they are; it can be sought in.
        name: What they are called: the last part of a path, or empty.
        path: Their place on disk, where they have one that others see.
    """

    file: IO[bytes] = field(repr=False)
    name: str = ""
    path: Path | None = None

    def __del__(self) -> None:
        if self.path is None:
            self.file.close()

    @classmethod
    def of(cls, data: bytes, name: str = "") -> Source:
        """Return some bytes as a source."""
        return cls(io.BytesIO(data), name)

    @cached_property
    def size(self) -> int:
        """How many bytes there are."""
        at = self.file.tell()
        end = self.file.seek(0, io.SEEK_END)
        self.file.seek(at)
        return end

    @cached_property
    def head(self) -> bytes:
        """The first 4096 bytes."""
        return self.opened().read(4096)

    @cached_property
    def tail(self) -> bytes:
        """The last 512 bytes."""
        self.file.seek(max(0, self.size - 512))
        return self.file.read()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        told = hashlib.sha256()
        file = self.opened()
        while block := file.read(BLOCK):
            told.update(block)
        return told.hexdigest()

    def opened(self) -> IO[bytes]:
        """Return the file, at its start."""
        self.file.seek(0)
        return self.file

    @contextmanager
    def buffer(self) -> Iterator[bytes | mmap.mmap]:
        """Yield the bytes, without reading a large file into memory."""
        if isinstance(self.file, io.BytesIO) or not self.size:
            yield self.opened().read()
            return
        with mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Yield a path of the bytes: their own, or that of a copy."""
        if self.path is not None:
            yield self.path
            return
        with tempfile.NamedTemporaryFile() as copy:
            file = self.opened()
            while block := file.read(BLOCK):
                copy.write(block)
            copy.flush()
            yield Path(copy.name)


@dataclass(frozen=True)
class Piece:
    """Bytes that lie in a file, or the file itself.

    Attributes:
        part: Where in the file: names of members, numbers of rows; empty for the file itself.
        kind: ``file``, ``member``, ``row`` or ``value``.
        source: The bytes; they can be read until the next thing is asked for.
        media: The format, where they are a picture or a video.
    """

    part: str
    kind: str
    source: Source
    media: Format | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return self.source.sha256


@dataclass(frozen=True)
class Mention:
    """A SHA-256 that is written in a name, a cell or a text.

    Attributes:
        part: Where in the file.
        kind: ``member`` for a name, ``row`` for a cell, else ``mention``.
        sha256: What is written, in small letters.
    """

    part: str
    kind: str
    sha256: str


@dataclass(frozen=True)
class Unsearched:
    """Something that could not be looked into.

    Attributes:
        part: Where in the file; empty for the file itself.
        why: Why not, in words that are the same for all that is alike.
        hint: What would read it.
        broken: Whether it is of a kind that is read, and could not be read to its end.
    """

    part: str
    why: str
    hint: str = ""
    broken: bool = False


Event = Piece | Mention | Unsearched


class Walk(Protocol):
    """What a reader of one kind of file asks of the search that it is part of."""

    def look(self, source: Source, part: str, kind: str, depth: int) -> Iterator[Event]:
        """Yield the bytes and what lies in them."""
        ...

    def spooled(self, stream: IO[bytes], name: str = "") -> Source:
        """Return what a stream holds, counted.

        Raises:
            TooMuchError: The file unpacks to more than its limits allow.
        """
        ...


def spool(stream: IO[bytes], most: int, name: str = "") -> Source:
    """Return what a stream holds, in memory or in a file that nobody else can reach.

    Raises:
        TooMuchError: It is more than `most` bytes.
    """
    held: IO[bytes] = io.BytesIO()
    count = 0
    while block := stream.read(BLOCK):
        count += len(block)
        if count > most:
            held.close()
            raise TooMuchError
        if count > _IN_MEMORY and isinstance(held, io.BytesIO):
            disk = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as its source
            disk.write(held.getvalue())
            held = disk
        held.write(block)
    held.flush()
    return Source(held, name)


def joined(part: str, name: str) -> str:
    """Return the place of what is called `name` in what lies at `part`."""
    return f"{part}/{name}" if part else name


def mentions(text: bytes | mmap.mmap, part: str, kind: str) -> Iterator[Mention]:
    """Yield each SHA-256 that is written in a text or name, in hexadecimal digits."""
    for found in DIGEST.finditer(text):
        yield Mention(part, kind, found.group().decode("ascii").lower())
