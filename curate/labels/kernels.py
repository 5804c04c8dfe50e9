"""The compiled loops of the shortcut test: counts, scores of histogram classifiers, exchanges.

Every kernel releases the GIL, so that permutations run in threads.
"""

# numba infers the types of a kernel's arguments, and a kernel takes no options bag.
# mypy: allow-untyped-defs, disable-error-code="unreachable"
# ruff: noqa: ANN001, ANN201, C901

from __future__ import annotations

import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True)

SCORES = 512
"""Bins of the joint score, over -`REACH` to `REACH` nats."""

REACH = 24.0


@compiled
def next_random(state):
    """Return the next state and number of a splitmix64 sequence (Steele and others, 2014)."""
    state += np.uint64(0x9E3779B97F4A7C15)
    x = state
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state, x ^ (x >> np.uint64(31))


@compiled
def exchange(label, sets, seed, out):
    """Shuffle the labels of pieces within each set (Fisher and Yates)."""
    out[:] = label
    state = np.uint64(seed)
    for at in range(len(sets) - 1):
        first = sets[at]
        for last in range(sets[at + 1] - 1, first, -1):
            state, drawn = next_random(state)
            # 32 random bits times the range, shifted: without a slow division, near enough fair.
            span = np.uint64(last - first + 1)
            other = first + np.int64(((drawn >> np.uint64(32)) * span) >> np.uint64(32))
            out[last], out[other] = out[other], out[last]


@compiled
def count(codes, starts, piece, label, rows, counts):
    """Count rows by feature, fold, bin and label, and fill each row's label.

    Args: codes (F, N), starts (folds + 1,), piece (N,), label (P,), rows (N,) out, counts
    (F, folds, bins, K) out.
    """
    counts[:] = 0
    for row in range(len(piece)):
        rows[row] = label[piece[row]]
    for feature in range(len(codes)):
        code = codes[feature]
        for fold in range(len(starts) - 1):
            here = counts[feature, fold]
            for row in range(starts[fold], starts[fold + 1]):
                here[code[row], rows[row]] += 1


@compiled
def evidence_of(train, bins, out):
    """Fill, by bin and label, the log of how much likelier a bin is under that label than others.

    Shares are of each label's own rows, so prevalence says nothing; they are drawn towards one
    another by about one row of the rarest label per bin, so a bin never seen is a tie.

    Args: train (bins, K) counts, out (bins, K). Returns whether every label was seen.
    """
    classes = train.shape[1]
    least = np.inf
    total = np.zeros(classes)
    for label in range(classes):
        for bin_ in range(bins):
            total[label] += train[bin_, label]
        least = min(least, total[label])
    if least == 0.0:
        out[:] = 0.0
        return False
    pull = bins / least
    for bin_ in range(bins):
        whole = 0.0
        for label in range(classes):
            whole += train[bin_, label] / total[label]
        # A floor: a bin that no training row is in says nothing, and divides nothing by nothing.
        added = pull * whole / classes + 1e-12
        for label in range(classes):
            own = train[bin_, label] / total[label]
            rest = (whole - own) / (classes - 1)
            out[bin_, label] = np.log((own + added) / (rest + added))
    return True


@compiled
def area(scores, order, mine, others):
    """Return concordant pairs (ties count half) and all pairs of rows of a label with others'."""
    wins = 0.0
    below = 0.0
    at = 0
    while at < len(order):
        end = at
        here = 0.0
        tied = 0.0
        while end < len(order) and scores[order[end]] <= scores[order[at]] + 1e-9:
            here += mine[order[end]]
            tied += others[order[end]]
            end += 1
        wins += here * (below + tied / 2)
        below += tied
        at = end
    return wins, mine.sum() * below


@compiled
def judge(counts, sizes, out):
    """Fill each feature's area under the curve and balanced accuracy, on rows left out.

    Args: counts (F, folds, bins, K), sizes (F,) bins of each feature, out (F, 2). The areas are
    of each label against the others, averaged over labels.
    """
    features, folds, _, classes = counts.shape
    for feature in range(features):
        bins = sizes[feature]
        held = counts[feature, :, :bins].astype(np.float64)
        whole = held.sum(axis=0)
        wins, pairs = np.zeros(classes), np.zeros(classes)
        right, seen = np.zeros(classes), np.zeros(classes)
        score = np.zeros((bins, classes))
        for fold in range(folds):
            test = held[fold]
            if not evidence_of(whole - test, bins, score):
                continue
            add_areas(score, test, wins, pairs)
            add_right(score, test, right, seen)
        out[feature, 0] = mean_of(wins, pairs, 0.5)
        out[feature, 1] = mean_of(right, seen, 1.0 / classes)


@compiled
def add_areas(score, test, wins, pairs):
    """Add a fold's pairs, label by label; of two labels the second tells all."""
    classes = test.shape[1]
    every = test.sum(axis=1)
    for label in range(0 if classes > 2 else 1, classes):
        mine = test[:, label].copy()
        won, of = area(score[:, label], np.argsort(score[:, label]), mine, every - mine)
        wins[label] += won
        pairs[label] += of


@compiled
def add_right(score, test, right, seen):
    """Add a fold's rows that were told right; a tie between labels is shared."""
    for bin_ in range(len(test)):
        best = score[bin_].max() - 1e-9
        tied = 0
        for label in range(test.shape[1]):
            tied += score[bin_, label] >= best
        for label in range(test.shape[1]):
            seen[label] += test[bin_, label]
            if score[bin_, label] >= best:
                right[label] += test[bin_, label] / tied


@compiled
def mean_of(part, whole, without):
    """Return the mean share over labels that have any, or what holds without evidence."""
    total, many = 0.0, 0
    for label in range(len(part)):
        if whole[label] > 0:
            total += part[label] / whole[label]
            many += 1
    return total / many if many else without


@compiled
def judge_jointly(codes, starts, rows, counts, sizes, told):
    """Return area and balanced accuracy of all features together, as naive Bayes on rows left out.

    Args: as for `count` and `judge`; told (N,) out gets each row's evidence for the last label.
    """
    features, folds, bins, classes = counts.shape
    table = np.zeros((features, bins, classes))
    wins, pairs = np.zeros(classes), np.zeros(classes)
    right, seen = np.zeros(classes), np.zeros(classes)
    held = np.zeros((classes, SCORES, classes))
    sums = np.zeros(classes)
    middles = (np.arange(SCORES) + 0.5) * (2 * REACH / SCORES) - REACH
    for fold in range(folds):
        whole = True
        for feature in range(features):
            train = np.zeros((sizes[feature], classes))
            for other in range(folds):
                if other != fold:
                    train += counts[feature, other, : sizes[feature]]
            whole &= evidence_of(train, sizes[feature], table[feature, : sizes[feature]])
        if not whole:
            continue
        held[:] = 0.0
        for row in range(starts[fold], starts[fold + 1]):
            sums[:] = 0.0
            for feature in range(features):
                for label in range(classes):
                    sums[label] += table[feature, codes[feature, row], label]
            told[row] = sums[classes - 1]
            best = sums.max() - 1e-9
            tied = 0
            for label in range(classes):
                tied += sums[label] >= best
                at = int((sums[label] + REACH) * (SCORES / (2 * REACH)))
                held[label, min(max(at, 0), SCORES - 1), rows[row]] += 1
            seen[rows[row]] += 1
            if sums[rows[row]] >= best:
                right[rows[row]] += 1.0 / tied
        for label in range(classes):
            mine = held[label, :, label].copy()
            others = held[label].sum(axis=1) - mine
            won, of = area(middles, np.arange(SCORES), mine, others)
            wins[label] += won
            pairs[label] += of
    return mean_of(wins, pairs, 0.5), mean_of(right, seen, 1.0 / classes)
