"""Pairs of clusters as one number each: sets of them are sorted, joined and looked up fast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def packed(left: Ints, right: Ints) -> Ints:
    """Return each pair as one number, the smaller end in its upper half."""
    return np.minimum(left, right) << 32 | np.maximum(left, right)


def ends(pairs: Ints) -> tuple[Ints, Ints]:
    """Return the smaller and the larger end of each packed pair."""
    return pairs >> 32, pairs & 0xFFFFFFFF


def distinct(pairs: Ints) -> Ints:
    """Return the packed pairs of different ends, sorted, each once."""
    a, b = ends(pairs)
    pairs = np.sort(pairs[a != b])
    return pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])] if len(pairs) else pairs
