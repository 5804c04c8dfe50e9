"""Codes to join, and the joins by brute force to hold results against."""

import numpy as np
from hypothesis import strategies as st


def skewed(n: int, words: int, seed: int, *, spread: float = 0.5) -> np.ndarray:
    """Return codes with biased bits, near copies of one another, and many equal ones."""
    rng = np.random.default_rng(seed)
    odds = rng.beta(spread, spread, 64 * words)
    bits = rng.random((n, 64 * words)) < odds
    near = rng.random(n) < 0.4
    flips = rng.random((n, 64 * words)) < 0.03
    bits[near] = bits[rng.integers(0, max(n // 20, 1), n)][near] ^ flips[near]
    equal = rng.random(n) < 0.2
    bits[equal] = False
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).reshape(n, words)


def brute_pairs(a: np.ndarray, b: np.ndarray | None, radius: int) -> list[tuple[int, int, int]]:
    """Compare everything with everything."""
    other = a if b is None else b
    found = []
    for row, code in enumerate(a):
        apart = np.bitwise_count(code ^ other).sum(axis=1)
        first = row + 1 if b is None else 0
        found += [
            (row, int(j), int(apart[j])) for j in np.flatnonzero(apart <= radius) if j >= first
        ]
    return found


def listed(pairs) -> list[tuple[int, int, int]]:
    """Return pairs as tuples."""
    return list(
        zip(pairs.left.tolist(), pairs.right.tolist(), pairs.distance.tolist(), strict=True)
    )


@st.composite
def code_lists(draw, *, most: int = 60) -> np.ndarray:
    """Draw codes of one to four words: random, skewed, all equal, one or none."""
    words = draw(st.sampled_from([1, 2, 4]))
    n = draw(st.integers(0, most))
    if draw(st.booleans()):
        return skewed(n, words, draw(st.integers(0, 2**32)))
    word = st.one_of(st.integers(0, 7), st.just(2**64 - 1), st.integers(0, 2**64 - 1))
    rows = draw(st.lists(st.tuples(*[word] * words), min_size=n, max_size=n))
    return np.array(rows, np.uint64).reshape(n, words)
