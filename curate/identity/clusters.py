"""Faces into identities: average linkage under hard constraints, with a guard on chains.

Two clusters are joined when their mean cosine reaches the threshold, and when it still
reaches a stricter one after correction for how tight each cluster is: two tight clusters at
some distance are two people, two loose ones at that distance may be one. Clusters refused by
the second test are joined after all when several of their faces are plainly alike, in data
whose people are seen from several sides.

Up to 32,768 faces are all compared. Of more, those of one chunk are, and then all clusters by
their means: a person's faces in two chunks meet there. A sample measures what that misses.

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
from curate.identity.agglomeration import Agglomeration
from curate.identity.constraints import atoms
from curate.identity.neighbours import pairs_in_chunks, recall_of
from curate.identity.packing import packed

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Faces are compared within chunks, then the clusters of all chunks by their means: where people
# have many faces, that is far less work than comparing all faces, and no less accurate.
_CHUNK = 16_384

IDENTITY_NAMESPACE = UUID("0f1d3a57-94f0-5b3c-8f0e-2f5a3f1c6d11")


@dataclass(frozen=True)
class Clusters:
    """Which faces are one person, in the order of the rows given.

    Attributes:
        identity: Cluster of each face, numbered by smallest face_id; -1 for unassigned. Shape
            (N,), dtype int64.
        similarity: Cosine to the mean of its cluster's judgeable faces, NaN for unassigned and
            for clusters without a judgeable face. Shape (N,), dtype float32.
        looser: Cluster of each face when clusters are joined down to a looser tie, -1 for
            unassigned; as `identity` where no tie was asked for. Shape (N,), dtype int64.
        recall: Share of similar pairs that the neighbour search found; 1.0 when it was exact.
    """

    identity: Ints
    similarity: Floats
    looser: Ints
    recall: float = 1.0


def cluster_faces(
    embeddings: Floats,
    face_ids: npt.ArrayLike,
    *,
    threshold: float,
    strict: float | None = None,
    tie: float | None = None,
    must_link: Ints | None = None,
    frame: Ints | None = None,
    subject: Ints | None = None,
    judgeable: Bools | None = None,
    apart: Ints | None = None,
    neighbours: int = 64,
) -> Clusters:
    """Return the identities of N faces of one model.

    Args:
        embeddings: Unit rows, shape (N, D), dtype float32.
        face_ids: Unique names, shape (N,); ties and numbers follow their order.
        threshold: Mean cosine at or above which two clusters may be one person, from
            `calibrate`.
        strict: What the cosine freed of noise, or three single pairs, must reach as well, from
            `calibrate`; None for a tenth of the way from the background to `threshold` beyond.
        tie: Mean cosine down to which whole clusters are joined for `Clusters.looser`; None for
            no looser clusters.
        must_link: Faces of one number are one person (one track; one declared subject, in
            media with one face and one subject); -1 for none. Shape (N,).
        frame: Number of the picture or video frame; two faces of one are two people; -1 for
            unknown. Shape (N,).
        subject: Declared subject; faces of different subjects are never joined, faces of one
            subject only if `must_link` says so; -1 for none. Shape (N,).
        judgeable: Whether a face is evidence. Shape (N,). One that is not is unassigned, unless
            a declaration joins it to others or names its subject.
        apart: Rows of two faces that are two people, whatever their likeness, shape (P, 2). One
            that a declaration joins is not heard.
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
    in_order = bool((order == np.arange(n)).all())
    rows = np.asarray(embeddings, np.float32)
    # No copy where none is needed: at a million faces one is 2 GiB.
    rows = np.ascontiguousarray(rows if in_order else rows[order])
    must, frames, subjects = (c[order] for c in columns)
    row = np.empty(n, np.int64)
    row[order] = np.arange(n)
    two = None if apart is None else row[apart]
    made = atoms(must, frames, subjects, ids[order])
    state = Agglomeration(rows, good[order], made, frames, two)
    evidence = rows if len(state.evidence) == n else rows[state.evidence]
    # Two halves are left whole rather than a chunk and a rest.
    many = len(evidence) > 2 * _CHUNK
    found = pairs_in_chunks(
        evidence, floor=threshold, k=neighbours, chunk=_CHUNK if many else len(evidence)
    )
    pairs = state.pairs_of(found)
    # A first, plain pass shows what strangers and members of one cluster look like here.
    state.link(pairs, threshold)
    noise = state.noise(threshold, strict)
    state.reset()
    state.link(pairs, threshold, noise)
    before = state.root[state.made.of_face[state.evidence]]
    met = state.meet(threshold, noise, neighbours)
    recall = _recall(evidence, before, met, noise.strict, neighbours) if many else 1.0
    del evidence
    plain = state.edges_of(found)[found.cosine >= noise.strict]
    state.bridge(plain, threshold)
    state.guard(threshold)
    identity, similarity = np.empty(n, np.int64), np.empty(n, np.float32)
    identity[order], similarity[order] = state.result()
    looser = identity
    if tie is not None:
        state.loosen(tie, neighbours)
        looser = np.empty(n, np.int64)
        looser[order], _ = state.result()
    return Clusters(identity, similarity, looser, recall)


def _recall(rows: Floats, cluster: Ints, met: Ints, floor: float, k: int) -> float:
    """Return the share of similar pairs that were joined at first, or whose clusters then met."""

    def seen(i: Ints, j: Ints) -> Bools:
        one, other = cluster[i], cluster[j]
        return (one == other) | np.isin(packed(one, other), met)

    return recall_of(rows, floor, k, seen)


def identity_ids(
    labels: Ints, face_ids: npt.ArrayLike, *, counts: Bools | None = None
) -> list[str | None]:
    """Return a stable id for each face's identity, None for unassigned faces.

    The id derives from the smallest face_id of the cluster, so adding faces to an identity
    leaves its id alone unless one of them sorts first.

    Args:
        labels: As in `Clusters.identity`, shape (N,).
        face_ids: Shape (N,).
        counts: Faces that name an identity before all others do, shape (N,); all when None.
    """
    ids = np.asarray(face_ids, dtype=np.str_)
    later = np.zeros(len(ids), np.bool_) if counts is None else ~np.asarray(counts, np.bool_)
    smallest: dict[int, tuple[bool, str]] = {}
    for label, *name in zip(labels.tolist(), later.tolist(), ids.tolist(), strict=True):
        first = (name[0], name[1])
        smallest[label] = min(first, smallest.get(label, first))
    made = {label: str(uuid5(IDENTITY_NAMESPACE, name)) for label, (_, name) in smallest.items()}
    return [made[label] if label >= 0 else None for label in labels.tolist()]


def numbered(identity: Ints, face_ids: npt.ArrayLike) -> Ints:
    """Return clusters numbered without gaps, by their smallest face_id; -1 stays.

    Args:
        identity: Cluster of each face, -1 for unassigned, shape (N,).
        face_ids: Shape (N,).
    """
    order = np.argsort(np.asarray(face_ids, dtype=np.str_), kind="stable")
    labels, first = np.unique(identity[order], return_index=True)
    labels, first = labels[labels >= 0], first[labels >= 0]
    # One place more: that of the last is what -1 stands for.
    rank = np.full(int(identity.max(initial=-1)) + 2, -1, np.int64)
    rank[labels[np.argsort(first)]] = np.arange(len(labels))
    return rank[identity]


def _column(values: Ints | None, n: int) -> Ints:
    if values is None:
        return np.full(n, -1, np.int64)
    column = np.asarray(values, np.int64)
    if column.shape != (n,):
        raise InputError(f"a column of shape {column.shape} for {n} faces")
    return column
