"""Made-up embeddings of made-up people."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def embed(person: Ints, *, spread: float = 0.6, width: int = 64, seed: int = 0) -> Floats:
    """Return unit rows, one for each entry of `person`, shape (N, width).

    Two faces of one person have a cosine near ``1 / (1 + spread ** 2)``.
    """
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((int(person.max(initial=0)) + 1, width))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    noise = rng.standard_normal((len(person), width)) / np.sqrt(width)
    rows = centres[person] + spread * noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def names(n: int) -> list[str]:
    """Return n face_ids in ascending order."""
    return [f"face-{i:06d}" for i in range(n)]


def same_partition(left: Ints, right: Ints) -> bool:
    """Return whether two labellings put the same rows together, -1 being one more label."""
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    return len(pairs) == len(set(left.tolist())) == len(set(right.tolist()))
