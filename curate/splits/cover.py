"""Covers: minimum vertex covers of graphs that groups make, by maximum flow.

See `curate.splits.repair` for what the nodes and groups are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# More nodes than this in one undecided part are not searched through.
SEARCHED = 300


@dataclass(frozen=True)
class Cover:
    """A graph to cover: nodes of one group in different splits are joined.

    Attributes:
        weight: What each node costs, shape (V,).
        split: Its split, shape (V,).
        member: The node of each membership, shape (M,).
        group: Its group, shape (M,).
        part: The connected part of each node, shape (V,).
        sizes: How many entries each split has: of equal covers one takes from the larger.
    """

    weight: Ints
    split: Ints
    member: Ints
    group: Ints
    part: Ints
    sizes: Ints


def two_sided(cover: Cover) -> tuple[Ints, int]:
    """Return a minimum cover of parts that stand in two splits, and its weight: it is exact."""
    rank = _ranks(cover.sizes)[cover.split]
    nodes = np.unique(cover.member)
    # The larger split of each part is on the side of the source: the cut nearest to it is taken.
    largest = np.full(int(cover.part.max()) + 1, len(cover.sizes), np.int64)
    np.minimum.at(largest, cover.part[nodes], rank[nodes])
    near = rank == largest[cover.part]
    groups, group = np.unique(cover.group, return_inverse=True)
    node, middle = 2, 2 + len(cover.weight)
    left = near[cover.member]
    arcs = [
        (np.zeros(int(near[nodes].sum()), np.int64), node + nodes[near[nodes]], nodes[near[nodes]]),
        (node + cover.member[left], middle + group[left], None),
        (middle + group[~left], node + cover.member[~left], None),
        (node + nodes[~near[nodes]], np.ones(int((~near[nodes]).sum()), np.int64),
         nodes[~near[nodes]]),
    ]  # fmt: skip
    value, reached = _cut(arcs, cover.weight, middle + len(groups))
    inside = reached[node + nodes]
    return nodes[np.where(near[nodes], ~inside, inside)], value


def double_cover(cover: Cover) -> tuple[Ints, int]:
    """Return a cover of parts that stand in several splits, and what no cover is lighter than."""
    taken, undecided, value = _relaxed(cover)
    at_least = 0
    chosen = [taken]
    nodes = np.unique(cover.member)
    least = np.zeros(int(cover.part.max()) + 1)
    np.add.at(least, cover.part[taken], cover.weight[taken].astype(float))
    np.add.at(least, cover.part[undecided], cover.weight[undecided] / 2)
    at_least = int(np.ceil(least[np.unique(cover.part[nodes])]).sum())
    assert value == round(2 * least.sum())
    rest = np.zeros(len(cover.weight), bool)
    rest[undecided] = True
    for part in np.unique(cover.part[undecided]):
        rows = rest[cover.member] & (cover.part[cover.member] == part)
        found, exact = _undecided(cover, cover.member[rows], cover.group[rows])
        chosen.append(found)
        if exact:
            # Nodes that the relaxation settles are settled in some minimum cover.
            half = undecided[cover.part[undecided] == part]
            at_least += int(cover.weight[found].sum()) - int(np.ceil(cover.weight[half].sum() / 2))
    return np.unique(np.concatenate(chosen)), at_least


def _relaxed(cover: Cover) -> tuple[Ints, Ints, int]:
    """Return the nodes that the relaxation takes, those it leaves open, and twice its value."""
    nodes = np.unique(cover.member)
    place = cover.group * len(cover.sizes) + cover.split[cover.member]
    seats, seat = np.unique(place, return_inverse=True)
    first = {"left": 2, "right": 2 + len(cover.weight)}
    inner = 2 + 2 * len(cover.weight)
    outer = inner + len(seats)
    one, other = _between(seats // len(cover.sizes))
    arcs = [
        (np.zeros(len(nodes), np.int64), first["left"] + nodes, nodes),
        (first["left"] + cover.member, inner + seat, None),
        (inner + one, outer + other, None),
        (outer + seat, first["right"] + cover.member, None),
        (first["right"] + nodes, np.ones(len(nodes), np.int64), nodes),
    ]
    value, reached = _cut(arcs, cover.weight, outer + len(seats))
    halves = (~reached[first["left"] + nodes]).astype(int) + reached[first["right"] + nodes]
    return nodes[halves == 2], nodes[halves == 1], value


def _between(group: Ints) -> tuple[Ints, Ints]:
    """Return every two different seats of one group, both ways; seats are sorted by group."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    lengths = np.diff(starts, append=len(group))
    each = np.repeat(lengths, lengths)
    one = np.repeat(np.arange(len(group)), each)
    shift = np.arange(len(one)) - np.repeat(np.cumsum(each) - each, each)
    other = np.repeat(np.repeat(starts, lengths), each) + shift
    apart = one != other
    return one[apart], other[apart]


def _undecided(cover: Cover, member: Ints, group: Ints) -> tuple[Ints, bool]:
    """Return a cover of one part that the relaxation leaves open, and whether it is minimal."""
    nodes, node = np.unique(member, return_inverse=True)
    _, group = np.unique(group, return_inverse=True)
    if len(nodes) <= SEARCHED:
        found = _searched(cover.weight[nodes], cover.split[nodes], node, group)
        if found is not None:
            return nodes[found], True
    # Keep the split that weighs most here, and then whatever is no longer in the way.
    kept = np.argmax(np.bincount(cover.split[nodes], cover.weight[nodes].astype(float)))
    gone = cover.split[nodes] != kept
    stays = np.full(int(group.max()) + 1, -1, np.int64)
    free = np.ones(len(stays), bool)
    free[group[~gone[node]]] = False
    for i in np.argsort(-cover.weight[nodes], kind="stable"):
        mine = group[node == i]
        split = cover.split[nodes[i]]
        if gone[i] and (free[mine] | (stays[mine] == split)).all():
            gone[i] = False
            free[mine], stays[mine] = False, split
    return nodes[gone], False


def _searched(weight: Ints, split: Ints, node: Ints, group: Ints) -> Bools | None:
    """Return a minimum cover by branch and bound: each group keeps one split; None if it gives up.

    Variables: whether each node goes, then whether each group keeps each of its splits.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    splits = int(split.max()) + 1
    seats, seat = np.unique(group * splits + split[node], return_inverse=True)
    count, groups = len(weight), int(group.max()) + 1
    rows = np.arange(len(node))
    # A node stays only where its group keeps its split; and a group keeps one split.
    entries = [
        (rows, node, np.ones(len(node))),
        (rows, count + seat, np.ones(len(node))),
        (len(node) + seats // splits, count + np.arange(len(seats)), np.full(len(seats), -1.0)),
    ]
    at, column, value = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    matrix = coo_array((value, (at, column)), shape=(len(node) + groups, count + len(seats)))
    bound = np.concatenate([np.ones(len(node)), np.full(groups, -1.0)])
    solved = milp(
        np.concatenate([weight.astype(float), np.zeros(len(seats))]),
        constraints=LinearConstraint(matrix.tocsr(), bound, np.inf),
        bounds=Bounds(0, 1),
        integrality=np.ones(count + len(seats), np.int64),
        options={"node_limit": 2000, "mip_rel_gap": 0},
    )
    return solved.x[:count] > 0.5 if solved.status == 0 else None


def _ranks(sizes: Ints) -> Ints:
    """Return the place of each split when the largest comes first."""
    ranks = np.empty(len(sizes), np.int64)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return ranks


def _cut(arcs: list[tuple[Ints, Ints, Ints | None]], weight: Ints, size: int) -> tuple[int, Bools]:
    """Return the value of a minimum cut from node 0 to node 1, and what the source reaches.

    Args:
        arcs: Tails, heads, and the nodes whose weights are the capacities; None for no limit.
        weight: The weights.
        size: How many nodes there are.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    unlimited = int(weight.sum()) + 1
    tails = np.concatenate([tail for tail, _, _ in arcs])
    heads = np.concatenate([head for _, head, _ in arcs])
    capacity = np.concatenate([
        np.full(len(tail), unlimited) if nodes is None else weight[nodes]
        for tail, _, nodes in arcs
    ]).astype(np.int32)  # fmt: skip
    graph = coo_array((capacity, (tails, heads)), shape=(size, size)).tocsr()
    flow = maximum_flow(graph, 0, 1)
    rest = graph - flow.flow
    rest.eliminate_zeros()
    reached = np.zeros(size, bool)
    reached[breadth_first_order(rest, 0, return_predecessors=False)] = True
    return int(flow.flow_value), reached
