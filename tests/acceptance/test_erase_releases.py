"""An erasure finds every copy in the workspace's own releases, whatever form they were written in.

The proof looks for itself: it opens every file, member and cell of what is on disk, and knows the
erased person's pictures by their pixels.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError
from pyarrow import parquet

from tests.acceptance.conftest import Curate
from tests.acceptance.story import Story, write_csv

pytestmark = pytest.mark.slow
FORMATS = ("files", "webdataset", "huggingface", "fiftyone", "coco", "deepfakebench")
DOCUMENT = "audit-with-pictures.html"
ERASED, KEPT = "005", "012"


@pytest.fixture
def ws(story: Story, tmp_path: Path, curate: Curate, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with a release in every format and a build that was not finished."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    for person in (ERASED, KEPT):
        story.person(person)
    ws = story.written(curate)
    curate("run", "-w", ws)
    forms = [word for name in FORMATS for word in ("--format", name)]
    curate("release", "build", "v1", "-w", ws, *forms, "--crops", "0.3")
    shutil.copytree(ws / "releases" / "v1" / "media", ws / "releases" / ".v2.partial" / "media")
    shutil.copytree(ws / "releases" / "v1" / "webdataset", ws / "releases" / "handed out")
    (ws / "reports").mkdir(exist_ok=True)
    (ws / "reports" / "plain.html").write_text("<p>No picture.</p>", encoding="utf-8")
    (ws / "reports" / DOCUMENT).write_text('<img src="data:image/jpeg;base64,">', "utf-8")
    return ws


def test_each_copy_is_named_and_none_is_left(
    ws: Path, story: Story, curate: Curate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First nothing is deleted, and all is named; asked again, all of it goes."""
    theirs = _small(story.media / f"{ERASED}_03.jpg"), _small(story.media / f"{ERASED}_08.jpg")
    before = _showing(ws / "releases", theirs)
    ways = {path.suffix for path in before} | {path.parts[0] for path in before}
    assert {".jpg", ".tar", ".parquet", ".png", ".v2.partial", "handed out"} <= ways
    curate("consent", "withdraw", f"p{ERASED}", "--yes", "-w", ws)

    told = _erased(curate, ws)
    left = told["not_destroyed"]
    named = {Path(one).relative_to(ws / "releases") for one in left["release_files"]}
    assert before <= named
    assert left["documents"] == [str(ws / "reports" / DOCUMENT)]
    assert told["destroyed"]["release_files"] == []
    assert _showing(ws / "releases", theirs) == before

    # One file cannot be deleted: it is named, and the rest goes.
    stuck = next(ws / "releases" / path for path in sorted(before) if path.suffix == ".tar")
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path == stuck:
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    told = _erased(curate, ws, "--delete-files")
    assert told["not_destroyed"]["release_files"] == [str(stuck)]
    monkeypatch.setattr(Path, "unlink", unlink)
    told = _erased(curate, ws, "--delete-files")
    assert told["destroyed"]["release_files"] == [str(stuck)]

    assert _showing(ws / "releases", theirs) == set()
    assert _showing(story.media, theirs) == set()
    assert not any(told["not_destroyed"][kind] for kind in ("files", "release_files", "documents"))
    # Whatever holds nothing of them is still there.
    others = _small(story.media / f"{KEPT}_03.jpg"), _small(story.media / f"{KEPT}_08.jpg")
    assert _showing(ws / "releases", others)
    assert (ws / "releases" / "v1" / "manifest.json").exists()
    assert [path.name for path in (ws / "reports").iterdir()] == ["plain.html"]


def test_members_of_archives_are_named_and_stay(
    ws: Path, story: Story, tmp_path: Path, curate: Curate
) -> None:
    """What lies within a zip that a dataset was read from is told, and never passed over."""
    packed = tmp_path / "packed"
    packed.mkdir()
    shutil.copy(story.media / f"{ERASED}_03.jpg", packed / "again.jpg")
    row = {"path": "again.jpg", "label": "real", "subject": f"p{ERASED}", "role": "depicted"}
    write_csv(packed / "manifest.csv", [row])
    shutil.make_archive(str(tmp_path / "more"), "zip", packed)
    curate("ingest", tmp_path / "more.zip", "-w", ws)
    curate("run", "-w", ws)
    curate("consent", "withdraw", f"p{ERASED}", "--yes", "-w", ws)
    told = _erased(curate, ws, "--delete-files")
    assert [Path(one).name for one in told["not_destroyed"]["packed"]] == ["again.jpg"]
    assert (tmp_path / "more.zip").exists()


def _erased(curate: Curate, ws: Path, *words: str) -> dict[str, Any]:
    done = curate("consent", "erase", f"p{ERASED}", "--yes", "--json", "-w", ws, *words)
    told: dict[str, Any] = json.loads(done.out)
    return told


def _small(source: Any) -> np.ndarray:
    with Image.open(source) as opened:
        return np.asarray(opened.convert("L").resize((24, 24)), float)


def _showing(folder: Path, pictures: tuple[np.ndarray, ...]) -> set[Path]:
    """Return the files below a folder that hold one of some pictures, or a crop of one."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and any(_is_like(body, pictures) for body in _bodies(path)):
            found.add(path.relative_to(folder))
    return found


def _bodies(path: Path) -> Iterator[bytes]:
    if path.suffix == ".tar":
        with tarfile.open(path) as archive:
            for member in archive:
                body = archive.extractfile(member)
                yield body.read() if body else b""
    elif path.suffix == ".parquet":
        for row in parquet.read_table(path).to_pylist():
            for value in row.values():
                for one in value.values() if isinstance(value, dict) else (value,):
                    if isinstance(one, bytes):
                        yield one
    else:
        yield path.read_bytes()


def _is_like(body: bytes, pictures: tuple[np.ndarray, ...]) -> bool:
    try:
        shown = _small(io.BytesIO(body))
    except (UnidentifiedImageError, OSError, SyntaxError):
        return False
    with Image.open(io.BytesIO(body)) as opened:
        is_crop = opened.size == (256, 256)
    if is_crop:
        # A crop is part of a picture: the part that is most like it is sought.
        return any(_holds(shown, whole) for whole in pictures)
    return any(np.abs(shown - whole).mean() < 2 for whole in pictures)


def _holds(crop: np.ndarray, whole: np.ndarray) -> bool:
    best = 0.0
    for side in range(12, 25):
        part = np.asarray(Image.fromarray(crop.astype(np.uint8)).resize((side, side)), float)
        part -= part.mean()
        for top in range(25 - side):
            for left in range(25 - side):
                cell = whole[top : top + side, left : left + side]
                cell = cell - cell.mean()
                norm = np.sqrt((part**2).sum() * (cell**2).sum()) or 1.0
                best = max(best, float((part * cell).sum() / norm))
    return best > 0.97
