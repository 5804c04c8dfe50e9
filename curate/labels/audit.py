"""One question, is this label told by what should not matter, as rows of tables."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.labels.exchange import Ints
from curate.labels.features import Coded, bins_for, encode
from curate.labels.groups import renumbered
from curate.labels.matched import Subset, matched, propensity_bins
from curate.labels.plan import FEATURES, plan_of
from curate.labels.shortcuts import JOINT, PERMUTATIONS, Tell, Tested, find_shortcuts

# Fewer of a label say nothing: not even a perfect shortcut could be told from chance.
LEAST_ITEMS = 10
MOST_LABELS = 32
# With more than these many values to count, fewer exchanges do.
LARGE, FEWER = 20_000_000, 199

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Question:
    """A label that must not be told from what does not matter.

    Attributes:
        target: What the label is called.
        values: Each item's label; null where it has none.
        among: The items that are asked, shape (N,).
    """

    target: str
    values: pa.ChunkedArray
    among: Mask


@dataclass(frozen=True)
class Answer:
    """Rows of `shortcuts`, tables of `shortcut_drops`, and a note for the run."""

    question: str
    note: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    drops: list[pa.Table] = field(default_factory=list)


def test_label(question: Question, items: pa.Table, group: Ints, unit: Ints) -> Answer:
    """Return which features tell a label.

    Args:
        question: The label.
        items: One row per entry, with the columns of `plan.FEATURES`.
        group: Each item's group.
        unit: Each item's unit.
    """
    names, label, rows = _labelled(question)
    if len(names) < 2:
        why = f"not tested: fewer than two labels with {LEAST_ITEMS} items each"
        return Answer(question.target, why)
    items = items.take(pa.array(rows))
    group, unit = renumbered(group[rows]), renumbered(unit[rows])
    features = _coded(items, label, unit)
    large = len(rows) * len(features) > LARGE
    found = find_shortcuts(
        features, label, group, unit, permutations=FEWER if large else PERMUTATIONS, jobs=2
    )
    asked = _Asked(question.target, items, names, label, features, found)
    told = [asked.row(rank, tell) for rank, tell in enumerate(found.tells, 1)]
    flagged = [tell.name for tell in found.tells if tell.flagged]
    note = f"told by {', '.join(flagged)}" if flagged else "no shortcut found"
    return Answer(question.target, note, told, [asked.drops(name) for name in flagged])


def _labelled(question: Question) -> tuple[list[str], Ints, Ints]:
    """Return the labels that are tested, each tested item's, and the items."""
    encoded = question.values.combine_chunks().dictionary_encode()
    code = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    code[~question.among] = -1
    words = encoded.dictionary.to_pylist()
    count = np.bincount(code[code >= 0], minlength=len(words))
    common = sorted(range(len(words)), key=lambda at: (-count[at], words[at]))[:MOST_LABELS]
    # By name, so that fake comes before real wherever it does.
    kept = sorted((at for at in common if count[at] >= LEAST_ITEMS), key=lambda at: words[at])
    place = np.full(len(words) + 1, -1, np.int64)
    place[kept] = np.arange(len(kept))
    label = place[code]
    rows = np.flatnonzero(label >= 0)
    return [words[at] for at in kept], label[rows], rows


def _coded(items: pa.Table, label: Ints, unit: Ints) -> list[Coded]:
    """Return the features that have more than one value, in bins."""
    units = [len(np.unique(unit[label == value])) for value in np.unique(label)]
    bins = bins_for(min(units))
    coded = [encode(one.title, items[one.column], bins) for one in FEATURES]
    return [one for one in coded if len(one.names) > 1]


@dataclass(frozen=True)
class _Asked:
    target: str
    items: pa.Table
    names: list[str]
    label: Ints
    features: list[Coded]
    found: Tested

    def row(self, rank: int, tell: Tell) -> dict[str, Any]:
        """Return a row of `shortcuts`."""
        plan, below = "", 0
        dropped: dict[str, int] = {}
        if tell.flagged:
            plan, below = plan_of(tell.name, self._numbers(tell.name), self.label)
            lost = self._subset(tell.name).dropped
            dropped = dict(zip(self.names, lost, strict=True))
        return {
            "target": self.target,
            "feature": tell.name,
            "rank": rank,
            "auc": tell.auc,
            "balanced_accuracy": tell.balanced_accuracy,
            "effect": tell.effect,
            "margin": tell.margin,
            "p_value": tell.p_value,
            "p_adjusted": tell.p_adjusted,
            "flagged": tell.flagged,
            "items": len(self.label),
            "groups": self.found.groups,
            "exchangeable": self.found.exchangeable,
            "shape": json.dumps(self._shape(tell.name), ensure_ascii=False),
            "plan": plan or None,
            "plan_loses": below if tell.flagged else None,
            "match_loses": sum(dropped.values()) if tell.flagged else None,
            "match_loses_by": json.dumps(dropped) if tell.flagged else None,
        }

    def drops(self, name: str) -> pa.Table:
        """Return the items that the matched subset of a feature leaves out."""
        media = self.items["media_id"].filter(pa.array(~self._subset(name).keep))
        return pa.table({
            "media_id": media,
            "target": pa.repeat(self.target, len(media)),
            "feature": pa.repeat(name, len(media)),
        })  # fmt: skip

    def _coded(self, name: str) -> Coded:
        if name == JOINT:
            bins = propensity_bins(self.found.evidence).astype(np.uint8)
            return Coded(name, bins, tuple(str(at) for at in range(int(bins.max()) + 1)))
        return next(feature for feature in self.features if feature.name == name)

    def _subset(self, name: str) -> Subset:
        # Ids are digests: their order has to do with nothing.
        rank = np.argsort(np.argsort(np.array(self.items["media_id"].to_pylist())))
        return matched(self._coded(name).code.astype(np.int64), self.label, rank)

    def _shape(self, name: str) -> dict[str, Any]:
        """Return how many items of each label lie in each bin."""
        coded = self._coded(name)
        cell = self.label * len(coded.names) + coded.code
        count = np.bincount(cell, minlength=len(self.names) * len(coded.names))
        held = count.reshape(len(self.names), -1).tolist()
        return {"bins": coded.names, "labels": dict(zip(self.names, held, strict=True))}

    def _numbers(self, name: str) -> npt.NDArray[np.float64] | None:
        column = next((one.column for one in FEATURES if one.title == name), None)
        if column is None:
            return None
        values = self.items[column].combine_chunks()
        if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
            return None
        filled: npt.NDArray[np.float64] = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return filled
