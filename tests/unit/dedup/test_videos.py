"""Rows for videos: copies, clips with their offsets, and groups of copies alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import curate
from curate.dedup.codes import unpack_codes
from curate.dedup.videos import with_videos
from curate.schema import arrow_schema
from tests.unit.dedup.test_clips import blurred, scene

FRAMES = pa.schema([
    ("sha256", pa.string()), ("frame", pa.int32()), ("seconds", pa.float64()),
    ("pdq", pa.binary()), ("pdq_quality", pa.int8()),
])  # fmt: skip
VIDEOS = pa.schema([
    ("sha256", pa.string()), ("byte_size", pa.int64()), ("ends", pa.float64()),
    ("pixels", pa.int64()), ("quality", pa.float64()), ("name", pa.string()),
    ("derivative", pa.bool_()), ("chosen", pa.bool_()),
])  # fmt: skip
NO_VIDEOS = {"videos": VIDEOS.empty_table(), "frames": FRAMES.empty_table()}
NOTHING = {name: arrow_schema(name).empty_table() for name in ("relations", "groups")}

Rows = list[dict[str, Any]]


def tables(
    videos: dict[str, np.ndarray], *, quality: int = 100, size: int = 100
) -> dict[str, pa.Table]:
    """Return what the stage reads of videos with one frame a second, by name."""
    rows, frames = [], []
    for name, codes in sorted(videos.items()):
        rows.append({
            "sha256": name, "byte_size": size, "ends": float(len(codes)), "pixels": 100,
            "quality": float("nan"), "name": f"{name}.mp4", "derivative": False,
            "chosen": False,
        })  # fmt: skip
        frames += [
            {"sha256": name, "frame": i, "seconds": float(i), "pdq": c, "pdq_quality": quality}
            for i, c in enumerate(unpack_codes(codes))
        ]
    return {
        "videos": pa.Table.from_pylist(rows, VIDEOS),
        "frames": pa.Table.from_pylist(frames, FRAMES),
    }


def found(given: dict[str, pa.Table]) -> tuple[Rows, Rows]:
    """Return relations and groups."""
    made = with_videos(NOTHING, given, radius=31, min_quality=50, stage="dedup/0")
    return made["relations"].to_pylist(), made["groups"].to_pylist()


def told(relations: Rows) -> set[tuple[Any, ...]]:
    """Return the parts of relations that tests are about."""
    names = ("left", "relation", "right", "left_share", "right_share", "offset_s")
    return {tuple(row[name] for name in names) for row in relations}


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_clip_is_left_of_the_video_it_is_of(names: str) -> None:
    whole = scene(1, 40)
    relations, groups = found(tables({names[0]: whole[10:20], names[1]: whole}))
    assert told(relations) == {(names[0], "clip_of", names[1], 1.0, 0.25, 10.0)}
    assert groups == []


def test_copies_make_a_group_with_one_to_keep() -> None:
    whole = scene(1, 40)
    relations, groups = found(tables({"a": whole, "b": blurred(whole, 10), "c": scene(2, 40)}))
    assert told(relations) == {("a", "near_duplicate", "b", 1.0, 1.0, 0.0)}
    assert [(g["sha256"], g["group_id"], g["tier"], g["keep"]) for g in groups] == [
        ("a", "a", "video", "a"),
        ("b", "a", "video", "a"),
    ]


def test_footage_in_common_is_told_where_neither_is_a_clip() -> None:
    whole = scene(1, 60)
    relations, groups = found(tables({"a": whole[:40], "b": whole[20:]}))
    assert told(relations) == {("a", "shares_footage", "b", 0.5, 0.5, -20.0)}
    assert groups == []


def test_clips_of_one_compilation_are_no_group() -> None:
    one, two = scene(1, 10), scene(2, 10)
    relations, groups = found(tables({"a": np.concatenate((one, two)), "b": one, "c": two}))
    assert {row[:3] for row in told(relations)} == {("b", "clip_of", "a"), ("c", "clip_of", "a")}
    assert groups == []


def test_chain_of_trimmed_copies_is_split() -> None:
    """Each shares most with the next; the first and the last do not."""
    whole = scene(1, 100)
    relations, groups = found(
        tables({"a": whole[:60], "b": whole[10:70], "c": whole[20:80], "d": whole[30:90]})
    )
    near = {row[:3] for row in told(relations) if row[1] == "near_duplicate"}
    assert near == {("a", "near_duplicate", "b"), ("b", "near_duplicate", "c"),
                    ("c", "near_duplicate", "d")}  # fmt: skip
    assert {g["medoid"] for g in groups if g["group_id"] == "a"} == {"b"}
    assert {g["sha256"] for g in groups if g["group_id"] == "a"} == {"a", "b", "c"}


def test_frames_that_are_not_believed_match_nothing() -> None:
    whole = scene(1, 40)
    assert found(tables({"a": whole, "b": whole}, quality=49)) == ([], [])


def test_no_video_leaves_what_was_found_of_pictures() -> None:
    assert found(NO_VIDEOS) == ([], [])


@pytest.fixture(scope="module")
def workspace(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> curate.Project:
    """Return a workspace that has seen the videos, a clip cut out of one, and an animation."""
    from tests.unit.media.videos import cut_out

    folder = tmp_path_factory.mktemp("videos")
    media = folder / "media"
    media.mkdir()
    for path in [
        *sorted((shared_data / "duplicates" / "tmk" / "sample-videos").glob("*.mp4")),
        *sorted((shared_data / "media" / "grid").glob("*.mpg")),
    ]:
        shutil.copyfile(path, media / path.name)
        if path.stem == "chair-orig-22-sd-bar":
            # Between two samples: no second of the clip begins where one of the original does.
            (media / "clip-of-chair.mp4").write_bytes(cut_out(path, 7.4, 12.2))
        if path.stem == "bbaf2n":
            (media / "copy-of-bbaf2n.mkv").write_bytes(
                cut_out(path, 0, 9, container="matroska", options={"crf": "32"})
            )
    project = curate.init(folder / "ws")
    project.ingest(media)
    project.run(["probe", "dedup"])
    return project


def relations_of(project: curate.Project) -> dict[tuple[str, str], dict[str, Any]]:
    """Return relations of the workspace's videos by the stems of their names."""
    query = """
        SELECT split_part(a.locator, '.', 1) AS a, split_part(b.locator, '.', 1) AS b, r.*
        FROM relations r
        JOIN (sightings JOIN media USING (media_id)) a ON a.sha256 = r."left"
        JOIN (sightings JOIN media USING (media_id)) b ON b.sha256 = r."right"
    """
    connection = project.catalog.connect()
    rows = connection.sql(query).to_arrow_table().to_pylist()
    return {(row["a"], row["b"]): row for row in rows}


def test_clip_cut_out_of_a_video_is_found_within_a_second(workspace: curate.Project) -> None:
    found = relations_of(workspace)
    clips = {b: row for (a, b), row in found.items() if a == "clip-of-chair"}
    assert {b for b, row in clips.items() if row["relation"] == "clip_of"} >= {
        "chair-orig-22-sd-bar",
        "chair-22-sd-grey-bar",
        "chair-22-sd-sepia-bar",
        "chair-20-sd-bar",
    }
    for name, offset in [("orig-22-sd", 7.4), ("22-sd-grey", 7.4), ("20-sd", 5.4), ("19-sd", 3.7)]:
        assert clips[f"chair-{name}-bar"]["offset_s"] == pytest.approx(offset, abs=0.1)


def test_edited_videos_are_found_at_their_offsets(workspace: curate.Project) -> None:
    found = relations_of(workspace)
    pairs = [
        ("chair-19-sd-bar", "chair-orig-22-sd-bar", 3.7),
        ("chair-20-sd-bar", "chair-orig-22-sd-bar", 2.0),
        ("chair-22-sd-sepia-bar", "chair-22-sd-grey-bar", 0.0),
        ("chair-22-with-small-logo-bar", "chair-orig-22-sd-bar", 0.0),
        ("pattern-hd-no-bar", "pattern-longer-no-bar", 0.0),
        ("pattern-sd-grey-bar", "pattern-sd-with-small-logo-bar", 0.0),
        ("copy-of-bbaf2n", "bbaf2n", 0.0),
    ]
    for one, two, offset in pairs:
        row = found.get((one, two)) or found[two, one]
        shift = row["offset_s"] if (one, two) in found else -row["offset_s"]
        assert row["relation"] in {"near_duplicate", "clip_of"}
        assert shift == pytest.approx(offset, abs=0.1), (one, two)


def test_different_videos_are_not_matched(workspace: curate.Project) -> None:
    """The speakers of the grid sit in one studio, and are different all the same."""
    for one, two in relations_of(workspace):
        kinds = [name.removeprefix("clip-of-").split("-")[0] for name in (one, two)]
        assert kinds[0] == kinds[1] or {one, two} == {"copy-of-bbaf2n", "bbaf2n"}


def test_groups_hold_copies_of_one_video(workspace: curate.Project) -> None:
    query = """
        SELECT g.group_id, list(split_part(locator, '-', 1)) AS kinds FROM groups g
        JOIN sightings USING (sha256) JOIN media USING (media_id)
        WHERE g.tier = 'video' GROUP BY ALL
    """
    rows = workspace.catalog.connect().sql(query).fetchall()
    assert rows
    for _, kinds in rows:
        assert len({kind.split(".")[0] for kind in kinds} - {"copy"}) == 1
