"""Pairs of similar embeddings, without ever holding an N x N matrix.

Exact by blocks up to 10^5 rows, or within chunks; beyond, within the nearest of the cells that
faiss makes. A sample of rows that are compared with all others measures what is missed. faiss is
imported here and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.errors import DependencyError
from curate.identity import kernels

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]

EXACT_LIMIT = 100_000
HELD_LIMIT = 32_768
# Cells that a face is held against: the one it is most alike is in one of the nearest.
_HELD_PROBES = 16
# Of so many other subjects the most similar face is kept.
MOST_OTHERS = 16
_BLOCK = 2048
_QUERIES = 1024
_PROBES_HELD = 2**26
_RECALL_SAMPLE, _RECALL_ROWS = 256, 16


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, each once, in an order that depends on the rows alone.

    Attributes:
        left: The smaller row, shape (P,), dtype int32.
        right: The larger row, shape (P,), dtype int32.
        cosine: Their cosine, shape (P,), dtype float32.
        recall: Share of the pairs of sampled rows that the search found; 1.0 when exact, and of
            the excess, where it is not measured.
    """

    left: Rows
    right: Rows
    cosine: Floats
    recall: float = 1.0

    def __len__(self) -> int:
        return len(self.left)


class _Best:
    """The most similar others of each row."""

    def __init__(self, rows: int, k: int) -> None:
        self.values = np.empty((rows, k), np.float32)
        self.names = np.empty((rows, k), np.int32)
        self.filled = np.zeros(rows, np.int32)

    def offer(
        self, cosines: Floats, rows: Rows, columns: Rows, floor: float, *, both: bool = False
    ) -> None:
        """Take note of a block of cosines for its rows and, of both, for its columns as well."""
        block = (cosines, rows, columns)
        kept = (np.float32(floor), self.values, self.names, self.filled)
        in_parts(len(rows), lambda one, end: kernels.offer_columns(*block, one, end, *kept))
        if both:
            in_parts(len(columns), lambda one, end: kernels.offer_rows(*block, one, end, *kept))

    def pairs(self) -> Pairs:
        """Return each pair of which either row names the other."""
        count = kernels.count_pairs(self.names, self.filled)
        left, right = np.empty(count, np.int32), np.empty(count, np.int32)
        cosine = np.empty(count, np.float32)
        kernels.write_pairs(self.values, self.names, self.filled, left, right, cosine)
        return Pairs(left, right, cosine)


def similar_pairs(
    embeddings: Floats,
    *,
    floor: float,
    k: int = 64,
    exact_limit: int = EXACT_LIMIT,
    excess: bool = False,
) -> Pairs:
    """Return the pairs of rows whose cosine is at least `floor`.

    A row contributes its `k` most similar others at most; a pair is kept when either row names
    the other.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        floor: Least cosine.
        k: Most neighbours that a row names.
        exact_limit: Most rows that are compared exactly.
        excess: Take the product of the last numbers of two rows from that of all others, rather
            than add it; rows are of unit length without it.

    Raises:
        DependencyError: There are more rows than `exact_limit` and faiss is not installed.
    """
    rows = np.ascontiguousarray(embeddings, np.float32)
    if len(rows) > exact_limit:
        return _by_cells(rows, floor, k, excess=excess)
    best = _Best(len(rows), k)
    _compare(rows, slice(0, len(rows)), best, floor, excess=excess)
    return best.pairs()


def pairs_in_chunks(embeddings: Floats, *, floor: float, k: int, chunk: int) -> Pairs:
    """Return the similar pairs within chunks of consecutive rows, as `similar_pairs` does.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        floor: Least cosine.
        k: Most neighbours that a row names.
        chunk: Rows of a chunk.
    """
    best = _Best(len(embeddings), k)
    for start in range(0, len(embeddings), max(chunk, 1)):
        _compare(embeddings, slice(start, min(start + chunk, len(embeddings))), best, floor)
    return best.pairs()


@dataclass(frozen=True)
class Named:
    """Whose each of N faces is, and whom it is not to be held against.

    Attributes:
        subject: The subject of each face, -1 for none, shape (N,).
        ends: Where the names beside each face end among `named`, shape (N + 1,).
        named: Subjects named beside the first face, beside the second and so on.
        fake: Whether a face may show any of those named beside it, shape (N,).
    """

    subject: Ints
    ends: Ints
    named: Ints
    fake: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Alike:
    """The faces most similar to each of N faces, one of each other subject.

    Attributes:
        face: The face, shape (P,), in rising order.
        other: One that is like it, shape (P,); of one face the most similar comes first.
        similarity: Their cosine, shape (P,), dtype float32.
        more: Whether a face is like more subjects than are here, shape (N,).
        recall: Share of a sample of faces whose most similar one was found.
    """

    face: Ints
    other: Ints
    similarity: Floats
    more: npt.NDArray[np.bool_]
    recall: float = 1.0


def most_alike_of_others(
    embeddings: Floats,
    asking: Ints,
    known: Ints,
    named: Named,
    *,
    floor: float,
    most: int = MOST_OTHERS,
) -> Alike:
    """Return the most similar face of each subject who is not named beside a face.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        asking: Faces to find one for; all of `known` are among them.
        known: Faces of subjects.
        named: Whose they are, and whom faces are not held against.
        floor: Least cosine.
        most: Of how many subjects the most similar face is kept.

    Returns:
        Faces of subjects are all compared up to `HELD_LIMIT`;
        of more, those in the cells nearest to a face are.
    """
    held = _Held(embeddings, named, floor, most)
    if len(known) <= HELD_LIMIT:
        rest = np.setdiff1d(asking, known)
        blocks = _blocks(known)
        for place, some in enumerate(blocks):
            for other in blocks[place:]:
                held.compare(some, other, both=other is not some)
        for some in _blocks(rest):
            for other in blocks:
                held.compare(some, other)
        return held.found()
    cells = int(2 * np.sqrt(len(known)))
    step = max(1, len(known) // (40 * cells))
    centres = _centres(embeddings[known[::step]], cells)
    homes = np.concatenate([_nearest(centres, embeddings[b], 1) for b in _blocks(known)])
    members, ends = kernels.invert(homes, cells)
    for start in range(0, len(asking), _PROBES_HELD // _HELD_PROBES):
        part = asking[start : start + _PROBES_HELD // _HELD_PROBES]
        wanted = np.concatenate(
            [_nearest(centres, embeddings[b], min(_HELD_PROBES, cells)) for b in _blocks(part)]
        )
        asked, last = kernels.invert(wanted, cells)
        for cell in range(cells):
            there = known[members[ends[cell] : ends[cell + 1]]]
            for some in _blocks(part[asked[last[cell] : last[cell + 1]]]):
                held.compare(some, there)
    return held.found(recall=held.recall(asking, known))


class _Held:
    """The most similar faces of other subjects, of every face so far."""

    def __init__(self, rows: Floats, named: Named, floor: float, k: int) -> None:
        self.rows, self.named, self.floor = rows, named, floor
        self.values = np.full((len(rows), k), -2, np.float32)
        self.others = np.full((len(rows), k), -1, np.int32)
        self.more = np.zeros(len(rows), np.bool_)

    def compare(self, some: Ints, known: Ints, *, both: bool = False) -> None:
        """Hold some faces against others, and of both, those against the first as well."""
        block = (self.rows[some] @ self.rows[known].T, some, known)
        names = (self.named.subject, self.named.ends, self.named.named, self.named.fake)
        kept = (np.float32(self.floor), *names, self.values, self.others, self.more)
        in_parts(len(some), lambda one, end: kernels.hold_rows(*block, one, end, *kept))
        if both:
            in_parts(len(known), lambda one, end: kernels.hold_columns(*block, one, end, *kept))

    def found(self, recall: float = 1.0) -> Alike:
        face, place = np.nonzero(self.others >= 0)
        other = self.others[face, place].astype(np.int64)
        return Alike(face, other, self.values[face, place], self.more, recall)

    def recall(self, asking: Ints, known: Ints) -> float:
        """Return the share of a sample of faces, of those that have one, that found the same."""
        sample = asking[np.unique(np.linspace(0, len(asking) - 1, _RECALL_SAMPLE).astype(int))]
        exact = _Held(self.rows, self.named, float(self.floor), 1)
        for other in _blocks(known):
            exact.compare(sample, other)
        have = sample[exact.others[sample, 0] >= 0]
        return float((self.others[have, 0] >= 0).mean()) if len(have) else 1.0


def _blocks(places: Ints) -> list[Ints]:
    return [places[start : start + _BLOCK] for start in range(0, len(places), _BLOCK)]


def recall_of(
    rows: Floats, floor: float, k: int, found: Callable[[Ints, Ints], npt.NDArray[np.bool_]]
) -> float:
    """Return the share of the similar pairs of sampled rows that `found` says were found.

    Args:
        rows: Unit rows, shape (N, D), dtype float32.
        floor: Least cosine.
        k: Most neighbours of a row.
        found: Takes both rows of each pair, and tells of each whether it was found.
    """
    sample = np.unique(np.linspace(0, len(rows) - 1, _RECALL_SAMPLE).astype(np.int64))
    one, other = [], []
    # A few at a time: a row's cosines with ten million others take 40 MB.
    for start in range(0, len(sample), _RECALL_ROWS):
        some = sample[start : start + _RECALL_ROWS]
        cosines = rows[some] @ rows.T
        cosines[np.arange(len(some)), some] = -np.inf
        nearest = np.argpartition(cosines, -min(k, len(rows)), axis=1)[:, -k:]
        at, place = np.nonzero(np.take_along_axis(cosines, nearest, axis=1) >= floor)
        one.append(some[at])
        other.append(nearest[at, place])
    pairs = np.concatenate(one), np.concatenate(other)
    return float(found(*pairs).mean()) if len(pairs[0]) else 1.0


def _compare(rows: Floats, part: slice, best: _Best, floor: float, *, excess: bool = False) -> None:
    """Compare a part of the rows among themselves, each two blocks once."""
    blocks = [
        np.arange(start, min(start + _BLOCK, part.stop), dtype=np.int32)
        for start in range(part.start, part.stop, _BLOCK)
    ]
    for place, some in enumerate(blocks):
        block = _turned(rows[some[0] : some[-1] + 1], excess=excess)
        for other in blocks[place:]:
            cosines = block @ rows[other[0] : other[-1] + 1].T
            best.offer(cosines, some, other, floor, both=other is not some)


def _by_cells(rows: Floats, floor: float, k: int, *, excess: bool) -> Pairs:
    """Compare each row with the rows of the cells nearest to it.

    An inverted file (Sivic and Zisserman 2003), read cell by cell instead of row by row: all rows
    that ask for a cell are multiplied with it at once, which is several times faster than to scan
    it for each.
    """
    n = len(rows)
    # faiss wants at least 39 training rows for each cell.
    cells = max(1, min(int(4 * np.sqrt(n)), n // 40))
    centres = _centres(rows, cells)
    members, ends = kernels.invert(_nearest(centres, rows, 1), cells)
    probes = min(cells, max(16, cells // 16))
    best = _Best(n, k)
    # All that is asked of a cell at once; at ten million rows the list is too long to hold whole.
    most = max(_QUERIES, _PROBES_HELD // probes)
    for start in range(0, n, most):
        part = slice(start, min(start + most, n))
        wanted = _nearest(centres, rows[part], probes, excess=excess)
        asking, last = kernels.invert(wanted, cells)
        del wanted
        for cell in range(cells):
            held = members[ends[cell] : ends[cell + 1]]
            against = _turned(rows[held], excess=excess).T
            asked = asking[last[cell] : last[cell + 1]] + start
            for some in np.split(asked, range(_BLOCK, len(asked), _BLOCK)):
                best.offer(rows[some] @ against, some, held, floor)
    pairs = best.pairs()
    if excess:
        return pairs
    keys = np.sort(pairs.left.astype(np.int64) << 32 | pairs.right)

    def found(i: Ints, j: Ints) -> npt.NDArray[np.bool_]:
        return np.isin(np.minimum(i, j) << 32 | np.maximum(i, j), keys)

    return replace(pairs, recall=recall_of(rows, floor, k, found))


def _centres(rows: Floats, cells: int) -> Any:
    """Return faiss's index of the centres of cells."""
    faiss = _faiss()
    centres = faiss.IndexFlatIP(rows.shape[1])
    clustering = faiss.Clustering(rows.shape[1], cells)
    clustering.seed, clustering.niter = 1, 10
    # Evenly spaced rows train the cells: no randomness of our own.
    clustering.train(rows[:: max(1, len(rows) // (40 * cells))], centres)
    return centres


def _nearest(centres: Any, rows: Floats, count: int, *, excess: bool = False) -> Rows:
    """Return the cells nearest to each row, shape (len(rows), count)."""
    out = np.empty((len(rows), count), np.int32)
    for start in range(0, len(rows), _QUERIES):
        part = slice(start, start + _QUERIES)
        out[part] = centres.search(_turned(rows[part], excess=excess), count)[1]
    return out


def _turned(rows: Floats, *, excess: bool) -> Floats:
    """Return rows to multiply others with: of the excess, the last products are taken away."""
    if excess:
        rows = rows.copy()
        rows[:, -1] *= -1
    return rows


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise DependencyError("faiss is not installed") from error
    return faiss


def dots(rows: Floats, a: Ints, b: Ints) -> Floats:
    """Return the products of rows `a` and rows `b`, shape (len(a),)."""
    out = np.empty(len(a), np.float32)
    in_parts(len(a), lambda one, end: kernels.dots(rows, a, b, one, end, out))
    return out


def in_parts(count: int, work: Callable[[int, int], Any]) -> None:
    """Call `work` with the ends of parts of `count` things, one part for each core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if cores == 1 or count < _BLOCK // 2:
        work(0, count)
        return
    ends = np.linspace(0, count, cores + 1).astype(np.int64).tolist()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, ends[:-1], ends[1:]))
