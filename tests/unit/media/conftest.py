"""Pictures that the tests of this room share; all drawn, none of a person."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

Pixels = npt.NDArray[np.uint8]


def draw(width: int = 320, height: int = 240, seed: int = 0) -> Pixels:
    """Return an asymmetric colour picture with smooth noise and edges, shape (H, W, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.asarray(smooth).copy()
    pixels[height // 8 : height // 3, width // 10 : width // 3] = (230, 40, 60)
    pixels[height // 2 : height // 2 + 5, :] = 10
    return pixels


def encode(pixels: Pixels, kind: str = "JPEG", **options: object) -> bytes:
    """Return `pixels` as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def with_orientation(value: int) -> bytes:
    """Return an EXIF block that states an orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes bytes to a named file and returns its path."""

    def write(data: bytes, name: str = "picture.jpg") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write
