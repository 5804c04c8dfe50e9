"""Lint: what stands in two splits at once, by kind of tie and pair of splits.

`lint` is pure: the same tables give the same leaks, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.splits.arrays import distinct
from curate.splits.classes import Classes, classes
from curate.splits.expected import Expected, expected_people
from curate.splits.groups import Groups
from curate.splits.kinds import KINDS
from curate.splits.placements import Crossing, Placements, crossing
from curate.splits.repair import Removal, smallest_removal
from curate.splits.ties import Ties, read_ties

EXAMPLES = 3


@dataclass(frozen=True)
class Leak:
    """What two splits have in common of one kind.

    Attributes:
        kind: The kind's name.
        left: A split.
        right: The other.
        groups: How many groups stand in both.
        left_entries: How many entries of the left split are tied to one of the right.
        right_entries: How many of the right split are tied to one of the left.
        examples: For some of the groups: its name, and the id of an entry in each split.
    """

    kind: str
    left: str
    right: str
    groups: int
    left_entries: int
    right_entries: int
    examples: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Lint:
    """What a lint found.

    Attributes:
        ties: What ties entries.
        placed: Which entry is in which split.
        kinds: The kinds that were asked for.
        leaks: What leaks, by kind and pair of splits; only what is there.
        removals: For each kind that leaks, the least to take out so that it does not.
        classes: What is wrong with splits and classes as a whole.
        tied: For each kind that leaks, how many entries of each split are tied to another split.
        expected: How many people may be in two splits though nothing ties them.
    """

    ties: Ties
    placed: Placements
    kinds: tuple[str, ...]
    leaks: tuple[Leak, ...]
    removals: Mapping[str, Removal]
    classes: Classes
    tied: Mapping[str, Mapping[str, int]]
    expected: Expected

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many entries each split has."""
        counts = np.bincount(self.placed.split, minlength=len(self.placed.splits))
        return dict(zip(self.placed.splits, counts.tolist(), strict=True))

    @property
    def unplaced(self) -> int:
        """How many entries are in no split."""
        return self.ties.entries.num_rows - self.placed.entries

    def known(self, kind: str) -> int:
        """Return of how many entries it is known what a kind needs."""
        return self.placed.entries if kind == "entry" else self.ties.known[kind]

    def dangling(self, kind: str) -> int:
        """Return how many entries name, for a kind, something that is not in the catalogue."""
        return self.ties.dangling.get(kind, 0)

    def table(self) -> pa.Table:
        """Return the leaks as a table, one row per kind and pair of splits."""
        rows: list[dict[str, Any]] = [
            {k: v for k, v in vars(leak).items() if k != "examples"} for leak in self.leaks
        ]
        return pa.Table.from_pylist(rows, schema=_LEAKS)


_LEAKS = pa.schema([
    ("kind", pa.string()), ("left", pa.string()), ("right", pa.string()),
    ("groups", pa.int64()), ("left_entries", pa.int64()), ("right_entries", pa.int64()),
])  # fmt: skip


def lint(
    tables: Mapping[str, pa.Table],
    *,
    kinds: Iterable[str] | None = None,
    assignment: pa.Table | None = None,
) -> Lint:
    """Return what stands in two splits at once.

    Args:
        tables: A table for each of `curate.splits.ties.INPUTS`.
        kinds: Names of kinds; all when None.
        assignment: ``media_id, split`` to look at, in the place of the splits declared.

    Raises:
        InputError: There are more splits than can be told apart.
    """
    wanted = tuple(kind.name for kind in KINDS) if kinds is None else tuple(kinds)
    # Splits that hold the same bytes are told whatever kinds are asked for.
    ties = read_ties(tables, {*wanted, "bytes"})
    placed = declared(ties, tables["relations"]) if assignment is None else assigned(
        ties, assignment
    )  # fmt: skip
    runs = placed.runs(ties.entries.num_rows)
    leaks: list[Leak] = []
    removals, tied = {}, {}
    for kind in wanted:
        held = entries_alone(placed, ties) if kind == "entry" else ties.groups[kind]
        found = crossing(placed, runs, held)
        leaks += _leaks(kind, ties, placed, held, found)
        if len(found.placement):
            removals[kind] = smallest_removal(placed, [found])
            tied[kind] = _tied(placed, found)
    unfit = classes(ties, tables, placed)
    where = pa.table({
        "media_id": ties.ids.take(pa.array(placed.item)),
        "split": pa.array(placed.splits, pa.string()).take(pa.array(placed.split)),
    })  # fmt: skip
    expected = expected_people(tables, where, made=assignment is not None)
    return Lint(ties, placed, wanted, tuple(leaks), removals, unfit, tied, expected)


def _tied(placed: Placements, found: Crossing) -> dict[str, int]:
    """Return how many entries of each split are tied to one of another."""
    counts = np.bincount(placed.split[found.reach != 0], minlength=len(placed.splits))
    return dict(zip(placed.splits, counts.tolist(), strict=True))


def declared(ties: Ties, relations: pa.Table) -> Placements:
    """Return the splits that datasets declare: in an entry's own row, or beside it."""
    own = ties.entries["split"].cast(pa.string()).combine_chunks()
    beside = relations.filter(pc.equal(relations["relation"], "in_split"))
    place = pc.index_in(beside["left"], value_set=ties.ids).combine_chunks()
    listed = place.is_valid()
    item = [np.flatnonzero(own.is_valid()), place.filter(listed).to_numpy()]
    names = [own.drop_null(), beside["right"].combine_chunks().filter(listed)]
    return Placements.of(np.concatenate(item).astype(np.int32), pa.concat_arrays(names))


def assigned(ties: Ties, assignment: pa.Table) -> Placements:
    """Return the splits of an assignment."""
    rows = assignment.filter(pc.is_valid(assignment["split"]))
    place = pc.index_in(rows["media_id"], value_set=ties.ids)
    listed = pc.is_valid(place)
    names = rows["split"].filter(listed).cast(pa.string()).combine_chunks()
    return Placements.of(place.filter(listed).to_numpy().astype(np.int32), names)


def entries_alone(placed: Placements, ties: Ties) -> Groups:
    """Return each entry that is placed as a group of its own."""
    item = distinct(placed.item)
    return Groups(item, np.arange(len(item), dtype=np.int32), ties.ids.take(pa.array(item)))


def _leaks(
    kind: str, ties: Ties, placed: Placements, held: Groups, found: Crossing
) -> Iterator[Leak]:
    for left, right in placed.pairs():
        both = np.int64(1 << left | 1 << right)
        groups = np.flatnonzero((found.mask & both) == both)
        if not len(groups):
            continue
        tied = [
            np.count_nonzero((placed.split == one) & (found.reach >> other & 1 != 0))
            for one, other in ((left, right), (right, left))
        ]
        names = placed.splits[left], placed.splits[right]
        examples = _examples(ties, placed, held, found, (left, right))
        yield Leak(kind, *names, len(groups), int(tied[0]), int(tied[1]), tuple(examples))


def _examples(
    ties: Ties, placed: Placements, held: Groups, found: Crossing, pair: tuple[int, int]
) -> Iterator[tuple[str, str, str]]:
    """Give some groups that stand in both splits: those of the least entries."""
    split = placed.split[found.placement]
    # Placements are in the order of ids, so the least of a group is its first.
    first = np.full((len(found.mask), 2), len(placed.item), np.int64)
    for side, one in enumerate(pair):
        rows = split == one
        np.minimum.at(first[:, side], found.group[rows], found.placement[rows])
    both = np.flatnonzero((first < len(placed.item)).all(axis=1))
    for number in both[np.lexsort(first[both].T[::-1])][:EXAMPLES].tolist():
        ids = [str(ties.ids[int(placed.item[place])]) for place in first[number]]
        name = held.names[number].as_py()
        yield name if name is not None else " and ".join(ids), ids[0], ids[1]
