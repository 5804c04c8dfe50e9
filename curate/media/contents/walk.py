"""The search of one file: its bytes, what lies in them, and what lies in that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from curate.media.contents.carve import carved, end_of
from curate.media.contents.kinds import (
    TEXT,
    UNKNOWN,
    ZIP,
    Kind,
    ends_in_zip,
    is_der,
    is_misnamed,
    is_token,
    kind_of,
)
from curate.media.contents.piece import (
    FILE,
    MEMBER,
    ROW,
    VALUE,
    Event,
    Limits,
    Piece,
    Source,
    TooMuchError,
    Unsearched,
    joined,
    spool,
)
from curate.media.contents.texts import is_text
from curate.media.sniff import JPEG, PNG, PPM, WEBP, Format, sniff

# Values shorter than this, of no kind that is known, are numbers and digests, and no media.
_LEAST = {ROW: 256}
_LEAST_VALUE = 1024


def contents(path: Path, limits: Limits | None = None) -> Iterator[Event]:
    """Yield a file, what lies in it, and what could not be looked into.

    Args:
        path: The file.
        limits: How much it may cost.
    """
    limits = limits or Limits()
    try:
        with path.open("rb") as file:
            source = Source(file, path.name, path)
            walk = _Walk(limits, max(limits.bytes, limits.ratio * source.size))
            try:
                yield from walk.look(source, "", FILE, 0)
            except TooMuchError:
                yield Unsearched("", "it unpacks to more than is looked at",
                                 "unpack it, and search what comes out")  # fmt: skip
    except OSError as error:
        yield Unsearched("", f"it cannot be read: {error.strerror or error}", broken=True)


def may_hold_files(path: Path) -> bool:
    """Return whether a file may hold others: an archive, a table, or of a kind that is not known.

    A picture or video, and a text, are taken to hold none here.
    """
    with path.open("rb") as file:
        source = Source(file, path.name, path)
        if not source.size or sniff(source.head) is not None:
            return False
        found = kind_of(source)
        return found is not TEXT and not found.sealed


class _Walk:
    """The search of one file: what may still be unpacked of it."""

    def __init__(self, limits: Limits, most: int) -> None:
        self._limits, self._left, self._parts = limits, most, 0

    def spooled(self, stream: IO[bytes], name: str = "") -> Source:
        """Return what a stream holds, counted."""
        held = spool(stream, self._left, name.rsplit("/", 1)[-1])
        self._left -= held.size
        return held

    def look(self, source: Source, part: str, kind: str, depth: int) -> Iterator[Event]:
        """Yield the bytes and what lies in them."""
        self._parts += 1
        if self._parts > self._limits.parts:
            raise TooMuchError
        media = sniff(source.head)
        yield Piece(part, kind, source, media)
        if not source.size:
            return
        if media is not None and not (media is PPM and is_text(source.head)):
            if not media.readable:
                yield Unsearched(part, f"a picture of a kind that is not read ({media.name})",
                                 "write it as PNG, and search that with --near")  # fmt: skip
            yield from self._around(source, part, media, kind, depth)
            return
        found = kind_of(source)
        if found is UNKNOWN and is_token(source):
            return
        if found.read is None:
            if not found.sealed and (found is not UNKNOWN or self._counts(source, kind)):
                yield from self._carved(source, part, kind, 0, show=True)
                yield Unsearched(part, found.title, found.hint)
            return
        if is_misnamed(found, source.name):
            yield Unsearched(part, "a text, though its name says otherwise",
                             "fetch the file itself", broken=True)  # fmt: skip
        yield from self._inside(found, source, part, depth)

    def _around(
        self, source: Source, part: str, media: Format, kind: str, depth: int
    ) -> Iterator[Event]:
        """Yield what lies in a picture or video, and behind the end of a picture."""
        if ends_in_zip(source):
            yield from self._inside(ZIP, source, part, depth)
        with source.buffer() as data:
            end = end_of(data, 0) if media in {JPEG, PNG, WEBP} else source.size
        if end is not None and end < source.size:
            yield Unsearched(part, "data behind the end of a picture",
                             "cut them off, and search both")  # fmt: skip
        yield from self._carved(source, part, kind, 1, show=False)

    def _carved(
        self, source: Source, part: str, kind: str, start: int, *, show: bool
    ) -> Iterator[Event]:
        """Yield pictures that lie whole in other bytes.

        A preview within a picture is none of its own: it is not to be compared by its looks.
        """
        within = ROW if kind == ROW else VALUE
        with source.buffer() as data:
            for begin, end in carved(data, start):
                found = Source.of(bytes(data[begin:end]))
                media = sniff(found.head) if show else None
                place = part if kind == ROW else joined(part, f"byte {begin}")
                yield Piece(place, within, found, media)

    def _counts(self, source: Source, kind: str) -> bool:
        """Return whether bytes of no known kind may be more than numbers."""
        if kind in {FILE, MEMBER}:
            return True
        return source.size >= _LEAST.get(kind, _LEAST_VALUE) and not is_der(source)

    def _inside(self, found: Kind, source: Source, part: str, depth: int) -> Iterator[Event]:
        if depth > self._limits.depth:
            if found is not TEXT or source.size > _LEAST_VALUE:
                yield Unsearched(part, f"it lies more than {self._limits.depth} deep in others",
                                 "unpack what holds it, and search again")  # fmt: skip
            return
        assert found.read is not None
        try:
            yield from found.read(self, source, part, depth)
        except TooMuchError:
            raise
        except Exception as error:  # noqa: BLE001 - readers of strangers' files raise anything
            detail = str(error).split("\n", 1)[0][:200]
            yield Unsearched(part, f"{found.title} that cannot be read to its end: {detail}",
                             broken=True)  # fmt: skip
