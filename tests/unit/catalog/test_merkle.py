"""The Merkle tree: RFC 6962's own examples, and its definition written plainly."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.catalog.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and the roots over the first n of them, of the reference implementation of
# Certificate Transparency (certificate-transparency, merkletree/merkle_tree_test.cc).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_roots_of_the_reference_implementation(size: int) -> None:
    """Roots over the first leaves, none of them included."""
    assert root([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


def plain_root(leaves: list[bytes]) -> bytes:
    """Return MTH of RFC 6962 section 2.1, as it is written there."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return sha256(b"\x01" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    """The stack gives what the recursion does, for trees of any shape."""
    assert root(leaves) == plain_root(leaves)


def test_leaf_and_node_are_told_apart() -> None:
    """A leaf that looks like two hashes is not the node over them."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")

    assert leaf_hash(left + right) != node_hash(left, right)


# Proofs of the same reference implementation over the same leaves: (place, size) and path.
NODES = {
    "5f08": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "0ebc": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "6b47": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "96a2": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "bc1a": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca85": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37e": ROOTS[4],
    "fac5": ROOTS[2],
    "6e34": ROOTS[1],
}
INCLUSIONS = [
    (0, 1, []),
    (0, 8, ["96a2", "5f08", "6b47"]),
    (5, 8, ["bc1a", "ca85", "d37e"]),
    (2, 3, ["fac5"]),
    (1, 5, ["6e34", "5f08", "bc1a"]),
]
CONSISTENCIES = [
    (1, 1, []),
    (1, 8, ["96a2", "5f08", "6b47"]),
    (6, 8, ["0ebc", "ca85", "d37e"]),
    (2, 5, ["5f08", "bc1a"]),
]
HASHED = [leaf_hash(leaf) for leaf in LEAVES]


def many(count: int) -> list[bytes]:
    """Return leaf hashes that differ."""
    return [leaf_hash(bytes([number])) for number in range(count)]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSIONS)
def test_inclusion_of_the_reference_implementation(index: int, size: int, path: list[str]) -> None:
    """Paths from leaves to roots are those that others compute and accept."""
    expected = [bytes.fromhex(NODES[node]) for node in path]

    assert inclusion_proof(HASHED[:size], index) == expected
    assert verify_inclusion(HASHED[index], index, size, expected, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "size", "path"), CONSISTENCIES)
def test_consistency_of_the_reference_implementation(old: int, size: int, path: list[str]) -> None:
    """So are the nodes that show one tree to extend another."""
    expected = [bytes.fromhex(NODES[node]) for node in path]
    roots = [bytes.fromhex(ROOTS[n]) for n in (old, size)]

    assert consistency_proof(HASHED[:size], old) == expected
    assert verify_consistency(old, roots[0], size, roots[1], expected)


def test_every_leaf_of_every_small_tree_is_shown_to_be_in_it() -> None:
    """For all sizes up to 70 and each place; at no other place does the proof hold."""
    leaves = many(70)
    for size in range(1, 71):
        top = root(leaves[:size])
        for index in range(size):
            path = inclusion_proof(leaves[:size], index)
            held = [n for n in range(size) if verify_inclusion(leaves[index], n, size, path, top)]
            assert held == [index]


def test_every_small_tree_is_shown_to_extend_its_beginnings() -> None:
    """For all sizes up to 70 and each old size, none and all of them included."""
    leaves = many(70)
    roots = [root(leaves[:n]) for n in range(71)]
    for size in range(71):
        for old in range(size + 1):
            path = consistency_proof(leaves[:size], old)
            assert verify_consistency(old, roots[old], size, roots[size], path)
            assert len(path) <= 2 * size.bit_length()


@given(st.data(), st.integers(1, 70))
def test_wrong_inclusion_proofs_fail(data: st.DataObject, size: int) -> None:
    """Another leaf, root or node, a node too many or too few: none of them passes."""
    leaves = many(size)
    index = data.draw(st.integers(0, size - 1))
    path, top = inclusion_proof(leaves, index), root(leaves)
    other = leaf_hash(b"no leaf of it")

    assert not verify_inclusion(other, index, size, path, top)
    assert not verify_inclusion(leaves[index], index, size, path, other)
    for wrong in damaged(path, other):
        assert not verify_inclusion(leaves[index], index, size, wrong, top)


@given(st.data(), st.integers(2, 70))
def test_wrong_consistency_proofs_fail(data: st.DataObject, size: int) -> None:
    """A tree with another history does not pass for one that extends the old one."""
    leaves = many(size)
    old = data.draw(st.integers(1, size - 1))
    path, roots = consistency_proof(leaves, old), (root(leaves[:old]), root(leaves))
    other = leaf_hash(b"no leaf of it")

    assert not verify_consistency(old, other, size, roots[1], path)
    assert not verify_consistency(old, roots[0], size, other, path)
    for wrong in damaged(path, other):
        assert not verify_consistency(old, roots[0], size, roots[1], wrong)


def damaged(path: list[bytes], other: bytes) -> list[list[bytes]]:
    """Return paths with a node changed at each place, one more at either end, or one less."""
    changed = [[*path[:n], other, *path[n + 1 :]] for n in range(len(path))]
    return [*changed, [*path, other], [other, *path], *([path[1:], path[:-1]] if path else [])]


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    """Neither is one made, nor does one hold."""
    with pytest.raises(IndexError, match="has no leaf"):
        inclusion_proof(many(size), index)
    assert not verify_inclusion(HASHED[0], index, size, [], root(many(size)))


@pytest.mark.parametrize("old", [-1, 4])
def test_no_proof_of_a_tree_that_is_larger(old: int) -> None:
    """A smaller tree extends none."""
    with pytest.raises(IndexError, match="extends none"):
        consistency_proof(many(3), old)
    assert not verify_consistency(old, root(many(3)), 3, root(many(3)), [])


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70), st.integers(0, 70))
def test_frontier_goes_on_where_it_was_kept(leaves: list[bytes], cut: int) -> None:
    """A tree grown from its right edge alone has the root of the whole."""
    first = Frontier()
    for leaf in leaves[:cut]:
        first.append(leaf)

    grown = Frontier.parse(first.size, first.edge)
    for leaf in leaves[cut:]:
        grown.append(leaf)

    assert grown.root() == plain_root(leaves)


@pytest.mark.parametrize(("size", "length"), [(3, 32), (4, 64), (-1, 0), (0, 32)])
def test_edge_that_does_not_fit_its_size_is_refused(size: int, length: int) -> None:
    """One hash for each bit of the size, no more and no fewer."""
    with pytest.raises(ValueError, match="no edge of a tree"):
        Frontier.parse(size, bytes(length))
