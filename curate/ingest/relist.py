"""Relist: files that changed where they lie since they were listed.

What is known of an entry's bytes holds while its file has the length and time with which it was
listed (`curate.catalog.views`). A file that was changed in place keeps the old ones in the
catalogue until somebody looks: that is done here, before a run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.media.archive import archive_of
from curate.media.remote import is_remote
from curate.schema import conform

_COLUMNS = ("media_id", "root", "locator", "listed_size", "listed_mtime_ns")
_BATCH = 1 << 16


def relist_changed(catalog: Catalog) -> int:
    """Put the length and time of files that changed in place into the catalogue; return how many.

    Files that are not there stay as they are listed: `curate ingest` tells of them. Media roots at
    an address are not asked. A file within an archive or a table has the time of that.
    """
    media = catalog.read("media")
    present = media.filter(pc.equal(media["status"], "present"))
    asked = _Asked()
    changed: dict[str, tuple[int | None, int]] = {}
    for batch in present.select(_COLUMNS).to_batches(max_chunksize=_BATCH):
        columns = (column.to_pylist() for column in batch.columns)
        for entry, root, locator, size, time in zip(*columns, strict=True):
            found = asked.of(root, locator)
            if found is not None and (found[1] != time or found[0] not in (None, size)):
                changed[entry] = found
    if not changed:
        return 0
    ids = pa.array(list(changed), pa.string())
    rows = present.filter(pc.is_in(present["media_id"], value_set=ids)).to_pylist()
    for row in rows:
        size, row["listed_mtime_ns"] = changed[row["media_id"]]
        row["listed_size"] = row["listed_size"] if size is None else size
    return catalog.upsert("media", conform(rows, "media"))


@dataclass
class _Asked:
    """Asks the disk of files, and of an archive once."""

    times: dict[str, int | None] = field(default_factory=dict)
    """The time of the archive that a folder leads into, None where it leads into none."""
    remote: dict[str, bool] = field(default_factory=dict)

    def of(self, root: str, locator: str) -> tuple[int | None, int] | None:
        """Return the length and time of a file, the length None within an archive."""
        if root not in self.remote:
            self.remote[root] = is_remote(Path(root))
        if self.remote[root]:
            return None
        path = f"{root}/{locator}"
        folder = path.rpartition("/")[0]
        if self.times.get(folder) is None:
            try:
                found = os.stat(path)  # noqa: PTH116 - a Path for each row costs more than the question
            except NotADirectoryError:
                self.times[folder] = _packed(Path(path))
            except (OSError, ValueError):
                return None
            else:
                return found.st_size, found.st_mtime_ns
        time = self.times[folder]
        return None if time is None else (None, time)


def _packed(path: Path) -> int | None:
    """Return the time of the archive that a path leads into."""
    inside = archive_of(path)
    try:
        return None if inside is None else inside[0].stat().st_mtime_ns
    except OSError:
        return None
