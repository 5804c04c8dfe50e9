"""Embeddings in memory to identities, and identities to declared subjects."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.engine.stage import Tables
from curate.identity.alike import likeness_to_others
from curate.identity.calibrate import Calibration, calibrate
from curate.identity.clusters import Clusters, identity_ids
from curate.identity.confront import Confronted, confront
from curate.identity.declared import contradicted, declared_subjects, is_usable
from curate.identity.fakes import Scene, cluster_with_fakes
from curate.identity.groups import GroupRates, as_notes, declared_groups, rates_by_group
from curate.identity.links import link_identities
from curate.identity.named import (
    Before,
    apart_state,
    claims_of,
    compared_names,
    held_by_content,
    named_by_content,
    on_tracks,
    resemblances_of,
)
from curate.identity.naming import with_names
from curate.identity.notes import calibration_notes
from curate.identity.reviewed import linked, with_links
from curate.schema import conform


def find_identities(tables: Tables, parameters: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Return rows of `identities`, `resemblances` and `compared_names` for the faces in `tables`.

    Args:
        tables: ``faces``, ``seen``, ``named``, ``put_on``, ``told``, ``links``, ``before`` and
            ``compared_before`` as the stage reads them, and ``embeddings`` (face_id, vector) for
            those faces that have one.
        parameters: Those of the stage.
    """
    faces = _with_embedding(tables["faces"], tables["embeddings"])
    compared = compared_names(tables, faces)
    if not faces.num_rows:
        kept = [{**row, "state": apart_state(row)} for row in tables["before"].to_pylist()]
        return {
            "identities": conform([], "identities"),
            "resemblances": conform(kept, "resemblances"),
            "compared_names": conform(compared, "compared_names"),
        }
    scene, unlike, names = _scene(faces, tables, parameters)
    found = calibrate(
        scene.rows,
        subject=scene.subject,
        frame=scene.frame,
        judgeable=scene.judgeable & ~scene.fake,
        default_threshold=parameters["default_threshold"],
        default_strict=parameters["default_strict"],
        default_basis=parameters["default_basis"],
        target_fmr=parameters["false_match_rate"],
    )
    by_group = rates_by_group(
        scene.rows,
        subject=scene.subject,
        names=names,
        groups=declared_groups(tables["told"]),
        threshold=found.threshold,
        judgeable=scene.judgeable & ~scene.fake,
    )
    by_content = named_by_content(tables)
    clusters = cluster_with_fakes(
        scene,
        threshold=found.threshold,
        strict=found.strict,
        tie=found.tie,
        naming=partial(
            with_names, scene, doubt=found.doubt, settled=_settled(faces, names, by_content)
        ),
    )
    together = linked(tables["links"], faces["face_id"], "same_person")
    clusters, refused = with_links(scene, clusters, together)
    ids = identity_ids(clusters.identity, scene.face_ids, counts=~scene.fake)
    rows = _rows(faces, (ids, unlike), tables["seen"], parameters)
    _add_likeness(rows, faces, scene, tables["turns"], together, found.threshold)
    _add_ties(rows, clusters, scene)
    claims, subjects = claims_of(
        faces, rows, scene, names, named_by_content(tables, held=True), held_by_content(tables)
    )
    other = confront(claims, doubt=found.doubt, together=on_tracks(faces, together))
    alike = resemblances_of(
        rows, faces, claims, other, subjects, Before.of(tables), doubt=found.doubt
    )
    return {
        "identities": conform(rows, "identities"),
        "resemblances": conform(alike, "resemblances"),
        "compared_names": conform(compared, "compared_names"),
        "notes": _notes(found, clusters, by_group, refused, other),
    }


def _scene(
    faces: pa.Table, tables: Tables, parameters: Mapping[str, Any]
) -> tuple[Scene, list[str | None], list[str]]:
    """Return the faces as numbers, the subject that each is unlike though declared, and names."""
    seen, put_on = tables["seen"], tables["put_on"]
    contents = faces["sha256"].to_pylist()
    rows = _matrix(faces["vector"])
    fake = _flags(faces["fake"])
    # One face of a track is its evidence; the others are with it by the track.
    judgeable = _flags(faces["judgeable"]) & is_usable(faces)
    declared, names = declared_subjects(faces, seen)
    wrong = contradicted(
        rows, declared, judgeable, fake=fake,
        threshold=parameters["default_threshold"], strict=parameters["default_strict"],
    )  # fmt: skip
    doubted = {content for content, is_wrong in zip(contents, wrong, strict=True) if is_wrong}
    holds = np.array([content not in doubted for content in contents], np.bool_)
    unlike = [None if ok or n < 0 else names[n] for ok, n in zip(holds, declared, strict=True)]
    subject = np.where(holds, declared, -1)
    known = {name: number for number, name in enumerate(names)}
    content = {name: i for i, name in enumerate(sorted(set(contents)))}
    target: dict[str, int] = {}
    footage: dict[str, int] = {}
    for sha256, name, other in zip(
        *(put_on[column].to_pylist() for column in put_on.column_names), strict=True
    ):
        if name in known:
            target[sha256] = known[name]
        if other in content:
            footage[sha256] = content[other]
    scene = Scene(
        rows=rows,
        face_ids=np.array(faces["face_id"].to_pylist(), dtype=np.str_),
        fake=fake,
        subject=subject,
        track=_tracks(faces["track_id"]),
        frame=_codes([f"{s}/{f}" for s, f in _pairs(faces, "sha256", "frame")]),
        judgeable=judgeable,
        target=np.array([target.get(c, -1) for c in contents], np.int64),
        content=np.array([content[c] for c in contents], np.int64),
        footage=np.array([footage.get(c, -1) for c in contents], np.int64),
        apart=linked(tables["links"], faces["face_id"], "different_people"),
    )
    return scene, unlike, names


def _settled(
    faces: pa.Table, names: list[str], by_content: Mapping[str, Collection[str]]
) -> Callable[[int], Collection[int]]:
    """Return what gives the subjects, by number, that a face's entries name or rule out."""
    contents = faces["sha256"].to_pylist()
    code = {name: number for number, name in enumerate(names)}

    def of(face: int) -> Collection[int]:
        return {code[name] for name in by_content.get(contents[face], ()) if name in code}

    return of


def _tracks(tracks: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return a code per face of the track that it is on, -1 for none."""
    code: dict[str, int] = {}
    numbers = [
        -1 if track is None else code.setdefault(track, len(code)) for track in tracks.to_pylist()
    ]
    return np.array(numbers, np.int64)


def _flags(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.bool_)


def _notes(
    found: Calibration,
    clusters: Clusters,
    by_group: list[GroupRates],
    refused: int,
    other: Confronted,
) -> pa.Table:
    """Return what the run's record should say of the threshold, and of reviewers' links."""
    told = calibration_notes(found)
    told["identities"] = len(set(clusters.identity[clusters.identity >= 0].tolist()))
    told["doubt"] = round(float(found.doubt), 4)
    told["tie"] = round(float(found.tie), 4)
    if names := len(np.unique(other.face)):
        told["under_other_names"] = names
    if other.recall < 1:
        told["held_recall"] = round(other.recall, 4)
    if by_group:
        told["by_group"] = list(as_notes(by_group))
    if refused:
        told["links_refused"] = refused
    return pa.table({"note": [json.dumps(told)]})


def _with_embedding(faces: pa.Table, embeddings: pa.Table) -> pa.Table:
    """Return the faces that have an embedding: their own, or that of what stands for the track."""
    place = {face: row for row, face in enumerate(embeddings["face_id"].to_pylist())}
    rows = [place.get(face) for face in faces["stands"].to_pylist()]
    have = pa.array([row is not None for row in rows], pa.bool_())
    taken = pa.array([row for row in rows if row is not None], pa.int64())
    vectors = embeddings["vector"].combine_chunks().take(taken)
    return faces.filter(have).append_column("vector", vectors).sort_by("face_id").combine_chunks()


def _matrix(vectors: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    flat = vectors.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    rows: npt.NDArray[np.float32] = np.ascontiguousarray(flat, np.float32)
    return rows.reshape(len(vectors), -1)


def _rows(
    faces: pa.Table,
    found: tuple[list[str | None], list[str | None]],
    seen: pa.Table,
    parameters: Mapping[str, Any],
) -> list[dict[str, Any]]:
    ids, unlike = found
    with_ids = faces.select(["face_id", "sha256", "frame", "judgeable"]).append_column(
        "identity_id", pa.array(ids, pa.string())
    )
    by_media = seen.select(["media_id", "sha256"]).group_by(["media_id", "sha256"]).aggregate([])
    per_entry = by_media.join(with_ids, keys="sha256", join_type="inner")
    # What the faces contradict links nobody to anybody.
    doubted = {c for c, name in zip(faces["sha256"].to_pylist(), unlike, strict=True) if name}
    holds = pa.array([c not in doubted for c in seen["sha256"].to_pylist()], pa.bool_())
    believed = seen.filter(pc.and_(holds, seen["subject_id"].is_valid()))
    depicted = believed.select(["media_id", "subject_id"])
    links = link_identities(per_entry, depicted)
    subject = dict(_pairs(links, "identity_id", "subject_id"))
    status = dict(_pairs(links, "identity_id", "status"))
    return [
        {
            "face_id": face,
            "identity_id": identity,
            "subject_id": subject.get(identity),
            "status": status.get(identity),
            "unlike_subject_id": name,
            "model_id": parameters["model"],
        }
        for face, identity, name in zip(faces["face_id"].to_pylist(), ids, unlike, strict=True)
    ]


def _add_ties(rows: list[dict[str, Any]], clusters: Clusters, scene: Scene) -> None:
    """Tell each row, in place, in which looser cluster its face is."""
    ids = identity_ids(clusters.looser, scene.face_ids)
    for row, tie in zip(rows, ids, strict=True):
        row["tie_id"] = tie


def _add_likeness(
    rows: list[dict[str, Any]],
    faces: pa.Table,
    scene: Scene,
    turns: pa.Table,
    together: npt.NDArray[np.int64],
    threshold: float,
) -> None:
    """Tell each row, in place, how like its face is to its person's in other contents.

    A link that its face does not bear out by itself is proposed at most, unless reviewers said
    whose face it is.
    """
    people = [row["subject_id"] or row["identity_id"] for row in rows]
    code = {name: number for number, name in enumerate(sorted(filter(None, people)))}
    contents = sorted(set(faces["sha256"].to_pylist()))
    known = dict(_pairs(turns, "sha256", "pdq_dihedral"))
    likeness = likeness_to_others(
        scene.rows,
        np.array([-1 if name is None else code[name] for name in people], np.int64),
        scene.content,
        evidence=scene.judgeable,
        fake=scene.fake,
        turns={n: known[c] for n, c in enumerate(contents) if len(known.get(c) or b"") == 256},
    )
    told = set(together.ravel().tolist())
    stands = {face: place for place, face in enumerate(faces["face_id"].to_pylist())}
    for place, (row, face) in enumerate(zip(rows, faces["stands"].to_pylist(), strict=True)):
        of = stands.get(face, place)
        like = float(likeness[of])
        row["similarity"] = like if np.isfinite(like) else None
        row["alike"] = bool(scene.judgeable[of]) and like >= threshold
        if row["status"] == "confirmed" and not (row["alike"] or place in told or of in told):
            row["status"] = "proposed"


def _pairs(table: pa.Table, left: str, right: str) -> list[tuple[Any, Any]]:
    return list(zip(table[left].to_pylist(), table[right].to_pylist(), strict=True))


def _codes(values: list[str]) -> npt.NDArray[np.int64]:
    _, codes = np.unique(np.array(values), return_inverse=True)
    return codes.astype(np.int64)
