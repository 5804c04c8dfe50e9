"""Features as bins: blind to labels, with a place for what is absent."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curate.labels.features import MAX_BINS, NOTHING, OTHERS, encode


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True)), min_size=1), st.integers(2, 16))
def test_numbers_keep_their_order_and_every_row_has_a_bin(
    values: list[float | None], bins: int
) -> None:
    found = encode("x", pa.array(values, pa.float64()), bins)

    assert len(found.code) == len(values)
    assert set(found.code.tolist()) == set(range(len(found.names)))
    there = [(v, c) for v, c in zip(values, found.code, strict=True)
             if v is not None and np.isfinite(v)]  # fmt: skip
    ordered = [int(code) for _, code in sorted(there, key=lambda pair: pair[0])]
    assert ordered == sorted(ordered)
    assert len(found.names) <= bins + 1


def test_numbers_of_few_values_have_a_bin_each() -> None:
    found = encode("quality", pa.array([75, 95, 75, None, 90]), 8)

    assert found.names == ("below 90", "below 95", "95 and above", NOTHING)
    assert found.code.tolist() == [0, 2, 0, 3, 1]


def test_rare_words_share_a_bin_and_the_order_of_rows_decides_nothing() -> None:
    words = [f"w{n:02d}" for n in range(40) for _ in range(40 - n)] + [None]

    found = encode("source", pa.array(words), 8)
    turned = encode("source", pa.array(words[::-1]), 8)

    assert len(found.names) == MAX_BINS
    assert found.names[-2:] == (OTHERS, NOTHING)
    assert found.names == turned.names
    assert found.code.tolist() == turned.code.tolist()[::-1]


def test_yes_and_no_are_words() -> None:
    assert encode("exif", pa.array([True, False, True]), 8).names == ("true", "false")
