"""Small steps over arrays of numbers that several modules take."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values there are, in order, each once.

    By sorting: the hashing of `numpy.unique` is many times slower on keys made of two numbers.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    # Most keys come in order already, or as a few runs: the stable sort merges them.
    ordered = np.sort(values, kind="stable")
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]


def distinct_pairs(left: npt.NDArray[Any], right: npt.NDArray[Any], many: int) -> Ints:
    """Return the pairs there are, in order, each once, as two columns.

    Args:
        left: Shape (N,).
        right: Shape (N,), below `many`.
        many: How many values the right one may have.
    """
    key = distinct(left.astype(np.int64) * max(many, 1) + right)
    return np.column_stack(np.divmod(key, max(many, 1)))


def mixed(values: npt.NDArray[Any], salt: int) -> npt.NDArray[np.uint64]:
    """Return numbers that look random, always the same (splitmix64: Steele and others, 2014)."""
    x = values.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def memberships(left: npt.NDArray[Any], right: npt.NDArray[Any], many: int) -> Ints:
    """Return pairs of member and group in order, each once, groups numbered by their members.

    So what is made of them does not depend on how groups came to be numbered. Groups with the
    same members stand for one another.

    Args:
        left: The members, shape (N,).
        right: Their groups, shape (N,), below `many`.
        many: How many groups there are.
    """
    pairs = distinct_pairs(left, right, many)
    if not len(pairs):
        return pairs
    groups, group = np.unique(pairs[:, 1], return_inverse=True)
    mark = np.zeros(len(groups), np.uint64)
    np.add.at(mark, group, mixed(pairs[:, 0], 3))
    rank = np.empty(len(groups), np.int64)
    rank[np.argsort(mark, kind="stable")] = np.arange(len(groups))
    return distinct_pairs(pairs[:, 0], rank[group], len(groups))


def masks(thing: npt.NDArray[Any], bit: npt.NDArray[Any], many: int, bits: int) -> Ints:
    """Return, for each thing, the bits that it has as one word, shape (many,)."""
    found = np.zeros(many, np.int64)
    for one in range(bits):
        found[thing[bit == one]] |= 1 << one
    return found
