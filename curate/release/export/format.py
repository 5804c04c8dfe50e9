"""What a format of a release is: one that writes each item, or an index over what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from curate.model.files import FileDigest
from curate.release.body import Body
from curate.release.export.listed import Listed

Item = dict[str, Any]


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

    def write(self, listed: Listed) -> list[FileDigest]:
        """Write the index over what was written."""
        ...
