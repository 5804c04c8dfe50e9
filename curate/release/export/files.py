"""Plain files: ``media/<split>/<label>/<sha256>.<ending>``, which is an image folder as well.

Named by content: the name a file had may tell who is in it, and so may its ending.
"""

from __future__ import annotations

from pathlib import Path

from curate.model.files import FileDigest
from curate.release.body import Body
from curate.release.export.format import Item
from curate.release.export.sink import plain

FOLDER = "media"
UNLABELLED = "unlabelled"


class Files:
    """Media as files of their own."""

    name = "files"

    def writer(self, folder: Path, stem: str, split: str) -> FilesWriter:  # noqa: ARG002
        """Return a writer below ``media/``."""
        return FilesWriter(folder, split)


class FilesWriter:
    """Writes the files of one shard.

    Args:
        folder: The release's.
        split: As a folder's name.
    """

    def __init__(self, folder: Path, split: str) -> None:
        self._folder, self._split = folder, split
        self._files: list[FileDigest] = []

    def add(self, item: Item, body: Body) -> str:
        """Write one file."""
        label = plain(item["label"] or UNLABELLED)
        path = f"{FOLDER}/{self._split}/{label}/{item['sha256']}{item['ending']}"
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for chunk in body.chunks():
                file.write(chunk)
        self._files.append(FileDigest(path, body.sha256, body.size))
        return path

    def close(self) -> list[FileDigest]:
        """Return the files."""
        return self._files

    def abandon(self) -> None:
        """Nothing is open between two items."""
