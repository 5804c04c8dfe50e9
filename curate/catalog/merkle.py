"""The Merkle tree of RFC 6962, with the proofs of RFC 9162 section 2.1.

Pure: leaf hashes in, hashes and verdicts out. Leaves are domain-separated from nodes, so that
neither can be passed off as the other. A `Frontier` grows a tree by one leaf at a time without
its other leaves, which makes an append cost O(log n).

Proofs are checked as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say: by whoever holds two roots and
the path, without the tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 over 0x00 and the entry, 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 over 0x01 and both children, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees.

    Attributes:
        size: How many leaves the tree has.
        nodes: One hash for each bit set in `size`, of the largest subtree first.
    """

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    @classmethod
    def parse(cls, size: int, edge: bytes) -> Frontier:
        """Return the frontier whose hashes `edge` holds one after another.

        Raises:
            ValueError: The number of hashes does not fit `size`.
        """
        if size < 0 or len(edge) != HASH_SIZE * size.bit_count():
            raise ValueError(f"{len(edge)} bytes are no edge of a tree of {size} leaves")
        return cls(size, [edge[i : i + HASH_SIZE] for i in range(0, len(edge), HASH_SIZE)])

    @property
    def edge(self) -> bytes:
        """The hashes, one after another."""
        return b"".join(self.nodes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash at the right."""
        node, carry = leaf, self.size
        # Two subtrees of one size become one of twice the size, as bits do when counting.
        while carry & 1:
            node = node_hash(self.nodes.pop(), node)
            carry >>= 1
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves, 32 bytes."""
        if not self.nodes:
            return EMPTY_ROOT
        node = self.nodes[-1]
        for left in self.nodes[-2::-1]:
            node = node_hash(left, node)
        return node


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, 32 bytes; the empty tree's is SHA-256 of nothing."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the path from a leaf to the root (RFC 9162 section 2.1.3.1), from the leaf up.

    Raises:
        IndexError: There is no leaf at `index`.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves has no leaf {index}")
    path = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_span(leaves, middle, high))
            high = middle
        else:
            path.append(_span(leaves, low, middle))
            low = middle
    return path[::-1]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the nodes that show the tree to extend its first leaves (RFC 9162 2.1.4.1).

    Empty for an old tree that has no leaf or all of them: the roots say it then.

    Raises:
        IndexError: The old tree is larger than this one.
    """
    if not 0 <= old_size <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves extends none of {old_size}")
    if old_size in {0, len(leaves)}:
        return []
    path = []
    low, high = 0, len(leaves)
    while high != old_size:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(_span(leaves, middle, high))
            high = middle
        else:
            path.append(_span(leaves, low, middle))
            low = middle
    # The old tree's own root is known to whoever checks: it is left out when it is a node.
    if low:
        path.append(_span(leaves, low, high))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Return whether `path` shows `leaf` to stand at `index` of a tree (RFC 9162 2.1.3.2).

    Args:
        leaf: The leaf hash.
        index: Its place, from 0.
        size: How many leaves the tree has.
        path: The proof, from the leaf up.
        root: The tree's root.
    """
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(other, node)
            place, last = _past_lone_levels(place, last)
        else:
            node = node_hash(node, other)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Return whether `path` shows one tree to extend another (RFC 9162 section 2.1.4.2).

    Args:
        old_size: How many leaves the old tree has.
        old_root: Its root.
        size: How many leaves the new tree has.
        root: Its root.
        path: The proof.
    """
    if not 0 < old_size < size:
        same = root if old_size == size else EMPTY_ROOT
        return 0 <= old_size <= size and not path and old_root == same
    # A perfect old tree is a node of the new one, and the proof leaves it out.
    nodes = list(path) if old_size & (old_size - 1) else [old_root, *path]
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not nodes:
        return False
    return _folds_to(nodes, place, last, (old_root, root))


def _folds_to(nodes: Sequence[bytes], place: int, last: int, roots: tuple[bytes, bytes]) -> bool:
    old = new = nodes[0]
    for other in nodes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(other, old), node_hash(other, new)
            place, last = _past_lone_levels(place, last)
        else:
            new = node_hash(new, other)
        place, last = place >> 1, last >> 1
    return last == 0 and (old, new) == roots


def _past_lone_levels(place: int, last: int) -> tuple[int, int]:
    """Skip the levels at which a right edge has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _split(size: int) -> int:
    """Return the largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _span(leaves: Sequence[bytes], low: int, high: int) -> bytes:
    frontier = Frontier()
    for place in range(low, high):
        frontier.append(leaves[place])
    return frontier.root()
