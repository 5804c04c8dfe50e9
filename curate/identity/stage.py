"""The identity stage: embeddings in memory to identities, and identities to declared subjects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.engine.stage import Tables, WholeStage
from curate.identity.calibrate import Calibration, calibrate
from curate.identity.clusters import Clusters, cluster_faces, identity_ids
from curate.identity.links import link_identities
from curate.schema import conform

VERSION = "1"

# Roles in which a subject's own face is seen: of a swap's two people it is the donor's.
_SEEN = "('depicted', 'bystander', 'donor')"


def identity_stage(
    *,
    model_id: str,
    default_threshold: float,
    default_strict: float,
    default_basis: str,
    false_match_rate: float,
) -> WholeStage:
    """Return the stage.

    Args:
        model_id: The face model; faces of other models are not compared.
        default_threshold: Cosine to fall back to when the evidence is too little.
        default_strict: The same for clusters that are tight.
        default_basis: Where these come from.
        false_match_rate: The rate of false matches to calibrate to.
    """
    parameters: dict[str, Any] = {
        "model": model_id,
        "false_match_rate": false_match_rate,
        "default_threshold": default_threshold,
        "default_strict": default_strict,
        "default_basis": default_basis,
    }
    reads = {
        "faces": f"""
            SELECT f.face_id, f.sha256, f.frame, f.judgeable FROM faces f
            WHERE f.model_id = '{model_id}' ORDER BY f.face_id
        """,
        "seen": f"""
            SELECT DISTINCT e.media_id, e.sha256, d.subject_id
            FROM entries e LEFT JOIN depictions d
                ON d.media_id = e.media_id AND d.role IN {_SEEN}
                AND d.link_status <> 'rejected'
            WHERE e.state = 'present' ORDER BY ALL
        """,
    }
    return WholeStage(
        name="identity",
        version=VERSION,
        reads=reads,
        work=lambda tables: find_identities(tables, parameters),
        writes=("identities",),
        parameters=parameters,
    )


def find_identities(tables: Tables, parameters: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Return rows of `identities` for the faces in `tables`.

    Args:
        tables: ``faces`` and ``seen`` as the stage reads them, and ``embeddings`` (face_id,
            vector) for those faces that have one.
        parameters: Those of the stage.
    """
    faces = _with_embedding(tables["faces"], tables["embeddings"])
    if not faces.num_rows:
        return {"identities": conform([], "identities")}
    rows = _matrix(faces["vector"])
    subject = _declared_subject(faces, tables["seen"])
    frame = _codes([f"{s}/{f}" for s, f in _pairs(faces, "sha256", "frame")])
    good = faces["judgeable"].to_numpy(zero_copy_only=False).astype(bool)
    found = calibrate(
        rows,
        subject=subject,
        frame=frame,
        judgeable=good,
        default_threshold=parameters["default_threshold"],
        default_strict=parameters["default_strict"],
        default_basis=parameters["default_basis"],
        target_fmr=parameters["false_match_rate"],
    )
    clusters = cluster_faces(
        rows,
        faces["face_id"].to_pylist(),
        threshold=found.threshold,
        strict=found.strict,
        must_link=subject,
        frame=frame,
        subject=subject,
        judgeable=good,
    )
    return {
        "identities": conform(_rows(faces, clusters, tables["seen"], parameters), "identities"),
        "notes": _notes(found, clusters),
    }


def _notes(found: Calibration, clusters: Clusters) -> pa.Table:
    """Return what the run's record should say of the threshold."""
    told = {
        "threshold": round(float(found.threshold), 4),
        "basis": found.basis,
        "pairs": int(found.pairs),
        "note": found.note,
        "identities": len(set(clusters.identity[clusters.identity >= 0].tolist())),
    }
    return pa.table({"note": [json.dumps(told)]})


def _with_embedding(faces: pa.Table, embeddings: pa.Table) -> pa.Table:
    place = {face: row for row, face in enumerate(embeddings["face_id"].to_pylist())}
    rows = [place.get(face) for face in faces["face_id"].to_pylist()]
    have = pa.array([row is not None for row in rows], pa.bool_())
    taken = pa.array([row for row in rows if row is not None], pa.int64())
    vectors = embeddings["vector"].combine_chunks().take(taken)
    return faces.filter(have).append_column("vector", vectors).sort_by("face_id").combine_chunks()


def _matrix(vectors: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    flat = vectors.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    rows: npt.NDArray[np.float32] = np.ascontiguousarray(flat, np.float32)
    return rows.reshape(len(vectors), -1)


def _declared_subject(faces: pa.Table, seen: pa.Table) -> npt.NDArray[np.int64]:
    """Return a code per face for the one subject its content must show, -1 for none.

    A face has one when it is alone in its content, and every entry of that content declares
    the same one visible subject.
    """
    declared: dict[str, dict[str, set[str | None]]] = {}
    for media, sha256, subject in zip(
        *(seen[name].to_pylist() for name in ("media_id", "sha256", "subject_id")), strict=True
    ):
        declared.setdefault(sha256, {}).setdefault(media, set()).add(subject)
    contents = faces["sha256"].to_pylist()
    alone = _once(contents)
    names = [_only(declared.get(c, {})) if c in alone else None for c in contents]
    known = sorted({name for name in names if name is not None})
    code = {name: i for i, name in enumerate(known)}
    return np.array([-1 if name is None else code[name] for name in names], np.int64)


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


def _rows(
    faces: pa.Table, clusters: Clusters, seen: pa.Table, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    ids = identity_ids(clusters.identity, faces["face_id"].to_pylist())
    with_ids = faces.select(["face_id", "sha256", "frame", "judgeable"]).append_column(
        "identity_id", pa.array(ids, pa.string())
    )
    by_media = seen.select(["media_id", "sha256"]).group_by(["media_id", "sha256"]).aggregate([])
    per_entry = by_media.join(with_ids, keys="sha256", join_type="inner")
    depicted = seen.filter(seen["subject_id"].is_valid()).select(["media_id", "subject_id"])
    links = link_identities(per_entry, depicted).links
    subject = dict(_pairs(links, "identity_id", "subject_id"))
    status = dict(_pairs(links, "identity_id", "status"))
    return [
        {
            "face_id": face,
            "identity_id": identity,
            "subject_id": subject.get(identity),
            "similarity": float(similarity) if identity else None,
            "status": status.get(identity),
            "model_id": parameters["model"],
        }
        for face, identity, similarity in zip(
            faces["face_id"].to_pylist(), ids, clusters.similarity.tolist(), strict=True
        )
    ]


def _pairs(table: pa.Table, left: str, right: str) -> list[tuple[Any, Any]]:
    return list(zip(table[left].to_pylist(), table[right].to_pylist(), strict=True))


def _codes(values: list[str]) -> npt.NDArray[np.int64]:
    _, codes = np.unique(np.array(values), return_inverse=True)
    return codes.astype(np.int64)
