"""Building a release: whole or not at all, every byte checked and listed."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, PngImagePlugin
from pyarrow import parquet

from curate.errors import InputError, VerificationError
from curate.model.files import FileDigest
from curate.release.build import Form, Release, Steps, build
from curate.release.manifest import merkle_root
from curate.release.select import Selection
from tests.factories import label, media, sighting, verdict
from tests.unit.release.test_select import chosen


def picture(name: str) -> bytes:
    """Return a picture that is like no other, and says what it is called."""
    drawn = np.random.default_rng(list(name.encode())).integers(0, 256, (8, 8, 3), np.uint8)
    out, words = io.BytesIO(), PngImagePlugin.PngInfo()
    words.add_text("Title", name)
    Image.fromarray(drawn).save(out, "PNG", pnginfo=words)
    return out.getvalue()


def selection(root: Path, *names: str, splits: dict[str, str] | None = None) -> Selection:
    """Return a selection of pictures below `root`, which say what they are called."""
    rows = []
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(picture(name))
        rows.append(media(name, root=str(root), split=(splits or {}).get(name, "train")))
    seen = [sighting(r, sha256=hashlib.sha256(picture(r["locator"])).hexdigest()) for r in rows]
    sizes = {s["sha256"]: len(picture(r["locator"])) for r, s in zip(rows, seen, strict=True)}
    said, labels = [verdict(r) for r in rows], [label(r) for r in rows]
    found = chosen(rows, said, sightings=seen, labels=labels, sizes=sizes)
    return replace(found, items=with_column(found.items, "format", ["PNG"] * len(names)))


def with_column(items: pa.Table, name: str, values: list[Any]) -> pa.Table:
    """Return items of which a column says something else."""
    place = items.schema.get_field_index(name)
    field = items.schema.field(place)
    return items.set_column(place, field, pa.array(values, field.type))


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Return the folder of releases."""
    (tmp_path / "releases").mkdir()
    return tmp_path / "releases"


def made(releases: Path, name: str = "v1", form: Form | None = None, **options: Any) -> Release:
    """Return a release of two pictures."""
    picked = options.pop("selection", None) or selection(releases.parent, "a.jpg", "b.PNG")
    documents = options.pop("documents", {})
    steps = Steps(documents=lambda _: documents, **options)
    return build(name, picked, releases, facts={"use": "test"}, form=form, steps=steps)


def content_of(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_manifest_lists_every_file_with_its_digest(releases: Path) -> None:
    """Nothing lies in a release that its manifest does not name, and digests are those of bytes."""
    release = made(releases, documents={"datasheet.md": "# Ä\n"})

    found = content_of(release.folder)
    manifest = json.loads(found.pop("manifest.json"))

    listed = {file["path"]: (file["sha256"], file["size"]) for file in manifest["files"]}
    assert listed == {
        path: (hashlib.sha256(data).hexdigest(), len(data)) for path, data in found.items()
    }
    assert [file["path"] for file in manifest["files"]] == sorted(listed)
    files = [FileDigest(f["path"], f["sha256"], f["size"]) for f in manifest["files"]]
    assert manifest["merkle_root"] == release.merkle_root == merkle_root(reversed(files))
    assert (manifest["name"], manifest["items"], manifest["use"]) == ("v1", 2, "test")


def test_manifest_withholds_small_counts_of_what_tells_of_people(releases: Path) -> None:
    """It goes to whoever gets the release, like the datasheet; the builder sees all."""
    counts = {"CON001": 1, "CON003": 12, "DUP002": 30, "MED001": 8}
    release = made(releases, selection=replace(selection(releases.parent, "a.jpg"),
                                               left_out=counts))  # fmt: skip

    manifest = json.loads((release.folder / "manifest.json").read_bytes())
    assert manifest["left_out"] == {"CON001": "fewer than 5", "CON003": 12, "DUP002": 30,
                                    "MED001": "withheld"}  # fmt: skip
    assert release.left_out == counts


def test_files_are_named_by_their_content(releases: Path) -> None:
    """The name that a file had may tell who is in it, and so may what the file says."""
    release = made(releases, selection=selection(releases.parent, "anna/Anna Smith.JPG"))

    (row,) = release.items.to_pylist()
    assert row["path"] == f"media/train/real/{row['sha256']}.jpg"
    assert row["path"] in content_of(release.folder)
    for path, data in content_of(release.folder).items():
        assert "anna" not in path.lower()
        assert b"anna" not in data.lower()


def test_metadata_is_kept_when_asked_for(releases: Path) -> None:
    """The file as it is, to the byte; the manifest says so."""
    picked = selection(releases.parent, "a.jpg")
    release = made(releases, selection=picked, form=Form(keep_metadata=True))

    found = content_of(release.folder)
    assert found[release.items["path"][0].as_py()] == picture("a.jpg")
    assert json.loads(found["manifest.json"])["metadata"] == "kept"


def test_what_nobody_looked_at_goes_even_where_metadata_are_kept(releases: Path) -> None:
    """It is no metadata, and the table of items names it."""
    picked = selection(releases.parent, "a.jpg", "b.PNG")
    hidden = ["bytes behind the end of the picture", None]
    picked = replace(picked, items=with_column(picked.items, "taken_out", hidden))

    release = made(releases, form=Form(keep_metadata=True), selection=picked)

    items = parquet.read_table(_items(release, "train")).to_pylist()
    assert [item["taken_out"] for item in items] == hidden
    kept = [b"Title" in (release.folder / item["path"]).read_bytes() for item in items]
    assert kept == [False, True]


def test_picture_whose_metadata_stays_is_left_out_and_counted(releases: Path) -> None:
    """And told of, when nothing else is there to go out."""
    picked = selection(releases.parent, "a.jpg", "b.jpg", "c.jpg")
    some = replace(picked, items=with_column(picked.items, "format", ["TIFF", "PNG", "PNG"]))
    none = replace(picked, items=some.items.slice(0, 1))

    release = made(releases, selection=some)

    assert (release.items.num_rows, release.left_out) == (2, {"metadata-stays": 1})
    with pytest.raises(InputError, match="without its metadata") as caught:
        made(releases, "v2", selection=none)
    assert "--keep-metadata" in caught.value.hint


def _items(release: Release, split: str) -> Path:
    return release.folder / "data" / f"{split}-00000-of-00001.parquet"


def test_ending_that_is_no_ending_is_left_off(releases: Path) -> None:
    """What follows the last dot may be a name too."""
    release = made(releases, selection=selection(releases.parent, "picture.of anna", "x.<b>"))

    paths = [path for path in content_of(release.folder) if path.startswith("media/")]
    assert all(Path(path).suffix == "" for path in paths)
    assert len(paths) == 2


def test_items_point_at_files(releases: Path) -> None:
    """The Parquet of each split and the items that are recorded agree with the files."""
    splits = {"a.jpg": "train", "b.jpg": "test"}
    release = made(releases, selection=selection(releases.parent, *splits, splits=splits))

    rows = {r["media_id"]: r for r in release.items.to_pylist()}
    for split in ("train", "test"):
        (row,) = parquet.read_table(_items(release, split)).to_pylist()
        data = (release.folder / row["path"]).read_bytes()
        assert row["split"] == split
        assert row["label"] == "real"
        assert hashlib.sha256(data).hexdigest() == row["sha256"] == rows[row["media_id"]]["sha256"]
        assert not {"root", "locator"} & set(row)


def test_splits_with_similar_names_stay_apart(releases: Path) -> None:
    """Names that are no folder's are changed, and never to one another's."""
    splits = {
        "1.jpg": "fold 1",
        "2.jpg": "fold_1",
        "3.jpg": "fold/1",
        "4.jpg": "../x",
        "5.jpg": ".",
    }
    release = made(releases, selection=selection(releases.parent, *splits, splits=splits))

    found = content_of(release.folder)
    manifest = json.loads(found["manifest.json"])
    data = [path for path in found if path.startswith("data/")]
    rows = [row for path in data
            for row in parquet.read_table(release.folder / path).to_pylist()]  # fmt: skip

    assert len(data) == 5
    assert sorted(row["split"] for row in rows) == sorted(splits.values())
    assert all((release.folder / row["path"]).is_file() for row in rows)
    assert len(manifest["files"]) == len({f["path"] for f in manifest["files"]}) == len(found) - 1


def test_same_input_gives_the_same_bytes(releases: Path) -> None:
    """Every file, the manifest included."""
    one = made(releases, documents={"d.md": "x"})
    kept = content_of(one.folder)
    one.folder.rename(releases.parent / "first")

    assert content_of(made(releases, documents={"d.md": "x"}).folder) == kept


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../v1", ".hidden", "-rf", "v 1", "v\n1", "é", "x" * 101]
)
def test_name_that_is_no_folder_name_is_refused(releases: Path, name: str) -> None:
    """A release is named in commands, addresses and file names."""
    with pytest.raises(InputError, match="cannot be a release's name"):
        made(releases, name)
    assert list(releases.iterdir()) == []


def test_name_that_is_taken_is_refused(releases: Path) -> None:
    """Releases are never changed."""
    kept = content_of(made(releases).folder)

    with pytest.raises(InputError, match="is there already"):
        made(releases)
    assert content_of(releases / "v1") == kept


def test_nothing_cleared_is_refused(releases: Path) -> None:
    """An empty release would look like one."""
    some = selection(releases.parent, "a.jpg")
    nothing = replace(some, items=some.items.slice(0, 0), left_out={"CON001": 1})

    with pytest.raises(InputError, match="nothing was cleared"):
        made(releases, selection=nothing)
    assert list(releases.iterdir()) == []


@pytest.mark.parametrize("content", [b"other", b"", b"a.jpg and more"])
def test_file_that_changed_is_refused(releases: Path, content: bytes) -> None:
    """What was judged is what goes out, to the byte; nothing is left behind."""
    picked = selection(releases.parent, "a.jpg", "b.jpg")
    (releases.parent / "a.jpg").write_bytes(content)

    with pytest.raises(VerificationError, match="changed since it was probed") as caught:
        made(releases, selection=picked)

    assert caught.value.where.endswith("a.jpg")
    assert list(releases.iterdir()) == []


def test_file_that_vanished_is_refused(releases: Path) -> None:
    """With its place."""
    picked = selection(releases.parent, "a.jpg")
    (releases.parent / "a.jpg").unlink()

    with pytest.raises(InputError, match="cannot be copied: No such file"):
        made(releases, selection=picked)
    assert list(releases.iterdir()) == []


def test_interruption_leaves_nothing_that_is_named(releases: Path) -> None:
    """Whatever ends a build in the middle, no half of it can be taken for a release."""

    def interrupt(done: int, total: int) -> None:
        assert (done, total) == (1, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(releases, report=interrupt)
    assert [path.name for path in releases.iterdir()] == [".v1.partial"]


def test_killed_build_goes_on_with_the_parts_that_were_done(
    releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not read again, and what comes of it is the same to the byte."""
    monkeypatch.setattr("curate.release.shards.MOST_ITEMS", 1)
    monkeypatch.setattr("curate.release.build._THREADS", 1)
    picked = selection(releases.parent, "a.jpg", "b.jpg", "c.jpg")
    whole = content_of(made(releases, "whole", selection=picked).folder)

    def interrupt(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(releases, selection=picked, report=interrupt)
    (first, *_) = picked.items["locator"].to_pylist()
    (releases.parent / first).unlink()
    release = made(releases, selection=picked)

    found = content_of(release.folder)
    assert found.pop("manifest.json") != whole.pop("manifest.json")
    assert found == whole


def test_rest_of_another_build_is_cleared_away(releases: Path) -> None:
    """Parts of what was selected then have no place in what is selected now."""

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(releases, report=interrupt)
    (releases / ".v1.partial" / "media" / "half").mkdir(parents=True)
    (releases / ".v1.partial" / "media" / "half" / "x.png").write_bytes(b"x")

    release = made(releases, selection=selection(releases.parent, "z.jpg"))

    assert [path.name for path in releases.iterdir()] == ["v1"]
    assert "media/half/x.png" not in content_of(release.folder)
    assert release.items.num_rows == 1


def test_release_is_announced_before_it_is_named(releases: Path) -> None:
    """What goes out is known before anyone can take it."""
    seen: list[tuple[str, bool]] = []

    made(releases, announce=lambda built: seen.append((built.folder.name, built.folder.exists())))

    assert seen == [("v1", False)]


def test_facts_may_hold_instants(releases: Path) -> None:
    """A use has a start and an end."""
    facts: dict[str, Any] = {
        "use": {"starts_at": datetime(2026, 5, 1, tzinfo=UTC), "ends_at": None}
    }

    release = build("v1", selection(releases.parent, "a.jpg"), releases, facts=facts)

    manifest = json.loads((release.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["use"] == {"starts_at": "2026-05-01T00:00:00Z", "ends_at": None}


def test_progress_is_told(releases: Path) -> None:
    """After each file, of how many."""
    told: list[tuple[int, int]] = []

    made(releases, report=lambda done, total: told.append((done, total)))

    assert told == [(1, 2), (2, 2)]
