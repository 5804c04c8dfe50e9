"""Features as bins: a column of numbers or of words becomes a few codes, blind to labels.

Edges of bins come from all values together. If labels had a say in them, permuting labels
afterwards would no longer be a fair comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MAX_BINS = 32
SAMPLE = 100_000
NOTHING = "none"
OTHERS = "others"

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Coded:
    """One feature in bins.

    Attributes:
        name: What the feature is called.
        code: Each row's bin, shape (N,).
        names: What the bins are called, in order; ``none`` where there is no value.
    """

    name: str
    code: Codes
    names: tuple[str, ...]


def bins_for(smallest: int) -> int:
    """Return how many bins numbers get, where the rarest label has so many independent rows.

    Half the square root, so that a bin holds twice as many rows of that label as there are bins.

    >>> bins_for(30), bins_for(400), bins_for(100_000)
    (3, 10, 16)
    """
    return int(np.clip(np.sqrt(smallest) / 2, 3, 16))


def encode(name: str, column: pa.ChunkedArray | pa.Array, bins: int) -> Coded:
    """Return a column in bins.

    Args:
        name: What it is called.
        column: Numbers, booleans or words; null and not-a-number have a bin of their own, since
            that something is absent may tell a label too.
        bins: How many bins numbers get at most; words get `MAX_BINS`, the rarest together.
    """
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = whole.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _numbers(name, whole, bins)
    words = whole.cast(pa.string()) if not pa.types.is_string(kind) else whole
    return _words(name, words)


def _numbers(name: str, column: pa.Array, bins: int) -> Coded:
    values = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan"))
    values = values.to_numpy(zero_copy_only=False)
    absent = ~np.isfinite(values)
    there = values[~absent]
    if not len(there):
        return Coded(name, np.zeros(len(values), np.uint8), (NOTHING,))
    # Every so many rows: quantiles of a million values need no more than a tenth of them.
    some = there[:: max(1, len(there) // SAMPLE)]
    edges = np.unique(some)
    if len(edges) > bins:
        edges = np.unique(np.quantile(some, np.linspace(0, 1, bins + 1)[:-1], method="lower"))
    # A bin begins at its edge; what lies below the first one seen belongs to the first bin.
    code = np.searchsorted(edges[1:], values, side="right").astype(np.uint8)
    code[absent] = len(edges)
    ends = [f"below {edge:.6g}" for edge in edges[1:]]
    names = (*ends, f"{edges[-1]:.6g} and above") if ends else (f"{edges[0]:.6g}",)
    return _dense(name, code, (*names, NOTHING))


def _words(name: str, column: pa.Array) -> Coded:
    encoded = column.dictionary_encode()
    code = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    words = encoded.dictionary.to_pylist()
    count = np.bincount(code[code >= 0], minlength=len(words))
    # The commonest first, and equal ones by name: the order of rows decides nothing.
    order = sorted(range(len(words)), key=lambda at: (-count[at], words[at]))
    place = np.full(len(words) + 1, MAX_BINS - 2, np.uint8)
    place[order[: MAX_BINS - 2]] = np.arange(min(len(order), MAX_BINS - 2))
    place[-1] = MAX_BINS - 1
    names = [words[at] for at in order[: MAX_BINS - 2]]
    filled = [*names, *[""] * (MAX_BINS - 2 - len(names)), OTHERS, NOTHING]
    return _dense(name, place[code], tuple(filled))


def _dense(name: str, code: Codes, names: tuple[str, ...]) -> Coded:
    """Return the feature with only the bins that have rows."""
    used = np.flatnonzero(np.bincount(code, minlength=len(names)))
    place = np.zeros(len(names), np.uint8)
    place[used] = np.arange(len(used))
    return Coded(name, place[code], tuple(names[at] for at in used))
