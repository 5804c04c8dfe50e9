"""Groups: entries that one kind of tie holds together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.splits.descent import Nodes


@dataclass(frozen=True)
class Groups:
    """Groups of entries: a pair is one membership.

    Attributes:
        item: The entry, shape (M,).
        group: Its group, shape (M,).
        names: What each group is called, G texts.
    """

    item: Nodes
    group: Nodes
    names: pa.Array

    @classmethod
    def named(cls, item: Nodes, names: pa.Array) -> Groups:
        """Return entries grouped by a name of each membership."""
        coded = names.dictionary_encode()
        return cls(item, coded.indices.to_numpy().astype(np.int32), coded.dictionary)

    @classmethod
    def joined(cls, parts: Iterable[Groups]) -> Groups:
        """Return the groups of all parts, each as it is."""
        parts = list(parts)
        first = np.cumsum([0, *(len(p.names) for p in parts)])
        return cls(
            np.concatenate([np.empty(0, np.int32), *(p.item for p in parts)]),
            np.concatenate(
                [np.empty(0, np.int32), *(p.group + np.int32(n) for p, n in zip(parts, first,
                                                                              strict=False))]
            ),
            pa.concat_arrays([pa.array([], pa.string()), *(p.names for p in parts)]),
        )  # fmt: skip


def ints(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """Return a column of numbers as an array."""
    return column.to_numpy().astype(np.int32)
