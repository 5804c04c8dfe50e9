"""Noise: wrong labels are found by what saw none of their group, and estimated with an interval."""

from __future__ import annotations

import numpy as np
import pytest

from curate.labels.confident import confidently, doubted
from curate.labels.exchange import Ints
from curate.labels.noise import Floats, area, out_of_fold, ranked, shares

WRONG = 0.1


def clips(seed: int = 0, *, tells: float = 2.0) -> tuple[Floats, Ints, Ints, Ints]:
    """Return features, true labels, labels with whole clips flipped, and clips of six frames."""
    rng = np.random.default_rng(seed)
    clip = np.repeat(np.arange(120), 6)
    truth = (np.arange(120) % 2)[clip]
    look = rng.normal(0, 1, (120, 8))[clip] + rng.normal(0, 0.1, (len(clip), 8))
    look[:, 0] += tells * truth
    flip = rng.choice(120, round(120 * WRONG), replace=False)
    return look, truth, np.where(np.isin(clip, flip), 1 - truth, truth), clip


def _f1(suspects: Ints, label: Ints, truth: Ints) -> float:
    right = (label[suspects] != truth[suspects]).sum()
    return float(2 * right / (len(suspects) + (label != truth).sum()))


def test_grouped_folds_find_flipped_clips_that_ungrouped_ones_learn_by_heart() -> None:
    look, truth, label, clip = clips(tells=3.0)

    grouped = out_of_fold(look, label, clip)
    ungrouped = out_of_fold(look, label, np.arange(len(label)))

    ours = _f1(ranked(label, grouped), label, truth)
    assert ours > 0.6
    assert ours > _f1(ranked(label, ungrouped), label, truth)
    # What the ungrouped scores say of themselves is inflated.
    seen = [(s.argmax(axis=1) == label).mean() for s in (grouped, ungrouped)]
    assert seen[1] > seen[0]


def test_no_row_is_scored_by_what_saw_its_group() -> None:
    """A feature that names the clip is worth nothing when clips are left out whole."""
    _, _, label, clip = clips()
    rng = np.random.default_rng(1)
    named = rng.normal(0, 1, (120, 4))[clip]

    scores = out_of_fold(named, label, clip)

    assert area(label, scores) == pytest.approx(0.5, abs=0.12)
    assert ranked(label, scores).tolist() == []


def test_the_estimate_has_an_interval_that_holds_the_truth() -> None:
    look, truth, label, clip = clips(tells=5.0)

    found = shares(
        label, out_of_fold(look, label, clip), clip, {"real": label == 0, "fake": label == 1}
    )

    for share, value in zip(found, (0, 1), strict=True):
        wrong = (truth != label)[label == value].mean()
        assert share.low <= wrong <= share.high
        assert share.low <= share.wrong <= share.high
        assert share.items == (label == value).sum()


def test_none_found_wrong_is_no_certainty() -> None:
    """Of forty groups without a wrong label, one in twelve may still have one."""
    label = np.tile([0, 1], 80)
    scores = np.column_stack([1 - label, label]) * 0.8 + 0.1

    (found,) = shares(label, scores, np.arange(160) // 4, {"real": label == 0})

    assert (found.wrong, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 40))


def test_poor_scores_estimate_nothing() -> None:
    label = np.tile([0, 1], 50)
    scores = np.full((100, 2), 0.5)

    (found,) = shares(label, scores, np.arange(100), {"real": label == 0})

    assert np.isnan(found.wrong)


def test_confidence_is_counted_as_cleanlab_counts_it() -> None:
    from cleanlab.count import compute_confident_joint

    rng = np.random.default_rng(3)
    label = rng.integers(0, 2, 300)
    scores = rng.dirichlet([1, 1], 300)
    joint = compute_confident_joint(label, scores, calibrate=False)

    best, seen = confidently(label, scores, np.ones(300))

    ours = np.zeros((2, 2))
    np.add.at(ours, (label[seen], best[seen]), 1)
    assert ours.tolist() == joint.tolist()
    assert len(doubted(label, scores)) > 0
