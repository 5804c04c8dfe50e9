"""The signals stage: read what each distinct content says of itself, once."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from curate.engine.stage import MapStage
from curate.engine.watch import alive
from curate.media import Limits, Reason, UnreadableError
from curate.media.open import open_regular
from curate.media.sniff import HEAD_BYTES, sniff
from curate.schema import conform
from curate.signals import blocks
from curate.signals.blocks import MOST_XMP, Blocks
from curate.signals.content import JUMBF, REFUSALS, Read, read_picture, read_pieces, tools
from curate.signals.films import film_blocks
from curate.signals.found import digest_of, rows
from curate.signals.normal import UNREADABLE

VERSION = "5"
# Larger films are searched as they stream by. A picture is held in memory whatever its size, as the
# probe holds it: what it says may stand anywhere.
IN_MEMORY = 64 << 20
_CHUNK = 4 << 20
# More packets than this are told as a doubt, and the first ones are read.
_MOST_PACKETS = 512

# One place per content: any of the entries that hold it will do, and the first is stable.
_PENDING = """
SELECT c.sha256, c.mime, arg_min(e.root, e.media_id) AS root,
       arg_min(e.locator, e.media_id) AS locator,
       arg_min(e.listed_size, e.media_id) AS listed_size,
       arg_min(e.listed_mtime_ns, e.media_id) AS listed_mtime_ns
FROM content c JOIN entries e USING (sha256)
WHERE e.state = 'present' AND NOT EXISTS (
    SELECT 1 FROM signal_scans s WHERE s.sha256 = c.sha256 AND s.stage = '{stage}'
)
GROUP BY c.sha256, c.mime ORDER BY c.sha256
"""

Tables = dict[str, pa.Table]


def signals_stage(trust: str = "") -> MapStage:
    """Return the stage.

    Args:
        trust: Certificates of trusted signers, PEM: with others, contents are read again.

    Raises:
        DependencyError: c2pa-python is not installed.
    """
    tools()
    stage = stage_name(trust)
    return MapStage(
        name="signals",
        version=VERSION,
        pending=_PENDING.format(stage=stage),
        work=partial(read_batch, trust=trust, stage=stage),
        lost=partial(read_lost, stage=stage),
        writes=("signals", "signal_scans"),
        drops={
            "signals": "about_kind = 'content' AND about IN (SELECT sha256 FROM pending)",
            "signal_scans": "sha256 IN (SELECT sha256 FROM pending)",
        },
        chunk=64,
        parameters={"tools": tools(), "trust": digest_of(trust.encode()) if trust else None},
        preload=("curate.signals.content",),
    )


def stage_name(trust: str) -> str:
    """Return what rows are marked with: the version, the tools and whom they trusted.

    A record that a newer tool reads may come out otherwise, so it is read again.
    """
    basis = hashlib.sha256(f"{tools()}|{trust}".encode()).hexdigest()[:12]
    return f"signals/{VERSION}/{basis}"


def read_batch(batch: pa.Table, *, trust: str, stage: str) -> Tables:
    """Return rows of `signals` and `signal_scans` for a batch of pending contents."""
    found: list[dict[str, Any]] = []
    scans = []
    for item in batch.to_pylist():
        alive()
        sha256, root = item["sha256"], Path(item["root"])
        try:
            read = _read(root / item["locator"], root, item, trust)
        except UnreadableError as error:
            scans.append(_failed(sha256, stage, str(error)))
            continue
        except Exception as error:  # noqa: BLE001 - a file may break any reader, and ends no run
            why = f"the reader failed: {type(error).__name__}"
            scans.append(_failed(sha256, stage, why))
            continue
        found += rows(read.signals, about=sha256, about_kind="content", stage=stage)
        scans.append({
            "sha256": sha256, "c2pa_state": read.c2pa_state,
            "c2pa_codes": list(read.c2pa_codes) or None,
            **{f"optout_{name}": use for name, use in read.uses.as_row().items()},
            "tool": read.tool, "stage": stage,
        })  # fmt: skip
    return {"signals": conform(found, "signals"), "signal_scans": conform(scans, "signal_scans")}


def read_lost(batch: pa.Table, reason: str, *, stage: str) -> Tables:
    """Return the scan of a content whose worker died or hung."""
    failed = [_failed(sha256, stage, f"the reader failed: {reason}")
              for sha256 in batch["sha256"].to_pylist()]  # fmt: skip
    return {"signal_scans": conform(failed, "signal_scans")}


def _failed(sha256: str, stage: str, why: str) -> dict[str, Any]:
    optouts = {f"optout_{name}": use for name, use in UNREADABLE.as_row().items()}
    return {"sha256": sha256, "c2pa_state": "error", **optouts, "error": why,
            "tool": tools(), "stage": stage}  # fmt: skip


def _read(path: Path, root: Path, item: dict[str, Any], trust: str) -> Read:
    """Return what a file says.

    Raises:
        UnreadableError: It cannot be opened, or is not what the probe saw.
    """
    sha256 = item["sha256"]
    with open_regular(path, root=root) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
        status = os.fstat(descriptor)
        if status.st_size > Limits().max_stream_bytes:
            raise UnreadableError(Reason.TOO_LARGE, f"{status.st_size} bytes")
        # A file as it was listed is the one that the probe saw; of any other the bytes tell.
        listed = (item["listed_size"], item["listed_mtime_ns"])
        digest = sha256 if listed == (status.st_size, status.st_mtime_ns) else None
        head = file.read(HEAD_BYTES)
        file.seek(0)
        most = _most(head)
        if status.st_size <= most:
            data = file.read(most + 1)
            digest = digest or digest_of(data)
        else:
            digest, packets, is_c2pa, lost = stream(file)
        if digest != sha256:
            raise UnreadableError(Reason.VANISHED, "the file changed since it was probed")
        film = _film(descriptor, head)
        if status.st_size <= most:
            return read_picture(data, item["mime"], digest=sha256, trust=trust, film=film)
        film = film or Blocks()
        film.problems += [(place, "it stands in the file, where no reader finds it")
                          for place in lost]  # fmt: skip
        file.seek(0)
        record = file if is_c2pa else None
        return read_pieces(packets, record, item["mime"], digest=sha256, trust=trust, film=film)


def _most(head: bytes) -> int:
    """Return up to how many bytes a file that begins so is held in memory."""
    found = sniff(head)
    is_film = found is not None and found.kind == "video"
    return IN_MEMORY if is_film else max(IN_MEMORY, Limits().max_bytes)


def _film(descriptor: int, head: bytes) -> Blocks | None:
    """Return what stands in the container of a video, or None where it is none."""
    found = sniff(head[:HEAD_BYTES])
    is_film = found is not None and found.kind == "video" and found.readable
    return film_blocks(descriptor, found) if found is not None and is_film else None


def stream(file: IO[bytes]) -> tuple[str, list[bytes], bool, list[str]]:
    """Search a large file as it streams by.

    Returns:
        Its SHA-256, its XMP packets, whether C2PA boxes stand in it, and marks of statements that
        stand in none of the packets.
    """
    sha256, at, is_c2pa = hashlib.sha256(), 0, False
    tail, found, marked = b"", list[bytes](), dict.fromkeys(REFUSALS, 0)
    while piece := file.read(_CHUNK):
        alive()
        sha256.update(piece)
        window = tail + piece
        is_c2pa = is_c2pa or any(mark in window for mark in JUMBF)
        whole = list(blocks.packets(window))
        for packet in whole:
            # One that is cut goes on in the next piece, and is found again there.
            if packet not in found and len(found) <= _MOST_PACKETS:
                found.append(packet)
        for mark in marked:
            marked[mark] += piece.count(mark) + _across(tail, piece, mark)
        at += len(piece)
        tail = window[-(MOST_XMP + 64) :]
    kept = [one for one in found if not any(one is not other and one in other for other in found)]
    lost = [mark.decode("ascii") for mark, count in marked.items()
            if count > sum(packet.count(mark) for packet in kept) and not is_c2pa]  # fmt: skip
    if len(found) > _MOST_PACKETS:
        lost.append(f"more than {_MOST_PACKETS:,} packets of XMP")
    return sha256.hexdigest(), kept, is_c2pa, lost


def _across(tail: bytes, piece: bytes, mark: bytes) -> int:
    """Return whether a mark stands across the border of two pieces."""
    reach = len(mark) - 1
    return int(mark in tail[-reach:] + piece[:reach])
