"""Which labels may be exchanged with which, and folds that part no group.

Rows of one group (a person, their copies, what was made from them) are not independent: a test
that shuffles rows freely takes one person's camera for hundreds of witnesses. Labels are
exchanged in pieces, as in multi-level block permutation (Winkler and others, "Multi-level block
permutation", NeuroImage 123, 2015):

- a group with one label throughout is one piece, and is exchanged with other such groups of about
  the same size (within a factor of two; wider where that leaves nothing to exchange);
- in a group with several labels, the rows of one unit (a clip, a set of copies) that share a label
  are one piece, and pieces are exchanged within the group.

What an exchange keeps, the test does not see as evidence: how labels are spread over sizes, and
over groups that have several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """Rows in the order that tests work in, and what may be exchanged.

    Attributes:
        order: The rows, fold by fold, and piece by piece within a fold, shape (N,).
        starts: Where each fold begins in that order, and where the last ends, shape (folds + 1,).
        piece: The piece of each row in that order, shape (N,).
        label: Each piece's label, pieces in the order of their sets, shape (P,).
        sets: Where each set of exchangeable pieces begins, and where the last ends.
        classes: How many labels there are.
        groups: How many groups.
    """

    order: Ints
    starts: Ints
    piece: npt.NDArray[np.int32]
    label: npt.NDArray[np.uint8]
    sets: Ints
    classes: int
    groups: int

    def can_exchange(self) -> bool:
        """Return whether any set holds two labels: otherwise nothing can be tested."""
        low = np.minimum.reduceat(self.label, self.sets[:-1])
        return bool((low != np.maximum.reduceat(self.label, self.sets[:-1])).any())


def design(label: Ints, group: Ints, unit: Ints | None = None, *, folds: int = 5) -> Design:
    """Return how rows are tested.

    Args:
        label: Each row's label, 0 to K - 1, shape (N,).
        group: Each row's group, numbered from 0; folds part none.
        unit: Finer than groups: rows that came as one, such as the frames of a clip. Each row for
            itself when None.
        folds: How many folds; fewer where there are fewer groups.
    """
    rows = len(label)
    sizes = np.bincount(group)
    fold = _folds(sizes, folds)[group]
    unit = np.arange(rows) if unit is None else unit
    pure = _pure(label, group, len(sizes))
    # A piece is known by its set and, there, by its group or by its unit and label.
    classes = int(label.max()) + 1
    within = np.where(pure[group], 0, 1 + unit * classes + label)
    keys = np.column_stack([_set_of(label, group, sizes, pure)[group], group, within])
    firsts, piece = _numbered(keys)
    order = np.lexsort((piece, fold))
    return Design(
        order=order,
        starts=np.searchsorted(fold[order], np.arange(int(fold.max()) + 2)),
        piece=piece[order].astype(np.int32),
        label=label[firsts].astype(np.uint8),
        sets=_starts(keys[firsts, 0]),
        classes=classes,
        groups=len(sizes),
    )


def _folds(sizes: Ints, folds: int) -> npt.NDArray[np.int8]:
    """Return the fold of each group: about as many rows in each, blind to labels."""
    shuffled = np.random.default_rng(0).permutation(len(sizes))
    before = np.cumsum(sizes[shuffled]) - sizes[shuffled] / 2
    fold = np.empty(len(sizes), np.int64)
    fold[shuffled] = before * folds // max(int(sizes.sum()), 1)
    # With few groups a fold may have got none.
    return np.unique(fold, return_inverse=True)[1].astype(np.int8)


def _pure(label: Ints, group: Ints, groups: int) -> npt.NDArray[np.bool_]:
    """Return which groups have one label throughout."""
    low = np.full(groups, np.iinfo(np.int64).max)
    high = np.full(groups, -1)
    np.minimum.at(low, group, label)
    np.maximum.at(high, group, label)
    return low == high


def _set_of(label: Ints, group: Ints, sizes: Ints, pure: npt.NDArray[np.bool_]) -> Ints:
    """Return the set of each group: its stratum of sizes, or one of its own."""
    of_group = np.zeros(len(sizes), np.int64)
    of_group[group] = label
    doubling = np.log2(np.maximum(sizes, 1)).astype(np.int64)
    stratum = np.zeros(int(doubling.max(initial=0)) + 1, np.int64)
    number, held, begun = 0, set[int](), 0
    for size in np.unique(doubling[pure])[::-1].tolist():
        begun = size if not held else begun
        stratum[size] = number
        held |= set(np.unique(of_group[pure & (doubling == size)]).tolist())
        if len(held) > 1:
            number, held = number + 1, set()
    # Sizes left with one label alone join the next larger ones.
    if held and number:
        stratum[: begun + 1][stratum[: begun + 1] == number] = number - 1
    return np.where(pure, stratum[doubling], len(stratum) + np.arange(len(sizes)))


def _numbered(keys: Ints) -> tuple[Ints, Ints]:
    """Return the first row of each key, in the keys' order, and the number of each row's."""
    order = np.lexsort(keys.T[::-1])
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (np.diff(keys[order], axis=0) != 0).any(axis=1)
    number = np.empty(len(keys), np.int64)
    number[order] = np.cumsum(fresh) - 1
    return order[fresh], number


def _starts(ordered: Ints) -> Ints:
    fresh = np.flatnonzero(np.diff(ordered)) + 1
    return np.concatenate([[0], fresh, [len(ordered)]]).astype(np.int64)
