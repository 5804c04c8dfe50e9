"""Placements: which entry is in which split, and the groups that stand in more than one.

An entry may be placed in several splits: that is the first thing a lint tells of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.catalog.numbered import Runs
from curate.errors import InputError
from curate.splits.arrays import distinct, masks
from curate.splits.descent import Nodes
from curate.splits.groups import Groups

# Splits are bits of a word.
MAX_SPLITS = 62
_FIRST = ("train", "val", "test")

Mask = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placements:
    """Entries in splits.

    Attributes:
        splits: The names of the splits, those of training first.
        item: The entry of each placement, in order, shape (P,).
        split: Its split, a place in `splits`, shape (P,).
    """

    splits: tuple[str, ...]
    item: Nodes
    split: npt.NDArray[np.int8]

    @classmethod
    def of(cls, item: Nodes, names: pa.Array) -> Placements:
        """Return placements of entries in named splits, in any order, each once.

        Raises:
            InputError: There are more splits than can be told apart here.
        """
        coded = names.dictionary_encode()
        found = coded.dictionary.to_pylist()
        splits = tuple(sorted(found, key=_order))
        if len(splits) > MAX_SPLITS:
            raise InputError(
                f"{len(splits)} splits are declared; expected at most {MAX_SPLITS}",
                hint="a column that tells something else may have been read as the split",
            )
        place = np.array([splits.index(name) for name in found], np.int64)
        key = item.astype(np.int64) << 6 | place[coded.indices.to_numpy()]
        once = distinct(key)
        return cls(splits, (once >> 6).astype(np.int32), (once & 63).astype(np.int8))

    @property
    def entries(self) -> int:
        """How many entries are in a split."""
        return len(distinct(self.item))

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Give every two splits."""
        return combinations(range(len(self.splits)), 2)

    def runs(self, entries: int) -> Runs:
        """Return the placements of each entry."""
        numbers = np.arange(len(self.item), dtype=np.int32)
        return Runs.of(self.item, numbers, entries)


def _order(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


@dataclass(frozen=True)
class Crossing:
    """Groups of one kind that stand in more than one split, and the placements in them.

    Attributes:
        placement: The placement of each membership, shape (M,).
        group: Its group, shape (M,).
        mask: The splits of each group of the kind, as bits, shape (G,).
        reach: For each placement, the splits of what it is tied to, as bits, without its own,
            shape (P,).
    """

    placement: Nodes
    group: Nodes
    mask: Mask
    reach: Mask


def crossing(placed: Placements, runs: Runs, groups: Groups) -> Crossing:
    """Return what of `groups` stands in more than one split.

    Args:
        placed: The placements.
        runs: The placements of each entry.
        groups: The groups of one kind.
    """
    which, placement = runs.expand(groups.item)
    group = groups.group[which]
    split = placed.split[placement]
    mask = masks(group, split, len(groups.names), len(placed.splits))
    # A power of two is one split alone.
    crosses = (mask & (mask - 1)) != 0
    rows = crosses[group]
    placement, group = placement[rows], group[rows]
    reach = np.zeros(len(placed.item), np.int64)
    for bit in range(len(placed.splits)):
        reach[placement[mask[group] >> bit & 1 != 0]] |= 1 << bit
    reach &= ~(np.int64(1) << placed.split.astype(np.int64))
    return Crossing(placement, group, mask, reach)
