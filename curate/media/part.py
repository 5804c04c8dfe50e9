"""A part of a content: what stands in a file, and what was done to look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "picture", "page", "reading", "frames", "still", "preview", "video", "audio", "subtitles",
    "data", "cover", "attachment", "metadata", "tail", "surplus", "hidden", "unknown",
]  # fmt: skip
Reading = Literal["sought", "compared", "read", "heard", "not"]
Released = Literal["kept", "taken_out"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a content, as table ``parts`` has it.

    Attributes:
        name: What it is called within the content; two parts of one content have two names.
        kind: What sort of part it is.
        reading: What was done with it.
        released: What a release without metadata does with it.
        frame: Under which frame faces of a still picture, page or reading are kept.
        pictures: How many pictures it has.
        byte_size: Its length in bytes.
        detail: Why it was not looked at, without a full stop.
    """

    name: str
    kind: Kind
    reading: Reading
    released: Released = "kept"
    frame: int | None = None
    pictures: int | None = None
    byte_size: int | None = None
    detail: str | None = None

    def row(self, sha256: str, probe_version: str) -> dict[str, object]:
        """Return the row of table ``parts``."""
        return {
            "sha256": sha256,
            "part": self.name,
            "kind": self.kind,
            "frame": self.frame,
            "pictures": self.pictures,
            "byte_size": self.byte_size,
            "reading": self.reading,
            "released": self.released,
            "detail": self.detail,
            "probe_version": probe_version,
        }
