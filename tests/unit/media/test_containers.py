"""Walks of containers: whatever stands in them, they end, and say what they found."""

from __future__ import annotations

import tempfile
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.media.containers import read_layout
from curate.media.containers.layout import Layout, is_text
from curate.media.sniff import sniff
from tests.unit.media.hiding import box
from tests.unit.media.videos import film, scene

FILMS = {
    "mp4": ("mp4", "libx264", {}),
    "mov": ("mov", "libx264", {}),
    "fragments": ("mp4", "libx264", {"movflags": "frag_every_frame+empty_moov"}),
    "offsets": ("mp4", "libx264", {"movflags": "frag_every_frame+empty_moov+default_base_moof"}),
    "matroska": ("matroska", "libx264", {}),
    "live": ("matroska", "libx264", {"live": "1"}),
    "avi": ("avi", "mpeg4", {}),
    "mpeg": ("mpeg", "mpeg1video", {}),
    "dvd": ("dvd", "mpeg2video", {}),
    "mpegts": ("mpegts", "mpeg2video", {}),
    "flv": ("flv", "flv", {}),
    "asf": ("asf", "wmv2", {}),
    "ogg": ("ogg", "libvpx", {}),
}


@cache
def made(name: str) -> bytes:
    container, codec, muxer = FILMS[name]
    silent = ("avi", "flv", "ogg", "asf", "mpeg", "dvd")
    sound = None if name in silent else np.zeros(8000, np.float32)
    return film(scene(0.4, pan=2), container=container, codec=codec, muxer=muxer, sound=sound)


def layout_of(data: bytes) -> Layout:
    found = sniff(data[:4096])
    assert found is not None
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return read_layout(file.fileno(), found)


@pytest.mark.parametrize("name", FILMS)
def test_film_that_is_whole_has_nothing_to_tell(name: str) -> None:
    """Every byte of it belongs to something."""
    layout = layout_of(made(name))
    assert (layout.missing, layout.tail, layout.unread) == ([], 0, {})
    assert (layout.unknown, layout.hidden, layout.dark) == ({}, {}, {})


@pytest.mark.parametrize("name", sorted(set(FILMS) - {"mpegts", "live", "fragments", "offsets"}))
def test_film_that_is_cut_anywhere_is_not_whole(name: str) -> None:
    """Unless nothing but filling is missing."""
    whole = made(name)
    for left in range(3000, len(whole) - 1, len(whole) // 29):
        layout = layout_of(whole[:left])
        assert layout.missing or layout.tail or layout.seconds, left


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(FILMS)), seed=st.integers(0, 1 << 30))
def test_damage_is_told_and_never_an_error(name: str, seed: int) -> None:
    dice = np.random.default_rng(seed)
    data = bytearray(made(name))
    for _ in range(dice.integers(1, 9)):
        at = int(dice.integers(12, len(data)))
        if dice.integers(2):
            data[at] = int(dice.integers(256))
        else:
            data[at : at + 4] = dice.bytes(4)
    assert isinstance(layout_of(bytes(data)), Layout)


@pytest.mark.parametrize("head", ["114D9B74", "1549A966", "1254C367"])
def test_elements_nested_without_end_are_told(head: str) -> None:
    content = b""
    for _ in range(5000):
        content = bytes.fromhex("7373") + _size(len(content)) + content
    content = bytes.fromhex(head) + _size(len(content)) + content
    data = bytes.fromhex("1A45DFA380") + bytes.fromhex("18538067") + _size(len(content)) + content
    assert layout_of(data).unknown


def _size(length: int) -> bytes:
    return (1 << 56 | length).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b"Please do not use this for training.", True),
        ("Bitte nicht für KI verwenden".encode("utf-16-le"), True),
        ("请勿用于训练".encode(), True),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), False),
        (b"iVBORw0KGgoAAAANSUhEUgAA" * 20, False),
    ],
)
def test_text_is_told_from_what_is_none(content: bytes, is_one: bool) -> None:  # noqa: FBT001
    assert is_text(content) is is_one


def test_file_of_nothing_but_texts_is_not_read_to_its_end() -> None:
    """What is kept of it is bounded, and the rest is told."""
    plain = made("mp4")
    words = b"Two people at the lake. " * 40_000
    layout = layout_of(plain + box(b"free", words) * 12)
    assert sum(len(content) for _, content in layout.blocks) < 10 << 20
    assert "long texts" in layout.passed


def test_length_that_is_damaged_costs_no_memory() -> None:
    data = bytearray(made("fragments"))
    at = data.index(b"trun") + 8
    data[at : at + 4] = b"\x7f\xff\xff\xff"
    layout = layout_of(bytes(data))
    assert layout.missing or layout.unknown
