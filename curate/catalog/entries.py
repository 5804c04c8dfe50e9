"""Entries of the ledger: a record's canonical text, its salted commitment, and its leaf.

The leaf is the hash over ``{"c", "i", "kind", "t"}`` in canonical JSON (RFC 8785), where ``c``
is HMAC-SHA256 of the record's text under a random salt. Without record and salt a leaf says
when an entry of some kind was made, and nothing else: it may outlive an erasure.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa
import rfc8785

from curate.catalog import merkle
from curate.errors import InvariantError
from curate.model.instants import print_instant
from curate.schema import arrow_schema, conform, key_of

SALT_SIZE = 32
KIND = re.compile(rb"[a-z][a-z_]*")

# Equals rfc8785.dumps for text, lists of text, booleans and small integers under ASCII keys,
# and takes a fifth of its time.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_LARGEST_EXACT = 2**53 - 1
_BATCH = 4096


class Entry(NamedTuple):
    """A row of the table ``entries``."""

    log_index: int
    kind: str
    record_id: str
    recorded_at: str
    record: str
    salt: bytes
    commitment: bytes
    leaf: bytes


def new_entry(index: int, kind: str, record_id: str, text: str, recorded_at: str) -> Entry:
    """Return the entry at `index` that says `text`, under a salt of its own."""
    salt = secrets.token_bytes(SALT_SIZE)
    commitment = commit(salt, text.encode())
    hashed = leaf(kind, index, recorded_at, commitment)
    return Entry(index, kind, record_id, recorded_at, text, salt, commitment, hashed)


def commit(salt: bytes, text: bytes) -> bytes:
    """Return the commitment to a record's text, 32 bytes."""
    return hmac.digest(salt, text, "sha256")


def leaf(kind: str, index: int, recorded_at: str, commitment: bytes) -> bytes:
    """Return the leaf hash of an entry: it commits to the record without showing it."""
    return leaf_of_bytes(kind.encode(), index, recorded_at.encode(), commitment)


def leaf_of_bytes(kind: bytes, index: int, recorded_at: bytes, commitment: bytes) -> bytes:
    """Return the leaf hash of an entry as it lies in the file.

    A kind that `KIND` does not match has no leaf: quotes in it would make it ambiguous.
    """
    public = b'{"c":"%b","i":%d,"kind":"%b","t":"%b"}'
    return merkle.leaf_hash(public % (commitment.hex().encode(), index, kind, recorded_at))


def canonical_texts(kind: str, records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the canonical JSON of each record by its id; of several with one id, the last.

    Raises:
        InvariantError: A record breaks the schema of `kind`.
    """
    key = key_of(kind)
    encode = _encoder(kind)
    texts = {}
    rest = iter(records)
    # In batches: the rows of a large import at once would keep the garbage collector busy.
    while batch := [dict(record) for record in islice(rest, _BATCH)]:
        for row in conform(batch, kind).to_pylist():
            plain = {k: _plain(v) for k, v in row.items() if v is not None}
            texts[record_id_of(row, key)] = encode(plain)
    return texts


def record_id_of(row: Mapping[str, Any], key: tuple[str, ...]) -> str:
    """Return the id of a record: the values of its key's columns."""
    return "/".join(str(row[column]) for column in key)


def sortable(moment: datetime) -> str:
    """Return `moment` with a fixed number of digits, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@cache
def _encoder(kind: str) -> Any:
    # RFC 8785 prints a float as ECMAScript does, which Python's encoder does not.
    floats = any(pa.types.is_floating(field.type) for field in arrow_schema(kind))
    return (lambda record: rfc8785.dumps(record).decode()) if floats else _ENCODE


def _plain(value: Any) -> Any:
    if isinstance(value, str | list):
        return value
    if isinstance(value, datetime):
        return print_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        raise InvariantError(f"{value} cannot be kept exactly in JSON")
    return value
