"""What clusters would be without the noise of faces."""

from __future__ import annotations

import numpy as np
import pytest

from curate.identity.noise import Noise

from .people import embed

NOISE = Noise(background=0.0, cohesion=0.6, strict=0.35)


def seen(person: np.ndarray, rows: np.ndarray, strict: float | None = None) -> Noise:
    """Return what clusters that are the people show."""
    sums = np.zeros((int(person.max()) + 1, rows.shape[1]), np.float32)
    np.add.at(sums, person, rows)
    return Noise.seen(
        np.bincount(person), (sums**2).sum(axis=1), sums.sum(axis=0, dtype=np.float64), 0.4, strict
    )


def test_background_and_cohesion_are_means_of_pairs() -> None:
    person = np.repeat(np.arange(20), 5)
    rows = embed(person)

    found = seen(person, rows)

    cosines, same = rows @ rows.T, person[:, None] == person
    pairs = np.array([cosines[i : i + 5, i : i + 5][np.triu_indices(5, 1)].mean()
                      for i in range(0, 100, 5)])  # fmt: skip
    assert found.background == pytest.approx(cosines[~same].mean(), abs=1e-5)
    assert found.cohesion == pytest.approx(np.median(pairs), abs=1e-5)


def test_one_cluster_has_no_strangers_and_passes_its_own_threshold() -> None:
    person = np.zeros(6, np.int64)

    found = seen(person, embed(person))

    assert (found.background, found.strict) == (-1.0, 0.4)


def test_correction_brings_a_loose_cluster_up_and_a_tight_one_down() -> None:
    size = np.array([20, 20, 20])
    squares = size + size * (size - 1) * np.array([0.4, 0.6, 0.9])

    loose, typical, tight = NOISE.gain(size, squares.astype(np.float32))

    assert loose > 1 > tight
    assert typical == pytest.approx(1, abs=1e-3)


def test_a_single_face_is_taken_for_typical() -> None:
    assert NOISE.gain(np.array([1]), np.array([1.0], np.float32)) == pytest.approx(1)


def test_more_is_asked_of_large_clusters_by_their_looks() -> None:
    asked = NOISE.needed_cosine(np.array([2, 10, 100]), np.array([100, 100, 100]))

    assert (np.diff(asked) > 0).all()


def test_two_faces_must_reach_what_strangers_seldom_do() -> None:
    single, many = NOISE.needed_cosine(np.array([1, 1]), np.array([1, 500]))

    assert single == NOISE.strict
    assert many == pytest.approx(0.6 * (0.5 + 0.07), abs=1e-3)


def test_no_clusters_are_asked_less_than_the_least() -> None:
    size = np.arange(1, 600)

    asked = NOISE.needed_cosine(*np.meshgrid(size, size))

    assert NOISE.least() == pytest.approx(asked.min(), abs=1e-3)
