"""Each face held against the faces of all subjects whom its own entry does not name.

Clustering takes declared subjects for granted, so it never notices one person under two names.
Here nothing is taken for granted: each judged face is compared with every judged face that can
be put down to one subject, and the most alike of somebody who is not named beside it is kept,
where their likeness reaches what strangers of this dataset never should.

A face can be put down to a subject where its entries show one face and declare one person, or
where its identity is linked to somebody its entry declares. A face that its own subject's others
contradict speaks for them all the same: nobody knows which of the pictures has the right name. A
face of which no name is known speaks for each person of its entry of whom no other face is known,
since it may be theirs. A face of a manipulated medium speaks for
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
    """

    rows: Floats
    judged: Bools
    fake: Bools
    subject: Ints
    ends: Ints
    named: Ints
    origin: Ints

    def names(self, face: int) -> Ints:
        """Return the subjects whom the entries of a face name."""
        return self.named[self.ends[face] : self.ends[face + 1]]


@dataclass(frozen=True)
class Confronted:
    """What the comparison found, for N faces.

    Attributes:
        other: The most similar face of a subject not named beside it, -1 for none, shape (N,).
        similarity: Their cosine, NaN for none, shape (N,), dtype float32.
        recall: Share of such faces that the search found, on a sample; 1.0 when it was exact.
    """

    other: Ints
    similarity: Floats
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


def confront(claims: Claims, *, doubt: float, apart: Ints, together: Ints) -> Confronted:
    """Return, for each judged face, the most similar one of a subject not named beside it.

    Args:
        claims: Whom the faces are said to show.
        doubt: Least cosine, from `calibrate`.
        apart: Rows of two faces that a reviewer says are two people, shape (P, 2): neither is
            held against the other's subject any more.
        together: Rows of two that a reviewer says are one person, shape (P, 2): each is the
            other's, whatever their likeness.
    """
    settled = _with_settled(claims, apart)
    found = neighbours.most_alike_of_others(
        claims.rows,
        np.flatnonzero(claims.judged),
        speakers(claims),
        settled,
        floor=doubt,
    )
    other, similarity = found.other, found.similarity
    for pair in together.tolist():
        for one, face in (pair, pair[::-1]):
            if claims.subject[face] >= 0 and claims.subject[face] not in claims.names(one):
                other[one] = face
                similarity[one] = float(claims.rows[one] @ claims.rows[face])
    faces = int(claims.origin.max(initial=-1)) + 1
    return Confronted(other[:faces], similarity[:faces], found.recall)


def _with_settled(claims: Claims, apart: Ints) -> neighbours.Named:
    """Return whom no face is held against: those named beside it, and those reviewers ruled out."""
    rows: dict[int, list[int]] = {}
    for row in np.flatnonzero(np.isin(claims.origin, apart)).tolist():
        rows.setdefault(int(claims.origin[row]), []).append(row)
    more: dict[int, list[int]] = {}
    for one, other in apart.tolist():
        for face, of in ((one, other), (other, one)):
            if whose := [int(n) for n in claims.subject[rows[of]] if n >= 0]:
                for row in rows[face]:
                    more.setdefault(row, []).extend(whose)
    ends, named = claims.ends, claims.named
    if more:
        at = np.repeat(sorted(more), [len(more[face]) for face in sorted(more)])
        named = np.insert(named, ends[at + 1], np.concatenate([more[f] for f in sorted(more)]))
        count = np.diff(ends) + np.bincount(at, minlength=len(claims.rows))
        ends = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return neighbours.Named(claims.subject, ends, named.astype(np.int64), claims.fake)
