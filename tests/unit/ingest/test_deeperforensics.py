"""DeeperForensics-1.0: variants of one swap, actors as donors, and lists of splits."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.ingest.layouts.deeperforensics import DeeperForensicsLayout
from curate.ingest.run import find_layout
from tests.unit.ingest.trees import (
    entries,
    labels,
    listed,
    people,
    rejected,
    relations,
    touch,
)

CLEAN = "manipulated_videos/end_to_end/000_M004.mp4"
NOISY = "manipulated_videos/end_to_end_level_3/000_M004.mp4"
REAL = "source_videos/M004/light_up/happy/M004_light_up_happy_camera_front.mp4"


def lists(root: Path, **splits: str) -> None:
    """Write lists of splits."""
    for split, text in splits.items():
        path = root / "lists" / "splits" / f"{split}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_swaps_and_recordings(tmp_path: Path) -> None:
    """The actor is donor of the swap and depicted in the recording; the target is footage."""
    touch(tmp_path, CLEAN, NOISY, REAL)
    lists(tmp_path, test="000_M004.mp4\n")

    tables = listed(DeeperForensicsLayout(), tmp_path)

    assert labels(tables) == {CLEAN: "fake", NOISY: "fake", REAL: "real"}
    assert {k: (r["split"], r["compression"]) for k, r in entries(tables).items()} == {
        CLEAN: ("test", "end_to_end"), NOISY: ("test", "end_to_end_level_3"), REAL: (None, None),
    }  # fmt: skip
    assert people(tables) == {
        (CLEAN, "deeperforensics:M004", "donor"),
        (NOISY, "deeperforensics:M004", "donor"),
        (REAL, "deeperforensics:M004", "depicted"),
    }
    assert relations(tables, "from_source") == {
        (swap, "from_source", "faceforensics++:000") for swap in (CLEAN, NOISY)
    }
    assert len(relations(tables, "same_clip")) == 1
    assert find_layout(tmp_path, "auto").name == "deeperforensics"


def test_lists_alone(tmp_path: Path) -> None:
    """The videos they name are entries that are missing."""
    lists(tmp_path, train="001_W101.mp4\n", val="002_W102.mp4\n")

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    assert {k: (r["status"], r["split"]) for k, r in entries(tables).items()} == {
        "manipulated_videos/end_to_end/001_W101.mp4": ("missing", "train"),
        "manipulated_videos/end_to_end/002_W102.mp4": ("missing", "val"),
    }


def test_frames(tmp_path: Path) -> None:
    """They lead to the swap, whose file may be elsewhere."""
    frame = "manipulated_videos/end_to_end/frames/000_M004/00.png"
    face = "source_videos/M004/faces/M004_BlendShape_camera_up/00.png"
    touch(tmp_path, frame, face)

    tables = listed(DeeperForensicsLayout(), tmp_path)

    assert relations(tables, "frame_of", "crop_of") == {
        (frame, "frame_of", CLEAN),
        (face, "crop_of", "source_videos/M004/M004_BlendShape_camera_up.mp4"),
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("manipulated_videos/end_to_end/000_004.mp4", "bad-name"),
        ("manipulated_videos/end_to_end/M004_000.mp4", "bad-name"),
        ("manipulated_videos/other/000_M004.mp4", "bad-place"),
        ("source_videos/M004/M004_x.mp4", "bad-name"),
        ("source_videos/M004/readme.txt", "not-media"),
        ("terms_of_use.pdf", "not-media"),
    ],
)
def test_dirt(tmp_path: Path, name: str, reason: str) -> None:
    """It is rejected with its reason, and the rest goes on."""
    touch(tmp_path, name, CLEAN)
    lists(tmp_path, test="000_M004.mp4\nnonsense\n000_M004.mp4\n", train="000_M004.mp4\n")

    tables = listed(DeeperForensicsLayout(), tmp_path)

    assert rejected(tables) == {
        name: reason, "test.txt:2": "bad-name", "test.txt:3": "duplicate-row",
    }  # fmt: skip
    assert list(entries(tables)) == [CLEAN]
    assert relations(tables, "in_split") == {(CLEAN, "in_split", "train")}
