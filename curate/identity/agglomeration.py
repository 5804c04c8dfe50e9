"""Average linkage on a sparse graph, in rounds, under hard constraints.

Each round joins all pairs of clusters that are each other's best: average linkage is
reducible, so this gives what joining the best pair one at a time gives (Murtagh 1983). A
small unconstrained cluster joins a much larger best one in the same round, though it is not the
larger one's best: otherwise a person with thousands of faces would take thousands of rounds.
The mean cosine of two clusters is the product of their summed embeddings over their sizes: no
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
# A cluster this many times larger hardly moves when the smaller one joins it.
_MUCH_LARGER = 8
# So many pairs of faces, each more alike than strangers get, show that two clusters are one.
_ENOUGH_PAIRS = 3


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
        self.atom_size = np.bincount(made.of_face[good], minlength=made.count)
        self.reset()

    def reset(self) -> None:
        """Take every cluster apart into its atoms."""
        self.root = np.arange(self.made.count)
        self.subject = self.made.subject.copy()
        self.sums = self._atom_sums().copy()
        self.squares = np.einsum("ij,ij->i", self.sums, self.sums)
        self.size = self.atom_size.copy()
        self.forbidden = frame_conflicts(self.made.of_face, self.frame)

    @property
    def evidence(self) -> Ints:
        """Return the rows of judgeable faces."""
        return np.flatnonzero(self.good)

    def pairs_of(self, left: Ints, right: Ints) -> Ints:
        """Return the pairs of atoms behind pairs of judgeable faces, shape (P, 2)."""
        return self._allowed(self._unique(self.edges_of(left, right)))

    def edges_of(self, left: Ints, right: Ints) -> Ints:
        """Return the atoms of each pair of judgeable faces, shape (E, 2)."""
        of_face = self.made.of_face[self.evidence]
        return np.stack([of_face[left], of_face[right]], axis=1)

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
            merged = self._join(self._targets(pairs, scores))
            stale = merged[pairs].any(axis=1)
            fresh = self._allowed(self._unique(self.root[pairs[stale]]))
            pairs = np.concatenate([pairs[~stale], fresh])
            scores = np.concatenate([scores[~stale], self._mean_cosine(fresh)])

    def bridge(self, edges: Ints, threshold: float) -> None:
        """Join clusters whose mean reaches `threshold` and that enough strong edges connect.

        One person seen in two ways (from the front and in profile, say) makes two clusters
        whose means stay apart while some faces between them are plainly alike.

        Args:
            edges: Pairs of atoms, one for each strong pair of faces, shape (E, 2).
            threshold: Least mean cosine.
        """
        base = np.int64(self.made.count)
        while True:
            ends = np.sort(self.root[edges], axis=1)
            ends = ends[ends[:, 0] != ends[:, 1]]
            keys, count = np.unique(ends[:, 0] * base + ends[:, 1], return_counts=True)
            keys = keys[count >= _ENOUGH_PAIRS]
            pairs = self._allowed(np.stack([keys // base, keys % base], axis=1))
            scores = self._mean_cosine(pairs)
            keep = scores >= threshold
            if not keep.any():
                return
            self._join(self._targets(pairs[keep], scores[keep]))

    def guard(self, threshold: float) -> None:
        """Release atoms less similar to the mean of their cluster's others than `threshold`."""
        atoms = self._atom_sums()
        while True:
            cosine = np.concatenate(
                [
                    self._to_others(atoms, slice(start, start + _CHUNK))
                    for start in range(0, len(atoms), _CHUNK)
                ]
                or [np.empty(0, np.float32)]
            )
            weak = cosine < threshold
            if not weak.any():
                return
            # Worst of each cluster first: what it leaves behind may hold together.
            order = np.lexsort((cosine, self.root))
            order = order[weak[order]]
            _, first = np.unique(self.root[order], return_index=True)
            self._release(order[first], atoms)

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

    def _atom_sums(self) -> Floats:
        """Return the summed embeddings of each atom's judgeable faces, shape (count, D)."""
        if self.made.count == len(self.rows) and self.good.all():
            return self.rows
        sums = np.zeros((self.made.count, self.rows.shape[1]), np.float32)
        np.add.at(sums, self.made.of_face[self.good], self.rows[self.good])
        return sums

    def _to_others(self, atoms: Floats, part: slice) -> Floats:
        """Return the cosine of atoms to the rest of their cluster, infinite where none is."""
        root = self.root[part]
        rest = self.sums[root] - atoms[part]
        length = np.linalg.norm(rest, axis=1) * np.linalg.norm(atoms[part], axis=1)
        cosine = np.einsum("ij,ij->i", rest, atoms[part]) / np.maximum(length, 1e-12)
        own = self.atom_size[part]
        alone = (self.size[root] == own) | (own == 0)
        return np.where(alone, np.inf, cosine).astype(np.float32)

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
        # One pair of the typical cohesion is mixed in, so small clusters cannot mislead.
        n = self.size.astype(np.float64)
        within = ((self.squares - n) / 2 + noise.cohesion) / (n * (n - 1) / 2 + 1)
        spread = np.sqrt(np.maximum(within - noise.background, 1e-3))
        span = noise.cohesion - noise.background
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

    def _targets(self, pairs: Ints, scores: npt.NDArray[np.float64]) -> Ints:
        """Return the cluster that each cluster goes into this round, most into themselves."""
        best = _best(pairs, scores, self.made.count)
        has = np.flatnonzero(best >= 0)
        partner = np.arange(self.made.count)
        partner[has] = best[has] // self.made.count + best[has] % self.made.count - has
        mutual = (best[partner] == best) & (best >= 0)
        into = np.arange(self.made.count)
        into[mutual] = np.minimum(into, partner)[mutual]
        free = self.subject < 0
        free[self.forbidden.ravel()] = False
        small = free & ~mutual & (self.size * _MUCH_LARGER <= self.size[partner])
        into[small] = partner[small]
        while (into[into] != into).any():
            into = into[into]
        return into

    def _join(self, into: Ints) -> Bools:
        """Put each cluster into another and return, for each cluster, whether it changed."""
        gone = np.flatnonzero(into != np.arange(len(into)))
        target = into[gone]
        np.add.at(self.sums, target, self.sums[gone])
        np.add.at(self.size, target, self.size[gone])
        np.maximum.at(self.subject, target, self.subject[gone])
        grown = np.unique(target)
        self.squares[grown] = (self.sums[grown] ** 2).sum(axis=1)
        self.root = into[self.root]
        if len(self.forbidden):
            self.forbidden = self._unique(into[self.forbidden])
        changed = np.zeros(self.made.count, np.bool_)
        changed[gone] = changed[grown] = True
        return changed

    def _release(self, released: Ints, atoms: Floats) -> None:
        self.root = self.root.copy()
        # A cluster is named by its first atom: should that one leave, the next gives the name.
        self.root[released] = -1
        for cluster in np.unique(released):
            left = np.flatnonzero(self.root == cluster)
            if len(left):
                self.root[left] = left[0]
        self.root[released] = released
        self.sums[...] = 0
        np.add.at(self.sums, self.root, atoms)
        self.size = np.bincount(self.root, self.atom_size, self.made.count).astype(np.int64)
        self.subject[...] = -1
        np.maximum.at(self.subject, self.root, self.made.subject)


def _best(pairs: Ints, scores: npt.NDArray[np.float64], count: int) -> Ints:
    """Return each cluster's best pair as ``left * count + right``, or -1, shape (count,).

    Ties go to the smallest such number. The best pair of all is the best of both its sides,
    so a round always joins something.
    """
    a, b = pairs.T
    top = np.full(count, -np.inf)
    np.maximum.at(top, a, scores)
    np.maximum.at(top, b, scores)
    keys = a * np.int64(count) + b
    first = np.full(count, np.iinfo(np.int64).max)
    for side in (a, b):
        is_top = scores == top[side]
        np.minimum.at(first, side[is_top], keys[is_top])
    return np.where(np.isfinite(top), first, -1)
