"""DeepfakeBench: dataset, class, split, video and its frames, and which class is which label.

Pictures taken from one video stand together under it; any other picture is a video of one frame.
The benchmark reads pictures and no videos, so videos are not listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from curate.errors import InputError
from curate.model.files import FileDigest
from curate.release.export.listed import Listed
from curate.release.export.sink import HashedFile, plain

FOLDER = "deepfakebench"
Videos = dict[str, dict[str, Any]]


class DeepfakeBench:
    """One JSON of the benchmark's form, and the labels of its classes."""

    name = "deepfakebench"

    def write(self, listed: Listed) -> list[FileDigest]:
        """Write the files; frames are paths that begin at the release's folder.

        Raises:
            InputError: The release has no labelled picture.
        """
        classes: dict[str, dict[str, Videos]] = {}
        for split, item in _labelled(listed):
            label = _class(listed.name, item)
            videos = classes.setdefault(label, {}).setdefault(split, {})
            video = videos.setdefault(item["frame_of"] or item["sha256"], _empty(label))
            video["frames"].append(item["path"])
        if not classes:
            raise InputError(
                "DeepfakeBench lists labelled pictures, and there are none",
                where=listed.name,
                hint="leave out --format deepfakebench",
            )
        whole = {listed.name: {label: classes[label] for label in sorted(classes)}}
        labels = {label: int(label.endswith("_fake")) for label in sorted(classes)}
        return [
            _written(listed, f"{listed.name}.json", whole),
            _written(listed, "label_dict.json", labels),
        ]


def _labelled(listed: Listed) -> Iterator[tuple[str, dict[str, Any]]]:
    for split in listed.splits():
        for item in listed.items(split, "image"):
            if item["label"] in ("real", "fake"):
                yield split, item


def _class(name: str, item: dict[str, Any]) -> str:
    method = f"_{plain(item['method'])}" if item["label"] == "fake" and item["method"] else ""
    return f"{name}{method}_{item['label']}"


def _empty(label: str) -> dict[str, Any]:
    return {"label": label, "frames": []}


def _written(listed: Listed, name: str, value: Any) -> FileDigest:
    path = f"{FOLDER}/{name}"
    file = HashedFile(listed.folder / path)
    file.write(json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n")
    file.close()
    return file.digest(path)
