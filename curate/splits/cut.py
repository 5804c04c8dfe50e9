"""The cut: what to leave out so that a component too large for the shares falls apart.

Groups (people, source videos, near duplicates) are put on sides, one for each split, and entries
whose groups are on different sides are left out. The least such set is a balanced hypergraph
partition, which is hard: what is returned was found and is not proven to be the least.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from curate.splits.arrays import distinct, memberships
from curate.splits.descent import Nodes
from curate.splits.groups import Groups
from curate.splits.repair import collapsed

Ints = npt.NDArray[np.int64]

# Searches of a component of few groups, and steps of each for every group, up to a limit.
_STARTS, _STEPS, _MOST_STEPS = 6, 10_000, 2_000_000


def cut(
    groups: Iterable[Groups],
    inside: npt.NDArray[np.bool_],
    weighs: npt.NDArray[np.bool_],
    ratios: tuple[float, ...],
    *,
    seed: int,
) -> Nodes:
    """Return the entries to leave out so that the rest falls apart in the shares asked.

    Args:
        groups: What ties entries.
        inside: Whether an entry is in the component, shape (N,).
        weighs: Whether it counts for the shares, shape (N,).
        ratios: The share of each split.
        seed: Of the search.
    """
    pairs = _pairs(groups, inside)
    items = distinct(pairs[:, 0])
    # A group that holds entries with the same groups only is never cut.
    node, weight, member, group = _nodes(pairs, weighs[items])
    if not len(member):
        return np.empty(0, np.int32)
    degree = np.bincount(member, minlength=len(weight))
    many = int(group.max()) + 1
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(many + 1))
    side = _best_sides(starts, member[order], weight, degree, np.array(ratios), seed)
    low, high = np.full(len(weight), len(ratios)), np.full(len(weight), -1)
    np.minimum.at(low, member, side[group])
    np.maximum.at(high, member, side[group])
    return items[(low < high)[node]].astype(np.int32)


def _pairs(groups: Iterable[Groups], inside: npt.NDArray[np.bool_]) -> Ints:
    """Return pairs of entry and group within the component."""
    first, items, numbers = 0, [np.empty(0, np.int32)], [np.empty(0, np.int64)]
    for held in groups:
        rows = inside[held.item]
        items.append(held.item[rows])
        numbers.append(held.group[rows].astype(np.int64) + first)
        first += len(held.names)
    return memberships(np.concatenate(items), np.concatenate(numbers), first)


def _nodes(pairs: Ints, weighs: npt.NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return entries in the same groups as one node, without groups that hold one node alone.

    Returns:
        The node of each entry that has a group, the weight of each node, and the memberships of
        nodes as two columns, groups numbered from 0.
    """
    splits = np.zeros(int(pairs[:, 0].max(initial=-1)) + 1, np.int8)
    node, _, _, member, group = collapsed(pairs, splits)
    weight = np.bincount(node, weighs).astype(np.int64)
    shared = np.bincount(group) > 1
    rows = shared[group]
    _, number = np.unique(group[rows], return_inverse=True)
    return node, weight, member[rows], number


def _best_sides(
    starts: Ints, members: Ints, weight: Ints, degree: Ints, ratio: Ints, seed: int
) -> Ints:
    """Return the side of each group, the best of several searches."""
    from curate.splits.kernels import anneal

    groups = len(starts) - 1
    chance = np.random.default_rng(seed)
    heat = max(float(weight.sum()) / max(groups, 1), 1.0)
    found = []
    for start in range(_STARTS if groups < 10_000 else 1):
        side = chance.choice(len(ratio), groups, p=ratio / ratio.sum())
        steps = min(_MOST_STEPS, _STEPS * groups)
        searched = anneal(
            starts, members, weight.astype(np.float64), degree, side, ratio, seed + start, steps,
            heat,
        )  # fmt: skip
        found.append(searched)
    best: Ints = min(found, key=lambda one: one[1])[0]
    return best
