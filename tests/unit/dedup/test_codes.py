"""Codes as bytes and words; equal codes collapsed."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup import codes as module
from curate.dedup.codes import checked, collapse, pack_codes, unpack_codes
from curate.errors import InputError

ITEMS = [bytes(range(32)), bytes(32), b"\xff" * 32]


def test_pack_codes_reads_the_most_significant_byte_first() -> None:
    packed = pack_codes([bytes([1, 0, 0, 0, 0, 0, 0, 2])])

    assert packed.tolist() == [[(1 << 56) + 2]]


@given(st.sampled_from([8, 16, 32]).flatmap(lambda w: st.lists(st.binary(min_size=w, max_size=w))))
def test_unpack_codes_undoes_pack_codes(items) -> None:
    assert unpack_codes(pack_codes(items)) == items


@pytest.mark.parametrize(
    "array",
    [
        pa.array(ITEMS),
        pa.array(ITEMS, pa.large_binary()),
        pa.array(ITEMS, pa.binary(32)),
        pa.array([b"\x01" * 32, *ITEMS], pa.binary(32)).slice(1),
        pa.array([b"\x01" * 32, *ITEMS]).slice(1),
        pa.chunked_array([ITEMS[:1], ITEMS[1:]]),
        np.frombuffer(b"".join(ITEMS), np.uint8).reshape(3, 32),
    ],
    ids=["binary", "large", "fixed", "fixed-slice", "slice", "chunked", "numpy"],
)
def test_pack_codes_reads_every_form_alike(array) -> None:
    assert np.array_equal(pack_codes(array), pack_codes(ITEMS))


@pytest.mark.parametrize("empty", [[], pa.array([], pa.binary())], ids=["list", "arrow"])
def test_pack_codes_of_nothing_is_empty(empty) -> None:
    assert pack_codes(empty).shape == (0, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([b"12345678", b"1234"], "differ in length"),
        ([b"12345678", None], "differ in length"),
        ([b"1234"], "multiple of 8"),
        (pa.array([b"12345678", None]), "missing"),
        (pa.array([b"12345678", b"1234"]), "expected one length"),
        (pa.array([b""]), "multiple of 8"),
    ],
)
def test_pack_codes_refuses_what_is_no_code(values, message) -> None:
    with pytest.raises(InputError, match=message):
        pack_codes(values)


@pytest.mark.parametrize("codes", [np.zeros(3, np.uint64), np.zeros((3, 1), np.int64)])
def test_checked_refuses_another_form(codes) -> None:
    with pytest.raises(InputError, match="expected uint64"):
        checked(codes)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40))
def test_collapse_gives_the_classes_of_equal_codes(values) -> None:
    codes = np.array(values, np.uint64).reshape(-1, 2)

    classes = collapse(codes)

    expected: dict[tuple[int, int], list[int]] = {}
    for row, value in enumerate(values):
        expected.setdefault(value, []).append(row)
    rows = np.arange(len(codes)) if classes.order is None else classes.order
    parts = np.split(rows, np.cumsum(classes.sizes)[:-1]) if len(codes) else []
    assert [part.tolist() for part in parts] == list(expected.values())
    assert [tuple(code) for code in classes.codes.tolist()] == list(expected)
    assert classes.first.tolist() == [rows[0] for rows in expected.values()]


def test_collapse_survives_codes_that_mix_to_the_same_word(monkeypatch) -> None:
    codes = np.array([[1, 2], [3, 4], [1, 2], [5, 6]], np.uint64)
    monkeypatch.setattr(module, "_mixed", lambda codes: np.zeros(len(codes), np.uint64))

    classes = collapse(codes)

    assert classes.sizes.tolist() == [2, 1, 1]
    assert classes.first.tolist() == [0, 1, 3]
