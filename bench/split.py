"""Splitting: beside scipy's connected components, and scikit-learn's StratifiedGroupKFold.

First a million entries in 200,000 components (sizes drawn from a Zipf law), given as pairs: ours
finds the components and deals them out to 0.8, 0.1, 0.1 balancing two labels in eight classes;
scipy builds the graph of the same pairs and finds its components. Then 100,000 groups into five
folds: ours against StratifiedGroupKFold, which balances labels only, so ours is given the labels
alone. What counts is the largest deviation of a fold's share from a fifth, of all entries and of
either label. Compiled before the clock starts; one thread each; least of three, alternating.

    python -m bench split [--quick]
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.splits.assign import Plan, assign
from curate.splits.groups import Groups
from curate.splits.ties import Ties

FULL, QUICK = (1_000_000, 200_000, 100_000), (50_000, 10_000, 5_000)
OVER_SCIPY, OVER_PEER = 10.0, 5.0
FOLDS = 5

Ints = npt.NDArray[np.int64]


def components_of(entries: int, parts: int, seed: int) -> Ints:
    """Return the component of each entry, shuffled; sizes follow a Zipf law up to 1,000."""
    rng = np.random.default_rng(seed)
    sizes = np.minimum(rng.zipf(2.0, parts), 1000)
    sizes = np.maximum(sizes * (entries - parts) // max(int(sizes.sum()), 1), 0) + 1
    part = np.repeat(np.arange(parts), sizes)
    short = entries - len(part)
    part = np.concatenate([part, rng.integers(0, parts, max(short, 0))])[:entries]
    return rng.permutation(part)


def pairs_of(part: Ints) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return pairs that make the components: each entry with the one before it in its own."""
    order = np.argsort(part, kind="stable").astype(np.int32)
    same = part[order[1:]] == part[order[:-1]]
    return order[:-1][same], order[1:][same]


def ties_of(left: npt.NDArray[np.int32], right: npt.NDArray[np.int32], entries: int) -> Ties:
    """Return entries tied in pairs."""
    numbers = np.arange(len(left), dtype=np.int32)
    held = Groups(np.concatenate([left, right]), np.concatenate([numbers, numbers]),
                  pa.nulls(len(left), pa.string()))  # fmt: skip
    nothing = pa.nulls(entries, pa.string())
    return Ties(pa.table({"method": nothing, "dataset": nothing}), {"source": held}, {})


def run(*, quick: bool) -> dict[str, Any]:
    """Return how ours compares with scipy and with scikit-learn."""
    entries, parts, groups = QUICK if quick else FULL
    figures = _beside_scipy(entries, parts) | _beside_peer(entries, groups)
    met = figures["over_scipy"] <= OVER_SCIPY and figures["over_peer"] >= OVER_PEER
    met = met and figures["ours_missed"] < figures["peer_missed"]
    targets = {"over_scipy": OVER_SCIPY, "over_peer": OVER_PEER}
    return figures | {"targets": targets, "met": met}


def _beside_scipy(entries: int, parts: int) -> dict[str, Any]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    part = components_of(entries, parts, 0)
    left, right = pairs_of(part)
    ties = ties_of(left, right, entries)
    rng = np.random.default_rng(1)
    strata = np.column_stack([rng.integers(0, 8, entries), rng.integers(0, 2, entries)])
    plan = Plan(("train", "val", "test"), (0.8, 0.1, 0.1), ("source",))
    assign(ties_of(left[:10], right[:10], entries), plan, strata)
    ours, scipys = [], []
    for _ in range(3):
        began = time.perf_counter()
        made = assign(ties, plan, strata)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        ones = np.ones(len(left), np.int8)
        graph = coo_array((ones, (left, right)), shape=(entries, entries))
        count, _ = connected_components(graph, directed=False)
        scipys.append(time.perf_counter() - began)
    assert count == int(made.component.max()) + 1
    assert (made.split[left] == made.split[right]).all()
    ratio = min(ours) / min(scipys)
    print(f"{entries:,} entries, {len(left):,} pairs, {count:,} components, largest "
          f"{made.largest:,}; one thread; least of three")  # fmt: skip
    print(f"ours, components and deal  {min(ours):8.2f} s, shares missed by at most "
          f"{made.missed:.6f}")  # fmt: skip
    print(f"scipy, components alone    {min(scipys):8.2f} s: ours takes {ratio:.1f} times it"
          f"   target {OVER_SCIPY}")  # fmt: skip
    return {"entries": entries, "components": count, "over_scipy": ratio}


def _beside_peer(entries: int, groups: int) -> dict[str, Any]:
    from sklearn.model_selection import StratifiedGroupKFold

    part = components_of(entries, groups, 2)
    rng = np.random.default_rng(3)
    # A group leans to one label, as videos of one method do.
    label = (rng.random(entries) < rng.beta(0.5, 1.5, groups)[part]).astype(np.int64)
    ties = ties_of(*pairs_of(part), entries)
    plan = Plan(tuple(f"fold-{i}" for i in range(FOLDS)), (1 / FOLDS,) * FOLDS, ("source",))
    ours, peers = [], []
    fold = np.empty(entries, np.int64)
    # The peer takes long: once is enough, and ours is the least of three.
    began = time.perf_counter()
    for number, (_, test) in enumerate(
        StratifiedGroupKFold(FOLDS).split(np.zeros(entries), label, part)
    ):
        fold[test] = number
    peers.append(time.perf_counter() - began)
    for _ in range(3):
        began = time.perf_counter()
        made = assign(ties, plan, label[:, None])
        ours.append(time.perf_counter() - began)
    ours_missed = _missed(made.split.astype(np.int64), label)
    peer_missed = _missed(fold, label)
    ratio = peers[0] / min(ours)
    print(f"{entries:,} entries in {groups:,} groups, {FOLDS} folds")
    print(f"ours                   {min(ours):8.2f} s, largest deviation of a share "
          f"{ours_missed:.7f}")  # fmt: skip
    print(f"StratifiedGroupKFold   {peers[0]:8.2f} s, largest deviation of a share "
          f"{peer_missed:.7f}: {ratio:.0f}x   target {OVER_PEER:.0f}x")  # fmt: skip
    return {"groups": groups, "over_peer": ratio, "ours_missed": ours_missed,
            "peer_missed": peer_missed}  # fmt: skip


def _missed(fold: Ints, label: Ints) -> float:
    """Return the largest deviation from a fifth: of all entries, and of each label's."""
    sets = [np.ones(len(label), bool), *(label == value for value in np.unique(label))]
    return max(
        float(np.abs(np.bincount(fold[rows], minlength=FOLDS) / rows.sum() - 1 / FOLDS).max())
        for rows in sets
    )
