"""Matched subsets: nothing is told any more, and no more is dropped than must be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.labels.features import Coded
from curate.labels.matched import matched, propensity_bins
from curate.labels.shortcuts import JOINT, find_shortcuts
from tests.unit.labels.noise import gap


def test_a_matched_subset_tells_nothing_and_says_its_price() -> None:
    features, label, group = gap(1)
    quality = features[-1]

    subset = matched(quality.code.astype(np.int64), label, np.arange(len(label)))

    kept = [Coded(f.name, f.code[subset.keep], f.names) for f in features]
    again = find_shortcuts(kept, label[subset.keep], group[subset.keep], permutations=99)
    assert not any(tell.flagged for tell in again.tells)
    assert sum(subset.dropped) == len(label) - subset.keep.sum()
    assert 0 < sum(subset.dropped) < len(label)


def test_matching_on_what_all_features_say_removes_the_joint_shortcut() -> None:
    features, label, group = gap(4)
    found = find_shortcuts(features, label, group, permutations=99)
    assert any(tell.name == JOINT and tell.flagged for tell in found.tells)

    subset = matched(propensity_bins(found.evidence, 16), label, np.arange(len(label)))

    kept = [Coded(f.name, f.code[subset.keep], f.names) for f in features]
    again = find_shortcuts(kept, label[subset.keep], group[subset.keep], permutations=99)
    assert not any(tell.flagged for tell in again.tells)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=5))
def test_of_two_labels_no_ratio_keeps_more(have: list[tuple[int, int]]) -> None:
    """Held against every ratio of small numbers, before rounding to whole items."""
    code = np.repeat(np.arange(len(have)), [a + b for a, b in have])
    label = np.concatenate([np.repeat([0, 1], pair) for pair in have]).astype(np.int64)
    if len(np.unique(label)) < 2:
        return
    subset = matched(code, label, np.arange(len(code)))

    left = np.array([[((code == b) & (label == c) & subset.keep).sum() for c in (0, 1)]
                     for b in range(len(have))])  # fmt: skip
    best = 0.0
    for share in np.linspace(0.001, 0.999, 999):
        ratio = np.array([1 - share, share])
        best = max(best, float((np.array(have) / ratio).min(axis=1).sum()))
    # Each bin may lose less than one item of either label to rounding.
    assert left.sum() >= best - 2 * len(have) - 1e-6
    assert (left <= np.array(have)).all()


def test_who_stays_does_not_depend_on_the_order_of_rows() -> None:
    features, label, _ = gap(1)
    order = np.random.default_rng(0).permutation(len(label))
    code = features[-1].code.astype(np.int64)

    once = matched(code, label, order).keep
    turned = matched(code[::-1], label[::-1], order[::-1]).keep

    assert once.tolist() == turned[::-1].tolist()
