"""What matching takes and gives: hashes of items, and a row for each item and listed hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Rows
from curate.safety.lists import ListInfo

MATCHES = pa.schema(
    [
        ("item", pa.int64()),
        ("list_id", pa.string()),
        ("entry", pa.int64()),
        ("band", pa.string()),
        ("basis", pa.string()),
        ("distance", pa.int16()),
        ("turn", pa.string()),
        ("compared", pa.float64()),
        ("query", pa.float64()),
        ("why", pa.string()),
    ]
)


@dataclass(frozen=True)
class Items:
    """Hashes of what is checked, one row each.

    Attributes:
        digests: By kind of digest, a binary array with null where it is not known.
        codes: PDQ of each turn, shape (items, turns, 4) uint64; 1 or 8 turns.
        quality: PDQ's quality, shape (items,); -1 for an item without a PDQ of its own.
        moving: Which items are videos, shape (items,).
        frame_item: Which item a frame is of, ascending, shape (frames,).
        frame_codes: PDQ of frames, shape (frames, 4) uint64.
        frame_quality: Shape (frames,).
    """

    digests: Mapping[str, pa.Array]
    codes: Codes
    quality: NDArray[np.int16]
    moving: NDArray[np.bool_]
    frame_item: Rows
    frame_codes: Codes
    frame_quality: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.quality)


@dataclass(frozen=True)
class Found:
    """What matching found.

    Attributes:
        matches: Rows as `MATCHES` has them: one for each item and listed hash.
        unchecked: By row of an item that a list could not be held against in full, why.
        floods: By list, rows of its entries that match far too much, and how many items.
        asked: By kind of hash that a list holds, which items were asked, shape (items,).
        missing: By such a kind, of which items it was never computed; a picture that says too
            little was asked, and is among `unchecked`.
    """

    matches: pa.Table
    unchecked: dict[int, str] = field(default_factory=dict)
    floods: dict[str, dict[int, int]] = field(default_factory=dict)
    asked: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    missing: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def doubted(active: pa.Table, entry: Rows) -> NDArray[np.bool_]:
    """Return which entries of a list it doubts itself."""
    said = pc.equal(active["status"], "disputed").to_numpy()
    return said[entry].astype(bool)


def rows_of(
    info: ListInfo,
    item: Rows,
    entry: Rows,
    sure: NDArray[np.bool_],
    *,
    basis: str | NDArray[np.str_],
    why: NDArray[np.str_],
    distance: NDArray[np.int64] | NDArray[np.float64] | None = None,
    turn: NDArray[np.str_] | None = None,
    compared: NDArray[np.float64] | None = None,
    query: NDArray[np.float64] | None = None,
) -> pa.Table:
    """Return rows as `MATCHES` has them.

    Args:
        info: The list.
        item: Places of items, shape (N,).
        entry: Rows of the list's active entries, shape (N,).
        sure: Which are matches and not near ones, shape (N,).
        basis: What kind of hash it was found by.
        why: Why one is not sure, else empty.
        distance: In bits.
        turn: How the item is flipped or turned.
        compared: Share of the listed video, in percent.
        query: Share of the item's frames, in percent.
    """
    count = len(item)
    columns = {
        "item": pa.array(item, pa.int64()),
        "list_id": pa.array([info.list_id] * count, pa.string()),
        "entry": pa.array(entry, pa.int64()),
        "band": pa.array(np.where(sure, "match", "near").tolist(), pa.string()),
        "basis": pa.array([basis] * count if isinstance(basis, str) else basis.tolist(),
                          pa.string()),
        "distance": pa.nulls(count, pa.int16()) if distance is None
        else pa.array(distance.astype(np.int16)),
        "turn": pa.nulls(count, pa.string()) if turn is None
        else pa.array(turn.tolist(), pa.string()),
        "compared": pa.nulls(count, pa.float64()) if compared is None else pa.array(compared),
        "query": pa.nulls(count, pa.float64()) if query is None else pa.array(query),
        "why": pa.array([text or None for text in why.tolist()], pa.string()),
    }  # fmt: skip
    return pa.table(columns, schema=MATCHES)
