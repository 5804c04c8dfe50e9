"""What a format of a release is: one that writes each item, or an index over what was written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from curate.model.files import FileDigest
from curate.release.body import Body

Item = dict[str, Any]


def plain(name: str) -> str:
    """Return a name as it can be a folder's."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "unnamed"


class Writer(Protocol):
    """Writes the items of one shard, in their order."""

    def add(self, item: Item, body: Body) -> str:
        """Write an item, and return where it lies below the release's folder."""
        ...

    def close(self) -> list[FileDigest]:
        """Finish, and return the files."""
        ...

    def abandon(self) -> None:
        """Let go of what is open, after an error."""
        ...


class ShardFormat(Protocol):
    """A format that holds the media, in files of its own for each shard."""

    name: str

    def writer(self, folder: Path, stem: str, split: str) -> Writer:
        """Return a writer for the shard `stem` of a split, below the release's folder."""
        ...


class IndexFormat(Protocol):
    """A format that names files which another one wrote."""

    name: str

    def write(
        self, folder: Path, name: str, parts: Callable[[], Iterator[pa.Table]]
    ) -> list[FileDigest]:
        """Write the index of a release called `name`; `parts` yields its items part by part."""
        ...


class HashedFile:
    """A new file that knows the digest of what was written to it.

    Args:
        path: Where; what lies there from a build that was killed is overwritten.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=1 << 20)
        self._digest = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Append bytes."""
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        """Return how many bytes there are."""
        return self.size

    def flush(self) -> None:
        """Hand what waits to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._file.close()

    def digest(self, path: str) -> FileDigest:
        """Return what the manifest says of the file, which lies at `path` in the release."""
        return FileDigest(path, self._digest.hexdigest(), self.size)
