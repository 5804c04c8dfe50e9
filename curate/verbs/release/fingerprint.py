"""`curate release fingerprint`: what lets a holder find near copies of what was called back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.views import read_entries
from curate.errors import InputError
from curate.safety.fingerprint import Fingerprint, fingerprint, write_fingerprint
from curate.safety.folder import hash_catalogue
from curate.vault import workspace_key
from curate.verbs.release.due import called_back_entries
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.verbs.context import Context


def export_called_back(
    context: Context, out: Path, key: str, *, use: str = DEFAULT_USE
) -> tuple[Fingerprint, int]:
    """Write a fingerprint of what feeds of a use called back; return it, and how many it lacks.

    It lacks what the catalogue knows no hashes of, such as what was erased, and what no other
    side may learn of, such as what is on a hash list.

    Args:
        context: The workspace.
        out: The file to write.
        key: What the two sides share: ``file:PATH``, ``env:NAME`` or ``keyring:NAME``.
        use: The use.

    Raises:
        InputError: No feed of the use names anything that may be told.
        MissingKeyError: There is no such key.
    """
    secret = workspace_key(key)
    gone = called_back_entries(context.record, use)
    entries = read_entries(context.catalog)
    mine = entries.filter(pc.is_in(entries["media_id"], pa.array(sorted(gone), pa.string())))
    wanted = pc.unique(mine["sha256"].drop_null().combine_chunks())
    held = hash_catalogue(context.catalog, shareable=True)
    items, frames = (
        table.filter(pc.is_in(table["sha256"], wanted)) for table in (held.items, held.frames)
    )
    if not items.num_rows:
        raise InputError(
            "no feed has called back anything that may be told by its looks",
            where=use,
            hint="`curate release recall` calls back; `curate release list` tells what went out",
        )
    made = fingerprint(items, frames, secret, now=context.clock(), pdq=True)
    write_fingerprint(out, made, secret)
    told = set(items["sha256"].to_pylist())
    known = {row["media_id"] for row in mine.select(["media_id", "sha256"]).to_pylist()
             if row["sha256"] in told}  # fmt: skip
    return made, len(gone - known)
