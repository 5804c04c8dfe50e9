"""Components: entries that no split may part, because ties lead from one to the other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from curate.splits.descent import Nodes
from curate.splits.groups import Groups


def components(groups: Iterable[Groups], entries: int) -> Nodes:
    """Return the component of each entry, numbered by their first entries, shape (entries,).

    >>> import pyarrow as pa
    >>> tied = Groups(np.array([0, 2], np.int32), np.array([0, 0], np.int32), pa.nulls(1, "string"))
    >>> components([tied], 3).tolist()
    [0, 1, 0]
    """
    ends = [_star(held) for held in groups]
    left = np.concatenate([np.empty(0, np.int32), *(one for one, _ in ends)])
    right = np.concatenate([np.empty(0, np.int32), *(other for _, other in ends)])
    return connected(left, right, entries)


def connected(left: Nodes, right: Nodes, entries: int) -> Nodes:
    """Return the connected component of each entry, numbered by their first entries.

    Args:
        left: One end of each edge.
        right: The other.
        entries: How many entries there are.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(entries, entries))
    count, part = connected_components(graph, directed=False)
    # Numbered by what they hold, whatever order the search took.
    first = np.full(count, entries, np.int64)
    first[part[::-1]] = np.arange(entries)[::-1]
    number = np.empty(count, np.int32)
    number[np.argsort(first, kind="stable")] = np.arange(count, dtype=np.int32)
    return number[part]


def _star(held: Groups) -> tuple[Nodes, Nodes]:
    """Return edges from one member of each group to the others: they connect as all pairs do."""
    head = np.zeros(len(held.names), np.int32)
    head[held.group] = held.item
    first = head[held.group]
    apart = first != held.item
    return held.item[apart], first[apart]


def sizes_of(part: Nodes) -> npt.NDArray[np.int64]:
    """Return how many entries each component has."""
    return np.bincount(part).astype(np.int64)
