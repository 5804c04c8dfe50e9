"""The probe stage: open each listed file once, and say what it is or why it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from curate.engine.stage import UNMARKED, MapStage
from curate.engine.watch import alive
from curate.media import UnreadableError
from curate.schema import conform

VERSION = "6"

# A file is pending when it was never seen as it is listed now, by an older probe, or by one
# that says less: what was decoded whole serves who asks for less. So is a video that no package
# could read when it was seen, once one can; and what other lists kept from being decoded.
PENDING = """
SELECT m.media_id, m.root, m.locator, m.listed_size, m.listed_mtime_ns
FROM media m
LEFT JOIN sightings s
    ON s.media_id = m.media_id
    AND s.listed_size IS NOT DISTINCT FROM m.listed_size
    AND s.listed_mtime_ns IS NOT DISTINCT FROM m.listed_mtime_ns
    AND s.probe_version IN ({versions})
LEFT JOIN (SELECT sha256, {unread} AS unread FROM content) c ON c.sha256 = s.sha256
WHERE m.status = 'present' AND (
    s.media_id IS NULL OR (s.status = 'readable' AND c.unread)
    OR (s.reason = 'listed' AND s.detail IS DISTINCT FROM '{listed}')
)
ORDER BY m.media_id
"""

_UNREAD = "coalesce(kind = 'video' AND frames_read IS NULL, FALSE)"

Rows = list[dict[str, Any]]


class Listed(Protocol):
    """Tells by digests alone what must not be decoded."""

    @property
    def state(self) -> str:
        """Digest of the lists that it tells by."""
        ...

    def __call__(self, digests: Mapping[str, str], /) -> bool:
        """Return whether a file of these digests is listed."""
        ...


def probe_batch(
    batch: pa.Table, *, exact: bool = False, listed: Listed | None = None
) -> dict[str, pa.Table]:
    """Return rows of `content`, `frames`, `parts` and `sightings` for a batch of entries."""
    found: dict[str, Rows] = {"content": [], "frames": [], "parts": []}
    rows = [_sight(item, found, exact=exact, listed=listed) for item in batch.to_pylist()]
    found["sightings"] = rows
    return {name: conform(rows, name) for name, rows in found.items()}


def probe_lost(batch: pa.Table, reason: str) -> dict[str, pa.Table]:
    """Return the sighting of an entry whose worker died or hung."""
    rows = [
        _sighting(item, status="unreadable", reason=reason, detail=_LOST[reason])
        for item in batch.to_pylist()
    ]
    return {"sightings": conform(rows, "sightings")}


_LOST = {
    "worker-died": "the process that opened the file died",
    "timeout": "opening the file took too long",
}


def _sight(
    item: dict[str, Any], found: dict[str, Rows], *, exact: bool, listed: Listed | None
) -> dict[str, Any]:
    from curate.media import probe_media

    alive()
    root = Path(item["root"])
    try:
        probed = probe_media(root / item["locator"], exact=exact, root=root, listed=listed)
    except UnreadableError as error:
        return _sighting(
            item,
            status="unreadable",
            reason=str(error.reason_code),
            detail=_of_lists(listed) if error.reason_code == "listed" else error.detail,
            **error.digests,
        )
    found["content"].append(probed.content)
    found["frames"] += probed.frames
    found["parts"] += probed.parts
    return _sighting(item, status="readable", sha256=probed.content["sha256"])


def _of_lists(listed: Listed | None) -> str:
    """Return what stands where lists kept a file from being decoded: lists change."""
    state = listed.state[:16] if listed else ""
    return f"its bytes are on a hash list (lists {state}): it was not decoded"


def _sighting(item: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "media_id": item["media_id"],
        "listed_size": item["listed_size"],
        "listed_mtime_ns": item["listed_mtime_ns"],
        "probe_version": UNMARKED,
        **values,
    }


def probe_stage(*, exact: bool = False, listed: Listed | None = None) -> MapStage:
    """Return the stage.

    Args:
        exact: Decode JPEGs whole: what was probed at a smaller scale is pending again.
        listed: Tells what must not be decoded; what it told when lists were others is pending
            again.
    """
    from curate.media.container import can_read_videos

    mark = f"probe/{VERSION}"
    whole = f"{mark}/exact"
    enough = (whole,) if exact else (mark, whole)
    made_by = whole if exact else mark
    return MapStage(
        name="probe",
        version=VERSION,
        pending=PENDING.format(
            versions=", ".join(f"'{version}'" for version in enough),
            unread=_UNREAD if can_read_videos() else "FALSE",
            listed=_of_lists(listed),
        ),
        work=partial(probe_batch, exact=exact, listed=listed),
        lost=probe_lost,
        writes=("content", "frames", "parts", "sightings"),
        # Another entry's content that was decoded whole is not decoded at a smaller scale again.
        holds={"content": f"probe_version = '{whole}' AND NOT {_UNREAD}"},
        # What an older probe saw may have had more frames.
        drops=dict.fromkeys(
            ("content", "frames", "parts"), f"NOT starts_with(probe_version, '{mark}')"
        ),
        marks={
            "content": ("probe_version", made_by),
            "sightings": ("probe_version", made_by),
            # Frames and parts are the same in either mode.
            "frames": ("probe_version", mark),
            "parts": ("probe_version", mark),
        },
        parameters={"exact": exact},
        chunk=32,
        preload=("curate.media.probe", "curate.media.compiled"),
    )
