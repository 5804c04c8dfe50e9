"""The head of a ledger at an instant, and what shows that it is one of a ledger that only grew.

It names nobody: a leaf is the hash of a salted commitment. Whoever has the ledger makes the same
head again from it; whoever has the head alone sees that the root holds the first entry, by which
the ledger is called, and the last, and that nothing between them was put in another order.
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
        last: The hash of its last entry; empty for a ledger without entries.
        inclusion: The nodes that lead from the last entry to the root.
        consistency: The nodes that show that the ledger goes on from its first entry.
    """

    checkpoint: Checkpoint
    first: bytes = b""
    last: bytes = b""
    inclusion: tuple[bytes, ...] = ()
    consistency: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        at = self.checkpoint
        if not at.size:
            return (at.root, at.origin) == (merkle.EMPTY_ROOT, origin_of(None))
        return (
            at.origin == origin_of(self.first)
            and merkle.verify_inclusion(self.last, at.size - 1, at.size, self.inclusion, at.root)
            and merkle.verify_consistency(1, self.first, at.size, at.root, self.consistency)
        )

    def proof_json(self) -> dict[str, Any]:
        """Return the proof in JSON types."""
        return {
            "first": self.first.hex(),
            "last": self.last.hex(),
            "inclusion_of_last": [node.hex() for node in self.inclusion],
            "consistency_from_first": [node.hex() for node in self.consistency],
        }

    @classmethod
    def from_json(cls, checkpoint: str, proof: Mapping[str, Any]) -> Head:
        """Return the head that a checkpoint and a proof are of.

        Raises:
            InvalidFileError: The text is no checkpoint.
            KeyError: A field of the proof is missing.
            ValueError: A hash is not in hex.
            TypeError: A field is of another type.
        """
        paths = (proof["inclusion_of_last"], proof["consistency_from_first"])
        nodes = [tuple(bytes.fromhex(node) for node in path) for path in paths]
        first, last = (bytes.fromhex(proof[name]) for name in ("first", "last"))
        return cls(Checkpoint.parse(checkpoint), first, last, *nodes)


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
    size = len(leaves)
    return Head(
        Checkpoint(origin_of(leaves[0]), size, merkle.root(leaves)),
        leaves[0],
        leaves[-1],
        tuple(merkle.inclusion_proof(leaves, size - 1)),
        tuple(merkle.consistency_proof(leaves, 1)),
    )
