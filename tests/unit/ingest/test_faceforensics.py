"""FaceForensics++: names, official splits, YouTube ids, and what does not parse."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from curate.errors import InvalidFileError
from curate.ingest.layouts.faceforensics import FaceForensicsLayout, actor_clip, sequence_clip
from curate.ingest.locators import Rejected
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

REAL = "original_sequences/youtube"
FAKE = "manipulated_sequences"


def official(root: Path, *pairs: tuple[str, str], split: str = "train") -> None:
    """Write a split file of pairs, and the YouTube ids of sequences 000 to 003: 001 shares one."""
    write_json(root / "splits" / f"{split}.json", pairs)
    ids = {"000": "aaaaaaaaaaa 0", "001": "bbbbbbbbbbb 0", "002": "bbbbbbbbbbb 1"}
    write_json(root / "conversion_dict.json", ids)


def ff(root: Path) -> Tables:
    """Return what the layout makes of a folder."""
    return listed(FaceForensicsLayout(), root)


@pytest.mark.parametrize("name", ["original_sequences/x", "manipulated_sequences/x", "splits/x"])
def test_auto_recognises_folders_and_official_files(tmp_path: Path, name: str) -> None:
    """The folders are enough, and so are the split files."""
    (tmp_path / name).mkdir(parents=True)
    if name == "splits/x":
        assert find_layout(tmp_path, "auto").name == "folder"
        official(tmp_path, ("000", "001"))

    assert find_layout(tmp_path, "auto").name == "faceforensics"


def test_clips_on_disk(tmp_path: Path) -> None:
    """Label, method, compression and group come from folders and names."""
    touch(tmp_path, f"{REAL}/c23/videos/000.mp4", f"{FAKE}/Face2Face/c40/videos/000_001.mp4",
          f"{REAL}/c0/videos/001.mp4")  # fmt: skip

    tables = ff(tmp_path)

    found = {k: (r["kind"], r["compression"], r["method"], r["manipulation_type"], r["group"])
             for k, r in entries(tables).items()}  # fmt: skip
    assert found == {
        f"{REAL}/c23/videos/000.mp4": ("video", "c23", None, "none", "000"),
        f"{REAL}/c0/videos/001.mp4": ("video", "raw", None, "none", "001"),
        f"{FAKE}/Face2Face/c40/videos/000_001.mp4": (
            "video", "c40", "Face2Face", "reenactment", "000_001"
        ),
    }  # fmt: skip
    assert Counter(labels(tables).values()) == {"real": 2, "fake": 1}
    assert {row["source_id"] for row in tables["media"]} == {"faceforensics++"}
    assert tables["rejections"] == []


def test_fake_points_at_both_clips_in_its_compression(tmp_path: Path) -> None:
    """Target first, donor second, and a derivative of both."""
    fake = f"{FAKE}/Deepfakes/c23/videos/000_001.mp4"
    touch(tmp_path, fake, f"{REAL}/c23/videos/000.mp4", f"{REAL}/c23/videos/001.mp4")

    found = relations(ff(tmp_path), "swap_target", "swap_donor", "derived_from")

    assert found == {
        (fake, "swap_target", f"{REAL}/c23/videos/000.mp4"),
        (fake, "derived_from", f"{REAL}/c23/videos/000.mp4"),
        (fake, "swap_donor", f"{REAL}/c23/videos/001.mp4"),
        (fake, "derived_from", f"{REAL}/c23/videos/001.mp4"),
    }


def test_same_clip_in_compressions_and_methods(tmp_path: Path) -> None:
    """All files of one name are joined, by as few relations as that takes."""
    touch(tmp_path, *(f"{REAL}/{c}/videos/000.mp4" for c in ("raw", "c23", "c40")),
          *(f"{FAKE}/{m}/c23/videos/000_001.mp4" for m in ("Deepfakes", "FaceSwap")))  # fmt: skip

    found = relations(ff(tmp_path), "same_clip")

    assert len(found) == 3
    assert {Path(left).name == Path(right).name for left, _, right in found} == {True}


def test_frames_and_crops_lead_to_their_clip(tmp_path: Path) -> None:
    """Of a video that is not there the frames still tell."""
    frame = f"{FAKE}/FaceSwap/c40/frames/000_001/0007.png"
    crop = f"{REAL}/c40/faces/000/0001.png"
    touch(tmp_path, frame, crop)

    tables = ff(tmp_path)

    clips = f"{FAKE}/FaceSwap/c40/videos/000_001.mp4", f"{REAL}/c40/videos/000.mp4"
    assert relations(tables, "frame_of", "crop_of") == {
        (frame, "frame_of", clips[0]),
        (crop, "crop_of", clips[1]),
    }
    assert {entries(tables)[clip]["status"] for clip in clips} == {"missing"}
    assert labels(tables)[frame] == "fake"
    assert (clips[0], "swap_target", clips[1]) in relations(tables)


def test_actors_of_deepfakedetection(tmp_path: Path) -> None:
    """Two people in a fake, by the convention of names; the scene tells the target's footage."""
    real = "original_sequences/actors/c23/videos/12__podium_speech_happy.mp4"
    fake = f"{FAKE}/DeepFakeDetection/c23/videos/12_13__podium_speech_happy__WCPCP2TD.mp4"
    touch(tmp_path, real, fake)

    tables = ff(tmp_path)

    assert people(tables) == {
        (real, "dfd:actor-12", "depicted"),
        (fake, "dfd:actor-12", "target"),
        (fake, "dfd:actor-13", "donor"),
    }
    assert {row["link_status"] for row in tables["depictions"]} == {"proposed"}
    assert relations(tables) == {(fake, "swap_target", real), (fake, "derived_from", real)}
    assert {row["source_id"] for row in tables["media"]} == {"deepfakedetection"}


def test_official_split_and_what_it_names_beyond_the_disk(tmp_path: Path) -> None:
    """Every clip that the splits name is an entry in the series that are there."""
    official(tmp_path, ("000", "001"))
    touch(tmp_path, f"{FAKE}/Deepfakes/c23/videos/000_001.mp4")

    tables = ff(tmp_path)

    found = {k: (r["status"], r["split"]) for k, r in entries(tables).items()}
    assert found == {
        f"{FAKE}/Deepfakes/c23/videos/000_001.mp4": ("present", "train"),
        f"{FAKE}/Deepfakes/c23/videos/001_000.mp4": ("missing", "train"),
        f"{REAL}/c23/videos/000.mp4": ("missing", "train"),
        f"{REAL}/c23/videos/001.mp4": ("missing", "train"),
    }
    assert tables["rejections"] == []


def test_metadata_alone(tmp_path: Path) -> None:
    """Without any media the splits are the dataset: originals, and four methods."""
    official(tmp_path, ("000", "001"))

    tables = ff(tmp_path)

    assert Counter(row["method"] for row in tables["media"]) == {
        None: 2, "Deepfakes": 2, "Face2Face": 2, "FaceSwap": 2, "NeuralTextures": 2,
    }  # fmt: skip
    assert {row["status"] for row in tables["media"]} == {"missing"}
    assert {row["declared_in"] for row in tables["media"]} == {"train.json[0]"}


def test_source_video(tmp_path: Path) -> None:
    """An original has one, a fake those of target and donor."""
    official(tmp_path, ("000", "001"))

    found = relations(ff(tmp_path), "from_source")

    assert (f"{REAL}/raw/videos/000.mp4", "from_source", "youtube:aaaaaaaaaaa") in found
    fake = f"{FAKE}/FaceSwap/raw/videos/000_001.mp4"
    assert {right for left, _, right in found if left == fake} == {
        "youtube:aaaaaaaaaaa", "youtube:bbbbbbbbbbb",
    }  # fmt: skip


def test_sequence_in_two_splits_keeps_both(tmp_path: Path) -> None:
    """One split stands in media, the other as a relation."""
    official(tmp_path, ("000", "001"))
    official(tmp_path, ("000", "002"), split="test")

    tables = ff(tmp_path)

    original = f"{REAL}/raw/videos/000.mp4"
    assert entries(tables)[original]["split"] == "train"
    assert relations(tables, "in_split") == {(original, "in_split", "test")}


def test_downloaded_video(tmp_path: Path) -> None:
    """The video a sequence was cut from is an entry of its own."""
    (tmp_path / "original_sequences").mkdir()
    touch(tmp_path, "downloaded_videos/--b1Ua-kWJE/--b1Ua-kWJE.mp4")

    tables = ff(tmp_path)

    assert list(labels(tables).values()) == ["real"]
    assert {right for _, _, right in relations(tables)} == {"youtube:--b1Ua-kWJE"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (f"{REAL}/c23/videos/12.mp4", "bad-name"),
        (f"{REAL}/c23/videos/000_001.mp4", "bad-name"),
        (f"{FAKE}/Deepfakes/c23/videos/000.mp4", "bad-name"),
        (f"{FAKE}/Deepfakes/c23/videos/000_001 (1).mp4", "bad-name"),
        (f"{FAKE}/DeepFakeDetection/c23/videos/12_13__podium__WCPCP2.mp4", "bad-name"),
        ("original_sequences/actors/c23/videos/Park.mp4", "bad-name"),
        (f"{FAKE}/Deepfakes/masks/videos/000_001.mp4", "mask"),
        (f"{FAKE}/Deepfakes/models/000_001/decoder.h5", "model"),
        (f"{REAL}/c23/videos/000.txt", "not-media"),
        (f"{REAL}/c99/videos/000.mp4", "bad-place"),
        (f"{REAL}/c23/videos/000/0000.png", "bad-place"),
        (f"{REAL}/c23/frames/000.png", "bad-place"),
        ("000.mp4", "bad-place"),
    ],
)
def test_dirt_is_rejected_with_a_reason(tmp_path: Path, name: str, reason: str) -> None:
    """A name that does not parse is never guessed at, and the rest goes on."""
    touch(tmp_path, name, f"{REAL}/c40/videos/000.mp4")

    tables = ff(tmp_path)

    assert rejected(tables) == {name: reason}
    assert list(entries(tables)) == [f"{REAL}/c40/videos/000.mp4"]


def test_dirt_in_official_files(tmp_path: Path) -> None:
    """A row that is no pair is told with its number; a file that is no list stops the ingest."""
    write_json(tmp_path / "train.json", [["000", "001"], ["2", "3"], "002", ["000", 3]])
    write_json(tmp_path / "conversion_dict.json", {"000": "aaaaaaaaaaa 0", "001": "short 0"})

    assert rejected(ff(tmp_path)) == {
        "train.json[1]": "bad-row",
        "train.json[2]": "bad-row",
        "train.json[3]": "bad-row",
        "conversion_dict.json: 001": "bad-row",
    }
    (tmp_path / "train.json").write_text('[["000", "001"]', encoding="utf-8")
    with pytest.raises(InvalidFileError, match="this is not JSON"):
        ff(tmp_path)


def test_names_say_or_refuse() -> None:
    """The parts of a name are read whole."""
    assert sequence_clip("000_003", "NewMethod").manipulation == "unknown"
    for wrong in ("000_0034", "00_003", "000-003", ""):
        with pytest.raises(Rejected):
            sequence_clip(wrong, "Deepfakes")
    with pytest.raises(Rejected):
        actor_clip("12_13__scene__WCPCP2TD", fake=False)


@pytest.fixture(scope="module")
def real_metadata(shared_data: Path) -> Tables:
    """Return what the layout makes of the official metadata."""
    return ff(shared_data / "metadata" / "faceforensics")


def test_official_metadata_names_the_dataset(real_metadata: Tables) -> None:
    """A thousand originals, a thousand fakes of each method, in 720, 140 and 140."""
    found = Counter((row["method"], row["split"]) for row in real_metadata["media"])

    methods = (None, "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
    assert found == {
        (method, split): count
        for method in methods
        for split, count in (("train", 720), ("val", 140), ("test", 140))
    }
    assert rejected(real_metadata) == {"LICENSE": "not-media", "dataset_README.md": "not-media"}


def test_official_splits_share_seven_videos(real_metadata: Tables) -> None:
    """Golden fact: which sequences of one YouTube video stand in two official splits."""
    splits = {row["locator"]: row["split"] for row in real_metadata["media"]}
    sources: dict[str, list[tuple[str, str]]] = {}
    for left, _, right in relations(real_metadata, "from_source"):
        if left.startswith(REAL):
            sources.setdefault(right, []).append((Path(left).stem, splits[left]))
    across = sorted(
        tuple(sorted(of)) for of in sources.values() if len({split for _, split in of}) > 1
    )

    assert len(sources) == 977
    assert across == [
        (("605", "train"), ("606", "val")),
        (("639", "train"), ("640", "val")),
        (("755", "test"), ("756", "train")),
        (("837", "val"), ("838", "train")),
        (("875", "val"), ("876", "train")),
        (("954", "train"), ("955", "test")),
        (("982", "val"), ("983", "train")),
    ]


def test_effect_on_the_test_set_of_each_method(real_metadata: Tables) -> None:
    """Golden fact: 4 of the 140 fakes of each method share a video with training."""
    splits = {row["locator"]: (row["method"], row["split"]) for row in real_metadata["media"]}
    of_split: dict[str, set[str]] = {"train": set(), "test": set()}
    found = relations(real_metadata, "from_source")
    for left, _, right in found:
        if splits[left][0] is None and splits[left][1] in of_split:
            of_split[splits[left][1]].add(right)
    shared = of_split["train"] & of_split["test"]
    hit = {left for left, _, right in found if splits[left][1] == "test" and right in shared}

    assert Counter(splits[left][0] for left in hit) == {
        None: 2, "Deepfakes": 4, "Face2Face": 4, "FaceSwap": 4, "NeuralTextures": 4,
    }  # fmt: skip
