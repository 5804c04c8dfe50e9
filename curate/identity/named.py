"""Whom faces are said to be, from the stage's tables, and what holding them against others adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
    own = _by_number(held, code)
    further = _may_show(contents, subject, own, scene.judgeable)
    unsure = _unseen_elsewhere(contents, subject, own, scene.judgeable, {n for _, n in further})
    every = [*further, *unsure]
    ends, named = named_lists([*contents, *(contents[face] for face, _ in every)], numbers)
    origin = np.array([*range(len(rows)), *(face for face, _ in every)], np.int64)
    whose = np.concatenate([subject, np.array([name for _, name in every], np.int64)])
    return Claims(
        scene.rows[origin] if every else scene.rows, scene.judgeable[origin], scene.fake[origin],
        whose, ends, named, origin, np.arange(len(origin)) >= len(rows) + len(further),
    ), subjects  # fmt: skip


def _may_show(
    contents: list[str], subject: Ints, held: Mapping[str, list[int]], judged: npt.NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Return faces of nobody known, each with a subject of its content who has no face there."""
    known = _faces_of(contents, subject)
    return [
        (face, name)
        for face, content in enumerate(contents)
        if subject[face] < 0 and judged[face]
        for name in held.get(content, ())
        if name not in known.get(content, ())
    ]


def _unseen_elsewhere(
    contents: list[str],
    subject: Ints,
    held: Mapping[str, list[int]],
    judged: npt.NDArray[np.bool_],
    asked: Collection[int],
) -> list[tuple[int, int]]:
    """Return faces of somebody, each with a subject of its content of whom there is no face.

    Args:
        contents: The content of each face.
        subject: The subject that it is put down to, -1 for none.
        held: The subjects whom entries of a content name.
        judged: Whether it can be judged.
        asked: Subjects for whom faces of nobody known speak already.
    """
    seen = {*subject[subject >= 0].tolist(), *asked}
    return [
        (face, name)
        for face, content in enumerate(contents)
        if subject[face] >= 0 and judged[face]
        for name in held.get(content, ())
        if name not in seen
    ]


def _faces_of(contents: list[str], subject: Ints) -> dict[str, set[int]]:
    """Return the subjects whose faces are known in each content."""
    known: dict[str, set[int]] = {}
    for content, name in zip(contents, subject.tolist(), strict=True):
        if name >= 0:
            known.setdefault(content, set()).add(name)
    return known


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
    before: Before,
    *,
    doubt: float,
) -> list[Row]:
    """Return rows of `resemblances`, and tell each row of `identities`, in place, how many.

    Args:
        rows: Rows of `identities`.
        faces: Their faces, in the same order.
        claims: Whom they are said to be.
        found: What the comparison found.
        subjects: The subjects by number.
        before: What the run before found, and whom entries named then.
        doubt: Least cosine of two faces that are alike.
    """
    ids, contents = (faces[name].to_pylist() for name in ("face_id", "sha256"))
    model = rows[0]["model_id"]
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
            "state": "unsure" if claims.unsure[other] else "compared",
            "model_id": model,
        }
    place = {face: number for number, face in enumerate(ids)}
    speaking = {subjects[n] for n in claims.subject[speakers(claims)].tolist()}
    for row in before.resemblances.to_pylist():
        state = _still(row, place, claims, speaking, model, doubt)
        if state is not None:
            made.setdefault((row["face_id"], row["other_subject_id"]), {**row, "state": state})
    stands = _stands(faces)
    lost = before.lost
    for face in np.flatnonzero(claims.judged[: len(ids)] & (stands == np.arange(len(ids)))):
        # Where other faces of the person are known the comparison says whether it is like them.
        for name in sorted(lost.get(contents[face], set()) - speaking):
            made.setdefault((ids[face], name), {
                "face_id": ids[face], "sha256": contents[face], "other_subject_id": name,
                "similarity": 1.0, "state": "renamed", "model_id": model,
            })  # fmt: skip
    count = Counter(face_id for face_id, _ in made)
    more = {ids[face] for face in np.flatnonzero(found.more).tolist()}
    for row, of in zip(rows, stands.tolist(), strict=True):
        row["held"] = of >= 0 and bool(claims.judged[of])
        if row["held"]:
            row["others"] = count[row["face_id"]] + (row["face_id"] in more)
    return [made[key] for key in sorted(made)]


def _still(
    row: Row,
    place: Mapping[str, int],
    claims: Claims,
    speaking: Collection[str],
    model: str,
    doubt: float,
) -> str | None:
    """Return in which state a likeness of an earlier run stays; None where it has ended.

    It ends where the two faces, or faces of the two people by another model, were compared again
    and are not alike. That a name was changed since proves nothing.
    """
    known = row["other_subject_id"] in speaking
    if row["model_id"] != model:
        return None if known else apart_state(row)
    # What nothing could be compared with is compared, once a face of the person is known.
    alone = row["state"] == "renamed" and row["other_face_id"] is None
    if known and (alone or row["state"] == "unsure"):
        return None
    one, other = place.get(row["face_id"]), place.get(row["other_face_id"])
    if one is None or other is None:
        return apart_state(row)
    return "renamed" if float(claims.rows[one] @ claims.rows[other]) >= doubt else None


def apart_state(row: Row) -> str:
    """Return the state of a likeness whose faces are compared no more: what it rested on stays."""
    return str(row["state"]) if row["state"] in {"renamed", "unsure"} else "gone"


@dataclass(frozen=True)
class Before:
    """What the last run left to go on from.

    Attributes:
        resemblances: Its rows of `resemblances`.
        lost: By content, whom its entries named then, and by nobody's word name any more.
    """

    resemblances: pa.Table
    lost: Mapping[str, set[str]]

    @classmethod
    def of(cls, tables: Mapping[str, pa.Table]) -> Before:
        """Return what the stage's tables tell of it.

        Args:
            tables: ``before``, ``compared_before`` and ``named`` as the stage reads them.
        """
        keys = ["sha256", "subject_id"]
        lost = tables["compared_before"].join(tables["named"], keys, join_type="left anti")
        return cls(tables["before"], _by_content(lost))


def compared_names(tables: Mapping[str, pa.Table], faces: pa.Table) -> pa.Table:
    """Return rows of `compared_names`: of contents that were searched, with each face compared.

    Args:
        tables: ``named`` and ``faces`` as the stage reads them.
        faces: Those of them that have an embedding.
    """
    named, every = tables["named"], tables["faces"]
    compared = pc.is_in(every["face_id"], value_set=faces["face_id"].combine_chunks())
    lacking = every.filter(pc.and_(every["judgeable"], pc.invert(compared)))["sha256"]
    whole = pc.invert(pc.is_in(named["sha256"], value_set=lacking.combine_chunks()))
    rows = named.filter(pc.and_(pc.and_(named["held"], named["sought"]), whole))
    return rows.select(["sha256", "subject_id"])


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
