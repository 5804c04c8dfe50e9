"""WebDataset: tar files in which the members of one item share a name.

``<sha256>.<ending>`` is the media, ``<sha256>.json`` what is known of it, and ``<sha256>.cls`` its
class, 0 for real and 1 for fake, where it has one.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from curate.model.files import FileDigest
from curate.release.body import Body
from curate.release.export.format import Item
from curate.release.export.sink import HashedFile

FOLDER = "webdataset"
CLASSES = {"real": 0, "fake": 1}
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(tarfile.RECORDSIZE)


class WebDataset:
    """Media in tar files."""

    name = "webdataset"

    def writer(self, folder: Path, stem: str, split: str) -> TarWriter:  # noqa: ARG002
        """Return a writer of ``webdataset/<stem>.tar``."""
        return TarWriter(folder, f"{FOLDER}/{stem}.tar")


class TarWriter:
    """Writes one tar file; members bear no time and no owner.

    Args:
        folder: The release's.
        path: Of the tar file, below it.
    """

    def __init__(self, folder: Path, path: str) -> None:
        self._path = path
        self._file = HashedFile(folder / path)

    def add(self, item: Item, body: Body) -> str:
        """Write the members of one item."""
        key = item["sha256"]
        # A file without an ending would not be read as part of a sample.
        name = f"{key}{item['ending'] or '.bin'}"
        self._file.write(_header(name, body.size))
        for chunk in body.chunks():
            self._file.write(chunk)
        told = {k: v for k, v in item.items() if v is not None and k != "ending"}
        said = json.dumps(told, sort_keys=True, ensure_ascii=False).encode()
        label = item["label"]
        classed = _member(f"{key}.cls", b"%d" % CLASSES[label]) if label in CLASSES else b""
        self._file.write(_filling(body.size) + classed + _member(f"{key}.json", said))
        return f"{self._path}/{name}"

    def close(self) -> list[FileDigest]:
        """Write the end, and return the file."""
        self._file.write(bytes(2 * _BLOCK))
        self._file.write(_END[: -self._file.size % len(_END)])
        self._file.close()
        return [self._file.digest(self._path)]

    def abandon(self) -> None:
        """Close the file."""
        self._file.close()


def _member(name: str, data: bytes) -> bytes:
    """Return a small member whole."""
    return _header(name, len(data)) + data + _filling(len(data))


def _filling(size: int) -> bytes:
    """Return what fills the last block of a member."""
    return bytes(-size % _BLOCK)


# A member's header, of which only name, size and checksum differ from one to the next.
_EMPTY = tarfile.TarInfo().tobuf(tarfile.GNU_FORMAT)
_NAME, _SIZE, _SUM = slice(0, 100), slice(124, 136), slice(148, 156)


def _header(name: str, size: int) -> bytes:
    """Return the header of a member; short names and common sizes without asking the library."""
    encoded = name.encode()
    if len(encoded) > 100 or size >= 8**11:
        member = tarfile.TarInfo(name)
        member.size = size
        return member.tobuf(tarfile.GNU_FORMAT)
    header = bytearray(_EMPTY)
    header[_NAME] = encoded.ljust(100, b"\0")
    header[_SIZE] = b"%011o\0" % size
    header[_SUM] = b" " * 8
    header[_SUM] = b"%06o\0 " % sum(header)
    return bytes(header)
