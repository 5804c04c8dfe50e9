"""pHash and dHash, 64 bits each, as the imagehash package defines them.

pHash: Zauner's DCT hash in the form of hackerfactor.com (2011), reduced to 32 x 32. dHash:
the horizontal gradient hash, reduced to 9 x 8. Both reduce Pillow's luma with Pillow's
Lanczos filter; at scale 1 the bits are imagehash's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curate.media.resample import lanczos_band

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.kernels import Kernels


def phash(
    grey: npt.NDArray[np.uint8], size: tuple[int, int], scale: int, kernels: Kernels
) -> bytes:
    """Return the pHash of a picture, 8 bytes big-endian.

    Args:
        grey: Luma at 1/`scale`, shape (ceil(H / scale), ceil(W / scale)).
        size: Width and height of the full picture in pixels.
        scale: Reduction at which `grey` was decoded.
        kernels: What computes the reduction.
    """
    from scipy.fft import dct

    width, height = size
    rows, columns = lanczos_band(height, 32, scale), lanczos_band(width, 32, scale)
    small = kernels.reduce_fixed(grey, rows, columns).astype(np.float64)
    low = dct(dct(small, axis=0), axis=1)[:8, :8]
    return np.packbits(low > np.median(low)).tobytes()


def dhash(
    grey: npt.NDArray[np.uint8], size: tuple[int, int], scale: int, kernels: Kernels
) -> bytes:
    """Return the horizontal dHash of a picture, 8 bytes big-endian; arguments as `phash`."""
    width, height = size
    rows, columns = lanczos_band(height, 8, scale), lanczos_band(width, 9, scale)
    small = kernels.reduce_fixed(grey, rows, columns)
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes()


def hamming(left: bytes, right: bytes) -> int:
    r"""Return the Hamming distance of two hashes of equal length, in bits.

    >>> hamming(b"\x0f", b"\x01")
    3
    """
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()
