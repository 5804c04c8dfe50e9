"""Faces into identities: average linkage under hard constraints, with a guard on chains.

Reciprocal nearest clusters are joined in rounds while their mean cosine reaches the
threshold; average linkage is reducible, so this gives the tree that joining the best pair one
at a time gives (Murtagh 1983), on the graph of similar pairs instead of an N x N matrix. A
cluster's mean cosine to another is the product of their summed embeddings, so no pair is
ever looked at twice.

Promises: what must not be joined is not joined; a face too poor to judge never joins on its
own evidence; no member is less similar to the mean of the others than the threshold; the
result does not depend on the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt

from curate.errors import InputError
from curate.identity.constraints import Atoms, atoms, frame_conflicts
from curate.identity.neighbours import similar_pairs

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

IDENTITY_NAMESPACE = UUID("0f1d3a57-94f0-5b3c-8f0e-2f5a3f1c6d11")
_CHUNK = 65_536


@dataclass(frozen=True)
class Clusters:
    """Which faces are one person, in the order of the rows given.

    Attributes:
        identity: Cluster of each face, numbered by smallest face_id; -1 for unassigned. Shape
            (N,), dtype int64.
        similarity: Cosine to the mean of its cluster's judgeable faces, NaN for unassigned and
            for clusters without a judgeable face. Shape (N,), dtype float32.
        recall: Share of similar pairs that the neighbour search found; 1.0 when it was exact.
    """

    identity: Ints
    similarity: Floats
    recall: float = 1.0


def cluster_faces(
    embeddings: Floats,
    face_ids: npt.ArrayLike,
    *,
    threshold: float,
    must_link: Ints | None = None,
    frame: Ints | None = None,
    subject: Ints | None = None,
    judgeable: Bools | None = None,
    neighbours: int = 64,
) -> Clusters:
    """Return the identities of N faces of one model.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        face_ids: Unique names, shape (N,); ties and numbers follow their order.
        threshold: Mean cosine at or above which two clusters are one person, from `calibrate`.
        must_link: Faces of one number are one person (one track; one declared subject, in
            media with one face and one subject); -1 for none. Shape (N,).
        frame: Number of the picture or video frame; two faces of one are two people; -1 for
            unknown. Shape (N,).
        subject: Declared subject; faces of different subjects are never joined, faces of one
            subject only if `must_link` says so; -1 for none. Shape (N,).
        judgeable: Whether a face is evidence. Shape (N,). One that is not is unassigned, unless
            a declaration joins it to others or names its subject.
        neighbours: Most similar faces considered for each face.

    Raises:
        InputError: Shapes differ, face_ids repeat, or declarations contradict each other.
    """
    ids = np.asarray(face_ids, dtype=np.str_)
    n = len(ids)
    columns = [_column(v, n) for v in (must_link, frame, subject)]
    good = np.ones(n, np.bool_) if judgeable is None else np.asarray(judgeable, np.bool_)
    if len(embeddings) != n or len(good) != n:
        raise InputError(f"{len(embeddings)} embeddings and {len(good)} flags for {n} faces")
    # Everything below sees one canonical order, whatever order the rows came in.
    order = np.argsort(ids, kind="stable")
    if n > 1 and (ids[order][1:] == ids[order][:-1]).any():
        raise InputError("a face_id occurs twice")
    rows = np.ascontiguousarray(np.asarray(embeddings, np.float32)[order])
    must, frames, subjects = (c[order] for c in columns)
    state = _State(rows, good[order], atoms(must, frames, subjects, ids[order]), frames)
    recall = state.link(threshold, neighbours)
    state.guard(threshold)
    identity, similarity = np.empty(n, np.int64), np.empty(n, np.float32)
    identity[order], similarity[order] = state.result()
    return Clusters(identity, similarity, recall)


def identity_ids(labels: Ints, face_ids: npt.ArrayLike) -> list[str | None]:
    """Return a stable id for each face's identity, None for unassigned faces.

    The id derives from the smallest face_id of the cluster, so adding faces to an identity
    leaves its id alone unless one of them sorts first.

    Args:
        labels: As in `Clusters.identity`, shape (N,).
        face_ids: Shape (N,).
    """
    ids = np.asarray(face_ids, dtype=np.str_)
    smallest: dict[int, str] = {}
    for label, name in zip(labels.tolist(), ids.tolist(), strict=True):
        smallest[label] = min(name, smallest.get(label, name))
    made = {label: str(uuid5(IDENTITY_NAMESPACE, name)) for label, name in smallest.items()}
    return [made[label] if label >= 0 else None for label in labels.tolist()]


def _column(values: Ints | None, n: int) -> Ints:
    if values is None:
        return np.full(n, -1, np.int64)
    column = np.asarray(values, np.int64)
    if column.shape != (n,):
        raise InputError(f"a column of shape {column.shape} for {n} faces")
    return column


class _State:
    """Clusters under construction: a cluster is named by its first atom."""

    def __init__(self, rows: Floats, good: Bools, made: Atoms, frame: Ints) -> None:
        self.rows, self.good, self.made, self.frame = rows, good, made, frame
        self.root = np.arange(made.count)
        self.subject = made.subject.copy()
        self.sums = np.zeros((made.count, rows.shape[1]), np.float32)
        np.add.at(self.sums, made.of_face[good], rows[good])
        self.size = np.bincount(made.of_face[good], minlength=made.count)
        self.atom_sums, self.atom_size = self.sums.copy(), self.size.copy()
        self.forbidden = frame_conflicts(made.of_face, frame)

    def link(self, threshold: float, neighbours: int) -> float:
        """Join reciprocal nearest clusters until none reach `threshold`; return the recall."""
        evidence = np.flatnonzero(self.good)
        found = similar_pairs(self.rows[evidence], floor=threshold, k=neighbours)
        of_face = self.made.of_face[evidence]
        pairs = self._unique(np.stack([of_face[found.left], of_face[found.right]], axis=1))
        pairs = self._allowed(pairs)
        scores = self._mean_cosine(pairs)
        while len(pairs):
            keep = scores >= threshold
            pairs, scores = pairs[keep], scores[keep]
            best = _reciprocal(pairs, scores, self.made.count)
            merged = self._join(pairs[best])
            stale = merged[pairs].any(axis=1)
            fresh = self._allowed(self._unique(self.root[pairs[stale]]))
            pairs = np.concatenate([pairs[~stale], fresh])
            scores = np.concatenate([scores[~stale], self._mean_cosine(fresh)])
            # Ties go to the pair that comes first: keep the order canonical.
            order = np.lexsort((pairs[:, 1], pairs[:, 0]))
            pairs, scores = pairs[order], scores[order]
        return found.recall

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
