"""Turned copies: distances the same both ways, and chains that brute force would find."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.groups import duplicate_groups
from curate.dedup.hamming import Pairs
from curate.dedup.turned import INVERSE, TURNS, chains, nearest_turn
from curate.media.kernels import default_kernels
from curate.media.pdq import pdq

ALL_WAYS = (
    lambda picture: picture,
    lambda picture: np.rot90(picture, 1),
    lambda picture: np.rot90(picture, 2),
    lambda picture: np.rot90(picture, 3),
    np.flipud,
    np.fliplr,
    lambda picture: picture.T,
    lambda picture: np.rot90(picture, 2).T,
)


def turned_codes(seed: int, n: int, *, spread: int = 6) -> np.ndarray:
    """Return codes of eight turns, some of them copies of others turned and changed a little."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2**64, (n, 8, 1), dtype=np.uint64)
    for row in range(1, n):
        if rng.random() < 0.6:
            source, turn = rng.integers(0, row), rng.integers(0, 8)
            noise = rng.integers(0, 64, (8, spread))
            flips = np.bitwise_or.reduce(np.uint64(1) << noise.astype(np.uint64), axis=1)
            codes[row] = np.roll(codes[source], turn, axis=0) ^ flips[:, None]
    return codes


def brute_chains(codes: np.ndarray, radius: int) -> list[int]:
    """Return the smallest row that each is connected with, pair by pair."""
    n = len(codes)
    label = list(range(n))
    left, right = (ends.astype(np.int64) for ends in np.triu_indices(n, 1))
    distance, _ = nearest_turn(codes, left, right, radius)
    for a, b in zip(left[distance <= radius], right[distance <= radius], strict=True):
        low, high = sorted((label[a], label[b]))
        label = [low if one == high else one for one in label]
    return label


def picture(seed: int) -> np.ndarray:
    """Return luma without symmetry, 512 x 512."""
    noise = np.random.default_rng(seed).integers(0, 255, (8, 8), dtype=np.uint8)
    return np.kron(noise, np.ones((64, 64), np.uint8))


def hashed(luma: np.ndarray) -> np.ndarray:
    """Return the codes of the eight turns of a picture, shape (8, 4)."""
    found = pdq(np.ascontiguousarray(luma), (luma.shape[1], luma.shape[0]), 1, default_kernels())
    assert found is not None
    return np.frombuffer(found.dihedral, ">u8").reshape(8, 4).astype(np.uint64)


@pytest.mark.parametrize("turn", range(8))
def test_nearest_turn_says_how_the_right_picture_is_turned(turn) -> None:
    plain = picture(3)
    copy = ALL_WAYS[turn](plain)
    codes = np.stack([hashed(copy), hashed(plain)])

    distance, found = nearest_turn(codes, np.array([0, 1]), np.array([1, 0]), 31)

    assert len(TURNS) == 8
    assert found.tolist() == [turn, INVERSE[turn]]
    assert (distance < 80).all()  # squares are hard on PDQ; unrelated pictures lie above 100


@given(st.integers(0, 10**6))
def test_distance_is_the_same_both_ways(seed) -> None:
    codes = turned_codes(seed, 12)
    left, right = (ends.astype(np.int64) for ends in np.triu_indices(12, 1))

    ahead, turn = nearest_turn(codes, left, right, -1)
    back, undone = nearest_turn(codes, right, left, -1)

    assert np.array_equal(ahead, back)
    alone = np.bitwise_count(codes[left, 0, 0] ^ codes[right, 0, 0])
    assert (ahead <= alone).all()
    assert turn.shape == undone.shape


def test_a_pair_that_matches_as_it_is_is_not_said_to_be_turned() -> None:
    codes = np.zeros((2, 8, 1), np.uint64)
    codes[:] = np.arange(8, dtype=np.uint64)[:, None] << np.uint64(20)
    codes[1, 0] = 0b111
    codes[1, 5] = 0

    assert [out.tolist() for out in nearest_turn(codes, np.array([0]), np.array([1]), 3)] == [
        [3],
        [0],
    ]
    assert nearest_turn(codes, np.array([0]), np.array([1]), 2)[1].tolist() == [5]


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 40), st.integers(0, 12), st.sampled_from([1, 8]))
def test_chains_are_what_brute_force_finds(seed, n, radius, turns) -> None:
    codes = turned_codes(seed, n)[:, :turns]
    everything = np.ones(n, bool)

    found = chains(codes, radius, everything, ~everything, threads=2)

    assert found.tolist() == brute_chains(codes, radius)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(0, 12), st.integers(0, 40))
def test_chains_of_old_and_new_rows_are_those_of_all_rows(seed, n, radius, cut) -> None:
    codes = turned_codes(seed, n)
    everything = np.ones(n, bool)
    old = np.random.default_rng(seed).permutation(n) < cut
    rows = np.flatnonzero(old)
    known = chains(codes[rows], radius, everything[rows], ~everything[rows])

    found = chains(codes, radius, everything, old, [(rows[known], rows)])

    assert np.array_equal(found, chains(codes, radius, everything, ~everything))


def test_codes_that_are_not_believed_connect_nothing() -> None:
    codes = np.zeros((4, 8, 1), np.uint64)
    believed = np.array([True, False, True, False])

    known = [(np.array([1]), np.array([3]))]
    found = chains(codes, 5, believed, ~np.ones(4, bool), known)

    assert found.tolist() == [0, 1, 0, 1]


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(0, 12))
def test_no_member_is_further_from_the_medoid_than_the_limit_once_turned(seed, n, limit) -> None:
    codes = turned_codes(seed, n, spread=9)
    chain = brute_chains(codes, 12)
    links = Pairs(np.array(chain), np.arange(n), np.zeros(n, np.uint8))

    groups = duplicate_groups(n, links, limit=limit, codes=codes)

    member = np.flatnonzero(groups.group >= 0)
    distance, _ = nearest_turn(codes, groups.medoid[groups.group[member]], member, limit)
    assert (distance <= limit).all()
