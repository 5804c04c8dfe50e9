"""Whatever a picture's file holds beside the picture is told: nothing hides in it."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import compress, crc32

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from curate.media import probe_file
from curate.media.jpeg import parse_jpeg
from curate.media.lzw import lzw_used
from curate.media.parts import find_parts

Write = Callable[[bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(data: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(data)
        return path

    return written


def drawn(seed: int, size: tuple[int, int] = (96, 96)) -> Image.Image:
    """Return a picture with large shapes, of which no two seeds give similar ones."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(random.integers(0, 255, 3)))
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, w, h = random.integers(0, max(size), 4)
        pen.ellipse((x, y, x + w, y + h), fill=tuple(random.integers(0, 255, 3)))
    return image


def stacked() -> Image.Image:
    """Return scenery above a person."""
    image = Image.new("RGB", (96, 192))
    image.paste(drawn(1))
    image.paste(drawn(2), (0, 96))
    return image


def coded(image: Image.Image, kind: str, **settings: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", crc32(kind + body))


def jpeg_of_height(data: bytes, height: int) -> bytes:
    at = 2
    while data[at + 1] not in (0xC0, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data[: at + 5] + struct.pack(">H", height) + data[at + 7 :]


def png_of_height(data: bytes, height: int) -> bytes:
    body = data[16:20] + struct.pack(">I", height) + data[24:29]
    return data[:8] + chunk(b"IHDR", body) + data[33:]


def gif_of_height(data: bytes, height: int) -> bytes:
    at = data.index(b"\x2c\x00\x00\x00\x00")
    low = struct.pack("<H", height)
    return data[:8] + low + data[10 : at + 7] + low + data[at + 9 :]


def webp_of_height(data: bytes, height: int) -> bytes:
    if data[12:16] == b"VP8 ":
        return data[:28] + struct.pack("<H", height) + data[30:]
    bits = int.from_bytes(data[21:25], "little")
    bits = bits & ~(0x3FFF << 14) | (height - 1) << 14
    return data[:21] + struct.pack("<I", bits) + data[25:]


def segment(number: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, number, len(payload) + 2) + payload


def with_segment(number: int, payload: bytes) -> bytes:
    data = coded(drawn(1), "JPEG")
    return data[:2] + segment(number, payload) + data[2:]


def with_chunk(kind: bytes, body: bytes) -> bytes:
    data = coded(drawn(1), "PNG")
    return data[:33] + chunk(kind, body) + data[33:]


def with_extension(body: bytes) -> bytes:
    data = coded(drawn(1), "GIF")
    blocks = b"".join(bytes([len(p)]) + p for p in (body[i : i + 255]
                      for i in range(0, len(body), 255)))  # fmt: skip
    return data[:-1] + b"\x21\xfe" + blocks + b"\x00;"


def with_riff(kind: bytes, body: bytes) -> bytes:
    data = coded(drawn(1), "WEBP") + kind + struct.pack("<I", len(body)) + body
    data += b"\x00" * (len(data) % 2)
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


PERSON = coded(drawn(2), "JPEG")
LOW: dict[str, bytes] = {
    "baseline": jpeg_of_height(coded(stacked(), "JPEG"), 96),
    "progressive": jpeg_of_height(coded(stacked(), "JPEG", progressive=True), 96),
    "restarts": jpeg_of_height(coded(stacked(), "JPEG", restart_marker_rows=1), 96),
    "grey": jpeg_of_height(coded(stacked().convert("L"), "JPEG"), 96),
    "four inks": jpeg_of_height(coded(stacked().convert("CMYK"), "JPEG"), 96),
    "png": png_of_height(coded(stacked(), "PNG"), 96),
    "gif": gif_of_height(coded(stacked(), "GIF"), 96),
    "webp": webp_of_height(coded(stacked(), "WEBP"), 96),
    "webp without loss": webp_of_height(coded(stacked(), "WEBP", lossless=True), 96),
}
WHOLE: dict[str, bytes] = {
    **{kind: coded(stacked(), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")},
    "progressive": coded(stacked(), "JPEG", progressive=True, optimize=True),
    "four inks": coded(stacked().convert("CMYK"), "JPEG"),
    "restarts": coded(stacked(), "JPEG", restart_marker_blocks=1),
    "palette": coded(stacked().quantize(16), "PNG"),
    "one bit": coded(stacked().convert("1"), "PNG"),
    "without loss": coded(stacked(), "WEBP", lossless=True),
    "one colour": coded(Image.new("RGB", (300, 300), "teal"), "WEBP"),
    "laced gif": coded(stacked(), "GIF", interlace=1),
    "odd size": coded(drawn(3, (33, 71)), "GIF", interlace=0),
    "animated png": coded(drawn(1), "PNG", save_all=True, append_images=[drawn(n) for n in (2, 3)]),
    "animated gif": coded(drawn(1), "GIF", save_all=True, append_images=[drawn(n) for n in (2, 3)]),
    "animated webp": coded(
        drawn(1), "WEBP", save_all=True, append_images=[drawn(n) for n in (2, 3)]
    ),
}


@pytest.mark.parametrize("name", LOW)
def test_picture_that_goes_on_below_its_declared_height_is_noticed(write: Write, name: str) -> None:
    """It decodes without a word, and whoever restores two bytes sees the rest."""
    row = probe_file(write(LOW[name]))

    assert row["height"] == 96
    assert isinstance(row["surplus_bytes"], int)
    assert row["surplus_bytes"] > 0


@pytest.mark.parametrize("name", WHOLE)
def test_ordinary_picture_has_nothing_idle_and_nothing_unread(write: Write, name: str) -> None:
    """What encoders write is needed, to the last byte."""
    row = probe_file(write(WHOLE[name]))

    assert (row["surplus_bytes"], row["unread_bytes"], row["unread_parts"]) == (0, 0, None)


def test_png_data_behind_the_end_of_its_stream_is_noticed(write: Write) -> None:
    """Decoders stop at the end of the stream, and a further chunk can hold anything."""
    data = coded(drawn(1), "PNG")
    end = data.index(b"IEND") - 4
    row = probe_file(write(data[:end] + chunk(b"IDAT", PERSON) + data[end:]))

    assert row["surplus_bytes"] == len(PERSON)


def test_laced_png_is_counted_pass_by_pass(write: Write) -> None:
    """Adam7 of 3 x 2 grey samples: passes 1, 4, 6 and 7 have rows, of 1, 1, 1 and 3 samples."""
    rows = b"\x00\x01" + b"\x00\x02" + b"\x00\x03" + b"\x00\x04\x05\x06"
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 1))
    for more, idle in ((b"", 0), (b"\x00\x07", 2)):
        data = chunk(b"IDAT", compress(rows + more)) + chunk(b"IEND", b"")
        assert probe_file(write(b"\x89PNG\r\n\x1a\n" + head + data))["surplus_bytes"] == idle


@pytest.mark.parametrize("cut", ["modes", "coefficients"])
def test_bytes_behind_a_partition_of_webp_are_noticed(write: Write, cut: str) -> None:
    """A partition says how long it is, and its decoder stops where it has enough."""
    data = coded(drawn(1), "WEBP")
    code = data[20:]
    tag = int.from_bytes(code[:3], "little")
    start = 10 + (tag >> 5)
    if cut == "modes":
        longer = (tag & 0x1F | (tag >> 5) + len(PERSON) << 5).to_bytes(3, "little")
        code = longer + code[3:start] + PERSON + code[start:]
    else:
        code += PERSON
    code += b"\x00" * (len(code) % 2)
    body = b"WEBPVP8 " + struct.pack("<I", len(code)) + code
    row = probe_file(write(struct.pack("<4sI", b"RIFF", len(body)) + body))

    assert isinstance(row["surplus_bytes"], int)
    assert row["surplus_bytes"] > 0


def test_component_that_is_coded_twice_is_noticed() -> None:
    """The later scan is shown, and the earlier one can be had back."""
    data = coded(drawn(1).convert("L"), "JPEG")
    facts = parse_jpeg(data[:-2] + data[data.index(b"\xff\xda") :])
    facts.surplus = 0

    assert find_parts(data, "JPEG", facts).surplus is None


UNREAD: dict[str, tuple[bytes, str]] = {
    "private chunk": (with_chunk(b"prVt", PERSON), "prVt"),
    "long chunk": (with_chunk(b"tIME", PERSON), "tIME"),
    "application segment": (with_segment(0xE9, PERSON), "APP9"),
    "thumbnail of JFIF": (with_segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + b"\7" * 3),
                          "JFIF thumbnail"),
    "comment that is no text": (with_segment(0xFE, PERSON), "COM"),
    "comment of GIF": (with_extension(PERSON), "comment"),
    "chunk of RIFF": (with_riff(b"JUNK", PERSON), "JUNK"),
    "second picture of RIFF": (with_riff(b"VP8 ", coded(drawn(2), "WEBP")[20:]), "VP8 "),
    "Photoshop block": (with_segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x0b\xb7\0\0"
                        + struct.pack(">I", 4000) + b"\x55" * 4000), "8BIM 2999"),
    "profile of the wrong length": (with_segment(0xE2, b"ICC_PROFILE\0\1\1" + b"\0" * 400),
                                    "ICC profile"),
    "letters that are no words": (with_segment(0xFE, b"QUJD" * 400), "coded data in COM"),
    "stray bytes": (coded(drawn(1), "JPEG")[:20] + b"stray" + coded(drawn(1), "JPEG")[20:],
                    "between two segments"),
    "packed text with more behind": (with_chunk(b"zTXt", b"Comment\0\0" + compress(b"hello")
                                     + PERSON), "zTXt Comment"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREAD)
def test_part_that_no_reader_understands_is_counted(write: Write, name: str) -> None:
    """It is named, and no silence stands for it."""
    data, part = UNREAD[name]
    row = probe_file(write(data))

    assert isinstance(row["unread_bytes"], int)
    assert row["unread_bytes"] > 0
    assert row["unread_parts"] == part


def _photoshop_thumbnail(picture: bytes) -> bytes:
    value = struct.pack(">IIIIIIHH", 1, 96, 96, 288, 27648, len(picture), 24, 1) + picture
    value += b"\0" * (len(value) % 2)
    return b"Photoshop 3.0\0" + b"8BIM\x04\x0c\0\0" + struct.pack(">I", len(value)) + value


def _xmp_thumbnail(picture: bytes) -> bytes:
    text = base64.b64encode(picture).decode()
    lines = "&#xA;".join(text[i : i + 76] for i in range(0, len(text), 76))
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a xmpGImg="{lines}"/></x:xmpmeta>'
    return b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()


PREVIEWS: dict[str, Callable[[bytes], bytes]] = {
    "Photoshop": lambda picture: with_segment(0xED, _photoshop_thumbnail(picture)),
    "XMP": lambda picture: with_segment(0xE1, _xmp_thumbnail(picture)),
    "JFXX": lambda picture: with_segment(0xE0, b"JFXX\0\x10" + picture),
    "C2PA": lambda picture: with_segment(0xEB, b"JP\0\1\0\0\0\1" + b"jumb" + picture),
    "maker note": lambda picture: with_segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0" + picture),
    "text of PNG": lambda picture: with_chunk(b"tEXt", b"Icon\0" + base64.b64encode(picture)),
}


@pytest.mark.parametrize("name", PREVIEWS)
def test_previews_are_held_against_the_picture(write: Write, name: str) -> None:
    """Wherever they stand: an editor forgets them, and they show what was there before."""
    same = probe_file(write(PREVIEWS[name](coded(drawn(1), "JPEG"))))
    other = probe_file(write(PREVIEWS[name](PERSON)))

    assert same["thumbnail_distance"] in range(11)
    assert same["unread_bytes"] == 0
    assert isinstance(other["thumbnail_distance"], int)
    assert other["thumbnail_distance"] > 10


def test_preview_that_hides_something_itself_is_not_read(write: Write) -> None:
    """It shows what the picture shows, and goes on below."""
    preview = jpeg_of_height(coded(stacked(), "JPEG"), 96)
    row = probe_file(write(PREVIEWS["Photoshop"](preview)))

    assert row["unread_parts"] == "a preview in 8BIM 1036"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_of_later_frames_is_not_known(write: Write, kind: str) -> None:
    """Pixels can stand under it, and only those of the first frame are looked through."""
    frames = [drawn(seed).convert("RGBA") for seed in (1, 2, 3)]
    frames[2].paste((9, 9, 9, 0), (10, 10, 40, 40))
    data = coded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)

    assert probe_file(write(data))["hidden_pixels"] is None
    assert probe_file(write(WHOLE[f"animated {kind.lower()}"]))["hidden_pixels"] is False


def test_words_and_settings_are_read(write: Write) -> None:
    """What programs write into pictures every day holds nothing open."""
    texts = PngInfo()
    texts.add_text("Comment", "drawn by hand")
    texts.add_itxt("Title", "Zeichnung", zip=True)
    exif = Image.Exif()
    exif[0x010E] = "a drawing"
    rows = [
        probe_file(write(data))
        for data in (
            coded(drawn(1), "PNG", pnginfo=texts, exif=exif, dpi=(72, 72)),
            coded(drawn(1), "JPEG", comment="CREATOR: gd-jpeg v1.0, quality = 80", exif=exif),
            coded(drawn(1), "GIF", comment="made with care"),
            coded(drawn(1), "WEBP", exif=exif, xmp=b"<x:xmpmeta/>"),
        )
    ]

    assert [row["unread_bytes"] for row in rows] == [0] * 4


def test_compiled_and_plain_counts_of_codes_agree() -> None:
    """The plain one is the definition."""
    from curate.media.compiled import CompiledKernels

    random = np.random.default_rng(4)
    for _ in range(20):
        codes = random.integers(0, 256, 500).astype(np.uint8)
        given = (codes, int(random.integers(2, 9)), int(random.integers(1, 4000)))
        assert CompiledKernels().lzw_used(*given) == lzw_used(*given)
