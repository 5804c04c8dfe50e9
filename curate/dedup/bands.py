"""The band plan of a Hamming join: which bits make a key, and how far keys may differ.

Pigeonhole (Norouzi, Punjani, Fleet: Fast Exact Search in Hamming Space with Multi-Index
Hashing, arXiv 1307.2982): deal the bits to m bands and let r = m*q + a with a < m. Two codes at
most r apart are within q in one of the first a + 1 bands, or within q - 1 in one of the others:
were they not, they would differ in at least (a+1)(q+1) + (m-a-1)q = r + 1 bits.

A key may leave out bits of its band: that only lets more pairs through to the comparison. So
any plan is complete, and which one is chosen is a matter of time alone. It is chosen by
estimating the pairs that share a neighbourhood from a sample of the codes, because real codes
have biased and correlated bits: a plan that suits uniform ones can be many times too slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb, exp, log2

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Codes

SAMPLE = 1024
"""Codes in the sample: half a million pairs, enough to see a share of one in 10^5."""

MAX_KEY_BITS = 24
_PER_BLOCK = 32
MAX_FLIPS = 20_000

# Nanoseconds on one x86-64 core with AVX-512. Only their proportions matter, and only for time:
# a pair of buckets; a comparison of ROWS codes with LANES, and what each word adds to it; a row
# sorted, and what each word adds; a key's counter.
_BUCKETS, _BLOCK, _WORD, _ROW, _ROW_WORD, _SLOT = 7.0, 0.6, 1.0, 12.0, 5.0, 2.0
# Choosing takes tens of milliseconds: whoever compares all in fewer does not choose.
_CHOOSING = 10e6


@dataclass(frozen=True)
class Band:
    """One key: its bits and how many of them may differ."""

    bits: tuple[int, ...]
    """Positions: 64 * word + bit, bit 0 the least significant."""
    radius: int

    def mask(self, words: int) -> NDArray[np.uint64]:
        """Return the key's bits as a code, shape (words,) uint64."""
        mask = [0] * words
        for bit in self.bits:
            mask[bit // 64] |= 1 << bit % 64
        return np.array(mask, np.uint64)

    def flips(self) -> NDArray[np.int64]:
        """Return every difference of keys within the radius, ascending.

        In this order, neighbours in the list lead to neighbouring buckets, which are in cache.
        """
        found = [
            sum(1 << bit for bit in chosen)
            for size in range(self.radius + 1)
            for chosen in combinations(range(len(self.bits)), size)
        ]
        return np.sort(np.array(found, np.int64))


BRUTE_FORCE = (Band((), 0),)
"""One key of no bits: all codes in one bucket."""


@dataclass(frozen=True)
class Workload:
    """What is to be joined: sizes, width and radius, and a sample to estimate with."""

    left: int
    right: int
    radius: int
    sample: Codes
    same: bool
    """Whether the two sides are one list, of which each pair is wanted once."""

    @property
    def words(self) -> int:
        """Words of a code."""
        return self.sample.shape[1]

    @property
    def pairs(self) -> float:
        """Pairs that brute force would compare."""
        return self.left * self.right / (2 if self.same else 1)


def radii_of(count: int, radius: int) -> list[int]:
    """Split `radius` over `count` bands by the pigeonhole rule.

    >>> radii_of(4, 10)
    [2, 2, 2, 1]
    """
    share, rest = divmod(radius, count)
    return [share] * (rest + 1) + [share - 1] * (count - rest - 1)


def sample_of(*sides: Codes) -> Codes:
    """Take evenly spaced codes, up to `SAMPLE` in all: no randomness, so no seed."""
    parts = []
    for codes in sides:
        take = min(len(codes), SAMPLE // len(sides))
        parts.append(codes[np.linspace(0, max(len(codes) - 1, 0), take).astype(np.int64)])
    return np.ascontiguousarray(np.concatenate(parts))


def choose_bands(work: Workload) -> tuple[Band, ...]:
    """Choose the cheapest plan for a workload.

    Plans are tried in the order of what they would cost on uniform codes, which is the least
    they can cost, until the next cannot beat the best so far.

    Args:
        work: Sizes, radius and sample.

    Returns:
        The bands; `BRUTE_FORCE` when no key helps. A band whose radius is below zero is left
        out: nothing can qualify in it.
    """
    best: tuple[Band, ...] = BRUTE_FORCE
    best_cost = _brute_cost(work)
    if best_cost < _CHOOSING:
        return best
    shapes = [shape for count in _counts(work) for shape in _shapes(work, count)]
    priced = sorted((_cost(work, shape, None), shape) for shape in shapes)
    affinity: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    for floor, shape in priced:
        if floor >= best_cost:
            break
        affinity = affinity or _bias_and_correlation(work.sample)
        bands = _deal(shape, work.words * 64, *affinity)
        cost = _cost(work, shape, _shares(work, bands))
        if cost < best_cost:
            best, best_cost = bands, cost
    return best


_Shape = tuple[tuple[int, int], ...]
"""(key bits, radius) of each band."""


def _counts(work: Workload) -> range:
    return range(1, min(work.radius + 1, work.words * 64) + 1)


def _shapes(work: Workload, count: int) -> list[_Shape]:
    """List the plans with `count` bands: whole bands as keys, or keys cut to a useful length."""
    width, rest = divmod(work.words * 64, count)
    radii = radii_of(count, work.radius)
    longest = min(MAX_KEY_BITS, max(1, round(log2(max(work.left, work.right, 2))) + 2))
    shapes = set()
    for cut in (longest, longest - 2, longest - 4):
        shape = tuple(
            (max(1, min(width + (band < rest), cut)), radius)
            for band, radius in enumerate(radii)
            if radius >= 0
        )
        if all(_ball(bits, radius) <= MAX_FLIPS for bits, radius in shape):
            shapes.add(shape)
    return sorted(shapes)


@cache
def _ball(bits: int, radius: int) -> int:
    return sum(comb(bits, distance) for distance in range(radius + 1))


def _block_cost(work: Workload) -> float:
    return _BLOCK + _WORD * work.words


def _brute_cost(work: Workload) -> float:
    sorting = (_ROW + _ROW_WORD * work.words) * (work.left + work.right)
    return work.pairs / _PER_BLOCK * _block_cost(work) + sorting


def _cost(work: Workload, shape: _Shape, shares: NDArray[np.float64] | None) -> float:
    """Estimate nanoseconds of a plan on one thread; uniform codes when no shares are given."""
    total = 0.0
    rows = work.left if work.same else work.left + work.right
    for index, (bits, radius) in enumerate(shape):
        keys, ball = 2**bits, _ball(bits, radius)
        share = ball / keys
        if shares is not None:
            share = max(share, float(shares[index]))
        met = keys * ball / (2 if work.same else 1)
        # Two buckets of a and b codes take (a/4 + 1/2) * (b/8 + 1/2) comparisons: the last row
        # of blocks and the last column are half empty.
        full_a, full_b = work.left / keys, work.right / keys
        both = met * (1 - exp(-full_a)) * (1 - exp(-full_b))
        blocks = work.pairs * share / _PER_BLOCK + both * (full_a / 8 + full_b / 16 + 0.25)
        total += met * _BUCKETS + blocks * _block_cost(work)
        total += rows * (_ROW + _ROW_WORD * work.words) + keys * _SLOT
    return total


def _bits_of(codes: Codes) -> NDArray[np.float64]:
    """Return the bits of codes as 0.0 and 1.0, column 64 * word + bit."""
    places = np.arange(64, dtype=np.uint64)
    bits = (codes[:, :, None] >> places) & np.uint64(1)
    return bits.reshape(len(codes), -1).astype(np.float64)


def _bias_and_correlation(
    sample: Codes,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far each bit is from fair, and the squared correlation of every two bits."""
    bits = _bits_of(sample)
    mean = bits.mean(axis=0)
    spread = bits.std(axis=0)
    scaled = (bits - mean) / np.where(spread > 0, spread, 1)
    return np.abs(mean - 0.5), np.square(scaled.T @ scaled / len(bits))


def _deal(
    shape: _Shape, width: int, bias: NDArray[np.float64], correlation: NDArray[np.float64]
) -> tuple[Band, ...]:
    """Deal bits to bands, least biased first, each to the band it is least correlated with.

    Bands fill evenly, so each gets its share of the good bits; only among the emptiest does
    correlation choose.
    """
    room = np.array([bits for bits, _ in shape])
    filled = np.zeros(len(shape), np.int64)
    ties = np.zeros((len(shape), width))
    dealt: list[list[int]] = [[] for _ in shape]
    for bit in np.argsort(bias, kind="stable")[: int(room.sum())]:
        level = np.where(filled < room, filled / room, 2.0)
        open_bands = np.flatnonzero(level <= level.min() + 1e-9)
        band = int(open_bands[np.argmin(ties[open_bands, bit])])
        dealt[band].append(int(bit))
        filled[band] += 1
        ties[band] += correlation[bit]
    return tuple(Band(tuple(bits), radius) for bits, (_, radius) in zip(dealt, shape, strict=True))


def _shares(work: Workload, bands: tuple[Band, ...]) -> NDArray[np.float64]:
    """Estimate the share of pairs within each band's radius from the sample."""
    from curate.dedup import kernels

    masks = np.array([band.mask(work.words) for band in bands])
    counts = np.zeros((len(bands), 64 * work.words + 1), np.int64)
    kernels.sampled_histogram(work.sample, masks, counts)
    near = [int(row[: band.radius + 1].sum()) for row, band in zip(counts, bands, strict=True)]
    return np.array(near) / max(1, int(counts[0].sum()))
