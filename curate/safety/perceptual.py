"""Matching by looks: PDQ in eight flips and turns, frames of videos, and videos as bags of frames.

The pairs come from the exact join of `curate.dedup.hamming`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Rows, pack_codes
from curate.dedup.hamming import Pairs, cross_pairs
from curate.dedup.turned import TURNS
from curate.errors import InputError
from curate.safety.lists import ListInfo
from curate.safety.matches import Items, doubted, rows_of

# A listed picture that matches more items than this, and more than this share, is no picture.
FLOOD_ITEMS = 100
FLOOD_SHARE = 0.01
_MOST_PAIRS = 1 << 24
# In the place of a turn: after all of them.
_FRAME = len(TURNS)


def perceptual(
    items: Items, info: ListInfo, active: pa.Table, good: NDArray[np.bool_], threads: int | None
) -> tuple[list[pa.Table], dict[int, int]]:
    """Return matches by PDQ and vPDQ, and entries that match far too much."""
    kinds = {s: pc.equal(active["signal"], s).to_numpy() for s in ("pdq", "vpdq")}
    pictures = np.flatnonzero(kinds["pdq"])
    tables: list[pa.Table] = []
    flooded: dict[int, int] = {}
    if len(pictures):
        codes = pack_codes(active["value"].take(pa.array(pictures)))
        pairs = [*_still(items, codes, info, threads), *_frames(items, codes, info, threads)]
        tables, flooded = _banded(items, info, active, pictures, pairs, good)
    if kinds["vpdq"].any():
        frames = np.flatnonzero(kinds["vpdq"] & (active["quality"].to_numpy() >= info.min_quality))
        tables += _stills_of_videos(items, info, active, frames, good, threads)
        tables += _videos(items, info, active, np.flatnonzero(kinds["vpdq"]), good, threads)
    return tables, flooded


@dataclass(frozen=True)
class _Hits:
    """Pairs of listed pictures and items.

    Attributes:
        entry: Listed pictures, shape (N,).
        item: Shape (N,).
        distance: In bits, shape (N,).
        turn: How the item was flipped or turned, `_FRAME` for a frame of it, shape (N,).
    """

    entry: Rows
    item: Rows
    distance: NDArray[np.uint8]
    turn: NDArray[np.int8]


def _still(items: Items, codes: Codes, info: ListInfo, threads: int | None) -> Iterator[_Hits]:
    """Yield listed pictures and pictures in any turn: one join, whose keys are longer for it."""
    rows = np.flatnonzero(items.quality >= 0)
    if not len(rows):
        return
    turns = items.codes.shape[1]
    mine = items.codes[rows].reshape(len(rows) * turns, -1)
    for start, found in _joined(codes, mine, info.near, threads):
        item, turn = np.divmod(found.right, turns)
        yield _Hits(found.left + start, rows[item], found.distance, turn.astype(np.int8))


def _frames(items: Items, codes: Codes, info: ListInfo, threads: int | None) -> Iterator[_Hits]:
    """Yield listed pictures that are frames of videos, by the nearest of believed frames."""
    rows = np.flatnonzero(items.frame_quality >= info.min_quality)
    if not len(rows):
        return
    mine = np.ascontiguousarray(items.frame_codes[rows])
    for start, found in _joined(codes, mine, info.radius, threads):
        turn = np.full(len(found.left), _FRAME, np.int8)
        item = items.frame_item[rows[found.right]]
        yield _Hits(found.left + start, item, found.distance, turn)


def _joined(
    codes: Codes, mine: Codes, radius: int, threads: int | None
) -> Iterator[tuple[int, Pairs]]:
    """Yield pairs of listed codes and ours in parts that can be held at once."""
    waiting = [(0, len(codes))]
    while waiting:
        start, end = waiting.pop()
        try:
            most = _MOST_PAIRS if end - start > 1 else 1 << 28
            yield start, cross_pairs(codes[start:end], mine, radius, threads=threads,
                                     max_pairs=most)  # fmt: skip
        except InputError:
            if end - start == 1:
                raise
            middle = (start + end) // 2
            waiting += [(start, middle), (middle, end)]


def _banded(
    items: Items,
    info: ListInfo,
    active: pa.Table,
    pictures: Rows,
    hits: list[_Hits],
    good: NDArray[np.bool_],
) -> tuple[list[pa.Table], dict[int, int]]:
    """Return each item's nearest hit with each listed picture, in its band."""
    hits = [one for one in hits if len(one.item)]
    if not hits:
        return [], {}
    entry = np.concatenate([one.entry for one in hits])
    item = np.concatenate([one.item for one in hits])
    distance = np.concatenate([one.distance for one in hits]).astype(np.int64)
    turn = np.concatenate([one.turn for one in hits])
    order = np.lexsort((turn, distance, item, entry))
    order = order[_firsts(entry[order], item[order])]
    entry, item, distance, turn = entry[order], item[order], distance[order], turn[order]
    poor = (turn != _FRAME) & (items.quality[item] < info.min_quality)
    kept = ~(good[item] | (poor & (distance > info.radius)))
    entry, item, distance = entry[kept], item[kept], distance[kept]
    turn, poor = turn[kept], poor[kept]
    counts = np.bincount(entry, minlength=len(pictures))
    most = max(FLOOD_ITEMS, FLOOD_SHARE * len(items))
    flood = counts > most
    listed = pictures[entry]
    unsure = doubted(active, listed)
    far = distance > info.radius
    why = np.select(
        [flood[entry], unsure, poor, far],
        ["this hash matches far too much", "the list doubts this hash",
         "the picture says too little to a hash", "alike, and not the same"], "",
    )  # fmt: skip
    sure = ~(flood[entry] | unsure | poor | far)
    bases = np.where(turn == _FRAME, "frame", "pdq")
    turns = np.array([*TURNS, TURNS[0]])[turn]
    table = rows_of(info, item, listed, sure, basis=bases, distance=distance, turn=turns, why=why)
    return [table], {int(pictures[e]): int(counts[e]) for e in np.flatnonzero(flood)}


def _videos(
    items: Items,
    info: ListInfo,
    active: pa.Table,
    rows: Rows,
    good: NDArray[np.bool_],
    threads: int | None,
) -> list[pa.Table]:
    """Return listed videos whose bags of frames are found in ours, by both percentages."""
    rows = rows[active["quality"].to_numpy()[rows] >= info.min_quality]
    mine = np.flatnonzero(items.frame_quality >= info.min_quality)
    if not len(rows) or not len(mine):
        return []
    videos, video = np.unique(active["video"].to_numpy()[rows], return_inverse=True)
    first = np.array([rows[np.argmax(video == v)] for v in range(len(videos))])
    codes = pack_codes(active["value"].take(pa.array(rows)))
    ours = np.ascontiguousarray(items.frame_codes[mine])
    there, here = [], []
    for start, found in _joined(codes, ours, info.radius, threads):
        there.append(found.left + start)
        here.append(found.right)
    left, right = np.concatenate(there), np.concatenate(here)
    pair = video[left] * len(items) + items.frame_item[mine[right]]
    pairs, which = np.unique(pair, return_inverse=True)
    listed, item = pairs // len(items), pairs % len(items)
    compared = 100 * _distinct(which, left, len(pairs)) / np.bincount(video)[listed]
    frames = np.bincount(items.frame_item[mine], minlength=len(items))
    query = 100 * _distinct(which, right, len(pairs)) / frames[item]
    unsure = doubted(active, first[listed])
    same = (compared >= info.compared) & (query >= info.query) & ~unsure
    # Half of what a match takes is too much to be chance: someone decides.
    kept = (same | (compared >= info.compared / 2)) & ~good[item]
    why = np.where(unsure, "the list doubts this video", np.where(same, "", "a part of it"))
    return [rows_of(info, item[kept], first[listed][kept], same[kept], basis="vpdq",
                  compared=compared[kept], query=query[kept], why=why[kept])]  # fmt: skip


def _stills_of_videos(
    items: Items,
    info: ListInfo,
    active: pa.Table,
    rows: Rows,
    good: NDArray[np.bool_],
    threads: int | None,
) -> list[pa.Table]:
    """Return pictures that are like a frame of a listed video: someone decides."""
    if not len(rows):
        return []
    codes = pack_codes(active["value"].take(pa.array(rows)))
    hits = list(_still(items, codes, replace(info, near=info.radius), threads))
    tables, _ = _banded(items, info, active, rows, hits, good)
    told = []
    for table in tables:
        why = pc.coalesce(table["why"], pa.scalar("like a frame of a listed video"))
        near = pa.array(["near"] * table.num_rows, pa.string())
        told.append(table.set_column(table.schema.get_field_index("why"), "why", why)
                    .set_column(table.schema.get_field_index("band"), "band", near))  # fmt: skip
    return told


def _distinct(group: Rows, values: Rows, count: int) -> NDArray[np.int64]:
    """Return how many distinct values each group has."""
    seen = np.unique(np.stack([group, values]), axis=1)
    return np.bincount(seen[0], minlength=count)


def _firsts(a: Rows, b: Rows) -> NDArray[np.bool_]:
    first = np.ones(len(a), bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    return first
