"""WebDataset: samples in tars, listed and read without unpacking."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curate.ingest.layouts.webdataset import WebDatasetLayout
from curate.ingest.run import find_layout
from curate.media import probe_media
from tests.unit.ingest.trees import Tables, entries, labels, listed, people, rejected


def picture(shade: int = 0) -> bytes:
    """Return a JPEG."""
    file = io.BytesIO()
    Image.linear_gradient("L").point(lambda v: (v + shade) % 256).save(file, "JPEG")
    return file.getvalue()


def shard(path: Path, members: dict[str, bytes | str | dict[str, Any]]) -> Path:
    """Write a shard."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            text = json.dumps(content) if isinstance(content, dict) else content
            data = text.encode() if isinstance(text, str) else text
            item = tarfile.TarInfo(name)
            item.size = len(data)
            tar.addfile(item, io.BytesIO(data))
    return path


def wds(root: Path, members: dict[str, Any], name: str = "train-000.tar") -> Tables:
    """Return what the layout makes of a folder with one shard."""
    shard(root / name, members)
    return listed(find_layout(root, "auto"), root)


def test_samples(tmp_path: Path) -> None:
    """Media are entries in the shard; sidecars say what a manifest's row would."""
    tables = wds(tmp_path, {
        "a.jpg": picture(), "a.json": {"label": "fake", "donor": "p1", "mood": "glum"},
        "b.png": picture(), "b.cls": "real",
        "c.jpg": picture(), "c.cls": "1",
        "d/e.mp4": b"x", "d/e.json": {"split": "test"},
    })  # fmt: skip

    found = entries(tables)
    assert {k: (r["kind"], r["status"], r["split"]) for k, r in found.items()} == {
        "train-000.tar/a.jpg": ("image", "present", "train"),
        "train-000.tar/b.png": ("image", "present", "train"),
        "train-000.tar/c.jpg": ("image", "present", "train"),
        "train-000.tar/d/e.mp4": ("video", "present", "test"),
    }
    assert labels(tables) == {"train-000.tar/a.jpg": "fake", "train-000.tar/b.png": "real"}
    assert people(tables) == {("train-000.tar/a.jpg", "p1", "donor")}
    assert found["train-000.tar/a.jpg"]["extra"] == '{"mood": "glum"}'
    assert found["train-000.tar/c.jpg"]["extra"] == '{"webdataset.cls": "1"}'
    assert found["train-000.tar/a.jpg"]["listed_size"] == len(picture())


def test_members_are_probed_where_they_lie(tmp_path: Path) -> None:
    """Their content is that of the file that was packed."""
    (tmp_path / "a.jpg").write_bytes(picture())
    path = shard(tmp_path / "s.tar", {"z.jpg": picture(9), "a.jpg": picture()})

    packed = probe_media(path / "a.jpg", root=tmp_path)

    assert packed.content["sha256"] == probe_media(tmp_path / "a.jpg").content["sha256"]
    assert find_layout(path, "auto").name == "webdataset"


def test_dirt(tmp_path: Path) -> None:
    """Sidecars that cannot be read, samples without media, names that leave the shard."""
    tables = wds(tmp_path, {
        "good.jpg": picture(),
        "json.jpg": picture(), "json.json": "{",
        "list.jpg": picture(), "list.json": "[1]",
        "label.jpg": picture(), "label.json": {"label": "perhaps"},
        "bytes.jpg": picture(), "bytes.txt": b"\xff",
        "huge.jpg": picture(), "huge.json": " " * ((1 << 20) + 1),
        "alone.json": {"label": "real"},
        "other.npy": b"x",
        "../up.jpg": picture(),
        "good.JPG": picture(),
    })  # fmt: skip

    at = "train-000.tar: "
    assert rejected(tables) == {
        f"{at}json": "bad-row", f"{at}list": "bad-row", f"{at}label": "bad-label",
        f"{at}bytes": "bad-row", f"{at}huge": "bad-row", f"{at}alone": "no-media",
        f"{at}other.npy": "not-media", f"{at}../up.jpg": "outside-root",
    }  # fmt: skip
    assert sorted(entries(tables)) == ["train-000.tar/good.JPG", "train-000.tar/good.jpg"]


def test_broken_and_compressed_shards(tmp_path: Path) -> None:
    """What a broken one holds is listed, and that it is broken is told."""
    whole = shard(tmp_path / "a.tar", {"a.jpg": picture(), "b.jpg": picture(3)}).read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[:1500])
    (tmp_path / "b.tar.gz").write_bytes(b"x")
    (tmp_path / "c.tar").write_bytes(b"no tar at all")
    (tmp_path / "notes.txt").write_bytes(b"x")

    tables = listed(WebDatasetLayout(), tmp_path)

    assert rejected(tables) == {
        "a.tar": "bad-archive", "b.tar.gz": "compressed-archive", "c.tar": "bad-archive",
        "notes.txt": "not-media",
    }  # fmt: skip
    assert list(entries(tables)) == ["a.tar/a.jpg"]


@pytest.mark.parametrize("name", ["a.tar", "a.jpg"])
def test_link_out_of_a_shard_is_no_entry(tmp_path: Path, name: str) -> None:
    """A member that is a link is rejected, wherever it leads."""
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        item = tarfile.TarInfo("l.jpg")
        item.type, item.linkname = tarfile.SYMTYPE, f"../{name}"
        tar.addfile(item)

    assert rejected(listed(WebDatasetLayout(), tmp_path)) == {"s.tar: l.jpg": "not-a-file"}


def test_a_shard_with_a_broken_header_is_not_taken_for_whole(tmp_path: Path) -> None:
    """The standard library ends there without a word."""
    path = shard(tmp_path / "train-000.tar", {"a.jpg": picture(), "b.jpg": picture(9)})
    with tarfile.open(path) as tar:
        second = tar.getmembers()[1].offset
    data = bytearray(path.read_bytes())
    data[second + 148 : second + 156] = b"garbage!"
    path.write_bytes(data)

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    assert list(entries(tables)) == ["train-000.tar/a.jpg"]
    assert rejected(tables) == {"train-000.tar": "bad-archive"}


def test_names_that_say_the_label(tmp_path: Path) -> None:
    """A pair in one sample is told apart by its names, and is one group."""
    tables = wds(tmp_path, {
        "a.real.png": picture(), "a.fake.png": picture(3), "a.json": {"method": "X"},
        "b.fake.png": picture(4), "b.cls": "real",
        "c.real.fake.png": picture(5),
    })  # fmt: skip

    at = "train-000.tar"
    assert labels(tables) == {f"{at}/a.real.png": "real", f"{at}/a.fake.png": "fake"}
    assert {row["group"] for row in tables["media"]} == {f"{at}/a"}
    assert rejected(tables) == {f"{at}: b": "label-conflict", f"{at}: c": "label-conflict"}


def test_dots_in_keys(tmp_path: Path) -> None:
    """A sidecar is about the file of its name, and one of the key about all."""
    tables = wds(tmp_path, {
        "clip.0001.jpg": picture(), "clip.0001.json": {"label": "real"},
        "clip.0002.jpg": picture(2), "clip.0002.JSON": {"label": "fake"},
        "clip.json": {"label": "fake", "method": "M"}, "clip.0003.cls": "real",
    })  # fmt: skip

    at = "train-000.tar"
    assert labels(tables) == {f"{at}/clip.0001.jpg": "real", f"{at}/clip.0002.jpg": "fake"}
    assert {row["method"] for row in tables["media"]} == {"M"}
    assert rejected(tables) == {f"{at}: clip.0003": "no-media"}


def test_key_that_comes_back(tmp_path: Path) -> None:
    """It is another sample: what is read of two files of one name is what its own sidecar says."""
    path = tmp_path / "train-000.tar"
    with tarfile.open(path, "w") as tar:
        for name, data in (("a.jpg", picture()), ("a.cls", b"real"), ("b.jpg", picture(1)),
                           ("a.jpg", picture(2)), ("a.cls", b"fake"),
                           ("b.cls", b"fake")):  # fmt: skip
            item = tarfile.TarInfo(name)
            item.size = len(data)
            tar.addfile(item, io.BytesIO(data))

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    at = "train-000.tar"
    assert labels(tables) == {f"{at}/a.jpg": "fake", f"{at}/b.jpg": "fake"}
    assert rejected(tables) == {f"{at}: a": "duplicate-row"}
    assert "differs in label" in entries(tables)[f"{at}/a.jpg"]["declared_again"]
    (tmp_path / "a.jpg").write_bytes(picture(2))
    assert (
        probe_media(path / "a.jpg", root=tmp_path).content["sha256"]
        == probe_media(tmp_path / "a.jpg").content["sha256"]
    )


def test_litter_in_a_shard(tmp_path: Path) -> None:
    """What tar on a Mac adds is counted, and no sample."""
    tables = wds(tmp_path, {"._a.jpg": b"x", "a.jpg": picture(), "__MACOSX/b.jpg": b"x"})

    assert set(rejected(tables).values()) == {"litter"}
    assert len(tables["rejections"]) == 2
    assert list(entries(tables)) == ["train-000.tar/a.jpg"]
