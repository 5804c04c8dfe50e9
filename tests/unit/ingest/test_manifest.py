"""The manifest layout: every row an entry or a rejection, in all its forms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from curate.errors import InvalidFileError
from curate.ingest.layouts.manifest import ManifestLayout, manifest_in
from curate.ingest.listing import Listing, Target
from curate.model.config import Config
from curate.model.ids import media_id

Tables = dict[str, list[dict[str, Any]]]


def listed(manifest: Path, config: Config | None = None) -> Tables:
    """Return the rows that the layout makes of a manifest, as tables hold them."""
    root = manifest.parent.resolve()
    into = Listing("d", root, "manifest")
    ManifestLayout().read(Target(manifest, "d", root, config or Config()), into)
    return {name: table.to_pylist() for name, table in into.tables().items()}


def csv(folder: Path, text: str) -> Path:
    """Return a manifest with `text`; the files a.jpg and b.jpg lie beside it."""
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(name.encode())
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def one(folder: Path, **values: Any) -> Tables:
    """Return what becomes of one row about a.jpg."""
    csv(folder, "path\n")
    path = folder / "rows.jsonl"
    path.write_text(json.dumps({"path": "a.jpg", **values}), encoding="utf-8")
    return listed(path)


def rejections(tables: Tables) -> list[tuple[str, str]]:
    """Return the place and reason of each rejection."""
    return [(row["place"], row["reason"]) for row in tables["rejections"]]


WHOLE = {
    "path": "a.jpg",
    "label": "Fake",
    "method": "Deepfakes",
    "manipulation": "face_swap",
    "split": "training",
    "source": "studio-a",
    "subject": "p01;p02",
    "role": "depicted;bystander",
    "target": "p03",
    "donor": "p04",
    "derived_from": "b.jpg",
    "captured_at": "2025-06-01",
    "licence": "CC-BY-4.0",
    "group": "clip-7",
    "kind": "image",
    "camera": "B",
}


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_every_column_in_every_form(tmp_path: Path, form: str) -> None:
    """All documented columns are read, and an unknown one is kept."""
    csv(tmp_path, "")
    path = tmp_path / f"m.{form}"
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist([WHOLE]), path)
    elif form in ("csv", "tsv"):
        mark = "," if form == "csv" else "\t"
        path.write_text(f"{mark.join(WHOLE)}\n{mark.join(WHOLE.values())}\n", encoding="utf-8")
    else:
        path.write_text(json.dumps([WHOLE] if form == "json" else WHOLE), encoding="utf-8")

    tables = listed(path)

    (entry,) = tables["media"]
    found = {k: entry[k] for k in ("split", "method", "manipulation_type", "source_id", "licence",
                                   "group", "kind", "captured_at", "extra")}  # fmt: skip
    assert found == {
        "split": "train",
        "method": "Deepfakes",
        "manipulation_type": "face_swap",
        "source_id": "studio-a",
        "licence": "CC-BY-4.0",
        "group": "clip-7",
        "kind": "image",
        "captured_at": datetime(2025, 6, 1, tzinfo=UTC),
        "extra": '{"camera": "B"}',
    }
    assert [(r["value"], r["raw"]) for r in tables["labels"]] == [("fake", "Fake")]
    assert [(r["subject_id"], r["role"]) for r in tables["depictions"]] == [
        ("p01", "depicted"), ("p02", "bystander"), ("p03", "target"), ("p04", "donor"),
    ]  # fmt: skip
    assert {(r["left"], r["relation"], r["right"]) for r in tables["relations"]} == {
        (entry["media_id"], "derived_from", media_id("d", "b.jpg")),
        (entry["media_id"], "from_source", "d:clip-7"),
    }
    assert tables["rejections"] == []


def test_lists_of_json_are_lists_of_cells(tmp_path: Path) -> None:
    """JSON and Parquet need no semicolons."""
    tables = one(tmp_path, subject=["p01", "p02"], role=["depicted"], derived_from=["b.jpg"])

    assert [r["subject_id"] for r in tables["depictions"]] == ["p01", "p02"]
    assert len(tables["relations"]) == 1


def test_who_is_not_to_be_seen_is_kept_with_the_reason(tmp_path: Path) -> None:
    """One word for all, or one for each."""
    each = one(tmp_path, subject="p01;p02", visible="yes;No", visible_reason="filmed from behind")
    all_ = one(tmp_path, subject="p01;p02", visible="false", visible_reason="heard only")
    seen = one(tmp_path, subject="p01;p02", visible="yes")

    assert [r["not_visible"] for r in each["depictions"]] == [None, "filmed from behind"]
    assert [r["not_visible"] for r in all_["depictions"]] == ["heard only"] * 2
    assert [r["not_visible"] for r in seen["depictions"]] == [None, None]


def test_real_is_not_manipulated_and_fake_is_not_known(tmp_path: Path) -> None:
    """A label alone says no more about the manipulation."""
    tables = listed(csv(tmp_path, "path,label\na.jpg,real\nb.jpg,fake\n"))

    found = {row["locator"]: row["manipulation_type"] for row in tables["media"]}
    assert found == {"a.jpg": "none", "b.jpg": "unknown"}


def test_columns_can_be_called_otherwise(tmp_path: Path) -> None:
    """The settings map names, and a mapped column wins over one that is called so."""
    config = Config(columns={"path": "file_name", "label": "class"})

    for order in ("file_name,path,class", "class,path,file_name"):
        values = {"file_name": "a.jpg", "path": "/elsewhere/x.jpg", "class": "real"}
        row = ",".join(values[name] for name in order.split(","))
        tables = listed(csv(tmp_path, f"{order}\n{row}\n"), config)
        assert [row["locator"] for row in tables["media"]] == ["a.jpg"]
        assert [row["value"] for row in tables["labels"]] == ["real"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"path": ""}, "no-path"),
        ({"path": "."}, "no-path"),
        ({"path": "../a.jpg"}, "outside-root"),
        ({"path": "x/../../a.jpg"}, "outside-root"),
        ({"path": "..\\a.jpg"}, "outside-root"),
        ({"path": "/etc/passwd"}, "outside-root"),
        ({"path": "a\0.jpg"}, "bad-name"),
        ({"path": "a.jpg/b.jpg"}, "not-readable"),
        ({"path": "x" * 300 + ".jpg"}, "not-readable"),
        ({"label": "maybe"}, "bad-label"),
        ({"subject": "p01", "role": "hero"}, "bad-role"),
        ({"subject": "p01;p02;p03", "role": "depicted;donor"}, "bad-role"),
        ({"subject": "p01", "visible": "no"}, "bad-visible"),
        ({"subject": "p01", "visible": "no", "visible_reason": " "}, "bad-visible"),
        ({"subject": "p01", "visible": "perhaps", "visible_reason": "x"}, "bad-visible"),
        ({"subject": "p01;p02;p03", "visible": "yes;no", "visible_reason": "x"}, "bad-visible"),
        ({"subject": "p01;p01", "visible": "yes;no", "visible_reason": "x"}, "bad-visible"),
        ({"captured_at": "2024-13-01"}, "bad-date"),
        ({"captured_at": "yesterday"}, "bad-date"),
        ({"manipulation": "swap"}, "bad-manipulation"),
        ({"kind": "audio"}, "bad-kind"),
        ({"derived_from": "../b.jpg"}, "outside-root"),
        ({"derived_from": "b.jpg;/b.jpg"}, "outside-root"),
    ],
)
def test_row_that_is_wrong_is_rejected_and_leaves_nothing(
    tmp_path: Path, values: dict[str, str], reason: str
) -> None:
    """A row is an entry or a rejection, never both."""
    tables = one(tmp_path, **values)

    assert rejections(tables) == [("rows.jsonl:1", reason)]
    others = [name for name, rows in tables.items() if rows and name != "rejections"]
    assert others == []


def test_the_rest_goes_on(tmp_path: Path) -> None:
    """Wrong rows stand with their place; the first row is no other than the rest."""
    text = "path,label\n,real\na.jpg,maybe\nb.jpg,real,x\nb.jpg,real\n"

    tables = listed(csv(tmp_path, text))

    assert [row["declared_in"] for row in tables["media"]] == ["manifest.csv:5"]
    assert sorted(rejections(tables)) == [
        ("manifest.csv:2", "no-path"),
        ("manifest.csv:3", "bad-label"),
        ("manifest.csv:4", "bad-row"),
    ]


def test_doubled_rows_name_the_first_and_what_differs(tmp_path: Path) -> None:
    """One entry per file, however its path is written."""
    tables = listed(csv(tmp_path, "path,split\na.jpg,train\n./a.jpg,test\nx/../a.jpg,train\n"))

    assert len(tables["media"]) == 1
    assert [row["detail"] for row in tables["rejections"]] == [
        "'a.jpg' is listed at manifest.csv:2 already and differs in split",
        "'a.jpg' is listed at manifest.csv:2 already",
    ]


def test_missing_files_are_listed_as_missing(tmp_path: Path) -> None:
    """Metadata can be audited without media."""
    tables = listed(csv(tmp_path, "path\na.jpg\nnot/there.jpg\n"))

    found = {row["locator"]: (row["status"], row["listed_size"]) for row in tables["media"]}
    assert found == {"a.jpg": ("present", 5), "not/there.jpg": ("missing", None)}


def test_links_out_of_the_root_are_rejected(tmp_path: Path) -> None:
    """A manifest reaches no further than a folder would."""
    (tmp_path / "secret.jpg").write_bytes(b"x")
    inside = tmp_path / "in"
    inside.mkdir()
    manifest = csv(inside, "path\nout.jpg\nloop.jpg\n")
    (inside / "out.jpg").symlink_to("../secret.jpg")
    (inside / "loop.jpg").symlink_to("loop.jpg")

    assert [reason for _, reason in rejections(listed(manifest))] == [
        "outside-root",
        "symlink-loop",
    ]


def test_windows_paths(tmp_path: Path) -> None:
    """A manifest from Windows is read, but a file that is called with a backslash stays so."""
    manifest = csv(tmp_path, "path\nx\\a.jpg\nb\\c.jpg\n")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.jpg").write_bytes(b"1")
    (tmp_path / "b\\c.jpg").write_bytes(b"22")

    found = {row["locator"]: row["listed_size"] for row in listed(manifest)["media"]}

    assert found == {"x/a.jpg": 1, "b\\c.jpg": 2}


def test_manifest_without_a_path_column_is_refused(tmp_path: Path) -> None:
    """It names the columns it has, and how to map them."""
    with pytest.raises(InvalidFileError, match="columns are file_name, label; expected") as caught:
        listed(csv(tmp_path, "file_name,label\na.jpg,real\nb.jpg,\n"))
    assert "[ingest.columns]" in caught.value.hint


def test_hostile_values_are_kept_as_text(tmp_path: Path) -> None:
    """Nothing is run, and what people are shown holds no control character."""
    value = "'); DROP TABLE media;-- <script>\x1b[31m\u202e\n"
    tables = one(tmp_path, split=value, method=value, group=value, **{value: value})

    (entry,) = tables["media"]
    assert (entry["split"], entry["method"], entry["group"]) == (value, value, value)
    assert json.loads(entry["extra"]) == {value: value}


@pytest.mark.parametrize("name", ["manifest.csv", "metadata.jsonl", "index.parquet"])
def test_manifest_in_a_folder_is_found(tmp_path: Path, name: str) -> None:
    """By its usual names."""
    (tmp_path / name).write_bytes(b"")

    assert manifest_in(tmp_path) == tmp_path / name
    assert ManifestLayout().recognises(tmp_path)


def test_folder_without_a_manifest(tmp_path: Path) -> None:
    """Other tables in it are not taken for one."""
    (tmp_path / "consents.csv").write_bytes(b"")

    assert not ManifestLayout().recognises(tmp_path)
    with pytest.raises(InvalidFileError, match="no manifest in this folder"):
        ManifestLayout().read(
            Target(tmp_path, "d", tmp_path, Config()), Listing("d", tmp_path, "manifest")
        )


CONTRADICTING = {
    "people": ("path,people,subject\na.jpg,none,\na.jpg,,p02\n", "people, subject"),
    "subject": ("path,subject\na.jpg,p01\na.jpg,p02\n", "subject"),
    "role": ("path,subject,role\na.jpg,p01,depicted\na.jpg,p01,bystander\n", "subject"),
    "label": ("path,label\na.jpg,\na.jpg,fake\n", "label"),
    "source": ("path,source,licence\na.jpg,s1,CC0-1.0\na.jpg,s2,MIT\n", "licence, source_id"),
    "descent": ("path,derived_from\na.jpg,\na.jpg,b.jpg\n", "derived_from"),
}


@pytest.mark.parametrize("way", CONTRADICTING)
def test_an_entry_keeps_that_a_rejected_row_contradicts_it(way: str, tmp_path: Path) -> None:
    text, columns = CONTRADICTING[way]

    tables = listed(csv(tmp_path, text))

    (row,) = tables["media"]
    assert row["declared_again"] == f"manifest.csv:3 differs in {columns}"
    (rejected,) = tables["rejections"]
    assert rejected["detail"].endswith(f"already and differs in {columns}")


def test_a_row_that_says_the_same_contradicts_nothing(tmp_path: Path) -> None:
    """Two people in another order, a column that is not known, and a path written otherwise."""
    text = "path,subject,note\na.jpg,p01;p02,first\n./a.jpg,p02;p01,second\n"

    tables = listed(csv(tmp_path, text))

    assert [row["declared_again"] for row in tables["media"]] == [None]
    assert len(tables["rejections"]) == 1


@pytest.mark.parametrize(
    ("path", "strip", "expected"),
    [
        ("D:\\faces\\a.jpg", ("D:\\faces",), "a.jpg"),
        ("D:\\faces\\a.jpg", ("D:/faces/",), "a.jpg"),
        ("D:/faces\\a.jpg", ("D:/faces",), "a.jpg"),
        ("/mnt/set/a.jpg", ("/x", "/mnt/set"), "a.jpg"),
        ("set/a.jpg", ("set",), "a.jpg"),
        ("settle/a.jpg", ("set",), "settle/a.jpg"),
        ("{root}/a.jpg", (), "a.jpg"),
        ("D:\\faces\\a.jpg", (), None),
        ("/mnt/set/a.jpg", (), None),
        ("/mnt/set/../../etc/a.jpg", ("/mnt/set",), None),
    ],
)
def test_prefix_is_taken_off(
    tmp_path: Path, path: str, strip: tuple[str, ...], expected: str | None
) -> None:
    """Where the settings say so, or it is the media root; otherwise nothing is below the root."""
    named = path.replace("{root}", str(tmp_path.resolve()))
    tables = listed(csv(tmp_path, f"path\n{named}\n"), Config(strip=strip))

    assert [row["locator"] for row in tables["media"]] == ([expected] if expected else [])
    assert [reason for _, reason in rejections(tables)] == ([] if expected else ["outside-root"])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_wide_text_without_a_mark_is_named(tmp_path: Path, encoding: str) -> None:
    """It would be read as columns with NULs between the letters."""
    path = csv(tmp_path, "")
    path.write_bytes("path,label\na.jpg,real\n".encode(encoding))

    with pytest.raises(InvalidFileError, match="UTF-16") as told:
        listed(path)
    assert "UTF-8" in told.value.hint


def test_semicolons_and_a_comma_in_the_header(tmp_path: Path) -> None:
    """The columns are parted by what stands there most often."""
    tables = listed(csv(tmp_path, "path;label;notes, if any\na.jpg;real;x\n"))

    assert [(row["locator"], row["extra"]) for row in tables["media"]] == [
        ("a.jpg", '{"notes, if any": "x"}')
    ]


def test_media_of_a_folder_that_no_row_names_are_counted(tmp_path: Path) -> None:
    """They are not passed over in silence; what a refused row names is told once."""
    path = csv(tmp_path, "path,label\na.jpg,real\nbad.jpg,what\n")
    for name in ("c.png", "bad.jpg", "._a.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    root = tmp_path.resolve()
    into = Listing("d", root, "manifest")

    ManifestLayout().read(Target(root, "d", root, Config()), into)

    found = {row["place"]: row["reason"] for row in into.tables()["rejections"].to_pylist()}
    assert found == {"manifest.csv:3": "bad-label", "b.jpg": "not-in-manifest",
                     "c.png": "not-in-manifest", "._a.jpg": "litter"}  # fmt: skip
    assert {row["reason"] for row in listed(path)["rejections"]} == {"bad-label"}


def test_driver_voice_and_video_of_a_frame(tmp_path: Path) -> None:
    """They are people in their roles, and what the picture was taken from."""
    tables = one(tmp_path, driver="p05", voice_donor="p06;p07", frame_of="clip.mp4")

    assert [(r["subject_id"], r["role"]) for r in tables["depictions"]] == [
        ("p05", "driver"), ("p06", "voice_donor"), ("p07", "voice_donor"),
    ]  # fmt: skip
    assert [(r["relation"], r["right"]) for r in tables["relations"]] == [
        ("frame_of", media_id("d", "clip.mp4"))
    ]
