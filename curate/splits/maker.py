"""Making splits: assign, look whether the shares can be met at all, and cut where asked to.

Where one component is too large for the shares, nothing disjoint comes near them. That is told,
with the cut found, its price, and which relation it is that holds the component together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import InputError
from curate.splits.assign import CUT, REASONS, Assignment, Plan, Sides, assign
from curate.splits.components import components, sizes_of
from curate.splits.cut import cut
from curate.splits.expected import Expected
from curate.splits.kinds import BY_NAME
from curate.splits.ties import Ties

# Cuts in a row: each is of the component that is the largest then.
_CUTS = 8

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Made:
    """Splits, and what they cost.

    Attributes:
        assignment: Without a cut.
        after_cut: With the cut, where the shares cannot be met without one.
        without: For each topic asked for, the share of the entries in the largest component when
            that topic is not asked for; empty where there is nothing to cut.
        unknown: The kinds asked for of which nothing is known, so that nothing is kept apart.
        expected: How many people may be in two splits though nothing ties them; None where nobody
            asked.
    """

    assignment: Assignment
    after_cut: Assignment | None
    without: Mapping[str, float]
    unknown: tuple[str, ...]
    expected: Expected | None = None

    @property
    def price(self) -> int:
        """How many entries the cut leaves out."""
        return 0 if self.after_cut is None else self.after_cut.left_out.get(CUT, 0)

    def chosen(self, *, cut: bool) -> Assignment:
        """Return the assignment with the cut, where it is wanted and there is one, or without."""
        return self.after_cut if cut and self.after_cut is not None else self.assignment


def make_splits(
    ties: Ties,
    plan: Plan,
    labels: pa.Table,
    *,
    tolerance: float,
    fixed: Sides | None = None,
    left: Sides | None = None,
) -> Made:
    """Return splits in which nothing that `plan` names crosses.

    Args:
        ties: The entries, and what ties them.
        plan: What is wanted.
        labels: The labels of entries.
        tolerance: How far a split may be from its share, as a share of all, before it is told
            that the shares cannot be met.
        fixed: Splits that stand already and never change, -1 for an entry that is new.
        left: Reasons for which entries are left out already, -1 for the others.
    """
    strata = strata_of(ties, labels)
    plain = assign(ties, plan, strata, fixed=fixed, left=left)
    unknown = tuple(kind for kind in plan.kinds if not ties.known.get(kind, 1))
    if plain.missed <= tolerance:
        return Made(plain, None, {}, unknown)
    found = plain
    for _ in range(_CUTS):
        gone = _cut_largest(ties, plan, found, fixed)
        if not len(gone):
            break
        left = np.full(len(found.reason), -1, np.int8) if left is None else left.copy()
        left[gone] = REASONS.index(CUT)
        found = assign(ties, plan, strata, fixed=fixed, left=left)
        if found.missed <= tolerance:
            break
    after = None if found is plain else found
    return Made(plain, after, _without_each(ties, plan), unknown)


def strata_of(ties: Ties, labels: pa.Table) -> Ints:
    """Return what is to be balanced: label x method x source x compression, then each label."""
    entries = ties.entries
    real = labels.filter(pc.equal(labels["name"], "authenticity"))
    place = pc.index_in(entries["media_id"], value_set=real["media_id"])
    columns = [real["value"].take(place), *(
        entries[name] for name in ("method", "dataset", "source_id", "compression")
    )]  # fmt: skip
    mixed = np.zeros(entries.num_rows, np.int64)
    label, *rest = (_codes(column) for column in columns)
    for codes in (label, *rest):
        mixed = np.unique(mixed * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1]
    return np.column_stack([mixed, label])


def _codes(column: pa.ChunkedArray) -> Ints:
    """Return a number for each value, and 0 for none."""
    text = column.cast(pa.string()).combine_chunks()
    found = text.dictionary_encode().indices.fill_null(-1).to_numpy()
    codes: Ints = found.astype(np.int64) + 1
    return codes


def _cut_largest(ties: Ties, plan: Plan, found: Assignment, fixed: Sides | None) -> Ints:
    """Return what to leave out so that the largest component that is new falls apart."""
    weighs = found.counts
    size = np.bincount(found.component, weighs, minlength=len(sizes_of(found.component)))
    if fixed is not None:
        size[found.component[fixed >= 0]] = 0
    inside = (found.component == int(np.argmax(size))) & (found.reason < 0)
    held = [ties.groups[kind] for kind in plan.kinds if kind != "entry"]
    return cut(held, inside, weighs, plan.ratios, seed=plan.seed).astype(np.int64)


def _without_each(ties: Ties, plan: Plan) -> dict[str, float]:
    """Return the share of the largest component when each topic in turn is not asked for."""
    topics = dict.fromkeys(BY_NAME[kind].topic for kind in plan.kinds if kind != "entry")
    count = ties.entries.num_rows
    shares = {}
    for topic in topics:
        kinds = [k for k in plan.kinds if BY_NAME[k].topic not in (topic, "entry")]
        part = components([ties.groups[kind] for kind in kinds], count)
        shares[topic] = int(sizes_of(part).max()) / count
    return shares


def extended(plan: Plan, ids: pa.Array, stands: pa.Table) -> tuple[Sides, Sides]:
    """Return the splits and the reasons of entries that an assignment has already.

    Args:
        plan: What is wanted now.
        ids: The id of each entry.
        stands: ``media_id, split``, and ``left_out`` where it has one.

    Raises:
        InputError: It has a split that the plan has not.
    """
    unknown = set(pc.unique(stands["split"]).to_pylist()) - {None, *plan.splits}
    if unknown:
        raise InputError(
            f"the splits to extend have {', '.join(sorted(map(str, unknown)))}; "
            f"expected {', '.join(plan.splits)}",
            where="--extend",
            hint="name the same splits with --names",
        )
    place = pc.index_in(ids, value_set=stands["media_id"])
    found = []
    for column, names in (("split", plan.splits), ("left_out", REASONS)):
        if column in stands.column_names:
            codes = pc.index_in(stands[column], value_set=pa.array(names, pa.string())).take(place)
            found.append(pc.fill_null(codes, -1).to_numpy().astype(np.int8))
        else:
            found.append(np.full(len(ids), -1, np.int8))
    return found[0], found[1]
