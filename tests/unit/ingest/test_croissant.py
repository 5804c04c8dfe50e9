"""Croissant: record sets over tables, file sets in folders and archives, and what is elsewhere."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from curate.ingest.run import find_layout
from tests.unit.ingest.test_huggingface import image, picture, shard
from tests.unit.ingest.trees import (
    Tables,
    entries,
    labels,
    listed,
    people,
    rejected,
    touch,
    write_json,
)


def croissant(root: Path, distribution: list[Any], record_sets: list[Any] | None = None) -> Tables:
    """Return what the layout makes of a Croissant file."""
    write_json(root / "croissant.json", {
        "@context": {"cr": "http://mlcommons.org/croissant/"},
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "distribution": distribution,
        "recordSet": record_sets or [],
    })  # fmt: skip
    return listed(find_layout(root, "auto"), root)


def file_object(name: str, url: str) -> dict[str, Any]:
    """Return a file object."""
    return {"@type": "cr:FileObject", "@id": name, "contentUrl": url}


def file_set(includes: Any, inside: Any = None) -> dict[str, Any]:
    """Return a file set."""
    held = {} if inside is None else {"containedIn": inside}
    return {"@type": "cr:FileSet", "@id": "files", "includes": includes, **held}


def field(table: str, column: str, name: str, kind: str = "sc:Text") -> dict[str, Any]:
    """Return a field over a column of a table."""
    source = {"fileObject": {"@id": table}, "extract": {"column": column}}
    return {"@type": "cr:Field", "@id": f"rows/{name}", "dataType": kind, "source": source}


def test_record_set_over_a_table(tmp_path: Path) -> None:
    """Its rows are read as those of a manifest, under the names of the fields."""
    touch(tmp_path, "a.jpg")
    (tmp_path / "t.csv").write_text("img,kind,who,x\na.jpg,fake,p1,1\nb.jpg,nope,p2,2\n")

    tables = croissant(tmp_path, [file_object("t", "t.csv")], [{"field": [
        field("t", "img", "picture", "sc:ImageObject"), field("t", "kind", "label"),
        field("t", "who", "donor"),
    ]}])  # fmt: skip

    assert find_layout(tmp_path, "auto").name == "croissant"
    assert labels(tables) == {"a.jpg": "fake"}
    assert people(tables) == {("a.jpg", "p1", "donor")}
    assert entries(tables)["a.jpg"]["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert rejected(tables) == {"t.csv:3": "bad-label"}


@pytest.mark.parametrize("includes", ["*.jpg", ["*/real/*.jpg", "*/fake/*.jpg"]])
def test_file_set_in_folders(tmp_path: Path, includes: Any) -> None:
    """What it includes is read by its folders; other files are not the dataset's."""
    touch(tmp_path, "train/real/a.jpg", "test/fake/b.jpg", "c.png")

    tables = croissant(tmp_path, [file_set(includes)])

    assert labels(tables) == {"train/real/a.jpg": "real", "test/fake/b.jpg": "fake"}
    assert tables["rejections"] == []


def test_file_set_in_an_archive(tmp_path: Path) -> None:
    """Its members are entries in the archive."""
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name in ("train/real/a.jpg", "train/notes.txt", "../up.jpg"):
            item = tarfile.TarInfo(name)
            item.size = 1
            tar.addfile(item, io.BytesIO(b"x"))

    tables = croissant(tmp_path, [file_object("tar", "a.tar"), file_set("*.jpg", {"@id": "tar"})])

    assert labels(tables) == {"a.tar/train/real/a.jpg": "real"}
    assert entries(tables)["a.tar/train/real/a.jpg"]["status"] == "present"
    assert rejected(tables) == {"a.tar: ../up.jpg": "outside-root"}


def test_what_is_not_here(tmp_path: Path) -> None:
    """Nothing is fetched, and what is contained in it is told too."""
    touch(tmp_path, "notes.txt", "a.jpg")

    tables = croissant(tmp_path, [
        file_object("web", "https://example.org/a.tar"), file_object("up", "../a.tar"),
        file_set("*.jpg", {"@id": "web"}), file_set("*.txt"), file_set("*.jpg"),
    ])  # fmt: skip

    assert rejected(tables) == {
        "croissant.json: distribution[0]": "remote",
        "croissant.json: distribution[1]": "outside-root",
        "croissant.json: distribution[2]": "not-here",
        "croissant.json: distribution[3]": "not-media",
    }
    assert list(entries(tables)) == ["a.jpg"]


def test_table_that_is_gone(tmp_path: Path) -> None:
    """It is told, and the file sets go on."""
    touch(tmp_path, "a.jpg")
    over = [{"field": [field("t", "img", "path")]}]

    tables = croissant(tmp_path, [file_object("t", "t.csv"), file_set("*.jpg")], over)

    assert rejected(tables) == {"t.csv": "bad-table"}
    assert list(entries(tables)) == ["a.jpg"]


REPOSITORY = {
    "@type": "cr:FileObject", "@id": "repo", "encodingFormat": "git+https",
    "contentUrl": "https://hub.example/datasets/x/tree/refs%2Fconvert%2Fparquet",
}  # fmt: skip


@pytest.mark.parametrize("place", ["default/train/0000.parquet",
                                   "data/train-00000-of-00001.parquet"])  # fmt: skip
def test_file_set_in_a_repository_beside_parquet(tmp_path: Path, place: str) -> None:
    """The hub's own file names the shards of its converted branch; those that are here count."""
    shard(tmp_path / place, [{"image": image(picture()), "label": 1}])

    tables = croissant(tmp_path, [REPOSITORY, file_set("default/*/*.parquet", {"@id": "repo"})])

    assert labels(tables) == {f"{place}/image/0": "fake"}
    assert {row["split"] for row in tables["media"]} == {"train"}
    assert tables["rejections"] == []


def test_repository_that_is_not_here(tmp_path: Path) -> None:
    """It is told, and nothing is fetched."""
    tables = croissant(tmp_path, [REPOSITORY, file_set("default/*/*.parquet", {"@id": "repo"})])

    assert list(rejected(tables).values()) == ["not-here"]


@pytest.mark.parametrize("kind", ["http://mlcommons.org/croissant/FileSet",
                                  "https://mlcommons.org/croissant/FileSet",
                                  ["cr:FileSet"], ["sc:Thing", "cr:FileSet"]])  # fmt: skip
def test_excludes_and_kinds_in_other_forms(tmp_path: Path, kind: Any) -> None:
    """A type is an address or a list, and what is excluded is no entry."""
    touch(tmp_path, "real/a.jpg", "real/masks/b.jpg")

    tables = croissant(tmp_path, [{**file_set("*.jpg"), "@type": kind, "excludes": ["*/masks/*"]}])

    assert labels(tables) == {"real/a.jpg": "real"}
