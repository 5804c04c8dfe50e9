"""Celeb-DF: three folders, ids in names, and a list in which 1 is real."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from curate.errors import InvalidFileError
from curate.ingest.layouts.celebdf import CelebDFLayout
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
)

REAL = "Celeb-real/id1_0007.mp4"
FAKE = "Celeb-synthesis/id1_id0_0007.mp4"
YOUTUBE = "YouTube-real/00170.mp4"


def celeb(path: Path, *lines: str) -> Tables:
    """Return what the layout makes of a folder with a list of testing videos."""
    if lines:
        (path / "List_of_testing_videos.txt").write_text("\n".join(lines), encoding="utf-8")
    return listed(CelebDFLayout(), path)


def test_folders_and_names(tmp_path: Path) -> None:
    """The folder tells the label, the name who is in it; without a list there is no split."""
    touch(tmp_path, REAL, FAKE, YOUTUBE)

    tables = celeb(tmp_path)

    assert labels(tables) == {REAL: "real", FAKE: "fake", YOUTUBE: "real"}
    assert people(tables) == {
        (REAL, "celeb-df:id1", "depicted"),
        (FAKE, "celeb-df:id1", "target"),
        (FAKE, "celeb-df:id0", "donor"),
    }
    assert relations(tables) == {(FAKE, "swap_target", REAL), (FAKE, "derived_from", REAL)}
    assert {row["split"] for row in tables["media"]} == {None}
    assert find_layout(tmp_path, "auto").name == "celebdf"


def test_list_makes_test_and_the_rest_train(tmp_path: Path) -> None:
    """What is listed and has no file is an entry too."""
    touch(tmp_path, REAL, FAKE)

    tables = celeb(tmp_path, f"1 {REAL}", f"1 {YOUTUBE}")

    assert {k: (r["split"], r["status"]) for k, r in entries(tables).items()} == {
        REAL: ("test", "present"), FAKE: ("train", "present"), YOUTUBE: ("test", "missing"),
    }  # fmt: skip


def test_frames_below_folders_of_a_rearranged_tree(tmp_path: Path) -> None:
    """Frames lead to their clip, which is in the list by its own name."""
    frame = "Celeb-synthesis/frames/id1_id0_0007/012.png"
    touch(tmp_path, frame)

    tables = celeb(tmp_path, f"0 {FAKE}")

    clip = "Celeb-synthesis/videos/id1_id0_0007.mp4"
    assert {k: (r["split"], r["kind"]) for k, r in entries(tables).items()} == {
        frame: ("test", "image"), clip: ("test", "video"),
    }  # fmt: skip
    assert (frame, "frame_of", clip) in relations(tables)


@pytest.mark.parametrize(
    ("name", "space"), [("Celeb-DF-v1", "-v1"), ("CelebDFv2", "-v2"), ("c", "")]
)
def test_versions_are_kept_apart(tmp_path: Path, name: str, space: str) -> None:
    """Whether an id is one person in both versions is not known."""
    touch(tmp_path / name, REAL)

    tables = celeb(tmp_path / name)

    assert people(tables) == {(REAL, f"celeb-df{space}:id1", "depicted")}
    assert tables["media"][0]["source_id"] == f"celeb-df{space}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Celeb-real/id1_id0_0007.mp4", "bad-name"),
        ("Celeb-synthesis/id1_0007.mp4", "bad-name"),
        ("Celeb-synthesis/id1_id0_7.mp4", "bad-name"),
        ("YouTube-real/170.mp4", "bad-name"),
        ("Celeb-real/id1_0007.txt", "not-media"),
        ("Celeb-real/frames/id1_0007.png", "bad-place"),
        ("id1_0007.mp4", "bad-place"),
    ],
)
def test_dirt_on_disk(tmp_path: Path, name: str, reason: str) -> None:
    """It is rejected with its reason, and the rest goes on."""
    touch(tmp_path, name, YOUTUBE)

    tables = celeb(tmp_path)

    assert rejected(tables) == {name: reason}
    assert list(entries(tables)) == [YOUTUBE]


def test_dirt_in_the_list(tmp_path: Path) -> None:
    """A number that contradicts the folder is no label, and says which rule it broke."""
    tables = celeb(
        tmp_path, f"1 {REAL}", f"1 {FAKE}", f"0 {YOUTUBE}", "Celeb-real/id2_0001.mp4",
        "2 Celeb-real/id2_0001.mp4", f"1 {REAL}", "1 ../x.mp4", "1 Other/x.mp4",
    )  # fmt: skip

    assert rejected(tables) == {
        "List_of_testing_videos.txt:2": "label-conflict",
        "List_of_testing_videos.txt:3": "label-conflict",
        "List_of_testing_videos.txt:4": "bad-row",
        "List_of_testing_videos.txt:5": "bad-row",
        "List_of_testing_videos.txt:6": "duplicate-row",
        "List_of_testing_videos.txt:7": "outside-root",
        "List_of_testing_videos.txt:8": "bad-place",
    }
    assert list(entries(tables)) == [REAL]


def test_list_that_is_no_text(tmp_path: Path) -> None:
    """It stops the ingest: a half-read list would put test videos in train."""
    (tmp_path / "List_of_testing_videos.txt").write_bytes(b"1 Celeb-real/\xff.mp4\n")

    with pytest.raises(InvalidFileError, match="not UTF-8"):
        celeb(tmp_path)


@pytest.mark.parametrize("of_file", [False, True])
def test_official_list(shared_data: Path, *, of_file: bool) -> None:
    """Golden fact: the list reads as 178 real and 340 fake, all of the test split."""
    path = shared_data / "metadata" / "celeb-df"
    path = path / "List_of_testing_videos.txt" if of_file else path

    tables = listed(find_layout(path, "auto"), path)

    assert Counter(labels(tables).values()) == {"real": 178, "fake": 340}
    assert {(row["split"], row["status"]) for row in tables["media"]} == {("test", "missing")}
    assert {row["source_id"] for row in tables["media"]} == {"celeb-df-v2"}
    assert tables["rejections"] == []
