"""What removes a shortcut: a matched subset, or encoding again, and what either costs in items.

A subset is matched on a feature when each label has the same share of each of its bins. Kept are
as many rows as possible: of two labels the best ratio between them is found exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.labels.exchange import Ints

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Subset:
    """A matched subset.

    Attributes:
        keep: Which rows stay, shape (N,).
        dropped: How many rows of each label do not.
    """

    keep: npt.NDArray[np.bool_]
    dropped: tuple[int, ...]


def matched(code: Ints, label: Ints, order: Ints) -> Subset:
    """Return the largest subset in which a feature tells nothing of the label.

    Args:
        code: Each row's bin, shape (N,).
        label: Each row's label, 0 to K - 1, shape (N,).
        order: A number per row that decides who stays, the least first: a digest of what the row
            is, so that the same items stay whatever the order of rows.
    """
    classes = int(label.max()) + 1
    cell = code.astype(np.int64) * classes + label
    bins = int(code.max()) + 1
    have = np.bincount(cell, minlength=bins * classes).reshape(bins, classes)
    want = _wanted(have)
    rows = np.lexsort((order, cell))
    starts = np.concatenate([[0], np.cumsum(have.ravel())])[:-1]
    place = np.arange(len(rows)) - starts[cell[rows]]
    keep = np.zeros(len(rows), bool)
    keep[rows] = place < want.ravel()[cell[rows]]
    return Subset(keep, tuple(int(n) for n in (have - want).sum(axis=0)))


def _wanted(have: Ints) -> Ints:
    """Return how many rows of each bin and label stay, shape (bins, labels)."""
    best = np.zeros_like(have)
    for share in _shares(have):
        held = (have / share).min(axis=1)
        want = np.floor(held[:, None] * share + 1e-9).astype(np.int64)
        if want.sum() > best.sum():
            best = want
    return best


def _shares(have: Ints) -> Floats:
    """Return the shares of labels among what stays that are worth trying, shape (tries, labels).

    Of two labels, what stays as a function of their ratio is convex between the ratios that bins
    have: the best is one of these. Of more labels, the shares they have now.
    """
    total = have.sum(axis=0)
    tries = [total / total.sum()]
    if have.shape[1] == 2:
        both = have[(have > 0).all(axis=1)]
        tries.extend(both / both.sum(axis=1, keepdims=True))
    return np.array(tries)


def propensity_bins(evidence: Floats, bins: int = 32) -> Ints:
    """Return bins of equal size of what all features say together, to match on at once.

    Args:
        evidence: As `Tested.evidence`, shape (N,).
        bins: How many at most.
    """
    edges = np.unique(np.quantile(evidence, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, evidence, side="right").astype(np.int64)
