"""No refusal is silent: any statement, in any place, in any file that can hold it.

The product of statements, places and containers is tried as a whole; a permission that stands in
another place of the same file silences none of them.
"""

# ruff: noqa: E501, ISC004 - a case is a line
from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from curate.media.sniff import sniff
from curate.signals.content import Read, read_picture
from curate.signals.places import PLACES
from tests.unit.signals.made import mining, packet, picture, segment, signed, with_xmp
from tests.unit.signals.test_beside import detached, put, restricts, told
from tests.unit.signals.test_content import png_with

STRICT = {"prohibited", "constrained", "unreadable"}
WORDS = {
    "en": "Please do not use for AI training",
    "de": "Keine Nutzung für KI",
    "fr": "Ne pas utiliser pour l'entraînement d'une IA",
    "ja": "AI学習禁止",
    "licence": "CC BY 4.0, but no AI training",
}
NO = WORDS["en"]
CODES = {
    "DMI-PROHIBITED": 'plus:DataMining="DMI-PROHIBITED"',
    "DMI-PROHIBITED-AIMLTRAINING": 'plus:DataMining="http://ns.useplus.org/ldf/vocab/'
    'DMI-PROHIBITED-AIMLTRAINING"',
    "DMI-PROHIBITED-SEECONSTRAINT": 'plus:DataMining="DMI-PROHIBITED-SEECONSTRAINT"',
    "unknown code": 'plus:DataMining="DMI-NEW"',
    "tdm:reservation": 'tdm:reservation="1"',
    "another namespace": 'Iptc4xmpExt:license="no AI training"',
    "a name that speaks": 'dc:noAITraining="true"',
}
ALLOWED = packet('plus:DataMining="DMI-ALLOWED" '
                 'cc:license="https://creativecommons.org/licenses/by/4.0/"')  # fmt: skip


def read(data: bytes) -> Read:
    """Return what a file says."""
    found = sniff(data[:4096])
    assert found is not None
    return read_picture(data, found.mime)


def is_heard(data: bytes) -> bool:
    """Return whether something keeps a file from being cleared for training a detector."""
    found = read(data)
    return str(found.uses.ai_training) in STRICT or any(
        one.kind in ("unreadable", "terms") or one.value in ("invalid", "remote_unread", "stripped")
        for one in found.signals
    )


def saved(kind: str, **options: Any) -> bytes:
    """Return a small picture."""
    out = io.BytesIO()
    Image.effect_noise((24, 24), 40).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def exif(text: str, tag: int = 0x010E) -> bytes:
    """Return a block of EXIF with a text."""
    block = Image.Exif()
    if tag == 0x9286:
        block.get_ifd(0x8769)[tag] = b"UNICODE\x00" + text.encode("utf-16-le")
    else:
        block[tag] = text.encode("utf-16-le") if tag >= 0x9C9B else text
    return block.tobytes()


def iptc(text: str) -> bytes:
    """Return IPTC records with a caption."""
    raw = text.encode()
    return b"\x1c\x01\x5a\x00\x03\x1b%G\x1c\x02\x78" + struct.pack(">H", len(raw)) + raw


def resources(text: str) -> bytes:
    """Return Photoshop's resources with IPTC."""
    block = iptc(text)
    return b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(block)) + block + bytes(len(block) % 2)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def in_png(piece: bytes) -> bytes:
    """Return a PNG with a chunk."""
    data = saved("PNG")
    return data[:33] + piece + data[33:]


def in_jpeg(piece: bytes, **options: Any) -> bytes:
    """Return a JPEG with a segment."""
    data = saved("JPEG", **options)
    return data[:2] + piece + data[2:]


def in_webp(kind: bytes, body: bytes) -> bytes:
    """Return a WebP with a chunk."""
    data = saved("WEBP", exif=exif("x"))
    body += bytes(len(body) % 2)
    data += kind + struct.pack("<I", len(body)) + body
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def between_scans(piece: bytes) -> bytes:
    """Return a JPEG with a segment between two of its scans."""
    data = saved("JPEG", progressive=True)
    at = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    return data[:at] + piece + data[at:]


def pages(second: dict[int, Any]) -> bytes:
    """Return a TIFF with two pages, and tags on the second."""
    from PIL.TiffImagePlugin import AppendingTiffWriter

    out = io.BytesIO()
    with AppendingTiffWriter(out, new=True) as writer:  # type: ignore[no-untyped-call]
        Image.new("RGB", (8, 8)).save(writer, "TIFF")
        writer.newFrame()  # type: ignore[no-untyped-call]
        Image.new("RGB", (8, 8)).save(writer, "TIFF", tiffinfo=second)
        writer.newFrame()  # type: ignore[no-untyped-call]
    return out.getvalue()


def info(keyword: str, text: str, **options: Any) -> PngInfo:
    """Return an international text for a PNG."""
    made = PngInfo()
    made.add_itxt(keyword, text, **options)
    return made


# What holds words: a place, a container, and how they are put there.
FOR_WORDS: dict[tuple[str, str], Callable[[str], bytes]] = {
    ("comment", "JPEG"): lambda t: saved("JPEG", comment=t.encode()),
    ("comment", "JPEG between scans"): lambda t: between_scans(segment(t.encode(), 0xFE)),
    ("comment", "JPEG in UTF-16"): lambda t: in_jpeg(segment(t.encode("utf-16"), 0xFE)),
    ("comment", "GIF"): lambda t: saved("GIF", comment=t.encode()),
    ("comment", "PNM"): lambda t: saved("PPM").replace(b"P6\n", b"P6\n# " + t.encode() + b"\n", 1),
    ("comment", "PNG"): lambda t: saved("PNG", pnginfo=info("Comment", t)),
    ("comment", "packed PNG"): lambda t: saved("PNG", pnginfo=info("X", t, zip=True)),
    ("comment", "PNG as its keyword in translation"): lambda t: saved(
        "PNG", pnginfo=info("Note", "x", tkey=t)
    ),
    ("comment", "raw profile in PNG"): lambda t: saved(
        "PNG", pnginfo=info("Raw profile type XYZ", f"\nxyz\n{len(t.encode()):8}\n{t.encode().hex()}\n")
    ),
    ("EXIF", "JPEG"): lambda t: saved("JPEG", exif=exif(t)),
    ("EXIF", "JPEG in a comment"): lambda t: saved("JPEG", exif=exif(t, 0x9286)),
    ("EXIF", "JPEG in a title"): lambda t: saved("JPEG", exif=exif(t, 0x9C9B)),
    ("EXIF", "JPEG twice"): lambda t: in_jpeg(
        segment(exif("x")) + segment(exif(t))
    ),
    ("EXIF", "JPEG between scans"): lambda t: between_scans(segment(exif(t))),
    ("EXIF", "PNG"): lambda t: saved("PNG", exif=exif(t)),
    ("EXIF", "WebP"): lambda t: saved("WEBP", exif=exif(t)),
    ("EXIF", "TIFF"): lambda t: saved("TIFF", tiffinfo={0x010E: t}),
    ("EXIF", "big TIFF"): lambda t: saved("TIFF", tiffinfo={0x010E: t}, big_tiff=True),
    ("EXIF", "second page of a TIFF"): lambda t: pages({0x8298: t}),
    ("IPTC", "JPEG"): lambda t: in_jpeg(segment(b"Photoshop 3.0\x00" + resources(t), 0xED)),
    ("IPTC", "JPEG in two segments"): lambda t: in_jpeg(
        segment(b"Photoshop 3.0\x00" + resources(t)[:20], 0xED)
        + segment(b"Photoshop 3.0\x00" + resources(t)[20:], 0xED)
    ),
    ("IPTC", "TIFF"): lambda t: saved("TIFF", tiffinfo={0x83BB: iptc(t)}),
    ("IPTC", "TIFF in Photoshop's resources"): lambda t: saved(
        "TIFF", tiffinfo={0x8649: resources(t)}
    ),
    ("IPTC", "PNG as a raw profile"): lambda t: saved("PNG", pnginfo=info(
        "Raw profile type iptc", f"\niptc\n{len(resources(t)):8}\n{resources(t).hex()}\n")),
    ("IPTC", "behind the end"): lambda t: saved("JPEG") + b"AXS!\x00\x00\x00\x10" + iptc(t) + b"AXS*",
    ("segment", "JPEG"): lambda t: in_jpeg(segment(b"Ducky\x00\x02\x00" + t.encode("utf-16-be"), 0xEC)),
    ("segment", "JPEG that is not known"): lambda t: in_jpeg(segment(b"note\x00" + t.encode(), 0xE7)),
    ("segment", "Photoshop's caption"): lambda t: in_jpeg(segment(
        b"Photoshop 3.0\x008BIM\x03\xf0\x00\x00" + struct.pack(">I", len(t.encode())) + t.encode()
        + bytes(len(t.encode()) % 2), 0xED)),
    ("segment", "PNG"): lambda t: in_png(chunk(b"noTe", t.encode())),
    ("segment", "WebP"): lambda t: in_webp(b"NOTE", t.encode()),
    ("segment", "GIF"): lambda t: saved("GIF")[:-1] + b"!\xff\x0bNOTENOTE1.0"
    + bytes([len(t.encode())]) + t.encode() + b"\x00;",
    **{("behind the end", kind): lambda t, kind=kind: saved(kind) + t.encode()
       for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP")},
    ("behind the end", "a further JPEG"): lambda t: saved("JPEG") + saved("JPEG", comment=t.encode()),
    ("behind the end", "a further JPEG with EXIF"): lambda t: saved("JPEG") + saved("JPEG", exif=exif(t)),
    ("segment", "JFIF"): lambda t: in_jpeg(segment(b"JFIF\x00" + bytes(9) + t.encode(), 0xE0)),
    ("segment", "a table of JPEG"): lambda t: in_jpeg(segment(b"\x0f" + t.encode() + NO.encode(), 0xDB)),
    ("segment", "packed in PNG"): lambda t: in_png(chunk(b"noTe", zlib.compress(t.encode()))),
    ("comment", "PNG behind the end"): lambda t: saved("PNG") + chunk(
        b"zTXt", b"Note\0\0" + zlib.compress(t.encode())),
    ("behind the end", "TIFF"): lambda t: saved("TIFF") + t.encode(),
    ("behind the end", "PNM"): lambda t: saved("PPM") + t.encode(),
    ("C2PA", "JPEG"): lambda t: signed([{"label": "stds.schema-org.CreativeWork",
                                         "data": {"@type": "CreativeWork", "copyrightNotice": t}}]),
    ("C2PA", "an assertion of one's own"): lambda t: signed([{"label": "org.x.note", "data": {"n": t}}]),
    **{("XMP", f"{place} in JPEG"): lambda t, form=form: with_xmp(xmp(form.format(t)))
       for place, form in {
        "description": "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>A lake</rdf:li>"
        "<rdf:li xml:lang='de'>{}</rdf:li></rdf:Alt></dc:description>",
        "terms in a second language": "<r:UsageTerms><rdf:Alt><rdf:li xml:lang='x-default'>CC BY 4.0"
        "</rdf:li><rdf:li xml:lang='de'>{}</rdf:li></rdf:Alt></r:UsageTerms>",
        "rights": "<dc:rights><rdf:Alt><rdf:li>{}</rdf:li></rdf:Alt></dc:rights>",
        "value": "<dc:source><rdf:Description><rdf:value>{}</rdf:value></rdf:Description></dc:source>",
        "property of a structure": "<dc:x><rdf:Description dc:note='{}'/></dc:x>",
        "comment": "<!-- {} -->",
        "letters": "<dc:x><![CDATA[{}]]></dc:x>",
        "text between": "<dc:x><dc:y/>{}</dc:x>",
    }.items()},
}  # fmt: skip


def xmp(body: str) -> bytes:
    """Return a packet whose description has `body` inside."""
    return packet('xmlns:r="http://ns.adobe.com/xap/1.0/rights/"').replace(
        b"/></rdf:RDF>", b">" + body.encode() + b"</rdf:Description></rdf:RDF>"
    )


def wide(code: str) -> Callable[[bytes], bytes]:
    """Return what puts a packet into a comment in a code of two or four bytes a sign."""
    return lambda p: in_jpeg(segment(b"x" + p.decode().encode(code), 0xE7))


# What holds a packet of XMP.
FOR_PACKETS: dict[tuple[str, str], Callable[[bytes], bytes]] = {
    ("XMP", "JPEG"): with_xmp,
    ("XMP", "JPEG, the seventeenth"): lambda p: with_xmp(*[packet('dc:x="y"')] * 17, p),
    ("XMP", "JPEG between scans"): lambda p: between_scans(segment(b"http://ns.adobe.com/xap/1.0/\0" + p)),
    ("XMP", "PNG"): lambda p: png_with("XML:com.adobe.xmp", p, packed=False),
    ("XMP", "packed PNG"): lambda p: png_with("XML:com.adobe.xmp", p, packed=True),
    ("XMP", "raw profile in PNG"): lambda p: saved("PNG", pnginfo=info(
        "Raw profile type xmp", f"\nxmp\n{len(p):8}\n{p.hex()}\n")),
    ("XMP", "WebP"): lambda p: saved("WEBP", xmp=p),
    ("XMP", "GIF"): lambda p: saved("GIF")[:-1] + b"!\xff\x0bXMP DataXMP" + p + b"\x01"
    + bytes(range(255, -1, -1)) + b"\x00;",
    ("XMP", "TIFF"): lambda p: saved("TIFF", tiffinfo={700: p}),
    ("XMP", "second page of a TIFF"): lambda p: pages({700: p}),
    ("XMP", "behind the end of a JPEG"): lambda p: saved("JPEG") + p,
    ("XMP", "behind the end of a BMP"): lambda p: saved("BMP") + p,
    ("XMP", "Photoshop's resources"): lambda p: in_jpeg(segment(
        b"Photoshop 3.0\x008BIM\x04\x24\x00\x00" + struct.pack(">I", len(p)) + p
        + bytes(len(p) % 2), 0xED)),
    ("XMP", "another prefix"): lambda p: with_xmp(p.replace(b"x:xmpmeta", b"q:xmpmeta")
                                                  .replace(b"xmlns:x=", b"xmlns:q=")),
    ("XMP", "another prefix behind the end"): lambda p: saved("JPEG") + p.replace(
        b"x:xmpmeta", b"q:xmpmeta").replace(b"xmlns:x=", b"xmlns:q=").replace(b"rdf:", b"r:")
        .replace(b"xmlns:rdf", b"xmlns:r"),
    **{("XMP", code): wide(code) for code in ("utf-16-le", "utf-16-be", "utf-32-le")},
    ("bytes", "JPEG"): lambda p: in_jpeg(segment(b"\x01\x02" + p[p.index(b"dc="):-40], 0xE7)),
}  # fmt: skip


@pytest.mark.parametrize("place", FOR_WORDS, ids=": ".join)
def test_words_are_heard_in_every_place(place: tuple[str, str]) -> None:
    for language, text in WORDS.items():
        assert is_heard(FOR_WORDS[place](text)), language


@pytest.mark.parametrize("place", [one for one in FOR_PACKETS if one[0] != "bytes"], ids=": ".join)
def test_codes_are_heard_in_every_place(place: tuple[str, str]) -> None:
    for name, code in CODES.items():
        assert is_heard(FOR_PACKETS[place](packet(code))), name


def test_rest_of_a_packet_is_heard() -> None:
    data = FOR_PACKETS["bytes", "JPEG"](packet(CODES["DMI-PROHIBITED"]))
    assert is_heard(data)
    assert is_heard(with_xmp(ALLOWED, data=data))


@pytest.mark.parametrize("label", ["cawg.ai-usage", "com.x.notrain", "cawg.training-mining.v2"])
def test_assertion_about_use_that_is_not_known_is_heard(label: str) -> None:
    assert is_heard(signed([{"label": label, "data": {"v": "n"}}]))


@pytest.mark.parametrize("use", ["notAllowed", "constrained", "perhaps"])
def test_record_is_heard_beside_a_permission(use: str) -> None:
    assert is_heard(signed([mining(use)]))
    assert is_heard(signed([mining(use)], picture_of=with_xmp(ALLOWED)))


@cache
def _choices() -> list[tuple[str, bytes]]:
    made = [(f"{at}: {text}", FOR_WORDS[at](text)) for at in FOR_WORDS for text in WORDS.values()]
    made += [(f"{at}: {code}", FOR_PACKETS[at](packet(code)))
             for at in FOR_PACKETS if at[0] != "bytes" for code in CODES.values()]  # fmt: skip
    return [one for one in made if one[1].startswith(b"\xff\xd8")]


@given(choice=st.data())
@settings(max_examples=150, deadline=None)
def test_permission_elsewhere_silences_nothing(choice: st.DataObject) -> None:
    """A record, a packet or a licence that is read turns no search for others off."""
    name, data = choice.draw(st.sampled_from(_choices()))
    more = choice.draw(st.sampled_from(("before", "behind", "both")))
    if more != "behind":
        data = with_xmp(ALLOWED, data=data)
    if more != "before":
        data += ALLOWED
    assert is_heard(data), name


def test_plain_files_of_every_kind_say_nothing() -> None:
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM"):
        assert read(saved(kind)).signals == [], kind
    assert read(saved("JPEG", progressive=True)).signals == []
    assert read(pages({})).signals == []


BESIDE: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "NAME.json": ("a.json", lambda t: json.dumps({"n": [t]}).encode()),
    "NAME.xmp": ("A.Xmp", lambda t: xmp(f"<dc:x>{t}</dc:x>")),
    "NAME.html": ("a.html", lambda t: f"<html><p>{t}".encode()),
    "NAME.*": ("a.jpg.note", lambda t: t.encode("utf-16")),
    "llms.txt": ("llms.txt", str.encode),
    "licence or README": ("LICENSE", str.encode),
    "page": ("index.html", lambda t: f"<html><p>{t}".encode()),
    "file of no entry": ("other.txt", str.encode),
}


@pytest.mark.parametrize("place", BESIDE)
def test_words_beside_are_heard(tmp_path: Path, place: str) -> None:
    name, made = BESIDE[place]
    for language, text in WORDS.items():
        put(tmp_path, name, made(text))
        put(tmp_path, "a.xmp" if name != "A.Xmp" else "a.jpg.xmp", ALLOWED)
        assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"]), language


SITES = {
    "robots.txt": ("robots.txt", b"User-agent: GPTBot\nDisallow: /"),
    "ai.txt": ("ai.txt", b"User-agent: *\nDisallow: /"),
    "tdmrep.json": (".well-known/tdmrep.json", b'[{"location": "/", "tdm-reservation": 1}]'),
    "RSL": ("license.xml", b'<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>'
            b'<prohibits type="usage">all</prohibits></license></content></rsl>'),
    "trust.txt": ("trust.txt", b"datatrainingallowed=no"),
    "WARC": ("a.warc", b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: x://a.jpg\r\n"
             b"Content-Length: 43\r\n\r\nHTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\n\r\nabcd\r\n\r\n"),
    "NAME.c2pa": ("a.c2pa", detached()[1]),
}  # fmt: skip


@pytest.mark.parametrize("place", SITES)
def test_codes_beside_are_heard(tmp_path: Path, place: str) -> None:
    put(tmp_path, "a.jpg", picture())
    put(tmp_path, SITES[place][0], SITES[place][1])
    put(tmp_path, "a.xmp", ALLOWED)
    assert any(restricts(row) for row in told(tmp_path, "a.jpg")["a.jpg"])


def test_every_place_that_is_documented_is_tried() -> None:
    tried = {place for place, _ in (*FOR_WORDS, *FOR_PACKETS)} | BESIDE.keys() | SITES.keys()
    # Films have tests of their own, and so have names, columns of a manifest and records.
    assert tried | {"film", "column", "name", "records"} == {one.name for one in PLACES}
