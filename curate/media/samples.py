"""Samples of pictures as they are stored, where Pillow hands out fewer bits or planes."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from curate.media.decode import open_picture, upright
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.decode import Decoded
    from curate.media.sniff import Format

    Samples = npt.NDArray[Any]

# Pillow takes the high byte of samples of 16 bits; in the other order of bytes it is the low one.
_OTHER_ORDER = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}
# Under these a fourth or second plane is left out, and how it is read.
_LEFT_OUT = {
    "RGBX": ("RGBA", "RGBA"),
    "BGRX": ("RGBA", "BGRA"),
    "LX": ("LA", "LA"),
    "PX": ("PA", "PA"),
}


def wide_samples(data: bytes, found: Format, decoded: Decoded) -> Samples | None:
    """Return a picture's samples with all of their bits, upright, transparency included.

    Returns:
        Shape (H, W) or (H, W, C); None for samples of 8 bits or fewer.

    Raises:
        UnreadableError: They have more bits, and nothing that is installed reads them.
    """
    if found.name == "PPM":
        return _anymap(data)
    if decoded.layout in {"I;16", "I", "F"}:
        return decoded.pixels
    if decoded.bit_depth <= 8:
        return None
    if found.name == "HEIF":
        import pillow_heif

        # Turned by libheif.
        return np.asarray(pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False))
    samples = _both_bytes(data, found) if found.name in {"PNG", "TIFF"} else None
    if samples is None:
        detail = f"of samples of {decoded.bit_depth} bits only the highest 8 are read"
        raise UnreadableError(Reason.UNSUPPORTED, detail)
    return upright(samples, None if found.name == "TIFF" else decoded.orientation)


def _both_bytes(data: bytes, found: Format) -> Samples | None:
    high = open_picture(data, found)
    name = _raw_mode(high)
    if name == "LA;16B" and high.mode == "RGBA":  # four bytes for each pixel: two samples
        high.tile = [tile._replace(args="RGBA") for tile in high.tile]
        return np.asarray(high).view(">u2")
    kind, _, order = name.partition(";")
    if order not in _OTHER_ORDER:
        return None
    low = open_picture(data, found)
    _read_as(low, f"{kind};{_OTHER_ORDER[order]}")
    both = np.asarray(high).astype(np.uint16) << 8
    return both | np.asarray(low)


def left_out_plane(data: bytes, found: Format) -> Samples | None:
    """Return the plane that a TIFF or BMP has beside its colours and that nothing shows, upright.

    Returns:
        Shape (H, W), uint8; None where there is none.
    """
    image = open_picture(data, found)
    kind, _, order = _raw_mode(image).partition(";")
    if kind not in _LEFT_OUT:
        return None
    image._mode, kind = _LEFT_OUT[kind]  # noqa: SLF001 - Pillow has no other way to ask
    _read_as(image, f"{kind};{order}" if order else kind)
    return np.ascontiguousarray(np.asarray(image)[..., -1])


def stored_colours(data: bytes, found: Format) -> Samples | None:
    """Return colours as stored of a picture that was multiplied by its transparency, upright.

    Undoing the multiplication loses what stands under pixels that are transparent.

    Returns:
        Shape (H, W, 3) or (H, W), uint8; None for a picture of another kind.
    """
    if found.name != "TIFF":
        return None
    image = open_picture(data, found)
    kind, _, order = _raw_mode(image).partition(";")
    if kind not in {"RGBa", "La"}:
        return None
    kind = kind.upper()
    image._mode = kind  # noqa: SLF001 - as above
    _read_as(image, f"{kind};{order}" if order else kind)
    colours = np.ascontiguousarray(np.asarray(image)[..., :-1])
    return colours[..., 0] if colours.shape[2] == 1 else colours


def _raw_mode(image: Any) -> str:
    if not image.tile:
        return ""
    args = image.tile[0].args
    return str(args[0] if isinstance(args, tuple) else args)


def _read_as(image: Any, raw_mode: str) -> None:
    image.tile = [
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in image.tile
    ]


_BLANK = rb"(?:\s|#[^\r\n]*[\r\n])+"
_HEAD = re.compile(rb"P([2356])" + _BLANK + rb"(\d+)" + _BLANK + rb"(\d+)" + _BLANK + rb"(\d+)\s")


def _anymap(data: bytes) -> Samples | None:
    """Return the samples of a PGM or PPM whose highest level is not that of one whole byte.

    Pillow stretches them to the level that the header names, and other programs do not.
    """
    head = _HEAD.match(data)
    if head is None:
        return None
    kind, width, height, most = (int(number) for number in head.groups())
    if most == 255:
        return None
    shape = (height, width, 3) if kind in (3, 6) else (height, width)
    count = height * width * (3 if kind in (3, 6) else 1)
    if kind in (2, 3):
        words = re.sub(rb"#[^\r\n]*", b" ", data[head.end() :]).split(None, count)[:count]
        samples = np.array([int(word) for word in words], np.int64)
    else:
        samples = np.frombuffer(data, ">u2" if most > 255 else "u1", count, head.end())
    return samples.reshape(shape)
