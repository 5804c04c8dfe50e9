"""Hugging Face on disk: shards with pictures in cells, and folders with metadata."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from curate.ingest.layouts.huggingface import HuggingFaceLayout
from curate.ingest.run import find_layout
from curate.media import probe_media
from curate.media.unreadable import UnreadableError
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

FEATURES = {
    "image": {"_type": "Image"},
    "label": {"_type": "ClassLabel", "names": ["real", "fake", "odd"]},
}
FORMS = ["data/train-00000-of-00001.parquet", "train/data-00000-of-00001.arrow"]


def picture(shade: int = 0) -> bytes:
    """Return a PNG."""
    file = io.BytesIO()
    Image.linear_gradient("L").point(lambda v: (v + shade) % 256).save(file, "PNG")
    return file.getvalue()


def shard(path: Path, rows: list[dict[str, Any]], features: dict[str, Any] | None = None) -> Path:
    """Write a shard in parts of two rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = json.dumps({"info": {"features": FEATURES if features is None else features}})
    cell = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    kinds = {"image": cell, "label": pa.int64(), "subject": pa.string()}
    schema = pa.schema([(k, v) for k, v in kinds.items() if any(k in row for row in rows)])
    table = pa.Table.from_pylist(rows, schema).replace_schema_metadata({"huggingface": about})
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=2)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as out:
            out.write_table(table, max_chunksize=2)
    return path


def image(content: bytes | None, path: str | None = None) -> dict[str, Any]:
    """Return a cell that holds a picture."""
    return {"bytes": content, "path": path}


def hf(root: Path) -> Tables:
    """Return what the layout makes of a folder."""
    return listed(HuggingFaceLayout(), root)


@pytest.mark.parametrize("form", FORMS)
def test_cells(tmp_path: Path, form: str) -> None:
    """A row is an entry; class labels are named, other columns are a manifest's."""
    shard(tmp_path / form, [
        {"image": image(picture(), "a.png"), "label": 0, "subject": "p1"},
        {"image": image(picture(9)), "label": 1},
        {"image": image(picture(3), "c.png"), "label": -1},
    ])  # fmt: skip

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    assert find_layout(tmp_path, "auto").name == "huggingface"
    first, second = f"{form}/image/0.png", f"{form}/image/1"
    assert labels(tables) == {first: "real", second: "fake"}
    found = {(row["kind"], row["status"], row["split"]) for row in tables["media"]}
    assert found == {("image", "present", "train")}
    assert sorted(entries(tables)) == [first, second, f"{form}/image/2.png"]
    assert people(tables) == {(first, "p1", "depicted")}
    assert entries(tables)[first]["listed_size"] == len(picture())
    assert tables["rejections"] == []


@pytest.mark.parametrize("form", FORMS)
def test_cells_are_probed_where_they_lie(tmp_path: Path, form: str) -> None:
    """Each row gives its own picture, in whichever part of the shard it stands."""
    shades = range(5)
    path = shard(tmp_path / form, [{"image": image(picture(n))} for n in shades])

    for number in shades:
        (tmp_path / "x.png").write_bytes(picture(number))
        found = probe_media(path / "image" / f"{number}.png", root=tmp_path).content
        assert found["sha256"] == probe_media(tmp_path / "x.png").content["sha256"]


@pytest.mark.parametrize("name", ["image/5.png", "image/x.png", "image", "other/0.png"])
@pytest.mark.parametrize("form", FORMS)
def test_cells_that_are_not_there(tmp_path: Path, form: str, name: str) -> None:
    """They are no error of ours."""
    path = shard(tmp_path / form, [{"image": image(picture())}])

    with pytest.raises(UnreadableError):
        probe_media(path / name, root=tmp_path)


def test_dirt_in_shards(tmp_path: Path) -> None:
    """A class that is neither real nor fake, an empty cell, a path, and a broken shard."""
    shard(tmp_path / FORMS[0], [
        {"image": image(picture()), "label": 2},
        {"image": image(None)},
        {"image": image(None, "below.png"), "label": 0},
        {"image": image(None, "/etc/x.png")},
    ])  # fmt: skip
    shard(tmp_path / "test-00000-of-00001.parquet", [{"label": 1}])
    (tmp_path / "val-00000-of-00001.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "val-00000-of-00001.arrow").write_bytes(b"no")
    touch(tmp_path, "below.png", "notes.bin")

    tables = hf(tmp_path)

    assert rejected(tables) == {
        f"{FORMS[0]}:0": "bad-label",
        f"{FORMS[0]}:1": "no-media",
        f"{FORMS[0]}:3": "outside-root",
        "test-00000-of-00001.parquet": "no-media",
        "val-00000-of-00001.parquet": "bad-archive",
        "val-00000-of-00001.arrow": "bad-archive",
        "notes.bin": "not-media",
    }
    assert labels(tables) == {"below.png": "real"}


def test_label_without_names_is_none(tmp_path: Path) -> None:
    """Which number is which is not told, and not guessed."""
    shard(tmp_path / FORMS[0], [{"image": image(picture()), "label": 1}], {})

    assert rejected(hf(tmp_path)) == {f"{FORMS[0]}:0": "bad-label"}


def test_folder_with_metadata(tmp_path: Path) -> None:
    """A row stands for its file; files without a row are read by their folders."""
    touch(tmp_path, "train/a.jpg", "train/fake/b.jpg", "test/real/c.jpg", "README.md")
    (tmp_path / "train" / "metadata.csv").write_text(
        "file_name,label,subject\na.jpg,real,p1\nfake/b.jpg,,p2\ngone.jpg,real,\nx.jpg,maybe,\n"
    )

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    assert find_layout(tmp_path, "auto").name == "huggingface"
    assert labels(tables) == {
        "train/a.jpg": "real", "train/fake/b.jpg": "fake", "test/real/c.jpg": "real",
        "train/gone.jpg": "real",
    }  # fmt: skip
    assert {k: (r["split"], r["status"]) for k, r in entries(tables).items()} == {
        "train/a.jpg": ("train", "present"), "train/fake/b.jpg": ("train", "present"),
        "test/real/c.jpg": ("test", "present"), "train/gone.jpg": ("train", "missing"),
    }  # fmt: skip
    assert rejected(tables) == {"train/metadata.csv:5": "bad-label"}


def test_other_metadata_is_a_manifest(tmp_path: Path) -> None:
    """Without a column file_name it is not this layout's."""
    (tmp_path / "metadata.csv").write_text("path,label\na.jpg,real\n")

    assert find_layout(tmp_path, "auto").name == "manifest"


CARD = """---
configs:
- config_name: one
  data_dir: set
  data_files:
  - split: train
    path: part-a*
  - split: validation
    path:
    - "**/part-b.parquet"
    - part-c.parquet
- config_name: two
  data_files:
    test: set/part-c.parquet
---
# A card
"""


def test_splits_as_the_card_says(tmp_path: Path) -> None:
    """The card speaks before names do; what stands in two splits is kept in both."""
    for name in ("part-a0", "test/part-b", "part-c", "train-00000-of-00001"):
        shard(tmp_path / "set" / f"{name}.parquet", [{"image": image(picture()), "label": 0}])
    (tmp_path / "README.md").write_text(CARD)

    tables = hf(tmp_path)

    assert rejected(tables) == {}
    assert {k.rpartition("/image/")[0]: r["split"] for k, r in entries(tables).items()} == {
        "set/part-a0.parquet": "train", "set/test/part-b.parquet": "val",
        "set/part-c.parquet": "val", "set/train-00000-of-00001.parquet": "train",
    }  # fmt: skip
    assert relations(tables) == {("set/part-c.parquet/image/0", "in_split", "test")}


@pytest.mark.parametrize(
    "card", ["---\nconfigs: [\n---\n", "---\nconfigs: 3\n---\n", "no card", "---\n- 1\n---\n",
             "---\nconfigs:\n- data_files:\n  - split: train\n- 7\n- data_files: x\n---\n"]
)  # fmt: skip
def test_cards_that_say_nothing(tmp_path: Path, card: str) -> None:
    """Splits are those of the names then, and a card that is broken is told of."""
    shard(tmp_path / "test-bench" / "train-00000-of-00001.parquet",
          [{"image": image(picture())}])  # fmt: skip
    (tmp_path / "README.md").write_text(card)

    tables = hf(tmp_path)

    assert [row["split"] for row in tables["media"]] == ["train"]
    assert rejected(tables) == ({"README.md": "bad-card"} if "[" in card else {})


@pytest.mark.parametrize(
    ("place", "split"),
    [
        ("test-bench/train-00000-of-00001.parquet", "train"),
        ("test-bench/data-00000-of-00001.parquet", None),
        ("the-validation-set/0000.parquet", None),
        ("faces-train/0000.parquet", "train"),
        ("default/train/0000.parquet", "train"),
        ("default/partial-test/0000.parquet", "test"),
        ("train/test-00000-of-00001.parquet", "test"),
        ("detest/contest-00000-of-00001.parquet", None),
        ("a/validation.parquet", "val"),
    ],
)
def test_split_of_a_name(tmp_path: Path, place: str, split: str | None) -> None:
    """A word within a folder's name is no split; the file's own name comes first."""
    shard(tmp_path / place, [{"image": image(picture()), "label": 0}])

    (entry,) = listed(find_layout(tmp_path, "auto"), tmp_path)["media"]

    assert entry["split"] == split
    assert find_layout(tmp_path, "auto").name == "huggingface"


def test_rows_that_name_several_files(tmp_path: Path) -> None:
    """Each column of a name, and each name in a list, is an entry."""
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    rows = [
        {"input_file_name": "a.jpg", "output_file_name": "b.jpg", "label": "fake"},
        {"file_names": ["c.jpg", "d.jpg"], "label": "real"},
        {"label": "real"},
    ]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))

    tables = listed(find_layout(tmp_path, "auto"), tmp_path)

    assert labels(tables) == {"a.jpg": "fake", "b.jpg": "fake", "c.jpg": "real", "d.jpg": "real"}
    assert "e.jpg" in entries(tables)
    assert rejected(tables) == {"metadata.jsonl:3": "no-path"}


@pytest.mark.parametrize("names", ["{'0': real, '1': fake}", "{0: real, 1: fake}", "[real, fake]"])
def test_names_of_classes_from_the_card(tmp_path: Path, names: str) -> None:
    """A shard that says nothing of its columns is told by the card what its numbers mean."""
    shard(tmp_path / FORMS[0], [{"image": image(picture(n)), "label": n} for n in (0, 1, 2)], {})
    (tmp_path / "README.md").write_text(
        f"---\ndataset_info:\n  features:\n  - name: image\n    dtype: image\n  - name: label\n"
        f"    dtype:\n      class_label:\n        names: {names}\n---\n"
    )

    tables = hf(tmp_path)

    assert labels(tables) == {f"{FORMS[0]}/image/0": "real", f"{FORMS[0]}/image/1": "fake"}
    assert rejected(tables) == {}


def test_cards_that_contradict_themselves_name_no_class(tmp_path: Path) -> None:
    """Two configurations that name one column otherwise leave its numbers without a name."""
    shard(tmp_path / FORMS[0], [{"image": image(picture()), "label": 0}], {})
    feature = "  features: [{name: label, dtype: {class_label: {names: [%s]}}}]\n"
    (tmp_path / "README.md").write_text(
        "---\ndataset_info:\n-"
        + feature[1:] % "real, fake"
        + "-"
        + feature[1:] % "fake, real"
        + "---\n"
    )

    assert rejected(hf(tmp_path)) == {f"{FORMS[0]}:0": "bad-label"}
