"""Silence at the head of a sound track: generated speech often starts without any.

Works on PyAV's decoded audio frames, and imports nothing of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# -60 dB of full scale: dither and codec noise lie below, breath and rooms above.
_AUDIBLE = 1e-3
_LONGEST_SECONDS = 60.0


class Silence:
    """Listens until the first sound, or for a minute."""

    def __init__(self) -> None:
        self.over = False
        self._seconds: float | None = None

    @property
    def milliseconds(self) -> int | None:
        """Length of the silence; None where no sound track could be heard."""
        return None if self._seconds is None else round(1000 * self._seconds)

    def add(self, sound: Any) -> None:
        """Take the next frame of the sound track."""
        level = loudest(sound.to_ndarray(), sound.format.is_planar, sound.layout.nb_channels)
        loud = np.flatnonzero(level > _AUDIBLE)
        silent = int(loud[0]) if len(loud) else len(level)
        self._seconds = (self._seconds or 0.0) + silent / sound.sample_rate
        self.over = bool(len(loud)) or self._seconds >= _LONGEST_SECONDS


def loudest(
    samples: npt.NDArray[Any],
    planar: bool,  # noqa: FBT001
    channels: int,
) -> npt.NDArray[np.float64]:
    """Return the loudest channel at each instant, 0 to 1 of full scale, shape (T,).

    Args:
        samples: Shape (channels, T) where planar, else (1, T * channels); floats from -1 to 1,
            signed integers, or uint8 around 128.
        planar: Whether each channel has a row of its own.
        channels: How many there are.
    """
    by_channel = samples if planar else samples.reshape(-1, channels).T
    level = by_channel.astype(np.float64)
    if samples.dtype == np.uint8:
        level = (level - 128) / 128
    elif samples.dtype.kind == "i":
        level /= -float(np.iinfo(samples.dtype).min)
    return np.abs(level).max(axis=0, initial=0.0)
