"""Where formats write: names that can be files', and files that know their digest."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from curate.model.files import FileDigest


def plain(name: str) -> str:
    """Return a name as it can be a folder's."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "unnamed"


class HashedFile:
    """A new file that knows the digest of what was written to it.

    Args:
        path: Where; what lies there from a build that was killed is overwritten.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=1 << 20)
        self._digest = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Append bytes."""
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        """Return how many bytes there are."""
        return self.size

    def flush(self) -> None:
        """Hand what waits to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._file.close()

    def digest(self, path: str) -> FileDigest:
        """Return what the manifest says of the file, which lies at `path` in the release."""
        return FileDigest(path, self._digest.hexdigest(), self.size)
