"""The probe stage: what is pending, and frames that reach their table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import curate
from curate.engine.pipeline import Writer
from curate.media.stage import probe_batch, probe_stage
from tests.unit.media.videos import film, scene


@pytest.fixture
def project(tmp_path: Path) -> curate.Project:
    """Return a workspace that lists two videos and a file that only begins as one."""
    media = tmp_path / "media"
    media.mkdir()
    (media / "a.mp4").write_bytes(film(scene(3)))
    (media / "b.mkv").write_bytes(film(scene(2, seed=1), container="matroska"))
    (media / "broken.mp4").write_bytes(film(scene(2))[:400])
    project = curate.init(tmp_path / "ws")
    project.ingest(media)
    return project


def counts(project: curate.Project) -> dict[str, int]:
    """Return how many frames each listed file has."""
    query = """
        SELECT locator, count(f.frame) FROM media JOIN sightings USING (media_id)
        LEFT JOIN frames f USING (sha256) GROUP BY locator ORDER BY locator
    """
    return dict(project.catalog.connect().execute(query).fetchall())


def pending(project: curate.Project) -> pa.Table:
    """Return what the stage still has to do."""
    connection = project.catalog.connect()
    return connection.sql(probe_stage().pending).to_arrow_table()


def test_frames_of_videos_reach_their_table(project: curate.Project) -> None:
    project.run(["probe"])
    assert counts(project) == {"a.mp4": 3, "b.mkv": 2, "broken.mp4": 0}
    query = "SELECT locator, reason FROM sightings JOIN media USING (media_id) WHERE reason > ?"
    found = project.catalog.connect().execute(query, [""]).fetchall()
    assert found == [("broken.mp4", "corrupt")]


def test_videos_seen_without_pyav_are_pending_once_it_is_there(
    project: curate.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        for module in ("probe", "container"):
            without.setattr(f"curate.media.{module}.can_read_videos", lambda: False)
        writer = Writer(project.catalog, probe_stage())
        writer.add(probe_batch(pending(project)))
        writer.flush()
        assert pending(project).num_rows == 0
    assert counts(project) == {"a.mp4": 0, "b.mkv": 0, "broken.mp4": 0}

    project.run(["probe"])

    assert counts(project) == {"a.mp4": 3, "b.mkv": 2, "broken.mp4": 0}
    assert pending(project).num_rows == 0
