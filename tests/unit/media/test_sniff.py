"""Formats are told from content."""

from __future__ import annotations

import pytest

from curate.media.sniff import AVIF, HEIF, MP4, PNG, extension_matches, sniff
from tests.unit.media.conftest import draw, encode


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "AVIF"])
def test_encoded_picture_is_recognised(kind: str) -> None:
    found = sniff(encode(draw(16, 16), kind))
    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize(
    ("major", "compatible", "expected"),
    [
        (b"avif", b"mif1", AVIF),
        (b"mif1", b"avif", AVIF),
        (b"mif1", b"heic", HEIF),
        (b"heic", b"mif1", HEIF),
        (b"isom", b"mp42", MP4),
    ],
)
def test_iso_brands_tell_pictures_from_videos(major, compatible, expected) -> None:
    box = b"\x00\x00\x00\x14ftyp" + major + bytes(4) + compatible
    assert sniff(box + bytes(20)) is expected


@pytest.mark.parametrize(
    "head",
    [b"", b"BM", b"BMW is a car maker, as is known", b"P", b"P6x", b"PK\x03\x04", b"<html>"],
)
def test_other_content_is_no_media(head: bytes) -> None:
    assert sniff(head) is None


def test_video_containers_are_videos(subtests: pytest.Subtests) -> None:
    heads = [b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI ", b"\0\0\1\xba", b"G" + bytes(187)]
    heads[3] = heads[3] * 5
    for head in heads:
        with subtests.test(head=head[:12]):
            found = sniff(head)
            assert found is not None
            assert found.kind == "video"


def test_known_but_unread_format_is_named() -> None:
    found = sniff(b"8BPS\0\1")
    assert found is not None
    assert (found.name, found.readable) == ("PSD", False)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.png", True), ("A.PNG", True), ("a.jpg", False), ("png", False)]
)
def test_extension_is_compared_with_content(name: str, expected: bool) -> None:  # noqa: FBT001
    assert extension_matches(PNG, name) is expected
