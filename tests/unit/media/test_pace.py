"""Whether frames come at one rate."""

from __future__ import annotations

import pytest

from curate.media.pace import Pace


@pytest.mark.parametrize(
    ("gaps", "typical", "steady"),
    [
        ([], 0.0, True),
        ([0.04] * 9, 0.04, True),
        ([0.033, 0.034, 0.033], 0.033, True),
        ([0.04] * 9 + [0.08], 0.04, False),
        ([0.04] * 9 + [0.0], 0.04, False),
        ([0.05, 0.04], 0.04, False),
    ],
)
def test_pace_is_the_commonest_distance(gaps, typical, steady) -> None:
    pace = Pace()
    for gap in gaps:
        pace.add(gap)
    assert (pace.typical, pace.steady) == (typical, steady)
