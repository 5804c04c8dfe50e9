"""Fingerprints: whether two catalogues share items, without exchanging them.

A fingerprint holds an HMAC-SHA256 of each content's SHA-256 under a key that the two sides share,
in ascending order, and, where asked, PDQ hashes in an order of their own: no name, no id, and
nothing that says which hash belongs to which digest. All of it is encrypted under the same key.

It keeps outsiders out, not the other side: who has the key can ask of any file at hand whether it
is in the catalogue, learns how many contents there are, and sees each PDQ hash, which is light and
dark on a grid of 16 by 16. docs/safety.md says so.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.errors import PathNotFoundError, VerificationError
from curate.media.hash_kinds import PDQ
from curate.model.instants import parse_instant, print_instant
from curate.safety.entries import SCHEMA
from curate.safety.lists import HashList, ListInfo
from curate.vault.envelope import decrypt, derived_key, encrypt, write_whole

FORM = "curate-fingerprint/1"
# What says less than this to a hash would match too much of anything.
QUALITY = PDQ.min_quality
_SIZE = PDQ.size
_HINT = "ask the other side for the key that it was made with"


@dataclass(frozen=True)
class Fingerprint:
    """What a catalogue holds, without what it is.

    Attributes:
        made_at: When it was made, in UTC.
        digests: Keyed digests of contents, ascending.
        codes: PDQ hashes of pictures and of frames, ascending; none where they were not asked for.
    """

    made_at: datetime
    digests: list[bytes]
    codes: list[bytes]


def fingerprint(
    items: pa.Table, frames: pa.Table, key: bytes, *, now: datetime, pdq: bool = False
) -> Fingerprint:
    """Return the fingerprint of contents.

    Args:
        items: ``sha256, pdq, pdq_quality``, distinct.
        frames: ``pdq, pdq_quality`` of frames of these contents.
        key: What the two sides share, 32 bytes.
        now: The instant, in UTC.
        pdq: Let the other side find edited copies too.
    """
    secret = _digest_key(key)
    digests = sorted(keyed(secret, sha256) for sha256 in items["sha256"].to_pylist())
    told: set[bytes] = set()
    for table in (items, frames) if pdq else ():
        sure = pc.fill_null(pc.greater_equal(table["pdq_quality"], QUALITY), fill_value=False)
        told |= set(table["pdq"].filter(sure).drop_null().to_pylist())
    return Fingerprint(now, digests, sorted(told))


def keyed(secret: bytes, sha256: str) -> bytes:
    """Return what stands for a content, 32 bytes."""
    return hmac.digest(secret, bytes.fromhex(sha256), "sha256")


def write_fingerprint(path: Path, made: Fingerprint, key: bytes) -> None:
    """Write a fingerprint for who has the key."""
    head = json.dumps({"form": FORM, "made_at": print_instant(made.made_at),
                       "digests": len(made.digests), "pdq": len(made.codes)}).encode()  # fmt: skip
    body = b"".join(made.digests) + b"".join(made.codes)
    write_whole(path, head + b"\n" + encrypt(_body_key(key), body, head))


def read_fingerprint(path: Path, key: bytes) -> Fingerprint:
    """Return a fingerprint.

    Raises:
        PathNotFoundError: There is no such file.
        VerificationError: It is none, was changed, or the key is another.
    """
    try:
        head, _, sealed = path.read_bytes().partition(b"\n")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise PathNotFoundError("no such fingerprint", where=str(path)) from error
    try:
        told = json.loads(head)
        made_at, count = parse_instant(told["made_at"]), {FORM: int(told["digests"])}[told["form"]]
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError("this is no fingerprint of curate", where=str(path)) from error
    body = decrypt(_body_key(key), sealed, head, where=path, hint=_HINT)
    rows = [body[at : at + _SIZE] for at in range(0, len(body), _SIZE)]
    return Fingerprint(made_at, rows[:count], rows[count:])


def as_list(made: Fingerprint, sha256s: Iterable[str], key: bytes, name: str) -> HashList:
    """Return a fingerprint as a hash list, to hold contents against.

    Args:
        made: The other side's.
        sha256s: Contents at hand: of the keyed digests only theirs can be told.
        key: What the two sides share.
        name: What the list is called.
    """
    secret, theirs = _digest_key(key), set(made.digests)
    shared = [bytes.fromhex(one) for one in sha256s if keyed(secret, one) in theirs]
    signals = ["sha256"] * len(shared) + ["pdq"] * len(made.codes)
    count = len(signals)
    entries = pa.table(
        {"signal": signals, "value": shared + made.codes, "status": ["active"] * count,
         "case_ref": pa.nulls(count, pa.string()), "quality": np.full(count, 100, np.int16),
         "video": np.full(count, -1, np.int32)},
        schema=SCHEMA,
    )  # fmt: skip
    return HashList(ListInfo(name, "", "custom", made.made_at, made.made_at), entries)


def _digest_key(key: bytes) -> bytes:
    return derived_key(key, b"", "fingerprint digests")


def _body_key(key: bytes) -> bytes:
    return derived_key(key, b"", "fingerprint body")
