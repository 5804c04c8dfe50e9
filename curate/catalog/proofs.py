"""Proofs about a ledger that anyone can check without it: inclusion and consistency.

They print as JSON with hashes in hex, and are true if they hold (RFC 9162 section 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curate.catalog import merkle


@dataclass(frozen=True)
class InclusionProof:
    """That a leaf stands at a place of a tree.

    Attributes:
        index: The place, from 0.
        size: How many leaves the tree has.
        leaf: The leaf hash, 32 bytes.
        path: The siblings on the way to the root, from the leaf up.
        root: The tree's root, 32 bytes.
    """

    index: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]
    root: bytes

    def __bool__(self) -> bool:
        return merkle.verify_inclusion(self.leaf, self.index, self.size, self.path, self.root)

    def as_json(self) -> dict[str, Any]:
        """Return it in JSON types."""
        return {
            "index": self.index,
            "size": self.size,
            "leaf": self.leaf.hex(),
            "path": [node.hex() for node in self.path],
            "root": self.root.hex(),
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> InclusionProof:
        """Return the proof that JSON holds.

        Raises:
            KeyError: A field is missing.
            ValueError: A hash is not in hex.
        """
        path = tuple(bytes.fromhex(node) for node in said["path"])
        leaf, root = bytes.fromhex(said["leaf"]), bytes.fromhex(said["root"])
        return cls(said["index"], said["size"], leaf, path, root)


@dataclass(frozen=True)
class ConsistencyProof:
    """That one tree has another's leaves as its first.

    Attributes:
        old_size: How many leaves the old tree has.
        old_root: Its root, 32 bytes.
        size: How many leaves the new tree has.
        root: Its root, 32 bytes.
        path: The nodes that show it.
    """

    old_size: int
    old_root: bytes
    size: int
    root: bytes
    path: tuple[bytes, ...]

    def __bool__(self) -> bool:
        return merkle.verify_consistency(
            self.old_size, self.old_root, self.size, self.root, self.path
        )

    def as_json(self) -> dict[str, Any]:
        """Return it in JSON types."""
        return {
            "old_size": self.old_size,
            "old_root": self.old_root.hex(),
            "size": self.size,
            "root": self.root.hex(),
            "path": [node.hex() for node in self.path],
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> ConsistencyProof:
        """Return the proof that JSON holds.

        Raises:
            KeyError: A field is missing.
            ValueError: A hash is not in hex.
        """
        path = tuple(bytes.fromhex(node) for node in said["path"])
        old_root, root = bytes.fromhex(said["old_root"]), bytes.fromhex(said["root"])
        return cls(said["old_size"], old_root, said["size"], root, path)
