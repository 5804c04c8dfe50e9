"""Pairs of similar unit embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from curate.identity import neighbours
from curate.identity.neighbours import pairs_in_chunks, similar_pairs

from .people import embed


def all_pairs(rows: np.ndarray, floor: float) -> set[tuple[int, int]]:
    """Return every pair at or above `floor` by one big product."""
    left, right = np.nonzero(np.triu(rows @ rows.T >= floor, 1))
    return set(zip(left.tolist(), right.tolist(), strict=True))


@pytest.mark.parametrize("block", [1, 7, 1024])
def test_pairs_equal_the_full_product_whatever_the_block(block, monkeypatch) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK", block)
    rows = embed(np.arange(60) // 4)

    pairs = similar_pairs(rows, floor=0.3)

    found = set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    assert found == all_pairs(rows, 0.3)
    np.testing.assert_allclose(
        pairs.cosine, (rows[pairs.left] * rows[pairs.right]).sum(axis=1), atol=1e-5
    )


def test_a_row_names_its_k_most_similar_and_no_more() -> None:
    rows = embed(np.zeros(50, np.int64))

    pairs = similar_pairs(rows, floor=0.0, k=3)

    cosines = rows @ rows.T - 3 * np.eye(50)
    wanted = {
        (min(i, int(j)), max(i, int(j))) for i in range(50) for j in np.argsort(-cosines[i])[:3]
    }
    assert set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == wanted


def test_search_by_cells_finds_nearly_all_and_says_how_many() -> None:
    rows = embed(np.arange(6000) // 6)

    exact = similar_pairs(rows, floor=0.4)
    found = similar_pairs(rows, floor=0.4, exact_limit=1000)

    exact_keys = exact.left * 6000 + exact.right
    kept = np.isin(exact_keys, found.left * 6000 + found.right).mean()
    assert exact.recall == 1.0
    assert kept > 0.9
    assert abs(found.recall - kept) < 0.05


def test_no_rows_have_no_pairs() -> None:
    assert len(similar_pairs(np.empty((0, 4), np.float32), floor=0.1)) == 0


def test_chunks_hold_the_pairs_within_them_and_no_others() -> None:
    rows = embed(np.arange(90) % 10)

    pairs = pairs_in_chunks(rows, floor=0.3, k=64, chunk=40)

    inside = {(i, j) for i, j in all_pairs(rows, 0.3) if i // 40 == j // 40}
    assert set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == inside
