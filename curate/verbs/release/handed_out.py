"""Who received released files, whether they were told that these must go, and what they answered.

An answer counts for files only once a feed named these to its sender: what was said before that
was said of other files.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from curate.catalog.record import of_releases
from curate.verbs.release.due import announced_files

if TYPE_CHECKING:
    import pyarrow as pa

    from curate.verbs.context import Context

Row = dict[str, Any]


def handed_out(context: Context, items: pa.Table, names: set[str] | None = None) -> list[Row]:
    """Return who received releases that hold some items.

    Args:
        context: The workspace.
        items: Rows of ``release_items`` of which it is asked.
        names: Further releases, by name: those which may hold what it is about.

    Returns:
        Rows with ``recipient``, ``delivered_at``, ``name`` of the release; ``told``, whether a
        feed that came after the delivery names every file of the items in that release; and
        ``outcome`` with ``acknowledged_at``, what they answered since, None where they did not.
    """
    ledger, record = context.ledger, context.record
    ids = set(items["release_id"].to_pylist())
    rows = [r for r in record.releases() if r["release_id"] in ids or r["name"] in (names or ())]
    use_of = {row["release_id"]: row["use"] for row in record.releases()}
    feeds = [
        (stones["use"], stones["recalled_at"], announced_files(ledger, stones["use"], only=stones))
        for stones in ledger.read("tombstones").to_pylist()
    ]
    answers = ledger.read("acknowledgements").to_pylist()
    found = []
    for delivery in ledger.read("deliveries").to_pylist():
        row = next((one for one in rows if one["release_id"] == delivery["release_id"]), None)
        if row is None:
            continue
        since = _told_since(of_releases(items, [row]), delivery["delivered_at"], [
            (at, feed) for use, at, feed in feeds if use == row["use"]
        ])  # fmt: skip
        answer: Mapping[str, Any] = max(
            (one for one in answers
             if since is not None and one["recipient"] == delivery["recipient"]
             and use_of.get(one["release_id"]) == row["use"] and one["acknowledged_at"] >= since),
            key=lambda one: one["acknowledged_at"], default={},
        )  # fmt: skip
        found.append({
            "recipient": delivery["recipient"], "delivered_at": delivery["delivered_at"],
            "name": row["name"], "told": since is not None, "outcome": answer.get("outcome"),
            "acknowledged_at": answer.get("acknowledged_at"),
        })  # fmt: skip
    return sorted(found, key=lambda row: (row["delivered_at"], row["recipient"]))


def _told_since(
    items: pa.Table, delivered_at: datetime, feeds: list[tuple[datetime, Any]]
) -> datetime | None:
    """Return since when feeds name every file of some items; None where one is in no feed."""
    files = {
        sha256 for row in items.select(["sha256", "crops"]).to_pylist()
        for sha256 in (row["sha256"], *(row["crops"] or ()))
    }  # fmt: skip
    moments = []
    for sha256 in files:
        named = [at for at, feed in feeds if at >= delivered_at and feed.names(sha256)]
        if not named:
            return None
        moments.append(min(named))
    return max(moments, default=None)
