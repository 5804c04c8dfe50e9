"""Matching hashes against lists: a pure function, from hashes to matches and what was not checked.

Exact digests come first. PDQ is compared within `radius` bits in all eight flips and turns; up to
`near` bits, or where a hash says little (low quality) or a list doubts it, a person decides,
without viewing. The frames of videos are compared with listed pictures and with listed videos as
bags of frames. A listed hash that matches far too much is a blank picture or a mistake: what it
matches is held for review, and the hash is named by its reference.

The pairs come from the exact join of `curate.dedup.hamming`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Rows, pack_codes
from curate.dedup.hamming import Pairs, cross_pairs
from curate.dedup.turned import TURNS
from curate.errors import InputError
from curate.safety.entries import EXACT
from curate.safety.lists import HashList, ListInfo

# A listed picture that matches more items than this, and more than this share, is no picture.
FLOOD_ITEMS = 100
FLOOD_SHARE = 0.01
_MOST_PAIRS = 1 << 24

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
        unchecked: By row of an item that a perceptual list could not be held against, why.
        floods: By list, rows of its entries that match far too much, and how many items.
    """

    matches: pa.Table
    unchecked: dict[int, str] = field(default_factory=dict)
    floods: dict[str, dict[int, int]] = field(default_factory=dict)


def match(items: Items, lists: Sequence[HashList], *, threads: int | None = None) -> Found:
    """Return what of `items` is on `lists`.

    Args:
        items: What is checked.
        lists: The lists; negative ones take perceptual matches back, and never exact ones.
        threads: Threads to use; None for all processors. The result does not depend on it.
    """
    good = _known_good(items, [one for one in lists if one.info.negative])
    tables, floods = [MATCHES.empty_table()], {}
    for one in lists:
        if one.info.negative:
            continue
        active = one.active
        tables += _exact(items, one.info, active)
        near, flooded = _perceptual(items, one.info, active, good, threads)
        tables += near
        if flooded:
            floods[one.info.list_id] = flooded
    found = pa.concat_tables(tables).sort_by(
        [("item", "ascending"), ("list_id", "ascending"), ("entry", "ascending")]
    )
    sure = set(found.filter(pc.equal(found["band"], "match"))["item"].to_pylist())
    unchecked = {row: why for row, why in _unchecked(items, lists).items() if row not in sure}
    return Found(found, unchecked, floods)


def _exact(items: Items, info: ListInfo, active: pa.Table) -> Iterator[pa.Table]:
    rows = np.arange(active.num_rows)
    for signal in EXACT:
        listed = rows[pc.equal(active["signal"], signal).to_numpy()]
        known = items.digests.get(signal)
        if not len(listed) or known is None:
            continue
        values = active["value"].take(pa.array(listed)).combine_chunks()
        at = pc.index_in(known, value_set=values)
        hit = np.flatnonzero(pc.is_valid(at).to_numpy(zero_copy_only=False))
        entry = listed[at.take(pa.array(hit)).to_numpy().astype(np.int64)]
        doubted = _doubted(active, entry)
        yield _rows(info, hit, entry, ~doubted, basis=signal, distance=np.zeros(len(hit)),
                    why=np.where(doubted, "the list doubts this hash", ""))  # fmt: skip


def _perceptual(
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
        tables += _videos(items, info, active, np.flatnonzero(kinds["vpdq"]), good, threads)
    return tables, flooded


@dataclass(frozen=True)
class _Hits:
    """Pairs of listed pictures and items."""

    basis: str
    turn: int
    entry: Rows
    item: Rows
    distance: NDArray[np.uint8]


def _still(items: Items, codes: Codes, info: ListInfo, threads: int | None) -> Iterator[_Hits]:
    rows = np.flatnonzero(items.quality >= 0)
    if not len(rows):
        return
    for turn in range(items.codes.shape[1]):
        mine = np.ascontiguousarray(items.codes[rows, turn])
        for start, found in _joined(codes, mine, info.near, threads):
            yield _Hits("pdq", turn, found.left + start, rows[found.right], found.distance)


def _frames(items: Items, codes: Codes, info: ListInfo, threads: int | None) -> Iterator[_Hits]:
    """Yield listed pictures that are frames of videos, by the nearest of believed frames."""
    rows = np.flatnonzero(items.frame_quality >= info.min_quality)
    if not len(rows):
        return
    mine = np.ascontiguousarray(items.frame_codes[rows])
    for start, found in _joined(codes, mine, info.radius, threads):
        item = items.frame_item[rows[found.right]]
        yield _Hits("frame", 0, found.left + start, item, found.distance)


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
    which = np.repeat(np.arange(len(hits)), [len(one.item) for one in hits])
    order = np.lexsort((which, distance, item, entry))
    order = order[_firsts(entry[order], item[order])]
    entry, item, distance, which = entry[order], item[order], distance[order], which[order]
    still = np.array([one.basis == "pdq" for one in hits])[which]
    poor = still & (items.quality[item] < info.min_quality)
    kept = ~(good[item] | (poor & (distance > info.radius)))
    entry, item, distance = entry[kept], item[kept], distance[kept]
    which, poor = which[kept], poor[kept]
    counts = np.bincount(entry, minlength=len(pictures))
    most = max(FLOOD_ITEMS, FLOOD_SHARE * len(items))
    flood = counts > most
    listed = pictures[entry]
    doubted = _doubted(active, listed)
    far = distance > info.radius
    why = np.select(
        [flood[entry], doubted, poor, far],
        ["this hash matches far too much", "the list doubts this hash",
         "the picture says too little to a hash", "alike, and not the same"], "",
    )  # fmt: skip
    sure = ~(flood[entry] | doubted | poor | far)
    turns = np.array([TURNS[one.turn] for one in hits])[which]
    bases = np.array([one.basis for one in hits])[which]
    table = _rows(info, item, listed, sure, basis=bases, distance=distance, turn=turns, why=why)
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
    doubted = _doubted(active, first[listed])
    same = (compared >= info.compared) & (query >= info.query) & ~doubted
    # Half of what a match takes is too much to be chance: someone decides.
    kept = (same | (compared >= info.compared / 2)) & ~good[item]
    why = np.where(doubted, "the list doubts this video", np.where(same, "", "a part of it"))
    return [_rows(info, item[kept], first[listed][kept], same[kept], basis="vpdq",
                  compared=compared[kept], query=query[kept], why=why[kept])]  # fmt: skip


def _distinct(group: Rows, values: Rows, count: int) -> NDArray[np.int64]:
    """Return how many distinct values each group has."""
    seen = np.unique(np.stack([group, values]), axis=1)
    return np.bincount(seen[0], minlength=count)


def _firsts(a: Rows, b: Rows) -> NDArray[np.bool_]:
    first = np.ones(len(a), bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    return first


def _doubted(active: pa.Table, entry: Rows) -> NDArray[np.bool_]:
    said = pc.equal(active["status"], "disputed").to_numpy()
    return said[entry].astype(bool)


def _known_good(items: Items, negative: Sequence[HashList]) -> NDArray[np.bool_]:
    """Return which items are, byte for byte, on a list of what is known to be good."""
    good = np.zeros(len(items), bool)
    for one in negative:
        for table in _exact(items, one.info, one.active):
            good[table["item"].to_numpy()] = True
    return good


def _unchecked(items: Items, lists: Sequence[HashList]) -> dict[int, str]:
    """Return items of which no hash says enough for a perceptual list."""
    asked = [one.info for one in lists if not one.info.negative
             and pc.any(pc.is_in(one.active["signal"].cast(pa.string()),
                                 pa.array(["pdq", "vpdq"]))).as_py()]  # fmt: skip
    if not asked:
        return {}
    least = min(info.min_quality for info in asked)
    believed = items.frame_item[items.frame_quality >= least]
    seen = np.zeros(len(items), bool)
    seen[believed] = True
    found = {}
    for row in np.flatnonzero(items.moving & ~seen).tolist():
        found[row] = "no frame says enough to a hash"
    for row in np.flatnonzero(~items.moving & (items.quality < least)).tolist():
        none = items.quality[row] < 0
        found[row] = "no picture to hash" if none else "the picture says too little to a hash"
    return dict(sorted(found.items()))


def _rows(
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
