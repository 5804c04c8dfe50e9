"""Archives and compressed files: tar, zip, gzip, bzip2, xz, Zstandard, LZ4, zlib."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import pyarrow as pa

from curate.media.contents.piece import (
    BLOCK,
    MEMBER,
    Event,
    Source,
    TooMuchError,
    Unsearched,
    Walk,
    joined,
    mentions,
)

_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".z")
# What may lie between members of a zip: sizes behind a member, which some write longer.
_LOOSE, _LOOSE_MEMBER = 32, 12


def read_tar(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield what lies in a tar, and in tars that are written behind it."""
    start, names, links = 0, set[str](), list[tuple[str, str]]()
    while start < source.size:
        source.file.seek(start)
        with tarfile.open(fileobj=source.file, mode="r:") as archive:
            for member in archive:
                place = joined(part, member.name)
                yield from mentions(member.name.encode("utf-8", "replace"), place, MEMBER)
                names.add(member.name.removeprefix("./"))
                if member.islnk() or member.issym():
                    links.append((place, member.linkname.removeprefix("./")))
                body = archive.extractfile(member) if member.isreg() else None
                if body is not None:
                    yield from _member(walk, body, member.name, place, depth)
            ended = archive.offset
        start, proper = _next_start(source, ended)
        if not proper:
            yield Unsearched(part, "the tar does not end as a tar does", broken=True)
            return
    for place, target in links:
        if target not in names and not any(name.endswith("/" + target) for name in names):
            yield Unsearched(place, "a link to what is not in the archive")


def _next_start(source: Source, ended: int) -> tuple[int, bool]:
    """Return where a tar goes on behind its end, and whether its end is one.

    The standard library takes a header that it cannot read for the end.
    """
    source.file.seek(ended)
    block = source.file.read(tarfile.BLOCKSIZE)
    if block.strip(b"\0") or not block:
        return ended, False
    at = ended + len(block)
    while block := source.file.read(BLOCK):
        kept = block.lstrip(b"\0")
        if kept:
            place = at + len(block) - len(kept)
            return place - place % tarfile.BLOCKSIZE, True
        at += len(block)
    return source.size, True


def read_zip(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield what lies in a zip; what is encrypted, or belongs to no member, is told."""
    with zipfile.ZipFile(source.opened()) as archive:
        members = archive.infolist()
        for member in members:
            place = joined(part, member.filename)
            yield from mentions(member.filename.encode("utf-8", "replace"), place, MEMBER)
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                yield Unsearched(place, "the member is encrypted", "unpack it, and search again")
                continue
            try:
                with archive.open(member) as body:
                    held = walk.spooled(body, member.filename)
            except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
                    NotImplementedError, RuntimeError) as error:  # fmt: skip
                yield Unsearched(place, f"the member cannot be unpacked: {error}", broken=True)
                continue
            yield from walk.look(held, place, MEMBER, depth + 1)
        if archive.comment:
            yield from walk.look(
                Source.of(archive.comment), joined(part, "comment"), MEMBER, depth + 1
            )
        loose = source.size - _told_of(source, members, archive.start_dir)
    if loose > _LOOSE + _LOOSE_MEMBER * len(members):
        yield Unsearched(part, "the zip holds bytes that belong to no member")


def _told_of(source: Source, members: list[zipfile.ZipInfo], directory: int) -> int:
    """Return how many bytes of a zip belong to members or to its directory."""
    count = source.size - directory
    for member in members:
        source.file.seek(member.header_offset + 26)
        lengths = source.file.read(4)
        count += 30 + member.compress_size + (16 if member.flag_bits & 8 else 0)
        count += int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    return count


def _member(walk: Walk, body: IO[bytes], name: str, place: str, depth: int) -> Iterator[Event]:
    yield from walk.look(walk.spooled(body, name), place, MEMBER, depth + 1)


def _arrow(codec: str) -> Callable[[IO[bytes]], Any]:
    return lambda file: pa.CompressedInputStream(pa.PythonFile(file, mode="r"), codec)


def _chained(new: Callable[[], Any]) -> Callable[[IO[bytes]], IO[bytes]]:
    return lambda file: io.BufferedReader(_Chained(file, new))


class _Chained(io.RawIOBase):
    """Compressed streams one behind another as a file; anything else behind them is an error."""

    def __init__(self, file: IO[bytes], new: Callable[[], Any]) -> None:
        self._file, self._new, self._worker, self._rest = file, new, new(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while True:
            if self._worker.eof:
                self._rest = (self._worker.unused_data or self._file.read(1 << 16)).lstrip(b"\0")
                if not self._rest:
                    return 0
                self._worker = self._new()
            given = self._rest or self._more()
            self._rest = b""
            found = self._worker.decompress(given, len(target))
            if found:
                target[: len(found)] = found
                return len(found)

    def _more(self) -> bytes:
        """Return what is to be unpacked next."""
        left: bytes = getattr(self._worker, "unconsumed_tail", b"")
        if left or not getattr(self._worker, "needs_input", True):
            return left
        given = self._file.read(1 << 16)
        if not given:
            raise EOFError("the data end too early")
        return given


_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": _chained(bz2.BZ2Decompressor),
    "xz": _chained(lzma.LZMADecompressor),
    "zstd": _arrow("zstd"),
    "lz4": _arrow("lz4"),
    "zlib": _chained(zlib.decompressobj),
}


def read_packed(codec: str) -> Callable[[Walk, Source, str, int], Iterator[Event]]:
    """Return a reader of files that are compressed as a whole."""

    def read(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
        name, ending = source.name, ""
        if name.lower().endswith(_SUFFIXES):
            name = name[: name.rindex(".")]
        elif name.lower().endswith(".tgz"):
            name, ending = name[:-4], ".tar"
        stream = _OPENERS[codec](source.opened())
        try:
            held = walk.spooled(stream, name + ending)
        except TooMuchError:
            raise
        except Exception as error:  # noqa: BLE001 - each library raises errors of its own
            yield from _begun(walk, _OPENERS[codec](source.opened()), name + ending, part, depth)
            yield Unsearched(part, f"it cannot be unpacked to its end: {error}", broken=True)
            return
        yield from walk.look(held, joined(part, held.name or codec), MEMBER, depth + 1)

    return read


def _begun(walk: Walk, stream: Any, name: str, part: str, depth: int) -> Iterator[Event]:
    """Yield what can be unpacked of a stream that breaks off."""
    held = bytearray()
    try:
        while block := stream.read(1 << 16):
            held += block
            if len(held) > BLOCK << 6:
                break
    except Exception:  # noqa: BLE001, S110 - where it breaks is told by the caller
        pass
    if held:
        source = walk.spooled(io.BytesIO(bytes(held)), name)
        yield from walk.look(source, joined(part, name or "unpacked"), MEMBER, depth + 1)
