"""Each face held against the faces of all subjects whom its own entry does not name.

Clustering takes declared subjects for granted, so it never notices one person under two names.
Here nothing is taken for granted: each judged face is compared with every judged face that can
be put down to one subject, and of each subject who is not named beside it the most alike is kept,
where their likeness reaches what strangers of this dataset never should. What reviewers say of
two faces changes nothing here: whether enough of them told two people apart is for the audit.

A face can be put down to a subject where its entries show one face and declare one person, or
where its identity is linked to somebody its entry declares. A face that its own subject's others
contradict speaks for them all the same: nobody knows which of the pictures has the right name. A
face of which no name is known speaks for each person of its entry of whom no other face is known,
since it may be theirs; and so does one that is put down to somebody, for a person of its entry of
whom there is no face in the whole catalogue. A face of a manipulated medium speaks for
a subject of whom nothing genuine is there, and never against those who are in the medium too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.identity import neighbours

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Claims:
    """Whom N faces of one model are said to show.

    Attributes:
        rows: Unit embeddings, shape (N, D), dtype float32.
        judged: Whether a face is evidence, and stands for its track, shape (N,).
        fake: Whether it is in a manipulated medium, shape (N,).
        subject: The one subject it is put down to, -1 for none, shape (N,).
        ends: Where the names of each face's entries end among `named`, shape (N + 1,).
        named: Subjects named in the entries of the first face, of the second and so on.
        origin: The face that each row is of: rows beyond the first N repeat a face for a further
            subject that it may show, shape (N,) or more.
        unsure: Whether a row repeats a face that is known as another subject's, shape as origin.
    """

    rows: Floats
    judged: Bools
    fake: Bools
    subject: Ints
    ends: Ints
    named: Ints
    origin: Ints
    unsure: Bools

    def names(self, face: int) -> Ints:
        """Return the subjects whom the entries of a face name."""
        return self.named[self.ends[face] : self.ends[face + 1]]


@dataclass(frozen=True)
class Confronted:
    """What the comparison found, for N faces.

    Attributes:
        face: A face, shape (P,), in rising order.
        other: The most similar face, as a row of the claims, of a subject not named beside it,
            one for each such subject, shape (P,).
        similarity: Their cosine, shape (P,), dtype float32.
        more: Whether a face is like more subjects than are kept, shape (N,).
        recall: Share of such faces that the search found, on a sample; 1.0 when it was exact.
    """

    face: Ints
    other: Ints
    similarity: Floats
    more: Bools
    recall: float = 1.0


def named_lists(contents: Iterable[str], names: Mapping[str, Iterable[int]]) -> tuple[Ints, Ints]:
    """Return `Claims.ends` and `Claims.named` of faces.

    Args:
        contents: The content of each face.
        names: The subjects whom entries of a content name, by content.
    """
    ends: list[int] = [0]
    named: list[int] = []
    for content in contents:
        named.extend(names.get(content, ()))
        ends.append(len(named))
    return np.array(ends, np.int64), np.array(named, np.int64)


def speakers(claims: Claims) -> Ints:
    """Return the faces that others are held against: those of somebody, and evidence."""
    known = claims.judged & (claims.subject >= 0)
    genuine = np.unique(claims.subject[known & ~claims.fake])
    return np.flatnonzero(known & (~claims.fake | ~np.isin(claims.subject, genuine)))


def confront(claims: Claims, *, doubt: float, together: Ints) -> Confronted:
    """Return, for each judged face, the most similar one of each subject not named beside it.

    Args:
        claims: Whom the faces are said to show.
        doubt: Least cosine, from `calibrate`.
        together: Rows of two that a reviewer says are one person, shape (P, 2): each is the
            other's, whatever their likeness.
    """
    found = neighbours.most_alike_of_others(
        claims.rows,
        np.flatnonzero(claims.judged),
        speakers(claims),
        neighbours.Named(claims.subject, claims.ends, claims.named, claims.fake),
        floor=doubt,
    )
    # Rows that repeat a face found what its first row found.
    faces = int(claims.origin.max(initial=-1)) + 1
    own = found.face < faces
    pairs: dict[tuple[int, int], tuple[int, float]] = {}
    for face, other, similarity in zip(
        found.face[own].tolist(), found.other[own].tolist(), found.similarity[own].tolist(),
        strict=True,
    ):  # fmt: skip
        pairs[face, int(claims.subject[other])] = other, similarity
    for pair in together.tolist():
        for one, other in (pair, pair[::-1]):
            whose = int(claims.subject[other])
            if whose >= 0 and whose not in claims.names(one):
                pairs[one, whose] = other, float(claims.rows[one] @ claims.rows[other])
    rows = sorted((face, -likeness, other) for (face, _), (other, likeness) in pairs.items())
    return Confronted(
        np.array([face for face, _, _ in rows], np.int64),
        np.array([other for _, _, other in rows], np.int64),
        np.array([-likeness for _, likeness, _ in rows], np.float32),
        found.more[:faces],
        found.recall,
    )
