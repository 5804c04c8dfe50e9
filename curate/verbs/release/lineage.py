"""Lineage: the releases of a use one after another, their versions, and what must go of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from curate.catalog.audits import Audited
from curate.catalog.checkpoints import Checkpoint
from curate.catalog.tables import Catalog

# What earlier releases of the use hold and is not cleared now: unlisted since, judged otherwise,
# or of the same bytes as what is blocked.
_MUST_GO = """
WITH issued AS (
    SELECT release_id, media_id, unnest(list_append(coalesce(crops, []), sha256)) AS sha256
    FROM release_items
)
SELECT i.sha256, bool_or(coalesce(v.verdict, 'blocked') <> 'needs_review') AS barred
FROM issued i JOIN releases r USING (release_id)
LEFT JOIN verdicts v USING (media_id)
LEFT JOIN entries e USING (media_id)
WHERE r.use = $use AND r.name <> $name AND (
    v.verdict IS NULL OR v.verdict <> 'cleared' OR e.sha256 IN (
        SELECT o.sha256 FROM entries o JOIN verdicts b USING (media_id)
        WHERE b.verdict = 'blocked' AND o.sha256 IS NOT NULL
    )
)
GROUP BY i.sha256 ORDER BY i.sha256
"""


@dataclass(frozen=True)
class Earlier:
    """A release that was issued.

    Attributes:
        row: Its row of the table `releases`.
        records: The digest of each of its records, by entry.
    """

    row: Mapping[str, Any]
    records: Mapping[str, str]

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The ledger's state that it carries."""
        text = self.row["checkpoint"]
        return None if text is None else Checkpoint.parse(text)


def latest(catalog: Catalog, use: str, *, besides: str = "") -> Earlier | None:
    """Return the latest release of a use, or None.

    Args:
        catalog: Where releases are recorded.
        use: The use's name.
        besides: The name of a release that does not count: one that is being built.
    """
    rows = [
        row for row in catalog.read("releases").to_pylist()
        if row["use"] == use and row["name"] != besides
    ]  # fmt: skip
    if not rows:
        return None
    row = max(rows, key=lambda row: (row["built_at"], row["release_id"]))
    items = catalog.read("release_items")
    mine = items.filter(pc.equal(items["release_id"], row["release_id"]))
    # Without a digest of the record, as older releases have it, the file's stands for it.
    digests = pc.coalesce(mine["record_sha256"], mine["sha256"])
    return Earlier(row, dict(zip(mine["media_id"].to_pylist(), digests.to_pylist(), strict=True)))


def records_of(items: pa.Table) -> dict[str, str]:
    """Return the digest of each record of a release, by entry: of all it says but its path."""
    names = [name for name in items.column_names if name not in {"path", "media_id"}]
    rows = items.select(["media_id", *names]).to_pylist()
    return {row.pop("media_id"): hashlib.sha256(rfc8785.dumps(row)).hexdigest() for row in rows}


def must_go(catalog: Catalog, audited: Audited, entries: pa.Table, name: str) -> dict[str, bool]:
    """Return the files of earlier releases that must go, by SHA-256.

    Each with whether it may never go out again, under whatever entry: what is only in doubt may,
    where another entry with the same bytes is cleared.

    Args:
        catalog: Where releases are recorded.
        audited: The audit now.
        entries: The entries that it judged.
        name: The release that is being built, which is none of the earlier ones.
    """
    with catalog.connect("releases", "release_items") as connection:
        connection.register("verdicts", audited.verdicts)
        connection.register("entries", entries)
        asked = {"use": audited.use.name, "name": name}
        return dict(connection.execute(_MUST_GO, asked).fetchall())
