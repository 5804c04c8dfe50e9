"""Every pair of codes within a Hamming radius: exact, complete, and the same on every machine.

Three joins: within one list, between two, and new codes against old. The method is in `bands`
(which keys) and `kernels` (comparison); equal codes are collapsed before and expanded after.

Two outputs, for two purposes:

- **Pairs** (`self_pairs`, `cross_pairs`, `new_pairs`): every pair once. A frame that is repeated
  10^5 times is 5 * 10^9 of them, so the number is capped, and too many is an error.
- **Edges** (`self_edges`): a spanning set. Two rows are connected by edges exactly if they are
  connected by pairs, but there are fewer edges than rows, whatever the repetition. Enough to
  build groups; not enough to list who resembles whom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Distinct, Rows, checked, collapse, pack_codes, unpack_codes
from curate.dedup.join import Packed, join, spanning_join
from curate.errors import InputError

__all__ = [
    "MAX_PAIRS",
    "Pairs",
    "cross_pairs",
    "new_pairs",
    "pack_codes",
    "self_edges",
    "self_pairs",
    "unpack_codes",
]

MAX_PAIRS = 1 << 28
"""Pairs that a join returns at most unless told otherwise: about 9 GB while they are sorted."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, ascending by (left, right), each once."""

    left: Rows
    """Shape (pairs,) int64."""
    right: Rows
    """Shape (pairs,) int64."""
    distance: NDArray[np.uint8]
    """Bits that differ, shape (pairs,) uint8."""

    def __len__(self) -> int:
        return len(self.left)


def self_pairs(
    codes: Codes, radius: int, *, threads: int | None = None, max_pairs: int = MAX_PAIRS
) -> Pairs:
    """Find every pair of rows of one list within `radius`.

    Args:
        codes: Shape (n, words) uint64.
        radius: Largest distance in bits, 0 to 255.
        threads: Threads to use; None for all processors. The result does not depend on it.
        max_pairs: Most pairs to return.

    Returns:
        The pairs, left < right.

    Raises:
        InputError: The codes have another form, the radius is out of range, or there are more
            than `max_pairs` pairs.
    """
    codes = checked(codes)
    _check_radius(radius)
    classes = collapse(codes)
    if classes.order is None:
        return _pairs(join(codes, None, radius, threads=threads, limit=max_pairs))
    sizes = classes.sizes
    within = int((sizes * (sizes - 1) // 2).sum())
    _check_count(within, max_pairs)
    hits = join(classes.codes, None, radius, threads=threads, limit=max_pairs)
    left, right, distance = _unpacked(hits)
    _check_count(within + int((sizes[left] * sizes[right]).sum()), max_pairs)
    return _sorted_pairs(
        [_products(classes, classes, left, right, distance), _within(classes)], same=True
    )


def cross_pairs(
    a: Codes, b: Codes, radius: int, *, threads: int | None = None, max_pairs: int = MAX_PAIRS
) -> Pairs:
    """Find every pair of a row of `a` and a row of `b` within `radius`.

    Args:
        a: Shape (n, words) uint64.
        b: Shape (m, words) uint64.
        radius: Largest distance in bits, 0 to 255.
        threads: Threads to use; None for all processors. The result does not depend on it.
        max_pairs: Most pairs to return.

    Returns:
        The pairs: left a row of `a`, right a row of `b`.

    Raises:
        InputError: As for `self_pairs`, or the two lists differ in width.
    """
    a, b = checked(a), checked(b)
    _check_radius(radius)
    if a.shape[1] != b.shape[1]:
        raise InputError(f"codes of {64 * a.shape[1]} and {64 * b.shape[1]} bits do not compare")
    classes_a, classes_b = collapse(a), collapse(b)
    hits = join(classes_a.codes, classes_b.codes, radius, threads=threads, limit=max_pairs)
    if classes_a.order is None and classes_b.order is None:
        return _pairs(hits)
    left, right, distance = _unpacked(hits)
    _check_count(int((classes_a.sizes[left] * classes_b.sizes[right]).sum()), max_pairs)
    return _sorted_pairs([_products(classes_a, classes_b, left, right, distance)], same=False)


def new_pairs(
    old: Codes, new: Codes, radius: int, *, threads: int | None = None, max_pairs: int = MAX_PAIRS
) -> Pairs:
    """Find the pairs that `new` rows add to a list that was joined before.

    Args:
        old: Codes that were there, shape (n, words) uint64.
        new: Codes that are added, shape (m, words) uint64.
        radius: Largest distance in bits, 0 to 255.
        threads: Threads to use; None for all processors.
        max_pairs: Most pairs to return of each kind.

    Returns:
        The pairs of a new row with an old one or another new one, as rows of `old` and `new`
        put end to end; left < right.

    Raises:
        InputError: As for `cross_pairs`.
    """
    across = cross_pairs(old, new, radius, threads=threads, max_pairs=max_pairs)
    among = self_pairs(new, radius, threads=threads, max_pairs=max_pairs)
    # Every old row stands before every new one: end to end, both stay sorted.
    return Pairs(
        np.concatenate((across.left, among.left + len(old))),
        np.concatenate((across.right, among.right)) + len(old),
        np.concatenate((across.distance, among.distance)),
    )


def self_edges(codes: Codes, radius: int, *, threads: int | None = None) -> Pairs:
    """Find edges that connect what `self_pairs` would connect: fewer than there are rows.

    Equal codes form a star around their first row; among distinct codes, a pair is kept if it
    connects what was not yet connected. Which pairs are kept depends on the order of the rows;
    which rows are connected does not.

    Args:
        codes: Shape (n, words) uint64.
        radius: Largest distance in bits, 0 to 255.
        threads: Threads to use; None for all processors. The result does not depend on it.

    Returns:
        The edges, left < right: at most n - 1.

    Raises:
        InputError: The codes have another form, or the radius is out of range.
    """
    codes = checked(codes)
    _check_radius(radius)
    classes = collapse(codes)
    hits = spanning_join(classes.codes, radius, threads=threads)
    if classes.order is None or classes.starts is None:
        return _pairs(hits)
    left, right, distance = _unpacked(hits)
    first = classes.first
    others = np.delete(classes.order, classes.starts[:-1])
    star = (np.repeat(first, classes.sizes - 1), others, np.zeros(len(others), np.uint8))
    return _sorted_pairs([(first[left], first[right], distance), star], same=True)


_Columns = tuple[Rows, Rows, NDArray[np.uint8]]


def _check_radius(radius: int) -> None:
    if not 0 <= radius <= 255:
        raise InputError(f"the radius is {radius}, expected 0 to 255 bits")


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise InputError(
            f"{count} pairs lie within the radius, more than {most}",
            hint="use self_edges, which does not list every pair, or raise max_pairs",
        )


def _unpacked(hits: Packed) -> _Columns:
    left = (hits >> np.uint64(36)).view(np.int64)
    right = ((hits >> np.uint64(8)) & np.uint64((1 << 28) - 1)).view(np.int64)
    return left, right, hits.astype(np.uint8)


def _pairs(hits: Packed) -> Pairs:
    return Pairs(*_unpacked(hits))


def _sorted_pairs(parts: list[_Columns], *, same: bool) -> Pairs:
    """Pack columns, order each pair if both sides are one list, sort, and unpack."""
    packed: list[Packed] = []
    for left, right, distance in parts:
        low, high = (np.minimum(left, right), np.maximum(left, right)) if same else (left, right)
        head = low.astype(np.uint64) << np.uint64(36) | high.astype(np.uint64) << np.uint64(8)
        packed.append(head | distance)
    hits: Packed = np.concatenate(packed)
    hits.sort()
    return _pairs(hits)


def _products(
    a: Distinct, b: Distinct, left: Rows, right: Rows, distance: NDArray[np.uint8]
) -> _Columns:
    """Expand pairs of classes to pairs of their rows."""
    sizes_a, sizes_b = a.sizes[left], b.sizes[right]
    counts = sizes_a * sizes_b
    inside = _counting(counts)
    width = np.repeat(sizes_b, counts)
    rows_a = np.repeat(_starts(a)[left], counts) + inside // width
    rows_b = np.repeat(_starts(b)[right], counts) + inside % width
    return _rows(a, rows_a), _rows(b, rows_b), np.repeat(distance, counts)


def _within(classes: Distinct) -> _Columns:
    """List every pair of rows with the same code."""
    assert classes.order is not None
    sizes = classes.sizes
    place = _counting(sizes)
    later = np.repeat(sizes, sizes) - place - 1
    at = np.arange(len(classes.order))
    left = np.repeat(at, later)
    right = left + 1 + _counting(later)
    return classes.order[left], classes.order[right], np.zeros(len(left), np.uint8)


def _counting(counts: Rows) -> Rows:
    """Return 0..count - 1 for each count, end to end."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts, counts)


def _starts(classes: Distinct) -> Rows:
    return np.arange(len(classes.codes)) if classes.starts is None else classes.starts[:-1]


def _rows(classes: Distinct, places: Rows) -> Rows:
    return places if classes.order is None else classes.order[places]
