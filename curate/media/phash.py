"""pHash and dHash, 64 bits each, as the imagehash package defines them.

pHash: Zauner's DCT hash in the form of hackerfactor.com (2011), reduced to 32 x 32. dHash:
the horizontal gradient hash, reduced to 9 x 8. Both reduce Pillow's luma with Pillow's
Lanczos filter; at scale 1 the bits are imagehash's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curate.media.resample import lanczos_band, lanczos_band_single

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.kernels import Kernels


def phash(small: npt.NDArray[np.uint8]) -> bytes:
    """Return the pHash of a reduction to 32 x 32, 8 bytes big-endian."""
    from scipy.fft import dct

    low = dct(dct(small.astype(np.float64), axis=0), axis=1)[:8, :8]
    return np.packbits(low > np.median(low)).tobytes()


def dhash(small: npt.NDArray[np.uint8]) -> bytes:
    """Return the horizontal dHash of a reduction to 8 rows of 9, 8 bytes big-endian."""
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes()


def hashes(
    grey: npt.NDArray[np.uint8],
    size: tuple[int, int],
    scale: int,
    kernels: Kernels,
    *,
    exact: bool = True,
) -> tuple[bytes, bytes]:
    """Return pHash and dHash of a picture, 8 bytes each, big-endian.

    Args:
        grey: Luma at 1/`scale`, shape (ceil(H / scale), ceil(W / scale)).
        size: Width and height of the full picture in pixels.
        scale: Reduction at which `grey` was decoded.
        kernels: What computes the reduction.
        exact: Reduce with Pillow's own numbers; else in float32, which is worth it only where
            `grey` is not Pillow's luma anyway.
    """
    return (
        phash(reduced(grey, size, scale, (32, 32), kernels, exact=exact)),
        dhash(reduced(grey, size, scale, (9, 8), kernels, exact=exact)),
    )


def reduced(
    plane: npt.NDArray[np.uint8],
    size: tuple[int, int],
    scale: int,
    target: tuple[int, int],
    kernels: Kernels,
    *,
    exact: bool = True,
) -> npt.NDArray[np.uint8]:
    """Return `plane` reduced to `target` (width, height), at scale 1 exactly as Pillow resizes.

    Rounding after the first axis makes the order of the axes matter. Since version 13 Pillow
    takes the height first where it shrinks by more than twice as many pixels as the width.
    """
    band = lanczos_band if exact else lanczos_band_single
    columns, rows = band(size[0], target[0], scale), band(size[1], target[1], scale)
    shrink = size[1] - target[1]
    if shrink > 0 and shrink > 2 * (size[0] - target[0]):
        return kernels.reduce_fixed(np.ascontiguousarray(plane.T), columns, rows).T
    return kernels.reduce_fixed(plane, rows, columns)


def hamming(left: bytes, right: bytes) -> int:
    r"""Return the Hamming distance of two hashes of equal length, in bits.

    >>> hamming(b"\x0f", b"\x01")
    3
    """
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()
