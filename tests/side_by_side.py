"""Worlds side by side: ids with a name before them, so that many are judged at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]
Rows = Mapping[str, list[Row]]

# Columns whose values name something of the world that they stand in.
IDS = frozenset(
    (
        *("media_id", "sha256", "face_id", "subject_id", "consent_id", "event_id", "source_id"),
        *("notice_id", "request_id", "decision_id", "identity_id", "track_id", "about"),
        *("left", "right", "other_subject_id", "unlike_subject_id", "other_face_id", "item_id"),
        *("group_id", "medoid", "keep", "chain", "dataset", "controller", "party_id"),
    )
)
LISTS = frozenset(("scope_media_ids", "media_ids"))


def apart(rows: Rows, name: str) -> dict[str, list[Row]]:
    """Return rows with ids that begin with `name`."""

    def named(column: str, value: Any) -> Any:
        if column in IDS and isinstance(value, str) and value != "*":
            return f"{name}-{value}"
        if column in LISTS and value:
            return [f"{name}-{one}" for one in value]
        return value

    return {
        table: [{column: named(column, value) for column, value in row.items()} for row in some]
        for table, some in rows.items()
    }


def together(worlds: Iterable[Rows]) -> dict[str, list[Row]]:
    """Return the rows of several worlds."""
    all_: dict[str, list[Row]] = {}
    for world in worlds:
        for table, some in world.items():
            all_.setdefault(table, []).extend(some)
    return all_
