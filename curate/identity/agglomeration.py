"""Average linkage on a sparse graph, in rounds, under hard constraints.

Each round joins all pairs of clusters that are each other's best: average linkage is
reducible, so this gives what joining the best pair one at a time gives (Murtagh 1983). The
mean cosine of two clusters is the product of their summed embeddings over their sizes: no
pair of faces is looked at twice, and nothing is N x N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.identity.constraints import Atoms, frame_conflicts

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_CHUNK = 65_536


@dataclass(frozen=True)
class Noise:
    """What the embeddings of one dataset look like, and what is asked of a pair of clusters.

    Attributes:
        background: Mean cosine of faces of different people.
        cohesion: Typical mean cosine of two faces of one person.
        strict: What a pair must reach once both sides are brought to typical cohesion.
    """

    background: float
    cohesion: float
    strict: float


class Agglomeration:
    """Clusters under construction; a cluster is named by its first atom.

    Args:
        rows: Unit embeddings in the order of their face_ids, shape (N, D), dtype float32.
        good: Whether each face is evidence, shape (N,).
        made: What declarations join.
        frame: Picture of each face, -1 for unknown, shape (N,).
    """

    def __init__(self, rows: Floats, good: Bools, made: Atoms, frame: Ints) -> None:
        self.rows, self.good, self.made, self.frame = rows, good, made, frame
        self.root = np.arange(made.count)
        self.subject = made.subject.copy()
        self.sums = np.zeros((made.count, rows.shape[1]), np.float32)
        np.add.at(self.sums, made.of_face[good], rows[good])
        self.size = np.bincount(made.of_face[good], minlength=made.count)
        self.atom_sums, self.atom_size = self.sums.copy(), self.size.copy()
        self.forbidden = frame_conflicts(made.of_face, frame)

    def copy(self) -> Agglomeration:
        """Return clusters that change apart from these."""
        return Agglomeration(self.rows, self.good, self.made, self.frame)

    @property
    def evidence(self) -> Ints:
        """Return the rows of judgeable faces."""
        return np.flatnonzero(self.good)

    def pairs_of(self, left: Ints, right: Ints) -> Ints:
        """Return the pairs of atoms behind pairs of judgeable faces, shape (P, 2)."""
        of_face = self.made.of_face[self.evidence]
        return self._allowed(self._unique(np.stack([of_face[left], of_face[right]], axis=1)))

    def noise(self, threshold: float, strict: float | None) -> Noise:
        """Return the background and the typical cohesion that these clusters show."""
        names = np.unique(self.root)
        sums = self.sums[names].astype(np.float64)
        n = self.size[names].astype(np.float64)
        squares = (sums**2).sum(axis=1)
        between = n.sum() ** 2 - (n**2).sum()
        total = sums.sum(axis=0)
        # With one cluster there are no strangers to see: -1 makes the test always pass.
        background = float((total @ total - squares.sum()) / between) if between else -1.0
        many = n > 1
        within = (squares[many] - n[many]) / (n[many] * (n[many] - 1))
        cohesion = float(np.median(within)) if many.any() else threshold
        if strict is None:
            strict = threshold + (threshold - background) / 10 if between else threshold
        return Noise(background, max(cohesion, background + 1e-3), strict)

    def link(self, pairs: Ints, threshold: float, noise: Noise | None = None) -> None:
        """Join reciprocal nearest clusters until no pair is acceptable.

        A pair that is refused once is not looked at again: under average linkage a mean below
        the threshold cannot rise above it unless another pair that links the two does.
        """
        scores = self._mean_cosine(pairs)
        while True:
            keep = scores >= threshold
            pairs, scores = pairs[keep], scores[keep]
            if noise is not None:
                clear = self._denoised(pairs, scores, noise) >= noise.strict
                pairs, scores = pairs[clear], scores[clear]
            if len(pairs) == 0:
                return
            best = _reciprocal(pairs, scores, self.made.count)
            merged = self._join(pairs[best])
            stale = merged[pairs].any(axis=1)
            fresh = self._allowed(self._unique(self.root[pairs[stale]]))
            pairs = np.concatenate([pairs[~stale], fresh])
            scores = np.concatenate([scores[~stale], self._mean_cosine(fresh)])
            # Ties go to the pair that comes first: keep the order canonical.
            order = np.lexsort((pairs[:, 1], pairs[:, 0]))
            pairs, scores = pairs[order], scores[order]

    def guard(self, threshold: float) -> None:
        """Release atoms less similar to the mean of their cluster's others than `threshold`."""
        while True:
            rest = self.sums[self.root] - self.atom_sums
            others = self.size[self.root] - self.atom_size
            length = np.linalg.norm(rest, axis=1) * np.linalg.norm(self.atom_sums, axis=1)
            cosine = np.einsum("ij,ij->i", rest, self.atom_sums) / np.maximum(length, 1e-12)
            weak = (others > 0) & (self.atom_size > 0) & (cosine < threshold)
            if not weak.any():
                return
            # Worst of each cluster first: what it leaves behind may hold together.
            order = np.lexsort((cosine, self.root))
            order = order[weak[order]]
            _, first = np.unique(self.root[order], return_index=True)
            self._release(order[first])

    def result(self) -> tuple[Ints, Floats]:
        """Return label and similarity of each face, in canonical order."""
        root = self.root[self.made.of_face]
        members = np.bincount(root, minlength=self.made.count)
        declared = (members[root] > 1) | (self.subject[root] >= 0)
        assigned = self.good | declared
        # Faces come in the order of their ids, so the first face of a cluster is its smallest.
        names, first = np.unique(root[assigned], return_index=True)
        rank = np.full(self.made.count, -1, np.int64)
        rank[names[np.argsort(first, kind="stable")]] = np.arange(len(names))
        labels = np.where(assigned, rank[root], -1)
        length = np.linalg.norm(self.sums, axis=1)
        similarity = np.full(len(root), np.nan, np.float32)
        known = assigned & (self.size[root] > 0)
        for start in range(0, len(root), _CHUNK):
            part = np.flatnonzero(known[start : start + _CHUNK]) + start
            dots = np.einsum("ij,ij->i", self.rows[part], self.sums[root[part]])
            similarity[part] = dots / np.maximum(length[root[part]], 1e-12)
        return labels, similarity

    def _mean_cosine(self, pairs: Ints) -> npt.NDArray[np.float64]:
        scores = np.empty(len(pairs))
        for start in range(0, len(pairs), _CHUNK):
            a, b = pairs[start : start + _CHUNK].T
            dots = np.einsum("ij,ij->i", self.sums[a], self.sums[b])
            scores[start : start + _CHUNK] = dots / (self.size[a] * self.size[b])
        return scores

    def _denoised(
        self, pairs: Ints, scores: npt.NDArray[np.float64], noise: Noise
    ) -> npt.NDArray[np.float64]:
        """Return the cosine that each pair would have if both were of typical cohesion.

        Correction for attenuation (Spearman 1904): a tight cluster is a clear picture of its
        person, so a stranger must be far from it; a loose one is a blurred picture.
        """
        span = noise.cohesion - noise.background
        spread = np.empty(self.made.count)
        for start in range(0, len(spread), _CHUNK):
            part = slice(start, start + _CHUNK)
            n = self.size[part].astype(np.float64)
            doubled = np.einsum("ij,ij->i", self.sums[part], self.sums[part]) - n
            # One pair of the typical cohesion is mixed in, so small clusters cannot mislead.
            within = (doubled / 2 + noise.cohesion) / (n * (n - 1) / 2 + 1)
            spread[part] = np.sqrt(np.maximum(within - noise.background, 1e-3))
        a, b = pairs.T
        return noise.background + (scores - noise.background) * span / (spread[a] * spread[b])

    def _allowed(self, pairs: Ints) -> Ints:
        a, b = self.subject[pairs].T
        pairs = pairs[(a < 0) | (b < 0) | (a == b)]
        if len(self.forbidden) == 0:
            return pairs
        base = np.int64(self.made.count)
        forbidden = self.forbidden[:, 0] * base + self.forbidden[:, 1]
        return pairs[~np.isin(pairs[:, 0] * base + pairs[:, 1], forbidden)]

    def _unique(self, pairs: Ints) -> Ints:
        base = np.int64(self.made.count)
        low, high = pairs.min(axis=1), pairs.max(axis=1)
        keys = np.unique((low * base + high)[low != high])
        return np.stack([keys // base, keys % base], axis=1)

    def _join(self, pairs: Ints) -> Bools:
        """Join each pair of clusters and return, for each cluster, whether it changed."""
        a, b = pairs.T
        self.sums[a] += self.sums[b]
        self.size[a] += self.size[b]
        self.subject[a] = np.maximum(self.subject[a], self.subject[b])
        moved = np.arange(self.made.count)
        moved[b] = a
        self.root = moved[self.root]
        if len(self.forbidden):
            self.forbidden = self._unique(moved[self.forbidden])
        changed = np.zeros(self.made.count, np.bool_)
        changed[pairs.ravel()] = True
        return changed

    def _release(self, released: Ints) -> None:
        self.root = self.root.copy()
        # A cluster is named by its first atom: should that one leave, the next gives the name.
        self.root[released] = -1
        for cluster in np.unique(released):
            left = np.flatnonzero(self.root == cluster)
            if len(left):
                self.root[left] = left[0]
        self.root[released] = released
        self.sums[...] = 0
        np.add.at(self.sums, self.root, self.atom_sums)
        self.size = np.bincount(self.root, self.atom_size, self.made.count).astype(np.int64)
        self.subject[...] = -1
        np.maximum.at(self.subject, self.root, self.made.subject)


def _reciprocal(pairs: Ints, scores: npt.NDArray[np.float64], count: int) -> Bools:
    """Return which pairs are each other's best, ties to the earlier pair, shape (P,).

    The best pair of all is among them, so a round always joins something.
    """
    a, b = pairs.T
    top = np.full(count, -np.inf)
    np.maximum.at(top, a, scores)
    np.maximum.at(top, b, scores)
    place = np.arange(len(pairs))
    first = np.full(count, len(pairs))
    for side in (a, b):
        is_top = scores == top[side]
        np.minimum.at(first, side[is_top], place[is_top])
    return (first[a] == place) & (first[b] == place)
