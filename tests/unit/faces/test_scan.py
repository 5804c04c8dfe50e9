"""From pictures to rows and embeddings."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from PIL import Image as Pictures

from curate.errors import InputError
from curate.faces.analyzer import AnalyzerSpec, FaceAnalyzer, Image
from curate.faces.load import load
from curate.faces.scan import embed_faces, face_id, find_faces, scan_image, scan_images
from curate.schema import conform

from .conftest import read, spec_of

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture
def dlib() -> FaceAnalyzer:
    return load(AnalyzerSpec("dlib", threads=2))


def _people(analyzer: FaceAnalyzer) -> int:
    """Return how many faces the group's photo has: six, and one on the wall if that is seen."""
    return 6 if analyzer.needs_rim else 7


def test_scan_rows_have_the_shape_of_their_tables(analyzer: FaceAnalyzer, group: Image) -> None:
    scan = scan_image(group, analyzer, sha256=SHA)

    faces, scans = conform(scan.faces, "faces"), conform(scan.scans, "face_scans")

    assert len(faces) == len(scan.embeddings) == _people(analyzer)
    assert scans["faces"].to_pylist() == [_people(analyzer)]


def test_scan_rows_hold_no_embedding(analyzer: FaceAnalyzer, group: Image) -> None:
    scan = scan_image(group, analyzer, sha256=SHA)

    longest = max(len(v) for row in scan.faces for v in row.values() if isinstance(v, list))

    assert longest == 10


def test_a_face_too_small_to_judge_is_kept_as_somebody(dlib: FaceAnalyzer, group: Image) -> None:
    """It is no evidence of who is there, and evidence that somebody is."""
    small = np.asarray(Pictures.fromarray(group).resize((320, 222), Pictures.Resampling.LANCZOS))

    scan = scan_image(small, dlib, sha256=SHA)

    assert len(scan.faces) == 6
    poor = [row for row in scan.faces if row["face_height_px"] < 32]
    assert poor
    assert {(row["judgeable"], row["poor_reason"]) for row in poor} == {(False, "too_small")}


def test_scan_again_gives_the_same_ids(dlib: FaceAnalyzer, group: Image) -> None:
    first, second = (scan_image(group, dlib, sha256=SHA) for _ in range(2))

    ids = [row["face_id"] for row in first.faces]

    assert ids == [row["face_id"] for row in second.faces]
    assert len(set(ids)) == 7


def test_embed_faces_repeats_the_embeddings_of_a_scan(analyzer, group: Image) -> None:
    scan = scan_image(group, analyzer, sha256=SHA)
    landmarks = np.array([row["landmarks"] for row in scan.faces], np.float32)

    again = embed_faces(group, landmarks, analyzer)

    assert (again * scan.embeddings).sum(axis=1).min() > 1 - 1e-4


def test_embed_faces_refuses_points_that_are_not_five(dlib: FaceAnalyzer, group: Image) -> None:
    with pytest.raises(InputError, match="five points"):
        embed_faces(group, np.zeros((1, 8), np.float32), dlib)


def test_a_face_that_fills_its_picture_is_found(analyzer: FaceAnalyzer, tight_crop: Image) -> None:
    found = find_faces(tight_crop, analyzer)

    centre = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    assert len(found) == 1
    assert np.abs(centre - 56).max() < 25


def test_a_picture_without_a_face_is_a_fact(dlib: FaceAnalyzer) -> None:
    scan = scan_image(np.full((64, 64, 3), 90, np.uint8), dlib, sha256=SHA)

    assert scan.faces == []
    assert scan.scans[0]["faces"] == 0
    assert scan.scans[0]["error"] is None
    assert scan.embeddings.shape == (0, 128)


def test_a_scan_says_how_small_a_face_it_finds_in_the_original(analyzer, group: Image) -> None:
    large = np.ascontiguousarray(group.repeat(2, axis=0).repeat(2, axis=1))

    (one,), (other,) = (scan_image(p, analyzer, sha256=SHA).scans for p in (group, large))

    assert 0 < one["smallest_px"] <= other["smallest_px"] <= 2 * one["smallest_px"] + 1e-6
    assert one["turns"] in (1, 4)


def test_a_blank_picture_was_looked_at_as_finely_as_its_finer_look(analyzer) -> None:
    blank = np.full((300, 400, 3), 90, np.uint8)

    (scan,) = scan_image(blank, analyzer, sha256=SHA).scans

    assert scan["smallest_px"] == pytest.approx(analyzer.detect(blank).smallest_px)


@pytest.mark.parametrize("picture", [np.zeros((8, 200, 3), np.uint8), np.zeros((64, 64), np.uint8)])
def test_a_picture_that_cannot_be_searched_says_why(picture, dlib: FaceAnalyzer) -> None:
    scan = scan_image(picture, dlib, sha256=SHA)

    assert scan.scans[0]["error"]
    assert conform(scan.scans, "face_scans").select(["smallest_px", "turns"]).to_pylist() == [
        {"smallest_px": None, "turns": None}
    ]


def test_scan_images_keeps_rows_and_embeddings_in_step(
    dlib: FaceAnalyzer, group: Image, tight_crop: Image
) -> None:
    blank = np.full((300, 300, 3), 90, np.uint8)

    scan = scan_images([("a", 0, tight_crop), ("b", 0, blank), ("c", 7, group)], dlib)

    alone = scan_image(group, dlib, sha256="c", frame=7)
    assert [row["sha256"] for row in scan.faces] == ["a"] + ["c"] * 7
    assert scan.faces[1:] == alone.faces
    np.testing.assert_allclose(scan.embeddings[1:], alone.embeddings, atol=1e-5)


def test_face_id_is_a_uuid_of_all_its_parts() -> None:
    ids = {face_id(*parts) for parts in [("a", 0, "m", 0), ("a", 1, "m", 0), ("a", 0, "n", 0)]}

    assert len(ids) == 3
    assert {UUID(i).version for i in ids} == {5}


@pytest.mark.parametrize("kind", ["insightface", "openmodelzoo"])
def test_every_london_portrait_has_one_face_and_they_are_102_people(kind, shared_data) -> None:
    from curate.identity.calibrate import calibrate
    from curate.identity.clusters import cluster_faces

    # The portraits are 640 px wide and one face each: half the size is enough and faster.
    analyzer = load(replace(spec_of(kind), det_size=320))
    folder = shared_data / "faces" / "london"
    paths = sorted([*folder.glob("neutral_front/*.jpg"), *folder.glob("smiling_front/*.jpg")])
    scan = scan_images([(str(p), 0, read(p)) for p in paths], analyzer)
    assert [row["faces"] for row in scan.scans] == [1] * 204
    person = np.array([int(p.name[:3]) for p in paths])
    half = np.where(person % 2 == 0, person, -1)

    found = calibrate(scan.embeddings, subject=person, default_threshold=2.0)
    clusters = cluster_faces(
        scan.embeddings,
        [row["face_id"] for row in scan.faces],
        threshold=found.threshold,
        strict=found.strict,
        must_link=half,
        subject=half,
    )

    assert len({tuple(pair) for pair in zip(clusters.identity, person, strict=True)}) == 102
    assert len(set(clusters.identity.tolist())) == 102
