"""Whether people are seen from several sides: what makes one person two clusters, if anything.

Faces of one person differ from their mean in one of two ways. Where the differences are noise,
those of two faces have nothing in common, and two clusters that stand apart are two people. Where
people are seen from the front and in profile, say, faces of one view deviate alike, and one
person may make two clusters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_LEAST_FACES = 4
_MOST_FACES = 30
_MOST_CLUSTERS = 500


def likeness_of_deviations(rows: Floats, cluster: Ints) -> float:
    """Return how alike, or how unlike, faces of one person deviate from their mean.

    Args:
        rows: Unit embeddings, shape (N, D).
        cluster: Cluster of each row, shape (N,).

    Returns:
        The typical size of the correlation of two faces' deviations, 0 to 1: near that of
        random directions, 1 / sqrt(D), where they are noise. 0 where no cluster has four faces.
        Of more than 500 such clusters an evenly spaced sample is looked at.
    """
    order = np.argsort(cluster, kind="stable")
    _, start, size = np.unique(cluster[order], return_index=True, return_counts=True)
    large = np.flatnonzero(size >= _LEAST_FACES)
    if len(large) == 0:
        return 0.0
    large = large[np.unique(np.linspace(0, len(large) - 1, _MOST_CLUSTERS).astype(np.int64))]
    return float(
        np.median(
            [
                _spread(rows[order[start[at] : start[at] + min(size[at], _MOST_FACES)]])
                for at in large
            ]
        )
    )


def _spread(rows: Floats) -> float:
    """Return the standard deviation of the correlations of one cluster's deviations."""
    faces = rows.astype(np.float64)
    mean = faces.mean(axis=0)
    mean /= max(np.linalg.norm(mean), 1e-12)
    # A clear face is a longer picture of its person than a poor one: that is no deviation.
    off = faces - np.outer(faces @ mean, mean)
    off -= off.mean(axis=0)
    off /= np.maximum(np.linalg.norm(off, axis=1, keepdims=True), 1e-12)
    return float((off @ off.T)[np.triu_indices(len(off), 1)].std())
