"""The faces stage on videos: frames of each shot, tracks, and one embedding for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate
from tests.unit.faces.conftest import read

pytest.importorskip("av", reason="PyAV, the extra video, is not installed")


def _film(shared_data: Path, path: Path) -> None:
    """Write a film of two shots: a person for two seconds, then that person beside another."""
    from tests.unit.media.videos import film

    london = shared_data / "faces" / "london" / "neutral_front"
    photos = (Image.fromarray(read(london / f"{name}_03.jpg")) for name in ("001", "004"))
    one, other = (np.asarray(photo.resize((480, 480))) for photo in photos)
    black = np.zeros_like(one)
    alone = np.concatenate([black, one], axis=1)
    both = np.concatenate([other, one], axis=1)
    path.write_bytes(film([alone] * 20 + [both] * 20, fps=10))


@pytest.fixture
def project(shared_data: Path, tmp_path: Path) -> curate.api.Project:
    """Return a project with the film, scanned."""
    (tmp_path / "media").mkdir()
    _film(shared_data, tmp_path / "media" / "film.mp4")
    made = curate.init(tmp_path / "ws")
    made.ingest(tmp_path / "media")
    made.run(["probe", "faces", "identity"], jobs=1)
    return made


@pytest.mark.slow
def test_video_gives_faces_by_frame_and_tracks_by_shot(project) -> None:
    """A frame of each second and the last, in two shots: first one face, then two."""
    faces = project.catalog.read("faces").to_pylist()
    rows = project.catalog.read("face_scans").to_pylist()
    scans = {row["frame"]: row["faces"] for row in rows}

    tracks = {(face["frame"] >= 20, face["track_id"]) for face in faces}

    assert scans == {0: 1, 10: 1, 20: 2, 30: 2, 39: 2}
    assert {(row["looks"], row["gap_ms"]) for row in rows} == {(5, 0)}
    assert sorted(shot for shot, _ in tracks) == [False, True, True]


@pytest.mark.slow
def test_one_identity_for_each_person_and_every_face_of_a_track(project) -> None:
    """The person of both shots is one identity; who stands beside them is another."""
    faces = {row["face_id"]: row for row in project.catalog.read("faces").to_pylist()}
    identities = project.catalog.read("identities").to_pylist()

    by_identity: dict[str, set[bool]] = {}
    for row in identities:
        on_the_left = faces[row["face_id"]]["x1"] < 480
        by_identity.setdefault(row["identity_id"], set()).add(on_the_left)

    assert len(identities) == 8
    assert sorted(map(list, by_identity.values())) == [[False], [True]]


@pytest.mark.slow
def test_faces_found_before_are_embedded_again_from_their_frames(project) -> None:
    """A later run opens the film at the frames that stand for tracks, and finds the same."""
    before = project.catalog.read("identities")
    project.catalog.replace("identities", before.slice(0, 0), stage="")
    text = project.workspace.config.read_text(encoding="utf-8").replace("0.001", "0.002")
    project.workspace.config.write_text(text, encoding="utf-8")

    curate.open(project.workspace.root).run(["identity"], jobs=1)

    again = project.catalog.read("identities")
    assert again.drop_columns("similarity").equals(before.drop_columns("similarity"))
    np.testing.assert_allclose(again["similarity"], before["similarity"], atol=1e-3)


@pytest.mark.slow
def test_a_frame_whose_scan_is_gone_is_searched_again(project) -> None:
    """With all others of its content; and only once."""
    scans = project.catalog.read("face_scans")
    project.catalog.replace("face_scans", scans.slice(1))

    done = [one.done for _ in range(2) for one in project.run(["faces"], jobs=1)]

    assert done == [1, 0]
    assert project.catalog.read("face_scans").equals(scans)


@pytest.mark.slow
def test_a_video_that_cannot_be_read_is_no_scan(tmp_path: Path) -> None:
    """It is told why, and the video is not taken for searched."""
    import pyarrow as pa

    from curate.faces.analyzer import AnalyzerSpec
    from curate.faces.stage import scan_batch

    (tmp_path / "film.mp4").write_bytes(b"no film")
    item = {"sha256": "0" * 64, "kind": "video", "root": str(tmp_path),
            "locator": "film.mp4", "cuts": []}  # fmt: skip

    made = scan_batch(pa.Table.from_pylist([item]), spec=AnalyzerSpec())

    (scan,) = made["face_scans"].to_pylist()
    assert scan["error"] == "not_media"
    assert made["faces"].num_rows == 0


def test_contents_are_searched_again_when_smaller_faces_are_asked_for(tmp_path: Path) -> None:
    """A finer search serves a coarser wish, and not the other way."""
    (tmp_path / "media").mkdir()
    Image.new("RGB", (96, 96), (90, 90, 90)).save(tmp_path / "media" / "wall.png")
    made = curate.init(tmp_path / "ws")
    made.ingest(tmp_path / "media")
    usual = made.workspace.config.read_text(encoding="utf-8")

    reached = []
    for wish in (24, 16, 48):
        text = usual.replace("[faces]\n", f"[faces]\nsmallest = {wish}\n")
        made.workspace.config.write_text(text, encoding="utf-8")
        project = curate.open(made.workspace.root)
        project.run(["probe", "faces"], jobs=1)
        (scan,) = project.catalog.read("face_scans").to_pylist()
        reached.append((scan["smallest_px"], scan["turns"]))

    assert reached == [(24, 4), (16, 4), (16, 4)]
