"""How loud a sound track is, in whichever form its samples come."""

from __future__ import annotations

import numpy as np
import pytest

from curate.media.audio import loudest

WAVE = np.array([0.0, 0.5, -1.0, 0.25])


@pytest.mark.parametrize(
    ("samples", "planar"),
    [
        (np.stack([WAVE, WAVE / 2]).astype(np.float32), True),
        (np.stack([WAVE / 2, WAVE], axis=1).reshape(1, -1).astype(np.float32), False),
        ((np.stack([WAVE, WAVE * 0]) * 2**15).astype(np.int16), True),
        ((np.stack([WAVE, WAVE * 0], axis=1).reshape(1, -1) * 2**31).astype(np.int32), False),
        ((np.stack([WAVE, WAVE]) * 128 + 128).astype(np.uint8), True),
    ],
    ids=["float planes", "float packed", "int16 planes", "int32 packed", "uint8 planes"],
)
def test_loudest_channel_is_in_parts_of_full_scale(samples, planar) -> None:
    assert loudest(samples, planar, 2) == pytest.approx(np.abs(WAVE))
