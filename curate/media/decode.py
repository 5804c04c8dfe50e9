"""Decode pictures: the one place that turns bytes into pixels, upright, within limits.

Rules kept here:

- The header's size is checked before anything is decoded; a truncated picture is an error.
- The EXIF orientation is applied here and nowhere else.
- Only the decoder of the sniffed format runs; Pillow's other plugins never see the bytes.
- ICC profiles are ignored: numbers are taken as sRGB.
- Transparent pixels are laid on white. Samples of more than 8 bits are scaled to 8: 16-bit by
  their high byte, 32-bit integers as 16-bit, floats from 0..1 (from 0..255 where one is above 1).
- Of an animation or a multi-page file the first frame is read.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from curate.media.exif import parse_exif
from curate.media.sniff import HEAD_BYTES, sniff
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    from curate.media.limits import Limits
    from curate.media.sniff import Format

    Pixels = npt.NDArray[Any]
    Bytes8 = npt.NDArray[np.uint8]

_SIGNS = (
    ("data too large", Reason.BOMB),
    ("security limit", Reason.BOMB),
    ("truncat", Reason.TRUNCATED),
    ("premature end of jpeg file", Reason.TRUNCATED),
    ("unexpected end", Reason.TRUNCATED),
    ("not enough image data", Reason.TRUNCATED),
    ("unsupported", Reason.UNSUPPORTED),
    ("not supported", Reason.UNSUPPORTED),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """One decoded picture, upright."""

    pixels: Pixels
    """As stored but for palettes and colour models without a display: shape (H, W) or
    (H, W, C), dtype uint8, uint16, int32 or float32."""
    layout: str
    """What the channels are: L, LA, RGB, RGBA, CMYK, I;16, I or F."""
    stored_mode: str
    """The file's mode in Pillow's words."""
    bit_depth: int
    orientation: int | None
    exif: bytes | None
    has_icc: bool
    page_count: int
    numbers: Bytes8 | None = None
    """Of a palette in which two numbers in use have one colour: the numbers, shape (H, W)."""


def picture_format(data: bytes) -> Format:
    """Return the format of a picture, by its first bytes.

    Raises:
        UnreadableError: They are no picture's that is read.
    """
    found = sniff(data[:HEAD_BYTES])
    if found is None or found.kind != "image" or not found.readable:
        name = found.name if found else "no known format"
        raise UnreadableError(Reason.NOT_MEDIA, f"not a picture that is read: {name}")
    return found


def check_size(width: int, height: int, limits: Limits, *, most: int | None = None) -> None:
    """Refuse a picture of no pixels or of more than the limits allow, or than `most`.

    Raises:
        UnreadableError: ``bomb`` or ``corrupt``.
    """
    if width < 1 or height < 1:
        raise UnreadableError(Reason.CORRUPT, f"the header states {width} x {height} pixels")
    most = limits.max_pixels if most is None else most
    if width * height > most:
        detail = f"{width} x {height} pixels, more than {most}"
        raise UnreadableError(Reason.BOMB, detail)


def upright(pixels: Pixels, orientation: int | None) -> Pixels:
    """Return `pixels` as displayed (CIPA DC-008 section 4.6.4, tag 0x0112).

    Args:
        pixels: Shape (H, W) or (H, W, C).
        orientation: EXIF value 1 to 8; None displays as 1.

    Returns:
        A contiguous array; the input itself where nothing is to be done.
    """
    match orientation:
        case 2:
            turned = pixels[:, ::-1]
        case 3:
            turned = pixels[::-1, ::-1]
        case 4:
            turned = pixels[::-1]
        case 5:
            turned = pixels.swapaxes(0, 1)
        case 6:
            turned = np.rot90(pixels, -1)
        case 7:
            turned = pixels[::-1, ::-1].swapaxes(0, 1)
        case 8:
            turned = np.rot90(pixels, 1)
        case _:
            return np.ascontiguousarray(pixels)
    return np.ascontiguousarray(turned)


def decode(data: bytes, found: Format, limits: Limits) -> Decoded:
    """Return the first frame of `data`, decoded whole by Pillow (HEIF by libheif).

    Raises:
        UnreadableError: It cannot be decoded whole, or exceeds the limits.
    """
    # A decoder's complaint about untrusted bytes can be any exception: each means the same.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(data, found, limits)
    except UnreadableError:
        raise
    except Exception as error:
        raise classified(error) from error


def _decode(data: bytes, found: Format, limits: Limits) -> Decoded:
    image = open_picture(data, found)
    width, height = image.size
    check_size(width, height, limits)
    return decoded_of(image, data, found)


def decoded_of(image: Image.Image, data: bytes, found: Format) -> Decoded:
    """Return one of Pillow's images decoded; what it raises can be anything.

    Args:
        image: Not loaded yet.
        data: The file that it is of.
        found: The file's format.
    """
    stored_mode = image.mode
    depth = _bit_depth(image, data)
    exif = image.info.get("exif") or None
    orientation = _orientation(image, found, parse_exif(exif).orientation if exif else None)
    # Pillow turns a TIFF while it loads; all else is turned here.
    pending = None if found.name == "TIFF" else orientation
    pages = int(getattr(image, "n_frames", 1)) if found.name in {"AVIF", "HEIF"} else 1
    image.load()
    numbers = _ambiguous(image, pending) if image.mode == "P" else None
    shown = _displayable(image)
    return Decoded(
        upright(np.asarray(shown), pending),
        shown.mode if not shown.mode.startswith("I;16") else "I;16",
        stored_mode,
        depth,
        orientation,
        exif,
        bool(image.info.get("icc_profile")),
        pages,
        numbers,
    )


def _ambiguous(image: Image.Image, orientation: int | None) -> Bytes8 | None:
    """Return the numbers of a palette where two numbers in use have one colour."""
    colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = np.flatnonzero(image.histogram())
    used = used[used < len(colours)]
    if len(np.unique(colours[used], axis=0)) == len(used):
        return None
    return upright(np.asarray(image), orientation)


def open_picture(data: bytes, found: Format) -> Any:
    """Return Pillow's image of the first frame, not loaded; what it raises can be anything."""
    if found.name == "HEIF":
        import pillow_heif

        return pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    from PIL import Image

    return Image.open(io.BytesIO(data), formats=(found.name,))


def _orientation(image: Image.Image, found: Format, from_exif: int | None) -> int | None:
    """Return the orientation that the file states, as its format has it."""
    if found.name == "HEIF":  # its own boxes turn it, in libheif; EXIF has no say there
        return None
    if found.name == "TIFF":
        value = getattr(image, "tag_v2", {}).get(0x0112)
        return value if isinstance(value, int) and 1 <= value <= 8 else None
    return from_exif


def _bit_depth(image: Image.Image, data: bytes) -> int:
    """Return bits per sample as stored, from the header where Pillow's mode hides them."""
    if image.format == "PNG":
        return data[24]
    if image.format == "TIFF":
        bits = getattr(image, "tag_v2", {}).get(258, (8,))
        return int(bits[0] if isinstance(bits, tuple) else bits)
    if "bit_depth" in image.info:
        return int(image.info["bit_depth"])
    if image.format == "AVIF":
        at = data[:65536].find(b"pixi")
        return data[at + 9] if at > 0 and 8 <= data[at + 9] <= 12 else 8
    if image.format == "PPM" and data[1:2] in b"2356":
        return 16 if _most(data) > 255 else 8
    return {"1": 1, "I": 32, "F": 32}.get(image.mode, 16 if ";16" in image.mode else 8)


_NUMBER = rb"(?:\s|#[^\r\n]*[\r\n])+(\d+)"


def _most(data: bytes) -> int:
    """Return the highest level of a PGM or PPM, from its header."""
    head = re.match(rb"P[2356]" + _NUMBER * 3, data)
    return int(head[3]) if head else 0


def _displayable(image: Image.Image) -> Image.Image:
    """Return a loaded image, palettes and unusual colour models turned into plain channels."""
    mode = image.mode
    if mode == "PA" or (mode in {"P", "RGB"} and "transparency" in image.info):
        return image.convert("RGBA")
    if mode in {"1", "L"}:
        return image.convert("LA" if "transparency" in image.info else "L")
    if mode in {"LA", "RGB", "RGBA", "CMYK", "I", "F"} or mode.startswith("I;16"):
        return image
    return image.convert("RGBA" if mode in {"RGBa", "La"} else "RGB")


def hides_pixels(decoded: Decoded) -> bool:
    """Return whether transparency hides or changes pixels of a picture."""
    return decoded.layout in {"LA", "RGBA"} and int(decoded.pixels[..., -1].min()) < 255


def to_8bit(decoded: Decoded) -> Bytes8:
    """Return the picture as shown: shape (H, W) for grey or (H, W, 3) for sRGB, uint8."""
    pixels = decoded.pixels
    if decoded.layout in {"L", "RGB"}:
        return pixels
    if decoded.layout in {"LA", "RGBA"}:
        return _on_white(pixels)
    if decoded.layout == "I;16":
        return (pixels >> 8).astype(np.uint8)
    if decoded.layout == "I":
        return (np.clip(pixels, 0, 0xFFFF) >> 8).astype(np.uint8)
    if decoded.layout == "F":
        return _from_float(pixels)
    from PIL import Image

    return np.asarray(Image.fromarray(pixels, decoded.layout).convert("RGB"))


def _on_white(pixels: Bytes8) -> Bytes8:
    if int(pixels[..., -1].min()) == 255:
        shown = np.ascontiguousarray(pixels[..., :-1])
    else:
        shown = np.empty((*pixels.shape[:2], pixels.shape[2] - 1), np.uint8)
        for rows in _stripes(pixels):
            alpha = pixels[rows, :, -1:].astype(np.uint16)
            # At most 255 * 255: sixteen bits are enough.
            mixed = pixels[rows, :, :-1] * alpha + 255 * (255 - alpha)
            shown[rows] = (mixed + 127) // 255
    return shown[..., 0] if shown.shape[-1] == 1 else shown


def _from_float(pixels: Pixels) -> Bytes8:
    shown = np.empty(pixels.shape, np.uint8)
    span = 1 if any((pixels[rows] > 1.0).any() for rows in _stripes(pixels)) else 255
    for rows in _stripes(pixels):
        clean = np.nan_to_num(pixels[rows], nan=0.0, posinf=255.0, neginf=0.0)
        shown[rows] = np.clip(clean * span + 0.5, 0, 255)
    return shown


def _stripes(pixels: Pixels) -> list[slice]:
    """Return rows a few at a time: what is in between is wider than the picture itself."""
    height, width = pixels.shape[:2]
    step = max(1, (1 << 20) // width)
    return [slice(at, at + step) for at in range(0, height, step)]


def classified(error: Exception) -> UnreadableError:
    """Return the reason that a decoder's exception stands for.

    Decoders raise whatever they like and say what is wrong in words: the words decide.
    """
    name, text = type(error).__name__, str(error)
    if isinstance(error, MemoryError):
        return UnreadableError(Reason.MEMORY, "not enough memory to decode the picture")
    if name == "UnidentifiedImageError":  # its text names an address in memory
        return UnreadableError(Reason.CORRUPT, "the header is damaged")
    if name == "DecompressionBombError":
        reason = Reason.BOMB
    elif isinstance(error, EOFError):
        reason = Reason.TRUNCATED
    else:
        lower = text.lower()
        reason = next((r for sign, r in _SIGNS if sign in lower), Reason.CORRUPT)
    return UnreadableError(reason, (text or name).splitlines()[0][:200].rstrip("."))


@cache
def decoder_version(package: str) -> str:
    """Return ``package-version`` of an installed decoder, for the record."""
    from importlib.metadata import version

    return f"{package}-{version(package)}"
