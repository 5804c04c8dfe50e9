"""Average linkage on a sparse graph, in rounds, under hard constraints.

Each round joins all pairs of clusters that are each other's best: average linkage is
reducible, so this gives what joining the best pair one at a time gives (Murtagh 1983). A
small unconstrained cluster joins a much larger best one in the same round, though it is not the
larger one's best: otherwise a person with thousands of faces would take thousands of rounds.
The mean cosine of two clusters is the product of their summed embeddings over their sizes: no
pair of faces is looked at twice, and nothing is N x N.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curate.identity import kernels
from curate.identity.constraints import NOBODY, Atoms, frame_conflicts, set_apart
from curate.identity.neighbours import EXACT_LIMIT, Pairs, dots, similar_pairs
from curate.identity.noise import Noise
from curate.identity.packing import distinct, ends, packed
from curate.identity.views import likeness_of_deviations

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]

_CHUNK = 65_536
# A cluster this many times larger hardly moves when the smaller one joins it.
_MUCH_LARGER = 8
# Correlation of deviations from which on people have views; noise in 512 dimensions has .06, faces
# of ORL have .33 to .35 with each of three models.
_VIEWS = 0.15
# So many pairs of faces, each more alike than strangers get, show that two clusters are one.
_ENOUGH_PAIRS = 3
# Among many pairs a few are alike by chance.
_ENOUGH_OF = 0.25


class Agglomeration:
    """Clusters under construction; a cluster is named by its first atom.

    Args:
        rows: Unit embeddings in the order of their face_ids, shape (N, D), dtype float32.
        good: Whether each face is evidence, shape (N,).
        made: What declarations join.
        frame: Picture of each face, -1 for unknown, shape (N,).
        apart: Rows of two faces that are two people, shape (P, 2); none when None.
    """

    def __init__(
        self, rows: Floats, good: Bools, made: Atoms, frame: Ints, apart: Ints | None = None
    ) -> None:
        self.rows, self.good, self.made, self.frame = rows, good, made, frame
        self.apart = set_apart(made.of_face, NOBODY if apart is None else apart)
        self.atom_size = np.bincount(made.of_face[good], minlength=made.count)
        self.reset()

    def reset(self) -> None:
        """Take every cluster apart into its atoms."""
        self.root = np.arange(self.made.count)
        self.subject = self.made.subject.copy()
        self.sums = self._atom_sums().copy()
        self.squares = dots(self.sums, self.root, self.root)
        self.size = self.atom_size.copy()
        conflicts = np.concatenate([frame_conflicts(self.made.of_face, self.frame), self.apart])
        self.forbidden = distinct(packed(conflicts[:, 0], conflicts[:, 1]))

    @property
    def evidence(self) -> Ints:
        """Return the rows of judgeable faces."""
        return np.flatnonzero(self.good)

    def pairs_of(self, found: Pairs) -> Ints:
        """Return the pairs of atoms behind pairs of judgeable faces."""
        return self._allowed(distinct(self.edges_of(found)))

    def edges_of(self, found: Pairs) -> Ints:
        """Return the atoms of each pair of judgeable faces, also where they are one."""
        of_face = self.made.of_face[self.evidence]
        return packed(of_face[found.left], of_face[found.right])

    def noise(self, threshold: float, strict: float | None) -> Noise:
        """Return the background and the typical cohesion that these clusters show."""
        names = np.unique(self.root)
        total = np.zeros(self.sums.shape[1])
        for start in range(0, len(names), _CHUNK):
            total += self.sums[names[start : start + _CHUNK]].sum(axis=0, dtype=np.float64)
        return Noise.seen(self.size[names], self.squares[names], total, threshold, strict)

    def link(self, pairs: Ints, threshold: float, noise: Noise | None = None) -> None:
        """Join reciprocal nearest clusters until no pair is acceptable.

        A pair that is refused once is not looked at again: under average linkage a mean below
        the threshold cannot rise above it unless another pair that links the two does.

        Args:
            pairs: Packed pairs of clusters to begin with, shape (P,).
            threshold: Least mean cosine.
            noise: What is asked of it beyond that.
        """
        scores = self._mean_cosine(pairs)
        while True:
            keep = scores >= threshold
            if noise is not None:
                a, b = ends(pairs)
                keep &= self._denoised(pairs, scores, noise) >= noise.needed_cosine(
                    self.size[a], self.size[b]
                )
            pairs, scores = pairs[keep], scores[keep]
            if len(pairs) == 0:
                return
            changed = self._join(self._targets(pairs, scores))
            a, b = ends(pairs)
            stale = changed[a] | changed[b]
            fresh = self._allowed(distinct(packed(self.root[a[stale]], self.root[b[stale]])))
            pairs = np.concatenate([pairs[~stale], fresh])
            scores = np.concatenate([scores[~stale], self._mean_cosine(fresh)])

    def meet(self, threshold: float, noise: Noise, neighbours: int) -> Ints:
        """Compare all clusters by their means, and join as `link` does.

        A face that is like no other face in particular may still be like a whole cluster, whose
        mean has little noise; and faces that a search by chunks never compared meet here.
        Returns the packed pairs of clusters that were looked at.
        """
        names = np.unique(self.root)
        names = names[self.size[names] > 0]
        gain = noise.gain(self.size[names], self.squares[names])
        rows = np.empty((len(names), self.sums.shape[1] + 1), np.float32)
        scale = (gain / self.size[names]).astype(np.float32)
        for start in range(0, len(names), _CHUNK):
            part = slice(start, start + _CHUNK)
            rows[part, :-1] = self.sums[names[part]] * scale[part, None]
        # Products of these are the excess over the background, background included.
        rows[:, -1] = np.sqrt(max(noise.background, 0.0)) * gain
        floor = noise.least() - max(noise.background, 0.0)
        found = similar_pairs(
            rows, floor=floor, k=neighbours, exact_limit=2 * EXACT_LIMIT, excess=True
        )
        del rows
        pairs = distinct(packed(names[found.left], names[found.right]))
        self.link(self._allowed(pairs), threshold, noise)
        return pairs

    def loosen(self, tie: float, neighbours: int) -> None:
        """Join whole clusters, by average linkage, down to a mean cosine."""
        names = np.unique(self.root)
        names = names[self.size[names] > 0]
        self.squares[names] = dots(self.sums, names, names)
        rows = np.empty((len(names), self.sums.shape[1]), np.float32)
        for start in range(0, len(names), _CHUNK):
            part = slice(start, start + _CHUNK)
            length = np.sqrt(np.maximum(self.squares[names[part]], 1e-12))
            rows[part] = self.sums[names[part]] / length[:, None]
        # The cosine of two means is no less than the mean cosine.
        found = similar_pairs(rows, floor=tie, k=neighbours, exact_limit=2 * EXACT_LIMIT)
        del rows
        pairs = distinct(packed(names[found.left], names[found.right]))
        self.link(self._allowed(pairs), tie)

    def bridge(self, edges: Ints, threshold: float) -> None:
        """Join clusters whose mean reaches `threshold` and that enough strong edges connect.

        One person seen in two ways (from the front and in profile, say) makes two clusters
        whose means stay apart while some faces between them are plainly alike. Twins look the
        same; so nothing is joined where clusters show that people here have no views.

        Args:
            edges: Packed pairs of atoms, one for each strong pair of faces, shape (E,).
            threshold: Least mean cosine.
        """
        if likeness_of_deviations(*self._seen()) < _VIEWS:
            return
        a, b = ends(edges)
        while True:
            a, b = self.root[a], self.root[b]
            apart = a != b
            a, b = a[apart], b[apart]
            keys, count = np.unique(packed(a, b), return_counts=True)
            one, other = ends(keys)
            enough = np.maximum(_ENOUGH_PAIRS, _ENOUGH_OF * self.size[one] * self.size[other])
            # One face that is like a stranger is like several of the stranger's faces.
            several = (self.size[one] > 1) & (self.size[other] > 1)
            pairs = self._allowed(keys[several & (count >= enough)])
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
            products = np.einsum("ij,ij->i", self.rows[part], self.sums[root[part]])
            similarity[part] = products / np.maximum(length[root[part]], 1e-12)
        return labels, similarity

    def _seen(self) -> tuple[Floats, Ints]:
        """Return judgeable faces and their clusters."""
        root = self.root[self.made.of_face]
        return (self.rows, root) if self.good.all() else (self.rows[self.good], root[self.good])

    def _atom_sums(self) -> Floats:
        """Return the summed embeddings of each atom's judgeable faces, shape (count, D)."""
        if self.made.count == len(self.rows) and self.good.all():
            return self.rows
        sums = np.zeros((self.made.count, self.rows.shape[1]), np.float32)
        kernels.add_rows(sums, self.made.of_face[self.good], self.rows, self.evidence)
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

    def _mean_cosine(self, pairs: Ints) -> Doubles:
        a, b = ends(pairs)
        return dots(self.sums, a, b) / (self.size[a] * self.size[b])

    def _denoised(self, pairs: Ints, scores: Doubles, noise: Noise) -> Doubles:
        """Return the cosine that each pair would have if both were of typical cohesion."""
        a, b = ends(pairs)
        gain = noise.gain(self.size, self.squares)
        return noise.background + (scores - noise.background) * gain[a] * gain[b]

    def _allowed(self, pairs: Ints) -> Ints:
        a, b = ends(pairs)
        one, other = self.subject[a], self.subject[b]
        pairs = pairs[(one < 0) | (other < 0) | (one == other)]
        return pairs[~np.isin(pairs, self.forbidden)] if len(self.forbidden) else pairs

    def _targets(self, pairs: Ints, scores: Doubles) -> Ints:
        """Return the cluster that each cluster goes into this round, most into themselves."""
        best = kernels.best_pairs(pairs, scores, self.made.count)
        has = np.flatnonzero(best >= 0)
        partner = np.arange(self.made.count)
        a, b = ends(best[has])
        partner[has] = a + b - has
        mutual = (best[partner] == best) & (best >= 0)
        into = np.arange(self.made.count)
        into[mutual] = np.minimum(into, partner)[mutual]
        free = self.subject < 0
        for end in ends(self.forbidden):
            free[end] = False
        small = free & ~mutual & (self.size * _MUCH_LARGER <= self.size[partner])
        into[small] = partner[small]
        while (into[into] != into).any():
            into = into[into]
        return into

    def _join(self, into: Ints) -> Bools:
        """Put each cluster into another and return, for each cluster, whether it changed."""
        gone = np.flatnonzero(into != np.arange(len(into)))
        target = into[gone]
        kernels.add_rows(self.sums, target, self.sums, gone)
        np.add.at(self.size, target, self.size[gone])
        np.maximum.at(self.subject, target, self.subject[gone])
        grown = np.unique(target)
        self.squares[grown] = dots(self.sums, grown, grown)
        self.root = into[self.root]
        if len(self.forbidden):
            a, b = ends(self.forbidden)
            self.forbidden = distinct(packed(into[a], into[b]))
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
        kernels.add_rows(self.sums, self.root, atoms, np.arange(len(atoms)))
        self.size = np.bincount(self.root, self.atom_size, self.made.count).astype(np.int64)
        self.subject[...] = -1
        np.maximum.at(self.subject, self.root, self.made.subject)
