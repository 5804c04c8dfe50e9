"""Free text: what a person wrote of use, training and consent is held open, wherever it stands."""

# ruff: noqa: RUF001 - these are the letters of the languages that are read
from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from curate.signals.beside import list_beside, read_beside
from curate.signals.content import read_picture
from curate.signals.found import Signal
from curate.signals.words import quoted

REFUSALS = (
    "Do not use for AI training.",
    "The person withdrew, do not train on this",
    "no longer has my permission",
    "consent=refused",
    "NICHT für KI-Training verwenden",
    "Einwilligung widerrufen",
    "Ne pas utiliser pour l'entraînement d'une IA",
    "consentement retiré",
    "No usar para entrenar inteligencia artificial",
    "Vietato l’uso per addestrare l'intelligenza artificiale",
    "É proibido treinar com esta imagem",
    "Niet gebruiken om AI te trainen; toestemming ingetrokken",
    "Nie używać do trenowania; zgoda wycofana",
    "Не использовать для обучения нейросетей",
    "согласие отозвано",
    "禁止用于人工智能训练",
    "AI学習への利用を禁止します",
    "لا تستخدم هذه الصورة لتدريب الذكاء الاصطناعي",
    "RESEARCH_ONLY",
    "ＤＯ　ＮＯＴ　ＵＳＥ",
)  # fmt: skip
NEUTRAL = (
    "",
    "Two people at the lake, 1998",
    "OLYMPUS DIGITAL CAMERA",
    "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 80",
    "Lavc58.134.100",
    "© 2019 Anna Example. All rights reserved.",
    "Main Street, Kinshasa; maintained by the city",
    "Kirche im Winter",
    "Una mujer en el jardín",
    "Une femme souriante près d'Aix",
    "Een vrouw op straat",
    "Kobieta na rynku",
    "Женщина на улице",
    "湖边的两个人",
    "海辺の女性",
    "امرأة في السوق",
)


@pytest.mark.parametrize("text", REFUSALS)
def test_words_of_use_and_consent_are_noticed(text: str) -> None:
    """In twelve languages, in any case, width and spelling of Unicode."""
    assert quoted(text) is not None


@pytest.mark.parametrize("text", NEUTRAL)
def test_other_text_is_neutral(text: str) -> None:
    """Captions and what programs write say nothing of use."""
    assert quoted(text) is None


def test_long_text_is_quoted_where_it_speaks() -> None:
    """And not as a whole: it may name people."""
    words = quoted("word " * 400 + "no consent was given" + " word" * 400)

    assert words is not None
    assert "no consent was given" in words
    assert len(words) < 300


NO = "Please do not use for AI training"
_PLAIN = Image.new("RGB", (8, 8), "teal")


def saved(kind: str, **settings: Any) -> bytes:
    out = io.BytesIO()
    _PLAIN.save(out, kind, **settings)
    return out.getvalue()


def exif(tag: int, value: Any, *, directory: int | None = None) -> bytes:
    """Return an EXIF block with one tag, in the first directory or one that it points at."""
    block = Image.Exif()
    place = block if directory is None else block.get_ifd(directory)
    place[tag] = value
    return block.tobytes()


def text_of_png(keyword: str, *, packed: bool = False, international: bool = False) -> bytes:
    info = PngInfo()
    add = info.add_itxt if international else info.add_text
    add(keyword, NO, zip=packed)
    return saved("PNG", pnginfo=info)


def raw_profile() -> bytes:
    """Return what ImageMagick writes into a PNG for EXIF."""
    raw = b"Exif\0\0" + exif(0x010E, NO).removeprefix(b"Exif\0\0")
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(raw):8}\n{raw.hex()}\n")
    return saved("PNG", pnginfo=info)


def iptc() -> bytes:
    record = b"\x1c\x02\x78" + struct.pack(">H", len(NO)) + NO.encode()
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record
    block += b"\0" * (len(record) % 2)
    data = saved("JPEG")
    return data[:2] + struct.pack(">BBH", 0xFF, 0xED, len(block) + 2) + block + data[2:]


def xmp(body: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/p/">'
        f"{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def late_comment() -> bytes:
    """Return a JPEG with a comment between two of its scans."""
    data = saved("JPEG", progressive=True)
    at = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    return data[:at] + struct.pack(">BBH", 0xFF, 0xFE, len(NO) + 2) + NO.encode() + data[at:]


def late_text() -> bytes:
    body = b"Note\0" + NO.encode()
    chunk = struct.pack(">I4s", len(body), b"tEXt") + body
    data = saved("PNG")
    return data[:-12] + chunk + struct.pack(">I", crc32(b"tEXt" + body)) + data[-12:]


PLACES: dict[str, bytes] = {
    "JPEG comment": saved("JPEG", comment=NO),
    "JPEG comment between scans": late_comment(),
    "GIF comment": saved("GIF", comment=NO),
    "PNG text": text_of_png("Comment"),
    "PNG text behind the picture": late_text(),
    "packed PNG text": text_of_png("Description", packed=True),
    "international PNG text": text_of_png("Title", packed=True, international=True),
    "raw profile": raw_profile(),
    "PNM comment": saved("PPM").replace(b"P6\n", b"P6\n# " + NO.encode() + b"\n"),
    "EXIF description": saved("JPEG", exif=exif(0x010E, NO)),
    "EXIF description in PNG": saved("PNG", exif=exif(0x010E, NO)),
    "EXIF description in WebP": saved("WEBP", exif=exif(0x010E, NO)),
    "EXIF comment": saved(
        "JPEG", exif=exif(0x9286, b"ASCII\0\0\0" + NO.encode(), directory=0x8769)
    ),
    "EXIF comment in Unicode": saved(
        "JPEG", exif=exif(0x9286, b"UNICODE\0" + NO.encode("utf-16-be"), directory=0x8769)
    ),
    "title of Windows": saved("JPEG", exif=exif(0x9C9B, NO.encode("utf-16-le"))),
    "copyright": saved("JPEG", exif=exif(0x8298, f"(c) Anna. {NO}")),
    "IPTC caption": iptc(),
    "XMP description": saved("JPEG", xmp=xmp(
        f"<dc:description><rdf:Alt><rdf:li>{NO}</rdf:li></rdf:Alt></dc:description>")),
    "XMP headline": saved("JPEG", xmp=xmp(f"<photoshop:Headline>{NO}</photoshop:Headline>")),
    "XMP rights": saved("JPEG", xmp=xmp(
        f"<dc:rights><rdf:Alt><rdf:li>{NO}</rdf:li></rdf:Alt></dc:rights>")),
}  # fmt: skip


def held(signals: list[Signal]) -> list[Signal]:
    return [one for one in signals if one.kind == "unreadable"]


@pytest.mark.parametrize("name", PLACES)
def test_refusal_in_words_is_a_statement_that_cannot_be_read(name: str) -> None:
    """It is quoted with its place, once or more, and clears nothing."""
    data = PLACES[name]
    found = held(read_picture(data, f"image/{Image.open(io.BytesIO(data)).format}".lower()).signals)

    assert found
    assert all(NO in (one.value or "") for one in found)


def test_prompt_that_speaks_of_use_is_told_and_not_kept() -> None:
    """A prompt may name people."""
    found = held(read_picture(text_of_png("parameters"), "image/png").signals)

    assert [one.place for one in found] == ["PNG text parameters"]
    assert NO not in str(found)


def test_terms_are_not_told_twice() -> None:
    """Conditions of use are a kind of their own, which a rule tells."""
    rights = f'xmlns:r="http://ns.adobe.com/xap/1.0/rights/"><r:UsageTerms>{NO}</r:UsageTerms'
    packet = xmp("").replace(b'ns.adobe.com/p/">', f'ns.adobe.com/p/" {rights}>'.encode())
    signals = read_picture(saved("JPEG", xmp=packet), "image/jpeg").signals

    assert [one.kind for one in signals] == ["terms"]


def beside(folder: Path, extra: str | None = None) -> list[dict[str, Any]]:
    """Return what is told of ``a.jpg``, from what lies beside it."""
    import pyarrow as pa

    entry = {"media_id": "m", "root": str(folder), "locator": "sub/a.jpg", "sha256": "0" * 64,
             "extra": extra}  # fmt: skip
    tables = read_beside({"entries": pa.Table.from_pylist([entry])}, found=list_beside([entry]))
    rows: list[dict[str, Any]] = tables["signals"].to_pylist()
    return rows


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jpg.txt", NO, NO),
        ("a.txt", NO, NO),
        ("a.TXT", NO, NO),
        ("a.md", f"# Note\n{NO}", NO),
        ("a.anything", NO, NO),
        ("a.txt", "\ufeff" + NO, NO),
        ("a.json", '{"note": "the person withdrew, do not train on this"}', "do not train on this"),
        ("a.json", '{"about": [{"consent": false}]}', "about.consent: False"),
        ("a.json", '["do not use"]', "do not use"),
        ("a.json", "{", "no JSON"),
        ("a.xmp", "<x", "not well formed"),
        ("a.xmp", xmp(f"<dc:description>{NO}</dc:description>").decode(), NO),
        ("a.jpg.xmp", xmp("<dc:source>do not use</dc:source>").decode(), "do not use"),
        ("a.pdf", "%PDF-1.7\n\x00\x01\x02", "a file of a kind that is not read"),
    ],
)
def test_sidecar_that_speaks_or_cannot_be_read_is_told(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    """Whatever its ending: whoever writes a refusal down knows no formats."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_text(content, encoding="utf-8")
    found = beside(tmp_path)

    assert {row["kind"] for row in found} == {"unreadable"}
    assert any(told in row["value"] for row in found)
    assert all(row["place"].startswith(f"sub/{name}") for row in found)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "a woman at the lake"),
        ("a.json", '{"caption": "a woman", "split": "train", "is_train": true, "width": 640}'),
        ("a.npy", "do not use"),
        ("b.txt", "a picture of a lake"),
        ("a.xmp", xmp("<dc:subject>lake</dc:subject>").decode()),
    ],
)
def test_sidecar_that_says_nothing_of_use_is_neutral(
    tmp_path: Path, name: str, content: str
) -> None:
    """Captions, sizes, splits, arrays, and what belongs to another entry."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_text(content, encoding="utf-8")

    assert beside(tmp_path) == []


def test_columns_of_a_manifest_that_nothing_reads_are_read_as_text(tmp_path: Path) -> None:
    """They are kept with the entry, and may say that somebody refused."""
    (tmp_path / "sub").mkdir()
    columns = {
        "consent": "refused",
        "notes": "withdrawn, do not use",
        "camera": "X",
        "fold": "train",
    }
    found = beside(tmp_path, json.dumps(columns))

    assert sorted(row["place"] for row in found) == [
        "manifest column: consent",
        "manifest column: notes",
    ]
