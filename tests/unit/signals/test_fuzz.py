"""Damage: nothing raises, and no refusal turns into silence or into a permission.

What is promised, and tried here: after one byte changed, anywhere in a picture with a refusal
that stands in plain bytes, some statement still refuses, constrains or cannot be read. After any
damage at all nothing raises, and nothing becomes `allowed` that nobody allowed. Not promised is
a refusal in a compressed block of a PNG whose own name was damaged.
"""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.signals.content import Read, read_picture
from curate.signals.normal import CATEGORIES, Use
from tests.unit.signals.made import mining, packet, picture, signed, with_xmp
from tests.unit.signals.test_content import DMI, png_with

STRICT = {Use.PROHIBITED, Use.CONSTRAINED, Use.UNREADABLE}


@cache
def sample(name: str) -> tuple[bytes, str]:
    """Return a picture that refuses, and its media type."""
    made = {
        "xmp": lambda: with_xmp(packet(DMI)),
        "generative": lambda: with_xmp(packet('plus:DataMining="DMI-PROHIBITED-GENAIMLTRAINING"')),
        "c2pa": lambda: signed([mining("notAllowed")]),
        "legacy": lambda: signed([mining("notAllowed", label="c2pa.training-mining")]),
        "ingredient": lambda: signed(ingredient=signed([mining("notAllowed")])),
        "png": lambda: png_with("XML:com.adobe.xmp", packet(DMI), packed=False),
    }
    return made[name](), "image/png" if name == "png" else "image/jpeg"


NAMES = ("xmp", "generative", "c2pa", "legacy", "ingredient", "png")


def answers(found: Read) -> set[Use]:
    """Return the answers for all uses."""
    return {getattr(found.uses, name) for name in CATEGORIES}


@pytest.mark.parametrize("name", NAMES)
@given(where=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
@settings(max_examples=120)
def test_one_changed_byte_never_silences_a_refusal(name: str, where: float, value: int) -> None:
    data, mime = sample(name)
    changed = bytearray(data)
    changed[int(where * len(data))] = value
    assert answers(read_picture(bytes(changed), mime)) & STRICT


cuts = st.tuples(st.floats(0, 1), st.floats(0, 1), st.binary(max_size=40))


@pytest.mark.parametrize("name", NAMES)
@given(damage=st.lists(cuts, min_size=1, max_size=4))
@settings(max_examples=60)
def test_no_damage_raises_or_allows(name: str, damage: list[tuple[float, float, bytes]]) -> None:
    data, mime = sample(name)
    for where, length, put in damage:
        at = int(where * len(data))
        data = data[:at] + put + data[at + int(length * 200) :]
    assert Use.ALLOWED not in answers(read_picture(data, mime))


@given(body=st.binary(max_size=400), mime=st.sampled_from(("image/jpeg", "image/tiff")))
def test_any_bytes_are_read_without_an_error(body: bytes, mime: str) -> None:
    for head in (b"", b"II*\x00\x08\x00\x00\x00", b"RIFF\x00\x00\x00\x00WEBP", b"\xff\xd8\xff\xe1",
                 b"\x89PNG\r\n\x1a\n", b"<x:xmpmeta", picture()[:60]):  # fmt: skip
        read_picture(head + body, mime)
