"""Looks of a picture: numbers that stay, orientations, previews, and bounds."""

from __future__ import annotations

import io
import struct
from typing import Any
from zlib import compress, crc32

import numpy as np
import pytest
from PIL import Image

from curate.media import Limits, UnreadableError, load_rgb
from curate.media.looks import MOST_LOOKS, looks
from tests.unit.media.conftest import draw, encode, with_orientation

PIXELS = draw(96, 64)
OTHER = draw(96, 64, seed=5)


def names(data: bytes, limits: Limits | None = None) -> dict[str, tuple[int | None, str]]:
    """Return number and reading of each look, by name."""
    return {look.name: (look.number, look.reading) for look in looks(data, limits=limits)}


def exif(value: int) -> bytes:
    return with_orientation(value).removeprefix(b"Exif\0\0")


def xmp(value: int) -> bytes:
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="%d"/>' % value


def png_with(kind: bytes, body: bytes, **options: Any) -> bytes:
    data = encode(PIXELS, "PNG", **options)
    piece = struct.pack(">I4s", len(body), kind) + body
    return data[:33] + piece + struct.pack(">I", crc32(kind + body)) + data[33:]


def raw_profile(value: int) -> bytes:
    digits = exif(value).hex().encode()
    text = b"\nexif\n%8d\n" % (len(digits) // 2) + digits
    return b"Raw profile type exif\0\0" + compress(text)


def second_segment(value: int) -> bytes:
    data = encode(PIXELS, "JPEG", exif=with_orientation(1))
    block = b"Exif\0\0" + exif(value)
    at = data.index(b"\xff\xdb")
    return data[:at] + struct.pack(">BBH", 0xFF, 0xE1, len(block) + 2) + block + data[at:]


CONTRADICTING = {
    "JPEG and XMP": encode(PIXELS, "JPEG", exif=with_orientation(6), xmp=xmp(1)),
    "two blocks of JPEG": second_segment(8),
    "PNG and XMP": png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(3)),
    "text of PNG": png_with(b"zTXt", raw_profile(6)),
    "PNG and its text": png_with(b"zTXt", raw_profile(6), exif=with_orientation(3)),
    "WebP and XMP": encode(PIXELS, "WEBP", exif=with_orientation(6), xmp=xmp(1)),
}
AGREEING = {
    "JPEG": encode(PIXELS, "JPEG", exif=with_orientation(6), xmp=xmp(6)),
    "mirrored JPEG": encode(PIXELS, "JPEG", exif=with_orientation(5), xmp=xmp(6)),
    "PNG": png_with(b"zTXt", raw_profile(6), exif=with_orientation(6)),
    "WebP": encode(PIXELS, "WEBP", exif=with_orientation(8)),
    "TIFF": encode(PIXELS, "TIFF", tiffinfo={274: 6}),
}


@pytest.mark.parametrize("name", CONTRADICTING)
def test_orientations_that_contradict_one_another_are_looks(name: str) -> None:
    """Which of them a program reads is its own affair."""
    shown, turned = looks(CONTRADICTING[name])

    assert (turned.number, turned.kind) == (1, "reading")
    quarters = [np.rot90(shown.rgb(), k) for k in (1, 2, 3)]
    assert any(np.array_equal(turned.rgb(), one) for one in quarters)


@pytest.mark.parametrize("name", AGREEING)
def test_orientations_that_agree_are_one_look(name: str) -> None:
    """A mirror image shows the same people."""
    assert names(AGREEING[name]) == {"the picture": (0, "sought")}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_first_look_is_the_picture_as_it_is_loaded(kind: str) -> None:
    """Faces of frame 0 stay what they were."""
    data = encode(PIXELS, kind)

    np.testing.assert_array_equal(next(looks(data)).rgb(), load_rgb(data))


def pages(*pictures: np.ndarray[Any, Any], reduced: bool = False) -> bytes:
    out = io.BytesIO()
    first, *others = (Image.fromarray(pixels) for pixels in pictures)
    for other in others:
        other.encoderinfo = {"tiffinfo": {254: int(reduced)}}
    first.save(out, "TIFF", save_all=True, append_images=others)
    return out.getvalue()


def test_smaller_copy_is_compared_and_another_picture_is_not() -> None:
    """What says that it is a preview can show something else."""
    small = np.asarray(Image.fromarray(PIXELS).resize((48, 32)))
    other = np.asarray(Image.fromarray(OTHER).resize((48, 32)))

    made = names(pages(PIXELS, small, other, reduced=True))

    assert made == {
        "the picture": (0, "sought"),
        "page 2": (None, "compared"),
        "page 3": (1, "sought"),
    }


def test_thumbnail_of_heif_is_compared() -> None:
    """It stands in the file as an image of its own."""
    import pillow_heif

    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(draw(640, 480))).save(out, thumbnails=[128])

    assert names(out.getvalue()) == {
        "the picture": (0, "sought"),
        "thumbnail 1 of the picture": (None, "compared"),
    }


def test_more_looks_than_are_taken_are_told() -> None:
    """Faces are sought in the first of them, and the rest is a part that was not looked at."""
    many = [draw(32, 32, seed=seed) for seed in range(MOST_LOOKS + 9)]

    *taken, last = looks(pages(*many))

    assert [look.number for look in taken] == list(range(MOST_LOOKS + 1))
    assert (last.number, last.reading) == (None, "not")


def test_pictures_behind_a_jpeg_are_bounded() -> None:
    """A file of thousands of small pictures costs no more than one of some."""
    one = encode(draw(16, 16), "JPEG")

    assert len(list(looks(encode(PIXELS, "JPEG") + one * 5000))) <= MOST_LOOKS + 2


def test_pages_are_bounded_in_pixels() -> None:
    """Each is within the limit for one picture, and all together within some of them."""
    data = pages(*[draw(64, 64, seed=seed) for seed in range(9)])

    *_, last = looks(data, limits=Limits(max_pixels=64 * 64))

    assert (last.name, last.reading) == ("the further pictures", "not")


def test_page_that_is_too_large_is_told() -> None:
    """It is not decoded, and those behind it keep their numbers."""
    data = pages(PIXELS, draw(400, 400), OTHER)

    made = names(data, Limits(max_pixels=96 * 64))

    assert made == {
        "the picture": (0, "sought"),
        "page 2": (None, "not"),
        "page 3": (2, "sought"),
    }


def test_picture_that_cannot_be_read_has_no_look() -> None:
    """That is an error of the file, and not of a part of it."""
    with pytest.raises(UnreadableError):
        list(looks(encode(PIXELS, "PNG")[:200]))
    with pytest.raises(UnreadableError, match="no known format"):
        list(looks(b"hello"))
