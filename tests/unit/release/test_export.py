"""Formats of a release, read by the programs that they are for."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pyarrow import parquet

import curate
from curate.errors import InputError, UnknownNameError
from curate.release.build import Form, Release, build
from curate.release.export.formats import NAMES, chosen
from curate.release.export.webdataset import _header
from curate.release.select import Selection
from tests.factories import label, media, sighting, verdict, whole
from tests.unit.release.test_build import content_of, picture, with_column
from tests.unit.release.test_select import chosen as selected

LABELS = {"a.png": "real", "b.png": "fake", "c.png": "fake", "d.png": None, "e.png": "real"}
SPLITS = {"a.png": "train", "b.png": "train", "c.png": "test", "d.png": "test", "e.png": "test"}


def five(root: Path) -> Selection:
    """Return five pictures below `root`: two real, two fake, one of which nothing is said."""
    rows, seen, labels, faces = [], [], [], []
    for name, said in LABELS.items():
        (root / name).write_bytes(picture(name))
        method = "Deepfakes" if said == "fake" else None
        rows.append(media(name, root=str(root), split=SPLITS[name], method=method))
        seen.append(sighting(rows[-1], sha256=hashlib.sha256(picture(name)).hexdigest()))
        labels += [label(rows[-1], said)] if said else []
        box = {"x1": 1.0, "y1": 2.0, "x2": 5.0, "y2": 8.0, "ordinal": 0, "model_id": "m"}
        faces.append(whole("faces") | {"face_id": name, "sha256": seen[-1]["sha256"], **box})
    frame = {"left": rows[1]["media_id"], "right": "clip-1", "relation": "frame_of",
             "left_kind": "media", "right_kind": "media", "basis": "t", "stage": "t"}  # fmt: skip
    found = selected(rows, [verdict(r) for r in rows], sightings=seen, labels=labels, faces=faces,
                     relations=[frame])  # fmt: skip
    items = found.items
    for name, value in (("format", "PNG"), ("width", 8), ("height", 8)):
        items = with_column(items, name, [value] * len(rows))
    return replace(found, items=items)


@pytest.fixture
def released(tmp_path: Path) -> Release:
    """Return a release of five pictures in every format."""
    (tmp_path / "releases").mkdir()
    return build("v1", five(tmp_path), tmp_path / "releases", facts={}, form=Form(NAMES))


def by_split(release: Release) -> dict[str, list[str]]:
    """Return the digests of the items of each split."""
    found: dict[str, list[str]] = {}
    for row in release.items.to_pylist():
        found.setdefault(row["split"], []).append(row["sha256"])
    return found


def test_two_builds_give_the_same_bytes(released: Release, tmp_path: Path) -> None:
    """In every format, the manifest included."""
    kept = content_of(released.folder)
    released.folder.rename(tmp_path / "first")
    again = build("v1", five(tmp_path), tmp_path / "releases", facts={}, form=Form(NAMES))
    assert content_of(again.folder) == kept


def test_datasets_loads_the_tables(released: Release) -> None:
    """Pictures decoded, labels by name, counts equal, in both splits."""
    datasets = pytest.importorskip("datasets", reason="Hugging Face's datasets is not installed")
    files = {split: str(released.folder / f"huggingface/image/{split}-*.parquet")
             for split in SPLITS.values()}  # fmt: skip
    cache = str(released.folder.parent / "cache")
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=cache)

    assert {k: sorted(v["sha256"]) for k, v in loaded.items()} == {
        split: sorted(digests) for split, digests in by_split(released).items()
    }
    assert loaded["train"].features["label"].names == ["real", "fake"]
    row = loaded["train"][0]
    assert (row["image"].size, row["image"].mode) == ((8, 8), "RGB")
    assert sorted(loaded["test"]["label"], key=str) == [0, 1, None]


# The library leaves its shards open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_the_shards(released: Release) -> None:
    """Media, class and what is known of each, under one key."""
    webdataset = pytest.importorskip("webdataset", reason="webdataset is not installed")
    found: dict[str, list[str]] = {}
    for split in ("train", "test"):
        shard = released.folder / f"webdataset/{split}-00000-of-00001.tar"
        samples = webdataset.WebDataset(str(shard), shardshuffle=False, empty_check=False)
        for sample in samples.decode("pil"):
            told = sample["json"]
            assert sample["png"].size == (8, 8)
            assert sample.get("cls") == {"real": 0, "fake": 1}.get(told.get("label"))
            assert sample["__key__"] == told["sha256"]
            found.setdefault(split, []).append(told["sha256"])
    assert found == by_split(released)


def test_shards_are_tars_for_anyone(released: Release) -> None:
    """Without owners and times, and each file whole."""
    with tarfile.open(released.folder / "webdataset/test-00000-of-00001.tar") as tar:
        members = tar.getmembers()
        media_files = [m for m in members if m.name.endswith(".png")]
        for member in media_files:
            data = tar.extractfile(member)
            assert data is not None
            assert hashlib.sha256(data.read()).hexdigest() == member.name.removesuffix(".png")
    assert {(m.mtime, m.uid, m.uname) for m in members} == {(0, 0, "")}
    assert len(media_files) == 3


@pytest.mark.parametrize("size", [0, 1, 8**7, 8**11 - 1, 8**11, 8**12])
@pytest.mark.parametrize("name", ["a.jpg", "x" * 100, "x" * 101, "ä.png"])
def test_headers_are_those_of_the_library(name: str, size: int) -> None:
    """To the byte, for short and long names, common sizes and huge ones."""
    member = tarfile.TarInfo(name)
    member.size = size
    assert _header(name, size) == member.tobuf(tarfile.GNU_FORMAT)


def test_coco_has_labels_and_faces(released: Release, tmp_path: Path) -> None:
    """A label of the whole picture, a box for each face, and curate's own reader agrees."""
    said = json.loads((released.folder / "coco" / "test.json").read_text(encoding="utf-8"))
    names = {c["id"]: c["name"] for c in said["categories"]}
    words = sorted(names[a["category_id"]] for a in said["annotations"])
    face = next(a for a in said["annotations"] if names[a["category_id"]] == "face")

    assert len(said["images"]) == 3
    assert words == ["face", "face", "face", "fake", "real"]
    assert (face["bbox"], face["area"]) == ([1.0, 2.0, 4.0, 6.0], 24.0)
    assert len({a["id"] for a in said["annotations"]}) == len(said["annotations"])
    assert read_back(released.folder / "coco", released.folder, tmp_path) == {
        "fake": 2, "real": 2, None: 1,
    }  # fmt: skip


def test_deepfakebench_lists_frames_under_their_videos(released: Release) -> None:
    """By the keys that the benchmark reads: dataset, class, split, video, label and frames."""
    folder = released.folder / "deepfakebench"
    said = json.loads((folder / "v1.json").read_text(encoding="utf-8"))["v1"]
    labels = json.loads((folder / "label_dict.json").read_text(encoding="utf-8"))

    assert labels == {"v1_Deepfakes_fake": 1, "v1_real": 0}
    assert set(said) == set(labels)
    assert said["v1_Deepfakes_fake"]["train"]["clip-1"]["label"] == "v1_Deepfakes_fake"
    frames = [frame for name in said for split in said[name].values()
              for video in split.values() for frame in video["frames"]]  # fmt: skip
    assert len(frames) == 4
    assert all(size_of(released.folder / frame) == (8, 8) for frame in frames)


def size_of(path: Path) -> tuple[int, int]:
    """Return width and height of a picture."""
    with Image.open(path) as found:
        return found.size


def read_back(path: Path, root: Path, tmp_path: Path) -> dict[str | None, int]:
    """Return how many entries of each label curate itself finds in an export."""
    project = curate.init(tmp_path / "again")
    project.ingest(path, dataset="again", media_root=root)
    query = """SELECT l.value, count(*) FROM media m LEFT JOIN labels l USING (media_id)
               WHERE m.status = 'present' GROUP BY 1"""
    return dict(project.catalog.connect().execute(query).fetchall())


FIFTYONE = """
import json, sys
import fiftyone as fo
data = fo.Dataset.from_dir(dataset_dir=sys.argv[1], dataset_type=fo.types.FiftyOneDataset)
told = {
    "media": data.media_type,
    "labels": data.count_values("ground_truth.label"),
    "tags": data.count_values("tags"),
    "faces": data.count("faces.detections"),
    "files": sorted(data.values("sha256")),
    "box": data.first().faces.detections[0].bounding_box,
}
import os
assert all(os.path.isfile(path) for path in data.values("filepath"))
print("told", json.dumps(told))
"""


@pytest.mark.slow
def test_fiftyone_loads_the_dataset(released: Release, tmp_path: Path) -> None:
    """With a real database: labels, splits as tags, faces, and every file in its place."""
    pytest.importorskip("fiftyone.constants", reason="FiftyOne is not installed")
    told = _fiftyone(released.folder / "fiftyone" / "image", tmp_path)

    assert told["media"] == "image"
    assert told["labels"] == {"fake": 2, "real": 2, "null": 1} or told["labels"] == {
        "fake": 2, "real": 2,
    }  # fmt: skip
    assert told["tags"] == {"train": 2, "test": 3}
    assert told["faces"] == 5
    assert told["box"] == [0.125, 0.25, 0.5, 0.75]
    assert told["files"] == sorted(d for digests in by_split(released).values() for d in digests)


def _fiftyone(folder: Path, tmp_path: Path) -> dict[str, Any]:
    environment = {
        **os.environ,
        "FIFTYONE_DATABASE_DIR": str(tmp_path / "db"),
        "FIFTYONE_DO_NOT_TRACK": "true",
        "HOME": str(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, "-c", FIFTYONE, str(folder)],
        check=False, capture_output=True, text=True, env=environment, timeout=300,
    )  # fmt: skip
    if ran.returncode and "mongod" in ran.stderr + ran.stdout:
        pytest.skip(f"no mongod can be had: {ran.stderr.splitlines()[-1]}")
    assert ran.returncode == 0, ran.stderr
    (line,) = [x for x in ran.stdout.splitlines() if x.startswith("told ")]
    told: dict[str, Any] = json.loads(line.removeprefix("told "))
    return told


def test_without_files_items_point_into_the_shards(tmp_path: Path) -> None:
    """A release of tars alone has no media beside them; paths lead to members."""
    (tmp_path / "releases").mkdir()
    made = build("v1", five(tmp_path), tmp_path / "releases", facts={}, form=Form(("webdataset",)))

    assert not (made.folder / "media").exists()
    for row in made.items.to_pylist():
        shard, _, member = row["path"].rpartition("/")
        with tarfile.open(made.folder / shard) as tar:
            data = tar.extractfile(member)
            assert data is not None
            assert hashlib.sha256(data.read()).hexdigest() == row["sha256"]


def test_faces_are_cropped_upright(tmp_path: Path) -> None:
    """A face that leans is turned; its crop says what it is a crop of, and how wide its rim is."""
    drawn = Image.new("RGB", (200, 200), "white")
    drawn.paste((200, 0, 0), (80, 90, 120, 110))
    drawn.rotate(-30, resample=Image.Resampling.BICUBIC, fillcolor="white").save(tmp_path / "x.png")
    sha256 = hashlib.sha256((tmp_path / "x.png").read_bytes()).hexdigest()
    row = media("x.png", root=str(tmp_path))
    box = {"x1": 70.0, "y1": 70.0, "x2": 130.0, "y2": 130.0, "roll": 30.0, "ordinal": 0}
    found = selected(
        [row], [verdict(row)], sightings=[sighting(row, sha256=sha256)],
        # One on another page of the file, which no box of the picture is to name.
        faces=[whole("faces") | {"sha256": sha256, **box, "frame": frame, "face_id": str(frame)}
               for frame in (0, 1)],
    )  # fmt: skip
    found = replace(found, items=with_column(found.items, "format", ["PNG"]))
    (tmp_path / "releases").mkdir()

    made = build("v1", found, tmp_path / "releases", facts={}, form=Form(crops=0.5))

    (crop,) = parquet.read_table(made.folder / "crops/all-00000-of-00001.parquet").to_pylist()
    assert (crop["relation"], crop["media_id"], crop["margin"]) == ("crop_of", row["media_id"], 0.5)
    with Image.open(made.folder / crop["path"]) as image:
        bounds = image.convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    # 40 x 20 px, in a square of 120 px, shown at 256.
    assert bounds == pytest.approx((85, 107, 171, 149), abs=3)
    assert json.loads((made.folder / "manifest.json").read_text())["crops"].startswith("256 px")


def test_an_index_brings_files_along() -> None:
    """It names files, so they come first; each format counts once."""
    media_formats, indexes = chosen(["coco", "webdataset", "coco"])
    assert [form.name for form in media_formats] == ["files", "webdataset"]
    assert [form.name for form in indexes] == ["coco"]


def test_unknown_format_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(UnknownNameError, match="'tfrecord'") as caught:
        chosen(["tfrecord"])
    assert "webdataset" in caught.value.hint


def test_deepfakebench_without_labels_is_refused(tmp_path: Path) -> None:
    """It would list nothing."""
    (tmp_path / "releases").mkdir()
    found = five(tmp_path)
    nothing = with_column(found.items, "label", [None] * 5)
    with pytest.raises(InputError, match="there are none"):
        build("v1", replace(found, items=nothing), tmp_path / "releases", facts={},
              form=Form(("deepfakebench",)))  # fmt: skip
