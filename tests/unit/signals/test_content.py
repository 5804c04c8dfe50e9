"""What pictures say of themselves: signed here, damaged here, and hidden in odd places."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from curate.signals.content import Read, read_picture
from curate.signals.normal import Use, Uses
from tests.unit.signals.made import mining, packet, picture, segment, signed, trust, with_xmp

REFUSED = Uses.every(Use.PROHIBITED)
DMI = 'plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"'


def read(data: bytes, mime: str = "image/jpeg", **options: str) -> Read:
    """Return what a picture says."""
    return read_picture(data, mime, **options)


def said(found: Read, kind: str) -> list[str | None]:
    """Return the values of statements of one kind."""
    return [one.value for one in found.signals if one.kind == kind]


def test_the_four_pictures_of_the_issue() -> None:
    legacy = mining("notAllowed", label="c2pa.training-mining", prefix="c2pa.")
    refused = signed([mining("notAllowed")])
    at = refused.index(b"jumb")
    corrupted = refused[: at + 40] + b"\xff" * 60 + refused[at + 100 :]

    assert read(refused).uses == REFUSED
    assert read(signed([legacy])).uses == REFUSED
    assert read(corrupted).uses == Uses.every(Use.UNREADABLE)
    assert read(corrupted).c2pa_state == "error"
    assert read(picture()).uses == Uses()
    assert read(picture()).signals == []


def test_signer_is_trusted_only_where_it_is_named() -> None:
    data = signed()
    assert read(data).c2pa_state == "valid"
    assert read(data, trust=trust()).c2pa_state == "trusted"


def test_refusal_of_an_ingredient_names_it() -> None:
    part = signed([mining("notAllowed")])
    whole = signed([mining("allowed")], ingredient=signed(ingredient=part))

    found = read(whole)

    assert found.uses == REFUSED
    refusals = [x for x in found.signals if x.uses == Uses(ai_training=Use.PROHIBITED)]
    assert [x.ingredient is not None and x.ingredient.startswith("part.jpg (") for x in refusals] \
        == [True]  # fmt: skip
    assert "conflict" in {one.kind for one in found.signals}


def test_generative_origin_is_told_of_the_action_and_the_code() -> None:
    found = read(signed(source_type="compositeWithTrainedAlgorithmicMedia"))
    told = [(one.kind, one.value, one.generative) for one in found.signals if one.generative]
    assert told == [
        ("c2pa_action", "c2pa.created", True),
        ("digital_source_type", "compositeWithTrainedAlgorithmicMedia", True),
    ]


def test_remote_record_is_never_fetched() -> None:
    found = read(signed([mining("notAllowed")], remote="http://127.0.0.1:9/a.c2pa"))
    assert found.c2pa_state == "remote_unread"


def test_metadata_assertion_is_read_like_xmp() -> None:
    data = {"@context": {"plus": "http://ns.useplus.org/ldf/xmp/1.0/"},
            "plus:DataMining": "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"}  # fmt: skip
    assert read(signed([{"label": "cawg.metadata", "data": data}])).uses.ai_training is (
        Use.PROHIBITED
    )


def test_changed_picture_keeps_its_refusal() -> None:
    data = bytearray(signed([mining("notAllowed")]))
    data[-40] ^= 1
    found = read(bytes(data))
    assert (found.c2pa_state, found.uses) == ("invalid", REFUSED)
    assert "assertion.dataHash.mismatch" in found.c2pa_codes


@pytest.mark.parametrize("where", ["self#jumbf=/c2pa/urn:uuid:1", "https://example.org/a.c2pa"])
def test_record_that_xmp_points_at_and_is_not_there(where: str) -> None:
    found = read(with_xmp(packet(f'dcterms:provenance="{where}"')))
    assert found.c2pa_state == ("remote_unread" if where.startswith("https") else "stripped")


def test_every_packet_is_read() -> None:
    found = read(with_xmp(packet('plus:DataMining="DMI-ALLOWED"'), packet(DMI)))
    assert found.uses.ai_training is Use.PROHIBITED
    assert said(found, "conflict") != []
    assert read(picture() + packet(DMI)).uses.ai_training is Use.PROHIBITED


def test_extended_packet_is_put_together_or_told() -> None:
    more, guid = packet(DMI), b"A" * 32
    half = len(more) // 2
    start = b"http://ns.adobe.com/xmp/extension/\x00" + guid + struct.pack(">I", len(more))
    parts = [
        segment(start + struct.pack(">I", at) + more[at : at + half + 1])
        for at in (half + 1, 0)
    ]  # fmt: skip
    data = picture()
    assert read(data[:2] + b"".join(parts) + data[2:]).uses.ai_training is Use.PROHIBITED
    assert read(data[:2] + parts[1] + data[2:]).uses == Uses.every(Use.UNREADABLE)


@pytest.mark.parametrize(
    "bad",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaa">]>' + packet(DMI).replace(b'about=""', b'about="&a;"'),
        packet(DMI).replace(b"/></rdf:RDF>", b"></rdf:RDF>"),
        packet('plus:DataMining="DMI-SOMETHING"'),
        packet('plus:DataMining=""'),
    ],
    ids=["entity", "malformed", "unknown", "empty"],
)  # fmt: skip
def test_packet_that_cannot_be_read_is_unreadable(bad: bytes) -> None:
    assert read(with_xmp(bad)).uses.ai_training is Use.UNREADABLE


def test_packet_of_more_than_a_megabyte_is_refused_in_a_png() -> None:
    large = packet(DMI).replace(b"/></rdf:RDF>", b">" + b"<dc:a>b</dc:a>" * 90_000
                                + b"</rdf:Description></rdf:RDF>")  # fmt: skip
    found = read(png_with("XML:com.adobe.xmp", large, packed=False), "image/png")
    assert found.uses == Uses.every(Use.UNREADABLE)


def png_with(keyword: str, text: bytes, *, packed: bool) -> bytes:
    """Return a PNG with an international text."""
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    data = buffer.getvalue()
    body = (keyword.encode() + b"\x00" + bytes((packed, 0)) + b"\x00\x00"
            + (zlib.compress(text) if packed else text))  # fmt: skip
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    return data[:33] + chunk + data[33:]


def test_packed_packet_in_a_png_is_read_and_a_bomb_is_not() -> None:
    found = read(png_with("XML:com.adobe.xmp", packet(DMI), packed=True), "image/png")
    assert found.uses.ai_training is Use.PROHIBITED
    bomb = png_with("XML:com.adobe.xmp", b" " * (3 << 20), packed=True)
    assert read(bomb, "image/png").uses == Uses.every(Use.UNREADABLE)


@pytest.mark.parametrize(("kind", "mime"), [("WEBP", "image/webp"), ("TIFF", "image/tiff")])
def test_other_containers_are_read(kind: str, mime: str) -> None:
    buffer = io.BytesIO()
    options = {"xmp": packet(DMI)} if kind == "WEBP" else {"tiffinfo": {700: packet(DMI)}}
    Image.new("RGB", (4, 4)).save(buffer, kind, **options)
    assert read(buffer.getvalue(), mime).uses.ai_training is Use.PROHIBITED


def test_statement_that_no_reader_reaches_is_told() -> None:
    data = picture()
    hidden = data[:2] + segment(b"note DMI-PROHIBITED", 0xFE) + data[2:]
    assert read(hidden).uses == Uses.every(Use.UNREADABLE)
    lost = signed([mining("notAllowed")]).replace(b"\xff\xeb", b"\xff\xec")
    assert read(lost).uses == Uses.every(Use.UNREADABLE)


def jpeg_with_rights(exif: str, iptc: str, xmp: str) -> bytes:
    """Return a JPEG that states a copyright in three places."""
    tags = Image.Exif()
    tags[0x8298] = exif
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=tags)
    record = b"\x1c\x02\x74" + struct.pack(">H", len(iptc)) + iptc.encode()
    block = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(record)) + record
    data = buffer.getvalue()
    data = data[:2] + segment(block + b"\x00" * (len(record) % 2), 0xED) + data[2:]
    return with_xmp(packet(f'dc:rights="{xmp}"'), data=data)


def test_contradicting_rights_show_both_places() -> None:
    assert said(read(jpeg_with_rights("A", "A", "A")), "conflict") == []
    (one,) = [x for x in read(jpeg_with_rights("A", "B", "A")).signals if x.kind == "conflict"]
    shown = (one.place, one.value, one.against_place, one.against)
    assert shown == ("dc:rights", "A", "iptc:CopyrightNotice", "B")


def test_licence_grants_and_flag_refuses() -> None:
    found = read(
        with_xmp(packet(f'cc:license="http://creativecommons.org/licenses/by/4.0/" {DMI}'))
    )
    assert said(found, "licence") == ["CC-BY-4.0"]
    assert found.uses.ai_training is Use.PROHIBITED
    assert [one.against for one in found.signals if one.kind == "conflict"] == ["DMI-PROHIBITED"]
