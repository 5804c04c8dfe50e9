"""What was erased does not come back, as the same bytes or as a picture that looks it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate
from curate.media.refuse import KEY, remember
from tests.factories import day


def _picture(path: Path, seed: int, **options: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
    path.parent.mkdir(exist_ok=True)
    coarse.resize((256, 256), Image.Resampling.BICUBIC).save(path, "JPEG", **options)


@pytest.fixture
def project(tmp_path: Path) -> curate.Project:
    """Return a workspace with two pictures that were probed."""
    for seed in (1, 2):
        _picture(tmp_path / "media" / f"{seed}.jpg", seed)
    project = curate.init(tmp_path / "ws")
    project.ingest(tmp_path / "media")
    project.run(["probe"], jobs=1)
    return project


def _states(project: curate.Project) -> dict[str, tuple[str, str | None]]:
    from curate.catalog.views import read_entries

    rows = read_entries(project.catalog).to_pylist()
    return {row["locator"]: (row["state"], row["reason"]) for row in rows}


def _erase(project: curate.Project, locator: str) -> None:
    """Remember a picture, and forget that it was ever seen."""
    from curate.catalog.views import read_entries

    (row,) = [r for r in read_entries(project.catalog).to_pylist() if r["locator"] == locator]
    assert remember(project.catalog, [row["sha256"]], now=day(5)) == 1
    assert remember(project.catalog, [row["sha256"]], now=day(6)) == 0
    for name in ("content", "sightings", "media"):
        stored = project.catalog.read(name).to_pylist()
        kept = [r for r in stored if row["sha256"] not in r.values() and
                r.get("media_id") != row["media_id"]]  # fmt: skip
        from curate.schema import conform

        project.catalog.replace(name, conform(kept, name))


def test_same_bytes_and_a_picture_that_looks_it_are_refused(
    project: curate.Project, tmp_path: Path
) -> None:
    """Under any name, in any quality; the other picture stays."""
    media = tmp_path / "media"
    _erase(project, "1.jpg")
    (media / "1.jpg").rename(media / "other name.jpg")
    _picture(media / "again.jpg", 1, quality=40)
    project.ingest(media)

    (ran,) = project.run(["probe"], jobs=1)

    assert ran.notes["refused"] == 2
    states = _states(project)
    assert states["other name.jpg"] == states["again.jpg"] == ("unreadable", "erased")
    assert states["2.jpg"] == ("present", None)
    assert project.catalog.count("content") == 1
    (again,) = project.run(["probe"], jobs=1)
    assert "refused" not in again.notes


def test_what_is_kept_of_it_is_no_id(project: curate.Project) -> None:
    """Neither its SHA-256 nor its entry's id; the key is its owner's alone."""
    known = project.catalog.read("content").to_pylist()
    ids = set(project.catalog.read("media")["media_id"].to_pylist())
    _erase(project, "1.jpg")

    (row,) = project.catalog.read("refusals").to_pylist()

    assert row["digest"] not in {r["sha256"] for r in known} | ids
    assert len(row["pdq"]) == 32
    assert (project.workspace.root / KEY).stat().st_mode & 0o077 == 0


def test_flat_picture_is_known_by_its_bytes_alone(project: curate.Project, tmp_path: Path) -> None:
    """PDQ of what has no structure fits everything: it is not kept."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 9, 9)).save(out, "PNG")
    (tmp_path / "media" / "flat.png").write_bytes(out.getvalue())
    project.ingest(tmp_path / "media")
    project.run(["probe"], jobs=1)

    _erase(project, "flat.png")

    assert [row["pdq"] for row in project.catalog.read("refusals").to_pylist()] == [None]
