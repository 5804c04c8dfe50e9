"""PDQ: against the reference hashes, and against pdqhash's own filter."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curate.media.kernels import default_kernels
from curate.media.pdq import Pdq, pdq, quality
from curate.media.phash import hamming
from curate.media.probe import probe_file
from tests.unit.media.conftest import draw

# Bits within which an implementation counts as conformant, at quality 80 or more.
CONFORMANT = 10


def ours(picture: np.ndarray) -> Pdq:
    """Return our PDQ of a whole picture."""
    found = pdq(picture, (picture.shape[1], picture.shape[0]), 1, default_kernels())
    assert found is not None
    return found


def theirs(picture: np.ndarray) -> tuple[list[bytes], int]:
    """Return pdqhash's eight dihedral hashes and the quality."""
    vectors, found = pdqhash.compute_dihedral(picture)
    return [np.packbits(vector).tobytes() for vector in vectors], found


@settings(max_examples=40)
@given(width=st.integers(64, 700), height=st.integers(64, 700), seed=st.integers(0, 99))
def test_hash_of_a_picture_is_within_two_bits_of_pdqhash(width, height, seed) -> None:
    picture = draw(width, height, seed)
    hashes, _ = theirs(picture)
    assert hamming(ours(picture).hash, hashes[0]) <= 2


def test_dihedral_hashes_are_pdqhashs_in_its_order() -> None:
    picture = draw(400, 300)
    hashes, _ = theirs(picture)
    found = ours(picture).dihedral
    distances = [hamming(found[32 * i : 32 * i + 32], hashes[i]) for i in range(8)]
    assert max(distances) <= 2


TURNS = [
    lambda p: p,
    lambda p: np.rot90(p, 1),
    lambda p: np.rot90(p, 2),
    lambda p: np.rot90(p, 3),
    lambda p: p[::-1],
    lambda p: p[:, ::-1],
    lambda p: p.swapaxes(0, 1),
    lambda p: np.rot90(p, 2).swapaxes(0, 1),
]


@pytest.mark.parametrize("index", range(8))
def test_hash_of_a_turned_picture_is_nearest_to_its_dihedral_hash(index: int) -> None:
    picture = draw(512, 384)
    found = ours(picture).dihedral
    own = ours(np.ascontiguousarray(TURNS[index](picture))).hash
    distances = [hamming(found[32 * i : 32 * i + 32], own) for i in range(8)]
    assert int(np.argmin(distances)) == index
    assert distances[index] <= 31


@given(seed=st.integers(0, 99), gain=st.floats(0, 1))
def test_quality_is_pdqhashs(seed: int, gain: float) -> None:
    picture = (draw(256, 192, seed) * gain).astype(np.uint8)
    assert abs(ours(picture).quality - theirs(picture)[1]) <= 1


def test_flat_picture_has_no_quality() -> None:
    assert ours(np.full((100, 100), 99, np.uint8)).quality == 0
    assert quality(np.zeros((64, 64), np.float32)) == 0


@pytest.mark.parametrize("size", [(4, 100), (100, 4), (1, 1)])
def test_picture_below_five_pixels_has_no_hash(size: tuple[int, int]) -> None:
    grey = np.zeros(size, np.uint8)
    assert pdq(grey, size[::-1], 1, default_kernels()) is None


@pytest.mark.parametrize("exact", [False, True], ids=["default", "exact"])
def test_reference_hashes_are_met(shared_data: Path, exact: bool) -> None:  # noqa: FBT001
    folder = shared_data / "duplicates" / "pdq"
    with (folder / "reference_hashes_dih.csv").open() as listing:
        rows = list(csv.reader(listing))
    assert len(rows) == 8
    for reference, found_quality, name in rows:
        row = probe_file(folder / name, exact=exact)
        assert abs(int(str(row["pdq_quality"])) - int(found_quality)) <= 1
        assert hamming(bytes(row["pdq"]), bytes.fromhex(reference)) <= CONFORMANT  # type: ignore[call-overload]


def test_dihedral_hashes_of_the_original_meet_the_references(shared_data: Path) -> None:
    folder = shared_data / "duplicates" / "pdq"
    with (folder / "reference_hashes_dih.csv").open() as listing:
        references = [bytes.fromhex(row[0]) for row in csv.reader(listing)]
    picture = np.asarray(Image.open(folder / "reg-test-input/dih/bridge-1-original.jpg"))
    found = ours(picture).dihedral
    distances = [hamming(found[32 * i : 32 * i + 32], references[i]) for i in range(8)]
    assert max(distances) <= CONFORMANT
