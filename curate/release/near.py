"""Near copies: pictures of a copy that look like what was called back, in other bytes.

The two sides share a key by a way of their own. Who made the release writes a fingerprint of what
was called back under it; the holder compares each picture and video that lies in the copy, in all
eight flips and turns, with the PDQ hashes in it. What was cropped by more than a few percent, and
pixels that lie in arrays, are not found so.
"""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.media import UnreadableError, probe_media
from curate.media.contents import Piece
from curate.safety.fingerprint import Fingerprint, as_list
from curate.safety.folder import Hashed, hashed_rows

_TOO_LITTLE = "a picture or video that says too little to be compared by its looks"
# Below so many pixels a side PDQ is made of what scaling has invented.
_SMALLEST = 64
_UNDECODED = "a picture or video that cannot be decoded, and so not compared by its looks"


@dataclass
class Looks:
    """Takes the pictures and videos of a copy, and compares them when all were taken.

    Attributes:
        theirs: The fingerprint of what was called back.
        key: What it was made with, 32 bytes.
    """

    theirs: Fingerprint
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, list[tuple[str, str]]] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._frames: dict[str, list[dict[str, Any]]] = {}

    def take(self, path: str, piece: Piece) -> None:
        """Take a picture or a video; anything else is passed over."""
        if piece.media is None or not piece.media.readable:
            return
        with self._lock:
            first = piece.sha256 not in self._places
            self._places.setdefault(piece.sha256, []).append((path, piece.part))
        if not first:
            return
        row, frames = self._hashed(piece)
        with self._lock:
            self._rows[piece.sha256], self._frames[piece.sha256] = row, frames

    def _hashed(self, piece: Piece) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        with tempfile.TemporaryDirectory() as name, piece.source.on_disk() as path:
            # A name of its own: what is called as another format is a fact of probing.
            place = Path(name) / "x"
            place.write_bytes(path.read_bytes())
            try:
                probed = probe_media(place, root=Path(name))
            except UnreadableError:
                return {"sha256": piece.sha256, "kind": "image", "undecoded": True}, []
        frames = [
            {"sha256": piece.sha256, "pdq": f["pdq"], "pdq_quality": f["pdq_quality"]}
            for f in probed.frames if f["pdq"] is not None
        ]  # fmt: skip
        return {**probed.content, "sha256": piece.sha256}, frames

    def compared(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
        """Return what looks like what was called back, and what could not be compared.

        Each is a path, a part, and how near it is or why it was not compared.
        """
        if not self._rows:
            return [], []
        hashed = Hashed(
            *hashed_rows(self._rows, self._frames),
            [[path for path, _ in self._places[name]] for name in sorted(self._rows)],
            0,
        )
        found = hashed.match([as_list(self.theirs, hashed.digests, self.key, "called back")])
        nearest: dict[str, str] = {}
        for row in sorted(found.matches.to_pylist(), key=lambda row: row["distance"] or 0):
            bits = "the same" if not row["distance"] else f"{row['distance']} bits apart"
            nearest.setdefault(hashed.digests[row["item"]], bits)
        unclear = {hashed.digests[item] for item in found.unchecked} | {
            name for name, row in self._rows.items()
            if min(row.get("width") or 0, row.get("height") or 0) < _SMALLEST
        }  # fmt: skip
        lost = {name: _UNDECODED if self._rows[name].get("undecoded") else _TOO_LITTLE
                for name in unclear - nearest.keys()}  # fmt: skip
        return self._told(nearest), self._told(lost)

    def _told(self, what: dict[str, str]) -> list[tuple[str, str, str]]:
        return sorted(
            (path, part, said) for name, said in what.items() for path, part in self._places[name]
        )
