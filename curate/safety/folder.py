"""Hashes of a folder that is in no workspace, or of a workspace's catalogue, to hold against lists.

Of a folder digests come first, then what hashing needs, nothing else: a file whose bytes are on a
list is not decoded at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.errors import EmptyInputError, PathNotFoundError
from curate.media import UnreadableError, probe_media
from curate.media.contents import may_hold_files
from curate.media.hash_kinds import BYTE_KINDS
from curate.safety.lists import HashList
from curate.safety.match import match
from curate.safety.matches import Found
from curate.safety.stage import FRAMES, ITEMS, items_of

if TYPE_CHECKING:
    from curate.catalog.tables import Catalog

_ITEMS = pa.schema(
    [*((kind.column, pa.string()) for kind in BYTE_KINDS), ("kind", pa.string()),
     ("pdq", pa.binary()), ("pdq_quality", pa.int16()), ("pdq_dihedral", pa.binary())]
)  # fmt: skip
_FRAMES = pa.schema([("sha256", pa.string()), ("pdq", pa.binary()), ("pdq_quality", pa.int16())])
# What may be told of: not what is on a list or near one, sealed, erased or unreadable.
_OPEN = """
SELECT sha256 FROM entries
WHERE state = 'present' AND sha256 NOT IN (SELECT sha256 FROM hash_matches)
"""


@dataclass(frozen=True)
class Hashed:
    """Hashes of distinct contents.

    Attributes:
        items: Each kind of hash of the bytes, ``kind, pdq, pdq_quality, pdq_dihedral``,
            ascending by ``sha256``.
        frames: ``sha256, pdq, pdq_quality`` of frames of videos, likewise.
        paths: Files of each content, below the folder or the dataset's root.
        unreadable: Files of which not even the bytes could be read.
        closed: Files that are no media and may hold some, such as archives, and links: what lies in
            them was not looked at.
    """

    items: pa.Table
    frames: pa.Table
    paths: list[list[str]]
    unreadable: int
    closed: int = 0

    @property
    def digests(self) -> list[str]:
        """SHA-256 of each content."""
        digests: list[str] = self.items["sha256"].to_pylist()
        return digests

    def match(self, lists: Sequence[HashList]) -> Found:
        """Return what is on `lists`; an item is a place in `digests`."""
        return match(items_of(self.items, self.frames), lists)


def hash_catalogue(catalog: Catalog, *, shareable: bool = False) -> Hashed:
    """Return the hashes that a workspace's probe made.

    Args:
        catalog: The catalogue.
        shareable: Leave out what no other side may learn of: what is on a list or near one,
            sealed, erased or unreadable.
    """
    from curate.catalog.views import create_withheld

    connection = catalog.connect()
    create_withheld(connection)
    only = f"WHERE sha256 IN ({_OPEN})" if shareable else ""
    items, frames = (
        connection.sql(f"SELECT * FROM ({sql}) {only} ORDER BY sha256").to_arrow_table()
        for sql in (ITEMS, FRAMES)
    )
    places: dict[str, list[str]] = {}
    unreadable = 0
    rows = connection.sql("SELECT sha256, locator, state FROM entries ORDER BY locator").fetchall()
    for sha256, locator, state in rows:
        if sha256 is None:
            unreadable += state == "unreadable"
        else:
            places.setdefault(sha256, []).append(locator)
    return Hashed(items, frames, [places[one] for one in items["sha256"].to_pylist()], unreadable)


def hash_folder(folder: Path, lists: Sequence[HashList]) -> Hashed:
    """Return the hashes of the files below `folder`; what `lists` name by its bytes stays closed.

    Raises:
        PathNotFoundError: There is no such folder.
        EmptyInputError: There are no files in it.
    """
    if not folder.exists():
        raise PathNotFoundError("no such folder", where=str(folder))
    listed = {
        (row["signal"], row["value"].hex())
        for one in lists if not one.info.negative for row in _digests(one)
    }  # fmt: skip
    rows: dict[str, dict[str, Any]] = {}
    frames: dict[str, list[dict[str, Any]]] = {}
    paths: dict[str, list[str]] = {}
    unreadable, closed = 0, sum(p.is_symlink() for p in folder.rglob("*"))
    for path in _files(folder):
        row, moving = _hashed(path, folder, listed, known=rows)
        if row is None:
            unreadable += 1
            continue
        closed += row.pop("closed", False)
        name = row["sha256"]
        rows.setdefault(name, row)
        frames.setdefault(name, moving)
        paths.setdefault(name, []).append(path.relative_to(folder).as_posix())
    if not rows and not unreadable:
        raise EmptyInputError("there are no files here", where=str(folder))
    return Hashed(*hashed_rows(rows, frames), [paths[name] for name in sorted(rows)], unreadable,
                  closed)  # fmt: skip


def hashed_rows(
    rows: Mapping[str, dict[str, Any]], frames: Mapping[str, list[dict[str, Any]]]
) -> tuple[pa.Table, pa.Table]:
    """Return hashes of contents and of their frames as `Hashed` has them, from rows by SHA-256."""
    digests = sorted(rows)
    return (
        pa.Table.from_pylist([rows[name] for name in digests], schema=_ITEMS),
        pa.Table.from_pylist([f for name in digests for f in frames[name]], schema=_FRAMES),
    )


def _digests(one: HashList) -> list[dict[str, Any]]:
    from curate.safety.entries import EXACT

    wanted = pa.compute.is_in(one.active["signal"].cast(pa.string()), pa.array(EXACT))
    rows: list[dict[str, Any]] = one.active.filter(wanted).to_pylist()
    return rows


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def _hashed(
    path: Path,
    folder: Path,
    listed: set[tuple[str, str]],
    *,
    known: dict[str, dict[str, Any]],
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return the hashes of one file and of its frames; None when it cannot be read."""

    def stop(digests: Mapping[str, str]) -> bool:
        return digests["sha256"] in known or not listed.isdisjoint(digests.items())

    try:
        probed = probe_media(path, root=folder, listed=stop)
    except UnreadableError as error:
        if error.sha256 is None:
            return None, []
        return {**error.digests, "kind": "image", "closed": may_hold_files(path)}, []
    row = {name: probed.content[name] for name in _ITEMS.names}
    moving = [
        {"sha256": row["sha256"], "pdq": f["pdq"], "pdq_quality": f["pdq_quality"]}
        for f in probed.frames if f["pdq"] is not None
    ]  # fmt: skip
    return row, moving
