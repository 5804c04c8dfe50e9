"""A witness: what shows a stranger that a ledger holds one record, at one state of the ledger.

The record is told with its salt, so that its commitment and leaf can be made again; what the
ledger's other entries say is not told. Everything is read in one transaction: the proofs and the
checkpoint are of one state, whoever writes meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curate.catalog import ledger_file, merkle
from curate.catalog.checkpoints import Checkpoint, origin_of
from curate.catalog.entries import commit, leaf
from curate.catalog.ledger import Ledger
from curate.errors import UnknownNameError, VerificationError

_FOUND = """
SELECT log_index, recorded_at, record, salt FROM entries
WHERE kind = ? AND record_id = ? ORDER BY log_index DESC LIMIT 1
"""


@dataclass(frozen=True)
class Witness:
    """What shows that a ledger holds a record.

    Attributes:
        kind: The record's kind.
        index: Its place in the ledger, from 0.
        recorded_at: When it was recorded, as the ledger has it.
        record: Its canonical text.
        salt: What its commitment was salted with.
        path: The siblings on the way to the root, from the leaf up.
        checkpoint: The ledger's state.
        since: The earlier state that this one extends, if any.
        consistency: The nodes that show it.
    """

    kind: str
    index: int
    recorded_at: str
    record: str
    salt: bytes
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    since: Checkpoint | None = None
    consistency: tuple[bytes, ...] = ()

    @property
    def included(self) -> bool:
        """Whether the record stands in the ledger that the checkpoint is of."""
        hashed = leaf(
            self.kind, self.index, self.recorded_at, commit(self.salt, self.record.encode())
        )
        at = self.checkpoint
        return merkle.verify_inclusion(hashed, self.index, at.size, self.path, at.root)

    @property
    def extends(self) -> bool:
        """Whether the ledger was only added to since the earlier state."""
        old, new = self.since, self.checkpoint
        if old is None:
            return True
        return old.origin == new.origin and merkle.verify_consistency(
            old.size, old.root, new.size, new.root, self.consistency
        )

    def inclusion_json(self) -> dict[str, Any]:
        """Return the record and its proof in JSON types."""
        return {
            "kind": self.kind,
            "index": self.index,
            "recorded_at": self.recorded_at,
            "record": self.record,
            "salt": self.salt.hex(),
            "path": [node.hex() for node in self.path],
        }

    def consistency_json(self) -> dict[str, Any]:
        """Return the earlier state and its proof in JSON types."""
        return {"since": str(self.since), "path": [node.hex() for node in self.consistency]}

    @classmethod
    def from_json(
        cls, checkpoint: str, inclusion: dict[str, Any], consistency: dict[str, Any] | None
    ) -> Witness:
        """Return the witness that the three files of a release hold.

        Raises:
            KeyError: A field is missing.
            ValueError: A hash is not in hex.
            TypeError: A field is of another type.
            InvalidFileError: A checkpoint is none.
        """
        since = None if consistency is None else Checkpoint.parse(consistency["since"])
        return cls(
            inclusion["kind"],
            int(inclusion["index"]),
            inclusion["recorded_at"],
            inclusion["record"],
            bytes.fromhex(inclusion["salt"]),
            tuple(bytes.fromhex(node) for node in inclusion["path"]),
            Checkpoint.parse(checkpoint),
            since,
            () if consistency is None else tuple(bytes.fromhex(n) for n in consistency["path"]),
        )


def witness(
    ledger: Ledger, kind: str, record_id: str, *, since: Checkpoint | None = None
) -> Witness:
    """Return the witness of a record's latest entry.

    Args:
        ledger: The ledger.
        kind: The record's kind.
        record_id: Its id.
        since: An earlier state, to show that the ledger was only added to.

    Raises:
        UnknownNameError: The ledger has no such record.
        VerificationError: It does not extend the earlier state.
    """
    with ledger_file.connect(ledger.path) as connection:
        connection.execute("BEGIN")
        leaves = [
            row[0] for row in connection.execute("SELECT leaf FROM entries ORDER BY log_index")
        ]
        found = connection.execute(_FOUND, (kind, record_id)).fetchone()
        connection.execute("ROLLBACK")
    if found is None:
        raise UnknownNameError(f"the ledger has no {kind} {record_id!r}")
    index, recorded_at, record, salt = found
    checkpoint = Checkpoint(origin_of(leaves[0]), len(leaves), merkle.root(leaves))
    old = 0 if since is None else min(since.size, len(leaves))
    shown = Witness(
        kind, index, recorded_at, record, salt,
        tuple(merkle.inclusion_proof(leaves, index)), checkpoint, since,
        () if since is None else tuple(merkle.consistency_proof(leaves, old)),
    )  # fmt: skip
    if not shown.extends:
        raise VerificationError(
            "the ledger does not extend the one that the release before was made from",
            where=str(ledger.path),
            hint="`curate consent verify` tells what was changed",
        )
    return shown
