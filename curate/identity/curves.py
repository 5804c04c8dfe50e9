"""Both kinds of error at one threshold after another: what another threshold would cost.

Shares of few people would tell of those people rather than of the dataset, and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

# Of fewer people with two faces no share of misses is told, and of fewer independent pairs of
# people no share of false matches: none seen among 300 pairs means at most 1 in 100.
LEAST_PEOPLE = 10
LEAST_PAIRS = 300
_POINTS = 60
# The hundredth of the pairs that is least in doubt need not be on the curves.
_DULL = 0.01


@dataclass(frozen=True)
class Curves:
    """Shares of pairs of faces, at one cosine after another.

    Attributes:
        cosine: Ascending cosines; empty where neither curve is known.
        non_mated: Share of the pairs of two people at or above each; None where too little is
            known to tell.
        mated: Share of the pairs of one person below each; None likewise.
    """

    cosine: tuple[float, ...] = ()
    non_mated: tuple[float, ...] | None = None
    mated: tuple[float, ...] | None = None


def error_curves(non_mated: Ints | None, mated: Ints | None, threshold: float) -> Curves:
    """Return both curves where they change, each share to three digits.

    Args:
        non_mated: How many pairs of two people there are at each cosine, in bins of one width
            from -1 to 1, shape (B + 1,), of which the last is for 1 itself; None, or all zero,
            where too little is known.
        mated: The same of pairs of one person.
        threshold: A cosine that the curves should reach.
    """
    apart, own = (one if one is not None and one.any() else None for one in (non_mated, mated))
    ends = []
    if apart is not None:
        ends += _ends(apart, _DULL, 1.0)
    if own is not None:
        ends += _ends(own, 0.0, 1 - _DULL)
    if not ends:
        return Curves()
    half = (len(apart if apart is not None else own) - 1) / 2  # type: ignore[arg-type]  # one is
    ends.append(round((threshold + 1) * half))
    low, high = max(min(ends), 0), min(max(ends), int(2 * half))
    edges = np.unique(np.linspace(low, high, _POINTS).round().astype(np.int64))
    return Curves(
        tuple((edges / half - 1).round(4).tolist()),
        None if apart is None else _rounded(1 - _below(apart, edges)),
        None if own is None else _rounded(_below(own, edges)),
    )


def _ends(histogram: Ints, low: float, high: float) -> list[int]:
    """Return the edges between which the shares below rise from `low` to `high`."""
    below = np.cumsum(histogram) / histogram.sum()
    first = int(np.searchsorted(below, low, side="right"))
    return [first, int(np.searchsorted(below, high)) + 1]


def _below(histogram: Ints, edges: Ints) -> npt.NDArray[np.float64]:
    before = np.concatenate([[0], np.cumsum(histogram)])
    return before[edges] / histogram.sum()


def _rounded(shares: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{share:.3g}") for share in shares)
