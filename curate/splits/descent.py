"""Descent: what each entry was made from, however far, by number.

Nodes are numbers: entries first, then whatever relations name that is not listed. Two frames of a
video that nobody listed are frames of one video all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.catalog.numbered import Runs
from curate.splits.arrays import distinct, distinct_pairs

Nodes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Edges:
    """Pairs of nodes: what is made, and what it is made from.

    Attributes:
        child: Shape (E,).
        parent: Shape (E,).
    """

    child: Nodes
    parent: Nodes

    def __len__(self) -> int:
        return len(self.child)

    def keys(self, nodes: int) -> npt.NDArray[np.int64]:
        """Return a number for each pair, the same for equal pairs, shape (E,)."""
        return self.child.astype(np.int64) * nodes + self.parent

    def through(self, rep: Nodes) -> Edges:
        """Return the pairs between what stands for the nodes."""
        return Edges(rep[self.child], rep[self.parent])


def representatives(same: Edges, nodes: int) -> Nodes:
    """Return, for each node, the least of those it is the same as, shape (nodes,)."""
    own = np.arange(nodes, dtype=np.int32)
    if not len(same):
        return own
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(same), np.int8)
    graph = coo_array((ones, (same.child, same.parent)), shape=(nodes, nodes))
    _, part = connected_components(graph, directed=False)
    # Written backwards, the least member of each part stays.
    least = np.empty(nodes, np.int32)
    least[part[::-1]] = own[::-1]
    return least[part]


def ancestry(edges: Edges, nodes: int) -> Edges:
    """Return each node that is made from something, with itself and all it was made from.

    What is said to be made from itself, by however long a way, is no further away than that.

    >>> line = Edges(np.array([0, 1], np.int32), np.array([1, 2], np.int32))
    >>> found = ancestry(line, 3)
    >>> sorted(zip(found.child.tolist(), found.parent.tolist()))
    [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)]
    """
    makes = np.zeros(nodes, bool)
    makes[edges.parent] = True
    # Most of what is made is frames, and of these nothing is made: they take what their
    # parents come from as it is.
    inner = makes[edges.child]
    above = _closure(Edges(edges.child[inner], edges.parent[inner]), makes, nodes)
    runs = Runs.of(above.child, above.parent, nodes)
    which, parent = runs.expand(edges.parent[~inner])
    leaf = edges.child[~inner]
    often = np.bincount(leaf, minlength=nodes) > 1
    child = leaf[which]
    # Two parents may come from one and the same.
    twice = distinct_pairs(child[often[child]], parent[often[child]], nodes).astype(np.int32)
    once = ~often[child]
    own = np.flatnonzero(np.bincount(leaf, minlength=nodes)).astype(np.int32)
    made = np.zeros(nodes, bool)
    made[edges.child] = True
    told = made[above.child]
    return Edges(
        np.concatenate([above.child[told], own, child[once], twice[:, 0]]),
        np.concatenate([above.parent[told], own, parent[once], twice[:, 1]]),
    )


def _closure(edges: Edges, start: npt.NDArray[np.bool_], nodes: int) -> Edges:
    """Return each of `start` with itself and all it was made from."""
    runs = Runs.of(edges.child, edges.parent, nodes)
    first = np.flatnonzero(start).astype(np.int64)
    ahead = first * nodes + first
    seen = ahead
    while len(ahead):
        which, parent = runs.expand((ahead % nodes).astype(np.int32))
        fresh = distinct(ahead[which] // nodes * nodes + parent)
        ahead = fresh[~_among(fresh, seen)]
        seen = distinct(np.concatenate([seen, ahead]))
    return Edges((seen // nodes).astype(np.int32), (seen % nodes).astype(np.int32))


def _among(values: npt.NDArray[np.int64], known: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which of `values` are in `known`, which is sorted and not empty."""
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return known[place] == values
