"""Assignment: every component of ties into one split, to meet shares and stratify.

`assign` is pure: the same ties, plan and seed give the same assignment, whatever the order of
rows. Nothing that was asked for crosses splits, and what cannot be placed so is left out with its
reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import InputError
from curate.splits.components import components, sizes_of
from curate.splits.descent import Nodes
from curate.splits.exact import deal_exactly
from curate.splits.groups import Groups
from curate.splits.ties import Ties

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Sides = npt.NDArray[np.int8]

HELD_OUT, CUT, BETWEEN = "held-out", "cut", "between-splits"
REASONS = (HELD_OUT, CUT, BETWEEN)
_ROUNDS = 3


@dataclass(frozen=True)
class Plan:
    """What splits are wanted.

    Attributes:
        splits: Their names; the last one is for tests.
        ratios: The share of each, which sum to 1.
        kinds: The kinds of ties that must not cross.
        seed: Settles what is else left to chance.
        held_out_methods: Methods that only the last split may show.
        held_out_datasets: Datasets that only the last split may show.
    """

    splits: tuple[str, ...]
    ratios: tuple[float, ...]
    kinds: tuple[str, ...]
    seed: int = 0
    held_out_methods: tuple[str, ...] = ()
    held_out_datasets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """Entries in splits.

    Attributes:
        plan: What was wanted.
        split: The split of each entry, a place in the plan's splits; -1 where it is left out.
        reason: Why it is left out, a place in `REASONS`; -1 where it is not.
        component: The component of each entry.
        counts: Whether the entry counts for the shares.
        exact: Whether no other assignment comes nearer to the shares.
    """

    plan: Plan
    split: Sides
    reason: Sides
    component: Nodes
    counts: npt.NDArray[np.bool_]
    exact: bool

    @property
    def sizes(self) -> dict[str, int]:
        """How many entries each split has."""
        placed = self.split[self.split >= 0]
        found = np.bincount(placed, minlength=len(self.plan.splits))
        return dict(zip(self.plan.splits, found.tolist(), strict=True))

    @property
    def shares(self) -> Floats:
        """The share that each split has of the entries that count."""
        held = np.bincount(
            self.split[self.counts & (self.split >= 0)], minlength=len(self.plan.splits)
        )
        return held / max(held.sum(), 1)

    @property
    def missed(self) -> float:
        """How far the furthest split is from its share, as a share of all entries."""
        return float(np.abs(self.shares - np.array(self.plan.ratios)).max())

    @property
    def largest(self) -> int:
        """How many entries the largest component has."""
        return int(sizes_of(self.component).max(initial=0))

    @property
    def left_out(self) -> dict[str, int]:
        """How many entries are left out, by reason."""
        return {
            name: int((self.reason == i).sum())
            for i, name in enumerate(REASONS)
            if (self.reason == i).any()
        }

    def table(self, ids: pa.Array) -> pa.Table:
        """Return ``media_id, split, left_out`` of the entries, whose ids these are."""
        names, reasons = pa.array(self.plan.splits), pa.array(REASONS)
        return pa.table({
            "media_id": ids,
            "split": names.take(pa.array(self.split, mask=self.split < 0)),
            "left_out": reasons.take(pa.array(self.reason, mask=self.reason < 0)),
        })  # fmt: skip


def check_plan(plan: Plan) -> Plan:
    """Return the plan, if it is one.

    Raises:
        InputError: Shares are not positive or do not sum to 1, or a name is there twice.
    """
    if len(plan.splits) != len(plan.ratios):
        raise InputError(f"{len(plan.ratios)} ratios for {len(plan.splits)} splits")
    if len(set(plan.splits)) < len(plan.splits) or not all(plan.splits):
        raise InputError("two splits have one name, or one has none", where="--names")
    if len(plan.splits) < 2 or min(plan.ratios) <= 0 or abs(sum(plan.ratios) - 1) > 1e-6:
        raise InputError(
            f"ratios are {', '.join(f'{r:g}' for r in plan.ratios)}; expected two or more "
            "that are above 0 and sum to 1",
            where="--ratios",
            hint="for example 0.8,0.1,0.1",
        )
    return plan


def assign(
    ties: Ties,
    plan: Plan,
    strata: Ints,
    *,
    fixed: Sides | None = None,
    left: Sides | None = None,
) -> Assignment:
    """Return an assignment in which nothing that `plan` names crosses splits.

    Args:
        ties: The entries, and what ties them.
        plan: What is wanted.
        strata: Codes of classes to balance, one column for each way to class, shape (N, A).
        fixed: Splits that stand already and never change, -1 for an entry that is new.
        left: Reasons for which entries are left out already, -1 for the others.
    """
    count = ties.entries.num_rows
    split = np.full(count, -1, np.int8) if fixed is None else fixed.astype(np.int8).copy()
    reason = np.full(count, -1, np.int8) if left is None else left.astype(np.int8).copy()
    # What is out ties nobody: it is in no split.
    tied = [_without(ties.groups[kind], reason >= 0) for kind in plan.kinds if kind != "entry"]
    part = components(tied, count)
    test = len(plan.splits) - 1
    method, dataset = (
        _among(ties.entries[column], names)
        for column, names in (("method", plan.held_out_methods),
                              ("dataset", plan.held_out_datasets))
    )  # fmt: skip
    free = (split < 0) & (reason < 0)
    _settle(part, split, reason, free)
    forced = np.zeros(int(part.max(initial=-1)) + 1, bool)
    forced[part[dataset & free]] = True
    counts = ~method & ~forced[part] & (reason < 0)
    goes = forced[part] & free & (split < 0) & (reason < 0)
    split[goes] = test
    # A component of nothing but held-out entries tests; others are dealt out by what counts.
    rest = free & (split < 0) & (reason < 0)
    only = np.ones(len(forced), bool)
    only[part[rest & counts]] = False
    split[rest & only[part]] = test
    rest &= split < 0
    exact = _deal(plan, part, strata, counts, rest, split)
    misplaced = free & (method | dataset) & (split >= 0) & (split != test)
    split[misplaced], reason[misplaced] = -1, REASONS.index(HELD_OUT)
    return Assignment(plan, split, reason, part, counts & (reason < 0), exact)


def _settle(part: Nodes, split: Sides, reason: Sides, free: npt.NDArray[np.bool_]) -> None:
    """Put what is new beside what it is tied to; leave out what is tied to two splits."""
    many = int(part.max(initial=-1)) + 1
    low, high = np.full(many, 127, np.int8), np.full(many, -1, np.int8)
    old = split >= 0
    np.minimum.at(low, part[old], split[old])
    np.maximum.at(high, part[old], split[old])
    torn = free & (low < high)[part] & (high >= 0)[part]
    reason[torn] = REASONS.index(BETWEEN)
    beside = free & (low == high)[part]
    split[beside] = low[part[beside]]


def _deal(
    plan: Plan,
    part: Nodes,
    strata: Ints,
    counts: npt.NDArray[np.bool_],
    rest: npt.NDArray[np.bool_],
    split: Sides,
) -> bool:
    """Put the components of `rest` into splits; return whether the shares are the best there are.

    Args:
        plan: What is wanted.
        part: The component of each entry.
        strata: Codes of classes, shape (N, A).
        counts: Whether each entry counts for the shares.
        rest: The entries to deal out.
        split: The split of each entry, changed in place.
    """
    if not rest.any():
        return False
    codes, many = _columns(strata)
    ratio = np.array(plan.ratios)
    weighed = counts & ((split >= 0) | rest)
    target = np.bincount(codes[weighed].ravel(), minlength=many)[:, None] * ratio
    total = weighed.sum() * ratio
    filled, held = np.zeros((many, len(ratio))), np.zeros(len(ratio))
    there = counts & (split >= 0)
    np.add.at(filled, (codes[there].ravel(), np.repeat(split[there], codes.shape[1])), 1)
    np.add.at(held, split[there], 1)
    members = np.unique(part[rest])
    place = np.full(int(part.max()) + 1, -1, np.int64)
    place[members] = np.arange(len(members))
    rows = rest & counts
    size = np.bincount(place[part[rows]], minlength=len(members))
    key, number = np.unique(
        (place[part[rows]][:, None] * many + codes[rows]).ravel(), return_counts=True
    )
    where, stratum = np.divmod(key, many)
    choice = None
    if len(members) * len(ratio) <= 4096:
        table = np.zeros((len(members), many), np.int64)
        table[where, stratum] = number
        choice = deal_exactly(table, size, target, total, filled, held)
    exact = choice is not None
    if choice is None:
        starts = np.searchsorted(where, np.arange(len(members) + 1))
        choice = _dealt(plan, size, (starts, stratum, number), (target, total, filled, held))
    split[rest] = choice[place[part[rest]]]
    return exact


def _dealt(
    plan: Plan,
    size: Ints,
    counted: tuple[Ints, Ints, Ints],
    wanted: tuple[Floats, Floats, Floats, Floats],
) -> Ints:
    """Return the split of each component, dealt out from the largest and then improved."""
    from curate.splits.kernels import deal, improve

    chance = np.random.default_rng(plan.seed).permutation(len(size))
    order = chance[np.argsort(-size[chance], kind="stable")]
    choice = np.empty(len(size), np.int64)
    deal(order, size, *counted, *wanted, choice)
    _, total, _, held = wanted
    # A little room for the strata: a two-thousandth of all, and no more than a component.
    room = min(float(size.max()), total.sum() / 2000)
    slack = max(float(np.abs(held - total).max()), room)
    for _ in range(_ROUNDS):
        if not improve(order[::-1], size, *counted, *wanted, choice, slack):
            break
    return choice


def _columns(strata: Ints) -> tuple[Ints, int]:
    """Return codes with those of each column after the one before, and how many there are."""
    shifted, first = [], 0
    for column in strata.T:
        shifted.append(column + first)
        first += int(column.max(initial=-1)) + 1
    return np.column_stack(shifted).astype(np.int64), first


def _without(held: Groups, out: npt.NDArray[np.bool_]) -> Groups:
    rows = ~out[held.item]
    return replace(held, item=held.item[rows], group=held.group[rows])


def _among(column: pa.ChunkedArray, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    found = pc.is_in(column.cast(pa.string()), value_set=pa.array(names, pa.string()))
    return found.to_numpy(zero_copy_only=False).astype(bool)
