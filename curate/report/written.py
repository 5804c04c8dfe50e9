"""What a build wrote, as documents beside the data speak of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from curate.model.files import FileDigest


@dataclass(frozen=True)
class Written:
    """The data of a release, written and not yet described.

    Attributes:
        items: The rows of the item tables ``data/SPLIT-00000-of-00001.parquet``, all splits
            together, with the tables' own columns; ``split`` and ``sha256`` are among them.
        files: Every data file with its digest; documents are not among them.
        formats: The names of the formats that were written.
        facts: What the manifest says beside the files. Read here: ``name``, ``version`` (a
            semantic version), ``metadata`` (``stripped`` or ``kept``) and ``crops`` (in words).
    """

    items: pa.Table
    files: tuple[FileDigest, ...]
    formats: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The release's semantic version."""
        return str(self.facts.get("version") or "1.0.0")
