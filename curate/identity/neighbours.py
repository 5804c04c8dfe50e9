"""Pairs of similar unit embeddings, without ever holding an N x N matrix.

Exact by blocks up to 10^5 rows; beyond, faiss's inverted file over exact vectors (IVF-Flat),
which a sample of exactly computed rows measures. faiss is imported here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.errors import DependencyError

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

EXACT_LIMIT = 100_000
_BLOCK = 1024
_RECALL_SAMPLE = 256


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, each once.

    Attributes:
        left: The smaller row, shape (P,), dtype int64; pairs are sorted by left, then right.
        right: The larger row, shape (P,), dtype int64.
        cosine: Their cosine, shape (P,), dtype float32.
        recall: Share of the pairs of sampled rows that the search found; 1.0 when exact.
    """

    left: Ints
    right: Ints
    cosine: Floats
    recall: float = 1.0

    def __len__(self) -> int:
        return len(self.left)


def similar_pairs(
    embeddings: Floats, *, floor: float, k: int = 64, exact_limit: int = EXACT_LIMIT
) -> Pairs:
    """Return the pairs of rows whose cosine is at least `floor`.

    A row contributes its `k` most similar others at most; a pair is kept when either row names
    the other.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        floor: Least cosine.
        k: Most neighbours that a row names.
        exact_limit: Most rows that are compared exactly.

    Raises:
        DependencyError: There are more rows than `exact_limit` and faiss is not installed.
    """
    rows = np.ascontiguousarray(embeddings, np.float32)
    if len(rows) <= exact_limit:
        return _as_pairs(*_exact(rows, np.arange(len(rows)), floor, k), len(rows), 1.0)
    return _by_faiss(rows, floor, k)


def _exact(rows: Floats, queries: Ints, floor: float, k: int) -> tuple[Ints, Ints, Floats]:
    """Return query, neighbour and cosine of up to `k` neighbours of each of `queries`."""
    sources, targets, values = [], [], []
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK]
        cosines = rows[block] @ rows.T
        cosines[np.arange(len(block)), block] = -2.0
        crowded = np.flatnonzero((cosines >= floor).sum(axis=1) > k)
        if len(crowded):
            # Keep what reaches the k-th best of its row: ties at the border are all kept,
            # so the result does not depend on the order of equal values.
            border = np.partition(cosines[crowded], -k, axis=1)[:, -k]
            cosines[crowded] = np.where(
                cosines[crowded] < border[:, None], np.float32(-2.0), cosines[crowded]
            )
        at, to = np.nonzero(cosines >= floor)
        sources.append(block[at])
        targets.append(to)
        values.append(cosines[at, to])
    if not sources:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    return np.concatenate(sources), np.concatenate(targets), np.concatenate(values)


def _by_faiss(rows: Floats, floor: float, k: int) -> Pairs:
    faiss = _faiss()
    # faiss wants at least 39 training rows for each cell.
    cells = max(1, min(int(4 * np.sqrt(len(rows))), len(rows) // 40))
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(rows.shape[1]), rows.shape[1], cells, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.seed, index.cp.niter = 1, 10
    # Evenly spaced rows train the cells: no randomness of our own.
    index.train(rows[:: max(1, len(rows) // (40 * cells))])
    index.add(rows)
    index.nprobe = max(16, cells // 32)
    sources, targets, values = [], [], []
    for start in range(0, len(rows), 16 * _BLOCK):
        found, near = index.search(rows[start : start + 16 * _BLOCK], k + 1)
        at, place = np.nonzero(found >= floor)
        to = near[at, place]
        real = (to >= 0) & (to != at + start)
        sources.append((at + start)[real])
        targets.append(to[real])
        values.append(found[at, place][real])
    i, j, cosine = (np.concatenate(part) for part in (sources, targets, values))
    return _as_pairs(i, j, cosine, len(rows), _recall(rows, i, j, floor, k))


def _recall(rows: Floats, i: Ints, j: Ints, floor: float, k: int) -> float:
    sample = np.unique(np.linspace(0, len(rows) - 1, _RECALL_SAMPLE).astype(np.int64))
    true_i, true_j, _ = _exact(rows, sample, floor, k)
    if len(true_i) == 0:
        return 1.0
    # A pair counts as found whichever of its rows named the other.
    true_low, true_high = np.minimum(true_i, true_j), np.maximum(true_i, true_j)
    found = np.minimum(i, j) * len(rows) + np.maximum(i, j)
    return float(np.isin(true_low * len(rows) + true_high, found).mean())


def _as_pairs(i: Ints, j: Ints, cosine: Floats, n: int, recall: float) -> Pairs:
    low, high = np.minimum(i, j), np.maximum(i, j)
    key, first = np.unique(low * np.int64(max(n, 1)) + high, return_index=True)
    return Pairs(key // max(n, 1), key % max(n, 1), cosine[first], recall)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise DependencyError("faiss is not installed") from error
    return faiss
