"""What changed from one release to another: records, files and who may hold what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.release.export import parquet as items
from curate.release.feed import FEED, read_feed
from curate.release.manifest import Manifest, read_manifest


@dataclass(frozen=True)
class Difference:
    """What changed between two releases.

    Attributes:
        versions: Of the one and the other.
        added: Ids of entries that are new.
        removed: Ids of entries that are gone.
        changed: Columns that say something else, by id.
        files: How many files were ``added``, ``removed`` and ``changed``.
        recalled: Tombstones of the other that the one has not.
    """

    versions: tuple[str, str]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]
    files: dict[str, int]
    recalled: int


def diff(one: Path, other: Path) -> Difference:
    """Return what changed from release `one` to release `other`.

    Raises:
        VerificationError: A folder holds no release.
    """
    manifests = read_manifest(one), read_manifest(other)
    old, new = (_records(folder) for folder in (one, other))
    changed = {
        media: tuple(sorted(k for k in row if row[k] != new[media].get(k)))
        for media, row in old.items()
        if media in new and row != new[media]
    }
    stones = [set(read_feed(folder / FEED).tombstones) for folder in (one, other)]
    versions = tuple(str(m.said.get("version")) for m in manifests)
    return Difference(
        (versions[0], versions[1]),
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        changed,
        _files(*manifests),
        len(stones[1] - stones[0]),
    )


def _records(folder: Path) -> dict[str, dict[str, Any]]:
    tables = [items.read_items(p) for p in sorted((folder / items.FOLDER).glob("*.parquet"))]
    rows = pa.concat_tables(tables, promote_options="default").to_pylist() if tables else []
    return {row.pop("media_id"): row for row in rows}


def _files(one: Manifest, other: Manifest) -> dict[str, int]:
    old, new = ({file.path: file.sha256 for file in m.files} for m in (one, other))
    return {
        "added": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
        "changed": sum(old[path] != new[path] for path in old.keys() & new.keys()),
    }
