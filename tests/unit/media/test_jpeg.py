"""JPEG markers: facts without decoding."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curate.media.jpeg import parse_jpeg
from curate.media.unreadable import UnreadableError
from tests.unit.media.conftest import draw, encode


@pytest.mark.parametrize("quality", [1, 10, 25, 49, 50, 75, 85, 92, 95, 100])
def test_quality_of_a_libjpeg_file_is_found_exactly(quality: int) -> None:
    assert parse_jpeg(encode(draw(), quality=quality)).quality == quality


@pytest.mark.parametrize(("option", "expected"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_subsampling_is_named(option: int, expected: str) -> None:
    assert parse_jpeg(encode(draw(), subsampling=option)).subsampling == expected


def test_grey_picture_has_one_component() -> None:
    facts = parse_jpeg(encode(draw()[:, :, 0]))
    assert facts.subsampling == "grey"


def test_size_is_read_from_the_frame_header() -> None:
    facts = parse_jpeg(encode(draw(123, 45)))
    assert (facts.width, facts.height, facts.precision) == (123, 45, 8)


def test_progressive_file_is_told_and_its_scans_counted() -> None:
    plain, progressive = (parse_jpeg(encode(draw(), progressive=p)) for p in (False, True))
    assert (plain.progressive, plain.scans) == (False, 1)
    assert progressive.progressive
    assert progressive.scans > 1


def test_restart_interval_is_read() -> None:
    assert parse_jpeg(encode(draw(), restart_marker_blocks=4)).restart_interval == 4
    assert parse_jpeg(encode(draw())).restart_interval == 0


def test_tables_of_two_qualities_have_two_digests() -> None:
    digests = {parse_jpeg(encode(draw(seed=s), quality=q)).qtable_digest
               for s in (1, 2) for q in (70, 80)}  # fmt: skip
    assert len(digests) == 2


def test_end_is_found_before_what_trails() -> None:
    data = encode(draw(), restart_marker_blocks=2, progressive=True)
    assert parse_jpeg(data + b"PK\x03\x04 and more").end == len(data)


def test_metadata_is_not_part_of_the_coded_picture() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a caption"
    plain, tagged = encode(draw()), encode(draw(), exif=exif, icc_profile=b"profile")
    facts = parse_jpeg(tagged)
    assert facts.has_icc
    assert facts.exif is not None
    assert coded(tagged) == coded(plain)


def coded(data: bytes) -> bytes:
    """Return the bytes that decoding reads."""
    return b"".join(data[start:end] for start, end in parse_jpeg(data).coded)


def test_coded_picture_alone_decodes_to_the_same_pixels() -> None:
    data = encode(draw(), progressive=True)
    stripped = b"\xff\xd8" + coded(data) + b"\xff\xd9"
    left, right = (Image.open(io.BytesIO(d)).tobytes() for d in (data, stripped))
    assert left == right


@given(st.binary(max_size=300))
def test_noise_after_the_first_marker_is_refused_or_parsed(noise: bytes) -> None:
    try:
        facts = parse_jpeg(b"\xff\xd8" + noise)
    except UnreadableError:
        return
    assert facts.width > 0
