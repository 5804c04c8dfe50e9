"""Doubted labels of a catalogue, as rows of tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.errors import DependencyError
from curate.labels import looks
from curate.labels.exchange import Ints
from curate.labels.groups import LEAST_GROUPS, renumbered
from curate.labels.noise import LEAST_AUC, Floats, area, out_of_fold, ranked, shares

BASIS = "colour, frequencies and quality of the picture"
BROUGHT = "the scores brought"
# Fewer of a label teach a classifier nothing.
LEAST_ITEMS = 30
_MEASURED = ("sharpness", "brightness", "contrast")


def find_doubts(
    items: pa.Table, group: Ints, held: str, scores: pa.Table | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """Return rows of `doubts` and of `label_noise`, and a note for the run.

    Args:
        items: One row per entry, as the stage reads them.
        group: Each item's group.
        held: What holds items together as a group, in words.
        scores: ``media_id, score``: the probability of fake that a user's own classifier gives,
            out of fold; None to train one on the looks of pictures.
    """
    own = _scores(items, scores) if scores is not None else None
    there = np.isfinite(own) if own is not None else _seen(items)
    label = np.array([_CODES.get(one, -1) for one in items["authenticity"].to_pylist()], int)
    rows = np.flatnonzero((label >= 0) & there)
    label, group = label[rows], renumbered(group[rows])
    if np.bincount(label, minlength=2).min() < LEAST_ITEMS or group.max() + 1 < LEAST_GROUPS:
        return [], [], f"not estimated: fewer than {LEAST_ITEMS} of a label, or too few people"
    # Of a user's own folds nothing is known: there the groups are only those of the intervals.
    unseen = held if own is None else None
    try:
        if own is None:
            told, basis = out_of_fold(_features(items, rows), label, group), BASIS
        else:
            told, basis = np.column_stack([1 - own[rows], own[rows]]), BROUGHT
        suspects = ranked(label, told)
    except DependencyError as error:
        return [], [], f"not estimated: {error}"
    auc = area(label, told)
    noise = _noise(items.take(pa.array(rows)), label, group, told, auc)
    noise = [{**row, "held_together": held} for row in noise]
    if auc < LEAST_AUC:
        return [], noise, f"nothing doubted: the scores' area is {auc:.2f}, below {LEAST_AUC}"
    ids = items["media_id"].to_pylist()
    doubts = [
        {
            "media_id": ids[rows[at]],
            "rank": rank,
            "label": NAMES[label[at]],
            "suggested": NAMES[1 - label[at]],
            "confidence": float(told[at, label[at]]),
            "against": float(told[at, 1 - label[at]]),
            "basis": basis,
            "held_together": unseen,
        }
        for rank, at in enumerate(suspects, 1)
    ]
    return doubts, noise, f"{len(doubts):,} labels doubted by {basis}"


NAMES = ("real", "fake")
_CODES = {name: code for code, name in enumerate(NAMES)}


def _scores(items: pa.Table, scores: pa.Table) -> Floats:
    """Return each item's score, nan where there is none."""
    given = dict(zip(scores["media_id"].to_pylist(), scores["score"].to_pylist(), strict=True))
    return np.array([given.get(one, np.nan) for one in items["media_id"].to_pylist()], float)


def _seen(items: pa.Table) -> npt.NDArray[np.bool_]:
    seen: npt.NDArray[np.bool_] = items["look"].is_valid().to_numpy()
    return seen


def _features(items: pa.Table, rows: Ints) -> Floats:
    """Return numbers of each item's look and quality, shape (rows, D)."""
    some = items.take(pa.array(rows))
    vectors = some["look"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    measured = [some[name].to_numpy().astype(float) for name in _MEASURED]
    return np.column_stack([vectors.reshape(len(rows), len(looks.NAMES)), *measured])


def _noise(
    items: pa.Table, label: Ints, group: Ints, scores: Floats, auc: float
) -> list[dict[str, Any]]:
    method = np.array([one or "" for one in items["method"].to_pylist()])
    sets = {("label", NAMES[code]): label == code for code in (0, 1)}
    sets |= {
        ("method", name): (method == name) & (label == 1)
        for name in sorted(set(method[label == 1].tolist()) - {""})
    }
    found = shares(label, scores, group, {"\t".join(key): rows for key, rows in sets.items()})
    rows = []
    for (kind, name), share in zip(sets, found, strict=True):
        known = np.isfinite(share.wrong)
        rows.append({
            "kind": kind, "name": name, "items": share.items, "groups": int(group.max()) + 1,
            "wrong": share.wrong if known else None, "low": share.low if known else None,
            "high": share.high if known else None, "auc": auc,
        })  # fmt: skip
    return rows
