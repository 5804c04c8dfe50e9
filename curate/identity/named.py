"""Whom faces are said to be, from the stage's tables, and what holding them against others adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.identity.confront import Claims, Confronted, named_lists, speakers
from curate.identity.fakes import Scene

Ints = npt.NDArray[np.int64]
Row = dict[str, Any]


def claims_of(
    faces: pa.Table,
    rows: list[Row],
    scene: Scene,
    names: list[str],
    by_content: Mapping[str, Collection[str]],
    held: Mapping[str, Collection[str]],
) -> tuple[Claims, list[str]]:
    """Return whom faces are said to be, and the subjects by number.

    Args:
        faces: Those with an embedding, by face_id.
        rows: Their rows of `identities`: links, and whom they are unlike though declared.
        scene: The same faces as numbers.
        names: The subjects of `Scene.subject` by number.
        by_content: The subjects whom entries of a content name and no reviewer ruled out, from
            `named_by_content`: with those of footage.
        held: The same without those of footage, from `held_by_content`.
    """
    contents = faces["sha256"].to_pylist()
    subjects = sorted(set().union(*by_content.values())) if by_content else []
    code = {name: number for number, name in enumerate(subjects)}
    numbers = {content: sorted(code[n] for n in said) for content, said in by_content.items()}
    subject = np.full(len(rows), -1, np.int64)
    for place, (row, content) in enumerate(zip(rows, contents, strict=True)):
        unlike, linked = row["unlike_subject_id"], row["subject_id"]
        if scene.subject[place] >= 0:
            name = names[scene.subject[place]]
        elif unlike is not None:
            name = unlike
        else:
            name = None if row["status"] == "disputed" else linked
        # A likeness to somebody whom the entry does not name makes nobody of the face.
        if name is not None and name in by_content.get(content, ()):
            subject[place] = code[name]
    further = _may_show(contents, subject, _by_number(held, code), scene.judgeable)
    if not further:
        ends, named = named_lists(contents, numbers)
        every = np.arange(len(rows))
        claims = Claims(scene.rows, scene.judgeable, scene.fake, subject, ends, named, every)
        return claims, subjects
    ends, named = named_lists([*contents, *(contents[face] for face, _ in further)], numbers)
    origin = np.array([*range(len(rows)), *(face for face, _ in further)], np.int64)
    every = np.concatenate([subject, np.array([name for _, name in further], np.int64)])
    claims = Claims(
        scene.rows[origin], scene.judgeable[origin], scene.fake[origin], every, ends, named, origin
    )
    return claims, subjects


def _may_show(
    contents: list[str], subject: Ints, held: Mapping[str, list[int]], judged: npt.NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Return faces of nobody known, each with a subject of its content who has no face there."""
    known: dict[str, set[int]] = {}
    for content, name in zip(contents, subject.tolist(), strict=True):
        if name >= 0:
            known.setdefault(content, set()).add(name)
    return [
        (face, name)
        for face, content in enumerate(contents)
        if subject[face] < 0 and judged[face]
        for name in held.get(content, ())
        if name not in known.get(content, ())
    ]


def _by_number(
    held: Mapping[str, Collection[str]], code: Mapping[str, int]
) -> dict[str, list[int]]:
    """Return the subjects whom entries of a content name and nobody ruled out, by number."""
    return {content: sorted(code[n] for n in names) for content, names in held.items()}


def on_tracks(faces: pa.Table, pairs: Ints) -> Ints:
    """Return pairs of faces as pairs of those that stand for their tracks."""
    stands = _stands(faces)[pairs]
    return np.asarray(stands[(stands >= 0).all(axis=1)], np.int64).reshape(-1, 2)


def resemblances_of(
    rows: list[Row],
    faces: pa.Table,
    claims: Claims,
    found: Confronted,
    subjects: list[str],
    before: pa.Table,
) -> list[Row]:
    """Return rows of `resemblances`, and tell each row of `identities`, in place, how many.

    Args:
        rows: Rows of `identities`.
        faces: Their faces, in the same order.
        claims: Whom they are said to be.
        found: What the comparison found.
        subjects: The subjects by number.
        before: What the run before found, by the same model or an older one.
    """
    ids, contents = (faces[name].to_pylist() for name in ("face_id", "sha256"))
    made: dict[tuple[str, str], Row] = {}
    for face, other, similarity in zip(
        found.face.tolist(), found.other.tolist(), found.similarity.tolist(), strict=True
    ):
        name = subjects[claims.subject[other]]
        made[ids[face], name] = {
            "face_id": ids[face],
            "sha256": contents[face],
            "other_subject_id": name,
            "other_face_id": ids[claims.origin[other]],
            "similarity": similarity,
            "compared": True,
            "model_id": rows[face]["model_id"],
        }
    model = rows[0]["model_id"] if rows else None
    known, speaking = set(ids), {subjects[n] for n in claims.subject[speakers(claims)].tolist()}
    for row in before.to_pylist():
        again = (
            {row["face_id"], row["other_face_id"]} <= known
            if row["model_id"] == model
            else row["other_subject_id"] in speaking
        )
        if not again:
            made.setdefault((row["face_id"], row["other_subject_id"]), {**row, "compared": False})
    count: dict[str, int] = {}
    for face, _ in made:
        count[face] = count.get(face, 0) + 1
    more = {ids[face] for face in np.flatnonzero(found.more).tolist()}
    for row, stands in zip(rows, _stands(faces).tolist(), strict=True):
        row["held"] = stands >= 0 and bool(claims.judged[stands])
        if row["held"]:
            row["others"] = count.get(row["face_id"], 0) + (row["face_id"] in more)
    return [made[key] for key in sorted(made)]


def named_by_content(tables: Mapping[str, pa.Table], *, held: bool = False) -> dict[str, set[str]]:
    """Return the subjects whom entries of a content name; of a face put on footage, its too.

    Args:
        tables: ``named`` and ``put_on`` as the stage reads them.
        held: Without those whom a reviewer ruled out.
    """
    named, put_on = tables["named"], tables["put_on"]
    declared = _by_content(named.filter(named["held"]) if held else named)
    found = {content: set(said) for content, said in declared.items()}
    for content, footage in _columns(put_on, "sha256", "footage"):
        if footage in declared:
            found.setdefault(content, set()).update(declared[footage])
    return found


def held_by_content(tables: Mapping[str, pa.Table]) -> dict[str, set[str]]:
    """Return the subjects whom entries of a content name and no reviewer ruled out.

    Args:
        tables: ``named`` as the stage reads it.
    """
    return _by_content(tables["named"].filter(tables["named"]["held"]))


def _by_content(named: pa.Table) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for content, name in _columns(named, "sha256", "subject_id"):
        found.setdefault(content, set()).add(name)
    return found


def _stands(faces: pa.Table) -> Ints:
    """Return the row of the face that stands for each face's track, -1 where that is not there."""
    place = {face: row for row, face in enumerate(faces["face_id"].to_pylist())}
    return np.array([place.get(face, -1) for face in faces["stands"].to_pylist()], np.int64)


def _columns(table: pa.Table, left: str, right: str) -> list[tuple[Any, Any]]:
    return list(zip(table[left].to_pylist(), table[right].to_pylist(), strict=True))
