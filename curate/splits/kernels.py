"""The compiled loops of the splitter: dealing components out, and looking for a cut.

Both are sequential by nature: each step depends on the one before. Same input, same output.
"""

# numba infers the types of a kernel's arguments, and a kernel takes no options bag.
# mypy: allow-untyped-defs, disable-error-code="unreachable"
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917, PLR0912, C901

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def deal(order, size, starts, stratum, count, target, total, filled, held, choice):
    """Put components into splits, one after the other.

    A component goes to a split that has room for all of it, or else to the one with the most
    room: so no split ends further from its target than the largest component. Among those allowed
    it goes where the strata get nearest to their targets, by the chi-squared distance.

    Args:
        order: Components in the order to deal them out, shape (C,).
        size: Entries of each component, shape (C,).
        starts: Where each component's strata begin, shape (C + 1,).
        stratum: The stratum of each of its counts, shape (N,).
        count: The count, shape (N,).
        target: Entries wanted of each stratum in each split, shape (K, S).
        total: Entries wanted in each split, shape (S,).
        filled: Entries there are of each stratum in each split, changed in place, shape (K, S).
        held: Entries there are in each split, changed in place, shape (S,).
        choice: The split of each component, written here, shape (C,).
    """
    splits = len(total)
    for at in range(len(order)):
        c = order[at]
        most = 0
        for s in range(1, splits):
            if total[s] - held[s] > total[most] - held[most]:
                most = s
        best, least = most, np.inf
        for s in range(splits):
            if total[s] <= 0 or (s != most and total[s] - held[s] < size[c]):
                continue
            cost = 0.0
            for i in range(starts[c], starts[c + 1]):
                k = stratum[i]
                wanted = max(target[k, s], 1e-9)
                cost += count[i] * (2 * (filled[k, s] - target[k, s]) + count[i]) / wanted
            cost += size[c] * (2 * (held[s] - total[s]) + size[c]) / total[s]
            if cost < least:
                best, least = s, cost
        choice[c] = best
        held[best] += size[c]
        for i in range(starts[c], starts[c + 1]):
            filled[stratum[i], best] += count[i]


@njit(cache=True, nogil=True)
def improve(order, size, starts, stratum, count, target, total, filled, held, choice, slack):
    """Move components to where they serve the strata better; return how many moved.

    No move takes a split further than `slack` entries from its target.
    """
    splits = len(total)
    moved = 0
    for at in range(len(order)):
        c = order[at]
        a = choice[c]
        away = 0.0
        for i in range(starts[c], starts[c + 1]):
            k = stratum[i]
            wanted = max(target[k, a], 1e-9)
            away += count[i] * (count[i] - 2 * (filled[k, a] - target[k, a])) / wanted
        away += size[c] * (size[c] - 2 * (held[a] - total[a])) / total[a]
        best, least = a, -1e-9
        for s in range(splits):
            if s == a or total[s] <= 0 or abs(held[s] + size[c] - total[s]) > slack:
                continue
            if abs(held[a] - size[c] - total[a]) > slack:
                continue
            cost = away
            for i in range(starts[c], starts[c + 1]):
                k = stratum[i]
                wanted = max(target[k, s], 1e-9)
                cost += count[i] * (2 * (filled[k, s] - target[k, s]) + count[i]) / wanted
            cost += size[c] * (2 * (held[s] - total[s]) + size[c]) / total[s]
            if cost < least:
                best, least = s, cost
        if best != a:
            moved += 1
            choice[c] = best
            held[a] -= size[c]
            held[best] += size[c]
            for i in range(starts[c], starts[c + 1]):
                filled[stratum[i], a] -= count[i]
                filled[stratum[i], best] += count[i]
    return moved


@njit(cache=True, nogil=True)
def anneal(starts, members, weight, degree, side, ratio, seed, steps, hot):
    """Look for sides of groups with few entries between them; return the sides and their cost.

    An entry is kept where all its groups are on one side. The cost is the weight of the entries
    between sides, and that by which what is kept misses the ratios, ten times over. Simulated
    annealing: a step moves one group, or lets two on different sides change places.

    Args:
        starts: Where each group's members begin, shape (G + 1,).
        members: The entry of each membership, shape (M,).
        weight: The weight of each entry, shape (V,).
        degree: How many groups each entry is in, shape (V,).
        side: The side of each group to begin with, shape (G,).
        ratio: The share of each side, shape (S,).
        seed: Of the random numbers.
        steps: How many steps.
        hot: The temperature to begin with.
    """
    state = np.array([seed], np.uint64)
    splits, groups = len(ratio), len(side)
    seen = np.zeros((len(weight), splits), np.int32)
    for g in range(groups):
        for i in range(starts[g], starts[g + 1]):
            seen[members[i], side[g]] += 1
    kept = np.zeros(splits)
    everything = 0.0
    for v in range(len(weight)):
        everything += weight[v]
        for s in range(splits):
            if seen[v, s] == degree[v]:
                kept[s] += weight[v]
    cost = _cost(kept, ratio, everything)
    best, least = side.copy(), cost
    for step in range(steps):
        heat = hot * (1.0 - step / steps) + 1e-9
        g = int(_chance(state) * groups)
        a = side[g]
        h, b = -1, int(_chance(state) * splits)
        if _chance(state) < 0.5:
            h = int(_chance(state) * groups)
            b = side[h]
        if a == b:
            continue
        _shift(starts, members, weight, degree, seen, kept, g, a, b)
        if h >= 0:
            _shift(starts, members, weight, degree, seen, kept, h, b, a)
        after = _cost(kept, ratio, everything)
        if after <= cost or _chance(state) < np.exp((cost - after) / heat):
            side[g] = b
            if h >= 0:
                side[h] = a
            cost = after
            if cost < least - 1e-9:
                best, least = side.copy(), cost
        else:
            if h >= 0:
                _shift(starts, members, weight, degree, seen, kept, h, a, b)
            _shift(starts, members, weight, degree, seen, kept, g, b, a)
    return best, least


@njit(cache=True, nogil=True)
def _chance(state):
    """Return the next random number in [0, 1) (splitmix64): the same on every machine."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    x = state[0]
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True)
def _cost(kept, ratio, everything):
    total = kept.sum()
    missed = 0.0
    for s in range(len(kept)):
        missed += abs(kept[s] - ratio[s] * total)
    return everything - total + 10.0 * missed


@njit(cache=True, nogil=True)
def _shift(starts, members, weight, degree, seen, kept, g, a, b):
    """Take a group from side `a` to side `b`."""
    for i in range(starts[g], starts[g + 1]):
        v = members[i]
        if seen[v, a] == degree[v]:
            kept[a] -= weight[v]
        seen[v, a] -= 1
        seen[v, b] += 1
        if seen[v, b] == degree[v]:
            kept[b] += weight[v]
