"""Moving pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.faces.insightface import TEMPLATE
from curate.faces.warp import aligned, fitted, padded, similarity_matrices


@given(
    angle=st.floats(-3, 3), scale=st.floats(0.2, 5), dx=st.floats(-50, 50), dy=st.floats(-50, 50)
)
def test_similarity_undoes_any_turn_scale_and_shift(angle, scale, dx, dy) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (TEMPLATE @ turn.T + [dx, dy])[None]

    matrix = similarity_matrices(points.astype(np.float32), TEMPLATE)[0]

    back = points[0] @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(back, TEMPLATE, atol=0.01)


def test_similarity_equals_scikit_images_on_points_that_do_not_fit() -> None:
    from skimage.transform import SimilarityTransform

    points = TEMPLATE + np.random.default_rng(0).normal(0, 5, TEMPLATE.shape)

    ours = similarity_matrices(points[None].astype(np.float32), TEMPLATE)[0]

    theirs = SimilarityTransform.from_estimate(points, TEMPLATE).params[:2]
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_similarity_of_points_in_one_place_is_zero() -> None:
    matrix = similarity_matrices(np.ones((1, 5, 2), np.float32), TEMPLATE)[0]

    assert (matrix[:, :2] == 0).all()


def test_aligned_with_points_on_the_template_copies_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (112, 112, 3), dtype=np.uint8)

    crop = aligned(picture, TEMPLATE[None], TEMPLATE, 112)[0]

    assert np.abs(crop.astype(int) - picture).max() <= 1


def test_padded_repeats_the_edge() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    wider, rim = padded(picture, 0.5)

    assert rim == 1
    assert wider.shape == (4, 4, 3)
    assert (wider[0, 0] == picture[0, 0]).all()


def test_fitted_says_the_scale_it_used() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)

    smaller, scale = fitted(picture, 50)

    assert smaller.shape == (25, 50, 3)
    assert scale == 0.25
