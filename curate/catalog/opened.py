"""Tables of the catalogue as they lie in their folders: what logs list, and whether it is there.

Logs are read once for each state of their files: a command asks for a table dozens of times.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa

from curate.catalog.damage import damaged, reading
from curate.errors import CatalogError
from curate.schema import arrow_schema

if TYPE_CHECKING:
    from deltalake import DeltaTable

_OTHER_VERSION = CatalogError.default_hint


@lru_cache(maxsize=4096)
def _check_footer(place: str, size: int, changed_ns: int) -> None:  # noqa: ARG001 - the cache's key
    from pyarrow import parquet

    parquet.read_metadata(place)


# What tells a file from any other under its name: that, its size and when it was changed.
Files = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Opened:
    """A table as it lay in its folder at an instant.

    Attributes:
        delta: Its log, read. It is shared: nobody may change the table by it.
        place: Its folder.
        log: The state of the files of its log.
        files: The state of its own files.
    """

    delta: DeltaTable
    place: str
    log: Files
    files: Files

    @property
    def paths(self) -> list[Path]:
        """Where its own files lie."""
        return [Path(self.place, name) for name, _, _ in self.files]


def state_of(folder: Path) -> Files:
    """Return what tells the files of a folder, as they are now, from those of any other time."""
    with os.scandir(folder) as found:
        told = ((entry.name, entry.stat()) for entry in found)
        return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in told))


@lru_cache(maxsize=128)
def read_log(place: str, log: Files) -> tuple[DeltaTable, tuple[tuple[str, int], ...]]:  # noqa: ARG001 - the cache's key
    """Return a table, and the files that its log lists, each with its size."""
    from deltalake import DeltaTable

    delta = DeltaTable(place)
    added = pa.table(delta.get_add_actions(flatten=True))
    rows = zip(added["path"].to_pylist(), added["size_bytes"].to_pylist(), strict=True)
    return delta, tuple(sorted((unquote(named), size) for named, size in rows))


@lru_cache(maxsize=128)
def _scanned(place: str, log: Files, files: Files) -> pa.dataset.Dataset:  # noqa: ARG001 - the cache's key
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    delta, _ = read_log(place, log)
    # Read without Python: a thread of Arrow's that needs it while it ends aborts the process.
    return delta.to_pyarrow_dataset(filesystem=SubTreeFileSystem(place, LocalFileSystem()))


def dataset_of(opened: Opened, name: str) -> pa.dataset.Dataset:
    """Return a table as something DuckDB can scan without loading it.

    Raises:
        CatalogError: It cannot be opened, or its columns are not those that this version declares.
    """
    with reading(name):
        stored = _scanned(opened.place, opened.log, opened.files)
    _check_columns(stored.schema, name)
    return stored


def check_files(listed: Iterable[tuple[str, int]], place: Path) -> Files:
    """See that each file of a table is there, as long as its log says, and has its footer.

    Returns:
        The state of the files.

    Raises:
        CatalogError: One is not.
    """
    found = []
    for named, size in listed:
        file = place / named
        where = f"catalog/{place.name}/{file.name}"
        try:
            told = file.stat()
        except OSError as error:
            raise damaged(f"a file of the table cannot be read: {error.strerror}", where) from None
        if told.st_size != size:
            said = f"a file of the table has {told.st_size:,} bytes; its log says {size:,}"
            raise damaged(said, where)
        try:
            _check_footer(str(file), told.st_size, told.st_mtime_ns)
        except (pa.ArrowException, OSError) as error:
            raise damaged(f"a file of the table is no Parquet file: {error}", where) from None
        found.append((named, told.st_size, told.st_mtime_ns))
    return tuple(found)


def _check_columns(found: pa.Schema, name: str) -> None:
    expected = arrow_schema(name)
    if found.names != expected.names:
        said = f"columns are {', '.join(found.names)}; expected {', '.join(expected.names)}"
        raise CatalogError(said, where=f"catalog/{name}", hint=_OTHER_VERSION)
    for have, want in zip(found, expected, strict=True):
        if have.type != want.type:
            said = f"column {have.name} is {have.type}; expected {want.type}"
            raise CatalogError(said, where=f"catalog/{name}", hint=_OTHER_VERSION)
