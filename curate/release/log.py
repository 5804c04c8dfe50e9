"""The log of a release: that its manifest stands in the ledger, and that the ledger only grew.

The record of an issuance holds the manifest's digest, so these files are made from the manifest
and are not in its list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from curate.catalog.checkpoints import Checkpoint
from curate.catalog.ledger import Ledger
from curate.catalog.witness import Witness, witness
from curate.errors import CurateError
from curate.model.instants import parse_instant
from curate.release.manifest import Manifest, printed, read_manifest

CHECKPOINT = "log/checkpoint"
INCLUSION = "log/inclusion.json"
CONSISTENCY = "log/consistency.json"
KIND = "issuances"

# What a record and a manifest must agree on.
_SAME = {"name": "name", "version": "version", "merkle_root": "merkle_root", "item_count": "items"}


def log_names(since: Checkpoint | None) -> tuple[str, ...]:
    """Return the paths of the files that `write_log` writes."""
    return (CHECKPOINT, INCLUSION) if since is None else (CHECKPOINT, CONSISTENCY, INCLUSION)


def write_log(
    folder: Path, ledger: Ledger, *, since: Checkpoint | None, recorded_at: datetime
) -> Checkpoint:
    """Put a release's manifest into the ledger, and what shows it beside the manifest.

    Args:
        folder: The release's.
        ledger: The ledger.
        since: The checkpoint of the release before.
        recorded_at: The instant, in UTC.

    Returns:
        The checkpoint that the release carries.

    Raises:
        VerificationError: The ledger does not extend the earlier one.
    """
    manifest = read_manifest(folder)
    said = manifest.said
    record = {
        "manifest_sha256": manifest.sha256,
        "use": said["use"]["name"],
        "issued_at": parse_instant(said["as_of"]),
        **{field: said[name] for field, name in _SAME.items()},
    }
    ledger.record(KIND, [record], recorded_at=recorded_at)
    shown = witness(ledger, KIND, manifest.sha256, since=since)
    (folder / CHECKPOINT).parent.mkdir(exist_ok=True)
    (folder / CHECKPOINT).write_text(str(shown.checkpoint), "ascii")
    (folder / INCLUSION).write_bytes(printed(shown.inclusion_json()))
    if since is not None:
        (folder / CONSISTENCY).write_bytes(printed(shown.consistency_json()))
    return shown.checkpoint


def check_log(folder: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield where a release's log does not hold: the file, and what is wrong."""
    parts, unread = _parts(folder, manifest)
    yield from unread
    if unread:
        return
    try:
        shown = Witness.from_json(parts[CHECKPOINT], parts[INCLUSION], parts.get(CONSISTENCY))
        record = json.loads(shown.record)
    except (CurateError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield INCLUSION, f"the proofs cannot be read: {error!r}"
        return
    forms = {CHECKPOINT: str(shown.checkpoint).encode(), INCLUSION: printed(shown.inclusion_json())}
    if shown.since is not None:
        forms[CONSISTENCY] = printed(shown.consistency_json())
    for path, form in forms.items():
        if (folder / path).read_bytes() != form:
            yield path, "it is not as it was written"
    if not shown.included:
        yield INCLUSION, "the proof does not lead from the record to the checkpoint's root"
    if not shown.extends:
        yield CONSISTENCY, "the ledger does not extend the one of the release before"
    if shown.kind != KIND or record.get("manifest_sha256") != manifest.sha256:
        yield INCLUSION, "the ledger's record is of another manifest"
    elif any(record.get(field) != manifest.said.get(name) for field, name in _SAME.items()):
        yield INCLUSION, "the ledger's record and the manifest say different things"


def check_chain(folder: Path, previous: Path) -> Iterator[tuple[str, str]]:
    """Yield where a release's log does not go on from the release before it."""
    try:
        since: Any = json.loads((folder / CONSISTENCY).read_bytes())["since"]
        before = (previous / CHECKPOINT).read_text("ascii")
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield CONSISTENCY, f"the two logs cannot be compared: {error}"
        return
    if since != before:
        yield CONSISTENCY, f"it starts from another checkpoint than {previous.name} has"


def _parts(folder: Path, manifest: Manifest) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the files of a log by path, and those that cannot be read."""
    parts: dict[str, Any] = {}
    unread = []
    for path, read in _READERS.items():
        if path == CONSISTENCY and path not in manifest.beside:
            continue
        try:
            parts[path] = read((folder / path).read_bytes())
        except (CurateError, OSError, ValueError, RecursionError) as error:
            unread.append((path, f"it cannot be read: {error}"))
    return parts, unread


def _checkpoint(data: bytes) -> str:
    """Return the text of a checkpoint, which is one."""
    return str(Checkpoint.parse(data.decode("ascii")))


_READERS: dict[str, Callable[[bytes], Any]] = {
    CHECKPOINT: _checkpoint,
    INCLUSION: json.loads,
    CONSISTENCY: json.loads,
}
