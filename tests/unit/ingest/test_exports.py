"""COCO and FiftyOne: what their JSON says of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curate.errors import InvalidFileError
from curate.ingest.run import find_layout
from tests.unit.ingest.trees import (
    Tables,
    entries,
    labels,
    listed,
    rejected,
    touch,
    write_json,
)


def coco(root: Path, images: list[Any], annotations: list[Any], name: str = "d.json") -> Tables:
    """Return what the layout makes of a COCO file with categories real, fake and hat."""
    words = ["real", "fake", "hat"]
    write_json(root / name, {
        "info": {}, "licenses": [{"id": 7, "name": "CC BY 4.0"}], "images": images,
        "annotations": [{"image_id": i, "category_id": c} for i, c in annotations],
        "categories": [{"id": n, "name": word} for n, word in enumerate(words)],
    })  # fmt: skip
    return listed(find_layout(root, "auto"), root)


def test_coco(tmp_path: Path) -> None:
    """Label by category, licence by name, split by the file's name, pictures where they are."""
    touch(tmp_path, "train2017/a.jpg", "images/b.jpg")

    tables = coco(tmp_path, [
        {"id": 1, "file_name": "a.jpg", "license": 7, "width": 5},
        {"id": 2, "file_name": "b.jpg"},
        {"id": 3, "file_name": "c.jpg"},
    ], [(1, 1), (1, 1), (2, 0), (2, 2), (3, 2)], "notes/instances_train2017.json")  # fmt: skip

    assert find_layout(tmp_path, "auto").name == "coco"
    assert labels(tables) == {"train2017/a.jpg": "fake", "images/b.jpg": "real"}
    found = entries(tables)
    assert {row["split"] for row in found.values()} == {"train"}
    assert found["train2017/a.jpg"]["licence"] == "CC BY 4.0"
    assert found["train2017/a.jpg"]["extra"] == '{"id": 1, "width": 5}'
    assert found["c.jpg"]["status"] == "missing"


def test_coco_dirt(tmp_path: Path) -> None:
    """Images of both kinds, without a name, twice, or outside."""
    tables = coco(tmp_path, [
        {"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}, {"id": 3}, "x",
        {"id": 4, "file_name": "a.jpg"}, {"id": 5, "file_name": "/c.jpg"},
    ], [(2, 0), (2, 1)])  # fmt: skip

    assert rejected(tables) == {
        "d.json: images[1]": "label-conflict",
        "d.json: images[2]": "bad-row",
        "d.json: images[3]": "bad-row",
        "d.json: images[4]": "duplicate-row",
        "d.json: images[5]": "outside-root",
    }
    assert list(entries(tables)) == ["a.jpg"]


@pytest.mark.parametrize("said", [{"info": {}, "categories": []}, {"info": {}, "images": {}}])
def test_coco_of_another_form(tmp_path: Path, said: dict[str, Any]) -> None:
    """A file without images stops the ingest."""
    write_json(tmp_path / "d.json", said)

    with pytest.raises(InvalidFileError, match=r"no list"):
        listed(find_layout(tmp_path, "auto"), tmp_path)


def fiftyone(root: Path, *samples: Any) -> Tables:
    """Return what the layout makes of an export."""
    write_json(root / "metadata.json", {"name": "d"})
    write_json(root / "samples.json", {"samples": list(samples)})
    return listed(find_layout(root, "auto"), root)


def word(label: str) -> dict[str, str]:
    """Return a classification."""
    return {"_cls": "Classification", "label": label}


def test_fiftyone(tmp_path: Path) -> None:
    """The truth counts, a prediction beside it does not."""
    touch(tmp_path, "data/a.jpg")

    tables = fiftyone(
        tmp_path,
        {"filepath": "data/a.jpg", "tags": ["odd", "validation"], "ground_truth": word("real"),
         "model": word("fake"), "uniqueness": 0.5, "_id": {"$oid": "1"}},
        {"filepath": "data/b.mp4", "kind": word("fake"), "scene": word("street")},
    )  # fmt: skip

    assert find_layout(tmp_path, "auto").name == "fiftyone"
    assert labels(tables) == {"data/a.jpg": "real", "data/b.mp4": "fake"}
    found = entries(tables)
    assert (found["data/a.jpg"]["split"], found["data/a.jpg"]["status"]) == ("val", "present")
    assert found["data/a.jpg"]["extra"] == '{"uniqueness": 0.5}'
    assert (found["data/b.mp4"]["kind"], found["data/b.mp4"]["status"]) == ("video", "missing")


def test_fiftyone_dirt(tmp_path: Path) -> None:
    """Two predictions, no path, a path of another machine, a truth that means nothing."""
    tables = fiftyone(
        tmp_path,
        {"filepath": "a.jpg", "one": word("real"), "two": word("fake")},
        {"tags": []},
        "x",
        {"filepath": "/home/x/b.jpg"},
        {"filepath": "c.jpg", "ground_truth": word("cat")},
        {"filepath": "d.jpg"},
    )

    assert rejected(tables) == {
        "samples.json: samples[0]": "label-conflict",
        "samples.json: samples[1]": "bad-row",
        "samples.json: samples[2]": "bad-row",
        "samples.json: samples[3]": "outside-root",
        "samples.json: samples[4]": "bad-label",
    }
    assert list(entries(tables)) == ["d.jpg"]
