"""FiftyOne: samples with their label, split and faces, as ``fiftyone.types.FiftyOneDataset`` reads.

The form is FiftyOne's plain JSON, which every version of it reads; nothing of FiftyOne is needed
to write it. Pictures and videos are two datasets, as FiftyOne has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from curate.model.files import FileDigest
from curate.release.export.jsonfile import write_object
from curate.release.export.listed import Box, Listed

FOLDER = "fiftyone"
_KEPT = ("media_id", "sha256", "dataset", "method", "manipulation_type", "source_id", "licence")
# FiftyOne wants a file of what is told of a video's frames; nothing is.
_FRAMES = "frames/none.json"


class FiftyOne:
    """A dataset of FiftyOne for each kind of media."""

    name = "fiftyone"

    def write(self, listed: Listed) -> list[FileDigest]:
        """Write the datasets; paths in them lead to the release's media."""
        return [file for kind in ("image", "video") for file in _dataset(listed, kind)]


def _dataset(listed: Listed, kind: str) -> Iterator[FileDigest]:
    def samples() -> Iterator[dict[str, Any]]:
        for split in listed.splits():
            for item in listed.items(split, kind):
                yield _sample(item)

    if next(samples(), None) is None:
        return
    place = f"{FOLDER}/{kind}"
    head = {"media_type": kind, "info": {"release": listed.name}}
    yield write_object(listed.folder, f"{place}/metadata.json", head, {})
    yield write_object(listed.folder, f"{place}/samples.json", {}, {"samples": samples()})
    if kind == "video":
        yield write_object(listed.folder, f"{place}/{_FRAMES}", {"frames": {}}, {})


def _sample(item: dict[str, Any]) -> dict[str, Any]:
    sample = {
        "filepath": f"../../{item['path']}",
        "tags": [item["split"]],
        **{name: item[name] for name in _KEPT if item[name] is not None},
    }
    if item["label"] is not None:
        sample["ground_truth"] = {"_cls": "Classification", "label": item["label"]}
    if item["kind"] == "video":
        return {**sample, "_media_type": "video", "frames": _FRAMES}
    size = item["width"], item["height"]
    found = [_detection(box, *size) for box in item["faces"]]
    return {**sample, "_media_type": "image",
            "faces": {"_cls": "Detections", "detections": found}}  # fmt: skip


def _detection(box: Box, width: int, height: int) -> dict[str, Any]:
    x1, y1, x2, y2 = box
    shares = (x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height)
    bounding_box = [round(share, 6) for share in shares]
    return {"_cls": "Detection", "label": "face", "bounding_box": bounding_box}
