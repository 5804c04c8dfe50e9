"""WildDeepfake, DF40 and ForgeryNet: sequences in folders, methods as folders, labels in lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.ingest.layouts.df40 import DF40Layout
from curate.ingest.layouts.forgerynet import ForgeryNetLayout
from curate.ingest.layouts.wilddeepfake import WildDeepfakeLayout
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


def test_wilddeepfake(tmp_path: Path) -> None:
    """Pictures are crops of a sequence, which comes from a video."""
    picture = "fake_train/12/fake/3/7.png"
    touch(tmp_path, picture, "real_test/0/real/1/0.png")

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    found = entries(tables)
    assert (found[picture]["split"], found[picture]["kind"]) == ("train", "image")
    assert (found["real_test/0/real/1"]["split"], found["real_test/0/real/1"]["kind"]) == (
        "test", "video",
    )  # fmt: skip
    assert labels(tables)[picture] == "fake"
    assert relations(tables) >= {
        (picture, "crop_of", "fake_train/12/fake/3"),
        (picture, "from_source", "wilddeepfake:fake_train/12"),
        ("fake_train/12/fake/3", "from_source", "wilddeepfake:fake_train/12"),
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fake_train/12.tar.gz", "archive"),
        ("fake_train/12/real/3/7.png", "label-conflict"),
        ("fake_train/7.png", "bad-place"),
        ("other/1/7.png", "bad-place"),
        ("fake_train/12/fake/3/notes.txt", "not-media"),
    ],
)
def test_wilddeepfake_dirt(tmp_path: Path, name: str, reason: str) -> None:
    """It is rejected with its reason, and the rest goes on."""
    touch(tmp_path, name, "real_train/0/real/1/0.png")

    tables = listed(WildDeepfakeLayout(), tmp_path)

    assert rejected(tables) == {name: reason}
    assert len(entries(tables)) == 2


def test_df40(tmp_path: Path) -> None:
    """The method's folder tells what was done; names lead to the clips of other datasets."""
    swap, edit = "simswap/ff/frames/000_003/0.png", "sadtalker/cdf/id1_id2_0007.mp4"
    synthesis, real = "StyleGAN2/ff/seed0001.png", "e4e/real/x.png"
    touch(tmp_path, swap, edit, synthesis, real)

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    kinds = {k: r["manipulation_type"] for k, r in entries(tables).items()}
    assert kinds == {
        swap: "face_swap", "simswap/ff/frames/000_003": "face_swap", edit: "lip_sync",
        synthesis: "full_synthesis", real: "none",
    }  # fmt: skip
    assert {right for left, _, right in relations(tables, "from_source") if left == swap} == {
        "faceforensics++:000", "faceforensics++:003",
    }  # fmt: skip
    assert people(tables) == {
        (edit, "celeb-df-v2:id1", "unknown"), (edit, "celeb-df-v2:id2", "unknown"),
    }  # fmt: skip
    assert labels(tables)[real] == "real"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("simswap/ff/frames/clip/0.png", "bad-name"),
        ("simswap/cdf/frames/000_003/0.png", "bad-name"),
        ("mystery/ff/frames/000_003/0.png", "unknown-method"),
        ("simswap/ff/frames/000_003/deep/0.png", "bad-place"),
        ("simswap/list.json", "not-media"),
        ("0.png", "unknown-method"),
    ],
)
def test_df40_dirt(tmp_path: Path, name: str, reason: str) -> None:
    """It is rejected with its reason, and the rest goes on."""
    touch(tmp_path, name, "fomm/ff/000.mp4")

    tables = listed(DF40Layout(), tmp_path)

    assert rejected(tables) == {name: reason}
    assert list(entries(tables)) == ["fomm/ff/000.mp4"]


def forgery(root: Path, *lines: str, name: str = "train_list/image_list.txt") -> Tables:
    """Return what the layout makes of a list."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return listed(ForgeryNetLayout(), root)


def test_forgerynet_images(tmp_path: Path) -> None:
    """Split from the list's name, labels from its columns, frames joined by their folder."""
    tables = forgery(
        tmp_path, "image_name binary_cls_label triple_cls_label 16cls_label",
        "release/6/be4f/47f4/frame00049.jpg 1 2 4", "release/19/real.jpg 0 0 0",
    )  # fmt: skip

    assert find_layout(tmp_path, "auto").name == "forgerynet"
    assert labels(tables) == {
        "release/6/be4f/47f4": "fake", "release/6/be4f/47f4/frame00049.jpg": "fake",
        "release/19/real.jpg": "real",
    }  # fmt: skip
    assert {row["split"] for row in tables["media"]} == {"train"}
    assert entries(tables)["release/6/be4f/47f4"]["method"] == "forgerynet-4"
    assert relations(tables) == {
        ("release/6/be4f/47f4/frame00049.jpg", "frame_of", "release/6/be4f/47f4")
    }


def test_forgerynet_videos(tmp_path: Path) -> None:
    """A line has as many segments as it says."""
    tables = forgery(tmp_path, "2 v/a.mp4 0 10 fake 11 5 real 1 1 3", "0 v/b 0 0 0",
                     name="val_list/video_list.txt")  # fmt: skip

    assert labels(tables) == {"v/a.mp4": "fake", "v/b": "real"}
    assert {(r["split"], r["kind"]) for r in tables["media"]} == {("val", "video")}


def test_forgerynet_dirt(tmp_path: Path) -> None:
    """Labels that contradict one another, wrong counts, and lines of another form."""
    tables = forgery(tmp_path, "a.jpg 0 0 0", "b.jpg 0 1 4", "c.jpg 1 2", "d.jpg 1 2 16",
                     "2 e.mp4 0 10 fake 1 1 3", "a.jpg 0 0 0", "../f.jpg 0 0 0")  # fmt: skip

    assert rejected(tables) == {
        "image_list.txt:2": "label-conflict",
        "image_list.txt:3": "bad-row",
        "image_list.txt:4": "bad-row",
        "image_list.txt:5": "bad-row",
        "image_list.txt:6": "duplicate-row",
        "image_list.txt:7": "outside-root",
    }
    assert list(entries(tables)) == ["a.jpg"]
