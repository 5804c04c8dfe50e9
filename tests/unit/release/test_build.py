"""Building a release: whole or not at all, every byte checked and listed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from curate.errors import InputError, VerificationError
from curate.model.files import FileDigest
from curate.release.build import Release, build
from curate.release.manifest import merkle_root
from curate.release.select import Selection
from tests.factories import label, media, sighting, verdict
from tests.unit.release.test_select import chosen


def selection(root: Path, *names: str, splits: dict[str, str] | None = None) -> Selection:
    """Return a selection of files below `root`, which hold their own name."""
    rows = []
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
        rows.append(media(name, root=str(root), split=(splits or {}).get(name, "train")))
    seen = [sighting(r, sha256=hashlib.sha256(r["locator"].encode()).hexdigest()) for r in rows]
    sizes = {s["sha256"]: len(r["locator"].encode()) for r, s in zip(rows, seen, strict=True)}
    said, labels = [verdict(r) for r in rows], [label(r) for r in rows]
    return chosen(rows, said, sightings=seen, labels=labels, sizes=sizes)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Return the folder of releases."""
    (tmp_path / "releases").mkdir()
    return tmp_path / "releases"


def made(releases: Path, name: str = "v1", **options: Any) -> Release:
    """Return a release of two pictures."""
    picked = options.pop("selection", None) or selection(releases.parent, "a.jpg", "b.PNG")
    return build(name, picked, releases, facts={"use": "test"}, **options)


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


def test_files_are_named_by_their_content(releases: Path) -> None:
    """The name that a file had may tell who is in it."""
    release = made(releases, selection=selection(releases.parent, "anna/Anna Smith.JPG"))

    sha256 = hashlib.sha256(b"anna/Anna Smith.JPG").hexdigest()
    assert f"media/train/{sha256}.jpg" in content_of(release.folder)
    for path, data in content_of(release.folder).items():
        assert "anna" not in path.lower()
        assert b"anna" not in data.lower() or path.startswith("media/")


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
        (row,) = parquet.read_table(release.folder / "data" / f"{split}.parquet").to_pylist()
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
    nothing = Selection(selection(releases.parent, "a.jpg").items.slice(0, 0), {"CON001": 1}, 1)

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


def test_interruption_leaves_nothing(releases: Path) -> None:
    """Whatever ends a build in the middle, no half of it can be taken for a release."""

    def interrupt(done: int, total: int) -> None:
        assert (done, total) == (1, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(releases, report=interrupt)
    assert list(releases.iterdir()) == []


def test_rest_of_a_killed_build_is_cleared_away(releases: Path) -> None:
    """A killed process cannot clean up; the next one does."""
    (releases / ".v1.partial" / "media").mkdir(parents=True)
    (releases / ".v1.partial" / "media" / "half").write_bytes(b"x")

    release = made(releases)

    assert [path.name for path in releases.iterdir()] == ["v1"]
    assert "media/half" not in content_of(release.folder)


def test_facts_may_hold_instants(releases: Path) -> None:
    """A use has a start and an end."""
    facts = {"use": {"starts_at": datetime(2026, 5, 1, tzinfo=UTC), "ends_at": None}}

    release = build("v1", selection(releases.parent, "a.jpg"), releases, facts=facts)

    manifest = json.loads((release.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["use"] == {"starts_at": "2026-05-01T00:00:00Z", "ends_at": None}


def test_progress_is_told(releases: Path) -> None:
    """After each file, of how many."""
    told: list[tuple[int, int]] = []

    made(releases, report=lambda done, total: told.append((done, total)))

    assert told == [(1, 2), (2, 2)]
