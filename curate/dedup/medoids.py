"""The medoid of each group of codes, compiled, in time linear in the members.

The sum of Hamming distances from one code to all of a group is a sum over bits of how many
members differ in that bit, so one count per bit replaces the comparison of every two members.
"""

# numba infers the types of a kernel's arguments.
# mypy: allow-untyped-defs
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import numpy as np

from curate.dedup.lanes import compiled


@compiled
def medoids(codes, starts, medoid):
    """Find each group's medoid.

    Args:
        codes: Codes by group, shape (n, words) uint64; of equally central ones the first wins.
        starts: First row of each group in `codes`, shape (groups + 1,) int64.
        medoid: Filled with a row per group, int64.
    """
    width = codes.shape[1] * 64
    one = np.uint64(1)
    weight = np.empty(width, np.int64)
    for group in range(medoid.size):
        first, last = starts[group], starts[group + 1]
        weight[:] = last - first
        for place in range(first, last):
            for bit in range(width):
                value = (codes[place, bit >> 6] >> np.uint64(bit & 63)) & one
                weight[bit] -= 2 * np.int64(value)
        # weight = members without the bit less members with it: what setting the bit adds to
        # the sum of distances, beyond the members that have it.
        best, best_sum = first, np.int64(1) << 62
        for place in range(first, last):
            total = np.int64(0)
            for bit in range(width):
                value = (codes[place, bit >> 6] >> np.uint64(bit & 63)) & one
                total += np.int64(value) * weight[bit]
            if total < best_sum:
                best, best_sum = place, total
        medoid[group] = best
