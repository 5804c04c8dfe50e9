"""EXIF: orientation and thumbnail, from blocks that may be hostile."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.media.exif import Exif, parse_exif
from tests.unit.media.conftest import with_orientation


@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_is_read(value: int) -> None:
    assert parse_exif(with_orientation(value)).orientation == value


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientation_out_of_range_is_none(value: int) -> None:
    assert parse_exif(with_orientation(value)).orientation is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, 6, 0)
    block = mark + struct.pack(f"{order}IH", 8, 1) + entry + bytes(4)
    assert parse_exif(block) == Exif(6, None)


def test_directory_that_points_at_itself_ends() -> None:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 3, 0)
    block = b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)
    assert parse_exif(block).orientation == 3


def test_thumbnail_outside_the_block_is_none() -> None:
    first = struct.pack("<IH", 8, 0) + struct.pack("<I", 14)
    second = struct.pack("<H", 2)
    second += struct.pack("<HHII", 0x0201, 4, 1, 50) + struct.pack("<HHII", 0x0202, 4, 1, 10**9)
    assert parse_exif(b"II*\0" + first + second + bytes(4) + b"\xff\xd8\xff").thumbnail is None


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_without_an_error(noise: bytes) -> None:
    for mark in (b"II*\0", b"MM\0*", b"Exif\0\0II*\0"):
        found = parse_exif(mark + noise)
        assert found.orientation is None or 1 <= found.orientation <= 8
