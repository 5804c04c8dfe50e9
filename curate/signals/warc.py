"""WARC files beside media: the headers that each response was served with.

A record is matched with an entry by what was sent: the SHA-256 of its body. Only responses that
are whole are matched; a file that breaks off is told.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_MOST_HEAD = 64 << 10
_CHUNK = 1 << 20


class BrokenError(Exception):
    """The file is no WARC, or breaks off."""


@dataclass(frozen=True, slots=True)
class Response:
    """One response: the address, the body's SHA-256, and the headers as served."""

    url: str
    sha256: str
    headers: list[tuple[str, str]]
    raw: bytes


def responses(file: IO[bytes], *, packed: bool) -> Iterator[Response]:
    """Yield the responses of a WARC file.

    Args:
        file: The file at its beginning.
        packed: Whether it is gzip, one member a record.

    Raises:
        BrokenError: It is no WARC, or breaks off; what came before was yielded.
    """
    stream: IO[bytes] = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
    try:
        while head := _head(stream):
            named = {name.lower(): value for name, value in head[1]}
            length = int(named.get("content-length", "-1"))
            if not head[0].startswith("WARC/") or length < 0:
                raise BrokenError("a record without version or length")
            body = _Body(stream, length)
            if named.get("warc-type") == "response":
                yield _response(body, named.get("warc-target-uri", "").strip("<>"))
            body.skip()
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise BrokenError(f"{type(error).__name__}: {error}") from error


class _Body:
    """The content block of a record, and no byte more."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        self._stream, self._left = stream, length

    def read(self, size: int) -> bytes:
        piece = self._stream.read(min(size, self._left))
        if self._left and not piece:
            raise EOFError("the file breaks off")
        self._left -= len(piece)
        return piece

    def readline(self, size: int) -> bytes:
        line = self._stream.readline(min(size, self._left))
        self._left -= len(line)
        return line

    def skip(self) -> None:
        while self.read(_CHUNK):
            pass


def _response(body: _Body, url: str) -> Response:
    head = _head(body)
    sha256 = hashlib.sha256()
    while piece := body.read(_CHUNK):
        sha256.update(piece)
    headers = head[1] if head else []
    raw = "\n".join(f"{name}: {value}" for name, value in headers).encode()
    return Response(url, sha256.hexdigest(), headers, raw)


def _head(stream: IO[bytes] | _Body) -> tuple[str, list[tuple[str, str]]] | None:
    """Return the first line and the fields of a head, or None at the end."""
    first, read = b"\r\n", 0
    while first in {b"\r\n", b"\n"}:
        first = stream.readline(_MOST_HEAD)
    if not first:
        return None
    fields: list[tuple[str, str]] = []
    while (line := stream.readline(_MOST_HEAD)) not in {b"\r\n", b"\n", b""}:
        read += len(line)
        if read > _MOST_HEAD:
            raise BrokenError("a head of more than 64 KiB")
        name, _, value = line.decode("utf-8", "replace").partition(":")
        fields.append((name.strip(), value.strip()))
    return first.decode("utf-8", "replace").strip(), fields
