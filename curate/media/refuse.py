"""Refusing what was erased: a file that comes back is not taken in again, nor one that looks it.

Of an erased file two things are kept in the ledger, and no id of an entry: an HMAC of its SHA-256
under the workspace's guard key, which tells nothing to who has the ledger and not the key; and its
PDQ hash, if its quality is enough to be believed, which is compared with all eight flips and
quarter turns of a picture. PDQ must be kept as it is, because nearness cannot be asked of anything
keyed; it shows light and dark on a grid of 16 by 16, and nobody's
features. Of an entry that no file could be read of, an HMAC of its id is kept.

Without the guard key nothing can be refused: where the ledger has refusals and the key is gone or
another, whoever asks gets an error, and never an answer that nothing was erased.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.ledger import Ledger
from curate.catalog.rowsums import with_sums
from curate.catalog.tables import Catalog
from curate.errors import MissingKeyError
from curate.media.hash_kinds import BYTE_KINDS, PDQ
from curate.schema import conform
from curate.vault.keys import own_key

KEY = "guard.key"
REASON, REASON_ALIKE = "erased", "like-erased"
SAME_BYTES, ALIKE, ENTRY = (
    "the same bytes were erased",
    "much like a picture that was erased",
    "the entry was erased, and its file could not be read then",
)
# PDQ's own: within 31 bits is a match, and a quality below 50 is not believed.
RADIUS, QUALITY = PDQ.radius, PDQ.min_quality


@dataclass(frozen=True)
class Guard:
    """Knows what was erased in a workspace.

    Attributes:
        ledger: Where refusals are recorded; the key lies beside it.
    """

    ledger: Ledger

    @property
    def place(self) -> Path:
        """Where the key lies."""
        return self.ledger.path.parent / KEY

    @cached_property
    def refusals(self) -> pa.Table:
        """The rows of ``refusals``."""
        return self.ledger.read("refusals")

    @cached_property
    def key(self) -> bytes:
        """The guard key; made when nothing was refused yet.

        Raises:
            MissingKeyError: Something was refused, and the key is gone or another.
        """
        known = {one for one in self.refusals["key_id"].to_pylist() if one}
        if self.refusals.num_rows and not self.place.exists():
            raise _key_missing(self.place, "the key is gone")
        # A key without a ledger would be taken for a sign that the ledger is lost.
        self.ledger.create()
        key = own_key(self.place)
        if known - {key_id(key)}:
            raise _key_missing(self.place, "this is another key")
        return key

    def digest(self, sha256: str) -> str:
        """Return what a content is known by here."""
        return hmac.digest(self.key, bytes.fromhex(sha256), "sha256").hex()

    def digest_of_entry(self, media_id: str) -> str:
        """Return what an entry is known by here."""
        return hmac.digest(self.key, f"entry:{media_id}".encode(), "sha256").hex()

    def known(self, *kinds: str) -> set[str]:
        """Return the digests that are refused, of the kinds named."""
        rows = self.refusals
        return set(rows.filter(pc.is_in(rows["of"], pa.array(kinds)))["digest"].to_pylist())

    def erased_among(self, digests: Iterable[str], *, request_id: str | None = None) -> list[str]:
        """Return those SHA-256 that were erased, all or by one request."""
        if not self.refusals.num_rows:
            return []
        rows = self.refusals
        if request_id is not None:
            rows = rows.filter(pc.equal(rows["request_id"], request_id))
        known = set(rows["digest"].to_pylist())
        return [sha256 for sha256 in digests if self.digest(sha256) in known]

    def remember(
        self,
        catalog: Catalog,
        *,
        contents: Iterable[str],
        released: Iterable[str],
        entries: Iterable[str],
        request_id: str,
        now: datetime,
    ) -> int:
        """Record what it takes to refuse contents again; return how many are new.

        Args:
            catalog: Where they still are.
            contents: Their SHA-256, hex.
            released: SHA-256 of files that went out and show the same.
            entries: Ids of entries of which no file could be read.
            request_id: The erasure request.
            now: The instant, in UTC.
        """
        wanted = sorted(set(contents))
        stored = catalog.read("content")
        mine = stored.filter(pc.is_in(stored["sha256"], pa.array(wanted, pa.string())))
        believed = {
            row["sha256"]: row["pdq"].hex()
            for row in mine.select(["sha256", "pdq", "pdq_quality"]).to_pylist()
            if row["pdq"] is not None and (row["pdq_quality"] or 0) >= QUALITY
        }
        rows = [(self.digest(one), "content", believed.get(one)) for one in wanted]
        rows += [(self.digest(one), "released", None) for one in sorted(set(released))]
        rows += [(self.digest_of_entry(one), "entry", None) for one in sorted(set(entries))]
        held = set(self.refusals["digest"].to_pylist())
        about = {"request_id": request_id, "key_id": key_id(self.key), "refused_since": now}
        return self.ledger.record("refusals", [
            {"digest": digest, "of": kind, "pdq": pdq, **about}
            for digest, kind, pdq in rows if digest not in held
        ], recorded_at=now)  # fmt: skip

    def refuse(self, catalog: Catalog) -> int:
        """Take what was erased out of what was probed; return how many contents that was.

        Entries with such a content, and those refused by their id, are unreadable, with the
        reason `REASON`, or `REASON_ALIKE` where it only looks like one that was erased: nothing
        more is computed of them, and the audit blocks the former and doubts the latter.
        """
        if not self.refusals.num_rows:
            return 0
        content, sightings = catalog.read("content"), catalog.read("sightings")
        found = self._matches(content, sightings)
        by_entry = self.known("entry")
        why = {
            media: ENTRY
            for media in (sightings["media_id"].to_pylist() if by_entry else ())
            if self.digest_of_entry(media) in by_entry
        }
        rows = pa.array([found.get(one) for one in sightings["sha256"].to_pylist()], pa.string())
        named = pa.array([why.get(one) for one in sightings["media_id"].to_pylist()], pa.string())
        _mark(catalog, sightings, pc.coalesce(rows, named))
        gone = pa.array(sorted(found), pa.string())
        for name in ("content", "frames") if found else ():
            table = catalog.read(name)
            kept = table.filter(pc.invert(pc.is_in(table["sha256"], value_set=gone)))
            if kept.num_rows < table.num_rows:
                catalog.replace(name, kept)
        return len(found)

    def _matches(self, content: pa.Table, sightings: pa.Table) -> Mapping[str, str]:
        """Return contents that were erased, and how it is known."""
        digests = self.known("content", "released")
        # What could not be opened has no row of its content, and is known by its bytes.
        every = {*content["sha256"].to_pylist(), *sightings["sha256"].drop_null().to_pylist()}
        found = {sha256: SAME_BYTES for sha256 in every if self.digest(sha256) in digests}
        enough = pc.and_(
            pc.is_valid(content["pdq"]), pc.greater_equal(content["pdq_quality"], QUALITY)
        )
        asked = content.filter(pc.fill_null(enough, fill_value=False))
        # All eight flips and quarter turns of what is asked about, shape (N, 8, 4).
        turned = pc.coalesce(asked["pdq_dihedral"], pc.binary_repeat(asked["pdq"], 8))
        hashes = _words(turned.to_pylist()).reshape(len(asked), 8, 4)
        near = np.zeros(len(hashes), bool)
        for refused in _words(map(bytes.fromhex, self.refusals["pdq"].drop_null().to_pylist())):
            near |= (np.bitwise_count(hashes ^ refused).sum(axis=2) <= RADIUS).any(axis=1)
        for sha256 in asked["sha256"].filter(pa.array(near)).to_pylist():
            found.setdefault(sha256, ALIKE)
        return found


def key_id(key: bytes) -> str:
    """Return what tells a guard key from others, and nothing of it: 16 hexadecimal digits."""
    return hmac.digest(key, b"curate guard key", "sha256").hex()[:16]


def _mark(catalog: Catalog, sightings: pa.Table, why: pa.ChunkedArray) -> None:
    """Say of sightings why they were refused, where `why` says so."""
    marked = sightings.filter(pc.is_valid(why))
    if not marked.num_rows:
        return
    count = marked.num_rows
    values = {
        "status": pa.repeat("unreadable", count),
        "reason": pc.if_else(pc.equal(why.drop_null(), ALIKE), REASON_ALIKE, REASON),
        "detail": why.drop_null(),
        **{kind.column: pa.nulls(count, pa.string()) for kind in BYTE_KINDS},
    }
    for column, value in values.items():
        marked = marked.set_column(marked.schema.get_field_index(column), column, value)
    catalog.upsert("sightings", with_sums({"sightings": conform(marked, "sightings")})["sightings"])


def _key_missing(place: Path, what: str) -> MissingKeyError:
    return MissingKeyError(
        f"{what}, and without the right one nobody can tell what was erased here",
        where=str(place),
        hint="restore guard.key from a backup; it belongs to the ledger beside it",
    )


def _words(hashes: Iterable[bytes]) -> npt.NDArray[np.uint64]:
    """Return hashes as words, shape (N, 4)."""
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 4)
