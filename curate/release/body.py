"""One item's bytes as they go out: checked against what was probed, and without metadata."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import InputError, VerificationError
from curate.media.open import open_regular
from curate.media.remux import remuxed
from curate.media.sniff import FORMATS
from curate.media.strip import strip
from curate.media.unreadable import UnreadableError

_BLOCK = 1 << 20
_BY_NAME = {found.name: found for found in FORMATS}


class CannotStripError(Exception):
    """The metadata of a file cannot be taken out."""


@dataclass(frozen=True)
class Body:
    """The bytes of one item as they go out.

    Attributes:
        sha256: Of these bytes, hex.
        size: In bytes.
    """

    sha256: str
    size: int
    _data: bytes | None = None
    _descriptor: int = -1

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the first on; it may be asked more than once."""
        if self._data is not None:
            yield self._data
            return
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        while block := os.read(self._descriptor, _BLOCK):
            yield block

    def read(self) -> bytes:
        """Return the bytes whole."""
        return b"".join(self.chunks()) if self._data is None else self._data


@contextmanager
def opened_body(item: dict[str, Any], *, keep_metadata: bool) -> Iterator[Body]:
    """Yield an item's bytes as they go out.

    Args:
        item: A row of a selection.
        keep_metadata: Hand the file on as it is, unless it has parts that nobody looked at: they
            are no metadata, and it was cleared without them.

    Raises:
        CannotStripError: Its metadata cannot be taken out.
        InputError: It cannot be read.
        VerificationError: It changed since it was probed.
    """
    root = Path(item["root"])
    place = root / item["locator"]
    try:
        with open_regular(place, root=root) as descriptor:
            whole = _whole(descriptor, item)
            if whole.sha256 != item["sha256"]:
                raise VerificationError(
                    "the file changed since it was probed",
                    where=str(place),
                    hint="run `curate ingest`, `curate run` and `curate audit` again",
                )
            if keep_metadata and item["taken_out"] is None:
                yield whole
                return
            with _stripped(whole, descriptor, item["format"]) as body:
                yield body
    except OSError as error:
        raise InputError(f"cannot be copied: {error.strerror}", where=str(place)) from None
    except UnreadableError as error:
        raise InputError(f"cannot be copied: {error.detail}", where=str(place)) from None


def _whole(descriptor: int, item: dict[str, Any]) -> Body:
    """Return the file as it is: a picture in memory, anything longer where it lies."""
    if item["kind"] == "image":
        data = _all(descriptor)
        return Body(hashlib.sha256(data).hexdigest(), len(data), data)
    return _lying(descriptor)


def _all(descriptor: int) -> bytes:
    parts = [os.read(descriptor, os.fstat(descriptor).st_size + 1)]
    while block := os.read(descriptor, _BLOCK):
        parts.append(block)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _lying(descriptor: int) -> Body:
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Body(digest, file.tell(), None, descriptor)


@contextmanager
def _stripped(whole: Body, descriptor: int, format_name: str) -> Iterator[Body]:
    try:
        if whole._data is None:  # noqa: SLF001 - made above
            with remuxed(descriptor, _BY_NAME[format_name]) as copy:
                yield _lying(copy)
            return
        data = strip(whole._data, format_name)  # noqa: SLF001
    except UnreadableError as error:
        raise CannotStripError(error.detail) from error
    # Most pictures of a dataset have no metadata: their digest is known.
    same = data == whole._data  # noqa: SLF001
    yield whole if same else Body(hashlib.sha256(data).hexdigest(), len(data), data)
