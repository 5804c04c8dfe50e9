"""Sums of digests: those of findings make the evidence of an entry, whatever their order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.audit.gather import added

# Words that carry, as well as any.
WORDS = st.sampled_from([0, 1, 2**64 - 1, 2**63]) | st.integers(0, 2**64 - 1)
NUMBERS = st.lists(WORDS, min_size=4, max_size=4).map(
    lambda words: sum(word << (64 * place) for place, word in enumerate(words))
)


@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=5))
def test_digests_add_up_as_whole_numbers_do(rows: list[tuple[int, int, int]]) -> None:
    terms = [
        np.frombuffer(b"".join(number.to_bytes(32, "big") for number in column), np.uint8).reshape(
            -1, 32
        )
        for column in (zip(*rows, strict=True) if rows else ((), (), ()))
    ]

    found = [int.from_bytes(bytes(row), "big") for row in added(*terms)]

    assert found == [sum(row) % 2**256 for row in rows]
