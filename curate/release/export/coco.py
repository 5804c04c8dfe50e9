"""COCO: a JSON of pictures, what they are, and where the faces in them are.

The label is said of the whole picture, by a box as large as it: a fake may show faces that nobody
changed. Each face that was found is a box of its own, of the category ``face``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from curate.model.files import FileDigest
from curate.release.export.jsonfile import write_object
from curate.release.export.listed import Box, Listed

FOLDER = "coco"
_CATEGORIES = {"real": 1, "fake": 2, "face": 3}


class COCO:
    """One JSON for each split, of its pictures."""

    name = "coco"

    def write(self, listed: Listed) -> list[FileDigest]:
        """Write the files; paths in them begin at the release's folder."""
        return [_file(listed, split) for split in listed.splits()]


def _file(listed: Listed, split: str) -> FileDigest:
    categories = [
        {"id": number, "name": word, "supercategory": "face" if word == "face" else "picture"}
        for word, number in _CATEGORIES.items()
    ]
    head = {
        "info": {"description": f"{listed.name}, {split}", "version": listed.name},
        "licenses": [],
        "categories": categories,
    }
    images = (_image(n, item) for n, item in enumerate(listed.items(split, "image"), 1))
    lists = {"images": images, "annotations": _annotations(listed, split)}
    return write_object(listed.folder, f"{FOLDER}/{split}.json", head, lists)


def _image(number: int, item: dict[str, Any]) -> dict[str, Any]:
    kept = ("width", "height", "media_id", "sha256", "method")
    told = {name: item[name] for name in kept if item[name] is not None}
    return {"id": number, "file_name": item["path"], **told}


def _annotations(listed: Listed, split: str) -> Iterator[dict[str, Any]]:
    number = 0
    for image, item in enumerate(listed.items(split, "image"), 1):
        whole = (0.0, 0.0, float(item["width"]), float(item["height"]))
        boxes = [(item["label"], whole)] if item["label"] in _CATEGORIES else []
        for word, box in [*boxes, *(("face", box) for box in item["faces"])]:
            number += 1
            yield {"id": number, "image_id": image, "category_id": _CATEGORIES[word],
                   **_extent(box), "iscrowd": 0}  # fmt: skip


def _extent(box: Box) -> dict[str, Any]:
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    bbox = [round(value, 2) for value in (x1, y1, width, height)]
    return {"bbox": bbox, "area": round(width * height, 2)}
