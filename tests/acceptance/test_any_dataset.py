"""Datasets as people have them: dirt in a table, splits hidden in names, clips tied by a column."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

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


def _fakeavceleb(root: Path) -> None:
    """Write a table in the shape of FakeAVCeleb v1.2's: the release's folder, and scraps."""
    rows = ["source,target1,target2,method,category,type,race,gender,filename,path"]

    def row(person: str, other: str, how: str, kind: str, name: str) -> None:
        letter = {"RealVideo-RealAudio": "A", "RealVideo-FakeAudio": "B",
                  "FakeVideo-RealAudio": "C"}[kind]  # fmt: skip
        folder = f"FakeAVCeleb_v1.2/{kind}/African/men/{person}"
        rows.append(f"{person},{other},-,{how},{letter},{kind},African,men,{name},{folder}")

    for number, scrap in enumerate(("fake.mp4", "2", "0.mp4", "-")):
        person, other = f"id9{number:04d}", f"id9{(number + 1) % 4:04d}"
        row(person, "-", "real", "RealVideo-RealAudio", "00100.mp4")
        row(person, scrap, "rtvc", "RealVideo-FakeAudio", "00100_fake.mp4")
        row(person, other, "faceswap", "FakeVideo-RealAudio", f"00100_{other}_x.mp4")
    (root / "meta_data.csv").write_text("\n".join(rows) + "\n", "utf-8")


def test_dirt_of_a_released_table_costs_no_entry(tmp_path: Path) -> None:
    """Scraps leave the other person unknown, which nobody is cleared on; parents are listed."""
    (tmp_path / "fav").mkdir()
    _fakeavceleb(tmp_path / "fav")
    project = curate.init(tmp_path / "ws")

    found = project.ingest(tmp_path / "fav")

    assert (found.layout, found.entries, found.rejections) == ("fakeavceleb", 12, {})
    ids = set(project.catalog.read("media")["media_id"].to_pylist())
    parents = project.catalog.read("relations").to_pylist()
    assert len(parents) == 8
    assert {row["right"] for row in parents} <= ids
    assert project.audit().counts()["cleared"] == 0


@pytest.mark.parametrize("name", ["test-bench", "faces"])
def test_splits_are_those_of_the_card_whatever_a_folder_is_called(
    tmp_path: Path, name: str
) -> None:
    """One picture in train and validation is one leak by bytes."""

    def png(shade: int) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (8, 8), (shade, 0, 0)).save(file, "PNG")
        return file.getvalue()

    features = {"image": {"_type": "Image"}}
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    files = ""
    for number, split in enumerate(("train", "validation")):
        path = tmp_path / "hub" / name / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        cells = [{"bytes": png(shade), "path": "a.png"} for shade in (9, number)]
        parquet.write_table(pa.table({"image": cells}).replace_schema_metadata(about), path)
        files += f"  - split: {split}\n    path: {name}/{split}-*\n"
    card = f"---\nconfigs:\n- config_name: {name}\n  data_files:\n{files}---\n"
    (tmp_path / "hub" / "README.md").write_text(card, "utf-8")
    project = curate.init(tmp_path / "ws")
    project.ingest(tmp_path / "hub")
    project.run(["probe"], jobs=1)

    found = project.lint_splits(by=["bytes"])

    assert found.sizes == {"train": 2, "val": 2}
    assert [(leak.kind, leak.left, leak.right, leak.groups) for leak in found.leaks] == [
        ("bytes", "train", "val", 1)
    ]
