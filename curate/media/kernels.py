"""The sums over pixels that a probe spends its time in, behind one interface.

`Kernels` in numpy is the definition; `compiled` gives the same numbers faster.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.resample import Band

    Bytes8 = npt.NDArray[np.uint8]


class Kernels(Protocol):
    """What sums over pixels."""

    name: str
    """For the record: which implementation computed a hash."""

    def reduce_float(self, grey: Bytes8, rows: Band, columns: Band) -> npt.NDArray[np.float32]:
        """Reduce by float weights; see `resample.reduce_float`."""

    def reduce_fixed(self, grey: Bytes8, rows: Band, columns: Band) -> Bytes8:
        """Reduce in fixed point; see `resample.reduce_fixed`."""

    def moments(self, grey: Bytes8) -> tuple[float, float]:
        """Return mean and standard deviation of all samples."""

    def laplacian_variance(self, grey: Bytes8, factor: int) -> float:
        """Return the variance of the 4-neighbour Laplacian after a box reduction by `factor`."""


class NumpyKernels:
    """The definition, in numpy: needs no compiler."""

    name = "numpy"

    def reduce_float(self, grey: Bytes8, rows: Band, columns: Band) -> npt.NDArray[np.float32]:
        """Reduce by float weights; see `resample.reduce_float`."""
        from curate.media.resample import reduce_float

        return reduce_float(grey, rows, columns)

    def reduce_fixed(self, grey: Bytes8, rows: Band, columns: Band) -> Bytes8:
        """Reduce in fixed point; see `resample.reduce_fixed`."""
        from curate.media.resample import reduce_fixed

        return reduce_fixed(grey, rows, columns)

    def moments(self, grey: Bytes8) -> tuple[float, float]:
        """Return mean and standard deviation of all samples."""
        return float(grey.mean(dtype=np.float64)), float(grey.std(dtype=np.float64))

    def laplacian_variance(self, grey: Bytes8, factor: int) -> float:
        """Return the variance of the 4-neighbour Laplacian after a box reduction by `factor`.

        Incomplete boxes at the right and bottom are left out, and so are the outermost
        samples, which lack a neighbour. Below 3 samples a side the variance is 0.
        """
        height, width = grey.shape[0] // factor, grey.shape[1] // factor
        if min(height, width) < 3:
            return 0.0
        boxes = grey[: height * factor, : width * factor].astype(np.float32)
        small = boxes.reshape(height, factor, width, factor).mean(axis=(1, 3))
        around = small[:-2, 1:-1] + small[2:, 1:-1] + small[1:-1, :-2] + small[1:-1, 2:]
        return float(np.var(around - 4 * small[1:-1, 1:-1], dtype=np.float64))


@cache
def default_kernels() -> Kernels:
    """Return the fastest kernels that this machine can run."""
    return NumpyKernels()
