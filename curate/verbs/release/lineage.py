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
from curate.catalog.memory import in_memory
from curate.catalog.record import Record

# What earlier releases of the use hold and is not cleared now: unlisted since, judged otherwise,
# or of the same bytes as what is blocked.
_MUST_GO = """
WITH issued AS (
    SELECT release_id, media_id, unnest(list_append(coalesce(crops, []), sha256)) AS sha256
    FROM release_items
)
SELECT i.sha256, bool_or(
    coalesce(v.verdict, 'blocked') <> 'needs_review' OR i.sha256 IN (SELECT sha256 FROM erased)
) AS barred
FROM issued i
LEFT JOIN verdicts v USING (media_id)
LEFT JOIN entries e USING (media_id)
WHERE (
    v.verdict IS NULL OR v.verdict <> 'cleared' OR i.sha256 IN (SELECT sha256 FROM erased)
    OR e.sha256 IN (
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


def latest(record: Record, use: str, *, besides: str = "") -> Earlier | None:
    """Return the latest release of a use, or None.

    Args:
        record: What went out.
        use: The use's name.
        besides: The name of a release that does not count: one that is being built.
    """
    row = record.latest(use, besides=besides)
    if row is None:
        return None
    mine = record.items([row])
    # Without a digest of the record, as older releases have it, the file's stands for it.
    digests = pc.coalesce(mine["record_sha256"], mine["sha256"])
    return Earlier(row, dict(zip(mine["media_id"].to_pylist(), digests.to_pylist(), strict=True)))


def records_of(items: pa.Table) -> dict[str, str]:
    """Return the digest of each record of a release, by entry: of all it says but its path."""
    names = [name for name in items.column_names if name not in {"path", "media_id"}]
    rows = items.select(["media_id", *names]).to_pylist()
    return {row.pop("media_id"): hashlib.sha256(rfc8785.dumps(row)).hexdigest() for row in rows}


def released_files(items: pa.Table) -> list[str]:
    """Return the SHA-256 of each file of some items, crops among them."""
    crops = pc.list_flatten(items["crops"]).to_pylist()
    return sorted({*items["sha256"].to_pylist(), *crops})


def must_go(
    record: Record, audited: Audited, entries: pa.Table, name: str, erased: pa.Table
) -> dict[str, bool]:
    """Return the files of earlier releases that must go, by SHA-256.

    Each with whether it may never go out again, under whatever entry: what is only in doubt may,
    where another entry with the same bytes is cleared.

    Args:
        record: What went out.
        audited: The audit now.
        entries: The entries that it judged.
        name: The release that is being built, which is none of the earlier ones.
        erased: ``sha256`` of released files that showed somebody who was erased.

    Raises:
        VerificationError: It is not known what an earlier release holds.
    """
    earlier = [r for r in record.releases()
               if r["use"] == audited.use.name and r["name"] != name]  # fmt: skip
    with in_memory() as connection:
        connection.register("release_items", record.items(earlier))
        connection.register("verdicts", audited.verdicts)
        connection.register("entries", entries)
        connection.register("erased", erased)
        return dict(connection.execute(_MUST_GO).fetchall())
