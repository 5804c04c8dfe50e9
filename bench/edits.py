"""Edits that people and platforms make to pictures, for measuring what finds the copies."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

QUALITY = 90
"""At which an edited picture is saved, unless the quality is the edit."""

Picture = Image.Image
Edit = Callable[[Picture], bytes]


def saved(picture: Picture, quality: int = QUALITY) -> bytes:
    """Return a picture as a JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def resized(picture: Picture, factor: float) -> Picture:
    """Scale both sides."""
    size = tuple(max(1, round(side * factor)) for side in picture.size)
    return picture.resize(size, Image.Resampling.LANCZOS)  # type: ignore[arg-type]


def cropped(picture: Picture, percent: int, *, side: float = 0.5) -> Picture:
    """Take `percent` off the width and off the height; `side` of it on the left and above."""
    width, height = picture.size
    off_x, off_y = width * percent / 100, height * percent / 100
    left, top = off_x * side, off_y * side
    return picture.crop((round(left), round(top), round(left + width - off_x),
                         round(top + height - off_y)))  # fmt: skip


def captioned(picture: Picture) -> Picture:
    """Lay a white bar with words over the lowest tenth."""
    copy = picture.copy()
    width, height = copy.size
    draw = ImageDraw.Draw(copy)
    draw.rectangle((0, height * 9 // 10, width, height), fill="white")
    draw.text((width // 20, height * 92 // 100), "WHEN YOU SEE IT", fill="black",
              font_size=height // 16)  # fmt: skip
    return copy


def bordered(picture: Picture, percent: int) -> Picture:
    """Add a black border as wide as `percent` of the shorter side."""
    return ImageOps.expand(picture, max(1, min(picture.size) * percent // 100), "black")


def sepia(picture: Picture) -> Picture:
    """Tone it brown by the usual matrix."""
    brown = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)
    return picture.convert("RGB", brown)


def gamma(picture: Picture, power: float) -> Picture:
    """Brighten below 1, darken above."""
    curve = (255 * (np.arange(256) / 255) ** power).round().astype(int).tolist()
    return picture.point(curve * 3)


def _then_saved(picture: Picture, change: Callable[[Picture], Picture]) -> bytes:
    return saved(change(picture))


def _contrast(picture: Picture, factor: float) -> Picture:
    return ImageEnhance.Contrast(picture).enhance(factor)


def _turned(picture: Picture, how: Image.Transpose) -> Picture:
    return picture.transpose(how)


_CHANGES: dict[str, Callable[[Picture], Picture]] = {
    **{f"resized x{f}": partial(resized, factor=f) for f in (0.25, 0.5, 0.75, 1.5, 2.0)},
    **{f"cropped {p} %": partial(cropped, percent=p) for p in (1, 2, 5, 10, 15)},
    "cropped 5 %, one corner": partial(cropped, percent=5, side=0),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "rotated 90": partial(_turned, how=Image.Transpose.ROTATE_90),
    "rotated 180": partial(_turned, how=Image.Transpose.ROTATE_180),
    "rotated 270": partial(_turned, how=Image.Transpose.ROTATE_270),
    "rotated by 2 degrees": lambda picture: picture.rotate(2, Image.Resampling.BICUBIC),
    "rotated by 10 degrees": lambda picture: picture.rotate(10, Image.Resampling.BICUBIC),
    "captioned": captioned,
    "bordered 2 %": partial(bordered, percent=2),
    "bordered 10 %": partial(bordered, percent=10),
    "blurred, 2 px": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "blurred, 6 px": lambda picture: picture.filter(ImageFilter.GaussianBlur(6)),
    "contrast x0.6": partial(_contrast, factor=0.6),
    "contrast x1.6": partial(_contrast, factor=1.6),
    "gamma 1.6": partial(gamma, power=1.6),
    "sepia": sepia,
    "grey": lambda picture: picture.convert("L").convert("RGB"),
}

EDITS: dict[str, Edit] = {
    **{f"saved at quality {q}": partial(saved, quality=q) for q in (95, 75, 50, 30, 10)},
    **{name: partial(_then_saved, change=change) for name, change in _CHANGES.items()},
}
"""What is done to a picture, by name: each returns the edited file."""
