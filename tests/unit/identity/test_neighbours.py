"""Pairs of similar unit embeddings."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from curate.errors import DependencyError
from curate.identity import neighbours
from curate.identity.neighbours import pairs_in_chunks, recall_of, similar_pairs

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


@pytest.mark.parametrize("exact_limit", [10_000, 1000])
def test_of_the_excess_the_last_products_are_taken_away(exact_limit) -> None:
    rows = embed(np.arange(3000) // 6)
    bias = np.random.default_rng(1).uniform(0, 0.6, 3000).astype(np.float32)

    found = similar_pairs(
        np.column_stack([rows, bias]), floor=0.3, exact_limit=exact_limit, excess=True
    )

    wanted = rows @ rows.T - np.outer(bias, bias)
    np.testing.assert_allclose(found.cosine, wanted[found.left, found.right], atol=1e-5)
    assert found.cosine.min() >= 0.3
    assert len(found) > 0.9 * np.triu(wanted >= 0.3, 1).sum()


def test_search_by_cells_gives_the_same_again() -> None:
    rows = embed(np.arange(3000) // 6)

    first, second = (similar_pairs(rows, floor=0.4, exact_limit=1000) for _ in range(2))

    np.testing.assert_array_equal(first.left, second.left)
    np.testing.assert_array_equal(first.right, second.right)


@pytest.mark.parametrize("excess", [False, True])
def test_search_by_cells_is_the_same_however_many_rows_ask_at_once(excess, monkeypatch) -> None:
    rows = embed(np.arange(3000) // 6)
    at_once = similar_pairs(rows, floor=0.4, exact_limit=1000, excess=excess)
    monkeypatch.setattr(neighbours, "_PROBES_HELD", 1)
    monkeypatch.setattr(neighbours, "_BLOCK", 100)

    in_parts = similar_pairs(rows, floor=0.4, exact_limit=1000, excess=excess)

    np.testing.assert_array_equal(in_parts.left, at_once.left)
    np.testing.assert_array_equal(in_parts.right, at_once.right)
    np.testing.assert_allclose(in_parts.cosine, at_once.cosine, atol=1e-6)


def test_search_by_cells_says_what_it_needs(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)

    with pytest.raises(DependencyError, match="faiss is not installed"):
        similar_pairs(embed(np.arange(20)), floor=0.4, exact_limit=10)


def test_recall_is_of_the_pairs_that_a_search_missed() -> None:
    rows = embed(np.arange(100) // 2)

    def first(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return np.minimum(i, j) < 50

    assert recall_of(rows, 0.4, 5, first) == pytest.approx(0.5, abs=0.1)
    assert recall_of(rows[:50], 0.4, 5, first) == 1.0


def test_recall_is_whole_where_nothing_is_similar() -> None:
    assert recall_of(embed(np.arange(20)), 2.0, 5, np.not_equal) == 1.0
