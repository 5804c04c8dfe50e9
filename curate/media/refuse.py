"""Refusing what was erased: a file that comes back is not taken in again, nor one that looks it.

Of an erased file two things are kept, and no id: an HMAC of its SHA-256 under the workspace's
guard key, which tells nothing to who has the table and not the key; and its PDQ hash, if its
quality is enough to be believed. PDQ must be kept as it is, because nearness cannot be asked of
anything keyed; it shows light and dark on a grid of 16 by 16, and nobody's features.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.tables import Catalog
from curate.schema import conform
from curate.vault.keys import own_key

KEY = "guard.key"
REASON = "erased"
# PDQ's own: within 31 bits is a match, and a quality below 50 is not believed.
RADIUS, QUALITY = 31, 50

_BYTES = {"exact": "the same bytes were erased", "near": "much like a picture that was erased"}


def remember(catalog: Catalog, contents: Iterable[str], *, now: datetime) -> int:
    """Keep what it takes to refuse contents again; return how many are new.

    Args:
        catalog: Where they still are.
        contents: Their SHA-256, hex.
        now: The instant, in UTC.
    """
    wanted = sorted(set(contents))
    if not wanted:
        return 0
    key = own_key(catalog.folder.parent / KEY)
    stored = catalog.read("content")
    mine = stored.filter(pc.is_in(stored["sha256"], value_set=pa.array(wanted)))
    believed = {
        row["sha256"]: row["pdq"]
        for row in mine.select(["sha256", "pdq", "pdq_quality"]).to_pylist()
        if row["pdq"] is not None and (row["pdq_quality"] or 0) >= QUALITY
    }
    rows = [
        {"digest": _keyed(key, sha256), "pdq": believed.get(sha256), "refused_since": now}
        for sha256 in wanted
    ]
    known = set(catalog.read("refusals")["digest"].to_pylist())
    fresh = [row for row in rows if row["digest"] not in known]
    return catalog.append("refusals", conform(fresh, "refusals"))


def refuse(catalog: Catalog) -> int:
    """Take what was erased out of what was probed; return how many contents that was.

    Entries with such a content are unreadable, with the reason `REASON`: nothing more is computed
    of them, and no rule clears them.
    """
    refusals = catalog.read("refusals")
    if not refusals.num_rows:
        return 0
    content = catalog.read("content")
    sightings = catalog.read("sightings").to_pylist()
    key = own_key(catalog.folder.parent / KEY)
    found = _matches(content, refusals, key)
    # What could not be opened has no row of its content, and is known by its bytes all the same.
    digests = set(refusals["digest"].to_pylist())
    unopened = {row["sha256"] for row in sightings} - {None, *content["sha256"].to_pylist()}
    found |= {sha256: "exact" for sha256 in unopened if _keyed(key, sha256) in digests}
    if not found:
        return 0
    gone = pa.array(sorted(found), pa.string())
    for name in ("content", "frames"):
        stored = catalog.read(name)
        catalog.replace(name, stored.filter(pc.invert(pc.is_in(stored["sha256"], value_set=gone))))
    for row in sightings:
        if row["sha256"] in found:
            why = _BYTES[found[row["sha256"]]]
            row.update(status="unreadable", reason=REASON, detail=why, sha256=None, md5=None)
    catalog.replace("sightings", conform(sightings, "sightings"))
    return len(found)


def _matches(content: pa.Table, refusals: pa.Table, key: bytes) -> dict[str, str]:
    """Return contents that were erased, and how it is known."""
    digests = set(refusals["digest"].to_pylist())
    found = {
        sha256: "exact"
        for sha256 in content["sha256"].to_pylist()
        if _keyed(key, sha256) in digests
    }
    enough = pc.and_(pc.is_valid(content["pdq"]), pc.greater_equal(content["pdq_quality"], QUALITY))
    asked = content.filter(pc.fill_null(enough, fill_value=False))
    hashes = _words(asked["pdq"])
    near = np.zeros(len(hashes), bool)
    for refused in _words(refusals["pdq"].drop_null()):
        near |= np.bitwise_count(hashes ^ refused).sum(axis=1) <= RADIUS
    for sha256 in asked["sha256"].filter(pa.array(near)).to_pylist():
        found.setdefault(sha256, "near")
    return found


def _words(column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Return hashes as words, shape (N, 4)."""
    return np.frombuffer(b"".join(column.to_pylist()), np.uint64).reshape(-1, 4)


def _keyed(key: bytes, sha256: str) -> str:
    return hmac.digest(key, bytes.fromhex(sha256), "sha256").hex()
