"""Column `group`: frames of one clip are tied in lint, in splits and in folds."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import curate
from curate.api import Project
from curate.cli.main import main


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a workspace with two clips of three frames; one clip is in two splits."""
    rows = ["path,label,split,group,source"]
    for number in range(6):
        clip = "ab"[number % 2]
        Image.new("RGB", (8, 8), (30 * number, 0, 0)).save(tmp_path / f"{number}.png")
        split = "test" if number == 4 else "train"
        rows.append(f"{number}.png,real,{split},clip-{clip},studio")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    made = curate.init(tmp_path / "ws")
    made.ingest(tmp_path / "manifest.csv")
    return made


@pytest.mark.usefixtures("project")
def test_lint_tells_of_the_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Frames of one clip in two splits are a leak, and named by the clip."""
    assert main(["split", "lint", "-w", str(tmp_path / "ws")]) == 1

    said = capsys.readouterr().out
    assert f"{tmp_path.name}:clip-a" in said
    assert f"{tmp_path.name}:clip-b" not in said
    assert main(["explain", "4.png", "-w", str(tmp_path / "ws")]) in (0, 1)


def test_folds_part_no_clip(project: Project, tmp_path: Path) -> None:
    """Two folds of two clips hold one each."""
    status = main(["split", "-w", str(tmp_path / "ws"), "--folds", "2", "--name", "two"])

    rows = project.catalog.read("assignments").to_pylist()
    held = {row["media_id"]: row["split"] for row in rows}
    groups: dict[str, set[str]] = {}
    for entry in project.catalog.read("media").to_pylist():
        groups.setdefault(entry["group"], set()).add(held[entry["media_id"]])
    assert status == 0
    assert sorted(map(len, groups.values())) == [1, 1]
    assert len(set.union(*groups.values())) == 2
