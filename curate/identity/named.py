"""Whom faces are said to be, from the stage's tables, and what holding them against others adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.identity.confront import Claims, Confronted, named_lists
from curate.identity.fakes import Scene

Ints = npt.NDArray[np.int64]
Row = dict[str, Any]


def claims_of(
    faces: pa.Table,
    rows: list[Row],
    scene: Scene,
    names: list[str],
    by_content: Mapping[str, Collection[str]],
) -> tuple[Claims, list[str]]:
    """Return whom faces are said to be, and the subjects by number.

    Args:
        faces: Those with an embedding, by face_id.
        rows: Their rows of `identities`: links, and whom they are unlike though declared.
        scene: The same faces as numbers.
        names: The subjects of `Scene.subject` by number.
        by_content: The subjects whom entries of a content name, from `named_by_content`.
    """
    contents = faces["sha256"].to_pylist()
    subjects = sorted(set().union(*by_content.values())) if by_content else []
    code = {name: number for number, name in enumerate(subjects)}
    numbers = {content: sorted(code[n] for n in said) for content, said in by_content.items()}
    # What is unlike a subject's other faces, of which most agree, is not theirs.
    agreed = {names[n] for n in np.unique(scene.subject[(scene.subject >= 0) & ~scene.fake])}
    subject = np.full(len(rows), -1, np.int64)
    for place, (row, content) in enumerate(zip(rows, contents, strict=True)):
        unlike, linked = row["unlike_subject_id"], row["subject_id"]
        if scene.subject[place] >= 0:
            name = names[scene.subject[place]]
        elif unlike is not None:
            name = None if unlike in agreed else unlike
        else:
            name = None if row["status"] == "disputed" else linked
        # A likeness to somebody whom the entry does not name makes nobody of the face.
        if name is not None and name in by_content.get(content, ()):
            subject[place] = code[name]
    ends, named = named_lists(contents, numbers)
    return Claims(scene.rows, scene.judgeable, scene.fake, subject, ends, named), subjects


def on_tracks(faces: pa.Table, pairs: Ints) -> Ints:
    """Return pairs of faces as pairs of those that stand for their tracks."""
    stands = _stands(faces)[pairs]
    return np.asarray(stands[(stands >= 0).all(axis=1)], np.int64).reshape(-1, 2)


def add_others(
    rows: list[Row], faces: pa.Table, claims: Claims, found: Confronted, subjects: list[str]
) -> None:
    """Tell each row, in place, whether its face was held against others, and whose it may be.

    Args:
        rows: Rows of `identities`.
        faces: Their faces, in the same order.
        claims: Whom they are said to be.
        found: What the comparison found.
        subjects: The subjects by number.
    """
    for row, stands in zip(rows, _stands(faces).tolist(), strict=True):
        row["held"] = stands >= 0 and bool(claims.judged[stands])
        other = int(found.other[stands]) if stands >= 0 else -1
        if other >= 0:
            row["other_subject_id"] = subjects[claims.subject[other]]
            row["other_face_id"] = rows[other]["face_id"]
            row["other_similarity"] = float(found.similarity[stands])


def named_by_content(tables: Mapping[str, pa.Table]) -> dict[str, set[str]]:
    """Return the subjects whom entries of a content name; of a face put on footage, its too.

    Args:
        tables: ``named`` and ``put_on`` as the stage reads them.
    """
    found: dict[str, set[str]] = {}
    named, put_on = tables["named"], tables["put_on"]
    for content, name in _columns(named, "sha256", "subject_id"):
        found.setdefault(content, set()).add(name)
    declared = {content: frozenset(said) for content, said in found.items()}
    for content, footage in _columns(put_on, "sha256", "footage"):
        if footage in declared:
            found.setdefault(content, set()).update(declared[footage])
    return found


def _stands(faces: pa.Table) -> Ints:
    """Return the row of the face that stands for each face's track, -1 where that is not there."""
    place = {face: row for row, face in enumerate(faces["face_id"].to_pylist())}
    return np.array([place.get(face, -1) for face in faces["stands"].to_pylist()], np.int64)


def _columns(table: pa.Table, left: str, right: str) -> list[tuple[Any, Any]]:
    return list(zip(table[left].to_pylist(), table[right].to_pylist(), strict=True))
