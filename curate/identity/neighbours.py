"""Pairs of similar embeddings, without ever holding an N x N matrix.

Exact by blocks up to 10^5 rows, or within chunks; beyond, faiss's inverted file. A sample of rows
that are compared with all others measures what is missed. faiss is imported here and nowhere
else.
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
_BLOCK = 2048
_QUERIES = 1024
_RECALL_SAMPLE = 256


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, each once, in an order that depends on the rows alone.

    Attributes:
        left: The smaller row, shape (P,), dtype int32.
        right: The larger row, shape (P,), dtype int32.
        cosine: Their cosine, shape (P,), dtype float32.
        recall: Share of the pairs of sampled rows that the search found; 1.0 when exact.
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

    def offer(self, cosines: Floats, row: int, column: int, floor: float) -> None:
        """Take note of a block of cosines above the diagonal, for its rows and its columns."""
        kept = (np.float32(floor), self.values, self.names, self.filled)
        in_parts(
            len(cosines),
            lambda one, end: kernels.offer_columns(cosines, row, column, one, end, *kept),
        )
        if row != column:
            in_parts(
                cosines.shape[1],
                lambda one, end: kernels.offer_rows(cosines, row, column, one, end, *kept),
            )

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
    bias: Floats | None = None,
) -> Pairs:
    """Return the pairs of rows whose cosine is at least `floor`.

    A row contributes its `k` most similar others at most; a pair is kept when either row names
    the other.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        floor: Least cosine.
        k: Most neighbours that a row names.
        exact_limit: Most rows that are compared exactly.
        bias: What to take from each cosine: the product of both rows' numbers, shape (N,).

    Raises:
        DependencyError: There are more rows than `exact_limit` and faiss is not installed.
    """
    rows = np.ascontiguousarray(embeddings, np.float32)
    if len(rows) > exact_limit:
        return _by_faiss(rows, floor, k, bias)
    best = _Best(len(rows), k)
    _compare(rows, slice(0, len(rows)), best, floor, bias)
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
        _compare(embeddings, slice(start, min(start + chunk, len(embeddings))), best, floor, None)
    return best.pairs()


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
    cosines = rows[sample] @ rows.T
    cosines[np.arange(len(sample)), sample] = -np.inf
    nearest = np.argpartition(cosines, -min(k, len(rows)), axis=1)[:, -k:]
    at, place = np.nonzero(np.take_along_axis(cosines, nearest, axis=1) >= floor)
    return float(found(sample[at], nearest[at, place]).mean()) if len(at) else 1.0


def _compare(rows: Floats, part: slice, best: _Best, floor: float, bias: Floats | None) -> None:
    """Compare a part of the rows among themselves, each two blocks once."""
    for top in range(part.start, part.stop, _BLOCK):
        block = slice(top, min(top + _BLOCK, part.stop))
        for start in range(top, part.stop, _BLOCK):
            other = slice(start, min(start + _BLOCK, part.stop))
            cosines = rows[block] @ rows[other].T
            if bias is not None:
                cosines -= np.multiply.outer(bias[block], bias[other])
            best.offer(cosines, top, start, floor)


def _by_faiss(rows: Floats, floor: float, k: int, bias: Floats | None) -> Pairs:
    faiss = _faiss()
    n, width = rows.shape
    if bias is not None:
        # One number more, of the other sign in what is searched for, takes the product away.
        rows, width = np.column_stack([rows, bias]), width + 1
    # faiss wants at least 39 training rows for each cell.
    cells = max(1, min(int(4 * np.sqrt(n)), n // 40))
    # Half precision halves the memory; what is found is compared again in full.
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(width), width, cells, kind, faiss.METRIC_INNER_PRODUCT
    )
    index.by_residual = False
    index.cp.seed, index.cp.niter = 1, 10
    # Evenly spaced rows train the cells: no randomness of our own.
    index.train(rows[:: max(1, n // (40 * cells))])
    index.add(rows)
    index.nprobe = max(16, cells // 32)
    best = _Best(n, k)
    for start in range(0, n, _QUERIES):
        queries = rows[start : start + _QUERIES].copy()
        if bias is not None:
            queries[:, -1] *= -1
        _, near = index.search(queries, k + 1)
        exact = np.einsum("ij,ikj->ik", queries, rows[near])
        good = (near >= 0) & (near != np.arange(start, start + len(queries))[:, None])
        kernels.offer_found(
            np.where(good, exact, -np.inf), near, start, np.float32(floor),
            best.values, best.names, best.filled,
        )  # fmt: skip
    pairs = best.pairs()
    keys = np.sort(pairs.left.astype(np.int64) << 32 | pairs.right)

    def found(i: Ints, j: Ints) -> npt.NDArray[np.bool_]:
        return np.isin(np.minimum(i, j) << 32 | np.maximum(i, j), keys)

    return replace(pairs, recall=recall_of(rows, floor, k, found) if bias is None else 1.0)


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
