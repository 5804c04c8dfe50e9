"""The threshold of a dataset and a model, from the dataset's own evidence.

Non-mated pairs are faces of different declared subjects and faces of one frame. The threshold
is the least cosine at which no more than the chosen share of them would be taken for one
person. Pairs far beyond what the others tell, such as one person declared under two names, do
not count for it. Pairs that share a subject are not independent, so the interval counts pairs of
subjects rather than pairs of faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from curate.errors import InputError

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_BINS = 20_000
_BLOCK = 1024
MOST_FACES = 20_000
# False pairs of faces that may be expected in all, however many faces there are. Chosen on the
# sets of `bench identity` and on draws that `bench identity-synthetic` does not score.
_FALSE_PAIRS = 7
_LEAST_HITS = 2
# How many strangers of a dataset may be expected to be taken for one person under two names; what
# share of one person's pairs may be missed for that, and of how many pairs that can be told; and
# what share of faces may have such a stranger at most.
_ACCIDENTS, _MISSED, _LEAST_MATED, _ACCUSED, _STRANGERS_TIED = 0.1, 0.05, 20, 0.01, 3


@dataclass(frozen=True)
class Calibration:
    """A threshold and what it rests on.

    Attributes:
        threshold: Cosine at or above which two faces are taken for one person.
        strict: Cosine that strangers reach so rarely that seven pairs among all faces do, as far
            as the evidence tells, and no more often than a tenth of the chosen rate, for
            `cluster_faces`: this dataset's, or the model's, or None.
        doubt: Cosine that no two strangers of this dataset should reach: where faces of two
            declared subjects do, somebody may have two names.
        tie: Mean cosine down to which clusters are held together in splits, at most `threshold`:
            few pairs of one person's faces are below, unless too many strangers would be above.
        fmr: False match rate of this dataset's non-mated pairs at that threshold; NaN without
            any.
        interval: Clopper-Pearson interval of that rate.
        pairs: How many non-mated pairs of faces were seen.
        independent_pairs: How many pairs of subjects (or of faces of one frame) they stand for.
        fnmr: Share of the mated pairs below the threshold; NaN without any.
        basis: `dataset`, or `default` when there was too little evidence.
        note: The same in one sentence.
    """

    threshold: float
    strict: float | None
    doubt: float
    tie: float
    fmr: float
    interval: tuple[float, float]
    pairs: int
    independent_pairs: int
    fnmr: float
    basis: Literal["dataset", "default"]
    note: str


@dataclass
class _Evidence:
    """Histograms of cosines, and the number of pairs that count as independent."""

    non_mated: Ints
    mated: Ints
    independent: int


def calibrate(
    embeddings: Floats,
    *,
    subject: Ints,
    default_threshold: float,
    frame: Ints | None = None,
    judgeable: Bools | None = None,
    target_fmr: float = 1e-3,
    confidence: float = 0.95,
    default_strict: float | None = None,
    default_basis: str = "the model's default",
) -> Calibration:
    """Return the threshold for one dataset and model.

    There is enough evidence when zero false matches among that many independent pairs would
    have been unlikely at the target rate (the rule of three: 3 / `target_fmr` pairs).
    Of more than 20,000 usable faces, an evenly spaced subset is compared.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        subject: Declared subject of each face, -1 for none, shape (N,).
        default_threshold: What to fall back to, from `ModelInfo.default_threshold`.
        frame: Picture of each face, -1 for unknown, shape (N,).
        judgeable: Whether a face is evidence, shape (N,).
        target_fmr: Share of non-mated pairs that may be taken for one person.
        confidence: Confidence of the interval.
        default_strict: The same for `Calibration.strict`.
        default_basis: Where the default comes from, for the note.

    Raises:
        InputError: Shapes differ, or a rate is not between 0 and 1.
    """
    n = len(embeddings)
    frames = np.full(n, -1, np.int64) if frame is None else frame
    good = np.ones(n, np.bool_) if judgeable is None else judgeable
    if not len(subject) == len(frames) == len(good) == n:
        raise InputError(f"columns do not all have {n} rows")
    if not (0 < target_fmr < 1 and 0 < confidence < 1):
        raise InputError("target_fmr and confidence lie between 0 and 1")
    usable = np.flatnonzero(good & ((subject >= 0) | (frames >= 0)))
    step = -(-len(usable) // MOST_FACES) or 1
    usable = usable[::step]
    evidence = _collect(embeddings[usable], subject[usable], frames[usable])
    pairs = int(evidence.non_mated.sum())
    needed = int(np.ceil(3 / target_fmr))
    if evidence.independent >= needed:
        strangers = _honest(evidence.non_mated)
        threshold = _threshold(strangers, target_fmr)
        strict: float | None = _strict(evidence.non_mated, strangers, target_fmr, n)
        tail = _tail(strangers, target_fmr)
        doubt = _doubt(tail, evidence.mated, n)
        basis: Literal["dataset", "default"] = "dataset"
    else:
        threshold, strict, basis = default_threshold, default_strict, "default"
        above = threshold if strict is None else max(threshold, strict)
        tail = _Tail.through(threshold, target_fmr, above, target_fmr / 10)
        doubt = _never_reached(tail, n)
    tie = _tie(tail, evidence.mated, n, threshold)
    fmr = _share_at_or_above(evidence.non_mated, threshold)
    interval = interval_of(fmr, evidence.independent, confidence)
    if basis == "dataset":
        note = (
            f"false match rate {fmr:.2g} ({interval[0]:.2g} to {interval[1]:.2g}) over {pairs:,} "
            f"non-mated pairs of faces, {evidence.independent:,} of them independent"
        )
    else:
        note = (
            f"too little evidence: {evidence.independent:,} independent non-mated pairs of "
            f"{needed:,} needed for a false match rate of {target_fmr:g}; "
            f"threshold {threshold:g} is {default_basis}"
        )
    below = 1 - _share_at_or_above(evidence.mated, threshold)
    return Calibration(
        threshold,
        strict,
        doubt,
        tie,
        fmr,
        interval,
        pairs,
        evidence.independent,
        below,
        basis,
        note,
    )  # fmt: skip


def _collect(rows: Floats, subject: Ints, frame: Ints) -> _Evidence:
    mated, non_mated = np.zeros(_BINS + 1, np.int64), np.zeros(_BINS + 1, np.int64)
    undeclared = 0
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        cosines = rows[block] @ rows[start:].T
        bins = ((cosines.clip(-1, 1) + 1) * (_BINS / 2)).astype(np.int64)
        s, f = subject[block, None], frame[block, None]
        known = (s >= 0) & (subject[start:] >= 0)
        same = known & (s == subject[start:])
        together = (f >= 0) & (f == frame[start:])
        # Each pair once: only columns beyond the row's own.
        after = np.arange(cosines.shape[1]) > np.arange(len(cosines))[:, None]
        different = ((known & ~same) | together) & after
        mated += np.bincount(bins[same & after & ~together], minlength=_BINS + 1)
        non_mated += np.bincount(bins[different], minlength=_BINS + 1)
        undeclared += int((different & ~known).sum())
    subjects = len(np.unique(subject[subject >= 0]))
    return _Evidence(non_mated, mated, subjects * (subjects - 1) // 2 + undeclared)


def _threshold(histogram: Ints, target: float) -> float:
    """Return the lower edge of the lowest bin from which on at most `target` of all lie."""
    above = np.cumsum(histogram[::-1])[::-1]
    allowed = np.flatnonzero(above <= target * histogram.sum())
    place = int(allowed[0]) if len(allowed) else _BINS
    return float(place / (_BINS / 2) - 1)


def _strict(histogram: Ints, honest: Ints, target: float, faces: int) -> float:
    """Return the threshold that is safe among so many faces.

    The tail is taken as it was seen, but no further out than it would reach if it fell from
    ten times the target rate to the target and then on at the same pace (exponentially):
    a few wrong declarations and twins lie beyond, and must not set it.
    """
    pairs = int(histogram.sum())
    safe = _FALSE_PAIRS / max(faces * (faces - 1) / 2, 1)
    rate = max(min(target / 10, safe), _LEAST_HITS / pairs)
    near, at = _threshold(honest, min(10 * target, 0.5)), _threshold(honest, target)
    decades = max(np.log10(target / rate), 0.0)
    return float(max(at, min(_threshold(histogram, rate), at + (at - near) * decades)))


@dataclass(frozen=True)
class _Tail:
    """How near strangers come to each other, nearer than was seen: as a normal tail does.

    Distances are those of unit vectors, sqrt(2 - 2 cosine), or their logarithms. They know an end
    as cosines do not: where even strangers' cosines are near 1, theirs would reach beyond it.

    Attributes:
        at: A cosine that a share of them reaches.
        place: Where that share lies, in standard deviations from the middle.
        scale: Distance, or logarithm of it, for each standard deviation.
        logarithms: Whether it is these.
    """

    at: float
    place: float
    scale: float
    logarithms: bool

    @classmethod
    def through(
        cls, near: float, near_rate: float, at: float, rate: float, *, logarithms: bool = False
    ) -> _Tail:
        """Return the tail through two cosines and the shares that reach them."""
        one, other = (np.sqrt(2 - 2 * min(c, 1 - 1e-6)) for c in (near, at))
        away = np.log(one / other) if logarithms else one - other
        scale = float(away / (_deviations(rate) - _deviations(near_rate)))
        return cls(at, _deviations(rate), scale, logarithms)

    def reached_by(self, rate: float) -> float:
        """Return the cosine that a share reaches."""
        away = (_deviations(rate) - self.place) * self.scale
        distance = np.sqrt(2 - 2 * min(self.at, 1.0))
        distance = distance * np.exp(-away) if self.logarithms else max(distance - away, 0.0)
        return float(1 - distance**2 / 2)


def _deviations(rate: float) -> float:
    """Return how many standard deviations from the middle a share begins."""
    from scipy.special import ndtri

    return -float(ndtri(rate))


def _never_reached(tail: _Tail, faces: int) -> float:
    """Return a cosine that strangers among so many faces reach in one dataset of ten."""
    return max(tail.at, tail.reached_by(_ACCIDENTS / max(faces * (faces - 1) / 2, 1)))


def _doubt(tail: _Tail, mated: Ints, faces: int) -> float:
    """Return the cosine at which two declared subjects may be one person.

    Where it would miss many pairs of one person's faces, it is lower, as long as no more than
    one face in a hundred has such a stranger.
    """
    doubt = _never_reached(tail, faces)
    missed = np.cumsum(mated)
    if missed[-1] < _LEAST_MATED:
        return doubt
    usual = float(np.searchsorted(missed, _MISSED * missed[-1]) / (_BINS / 2) - 1)
    return max(tail.at, min(doubt, max(usual, tail.reached_by(_ACCUSED / faces))))


def _tie(tail: _Tail, mated: Ints, faces: int, threshold: float) -> float:
    """Return the cosine down to which faces are held together in splits."""
    least = tail.reached_by(min(_STRANGERS_TIED / max(faces, 1), 0.1))
    missed = np.cumsum(mated)
    if missed[-1] < _LEAST_MATED:
        return min(threshold, least)
    usual = float(np.searchsorted(missed, _MISSED * missed[-1]) / (_BINS / 2) - 1)
    return min(threshold, max(usual, least))


def _honest(histogram: Ints) -> Ints:
    """Return strangers' cosines without those that lie far beyond what the many tell.

    People under two names are among the strangers, and would have their own likeness taken for
    that of strangers. One stranger pair in ten and one in a hundred tell how far the rest reach.
    """
    kept = histogram
    while pairs := int(kept.sum()):
        ten, hundred = _threshold(kept, 0.1), _threshold(kept, 0.01)
        tail = _Tail.through(ten, 0.1, hundred, 0.01, logarithms=True)
        beyond = int(np.ceil((tail.reached_by(_ACCIDENTS / 10 / pairs) + 1) * (_BINS / 2)))
        if not kept[beyond:].any():
            break
        kept = kept.copy()
        kept[beyond:] = 0
    return kept


def _tail(histogram: Ints, target: float) -> _Tail:
    near = min(10 * target, 0.5)
    return _Tail.through(_threshold(histogram, near), near, _threshold(histogram, target), target)


def _share_at_or_above(histogram: Ints, threshold: float) -> float:
    total = histogram.sum()
    if total == 0:
        return float("nan")
    place = int(np.ceil(round((threshold + 1) * (_BINS / 2), 6)))
    return float(histogram[place:].sum() / total)


def interval_of(rate: float, n: int, confidence: float) -> tuple[float, float]:
    """Return the exact interval of a rate seen among `n` trials (Clopper and Pearson 1934).

    `rate` times `n` need not be whole: the interval is the beta form's.
    """
    from scipy.special import betaincinv

    if n == 0 or np.isnan(rate):
        return 0.0, 1.0
    hits, tail = rate * n, (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits >= n else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high
