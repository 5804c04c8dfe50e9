"""Groups of copies: connected components with a guard against chains.

A link says that two items are alike; a chain of links says nothing about its ends. So every
group has a medoid, the member with the smallest sum of distances to the others, and no member
may lie further from it than a limit. A component that breaks this is split: the members within
the limit of its medoid become a group (shrunk until the guard holds for that group's own
medoid), and the rest is split in the same way. Two members of such a piece may be linked only
through a member of another piece.

Nothing depends on the order of the rows, of the pairs, or on which spanning set of the pairs is
given: ties are broken by the items' keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curate.dedup.codes import Codes, Rows, checked
from curate.dedup.turned import nearest_turn
from curate.errors import InputError

Distance = Callable[[Rows, Rows], NDArray[np.integer | np.floating]]
"""Distances of rows ``left[k]`` and ``right[k]``."""


class Links(Protocol):
    """Anything with two columns of rows; `Pairs` is one."""

    @property
    def left(self) -> Rows:
        """Rows, shape (links,) int64."""

    @property
    def right(self) -> Rows:
        """Rows, shape (links,) int64."""


@dataclass(frozen=True)
class BrokenChain:
    """A component whose ends were too far apart."""

    rows: tuple[int, ...]
    """Its members, in the order of their keys."""
    reach: float
    """Distance of the farthest member from the medoid of the whole component."""
    groups: tuple[int, ...]
    """The groups that it was split into; members left alone are in none."""


@dataclass(frozen=True)
class Groups:
    """Which items are copies of one another."""

    group: Rows
    """Group per row, -1 for a row that stands alone, shape (n,) int64. Groups are numbered in
    the order of their smallest key."""
    medoid: Rows
    """Row of each group's medoid, shape (groups,) int64."""
    broken: tuple[BrokenChain, ...]
    """What the guard split, in the order of the smallest key."""

    def __len__(self) -> int:
        return len(self.medoid)


@dataclass(frozen=True)
class _Piece:
    """A group in the making: places in key order, ascending."""

    members: Rows
    medoid: int
    component: int


def duplicate_groups(
    n: int,
    pairs: Links,
    *,
    limit: float | None,
    codes: Codes | None = None,
    distance: Distance | None = None,
    keys: NDArray[np.generic] | None = None,
) -> Groups:
    """Group linked items, and split chains.

    Args:
        n: Number of items.
        pairs: Links: all pairs, or a spanning set of them.
        limit: Largest distance of a member from its group's medoid; None for no guard.
        codes: Codes to measure distances with, shape (n, words) uint64; or those of each
            picture's flips and quarter turns, shape (n, 8, words), to measure the distance of
            the nearest.
        distance: A measure to use in place of codes. It is called with every two members of a
            group, so it is slower on large groups.
        keys: A unique, sortable key per item that does not depend on the rows' order, such as a
            digest; None to use the row.

    Returns:
        The groups. Without codes or distance a group's medoid is its smallest key.

    Raises:
        InputError: A limit without a measure, keys that are not unique, a link to no row, or
            codes that do not fit.
    """
    order, rank = _key_order(n, keys)
    measure = _measure(n, codes, distance, order, limit)
    left, right = _ranked(pairs, rank)
    components = list(_components(n, left, right))
    pieces, broken = _guarded(components, measure, limit)
    return _numbered(n, order, pieces, broken)


@dataclass(frozen=True)
class _Measure:
    """Finds medoids, by codes, by a callable, or not at all; rows are places in key order."""

    codes: Codes | None
    distance: Distance | None
    enough: float = -1
    """The distance up to which a pair matches as it is."""

    def centres(self, groups: list[Rows]) -> tuple[Rows, NDArray[np.float64]]:
        """Return the medoid of each group and how far its farthest member is."""
        if self.codes is not None:
            return self._by_codes(groups)
        if self.distance is not None:
            return self._by_callable(groups, self.distance)
        return np.array([g[0] for g in groups], np.int64), np.zeros(len(groups))

    def _by_codes(self, groups: list[Rows]) -> tuple[Rows, NDArray[np.float64]]:
        from curate.dedup.medoids import medoids

        starts = np.cumsum([0, *map(len, groups)]).astype(np.int64)
        members = np.concatenate(groups) if groups else np.empty(0, np.int64)
        centre = np.empty(len(groups), np.int64)
        assert self.codes is not None
        # All are turned to where the first member looks, and then compared as they are.
        anchors = np.repeat(members[starts[:-1]], np.diff(starts))
        _, turn = nearest_turn(self.codes, anchors, members, self.enough)
        medoids(self.codes[members, turn], starts, centre)
        centre = members[centre]
        apart = self.from_centre(np.repeat(centre, np.diff(starts)), members)
        return centre, np.maximum.reduceat(apart, starts[:-1]) if groups else apart

    def _by_callable(
        self, groups: list[Rows], distance: Distance
    ) -> tuple[Rows, NDArray[np.float64]]:
        centre = np.empty(len(groups), np.int64)
        reach = np.empty(len(groups))
        for index, group in enumerate(groups):
            best = float("inf")
            for member in group:
                apart = distance(np.full(len(group), member), group)
                if float(apart.sum()) < best:
                    best = float(apart.sum())
                    centre[index], reach[index] = member, float(apart.max())
        return centre, reach

    def from_centre(self, centres: Rows, members: Rows) -> NDArray[np.float64]:
        """Return the distances of members from their medoids."""
        if self.codes is not None:
            apart, _ = nearest_turn(self.codes, centres, members, self.enough)
            return apart.astype(np.float64)
        assert self.distance is not None
        return np.asarray(self.distance(centres, members), np.float64)


def _key_order(n: int, keys: NDArray[np.generic] | None) -> tuple[Rows, Rows]:
    """Return the row at each place in key order, and each row's place."""
    if keys is None:
        return np.arange(n), np.arange(n)
    if len(keys) != n:
        raise InputError(f"{len(keys)} keys for {n} items")
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    if n > 1 and bool(np.any(sorted_keys[1:] == sorted_keys[:-1])):
        raise InputError("two items have the same key", hint="a key names one item")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    return order, rank


def _measure(
    n: int, codes: Codes | None, distance: Distance | None, order: Rows, limit: float | None
) -> _Measure:
    if limit is not None and codes is None and distance is None:
        raise InputError("a limit needs codes or a distance to hold it against")
    if distance is not None:
        given = distance
        return _Measure(None, lambda left, right: given(order[left], order[right]))
    if codes is None:
        return _Measure(None, None)
    if len(codes) != n:
        raise InputError(f"{len(codes)} codes for {n} items")
    turns = checked(codes)[:, None] if codes.ndim == 2 else codes
    return _Measure(turns[order], None, -1 if limit is None else limit)


def _ranked(pairs: Links, rank: Rows) -> tuple[Rows, Rows]:
    left, right = np.asarray(pairs.left, np.int64), np.asarray(pairs.right, np.int64)
    ends = np.concatenate((left, right))
    if bool(np.any((ends < 0) | (ends >= len(rank)))):
        raise InputError(f"a pair names a row outside 0..{len(rank) - 1}")
    return rank[left], rank[right]


def _components(n: int, left: Rows, right: Rows) -> Iterator[Rows]:
    """Yield the members of each component of two or more, by smallest member."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    sizes = np.bincount(label, minlength=1)
    linked = np.flatnonzero(sizes[label] > 1)
    if not len(linked):
        return
    # Stable: members ascend within a component.
    members = linked[np.argsort(label[linked], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[members])) + 1
    parts = np.split(members, cuts)
    yield from (parts[index] for index in np.argsort([part[0] for part in parts]))


def _guarded(
    components: list[Rows], measure: _Measure, limit: float | None
) -> tuple[list[_Piece], dict[int, float]]:
    """Return the pieces of all components, and the reach of those that were split."""
    centres, reach = measure.centres(components)
    pieces: list[_Piece] = []
    broken: dict[int, float] = {}
    for index, members in enumerate(components):
        if limit is None or reach[index] <= limit:
            pieces.append(_Piece(members, int(centres[index]), index))
            continue
        broken[index] = float(reach[index])
        pieces += [_Piece(*piece, index) for piece in _split(members, measure, limit)]
    return pieces, broken


def _split(members: Rows, measure: _Measure, limit: float) -> Iterator[tuple[Rows, int]]:
    """Yield (members, medoid) of pieces within the limit, until none is left."""
    while len(members):
        piece = members
        while True:
            centres, reach = measure.centres([piece])
            centre = int(centres[0])
            if reach[0] <= limit:
                break
            piece = piece[measure.from_centre(np.full(len(piece), centre), piece) <= limit]
        yield piece, centre
        members = np.setdiff1d(members, piece, assume_unique=True)


def _numbered(n: int, order: Rows, pieces: list[_Piece], broken: dict[int, float]) -> Groups:
    """Number the pieces of two or more by smallest key, and go back to the caller's rows."""
    kept = sorted((p for p in pieces if len(p.members) > 1), key=lambda p: int(p.members[0]))
    group = np.full(n, -1, np.int64)
    for number, piece in enumerate(kept):
        group[order[piece.members]] = number
    parts: dict[int, list[Rows]] = {component: [] for component in broken}
    for piece in pieces:
        if piece.component in parts:
            parts[piece.component].append(piece.members)
    chains = []
    for component, reach in broken.items():
        rows = tuple(order[np.sort(np.concatenate(parts[component]))].tolist())
        numbers = sorted({int(group[row]) for row in rows} - {-1})
        chains.append(BrokenChain(rows, reach, tuple(numbers)))
    medoid = np.array([order[piece.medoid] for piece in kept], np.int64)
    return Groups(group, medoid, tuple(chains))
