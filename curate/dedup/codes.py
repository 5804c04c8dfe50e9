"""Perceptual codes as words: from bytes and back, and equal codes collapsed to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import InputError

Codes = NDArray[np.uint64]
Rows = NDArray[np.int64]

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads every input bit


def pack_codes(values: Sequence[bytes] | NDArray[Any] | Any) -> Codes:
    """Turn codes as bytes, most significant byte first, into words.

    Args:
        values: A list of equally long `bytes`; an Arrow binary array (fixed or variable width,
            chunked or not, without nulls); or a uint8 array of shape (n, bytes).

    Returns:
        Codes, shape (n, words) uint64; (0, 1) for an empty list. The first eight bytes of a
        code are word 0.

    Raises:
        InputError: A code is missing, the codes differ in length, or the length is not a
            multiple of 8 bytes.
    """
    raw = _as_bytes(values)
    if raw.shape[1] % 8 or not raw.shape[1]:
        raise InputError(f"a code has {raw.shape[1]} bytes, expected a multiple of 8")
    return np.ascontiguousarray(raw).view(">u8").astype(np.uint64)


def unpack_codes(codes: Codes) -> list[bytes]:
    """Turn words, shape (n, words) uint64, back into bytes, most significant byte first."""
    width = codes.shape[1] * 8
    raw = np.ascontiguousarray(codes, dtype=np.uint64).astype(">u8").tobytes()
    return [raw[start : start + width] for start in range(0, len(raw), width)]


def checked(codes: Codes) -> Codes:
    """Return `codes` in C order, after checking that they are (n, words) uint64."""
    if codes.ndim != 2 or codes.dtype != np.uint64 or codes.shape[1] < 1:
        raise InputError(
            f"codes are {codes.dtype} of shape {codes.shape}, expected uint64 (n, words)",
            hint="make them with pack_codes",
        )
    return np.ascontiguousarray(codes)


def _as_bytes(values: Any) -> NDArray[np.uint8]:
    if isinstance(values, np.ndarray) and values.dtype == np.uint8 and values.ndim == 2:
        return values
    if hasattr(values, "null_count"):
        return _arrow_bytes(values)
    items = [bytes(value) if value is not None else b"" for value in values]
    if not items:
        return np.empty((0, 8), np.uint8)
    widths = {len(item) for item in items}
    if len(widths) > 1:
        raise InputError(f"codes differ in length: {sorted(widths)} bytes")
    return np.frombuffer(b"".join(items), np.uint8).reshape(len(items), -1)


def _arrow_bytes(array: Any) -> NDArray[np.uint8]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if array.null_count:
        raise InputError(f"{array.null_count} codes are missing", hint="drop the nulls first")
    if not len(array):
        return np.empty((0, 8), np.uint8)
    if isinstance(array, pa.ChunkedArray):
        array = pa.chunked_array(array.chunks, type=array.type).combine_chunks()
    widths = pc.min_max(pc.binary_length(array)).as_py()
    if widths["min"] != widths["max"]:
        raise InputError(
            f"codes have {widths['min']} to {widths['max']} bytes, expected one length"
        )
    fixed = array.cast(pa.binary(widths["min"])) if widths["min"] else array
    start = fixed.offset * widths["min"]
    raw = np.frombuffer(fixed.buffers()[1], np.uint8)[start : start + len(fixed) * widths["min"]]
    return raw.reshape(len(fixed), widths["min"])


@dataclass(frozen=True)
class Distinct:
    """Codes with equal ones collapsed: class `k` is the rows ``order[starts[k]:starts[k + 1]]``.

    Classes stand in the order of their first row, so that a smaller class holds a smaller row.
    """

    codes: Codes
    """One code per class, shape (classes, words) uint64."""
    order: Rows | None
    """Rows by class; None when no two codes are equal, and a class is its row."""
    starts: Rows | None
    """Shape (classes + 1,); None as above."""

    @property
    def first(self) -> Rows:
        """The first row of each class."""
        if self.order is None or self.starts is None:
            return np.arange(len(self.codes))
        return self.order[self.starts[:-1]]

    @property
    def sizes(self) -> Rows:
        """The number of rows of each class."""
        if self.starts is None:
            return np.ones(len(self.codes), np.int64)
        return np.diff(self.starts)


def collapse(codes: Codes) -> Distinct:
    """Find equal codes by sorting a 64-bit mix of the words; collisions are checked for.

    Args:
        codes: Shape (n, words) uint64, C order.

    Returns:
        The classes. Nothing is copied when all codes differ.
    """
    mixed = _mixed(codes)
    probe = mixed.copy() if codes.shape[1] == 1 else mixed
    probe.sort()
    if len(codes) < 2 or not (probe[1:] == probe[:-1]).any():
        return Distinct(codes, None, None)
    del probe
    order = np.argsort(_mixed(codes))
    fresh = _class_starts(codes, order)
    if fresh is None:
        order = np.lexsort(codes.T)
        fresh = np.any(codes[order[1:]] != codes[order[:-1]], axis=1)
    return _in_first_order(codes, order, fresh)


def _mixed(codes: Codes) -> NDArray[np.uint64]:
    """Return one word per code that equal codes share; for one word the code itself."""
    mixed = codes[:, 0]
    for word in range(1, codes.shape[1]):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX + codes[:, word]
    return mixed


def _class_starts(codes: Codes, order: Rows) -> NDArray[np.bool_] | None:
    """Tell which sorted rows open a class; None when different codes mix to the same word."""
    mixed = _mixed(codes)[order]
    fresh = mixed[1:] != mixed[:-1]
    doubtful = np.flatnonzero(~fresh)
    if codes.shape[1] > 1 and (codes[order[doubtful]] != codes[order[doubtful + 1]]).any():
        return None
    return fresh


def _in_first_order(codes: Codes, order: Rows, fresh: NDArray[np.bool_]) -> Distinct:
    starts = np.concatenate(([0], np.flatnonzero(fresh) + 1, [len(codes)]))
    first = np.minimum.reduceat(order, starts[:-1])
    class_of = np.empty(len(codes), np.int64)
    rank = np.empty(len(first), np.int64)
    by_first = np.argsort(first)
    rank[by_first] = np.arange(len(first))
    class_of[order] = np.repeat(rank, np.diff(starts))
    order = np.argsort(class_of, kind="stable")
    sizes = np.bincount(class_of, minlength=len(first))
    return Distinct(codes[first[by_first]], order, np.concatenate(([0], np.cumsum(sizes))))
