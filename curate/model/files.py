"""What is known of a file that was written: where it lies, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FileDigest:
    """A file of a release.

    Attributes:
        path: Below the release's folder, with forward slashes.
        sha256: Of its bytes, hex.
        size: In bytes.
    """

    path: str
    sha256: str
    size: int

    def as_json(self) -> dict[str, Any]:
        """Return the file as the manifest has it."""
        return {"path": self.path, "sha256": self.sha256, "size": self.size}
