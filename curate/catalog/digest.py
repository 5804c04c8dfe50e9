"""Digests of tables that do not depend on the order of their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pyarrow as pa

from curate.catalog.memory import in_memory


def tables_digest(tables: Mapping[str, pa.Table]) -> str:
    """Return a SHA-256 over what `tables` hold, whatever the order of rows and tables.

    Each row is hashed by MD5 over its printed form, and the hashes are joined by exclusive or:
    keys are unique, so no two rows cancel. It tells whether an audit is replayed on the same
    evidence; it is no proof against someone who can choose rows (the ledger's tree is).
    """
    connection = in_memory()
    parts = []
    for name in sorted(tables):
        connection.register("one", tables[name])
        found = connection.execute(
            "SELECT count(*), bit_xor(md5_number(CAST(one AS VARCHAR))) FROM one"
        ).fetchall()
        parts.append(f"{name}:{found}")
        connection.unregister("one")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def joined_digest(*digests: str) -> str:
    """Return a SHA-256 over digests, in their order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
