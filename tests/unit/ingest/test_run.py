"""Ingest: into the catalogue, once and again."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from curate.catalog.tables import Catalog
from curate.errors import (
    EmptyInputError,
    InputError,
    InvalidFileError,
    PathNotFoundError,
    UnknownNameError,
)
from curate.ingest.listing import TABLES
from curate.ingest.run import ingest
from curate.model.config import Config
from curate.schema import conform
from tests import factories


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Return an empty catalogue."""
    return Catalog(tmp_path / "catalog")


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Return a folder with three pictures and a text."""
    folder = tmp_path / "media"
    for name in ("train/real/a.jpg", "train/fake/b.jpg", "test/real/c.jpg", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def snapshot(catalog: Catalog) -> dict[str, pa.Table]:
    """Return every table that ingest writes."""
    return {name: catalog.read(name) for name in TABLES}


def statuses(catalog: Catalog) -> dict[str, str]:
    """Return the status of each entry."""
    return {row["locator"]: row["status"] for row in catalog.read("media").to_pylist()}


def manifest(folder: Path, text: str) -> Path:
    """Return a manifest in a folder of media."""
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_folder(catalog: Catalog, media: Path) -> None:
    """What was found is counted and kept."""
    found = ingest(media, catalog, Config())

    assert (found.dataset, found.layout, found.entries) == ("media", "folder", 3)
    assert (found.changed, found.missing, found.rejections) == (3, 0, {"not-media": 1})
    assert catalog.count("media") == 3
    assert catalog.count("labels") == 3
    assert catalog.count("rejections") == 1


def test_twice_changes_nothing(catalog: Catalog, media: Path) -> None:
    """Neither rows nor files of the catalogue."""
    ingest(media, catalog, Config())
    before, files = snapshot(catalog), sorted(catalog.folder.rglob("*"))

    assert ingest(media, catalog, Config()).changed == 0

    assert all(table.equals(before[name]) for name, table in snapshot(catalog).items())
    assert sorted(catalog.folder.rglob("*")) == files


def test_order_of_a_manifest_does_not_show(tmp_path: Path, media: Path) -> None:
    """Rows in another order give the same entries, but for the line they stand at."""
    rows = ["train/real/a.jpg,p01", "test/real/c.jpg,p02"]
    tables = []
    for number, order in enumerate((rows, rows[::-1])):
        catalog = Catalog(tmp_path / str(number))
        ingest(manifest(media, "path,subject\n" + "\n".join(order) + "\n"), catalog, Config())
        tables.append(snapshot(catalog))

    one, two = tables
    assert one["depictions"].equals(two["depictions"])
    assert one["media"].drop_columns("declared_in").equals(two["media"].drop_columns("declared_in"))


def test_removed_file_becomes_missing(catalog: Catalog, media: Path) -> None:
    """What was declared once is not forgotten: not the entry, nor what was said of it."""
    ingest(media, catalog, Config())
    (media / "train/fake/b.jpg").unlink()

    ingest(media, catalog, Config())

    assert statuses(catalog) == {
        "train/real/a.jpg": "present",
        "train/fake/b.jpg": "missing",
        "test/real/c.jpg": "present",
    }
    assert sorted(catalog.read("labels")["value"].to_pylist()) == ["fake", "real", "real"]


def test_people_of_an_entry_that_is_listed_no_more_stay(catalog: Catalog, media: Path) -> None:
    """A copy of the file may still be there, and they are still in it."""
    ingest(manifest(media, "path,subject\ntrain/real/a.jpg,p01\n"), catalog, Config())

    ingest(manifest(media, "path,subject\ntest/real/c.jpg,p02\n"), catalog, Config())

    assert sorted(catalog.read("depictions")["subject_id"].to_pylist()) == ["p01", "p02"]
    assert statuses(catalog)["train/real/a.jpg"] == "missing"


def test_file_that_comes_back_is_present(catalog: Catalog, media: Path) -> None:
    """Missing is not for ever."""
    ingest(media, catalog, Config())
    content = (media / "test/real/c.jpg").read_bytes()
    (media / "test/real/c.jpg").unlink()
    ingest(media, catalog, Config())
    (media / "test/real/c.jpg").write_bytes(content)

    ingest(media, catalog, Config())

    assert set(statuses(catalog).values()) == {"present"}


def test_what_a_manifest_says_anew_replaces_what_it_said(catalog: Catalog, media: Path) -> None:
    """A corrected subject is not beside the wrong one."""
    for person in ("p01", "p02"):
        ingest(manifest(media, f"path,subject\ntrain/real/a.jpg,{person}\n"), catalog, Config())

    assert catalog.read("depictions")["subject_id"].to_pylist() == ["p02"]


def test_what_a_reviewer_said_stays(catalog: Catalog, media: Path) -> None:
    """Ingest owns declarations, and nothing that people or machines added since."""
    listed = manifest(media, "path,subject,label\ntrain/real/a.jpg,p01,real\n")
    ingest(listed, catalog, Config())
    entry = catalog.read("media").to_pylist()[0]
    seen = factories.depiction(entry, "p09", link_method="reviewer")
    catalog.append("depictions", conform([seen], "depictions"))

    ingest(manifest(media, "path,subject\ntrain/real/a.jpg,p02\n"), catalog, Config())

    assert sorted(catalog.read("depictions")["subject_id"].to_pylist()) == ["p02", "p09"]


@pytest.mark.parametrize("names", [("a", "a/b"), ("it's", "its"), ("x_y", "xzy"), ("a%", "ab")])
def test_datasets_do_not_touch_one_another(
    catalog: Catalog, media: Path, names: tuple[str, str]
) -> None:
    """Whatever they are called."""
    text = (
        "path,subject,label,derived_from\ntrain/real/a.jpg,p01,real,test/real/c.jpg\nno,,maybe,\n"
    )
    path = manifest(media, text)
    for name in names:
        ingest(path, catalog, Config(), dataset=name)
    path.write_text("path\ntrain/fake/b.jpg\n", encoding="utf-8")

    ingest(path, catalog, Config(), dataset=names[0])

    others = {row["media_id"] for row in catalog.read("media").to_pylist()
              if row["dataset"] == names[1]}  # fmt: skip
    assert len(others) == 1
    for name, column in (("relations", "left"), ("labels", "media_id"), ("depictions", "media_id")):
        assert others <= set(catalog.read(name)[column].to_pylist()), name
    assert catalog.read("rejections")["dataset"].to_pylist() == [names[1]]


@pytest.mark.parametrize(
    ("name", "source"), [("MS1MV2", "ms-celeb-1m"), ("DFDC", None), ("mine", None)]
)
def test_name_of_a_withdrawn_dataset(
    catalog: Catalog, media: Path, name: str, source: str | None
) -> None:
    """It is believed, because it forbids; a name that would allow more is not."""
    ingest(media, catalog, Config(), dataset=name)

    assert set(catalog.read("media")["source_id"].to_pylist()) == {source}


def test_source_that_a_manifest_names_stands(catalog: Catalog, media: Path) -> None:
    """The dataset's name speaks for entries that name no source."""
    path = manifest(media, "path,source\ntrain/real/a.jpg,studio-a\ntest/real/c.jpg,\n")

    ingest(path, catalog, Config(), dataset="ms1m")

    found = {row["locator"]: row["source_id"] for row in catalog.read("media").to_pylist()}
    assert found == {"train/real/a.jpg": "studio-a", "test/real/c.jpg": "ms-celeb-1m"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("path,subject,role\ntrain/real/a.jpg,p01,depicted\n",
         "path,subject,role\ntrain/real/a.jpg,p01,donor\n"),
        ("path,label\ntrain/real/a.jpg,real\n", "path,label\ntrain/real/a.jpg,original\n"),
        ("path,derived_from\ntrain/real/a.jpg,\n",
         "path,derived_from\ntrain/real/a.jpg,test/real/c.jpg\n"),
    ],
)  # fmt: skip
def test_other_words_about_an_entry_are_a_change(
    catalog: Catalog, media: Path, before: str, after: str
) -> None:
    """A role, a label and a parent stand in other tables than the entry."""
    more = "train/fake/b.jpg" + "," * before.partition("\n")[0].count(",") + "\n"
    first = ingest(manifest(media, before + more), catalog, Config())
    second = ingest(manifest(media, after + more), catalog, Config())
    third = ingest(manifest(media, after + more), catalog, Config())

    assert (first.changed, second.changed, third.changed) == (2, 1, 0)


def test_second_folder_of_a_name_is_asked_about(
    catalog: Catalog, media: Path, tmp_path: Path
) -> None:
    """It is another dataset, or the same that was moved: nobody can tell by the name."""
    ingest(media, catalog, Config())
    other = tmp_path / "elsewhere" / "media"
    other.mkdir(parents=True)
    (other / "d.jpg").write_bytes(b"d")

    with pytest.raises(InputError, match="3 entries of it lie below") as told:
        ingest(other, catalog, Config())

    assert "--dataset NAME" in told.value.hint
    assert set(statuses(catalog).values()) == {"present"}
    ingest(other, catalog, Config(), dataset="other")
    assert ingest(other, catalog, Config(), dataset="media").entries == 1
    assert statuses(catalog)["train/real/a.jpg"] == "missing"


def test_most_rejected(catalog: Catalog, media: Path) -> None:
    """It is said which words were not understood, and what to do; the share is the settings'."""
    listed = "path,label\ntrain/real/a.jpg,0\ntrain/fake/b.jpg,1\nx.jpg,0\ntest/real/c.jpg,real\n"
    found = ingest(manifest(media, listed), catalog, Config())

    assert found.too_many
    (advice,) = found.advice
    assert (advice.reason, advice.count, advice.found) == ("bad-label", 3, ("0", "1"))
    assert '[ingest] real = ["0"]' in advice.fix
    assert not ingest(manifest(media, listed), catalog, Config(rejected_share=0.8)).too_many


def test_files_without_a_label_are_counted(catalog: Catalog, tmp_path: Path) -> None:
    """Folders that might have named one are told."""
    for name in ("train/0/a.jpg", "train/1/b.jpg", "train/0/c.jpg", "real/d.jpg"):
        (tmp_path / "m" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "m" / name).write_bytes(name.encode())

    found = ingest(tmp_path / "m", catalog, Config())

    assert (found.unlabelled, found.folders) == (3, ("0", "1"))


def test_media_root_of_its_own(catalog: Catalog, media: Path, tmp_path: Path) -> None:
    """A manifest may lie elsewhere than what it lists."""
    path = manifest(tmp_path, "path\nreal/a.jpg\n")

    found = ingest(path, catalog, Config(), media_root=media / "train")

    assert (found.dataset, found.missing) == ("train", 0)
    assert catalog.read("media")["root"].to_pylist() == [str((media / "train").resolve())]


@pytest.mark.parametrize("litter", [[], [".DS_Store"]])
def test_empty_folder(catalog: Catalog, tmp_path: Path, litter: list[str]) -> None:
    """Nothing to list is an error, and nothing is written."""
    folder = tmp_path / "empty"
    folder.mkdir()
    for name in litter:
        (folder / name).write_bytes(b"")

    with pytest.raises(EmptyInputError, match="no media here"):
        ingest(folder, catalog, Config())
    assert not catalog.folder.exists()


def test_manifest_without_rows(catalog: Catalog, tmp_path: Path) -> None:
    """A header alone lists nothing."""
    with pytest.raises(EmptyInputError, match="no media here"):
        ingest(manifest(tmp_path, "path,label\n"), catalog, Config())


def test_missing_paths(catalog: Catalog, media: Path) -> None:
    """The path and the media root must both be there; a root is a folder."""
    with pytest.raises(PathNotFoundError, match="no such file or folder"):
        ingest(media / "no", catalog, Config())
    with pytest.raises(PathNotFoundError, match="no such file or folder"):
        ingest(media, catalog, Config(), media_root=media / "no")
    with pytest.raises(InvalidFileError, match="the media root is a folder"):
        ingest(media, catalog, Config(), media_root=media / "notes.txt")


def test_layouts_by_name(catalog: Catalog, media: Path) -> None:
    """A layout that is not known, and one that does not fit what was named."""
    with pytest.raises(UnknownNameError, match="no layout is called 'imagenet'"):
        ingest(media, catalog, Config(), layout="imagenet")
    with pytest.raises(UnknownNameError, match="no layout recognises this"):
        ingest(media / "notes.txt", catalog, Config())
    with pytest.raises(
        InvalidFileError, match="layout folder does not read this file; it reads any folder"
    ):
        ingest(media / "notes.txt", catalog, Config(), layout="folder")
    with pytest.raises(InvalidFileError, match="no manifest in this folder"):
        ingest(media, catalog, Config(), layout="manifest")


def test_root_whose_name_is_no_text(catalog: Catalog, tmp_path: Path) -> None:
    """It could not be kept, and is refused before anything is."""
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"x")

    with pytest.raises(InputError, match="the folder's name is no UTF-8 text"):
        ingest(folder, catalog, Config())


def test_broken_manifest_leaves_what_was_there(catalog: Catalog, media: Path) -> None:
    """A file that ends in nonsense is refused whole."""
    path = manifest(media, "path,subject\ntrain/real/a.jpg,p01\n")
    ingest(path, catalog, Config())
    before = snapshot(catalog)
    path.write_bytes(b"path,subject\ntest/real/c.jpg,p02\n\xff\xfe\n")

    with pytest.raises(InvalidFileError, match="line 3 is not UTF-8"):
        ingest(path, catalog, Config())

    assert all(table.equals(before[name]) for name, table in snapshot(catalog).items())
