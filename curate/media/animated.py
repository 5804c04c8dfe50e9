"""Frames of GIF, WebP, PNG and AVIF animations, by Pillow: with `video`'s rules for limits."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curate.engine.watch import alive
from curate.media.animation import shown_ms
from curate.media.decode import Decoded, check_size, classified, to_8bit, upright
from curate.media.exif import parse_exif
from curate.media.kernels import default_kernels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from PIL import Image

    from curate.media.limits import Limits
    from curate.media.sniff import Format
    from curate.media.video import Extent

    Bytes8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AnimationPicture:
    """One frame of an animation."""

    frame: int
    seconds: float
    pixels: Bytes8
    """Upright sRGB on white, shape (H, W, 3)."""

    def grey(self) -> Bytes8:
        """Return its luma, shape (H, W)."""
        return default_kernels().luma(self.pixels)

    def rgb(self) -> Bytes8:
        """Return its colours, shape (H, W, 3)."""
        return self.pixels


class AnimationReader:
    """Reads the frames of an animation, once.

    Args:
        data: The whole file.
        found: The sniffed format.
        limits: What the file may cost.
    """

    def __init__(self, data: bytes, found: Format, limits: Limits) -> None:
        self._data = data
        self._found = found
        self._limits = limits
        self._errors = 0
        self._whole = True

    def pictures(self) -> Iterator[AnimationPicture]:
        """Yield the frames in order, up to the first that is damaged.

        Raises:
            UnreadableError: The first one is.
        """
        from PIL import Image

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = Image.open(io.BytesIO(self._data), formats=(self._found.name,))
                check_size(*image.size, self._limits)
            except Exception as error:
                raise classified(error) from error
            yield from self._frames(image)

    def facts(self) -> dict[str, object]:
        """Return columns of table ``content``, once the frames have been read."""
        extent: Extent = "every" if self._whole else "part"
        return {"frames_read": extent, "decode_errors": self._errors}

    def close(self) -> None:
        """Do nothing: the bytes are the caller's."""

    def _frames(self, image: Image.Image) -> Iterator[AnimationPicture]:
        limits = self._limits
        pixels, shown = 0, 0
        orientation = parse_exif(image.info.get("exif") or b"").orientation
        for frame in range(getattr(image, "n_frames", 1)):
            alive()
            pixels += image.width * image.height
            if pixels > limits.max_decoded_pixels or frame >= limits.max_decoded_frames:
                self._whole = False
                return
            try:
                image.seek(frame)
                colours = _on_white(image)
            except Exception as error:
                if frame == 0:
                    raise classified(error) from error
                self._whole, self._errors = False, 1
                return
            yield AnimationPicture(frame, shown / 1000, upright(colours, orientation))
            shown += shown_ms(round(image.info.get("duration") or 0))


def _on_white(image: Image.Image) -> Bytes8:
    pixels = np.asarray(image.convert("RGBA"))
    return to_8bit(Decoded(pixels, "RGBA", image.mode, 8, None, None, has_icc=False, page_count=1))
