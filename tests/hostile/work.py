"""What workers do with hostile files when a test weighs them: a module's function is pickled."""

from __future__ import annotations

import resource
from pathlib import Path

import pyarrow as pa

from curate.media import UnreadableError, probe_file


def weigh(batch: pa.Table) -> int:
    """Probe the files of a batch, and return the most memory this worker ever held, in bytes."""
    for item in batch.to_pylist():
        root = Path(item["root"])
        try:
            probe_file(root / item["locator"], root=root)
        except UnreadableError:
            continue
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
