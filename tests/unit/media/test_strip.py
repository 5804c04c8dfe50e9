"""Metadata out, pixels as they were: what a release hands on of a picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from curate.media.strip import can_strip, strip
from curate.media.unreadable import Reason, UnreadableError

SECRET = "51.5007N 0.1246W Anna Example"
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "PPM", "BMP")


def picture() -> Image.Image:
    """Return a small picture with something in every corner."""
    values = np.random.default_rng(3).integers(0, 256, (24, 36, 3), np.uint8)
    return Image.fromarray(values)


def with_words(name: str, *, orientation: int = 1) -> bytes:
    """Return a picture with the secret in each place that its format has for words."""
    image, out, options = picture(), io.BytesIO(), dict[str, Any]()
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET, orientation
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode()
    if name == "JPEG":
        options = {"exif": exif, "comment": SECRET, "xmp": xmp, "icc_profile": b"profile" * 9}
    elif name == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", SECRET)
        text.add_itxt("Title", SECRET, zip=False)
        options = {"exif": exif, "pnginfo": text}
    elif name == "WEBP":
        options = {"exif": exif.tobytes(), "xmp": xmp, "lossless": True, "icc_profile": b"p" * 7}
    elif name == "GIF":
        options = {"comment": SECRET}
    image.save(out, name, **options)
    data = out.getvalue()
    if name == "PPM":
        data = data.replace(b"P6\n", b"P6\n# " + SECRET.encode() + b"\n", 1)
    return data + SECRET.encode()


def pixels(data: bytes) -> np.ndarray[Any, Any]:
    """Return what a picture shows, as it is coded."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("name", FORMATS)
def test_words_go_and_pixels_stay(name: str) -> None:
    """Every place for words, and what follows the picture; twice is the same as once."""
    before = with_words(name)
    after = strip(before, name)

    assert SECRET.encode() in before
    assert SECRET.encode() not in after
    assert (pixels(after) == pixels(before)).all()
    assert strip(after, name) == after
    assert not Image.open(io.BytesIO(after)).getexif()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_picture_stays_turned(name: str, orientation: int) -> None:
    """How to turn a picture is part of the picture; nothing else of its EXIF is."""
    after = strip(with_words(name, orientation=orientation), name)

    assert dict(Image.open(io.BytesIO(after)).getexif()) == {0x0112: orientation}
    assert strip(after, name) == after


@pytest.mark.parametrize("name", ["JPEG", "WEBP"])
def test_the_colour_profile_stays(name: str) -> None:
    """Without it the colours would be others."""
    before, after = with_words(name), strip(with_words(name), name)
    profile = Image.open(io.BytesIO(before)).info["icc_profile"]
    assert Image.open(io.BytesIO(after)).info["icc_profile"] == profile


def test_a_progressive_picture_and_one_with_a_thumbnail() -> None:
    """Tables between scans stay; a thumbnail shows the picture as it was before a crop."""
    out = io.BytesIO()
    picture().save(out, "JPEG", progressive=True, quality=95)
    data = out.getvalue()
    small = b"\x02\x01" + bytes(6)
    jfif = b"\xff\xe0" + (22).to_bytes(2) + data[6:18] + small
    thumbed = data[:2] + jfif + data[20:]

    after = strip(thumbed, "JPEG")

    assert after == data
    assert (pixels(after) == pixels(data)).all()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_picture_without_words_is_handed_on_as_it_is(options: dict[str, Any]) -> None:
    """Not a copy of it: with one scan, with many, and with restarts inside them."""
    out = io.BytesIO()
    picture().save(out, "JPEG", **options)
    data = out.getvalue()

    assert strip(data, "JPEG") is data
    assert strip(data + b"more", "JPEG") == data


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_an_animation_keeps_frames_and_times(name: str) -> None:
    """Every frame, as long as it was shown, as often as it was played."""
    frames = [picture().rotate(90 * n) for n in range(3)]
    out = io.BytesIO()
    options = {"lossless": True} if name == "WEBP" else {}
    frames[0].save(out, name, save_all=True, append_images=frames[1:], duration=80, loop=2,
                   **options)  # fmt: skip
    before = Image.open(io.BytesIO(out.getvalue()))
    after = Image.open(io.BytesIO(strip(out.getvalue(), name)))

    assert after.n_frames == before.n_frames == 3
    for number in range(3):
        before.seek(number)
        after.seek(number)
        assert (np.asarray(after.convert("RGB")) == np.asarray(before.convert("RGB"))).all()
        assert after.info.get("duration") == before.info.get("duration")
    assert after.info.get("loop") == before.info.get("loop")


@pytest.mark.parametrize("name", ["TIFF", "AVIF", "HEIF", "PSD"])
def test_a_format_that_cannot_be_stripped_is_refused(name: str) -> None:
    """It would have to be coded anew, and its traces of compression would be others."""
    assert not can_strip(name)
    with pytest.raises(UnreadableError, match="coding it anew") as caught:
        strip(b"whatever", name)
    assert caught.value.reason_code is Reason.UNSUPPORTED


@given(data=st.data(), name=st.sampled_from(FORMATS))
def test_a_broken_file_is_refused_or_stripped(data: st.DataObject, name: str) -> None:
    """No damage makes it fail otherwise, or keep words in a place for words."""
    whole = bytearray(with_words(name)[: -len(SECRET)])
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        after = strip(broken, name)
    except UnreadableError:
        return
    assert len(after) <= len(broken) + 64


def test_every_shared_photo_shows_the_same(shared_data: Path) -> None:
    """Real cameras and programs wrote these."""
    some = sorted((shared_data / "faces" / "london").rglob("*.jpg"))[::20]
    for photo in some:
        before = photo.read_bytes()
        assert (pixels(strip(before, "JPEG")) == pixels(before)).all()
