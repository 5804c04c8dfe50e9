"""What was written of a release, as an index over it goes through it: part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.release.export import parquet

_PART = "-00000-of-00000"
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Listed:
    """The items of a release whose media were written as files.

    Attributes:
        name: The release's name.
        folder: Where it lies.
        faces: Faces found in its pictures: media_id, x1, y1, x2, y2, in pixels.
    """

    name: str
    folder: Path
    faces: pa.Table

    def splits(self) -> list[str]:
        """Return the splits, as names of folders."""
        return sorted({path.stem[: -len(_PART)] for path in self._files("*")})

    def items(self, split: str, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the items of one kind in a split; ``faces`` has the boxes in each.

        Args:
            split: As a folder's name.
            kind: ``image`` or ``video``.
        """
        for path in self._files(split):
            part = parquet.read_items(path)
            rows = part.filter(pc.equal(part["kind"], kind))
            boxes = self._boxes(rows["media_id"])
            for item in rows.to_pylist():
                yield {**item, "faces": boxes.get(item["media_id"], [])}

    def _files(self, split: str) -> list[Path]:
        part = "?" * 5
        return sorted((self.folder / parquet.FOLDER).glob(f"{split}-{part}-of-{part}.parquet"))

    def _boxes(self, ids: pa.ChunkedArray) -> dict[str, list[Box]]:
        mine = self.faces.filter(pc.is_in(self.faces["media_id"], value_set=ids.combine_chunks()))
        found: dict[str, list[Box]] = {}
        for row in mine.to_pylist():
            box = (row["x1"], row["y1"], row["x2"], row["y2"])
            found.setdefault(row["media_id"], []).append(box)
        return found
