"""The exact deal of few components: shares as near to those asked as they can be.

Components alike in size and strata are interchangeable, so a variable counts how many of one sort
go to one split. First the largest miss of a split is made as small as it can be, then the misses
of strata, by branch and bound (HiGHS).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MOST_VARIABLES = 120
_NODES = 5000
# More classes than this are not balanced exactly.
_MOST_MISSES = 600


def deal_exactly(
    counts: Ints, size: Ints, target: Floats, total: Floats, filled: Floats, held: Floats
) -> Ints | None:
    """Return the split of each component, or None where it is too much to settle.

    Args:
        counts: Entries of each stratum in each component, shape (C, K).
        size: Entries in each component that count, shape (C,).
        target: Entries wanted of each stratum in each split, shape (K, S).
        total: Entries wanted in each split, shape (S,).
        filled: Entries there are already of each stratum in each split, shape (K, S).
        held: Entries there are already in each split, shape (S,).
    """
    sorts, sort, number = np.unique(
        np.column_stack([size, counts]), axis=0, return_inverse=True, return_counts=True
    )
    splits = len(total)
    if len(sorts) * splits > MOST_VARIABLES:
        return None
    least = _solve(sorts[:, :1], number, (total - held)[None], np.ones(1), largest=True)
    if least is None:
        return None
    missed = np.abs(least.T @ sorts[:, 0] + held - total).max()
    weights = np.concatenate([np.zeros(1), 1 / np.maximum(target.sum(axis=1), 1)])
    wanted = np.vstack([total - held, target - filled])
    found = None
    if wanted.size <= _MOST_MISSES:
        found = _solve(sorts, number, wanted, weights, at_most=float(missed))
    plan = least if found is None else found
    choice = np.empty(len(size), np.int64)
    for i in range(len(sorts)):
        choice[sort.ravel() == i] = np.repeat(np.arange(splits), plan[i])
    return choice


def _solve(
    sorts: Ints,
    number: Ints,
    wanted: Floats,
    weights: Floats,
    *,
    largest: bool = False,
    at_most: float = np.inf,
) -> Ints | None:
    """Return how many of each sort go to each split, shape (T, S).

    Args:
        sorts: Amounts of each sort, shape (T, A).
        number: How many there are of each sort, shape (T,).
        wanted: The amount wanted in each split, shape (A, S).
        weights: What a miss of each amount costs, shape (A,).
        largest: Count the largest miss alone, and not their sum.
        at_most: How far the first amount may be missed.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    kinds, splits = len(sorts), wanted.shape[1]
    dealt = kinds * splits
    misses = wanted.size
    # Row (amount, split): what the split gets of the amount.
    gets = np.kron(sorts.T.astype(float), np.eye(splits))
    slack = np.ones((misses, 1)) if largest else np.eye(misses)
    each = np.kron(np.eye(kinds), np.ones((1, splits)))
    goal = wanted.ravel()
    limits = [
        LinearConstraint(np.hstack([gets, slack]), goal, np.inf),
        LinearConstraint(np.hstack([gets, -slack]), -np.inf, goal),
        LinearConstraint(np.hstack([each, np.zeros((kinds, slack.shape[1]))]), number, number),
    ]
    if np.isfinite(at_most):
        near = np.hstack([gets, 0 * slack])[:splits]
        room = at_most + 1e-6
        limits.append(LinearConstraint(near, wanted[0] - room, wanted[0] + room))
    extra = 1 if largest else misses
    cost = np.concatenate([np.zeros(dealt), np.ones(1) if largest else np.repeat(weights, splits)])
    top = np.concatenate([np.repeat(number, splits), np.full(extra, np.inf)])
    solved = milp(
        cost,
        constraints=limits,
        bounds=Bounds(np.zeros(dealt + extra), top),
        integrality=np.concatenate([np.ones(dealt, np.int64), np.zeros(extra, np.int64)]),
        options={"node_limit": _NODES, "mip_rel_gap": 0},
    )
    if solved.status != 0:
        return None
    plan: Ints = np.rint(solved.x[:dealt]).astype(np.int64).reshape(kinds, splits)
    return plan
