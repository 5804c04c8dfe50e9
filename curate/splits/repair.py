"""Repair: the smallest set of placements to take out so that no group stands in two splits.

It is a minimum vertex cover of the graph whose edges join tied entries of different splits. That
graph is never built: a group is a node through which everything of one split meets everything of
another, and entries of one split that are in the same groups are one node with a weight.

- A group by itself keeps the split in which it has most entries.
- Two splits make a bipartite graph: the cover is a minimum cut (Konig's theorem), exact.
- Three or more are hard in general. The linear relaxation is a minimum cut of the graph's double
  cover (Nemhauser and Trotter, 1975): its value is a bound from below, entries it settles are
  settled, and the rest is solved by branch and bound where it is small, and else by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.splits.arrays import distinct, distinct_pairs, memberships, mixed
from curate.splits.cover import Cover, double_cover, two_sided
from curate.splits.placements import Crossing, Placements

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Removal:
    """What to take out.

    Attributes:
        placements: The placements to take out, in order, shape (R,).
        at_least: No set that is smaller than this repairs it.
    """

    placements: Ints
    at_least: int

    @property
    def exact(self) -> bool:
        """Whether no smaller set repairs it."""
        return len(self.placements) == self.at_least


def smallest_removal(placed: Placements, found: Sequence[Crossing]) -> Removal:
    """Return the smallest set of placements whose removal repairs kinds together.

    Where several are as small, entries of the larger split go, which is the one for training.

    Args:
        placed: The placements.
        found: What stands in two splits, of each kind to repair.
    """
    pairs = _memberships(found)
    if not len(pairs):
        return Removal(np.empty(0, np.int64), 0)
    sizes = np.bincount(placed.split, minlength=len(placed.splits))
    node, weight, split, member, group = collapsed(pairs, placed.split)
    part = _parts(member, group, len(weight))
    splits = _splits_of(part, split)
    gone = np.zeros(len(weight), bool)
    at_least = 0
    for several in (False, True):
        rows = (splits[part[member]] > 2) == several
        if rows.any():
            cover = Cover(weight, split, member[rows], group[rows], part, sizes)
            taken, least = double_cover(cover) if several else two_sided(cover)
            gone[taken] = True
            at_least += least
    placements = distinct(pairs[:, 0])
    return Removal(placements[gone[node]], at_least)


def _memberships(found: Sequence[Crossing]) -> Ints:
    """Return pairs of placement and group; groups of all kinds are numbered together."""
    first = np.cumsum([0, *(len(one.mask) for one in found)])
    group = [one.group + np.int64(start) for one, start in zip(found, first, strict=False)]
    placement = np.concatenate([np.empty(0, np.int32), *(one.placement for one in found)])
    return memberships(placement, np.concatenate([np.empty(0, np.int64), *group]), int(first[-1]))


def collapsed(pairs: Ints, splits: npt.NDArray[np.int8]) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return placements of one split and the same groups as one node.

    Returns:
        The node of each placement that has a group, in order; for each node its weight and its
        split; and the memberships of nodes, as two columns.
    """
    placements, row, lengths = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    # Two numbers of 64 bits tell sets of groups apart; pairs are sorted, so sums are over runs.
    starts = np.cumsum(lengths) - lengths
    marks = [np.add.reduceat(mixed(pairs[:, 1], salt), starts) for salt in (1, 2)]
    signature = np.column_stack([*marks, splits[placements].astype(np.uint64)])
    _, first, node = np.unique(signature, axis=0, return_index=True, return_inverse=True)
    node = node.ravel()
    weight = np.bincount(node)
    keep = first[node[row]] == row
    return node, weight, splits[placements[first]].astype(np.int64), node[row[keep]], pairs[keep, 1]


def _parts(member: Ints, group: Ints, nodes: int) -> Ints:
    """Return the connected part of each node."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, place = np.unique(group, return_inverse=True)
    size = nodes + int(place.max()) + 1
    ones = np.ones(len(member), np.int8)
    graph = coo_array((ones, (member, nodes + place)), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    return part[:nodes].astype(np.int64)


def _splits_of(part: Ints, split: Ints) -> Ints:
    """Return in how many splits each part stands."""
    once = distinct_pairs(part, split, int(split.max()) + 1)
    return np.bincount(once[:, 0])
