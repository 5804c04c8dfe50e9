"""Footage that two videos share: how much of each is in the other, and where.

A video is a set of frames, each with a hash, a time, and the seconds that it stands for. Videos
are compared as sets, so footage that was cut, moved or sped up is found; where it lies is told
only if the frames that match agree on it. Shares are of the time whose frames are believed: black
and blank frames share hashes with everything, and are left out by the caller.

Every pair of videos that has a frame in common is looked up by the exact join of `hamming`; of
frames of one video that hardly differ, the join sees the first. Where very many videos share a
frame, say a title, they are compared with the first of them and not each with each: copies of one
video still meet there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Rows, checked, collapse
from curate.dedup.hamming import Pairs, self_edges, self_pairs
from curate.errors import InputError

Floats = NDArray[np.float64]

# Two frames of one video that differ by no more than noise need no two look-ups.
_ALIKE_BITS = 8
_MOST_FRAMES = 4096
_COMMON = 64
_BLOCK = 1 << 18
_MOST_PAIRS = 1 << 24
_TICK = 0.1
_WINDOW = 2
"""Ticks on either side that count as the same offset."""


@dataclass(frozen=True)
class Footage:
    """Believed frames of videos, by video and then by time."""

    video: Rows
    """Which video, 0, 1, ..., ascending, shape (frames,) int64."""
    codes: Codes
    """Shape (frames, words) uint64."""
    seconds: Floats
    """When each is shown, shape (frames,)."""
    span: Floats
    """Seconds that each stands for, shape (frames,)."""

    def __post_init__(self) -> None:
        lengths = {len(column) for column in vars(self).values()}
        if len(lengths) > 1 or bool(np.any(np.diff(self.video) < 0)):
            raise InputError("frames need a video, code, time and span each, in order of videos")

    def of(self, video: int) -> Footage:
        """Return the frames of one video, thinned out where there are very many."""
        first, last = np.searchsorted(self.video, [video, video + 1])
        step = -(-(last - first) // _MOST_FRAMES) or 1
        rows = np.arange(first, last, step)
        return Footage(self.video[rows], self.codes[rows], self.seconds[rows], self.span[rows])


@dataclass(frozen=True)
class Overlaps:
    """Pairs of videos that share footage, ascending by (left, right), each once."""

    left: Rows
    """Shape (pairs,) int64; less than `right`."""
    right: Rows
    left_share: Floats
    """How much of left is found in right, 0 to 1 of left's believed time."""
    right_share: Floats
    offset: Floats
    """Seconds of right's clock at which left begins; NaN where frames do not agree."""

    def __len__(self) -> int:
        return len(self.left)


def overlaps(footage: Footage, radius: int, *, threads: int | None = None) -> Overlaps:
    """Return which videos share footage, how much, and at which offset.

    Args:
        footage: The videos' frames.
        radius: Largest Hamming distance of two frames that match, in bits.
        threads: Threads to use; None for all processors. The result does not depend on it.

    Raises:
        InputError: The codes have another form, or the radius is out of range.
    """
    checked(footage.codes)
    found = []
    for left, right in _candidates(footage, radius, threads):
        a, b = footage.of(left), footage.of(right)
        hits = _matches(a.codes, b.codes, radius)
        if len(hits):
            found.append((left, right, _share(a, hits.left), _share(b, hits.right),
                          _offset(a, b, hits, radius)))  # fmt: skip
    table = np.array(found, np.float64).reshape(-1, 5)
    ends = table[:, :2].astype(np.int64)
    return Overlaps(ends[:, 0], ends[:, 1], *table[:, 2:].T.copy())


def _candidates(footage: Footage, radius: int, threads: int | None) -> list[tuple[int, int]]:
    """Return pairs of videos with frames that match, left < right, ascending."""
    rows = _unlike(footage)
    classes = collapse(np.ascontiguousarray(footage.codes[rows]))
    order = np.arange(len(rows)) if classes.order is None else classes.order
    ends = np.concatenate(([0], np.cumsum(classes.sizes)))
    held = [np.unique(footage.video[rows[order[first:last]]]) for first, last in pairwise(ends)]
    try:
        near = self_pairs(classes.codes, radius, threads=threads, max_pairs=_MOST_PAIRS)
    except InputError:
        near = self_edges(classes.codes, radius, threads=threads)
    pairs: set[tuple[int, int]] = set()
    for videos in held:
        pairs.update(_met(videos, videos))
    for left, right in zip(near.left.tolist(), near.right.tolist(), strict=True):
        pairs.update(_met(held[left], held[right]))
    return sorted(pairs)


def _unlike(footage: Footage) -> Rows:
    """Return rows of frames, without those that hardly differ from the one taken before."""
    taken = []
    before = -1
    codes, videos = footage.codes, footage.video.tolist()
    for row, video in enumerate(videos):
        if before < 0 or videos[before] != video or _bits(codes[row], codes[before]) > _ALIKE_BITS:
            taken.append(row)
            before = row
    return np.array(taken, np.int64)


def _bits(left: Codes, right: Codes) -> int:
    return int(np.bitwise_count(left ^ right).sum())


def _met(a: Rows, b: Rows) -> set[tuple[int, int]]:
    """Return the pairs of videos of two lists: each with each, and beyond many with the first."""
    few_a, few_b = a[:_COMMON].tolist(), b[:_COMMON].tolist()
    pairs = [(x, y) for x in few_a for y in few_b]
    pairs += [(few_b[0], x) for x in a[_COMMON:].tolist()]
    pairs += [(few_a[0], y) for y in b[_COMMON:].tolist()]
    return {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}


def _matches(a: Codes, b: Codes, radius: int) -> Pairs:
    """Return the frames of two videos that match: few enough to compare each with each."""
    rows = max(1, _BLOCK // max(len(b), 1))
    left, right, distance = [], [], []
    for start in range(0, len(a), rows):
        apart = np.zeros((len(a[start : start + rows]), len(b)), np.uint16)
        for word in range(a.shape[1]):
            apart += np.bitwise_count(a[start : start + rows, word, None] ^ b[None, :, word])
        here, there = np.nonzero(apart <= radius)
        left.append(here + start)
        right.append(there)
        distance.append(apart[here, there].astype(np.uint8))
    return Pairs(np.concatenate(left), np.concatenate(right), np.concatenate(distance))


def _share(footage: Footage, matched: Rows) -> float:
    """Return the share of a video's time whose frames matched."""
    total = float(footage.span.sum())
    return float(footage.span[np.unique(matched)].sum()) / total if total else 0.0


def _offset(a: Footage, b: Footage, hits: Pairs, radius: int) -> float:
    """Return the offset that most of the matched time agrees on, in seconds, else NaN.

    Each frame of `a` has one voice at every offset, as loud as its nearest match there: a scene
    that hardly moves matches itself at every offset, and best where it lies.
    """
    weight = radius + 1.0 - hits.distance
    apart = b.seconds[hits.right] - a.seconds[hits.left]
    tick = np.rint(apart / _TICK).astype(np.int64)
    ticks = np.concatenate([tick + shift for shift in range(-_WINDOW, _WINDOW + 1)])
    frame = np.tile(hits.left, 2 * _WINDOW + 1)
    loud = np.tile(weight, 2 * _WINDOW + 1)
    order = np.lexsort((-loud, frame, ticks))
    ticks, frame, loud = ticks[order], frame[order], loud[order]
    first = np.ones(len(ticks), bool)
    first[1:] = (ticks[1:] != ticks[:-1]) | (frame[1:] != frame[:-1])
    ticks, frame, loud = ticks[first], frame[first], loud[first]
    places, where = np.unique(ticks, return_inverse=True)
    voices = np.bincount(where, loud * a.span[frame])
    best = np.lexsort((np.abs(places), -np.round(voices, 9)))[0]
    agreed = float(a.span[frame[where == best]].sum())
    if agreed < float(a.span[np.unique(hits.left)].sum()) / 2:
        return float("nan")
    near = np.abs(tick - places[best]) <= _WINDOW
    return float(_weighted_median(apart[near], weight[near]))


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
