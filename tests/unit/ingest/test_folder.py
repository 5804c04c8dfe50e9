"""The folder layout: what folders say, and whatever strangers called their files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from curate.ingest.layouts.folder import FolderLayout, Place, place_of
from curate.ingest.listing import Listing, Target
from curate.model.config import Config


def touch(root: Path, *names: str) -> None:
    """Make files that hold their own name."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


def listed(root: Path, config: Config | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that the layout makes of a folder, as tables hold them."""
    into = Listing("d", root.resolve(), "folder")
    FolderLayout().read(Target(root, "d", root.resolve(), config or Config()), into)
    return {name: table.to_pylist() for name, table in into.tables().items()}


def rejected(tables: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str]]:
    """Return the place and reason of each rejection."""
    return [(row["place"], row["reason"]) for row in tables["rejections"]]


@pytest.mark.parametrize(
    ("locator", "expected"),
    [
        ("x.jpg", Place()),
        ("train/real/x.jpg", Place("train", "real", None, "real")),
        ("real/train/x.jpg", Place("train", "real", None, "real")),
        ("test/fake/Deepfakes/y.mp4", Place("test", "fake", "Deepfakes", "fake")),
        ("fake/Deepfakes/test/y.mp4", Place("test", "fake", "Deepfakes", "fake")),
        ("Validation/ORIGINAL/x.jpg", Place("val", "real", None, "ORIGINAL")),
        ("data/p01/x.jpg", Place()),
        ("real/p01/fake/x.jpg", Place(None, "real", None, "real")),
        ("unreal/trains/x.jpg", Place()),
        ("a/real.jpg", Place()),
    ],
)
def test_what_folders_say(locator: str, expected: Place) -> None:
    """Split, label and method are read from the root down; the file's own name says nothing."""
    assert place_of(locator, Config()) == expected


def test_words_of_the_settings_count() -> None:
    """A project's own words replace the shipped ones."""
    config = Config(real_words=("echt",), fake_words=("falsch",))

    assert place_of("Echt/x.jpg", config).label == "real"
    assert place_of("falsch/m/x.jpg", config) == Place(None, "fake", "m", "falsch")
    assert place_of("real/x.jpg", config) == Place()


def test_entries_and_labels(tmp_path: Path) -> None:
    """A file becomes an entry with what its folders say."""
    touch(tmp_path, "train/fake/FaceSwap/x.jpg", "train/real/y.MP4", "z.png")

    tables = listed(tmp_path)

    found = {
        r["locator"]: (r["kind"], r["split"], r["method"], r["manipulation_type"])
        for r in tables["media"]
    }
    assert found == {
        "train/fake/FaceSwap/x.jpg": ("image", "train", "FaceSwap", "unknown"),
        "train/real/y.MP4": ("video", "train", None, "none"),
        "z.png": ("image", None, None, "unknown"),
    }
    assert sorted(row["value"] for row in tables["labels"]) == ["fake", "real"]
    assert tables["rejections"] == []
    assert {row["listed_size"] for row in tables["media"]} == {25, 16, 5}


def test_other_files_are_rejected_and_counted(tmp_path: Path) -> None:
    """Nothing disappears, and what a file manager left behind is nobody's media."""
    touch(tmp_path, "notes.txt", "noending", ".DS_Store", "a/Thumbs.db", "x.jpg", "._x.jpg",
          "__MACOSX/a/x.jpg", "labels.csv")  # fmt: skip

    tables = listed(tmp_path)

    assert sorted(rejected(tables)) == [
        (".DS_Store", "litter"), ("._x.jpg", "litter"), ("__MACOSX/a/x.jpg", "litter"),
        ("a/Thumbs.db", "litter"), ("labels.csv", "table-not-read"), ("noending", "not-media"),
        ("notes.txt", "not-media"),
    ]  # fmt: skip
    assert [row["locator"] for row in tables["media"]] == ["x.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "it's \"quoted\".jpg", "line\nbreak.jpg", "😀.jpg", "<script>alert(1)<!--.jpg",
        "back\\slash.jpg", " space .jpg", "-rf.jpg", "%s{0}$HOME.jpg", "a;DROP TABLE media.jpg",
        "\u202egpj.exe.jpg", "~.jpg", "..x.jpg", "C:\\x.jpg", "\x1b[31m.jpg",
    ],
)  # fmt: skip
def test_hostile_names_are_listed_as_they_are(tmp_path: Path, name: str) -> None:
    """The locator is the name on disk; the place shown to people holds no control character."""
    touch(tmp_path, name, f"real/{name}")

    rows = listed(tmp_path)["media"]

    assert sorted(row["locator"] for row in rows) == sorted([name, f"real/{name}"])
    assert all(row["status"] == "present" for row in rows)
    assert all(row["declared_in"].isprintable() for row in rows)


def test_names_that_are_no_text_are_rejected(tmp_path: Path) -> None:
    """In files, folders and links to folders alike; the rest goes on."""
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    for path in (folder / "in.jpg", tmp_path / os.fsdecode(b"\xfe.jpg"), tmp_path / "good.jpg"):
        path.write_bytes(b"x")
    (tmp_path / os.fsdecode(b"link\xfd")).symlink_to(folder)

    tables = listed(tmp_path)

    assert [row["locator"] for row in tables["media"]] == ["good.jpg"]
    assert sorted(rejected(tables)) == [
        (r"\udcfe.jpg", "name-not-utf8"),
        (r"\udcff/in.jpg", "name-not-utf8"),
        (r"link\udcfd", "linked-folder"),
    ]


def test_links_within_the_root_are_followed(tmp_path: Path) -> None:
    """A link to a file of the dataset is an entry like any other."""
    touch(tmp_path, "a.jpg")
    (tmp_path / "b.jpg").symlink_to("a.jpg")

    assert [row["locator"] for row in listed(tmp_path)["media"]] == ["a.jpg", "b.jpg"]
    assert {row["status"] for row in listed(tmp_path)["media"]} == {"present"}


def test_links_out_of_the_root_are_rejected(tmp_path: Path) -> None:
    """A dataset does not reach for what lies beside it."""
    touch(tmp_path, "secret.jpg", "d/x.jpg")
    (tmp_path / "d" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (tmp_path / "d" / "up").symlink_to(tmp_path)

    tables = listed(tmp_path / "d")

    assert [row["locator"] for row in tables["media"]] == ["x.jpg"]
    assert sorted(rejected(tables)) == [("out.jpg", "outside-root"), ("up", "linked-folder")]


def test_link_loops_are_rejected(tmp_path: Path) -> None:
    """A link that leads back to itself is told, and waits for nobody."""
    (tmp_path / "a.jpg").symlink_to("b.jpg")
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    (tmp_path / "loop").symlink_to(".")

    assert sorted(rejected(listed(tmp_path))) == [
        ("a.jpg", "symlink-loop"),
        ("b.jpg", "symlink-loop"),
        ("loop", "linked-folder"),
    ]


def test_dangling_link_is_a_missing_file(tmp_path: Path) -> None:
    """It is listed, and is not there."""
    (tmp_path / "a.jpg").symlink_to("gone.jpg")

    (row,) = listed(tmp_path)["media"]

    assert (row["status"], row["listed_size"]) == ("missing", None)


def test_what_is_no_regular_file_is_rejected(tmp_path: Path) -> None:
    """A pipe is never opened."""
    os.mkfifo(tmp_path / "pipe.jpg")

    assert rejected(listed(tmp_path)) == [("pipe.jpg", "not-a-file")]


def test_listing_does_not_depend_on_the_order_of_the_disk(tmp_path: Path) -> None:
    """Two folders with the same files give the same rows but for times."""
    names = [f"{split}/{label}/{n}.jpg" for split in ("a", "b") for label in "yz" for n in range(3)]
    touch(tmp_path / "1", *names)
    touch(tmp_path / "2", *reversed(names))

    one, two = (
        [row["locator"] for row in listed(tmp_path / folder)["media"]] for folder in ("1", "2")
    )

    assert one == two == sorted(names)
