"""Shortcuts: can a label be told from what should not matter?

For each feature a histogram classifier is fitted on all folds but one and judged on the one left
out; folds part no group. Labels count alike whatever their prevalence. Whether the result is
chance is asked by permutation: labels are exchanged as `exchange` allows, the same way for all
features, and judged again (Ojala and Garriga, "Permutation tests for studying classifier
performance", JMLR 11, 2010). p-values are adjusted for the number of features by the step-down
maximum of standardised areas (Westfall and Young, "Resampling-based multiple testing", 1993,
algorithm 4.1), which is exact where Holm's method is cautious, because features such as size and
bitrate go together.

A feature is a shortcut when it is both: not chance, and strong enough to matter, less its margin
of chance. With a million rows hardly any feature is chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.labels.exchange import Design, Ints, design
from curate.labels.features import MAX_BINS, Coded

ALPHA = 0.05
LEAST_EFFECT = 0.1
PERMUTATIONS = 499
# One-sided, 99 in 100, in standard deviations.
MARGIN = 2.326
JOINT = "all together"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tell:
    """How well one feature tells the label.

    Attributes:
        name: The feature; `JOINT` for all of them.
        auc: Area under the curve on rows left out: of one label against the others, mean over
            labels. 0.5 is nothing.
        balanced_accuracy: Mean share told right over labels; 1 / labels is nothing.
        effect: 2 auc - 1 (Somers' D): 0 is nothing, 1 is everything.
        margin: What the effect exceeds by chance in one exchange of a hundred; 1 where nothing
            can be exchanged.
        p_value: Share of exchanges, this one included, that tell as well; 1 where nothing can be
            exchanged.
        p_adjusted: The same for all features of the test together.
        flagged: Whether it is a shortcut.
    """

    name: str
    auc: float
    balanced_accuracy: float
    effect: float
    margin: float
    p_value: float
    p_adjusted: float
    flagged: bool


@dataclass(frozen=True)
class Tested:
    """What a test of shortcuts found.

    Attributes:
        tells: One per feature, and the joint one where there are several; the worst first.
        evidence: For each row, how far all features speak for the last label, in nats, by a
            classifier that has not seen the row's group, shape (N,). Of two labels this is the
            propensity score (Rosenbaum and Rubin, Biometrika 70, 1983).
        groups: How many groups there were.
        exchangeable: Whether any labels could be exchanged.
    """

    tells: tuple[Tell, ...]
    evidence: Floats
    groups: int
    exchangeable: bool


def find_shortcuts(
    features: Sequence[Coded],
    label: Ints,
    group: Ints,
    unit: Ints | None = None,
    *,
    permutations: int = PERMUTATIONS,
    alpha: float = ALPHA,
    least_effect: float = LEAST_EFFECT,
    jobs: int = 1,
    seed: int = 0,
) -> Tested:
    """Return how well features tell the label.

    Args:
        features: What should not matter, in bins, each of N rows.
        label: Each row's label, 0 to K - 1, shape (N,), K at least 2.
        group: Each row's group: rows that are not independent, such as those of a person.
        unit: Finer than groups: rows that came as one; see `exchange.design`.
        permutations: How many exchanges.
        alpha: Chance of flagging any feature at all when none tells anything.
        least_effect: Effect, less its margin, below which a feature is not called a shortcut.
        jobs: Threads.
        seed: Of the exchanges.
    """
    plan = design(label, group, unit)
    codes = np.array([feature.code[plan.order] for feature in features], np.uint8)
    sizes = np.array([len(feature.names) for feature in features], np.int64)
    found, told = _judged(plan, codes, sizes, plan.label)
    able = plan.can_exchange()
    chance = _by_chance(plan, codes, sizes, permutations if able else 0, jobs, seed)
    p_value, p_adjusted = p_values(found[:, 0], chance)
    effect = 2 * found[:, 0] - 1
    margin = MARGIN * 2 * chance.std(axis=0) if len(chance) else np.ones(len(found))
    flagged = (p_adjusted <= alpha) & (effect - margin >= least_effect)
    names = [*(feature.name for feature in features), JOINT][: len(found)]
    columns = (*found.T, effect, margin, p_value, p_adjusted, flagged)
    tells = [
        Tell(*row) for row in zip(names, *(column.tolist() for column in columns), strict=True)
    ]
    evidence = np.empty(len(told))
    evidence[plan.order] = told
    ranked = sorted(tells, key=lambda tell: (not tell.flagged, -tell.auc, tell.name))
    return Tested(tuple(ranked), evidence, plan.groups, able)


def _judged(
    plan: Design, codes: npt.NDArray[np.uint8], sizes: Ints, label: npt.NDArray[np.uint8]
) -> tuple[Floats, Floats]:
    """Return area and balanced accuracy by feature and jointly, and each row's evidence."""
    from curate.labels import kernels

    rows = np.empty(len(plan.piece), np.uint8)
    told = np.zeros(len(rows))
    counts = _room(plan, codes)
    kernels.count(codes, plan.starts, plan.piece, label, rows, counts)
    single = np.zeros((len(codes), 2))
    kernels.judge(counts, sizes, single)
    joint = kernels.judge_jointly(codes, plan.starts, rows, counts, sizes, told)
    return (np.vstack([single, joint]) if len(codes) > 1 else single), told


def _by_chance(
    plan: Design,
    codes: npt.NDArray[np.uint8],
    sizes: Ints,
    permutations: int,
    jobs: int,
    seed: int,
) -> Floats:
    """Return the areas of each exchange of labels, shape (permutations, features)."""
    from curate.labels import kernels

    seeds = np.random.default_rng(seed).integers(0, 2**63, permutations)

    def one(state: int) -> Floats:
        label = np.empty_like(plan.label)
        kernels.exchange(plan.label, plan.sets, state, label)
        return _judged(plan, codes, sizes, label)[0][:, 0]

    with ThreadPoolExecutor(max(jobs, 1)) as threads:
        found = list(threads.map(one, seeds.tolist()))
    return np.array(found).reshape(permutations, -1)


def _room(plan: Design, codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    return np.zeros((len(codes), len(plan.starts) - 1, MAX_BINS, plan.classes), np.int32)


def p_values(found: Floats, chance: Floats) -> tuple[Floats, Floats]:
    """Return p-values of statistics, alone and adjusted for all of them.

    Args:
        found: The statistics, larger for stronger, shape (F,).
        chance: The same of each exchange, shape (permutations, F); 1 follows where there is none.
    """
    if not len(chance):
        return np.ones(len(found)), np.ones(len(found))
    every = np.vstack([found, chance])
    alone = (every >= found - 1e-12).mean(axis=0)
    spread = every.std(axis=0)
    z = (every - every.mean(axis=0)) / np.where(spread > 0, spread, 1)
    order = np.argsort(-z[0], kind="stable")
    # The largest of this feature and of all that are weaker.
    highest = np.maximum.accumulate(z[:, order][:, ::-1], axis=1)[:, ::-1]
    adjusted = np.empty(len(found))
    adjusted[order] = np.maximum.accumulate((highest >= z[0][order] - 1e-12).mean(axis=0))
    return alone, adjusted
