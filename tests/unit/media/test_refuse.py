"""What was erased does not come back, as the same bytes or as a picture that looks it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate
from curate.errors import MissingKeyError
from curate.media.refuse import KEY, Guard, key_id
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
    project.clock = lambda: day(4)
    project.ingest(tmp_path / "media")
    project.run(["probe"], jobs=1)
    # Erased between then and now.
    project.clock = lambda: day(7)
    return project


def _states(project: curate.Project) -> dict[str, tuple[str, str | None]]:
    from curate.catalog.views import read_entries

    rows = read_entries(project.catalog).to_pylist()
    return {row["locator"]: (row["state"], row["reason"]) for row in rows}


def _erase(project: curate.Project, locator: str) -> None:
    """Remember a picture, and forget that it was ever seen."""
    from curate.catalog.views import read_entries

    (row,) = [r for r in read_entries(project.catalog).to_pylist() if r["locator"] == locator]
    for moment, new in ((day(5), 1), (day(6), 0)):
        remembered = Guard(project.ledger).remember(
            project.catalog, contents=[row["sha256"]], released=(), entries=(),
            request_id="q1", now=moment,
        )  # fmt: skip
        assert remembered == new
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
    assert states["other name.jpg"] == ("unreadable", "erased")
    assert states["again.jpg"] == ("unreadable", "like-erased")
    assert states["2.jpg"] == ("present", None)
    assert project.catalog.count("content") == 1
    (again,) = project.run(["probe"], jobs=1)
    assert "refused" not in again.notes


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_mirrors_and_quarter_turns_are_refused(
    project: curate.Project, tmp_path: Path, turn: Image.Transpose
) -> None:
    """All seven that are not the picture itself."""
    media = tmp_path / "media"
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8))
    whole = coarse.resize((512, 512), Image.Resampling.BICUBIC)
    whole.save(media / "3.jpg", quality=90)
    project.clock = lambda: day(4)
    project.ingest(media)
    project.run(["probe"], jobs=1)
    _erase(project, "3.jpg")
    project.clock = lambda: day(7)
    (media / "3.jpg").unlink()
    whole.transpose(turn).save(media / "turned.jpg", quality=80)
    project.ingest(media)

    project.run(["probe"], jobs=1)

    states = _states(project)
    assert states["turned.jpg"] == ("unreadable", "like-erased")
    assert states["2.jpg"] == ("present", None)


def test_what_is_kept_of_it_is_no_id(project: curate.Project) -> None:
    """Neither its SHA-256 nor its entry's id; the key is its owner's alone."""
    known = project.catalog.read("content").to_pylist()
    ids = set(project.catalog.read("media")["media_id"].to_pylist())
    _erase(project, "1.jpg")

    (row,) = project.ledger.read("refusals").to_pylist()

    assert row["digest"] not in {r["sha256"] for r in known} | ids
    assert len(bytes.fromhex(row["pdq"])) == 32
    assert (project.workspace.root / KEY).stat().st_mode & 0o077 == 0


def test_flat_picture_is_known_by_its_bytes_alone(project: curate.Project, tmp_path: Path) -> None:
    """PDQ of what has no structure fits everything: it is not kept."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 9, 9)).save(out, "PNG")
    (tmp_path / "media" / "flat.png").write_bytes(out.getvalue())
    project.clock = lambda: day(4)
    project.ingest(tmp_path / "media")
    project.run(["probe"], jobs=1)

    _erase(project, "flat.png")

    assert [row["pdq"] for row in project.ledger.read("refusals").to_pylist()] == [None]


def test_without_its_key_nothing_is_said_not_to_be_erased(project: curate.Project) -> None:
    """A key that is gone, or another one in its place: an error, and no new key."""
    _erase(project, "1.jpg")
    place = project.workspace.root / KEY
    kept = place.read_bytes()

    place.unlink()
    with pytest.raises(MissingKeyError, match="gone"):
        project.run(["probe"], jobs=1)
    assert not place.exists()

    place.write_text("ab" * 32)
    place.chmod(0o600)
    with pytest.raises(MissingKeyError, match="another key"):
        project.run(["probe"], jobs=1)

    place.write_bytes(kept)
    project.run(["probe"], jobs=1)
    assert len(key_id(bytes.fromhex(kept.decode().strip()))) == 16


def test_an_entry_that_no_file_was_read_of_is_refused_by_its_id(project: curate.Project) -> None:
    """Whatever lies there later."""
    rows = {r["locator"]: r["media_id"] for r in project.catalog.read("media").to_pylist()}
    Guard(project.ledger).remember(
        project.catalog, contents=(), released=(), entries=[rows["2.jpg"]], request_id="q1",
        now=day(5),
    )  # fmt: skip

    project.run(["probe"], jobs=1)

    assert _states(project)["2.jpg"] == ("unreadable", "erased")
    assert _states(project)["1.jpg"] == ("present", None)
