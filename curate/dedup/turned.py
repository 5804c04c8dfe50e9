"""Copies that were turned or mirrored: distances and connected components over eight codes.

A picture has one code for each of its flips and quarter turns. Its hash when turned is not
exactly a shuffle of its bits, because bits are set against a median; so two pictures are compared
both ways, each as it is against the other one turned, and the smaller distance counts. The
distance is then symmetric, and no order of rows can show in what follows from it.

With one code per picture in place of eight, everything here is about pictures as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Distinct, Rows, collapse
from curate.dedup.hamming import MAX_PAIRS, cross_pairs, self_edges
from curate.errors import InputError

TURNS = (
    "as it is",
    "rotated 90",
    "rotated 180",
    "rotated 270",
    "upside down",
    "mirrored",
    "transposed",
    "transposed and rotated 180",
)
"""What is done to a picture for each of its codes, in the order in which they are kept.

Rotations are counter-clockwise, in degrees.
"""

INVERSE = np.array([0, 3, 2, 1, 4, 5, 6, 7])
"""The turn that undoes each turn."""

_CHUNK = 1 << 17
"""Pairs whose codes are gathered at once: some 30 MB."""


def nearest_turn(
    codes: Codes, left: Rows, right: Rows, enough: float
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Return how far pairs of pictures are apart, and how the right one is turned for that.

    A pair that matches as it is is not said to be turned, even if turned it matched better:
    faces are nearly symmetric.

    Args:
        codes: Codes of each picture's turns, shape (n, turns, words) uint64; 1 or 8 turns.
        left: Rows, shape (pairs,).
        right: Rows, shape (pairs,).
        enough: The distance up to which a pair matches.

    Returns:
        Distances in bits, and indices into `TURNS`: the right picture turned so resembles the
        left; of equally near turns the first. Both of shape (pairs,).
    """
    distance = np.empty(len(left), np.uint16)
    turn = np.zeros(len(left), np.uint8)
    for start in range(0, len(left), _CHUNK):
        part = slice(start, start + _CHUNK)
        apart = _apart(codes[left[part]], codes[right[part]])
        turn[part] = np.where(apart[:, 0] <= enough, 0, apart.argmin(axis=1))
        distance[part] = np.take_along_axis(apart, turn[part, None].astype(np.int64), axis=1)[:, 0]
    return distance, turn


def _apart(left: Codes, right: Codes) -> NDArray[np.uint16]:
    """Return the distance for each turn of the right picture, shape (pairs, turns)."""
    turns = left.shape[1]
    ahead = np.bitwise_count(left[:, :1] ^ right).sum(axis=2, dtype=np.uint16)
    back = np.bitwise_count(left[:, INVERSE[:turns]] ^ right[:, :1]).sum(axis=2, dtype=np.uint16)
    return np.minimum(ahead, back)


def chains(
    codes: Codes,
    radius: int,
    believed: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    known: Sequence[tuple[Rows, Rows]] = (),
    *,
    threads: int | None = None,
) -> Rows:
    """Return which pictures are connected by pairs within `radius`, turned or not.

    Args:
        codes: Codes of each picture's turns, shape (n, turns, words) uint64; 1 or 8 turns.
        radius: Largest distance in bits, 0 to 255.
        believed: Rows whose codes say something, shape (n,).
        settled: Rows that `known` connects with one another as far as they are, shape (n,).
        known: Links, left and right rows, of whatever kind.
        threads: Threads to use; None for all processors. The result does not depend on it.

    Returns:
        A label per row, shape (n,) int64: the smallest row of its component.
    """
    chain = _Chain(len(codes))
    for left, right in known:
        chain.join(left, right)
    rows = np.flatnonzero(believed)
    whole = codes[rows].reshape(len(rows), codes.shape[1] * codes.shape[2])
    classes = collapse(np.ascontiguousarray(whole))
    star, others = _stars(classes)
    chain.join(rows[star], rows[others])
    first = rows[classes.first]
    old = np.zeros(len(first), bool)
    old[_class_of(classes, len(rows))[settled[rows]]] = True
    settled_rows, fresh = first[old], first[~old]
    edges = self_edges(np.ascontiguousarray(codes[fresh, 0]), radius, threads=threads)
    chain.join(fresh[edges.left], fresh[edges.right])
    for turn in range(codes.shape[1]):
        chain.cross(codes, settled_rows, fresh, turn, radius, threads)
        if turn:
            chain.cross(codes, fresh, settled_rows, turn, radius, threads)
            chain.cross(codes, fresh, fresh, turn, radius, threads)
    return chain.smallest()


class _Chain:
    """What is connected so far: a label per row."""

    def __init__(self, n: int) -> None:
        self._label = np.arange(n)

    def join(self, left: Rows, right: Rows) -> None:
        """Connect rows."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        a, b = self._label[left], self._label[right]
        apart = a != b
        if not apart.any():
            return
        n = len(self._label)
        ones = np.ones(int(apart.sum()), np.int8)
        graph = coo_array((ones, (a[apart], b[apart])), shape=(n, n))
        _, merged = connected_components(graph, directed=False)
        self._label = merged[self._label].astype(np.int64)

    def cross(
        self, codes: Codes, plain: Rows, turned: Rows, turn: int, radius: int, threads: int | None
    ) -> None:
        """Connect rows of `plain` as they are with rows of `turned` after a turn."""
        if not len(plain) or not len(turned):
            return
        other = np.ascontiguousarray(codes[turned, turn])
        waiting = [plain]
        while waiting:
            part = waiting.pop()
            mine = np.ascontiguousarray(codes[part, 0])
            try:
                found = cross_pairs(mine, other, radius, threads=threads, max_pairs=MAX_PAIRS >> 2)
            except InputError:
                if len(part) == 1:
                    raise
                # Too many pairs to hold at once: what counts is only whom they connect.
                waiting += [part[: len(part) // 2], part[len(part) // 2 :]]
                continue
            self.join(part[found.left], turned[found.right])

    def smallest(self) -> Rows:
        """Return for each row the smallest that it is connected with."""
        _, first, label = np.unique(self._label, return_index=True, return_inverse=True)
        return first[label].astype(np.int64)


def _stars(classes: Distinct) -> tuple[Rows, Rows]:
    if classes.order is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.repeat(classes.first, classes.sizes), classes.order


def _class_of(classes: Distinct, n: int) -> Rows:
    if classes.order is None:
        return np.arange(n)
    found = np.empty(n, np.int64)
    found[classes.order] = np.repeat(np.arange(len(classes.codes)), classes.sizes)
    return found
