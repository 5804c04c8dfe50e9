"""The driver of the Hamming join: sort by each band's key, compare buckets on threads."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.dedup.bands import Band, Workload, choose_bands, sample_of
from curate.dedup.codes import Codes, Rows
from curate.errors import InputError

Packed = NDArray[np.uint64]

_NO_FOREST = np.empty(0, np.int32)


def usable_threads(threads: int | None) -> int:
    """Return `threads`, or the processors this process may run on."""
    if threads is not None:
        return max(1, threads)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class _Sorted:
    """One side of a join, sorted by the key of a band."""

    codes: Codes
    """Shape (words, n + lanes) uint64."""
    rows: NDArray[np.uint32]
    starts: Rows


@dataclass(frozen=True)
class _Earlier:
    """What the kernels need to know of the bands before, to emit each pair once."""

    masks: Codes
    radii: NDArray[np.uint64]


def join(
    a: Codes,
    b: Codes | None,
    radius: int,
    *,
    threads: int | None,
    limit: int,
    bands: tuple[Band, ...] | None = None,
) -> Packed:
    """Find every pair of distinct codes within `radius`.

    Args:
        a: Codes, shape (n, words) uint64, C order.
        b: Codes of the other side, or None for the pairs within `a`.
        radius: Largest distance.
        threads: Threads to use; None for all processors.
        limit: Most pairs to return.
        bands: The plan; None to choose one.

    Returns:
        Packed hits, ascending: left row << 36 | right row << 8 | distance. Every pair once.

    Raises:
        InputError: More than `limit` pairs, or a list is too long to pack.
    """
    found: list[Packed] = []
    total = 0
    for part in _hits(a, b, radius, threads=threads, limit=limit, bands=bands):
        total += part.size
        if total > limit:
            raise InputError(
                f"more than {limit} pairs lie within {radius} bits",
                hint="lower the radius, or use self_edges, which needs no pair of equals",
            )
        found.append(part)
    hits = np.concatenate(found) if found else np.empty(0, np.uint64)
    found.clear()
    hits.sort()
    return hits


def spanning_join(
    a: Codes, radius: int, *, threads: int | None, bands: tuple[Band, ...] | None = None
) -> Packed:
    """Find a spanning set of the pairs of `a` within `radius`: at most n - 1 of them.

    Which pairs are returned depends on the codes and their order alone, not on the threads.

    Args:
        a: Codes, shape (n, words) uint64, C order.
        radius: Largest distance.
        threads: Threads to use; None for all processors.
        bands: The plan; None to choose one.

    Returns:
        Packed hits, ascending.
    """
    forest = np.arange(len(a), dtype=np.int32)
    found = list(_hits(a, None, radius, threads=threads, bands=bands, forest=forest))
    hits = np.concatenate(found) if found else np.empty(0, np.uint64)
    hits.sort()
    return hits


def _hits(
    a: Codes,
    b: Codes | None,
    radius: int,
    *,
    threads: int | None,
    bands: tuple[Band, ...] | None,
    limit: int = 2**62,
    forest: NDArray[np.int32] | None = None,
) -> Iterator[Packed]:
    from curate.dedup import kernels

    other = a if b is None else b
    if max(len(a), len(other)) >= kernels.MAX_ROWS:
        raise InputError(f"a join takes fewer than {kernels.MAX_ROWS} codes a side")
    if min(len(a), len(other)) < (2 if b is None else 1):
        return
    bands = bands or _planned(a, b, radius)
    words = a.shape[1]
    with ThreadPoolExecutor(usable_threads(threads)) as pool:
        for index, band in enumerate(bands):
            earlier = _Earlier(
                np.array([e.mask(words) for e in bands[:index]], np.uint64).reshape(-1, words),
                np.array([e.radius for e in bands[:index]], np.uint64),
            )
            left = _sorted_by(a, band, pool, usable_threads(threads))
            right = left if b is None else _sorted_by(b, band, pool, usable_threads(threads))
            run = _Run(left, right, band.flips(), earlier, radius, limit)
            yield from run.parts(pool, forest)
            del left, right, run  # before the next band is sorted: half the memory


def _planned(a: Codes, b: Codes | None, radius: int) -> tuple[Band, ...]:
    if b is None:
        return choose_bands(Workload(len(a), len(a), radius, sample_of(a), same=True))
    return choose_bands(Workload(len(a), len(b), radius, sample_of(a, b), same=False))


@dataclass(frozen=True)
class _Run:
    """One band of a join, cut into tasks."""

    left: _Sorted
    right: _Sorted
    flips: Rows
    earlier: _Earlier
    radius: int
    limit: int

    def parts(self, pool: ThreadPoolExecutor, forest: NDArray[np.int32] | None) -> Iterator[Packed]:
        """Yield hits task by task, in an order that does not depend on the threads.

        With a forest, tasks work on copies of it as it was before this band; their edges are
        merged into it in order, so what survives is the same for any number of threads.
        """
        from curate.dedup import kernels

        tasks = self._tasks(most=64 if forest is not None else 1024)
        if forest is None:
            yield from pool.map(lambda task: self._join(task, _NO_FOREST), tasks)
            return
        before = forest.copy()
        for part in pool.map(lambda task: self._join(task, before.copy()), tasks):
            yield kernels.spanning(part, forest)
        kernels.flatten(forest)

    def _tasks(self, *, most: int) -> list[tuple[int, int]]:
        count = len(self.left.rows)
        size = max(8192, -(-count // most))
        return [(row, min(row + size, count)) for row in range(0, count, size)]

    def _join(self, rows: tuple[int, int], forest: NDArray[np.int32]) -> Packed:
        from curate.dedup import kernels

        same = self.left is self.right
        first, last = np.searchsorted(self.left.starts, [rows[0], rows[1] - 1], side="right") - 1
        return kernels.join_rows(
            (self.left.codes, self.left.rows),
            (self.right.codes, self.right.rows),
            (self.left.starts, self.right.starts),
            rows,
            (int(first), int(last)),
            self.flips,
            np.uint64(self.radius),
            (self.earlier.masks, self.earlier.radii, same),
            forest,
            self.limit,
            (np.uint64(0),) * self.left.codes.shape[0],
        )


def _sorted_by(codes: Codes, band: Band, pool: ThreadPoolExecutor, parts: int) -> _Sorted:
    """Sort codes by a band's key: a counting sort whose passes run on `parts` threads."""
    from curate.dedup import kernels
    from curate.dedup.lanes import LANES

    count, words = codes.shape
    tables, places = _key_tables(band)
    # Counters cost 8 bytes per key and part: more parts than rows per key would be waste.
    parts = max(1, min(parts, 8, 4 * count >> len(band.bits)))
    spans = [(count * part // parts, count * (part + 1) // parts) for part in range(parts)]
    # Keys of one word are gathered twice rather than kept: they would be half as large as it.
    keys = np.empty(count if words > 1 else 0, np.uint32)
    counts = np.zeros((parts, 1 << len(band.bits)), np.int64)
    raw = codes.view(np.uint8)

    def count_part(part: int) -> None:
        kernels.fill_keys(raw, spans[part], tables, places, keys, counts[part])

    def move_part(part: int) -> None:
        sides = (codes, raw, spans[part], tables, places, keys, counts[part])
        kernels.scatter(*sides, by_key, rows)

    _all(pool, count_part, parts)
    starts = np.empty(counts.shape[1] + 1, np.int64)
    kernels.cursors_of(counts, starts)
    by_key = np.empty((words, count + LANES), np.uint64)
    by_key[:, count:] = 0
    rows = np.empty(count, np.uint32)
    _all(pool, move_part, parts)
    return _Sorted(by_key, rows, starts)


def _all(pool: ThreadPoolExecutor, work: Callable[[int], Any], parts: int) -> None:
    for _ in pool.map(work, range(parts)):
        pass


def _key_tables(band: Band) -> tuple[NDArray[np.uint32], Rows]:
    """Return what each value of each byte adds to the key, and which bytes matter."""
    values = np.arange(256, dtype=np.uint32)
    tables: dict[int, NDArray[np.uint32]] = {}
    for place, bit in enumerate(band.bits):
        word, inside = divmod(bit, 64)
        byte = inside // 8 if sys.byteorder == "little" else 7 - inside // 8
        table = tables.setdefault(word * 8 + byte, np.zeros(256, np.uint32))
        table |= ((values >> np.uint32(inside % 8)) & np.uint32(1)) << np.uint32(place)
    places = np.array(sorted(tables), np.int64)
    stacked = np.array([tables[place] for place in sorted(tables)], np.uint32)
    return stacked.reshape(-1, 256), places
