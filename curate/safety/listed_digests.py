"""What lists name by its bytes, told by digests alone: it is not decoded.

Worker processes are given where the lists lie and the key, and read the lists once each: nothing
of a list is written anywhere for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.media.hash_kinds import BY_NAME, BYTE_KINDS
from curate.safety.lists import ListStore


@dataclass(frozen=True)
class ListedBytes:
    """Tells what is on the lists of a workspace, byte for byte.

    Attributes:
        folder: Where the lists lie.
        key: The workspace's key, 32 bytes.
        salt: The vault's salt.
        state: Digest of the lists.
    """

    folder: Path
    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    state: str

    def __call__(self, digests: Mapping[str, str]) -> bool:
        """Return whether a file of these digests is on a list that says it must not be.

        Args:
            digests: Of its bytes, lowercase hex, by name of the kind of hash.
        """
        known = _digests(self)
        return any(digest in known[name] for name, digest in digests.items())


@dataclass(frozen=True)
class Digests:
    """A set of digests of one length, at their own size in memory.

    Attributes:
        rows: Distinct digests, ascending, shape (N, bytes).
        heads: The first eight bytes of each as a number, shape (N,).
    """

    rows: NDArray[np.uint8]
    heads: NDArray[np.uint64]

    @classmethod
    def of(cls, values: list[bytes], size: int) -> Digests:
        """Return a set of digests of `size` bytes."""
        rows = np.frombuffer(b"".join(sorted(set(values))), np.uint8).reshape(-1, size)
        return cls(rows, _heads(rows))

    def __contains__(self, digest: object) -> bool:
        """Return whether a digest, in hexadecimal digits, is one of them."""
        wanted = np.frombuffer(bytes.fromhex(str(digest)), np.uint8)
        head = _heads(wanted[None])[0]
        start, end = np.searchsorted(self.heads, head), np.searchsorted(self.heads, head, "right")
        return bool((self.rows[start:end] == wanted).all(axis=1).any())


def _heads(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    heads: NDArray[np.uint64] = np.ascontiguousarray(rows[:, :8]).view(">u8")[:, 0]
    return heads.astype(np.uint64)


@lru_cache(maxsize=1)
def _digests(listed: ListedBytes) -> dict[str, Digests]:
    lists = ListStore(listed.folder, listed.key, listed.salt).all()
    found: dict[str, list[bytes]] = {kind.name: [] for kind in BYTE_KINDS}
    for entries in (one.entries for one in lists if not one.info.negative):
        # What a list doubts is for someone to decide on, by other hashes too.
        sure = entries.filter(pc.equal(entries["status"], "active"))
        for signal in found:
            found[signal] += sure["value"].filter(pc.equal(sure["signal"], signal)).to_pylist()
    return {signal: Digests.of(values, BY_NAME[signal].size) for signal, values in found.items()}
