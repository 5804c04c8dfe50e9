"""Whom a face must be, by what is declared, unless the faces contradict it.

A face that is alone in its content, where every entry declares the same one visible subject, is
that subject's: it is kept together with the subject's other faces whatever they look like. One
wrong name would so draw two people into one, and what else rests on declared subjects, such as
calibration, with them. A declaration therefore holds only while faces declared as one subject
are not plainly unlike: those that stand apart from most of the others are contradicted, and
where no most agree, all are, since nobody can tell which is wrong.

Plainly unlike is a mean cosine that only one pair of strangers in a hundred reaches. The model's
two shipped thresholds tell which: they lie a decade of its false match rate apart, and this a
decade below the lower. Where several subjects are declared it is at least halfway from the usual
likeness of strangers to the threshold. A face of the same person is seldom so far off, but for
great age gaps or changed looks; then a person decides. What lies between that and the threshold
is neither contradicted nor a match.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Of a subject with more faces, so many are compared with each other, and the rest with them.
MOST_COMPARED = 512
_STRANGERS = 2048


def declared_subjects(faces: pa.Table, seen: pa.Table) -> tuple[Ints, list[str]]:
    """Return a number per face for the one subject its content must show, -1 for none; and names.

    A face has one when it, or its track, is alone in its content, and every entry of that
    content declares the same one visible subject.

    Args:
        faces: ``face_id``, ``stands`` (the face that stands for its track) and ``sha256``.
        seen: ``media_id``, ``sha256`` and ``subject_id``, null where none is declared.
    """
    declared: dict[str, dict[str, set[str | None]]] = {}
    for media, sha256, subject in zip(
        *(seen[name].to_pylist() for name in ("media_id", "sha256", "subject_id")), strict=True
    ):
        declared.setdefault(sha256, {}).setdefault(media, set()).add(subject)
    contents = faces["sha256"].to_pylist()
    alone = _once([c for c, own in zip(contents, is_usable(faces), strict=True) if own])
    found = [_only(declared.get(c, {})) if c in alone else None for c in contents]
    names = sorted({name for name in found if name is not None})
    code = {name: i for i, name in enumerate(names)}
    return np.array([-1 if name is None else code[name] for name in found], np.int64), names


def is_usable(faces: pa.Table) -> Bools:
    """Return whether each face stands for its track, or has none."""
    stand, face = faces["stands"].to_pylist(), faces["face_id"].to_pylist()
    return np.array([one == other for one, other in zip(stand, face, strict=True)], np.bool_)


def contradicted(
    rows: Floats,
    subject: Ints,
    usable: Bools,
    *,
    threshold: float,
    strict: float,
    fake: Bools | None = None,
) -> Bools:
    """Return which faces are plainly unlike others that are declared as the same subject.

    Faces of manipulated media contradict nothing: they are held against the genuine faces of
    their subject that agree, and where there are none, nothing is known.

    Args:
        rows: Unit embeddings, shape (N, D), dtype float32.
        subject: The declared subject of each face, -1 for none, shape (N,).
        usable: Whether a face is evidence, shape (N,).
        threshold: Cosine at or above which the model takes two faces for one person.
        strict: The same at a tenth of the false match rate.
        fake: Whether a face is in a manipulated medium, shape (N,); none is when None.

    Returns:
        Shape (N,), dtype bool.
    """
    found = np.zeros(len(rows), np.bool_)
    fake = found.copy() if fake is None else fake
    known = np.flatnonzero(usable & (subject >= 0) & ~fake)
    apart = threshold - max(strict - threshold, 0.0)
    strangers = _strangers(rows, subject, known)
    if strangers is not None:
        apart = max(apart, (strangers + threshold) / 2)
    order = known[np.argsort(subject[known], kind="stable")]
    starts = np.flatnonzero(np.diff(subject[order], prepend=-1))
    for places in np.split(order, starts[1:]):
        if len(places) > 1:
            found[places] = _apart(rows[places], apart)
    made = np.flatnonzero(usable & (subject >= 0) & fake)
    agreed = known[~found[known]]
    means = np.zeros((int(subject.max(initial=-1)) + 1, rows.shape[1]))
    np.add.at(means, subject[agreed], rows[agreed])
    count = np.bincount(subject[agreed], minlength=len(means))
    likeness = np.einsum("ij,ij->i", rows[made], means[subject[made]])
    of = count[subject[made]]
    found[made] = (of > 0) & (likeness < apart * of)
    return found


def _strangers(rows: Floats, subject: Ints, known: Ints) -> float | None:
    """Return the median cosine of faces of different subjects, None where there is one or none."""
    step = max(1, -(-len(known) // _STRANGERS))
    some = known[::step]
    others = subject[some][:, None] != subject[some][None, :]
    return float(np.median((rows[some] @ rows[some].T)[others])) if others.any() else None


def _apart(rows: Floats, apart: float) -> Bools:
    """Return which faces of one declared subject are not with most of them."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    step = max(1, -(-len(rows) // MOST_COMPARED))
    compared = rows[::step]
    distance = 1 - np.clip(compared @ compared.T, -1, 1)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    group = fcluster(tree, 1 - apart, "distance") - 1
    means = np.stack([compared[group == g].mean(axis=0) for g in range(group.max() + 1)])
    # Mean cosine to each group; a face that is like none of them is of a group of its own.
    likeness = rows @ means.T
    own = np.where(likeness.max(axis=1) >= apart, likeness.argmax(axis=1), -1)
    own[::step] = group
    count = np.bincount(own[own >= 0])
    most = int(count.argmax())
    if 2 * count[most] > len(rows):
        return np.asarray(own != most, np.bool_)
    return np.ones(len(rows), np.bool_)


def _only(by_media: dict[str, set[str | None]]) -> str | None:
    sets = list(by_media.values())
    if not sets or any(one != sets[0] for one in sets) or len(sets[0]) != 1:
        return None
    return next(iter(sets[0]))


def _once(values: list[str]) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for value in values:
        (twice if value in seen else seen).add(value)
    return seen - twice
