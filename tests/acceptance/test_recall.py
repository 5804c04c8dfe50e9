"""Withdrawal that arrives: one of 102 people withdraws after two releases, composites included."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.acceptance.conftest import Curate
from tests.acceptance.story import POSES, Story

# Who contributed to a composite the set does not say: here all of the group that its name tells.
GROUPS = {"african": ("black",), "easian": ("east_asian",), "wasian": ("west_asian",),
          "white": ("white",), "multi": ("black", "east_asian", "west_asian", "white")}  # fmt: skip
WHO = "126"
FORMATS = ("files", "webdataset", "huggingface")


@pytest.fixture
def people(story: Story) -> dict[str, tuple[str, str]]:
    """Tell of 204 photos of 102 people and the composites; return who said what they are."""
    with (story.london / "london_info.csv").open(encoding="utf-8", newline="") as handle:
        said = {f"{int(r['face_id']):03}" if r["face_id"].isdigit() else r["face_id"][-3:]:
                (r["face_gender"][0], r["face_eth"]) for r in csv.DictReader(handle)}  # fmt: skip
    for person in story.people():
        story.says(person)
        for pose in POSES:
            story.photo(person, pose, role="depicted")
    for photo in sorted((story.london / "composite").glob("*.jpg")):
        made_from = contributors(photo.stem, said)
        story.composite(
            f"composite/{photo.name}",
            derived_from=";".join(f"neutral_front/{name}_03.jpg" for name in made_from),
            subject=";".join(f"p{name}" for name in made_from),
            role=";".join("donor" for _ in made_from),
        )
    return {name: said[name] for name in story.people()}


def contributors(composite: str, said: dict[str, tuple[str, str]]) -> list[str]:
    """Return everybody of the group that a composite's name tells."""
    gender, _, group = composite.partition("_")
    return sorted(n for n, (g, of) in said.items() if g == gender and of in GROUPS[group])


@pytest.mark.slow
def test_withdrawal_reaches_releases_feeds_and_copies(
    people: dict[str, tuple[str, str]],
    story: Story,
    tmp_path: Path,
    curate: Curate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Recall, feed, an old copy checked, and the new release: they agree to the file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    ws = story.written(curate)
    curate("run", "-w", ws)
    curate("keys", "new", "desk")
    forms = [word for name in FORMATS for word in ("--format", name)]
    for name in ("v1", "v2"):
        curate("release", "build", name, "-w", ws, "--key", "desk", *forms)
    curate("release", "deliver", "v1", "--to", "lab-a", "-w", ws)
    shutil.copytree(ws / "releases" / "v1", tmp_path / "copy")
    old = _items(ws / "releases" / "v2")

    too_early = curate("release", "recall", f"p{WHO}", "-w", ws, "--key", "desk", status=2)
    curate("consent", "withdraw", f"p{WHO}", "--yes", "-w", ws)
    told = curate("release", "recall", f"p{WHO}", "-w", ws, "--key", "desk", "--json")
    recall = json.loads(told.out)
    new, feed = _items(Path(recall["folder"])), Path(recall["feed"])
    found = curate("release", "check-copy", tmp_path / "copy", "--feed", feed, "--key", "desk",
                   "--json", status=1)  # fmt: skip
    listed = json.loads(found.out)

    # By the files' own names: two photos, and each composite of their group.
    group = people[WHO]
    theirs = {f"neutral_front/{WHO}_03.jpg", f"smiling_front/{WHO}_08.jpg"} | {
        f"composite/{path.name}" for path in (tmp_path / "media" / "composite").glob("*.jpg")
        if path.name[0] == group[0] and group[1] in GROUPS[path.stem[2:]]
    }  # fmt: skip
    gone = {row["media_id"] for row in old if row["media_id"] not in {r["media_id"] for r in new}}
    assert "still cleared" in too_early.err
    assert gone == _entries(ws, theirs)
    assert len(gone) == 4
    assert (recall["version"], recall["gone"], recall["fresh"]) == ("2.0.0", 4, 4)
    assert recall["behind"] == [{"recipient": "lab-a", "release": "v1"}]
    by_kind: dict[str, set[str]] = {}
    for one in listed["found"]:
        by_kind.setdefault(one["kind"], set()).add(one["path"])
    rows = {row["media_id"]: row for row in _items(tmp_path / "copy")}
    assert by_kind["file"] == {rows[media]["path"] for media in gone}
    members = {one["part"] for one in listed["found"] if one["kind"] == "member"}
    assert {name[:64] for name in members} == {rows[media]["sha256"] for media in gone}
    assert sum(one["kind"] == "row" for one in listed["found"]) == 2 * len(gone)
    chain = ("--previous", ws / "releases" / "v2", "--key", "desk")
    curate("release", "verify", recall["folder"], *chain)
    clean = ("release", "check-copy", recall["folder"], "--feed", feed, "--key", "desk")
    assert "0 must go" in curate(*clean).out


def _items(folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in (folder / "data").glob("*.parquet"):
        rows += parquet.ParquetFile(path).read(["media_id", "sha256", "path"]).to_pylist()
    return rows


def _entries(ws: Path, locators: set[str]) -> set[str]:
    import curate

    media = curate.open(ws).catalog.read("media").select(["media_id", "locator"]).to_pylist()
    return {row["media_id"] for row in media if row["locator"] in locators}
