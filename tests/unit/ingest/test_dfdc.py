"""DFDC: metadata with and without originals, parts, the preview, and the labelled test set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curate.errors import InvalidFileError
from curate.ingest.layouts.dfdc import DFDCLayout
from curate.ingest.run import find_layout
from tests.unit.ingest.trees import (
    Tables,
    entries,
    labels,
    listed,
    people,
    rejected,
    relations,
    touch,
    write_json,
)

PART = "dfdc_train_part_3"
SWAP = {"label": "FAKE", "split": "train", "original": "real.mp4"}
REAL = {"label": "REAL", "split": "train"}


def dfdc(path: Path, metadata: dict[str, Any], *, part: str = "") -> Tables:
    """Return what the layout makes of a folder with metadata."""
    write_json(path / part / "metadata.json", metadata)
    return listed(DFDCLayout(), path)


@pytest.mark.parametrize("real", [REAL, REAL | {"original": None}])
@pytest.mark.parametrize("part", ["", PART, f"train/{PART}"])
def test_part(tmp_path: Path, real: dict[str, Any], part: str) -> None:
    """Real ones read alike with and without `original`; a fake's stands beside it."""
    folder = f"{part}/" if part else ""
    touch(tmp_path, f"{folder}real.mp4")

    tables = dfdc(tmp_path, {"real.mp4": real, "fake.mp4": SWAP}, part=part)

    assert find_layout(tmp_path, "auto").name == "dfdc"
    assert labels(tables) == {f"{folder}real.mp4": "real", f"{folder}fake.mp4": "fake"}
    assert {k: (r["status"], r["split"], r["manipulation_type"])
            for k, r in entries(tables).items()} == {
        f"{folder}real.mp4": ("present", "train", "none"),
        f"{folder}fake.mp4": ("missing", "train", "unknown"),
    }  # fmt: skip
    assert relations(tables) == {(f"{folder}fake.mp4", "derived_from", f"{folder}real.mp4")}
    assert tables["rejections"] == []


def test_preview(tmp_path: Path) -> None:
    """Both people are told, but not which of them gave the face."""
    fake = "method_A/10/10_20_A_001.mp4"
    write_json(tmp_path / "dataset.json", {
        "original_videos/10/10_A_001.mp4": {"label": "real", "set": "test"},
        fake: {"label": "fake", "set": "train", "target_id": 10, "swapped_id": 20},
    })  # fmt: skip

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    assert people(tables) == {
        (fake, "dfdc-preview:10", "unknown"),
        (fake, "dfdc-preview:20", "unknown"),
    }
    found = entries(tables)
    assert (found[fake]["method"], found[fake]["split"]) == ("method_A", "train")
    assert found["original_videos/10/10_A_001.mp4"]["split"] == "test"


def test_labelled_test_set(tmp_path: Path) -> None:
    """In its table 1 is fake."""
    (tmp_path / "test").mkdir()
    (tmp_path / "test/labels.csv").write_text("filename,label\na.mp4,1\nb.mp4,0\nc.mp4,2\n")

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    assert labels(tables) == {"test/a.mp4": "fake", "test/b.mp4": "real"}
    assert {row["split"] for row in tables["media"]} == {"test"}
    assert rejected(tables) == {"test/labels.csv:4": "bad-label"}


def test_dirt(tmp_path: Path) -> None:
    """Rows that contradict themselves, files that nobody names, and what is no media."""
    touch(tmp_path, "nobody.mp4", "notes.txt", "odd.mp4")

    tables = dfdc(tmp_path, {
        "good.mp4": REAL,
        "both.mp4": REAL | {"original": "good.mp4"},
        "odd.mp4": {"label": "MAYBE"},
        "row.mp4": "FAKE",
        "number.mp4": SWAP | {"original": 7},
        "split.mp4": REAL | {"split": 3},
        "picture.txt": REAL,
        "../up.mp4": REAL,
    })  # fmt: skip

    assert rejected(tables) == {
        "metadata.json: both.mp4": "label-conflict",
        "metadata.json: odd.mp4": "bad-label",
        "metadata.json: row.mp4": "bad-row",
        "metadata.json: number.mp4": "label-conflict",
        "metadata.json: split.mp4": "bad-split",
        "metadata.json: picture.txt": "bad-name",
        "metadata.json: ../up.mp4": "outside-root",
        "nobody.mp4": "not-in-metadata",
        "notes.txt": "not-media",
    }
    assert list(entries(tables)) == ["good.mp4"]


def test_broken_metadata(tmp_path: Path) -> None:
    """A file that ends in the middle stops the ingest."""
    (tmp_path / "metadata.json").write_text('{"a.mp4": {"label": "REAL"}, "b', encoding="utf-8")

    with pytest.raises(InvalidFileError, match="this is not JSON"):
        listed(find_layout(tmp_path, "auto"), tmp_path)


def test_other_metadata_is_a_manifest(tmp_path: Path) -> None:
    """A metadata.json of another kind is not taken for the challenge's."""
    write_json(tmp_path / "metadata.json", [{"path": "a.jpg", "label": "real"}])

    assert find_layout(tmp_path, "auto").name == "manifest"


@pytest.mark.parametrize("name", ["", "metadata.json"])
def test_official_sample(shared_data: Path, name: str) -> None:
    """Five files, of which four are fakes; named itself or as its folder."""
    path = shared_data / "metadata" / "dfdc_sample" / name

    tables = listed(find_layout(path, "auto"), path)

    assert sorted(labels(tables).values()) == ["fake"] * 4 + ["real"]
    assert len({right for _, _, right in relations(tables, "derived_from")}) == 4
    assert {row["source_id"] for row in tables["media"]} == {"dfdc"}
    assert tables["rejections"] == []
