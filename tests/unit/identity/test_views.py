"""Whether people are seen from several sides."""

from __future__ import annotations

import numpy as np
import pytest

from curate.identity.views import likeness_of_deviations

from .people import embed


def test_noise_deviates_as_random_directions_do() -> None:
    person = np.repeat(np.arange(50), 8)

    found = likeness_of_deviations(embed(person, spread=0.5, width=256), person)

    assert found == pytest.approx(1 / np.sqrt(256), rel=0.2)


def test_faces_seen_from_two_sides_deviate_alike() -> None:
    person = np.repeat(np.arange(50), 8)
    rows = embed(person, spread=0.1, width=256)
    rows[::2, 0] += 0.3

    assert likeness_of_deviations(rows, person) > 0.5


@pytest.mark.parametrize("faces", [0, 1, 3])
def test_clusters_of_few_faces_show_nothing(faces) -> None:
    person = np.repeat(np.arange(10), faces)

    assert likeness_of_deviations(embed(person), person) == 0.0
