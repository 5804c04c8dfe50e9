"""Crops of faces: upright squares of one size, each with the picture that it is a crop of.

A crop is centred on the face's box and turned by the face's roll, so that the eyes lie level. Its
side is the longer one of the box and a margin on either side of it, as a share of that side. What
lies outside the picture is black. Pictures only: faces of videos belong to frames.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from curate.faces.warp import opencv
from curate.media import load_rgb
from curate.model.files import FileDigest
from curate.release.body import Body
from curate.release.export.format import Item
from curate.release.export.sink import HashedFile

FOLDER = "crops"
SIDE = 256
_COLUMNS = pa.schema(
    [("path", pa.string()), ("sha256", pa.string()), ("relation", pa.string()),
     ("media_id", pa.string()), ("ordinal", pa.int64()), ("margin", pa.float64())]
)  # fmt: skip


class Crops:
    """Faces as pictures of their own.

    Args:
        faces: media_id, ordinal, x1, y1, x2, y2 in pixels and roll in degrees, by media_id and
            ordinal.
        margin: Added on each side, as a share of the longer side of a face's box.
    """

    name = FOLDER

    def __init__(self, faces: pa.Table, margin: float) -> None:
        self.faces, self.margin = faces, margin
        self._ids = faces["media_id"].to_numpy().astype("S")

    def writer(self, folder: Path, stem: str, split: str) -> CropsWriter:
        """Return a writer below ``crops/``."""
        return CropsWriter(self, folder, stem, split)

    def of(self, media_id: str) -> list[dict[str, Any]]:
        """Return the faces of an entry."""
        first, last = (np.searchsorted(self._ids, media_id.encode(), s) for s in ("left", "right"))
        found: list[dict[str, Any]] = self.faces.slice(first, last - first).to_pylist()
        return found


class CropsWriter:
    """Writes the crops of one shard, and a table of them.

    Args:
        crops: Which faces.
        folder: The release's.
        stem: Of the shard.
        split: As a folder's name.
    """

    def __init__(self, crops: Crops, folder: Path, stem: str, split: str) -> None:
        self._crops, self._folder, self._stem, self._split = crops, folder, stem, split
        self._rows: list[dict[str, Any]] = []
        self._files: list[FileDigest] = []

    def add(self, item: Item, body: Body) -> str:
        """Write a crop for each face of a picture; return their folder."""
        place = f"{FOLDER}/{self._split}"
        faces = self._crops.of(item["media_id"]) if item["kind"] == "image" else []
        if not faces:
            return place
        pixels = load_rgb(body.read())
        for face in faces:
            data = _png(_crop(pixels, face, self._crops.margin))
            path = f"{place}/{item['sha256']}-{face['ordinal']}.png"
            target = self._folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            self._files.append(FileDigest(path, digest, len(data)))
            self._rows.append({
                "path": path, "sha256": digest, "relation": "crop_of",
                "media_id": item["media_id"], "ordinal": face["ordinal"],
                "margin": self._crops.margin,
            })  # fmt: skip
        return place

    def close(self) -> list[FileDigest]:
        """Write the table of the shard's crops, and return the files."""
        path = f"{FOLDER}/{self._stem}.parquet"
        file = HashedFile(self._folder / path)
        try:
            parquet.write_table(pa.Table.from_pylist(self._rows, _COLUMNS), file)
        finally:
            file.close()
        return [*self._files, file.digest(path)]

    def abandon(self) -> None:
        """Nothing is open between two items."""


def _crop(pixels: Any, face: dict[str, Any], margin: float) -> Any:
    cv2 = opencv()
    width, height = face["x2"] - face["x1"], face["y2"] - face["y1"]
    centre = (face["x1"] + width / 2, face["y1"] + height / 2)
    scale = SIDE / (max(width, height) * (1 + 2 * margin))
    # A roll that is not known leaves the face as it stands.
    matrix = cv2.getRotationMatrix2D(centre, float(face["roll"] or 0.0), scale)
    matrix[:, 2] += SIDE / 2 - np.array(centre)
    return cv2.warpAffine(pixels, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA)


def _png(pixels: Any) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=6)
    return out.getvalue()
