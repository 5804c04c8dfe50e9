"""The head of a ledger at an instant, and what shows which ledger it is of.

It names nobody: a leaf is the hash of a salted commitment. Whoever has the ledger makes the same
head again from it. Whoever has the head alone sees that its root holds the entry by which the
ledger is called, its first; how many entries there are, and what they say, takes the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curate.catalog import ledger_file, merkle
from curate.catalog.checkpoints import Checkpoint, origin_of
from curate.catalog.entries import sortable
from curate.catalog.ledger import Ledger
from curate.errors import VerificationError


@dataclass(frozen=True)
class Head:
    """The head of a ledger.

    Attributes:
        checkpoint: The ledger's origin, size and root.
        first: The hash of its first entry; empty for a ledger without entries.
        path: The nodes that lead from the first entry to the root.
    """

    checkpoint: Checkpoint
    first: bytes = b""
    path: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        at = self.checkpoint
        if not at.size:
            return (at.root, at.origin) == (merkle.EMPTY_ROOT, origin_of(None))
        return at.origin == origin_of(self.first) and merkle.verify_inclusion(
            self.first, 0, at.size, self.path, at.root
        )

    def proof_json(self) -> dict[str, Any]:
        """Return the proof in JSON types."""
        return {"first": self.first.hex(), "path": [node.hex() for node in self.path]}

    @classmethod
    def from_json(cls, checkpoint: str, proof: Mapping[str, Any]) -> Head:
        """Return the head that a checkpoint and a proof are of.

        Raises:
            InvalidFileError: The text is no checkpoint.
            KeyError: A field of the proof is missing.
            ValueError: A hash is not in hex.
            TypeError: A field is of another type.
        """
        path = tuple(bytes.fromhex(node) for node in proof["path"])
        return cls(Checkpoint.parse(checkpoint), bytes.fromhex(proof["first"]), path)


def head_at(ledger: Ledger, known_at: datetime) -> Head:
    """Return the head of a ledger as it was at an instant.

    Args:
        ledger: The ledger.
        known_at: The instant, in UTC: what was recorded until then counts, that instant included.

    Raises:
        VerificationError: Entries are missing, or not in the order of their instants.
    """
    if not ledger_file.is_there(ledger.path):
        return Head(Checkpoint(origin_of(None), 0, merkle.EMPTY_ROOT))
    with ledger_file.connect(ledger.path) as connection:
        rows = connection.execute(
            "SELECT log_index, leaf FROM entries WHERE recorded_at <= ? ORDER BY log_index",
            (sortable(known_at),),
        ).fetchall()
    leaves = [leaf for _, leaf in rows]
    if not leaves:
        return Head(Checkpoint(origin_of(None), 0, merkle.EMPTY_ROOT))
    if rows[-1][0] != len(leaves) - 1:
        raise VerificationError(
            "the ledger's entries are not in the order in which they were recorded",
            where=str(ledger.path),
            hint="`curate consent verify` tells what was changed",
        )
    checkpoint = Checkpoint(origin_of(leaves[0]), len(leaves), merkle.root(leaves))
    return Head(checkpoint, leaves[0], tuple(merkle.inclusion_proof(leaves, 0)))
