"""All layouts: nothing is lost, nothing crashes, and each tells of itself."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import InputError
from curate.ingest.layout import Layout
from curate.ingest.layouts import LAYOUTS
from curate.ingest.run import find_layout
from tests.unit.ingest.trees import entries, listed, touch

HOSTILE = (
    "it's \"quoted\".mp4", "line\nbreak.mp4", "😀.png", "<script>alert(1)<!--.jpg", "-rf.mp4",
    "a;DROP TABLE media.jpg", "C:\\x.mp4", ".mp4", "no-ending", "000_001..mp4", "id0_id1_0000 .mp4",
)  # fmt: skip
FOLDERS = (
    "", "original_sequences/youtube/c23/videos", "manipulated_sequences/Deepfakes/c23/frames/x",
    "Celeb-synthesis", "Celeb-real/frames/id0_0000", "manipulated_videos/end_to_end",
    "source_videos/M001", "fake_train/0/fake/1", "simswap/ff/frames/000_001", "fomm/cdf",
    "train/real",
)  # fmt: skip
# These take what their document names, and pass over files that it does not.
_BY_DOCUMENT = {"manifest", "deepfakebench", "forgerynet", "coco", "fiftyone", "croissant"}
BY_FOLDER = [layout for layout in LAYOUTS if layout.name not in _BY_DOCUMENT | {"fakeavceleb"}]

# Where a layout keeps its document, and the words that stand in it.
DOCUMENTS = {
    "faceforensics": ["splits/train.json", "conversion_dict.json"],
    "dfdc": ["metadata.json", "dataset.json"],
    "deepfakebench": ["D.json"],
    "coco": ["d.json"],
    "fiftyone": ["samples.json"],
    "croissant": ["croissant.json"],
}
_WORDS = st.sampled_from([
    "000", "001", "a.mp4", "x/a.mp4", "label", "REAL", "fake", "original", "split", "train", "test",
    "frames", "DFD_real", "DFD_fake", "12__talking", "images", "file_name", "id", "annotations",
    "samples", "filepath", "tags", "distribution", "recordSet", "@type", "cr:FileSet", "includes",
    "*.jpg", "field", "source", "extract", "column", "", "../x.jpg", "\0.jpg", "\ud800",
])  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=25,
)


@pytest.mark.parametrize("layout", BY_FOLDER, ids=lambda layout: layout.name)
def test_every_file_is_an_entry_or_a_rejection(tmp_path: Path, layout: Layout) -> None:
    """Whatever it is called, and wherever it lies."""
    names = [f"{folder}/{name}".lstrip("/") for folder in FOLDERS for name in HOSTILE]
    touch(tmp_path, *names)

    tables = listed(layout, tmp_path)

    told = set(entries(tables)) | {row["locator"] for row in tables["rejections"]}
    assert set(names) <= told
    assert all(row["place"].isprintable() for row in tables["rejections"])


@pytest.mark.parametrize("layout", DOCUMENTS)
@settings(max_examples=60)
@given(value=_VALUES, inner=_VALUES)
def test_documents_of_strangers(layout: str, value: Any, inner: Any) -> None:
    """Any JSON ends in entries, rejections, or a clear error."""
    reader = next(one for one in LAYOUTS if one.name == layout)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name in DOCUMENTS[layout]:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(json.dumps(_begun(layout, value, inner)), encoding="utf-8")
        with suppress(InputError):
            tables = listed(reader, root)
            assert all(row["reason"] and row["detail"] for row in tables["rejections"])


def _begun(layout: str, value: Any, inner: Any) -> Any:
    """Return a document that begins as the layout's does, so that it is read at all."""
    return {
        "faceforensics": [["000", "001"], value, inner],
        "dfdc": {"x/a.mp4": {"label": "REAL"}, "b.mp4": value, "x/c.mp4": inner},
        "deepfakebench": {"D": {"DFD_real": {"train": {"12__talking": value}, "val": inner,
                          "test": {"13__talking": {"frames": [value, inner]}}}}},
        "coco": {"images": value, "annotations": inner, "categories": inner, "licenses": value},
        "fiftyone": {"samples": [value, inner]},
        "croissant": {"conformsTo": "http://mlcommons.org/croissant/1.0", "license": value,
                      "distribution": inner, "recordSet": value},
    }[layout]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_each_tells_of_itself(layout: Layout) -> None:
    """What it reads, and what misleads those who do it by hand."""
    assert layout.about.title
    assert layout.about.reads
    assert layout.about.traps


def test_names_are_distinct() -> None:
    """A name on the command line is one layout."""
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)


def test_loops_and_pipes_are_not_opened(tmp_path: Path) -> None:
    """Telling layouts apart waits for nobody, and follows no link for ever."""
    touch(tmp_path, "train/real/a.jpg")
    for name in ("metadata.json", "train.json", "a.txt", "samples.json", "meta_data.csv", "d.json"):
        os.mkfifo(tmp_path / name)
    for name in ("loop.json", "loop.txt", "dataset.json", "splits", "metadata.csv"):
        (tmp_path / name).symlink_to(name)

    assert find_layout(tmp_path, "auto").name == "folder"


def test_nothing_is_taken_for_a_dataset(tmp_path: Path) -> None:
    """A plain folder, with documents of its own, is a folder."""
    touch(tmp_path, "train/real/a.jpg", "notes.txt", "settings.toml")
    (tmp_path / "config.json").write_text('{"name": "x", "version": 1}', encoding="utf-8")

    assert find_layout(tmp_path, "auto").name == "folder"
