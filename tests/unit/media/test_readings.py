"""The same samples, shown in each way in which programs show them."""

from __future__ import annotations

import numpy as np
import pytest

from curate.media.readings import (
    differ,
    of_inks,
    of_transparency,
    of_wide_samples,
)

RAMP = np.linspace(0, 255, 64, dtype=np.uint8).reshape(8, 8)


def test_rounding_is_no_difference_and_more_is() -> None:
    """A picture of another size always differs; a picture that is part of it is looked through."""
    grey = np.full((3000, 1000), 80, np.uint8)
    other = grey.copy()
    other[2999, 999] = 83

    assert not differ(grey, grey + 2)
    assert differ(grey, other)
    assert differ(grey, grey[:-1])


def test_colours_under_transparency_come_out() -> None:
    """Where a program drops the last channel, what stands under it is shown."""
    pixels = np.dstack([RAMP, RAMP, RAMP, np.zeros_like(RAMP)])

    made = dict(of_transparency(pixels))

    assert set(made) == {"on black", "without its transparency"}
    np.testing.assert_array_equal(made["without its transparency"][..., 0], RAMP)
    assert made["on black"].max() == 0


def test_transparency_itself_can_be_a_picture() -> None:
    """White under a plane that draws is white on white, and the drawing on black."""
    pixels = np.dstack([np.full_like(RAMP, 255), RAMP])

    made = dict(of_transparency(pixels))

    np.testing.assert_array_equal(made["on black"], RAMP)
    np.testing.assert_array_equal(made["its transparency as a picture"], RAMP)


def test_opaque_picture_has_no_other_reading() -> None:
    """A plane of transparency that hides nothing changes nothing."""
    assert not list(of_transparency(np.dstack([RAMP, np.full_like(RAMP, 255)])))


WIDE = {
    "low byte": RAMP.astype(np.uint16),
    "ten bits": RAMP.astype(np.uint16) * 4,
    "between": RAMP.astype(np.uint16) * 8 + 20_000,
    "negative": RAMP.astype(np.int32) - 1000,
    "large": RAMP.astype(np.int32) * 1_000_000,
    "float": RAMP.astype(np.float32) * -0.001,
    "large float": RAMP.astype(np.float32) * 1e20,
}


@pytest.mark.parametrize("kind", WIDE)
def test_whatever_range_is_used_is_stretched(kind: str) -> None:
    """Negative values and floats of any size as well; falling ones are a negative."""
    made = dict(of_wide_samples(WIDE[kind]))["in the range that is used"].astype(int)

    assert min(abs(made - RAMP).max(), abs(255 - made - RAMP).max()) <= 1


def test_outliers_do_not_hide_a_picture() -> None:
    """A third of white spoils the range, and ranks still show what lies below."""
    samples = np.concatenate([RAMP, np.full((4, 8), 65535)]).astype(np.uint16)

    made = dict(of_wide_samples(samples))

    assert np.ptp(made["in the range that is used"][:8]) <= 1
    assert np.ptp(made["with its levels spread evenly"][:8]) > 100
    np.testing.assert_array_equal(made["cut at 255"][:8], RAMP)


def test_each_byte_of_samples_is_a_picture() -> None:
    """An array cast to 8 bits keeps the lowest byte, whatever the others show."""
    other = RAMP[::-1].astype(np.int32)
    samples = RAMP + (other << 8) + (RAMP.T.astype(np.int32) << 16)

    made = dict(of_wide_samples(samples))

    np.testing.assert_array_equal(made["byte 1 of its samples alone"], RAMP)
    np.testing.assert_array_equal(made["byte 2 of its samples alone"], other)
    top = made["in the range that is used"].astype(int)
    assert abs(top - RAMP.T).max() <= 1


def test_places_without_a_number_can_draw() -> None:
    """Of floats, where there is none: shown black or white."""
    samples = np.where(RAMP > 100, np.nan, 0.5).astype(np.float32)

    made = dict(of_wide_samples(samples))

    np.testing.assert_array_equal(made["the places without a number"] > 0, RAMP > 100)


def test_inks_are_shown_both_ways() -> None:
    """All black ink hides the others, until a program takes them the other way round."""
    inks = np.dstack([RAMP, RAMP, RAMP, np.full_like(RAMP, 255)])

    made = dict(of_inks(inks))

    assert abs(made["with its inks inverted"][..., 0].astype(int) - RAMP).max() <= 1
    np.testing.assert_array_equal(made["without black ink"][..., 0], 255 - RAMP)
