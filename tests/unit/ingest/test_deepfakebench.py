"""DeepfakeBench JSON: clips and frames, several splits, and names by class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from curate.errors import InvalidFileError
from curate.ingest.layouts.deepfakebench import DeepfakeBenchLayout
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


def clip(label: str, folder: str, frames: int = 1) -> dict[str, Any]:
    """Return what the JSON says of one clip."""
    return {"label": label, "frames": [f"{folder}/{n:03}.png" for n in range(frames)]}


def bench(root: Path, classes: dict[str, Any], dataset: str = "D") -> Tables:
    """Return what the layout makes of a file with one dataset."""
    write_json(root / "D.json", {dataset: classes})
    return listed(DeepfakeBenchLayout(), root / "D.json")


def test_frames_and_their_clip(tmp_path: Path) -> None:
    """Both are entries; the clip has no file, the frames are looked for."""
    real, fake = "x/12__hugging_happy", "x/12_13__hugging_happy__WCPCP2TD"
    touch(tmp_path, f"{fake}/000.png")

    tables = bench(tmp_path, {
        "DFD_real": {"train": {"12__hugging_happy": clip("DFD_real", real)}},
        "DFD_fake": {"test": {"12_13__hugging_happy__WCPCP2TD": clip("DFD_fake", fake, 2)}},
    })  # fmt: skip

    assert {k: (r["kind"], r["status"], r["split"]) for k, r in entries(tables).items()} == {
        real: ("video", "missing", "train"),
        f"{real}/000.png": ("image", "missing", "train"),
        fake: ("video", "missing", "test"),
        f"{fake}/000.png": ("image", "present", "test"),
        f"{fake}/001.png": ("image", "missing", "test"),
    }
    assert relations(tables, "swap_target", "frame_of") == {
        (fake, "swap_target", real),
        (f"{real}/000.png", "frame_of", real),
        (f"{fake}/000.png", "frame_of", fake),
        (f"{fake}/001.png", "frame_of", fake),
    }
    assert (f"{fake}/001.png", "dfd:actor-13", "donor") in people(tables)
    assert find_layout(tmp_path, "auto").name == "deepfakebench"


def test_clip_in_several_splits_is_one_entry(tmp_path: Path) -> None:
    """What the published rearrangement does to Celeb-DF: the test list in all three splits."""
    fake = {"id1_id0_0007": clip("CelebDFv2_fake", "x/id1_id0_0007")}

    tables = bench(tmp_path, {"CelebDFv2_fake": {"train": fake, "val": fake, "test": fake}})

    assert {row["split"] for row in tables["media"]} == {"train"}
    assert relations(tables, "in_split") == {
        (locator, "in_split", split)
        for locator in ("x/id1_id0_0007", "x/id1_id0_0007/000.png")
        for split in ("val", "test")
    }
    assert tables["rejections"] == []


def test_compressions(tmp_path: Path) -> None:
    """A level between split and video is the compression; a target is looked for in the same."""

    def both(label: str, name: str) -> dict[str, Any]:
        return {c: {name: clip(label, f"{c}/{label}/{name}")} for c in ("c23", "c40")}

    tables = bench(tmp_path, {"FF-real": {"train": both("FF-real", "000")},
                              "FF-FS": {"train": both("FF-FS", "000_001")}})  # fmt: skip

    assert relations(tables, "swap_target", "same_clip") >= {
        ("c23/FF-FS/000_001", "swap_target", "c23/FF-real/000"),
        ("c40/FF-FS/000_001", "swap_target", "c40/FF-real/000"),
    }
    assert len(relations(tables, "same_clip")) == 2
    assert {r["method"] for r in tables["media"]} == {None, "FaceSwap"}
    assert {r["source_id"] for r in tables["media"]} == {"faceforensics++"}


@pytest.mark.parametrize(
    ("label", "name", "expected"),
    [
        ("CelebDFv1_real", "00012", ("real", "none", "celeb-df-v1")),
        ("CelebDFv1_real", "id1_0007", ("real", "none", "celeb-df-v1")),
        ("DF_real", "M004_light_up_happy_camera_up", ("real", "none", "deeperforensics-1.0")),
        ("DF_fake", "000_M004", ("fake", "face_swap", "deeperforensics-1.0")),
        ("UADFV_Fake", "0000_fake", ("fake", "unknown", "uadfv")),
        ("DFDCP_FakeB", "10_20_A_001", ("fake", "unknown", "dfdc-preview")),
        ("Mine-real", "x", ("real", "none", None)),
    ],
)
def test_classes(tmp_path: Path, label: str, name: str, expected: tuple[str, ...]) -> None:
    """The benchmark's classes are known, others are told by their last word."""
    tables = bench(tmp_path, {label: {"val": {name: clip(label, f"x/{name}")}}})

    (row,) = (row for row in tables["media"] if row["kind"] == "video")
    found = labels(tables)[row["locator"]], row["manipulation_type"], row["source_id"]
    assert found == expected


def test_dirt(tmp_path: Path) -> None:
    """A clip that cannot be read is one rejection with the number of its frames."""
    tables = bench(tmp_path, {
        "DFD_real": {"train": {
            "Park": clip("DFD_real", "x/Park", 8),
            "12__talking": {"label": "DFD_real"},
            "13__talking": "none",
            "14__talking": {"label": "DFD_real", "frames": ["a/0.png", "b/0.png"]},
            "15__talking": {"label": "DFD_real", "frames": ["0.png"]},
            "16__talking": clip("DFD_real", "x/twice"),
            "17__talking": clip("DFD_real", "x/twice"),
            "18__talking": clip("DFD_real", "/elsewhere/18__talking"),
        }},
        "DFD_fake": {"val": {"16_17__talking__WCPCP2TD": clip("DFD_fake", "x/twice")}},
        "Mystery": {"test": {"x": clip("Mystery", "x/x")}},
        "UADFV_Real": {"test": {"a/b": clip("UADFV_Real", "x/y")}},
    })  # fmt: skip

    assert rejected(tables) == {
        "D.json: D/DFD_real/train/Park": "bad-name",
        "D.json: D/DFD_real/train/12__talking": "bad-row",
        "D.json: D/DFD_real/train/13__talking": "bad-row",
        "D.json: D/DFD_real/train/14__talking": "bad-row",
        "D.json: D/DFD_real/train/15__talking": "bad-row",
        "D.json: D/DFD_real/train/17__talking": "duplicate-row",
        "D.json: D/DFD_real/train/18__talking": "outside-root",
        "D.json: D/DFD_fake/val/16_17__talking__WCPCP2TD": "label-conflict",
        "D.json: D/Mystery/test/x": "unknown-class",
        "D.json: D/UADFV_Real/test/a/b": "bad-name",
    }
    assert "its 8 frames are left out" in tables["rejections"][0]["detail"]
    assert sorted(entries(tables)) == ["x/twice", "x/twice/000.png"]


def test_paths_of_another_machine(tmp_path: Path) -> None:
    """Backslashes and paths below the media root are read as what they mean."""
    windows = {"label": "DFD_real", "frames": ["x\\12__talking\\0.png"]}
    absolute = clip("DFD_real", f"{tmp_path.resolve()}/x/13__talking")

    tables = bench(
        tmp_path, {"DFD_real": {"train": {"12__talking": windows, "13__talking": absolute}}}
    )

    assert {r["locator"] for r in tables["media"] if r["kind"] == "image"} == {
        "x/12__talking/0.png", "x/13__talking/000.png",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ['{"D": {"C": {"train": {"x": {}', '{"D": {"C": {"train": {}}}, "E": 3}']
)
def test_broken_file(tmp_path: Path, text: str) -> None:
    """It stops the ingest, and says where."""
    (tmp_path / "D.json").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidFileError, match=r"not JSON|expected a JSON object"):
        listed(DeepfakeBenchLayout(), tmp_path / "D.json")


@pytest.fixture(scope="module")
def dfd(shared_data: Path) -> Tables:
    """Return what the layout makes of the published DFD file."""
    path = shared_data / "metadata" / "deepfakebench"
    return listed(find_layout(path, "auto"), path)


def test_actors_of_the_published_file(dfd: Tables) -> None:
    """Golden fact: 28, 28 and 26 actors, and all of val and test are in train."""
    splits = {row["locator"]: row["split"] for row in dfd["media"]}
    actors: dict[str, set[str]] = {"train": set(), "val": set(), "test": set()}
    for locator, subject, _ in people(dfd):
        actors[splits[locator]].add(subject)

    assert {split: len(found) for split, found in actors.items()} == {
        "train": 28, "val": 28, "test": 26,
    }  # fmt: skip
    assert actors["val"] | actors["test"] <= actors["train"]


def test_stray_folder_of_the_published_file(dfd: Tables) -> None:
    """Golden fact: it is rejected by name, and every other video is an entry with its frames."""
    assert rejected(dfd) == {"DFD_balanced.json: DFD/DFD_real/train/Park": "bad-name"}
    kinds = Counter(row["kind"] for row in dfd["media"])
    assert kinds == {"video": 997, "image": 997 * 32}
    assert len(relations(dfd, "swap_target")) == 634
