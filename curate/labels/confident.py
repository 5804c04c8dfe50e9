"""Confident learning by cleanlab: the only module that imports it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.errors import DependencyError
from curate.labels.exchange import Ints

Floats = npt.NDArray[np.float64]


def doubted(label: Ints, scores: Floats) -> Ints:
    """Return the rows whose label is doubted, the most doubted first.

    Northcutt, Jiang and Chuang, "Confident learning", JAIR 70, 2021: as many rows of each label
    as the confident joint estimates to be another's, those with the largest margin against them.

    Args:
        label: Each row's label, 0 to K - 1, shape (N,).
        scores: Out-of-fold probabilities, shape (N, K).

    Raises:
        DependencyError: cleanlab is not installed.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        raise DependencyError(
            "cleanlab is not installed", hint="install the extra: curate[labels]"
        ) from None
    found: Ints = find_label_issues(
        label,
        scores,
        filter_by="prune_by_noise_rate",
        return_indices_ranked_by="normalized_margin",
        n_jobs=1,
    )
    return found


def confidently(label: Ints, scores: Floats, weight: Floats) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the label that each row is confidently of, and which rows are of any.

    As cleanlab counts its confident joint: a row is confidently of a label when its score for it
    is at least the mean of that label's own rows; of several the highest. Rows may count several
    times, so a draw of groups with replacement is a weight and no copy of rows.

    Args:
        label: As for `doubted`.
        scores: As for `doubted`.
        weight: How often each row counts, shape (N,).
    """
    classes = scores.shape[1]
    own = scores[np.arange(len(label)), label]
    total = np.bincount(label, weight, minlength=classes)
    usual = np.bincount(label, weight * own, minlength=classes) / np.maximum(total, 1e-9)
    confident = np.where(scores >= usual - 1e-6, scores, -1.0)
    return confident.argmax(axis=1), confident.max(axis=1) >= 0
