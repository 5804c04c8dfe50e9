"""Files that were cut off, or whose structure lies."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import partial

from PIL import Image

from tests.hostile.pieces import (
    PNG_MAGIC,
    Hostile,
    box,
    chunk,
    drawing,
    encoded,
    header,
    piece,
    png,
    riff,
    segment,
    tiff,
    with_segment,
)

_FORMATS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif", "TIFF": "tif", "WEBP": "webp", "BMP": "bmp",
            "PPM": "ppm", "AVIF": "avif", "HEIF": "heic"}  # fmt: skip


def _cut(kind: str, part: float) -> bytes:
    whole = encoded(kind)
    return whole[: int(len(whole) * part)]


def _truncated() -> Iterator[Hostile]:
    for kind, ending in _FORMATS.items():
        for part in (0.25, 0.5, 0.95):
            name = f"{kind.lower()}-cut-at-{part:.0%}.{ending}"
            yield Hostile(name, partial(_cut, kind, part), "unreadable")
        name = f"{kind.lower()}-only-a-magic-number.{ending}"
        yield Hostile(name, partial(lambda kind: encoded(kind)[:12], kind), "unreadable")


def _edited(kind: str, old: bytes, new: bytes) -> bytes:
    whole = encoded(kind)
    assert old in whole
    return whole.replace(old, new, 1)


def _good_rows(width: int = 64, height: int = 48) -> bytes:
    return zlib.compress(bytes((3 * width + 1) * height))


def _frame(*, count: int = 3, factor: int = 0x11, marker: int = 0xC0) -> bytes:
    parts = b"".join(bytes((n + 1, factor, 0)) for n in range(count))
    return segment(marker, struct.pack(">BHHB", 8, 48, 64, count) + parts)


def _jpeg_frame(**options: int) -> bytes:
    whole = encoded()
    at = whole.index(b"\xff\xc0")
    length = int.from_bytes(whole[at + 2 : at + 4], "big") + 2
    return whole[:at] + _frame(**options) + whole[at + length :]


def _jpeg_without(marker: bytes) -> bytes:
    whole = encoded()
    while marker in whole[: whole.index(b"\xff\xda")]:
        at = whole.index(marker)
        whole = whole[:at] + whole[at + 2 + int.from_bytes(whole[at + 2 : at + 4], "big") :]
    return whole


def _jpeg_two_frames() -> bytes:
    whole = encoded()
    at = whole.index(b"\xff\xc0")
    return whole[:at] + _frame() + whole[at:]


def _strips(offset: int, length: int) -> bytes:
    entries = [(256, 4, 1, 64), (257, 4, 1, 48), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 1, offset), (277, 3, 1, 1), (278, 4, 1, 48),
               (279, 4, 1, length)]  # fmt: skip
    return tiff(*entries)


def _tiff_itself() -> bytes:
    """Return a good TIFF whose only directory names itself as the next."""
    whole = encoded("TIFF")
    at = int.from_bytes(whole[4:8], "little")
    end = at + 2 + 12 * int.from_bytes(whole[at : at + 2], "little")
    return whole[:end] + whole[4:8] + whole[end + 4 :]


def _palette_short() -> bytes:
    rows = zlib.compress(b"".join(b"\0" + bytes(range(64)) for _ in range(48)))
    return png(header(64, 48, colour=3), chunk(b"PLTE", bytes(6)), chunk(b"IDAT", rows))


_GIF_START = b"GIF89a\x08\0\x08\0\x80\0\0" + bytes(6)

_LIES = (
    Hostile("empty.jpg", lambda: b"", "empty"),
    Hostile("one-byte.jpg", lambda: b"\xff", "not_media"),
    Hostile("zeros.jpg", lambda: bytes(10_000), "not_media"),
    Hostile("fill-bytes.jpg", lambda: b"\xff\xd8" + b"\xff" * 1_000_000, "corrupt"),
    Hostile("jpeg-two-frames.jpg", _jpeg_two_frames, "corrupt"),
    Hostile("jpeg-no-huffman-tables.jpg", partial(_jpeg_without, b"\xff\xc4"), "JPEG"),
    Hostile("jpeg-no-quantisation.jpg", partial(_jpeg_without, b"\xff\xdb"), "unreadable"),
    Hostile("jpeg-sampling-15.jpg", partial(_jpeg_frame, factor=0xFF), "unreadable"),
    Hostile("jpeg-255-components.jpg", partial(_jpeg_frame, count=255), "corrupt"),
    Hostile("jpeg-lossless.jpg", partial(_jpeg_frame, marker=0xC3), "unreadable"),
    Hostile("jpeg-arithmetic.jpg", partial(_jpeg_frame, marker=0xC9), "JPEG"),
    Hostile("jpeg-segment-of-length-0.jpg",
            lambda: with_segment(0xE5, b"", length=0), "corrupt"),
    Hostile("jpeg-segment-past-the-end.jpg",
            lambda: with_segment(0xE5, b"abc", length=65_535), "corrupt"),
    Hostile("png-length-of-2-gib.png",
            lambda: png(header(64, 48), chunk(b"IDAT", b"abc", length=0x7FFFFFFF)), "unreadable"),
    Hostile("png-length-negative.png",
            lambda: png(header(64, 48), chunk(b"tEXt", b"abc", length=0xFFFFFFFF)), "unreadable"),
    Hostile("png-checksum-of-header.png",
            lambda: PNG_MAGIC + header(64, 48)[:-1] + b"!" + chunk(b"IEND"), "corrupt"),
    Hostile("png-checksum-of-data.png",
            lambda: png(header(64, 48), chunk(b"IDAT", _good_rows(), crc=1)), "PNG"),
    Hostile("png-no-data.png", lambda: png(header(64, 48)), "unreadable"),
    Hostile("png-no-header.png", lambda: png(chunk(b"IDAT", _good_rows())), "corrupt"),
    Hostile("png-colour-type-5.png", lambda: png(header(64, 48, colour=5)), "corrupt"),
    Hostile("png-no-pixels.png", lambda: png(header(0, 0)), "unreadable"),
    Hostile("png-palette-too-short.png", _palette_short, "PNG"),
    Hostile("gif-no-frame.gif", lambda: b"GIF89a" + bytes(7) + b";", "unreadable"),
    Hostile("gif-code-size-200.gif",
            lambda: _GIF_START + b",\0\0\0\0\x08\0\x08\0\0\xc8\1\0\0;", "unreadable"),
    Hostile("gif-control-blocks-only.gif",
            lambda: _GIF_START + b"!\xf9\x04\0\0\0\0\0" * 50_000, "unreadable"),
    Hostile("tiff-strip-past-the-end.tif", partial(_strips, 0xFFFFFF00, 3_072), "unreadable"),
    Hostile("tiff-strip-of-4-gib.tif", partial(_strips, 8, 0xFFFFFFFF), "unreadable"),
    Hostile("tiff-directory-of-itself.tif", _tiff_itself, "TIFF"),
    Hostile("tiff-no-directory.tif", lambda: b"II*\0\xff\xff\xff\xff", "unreadable"),
    Hostile("webp-length-lies.webp",
            lambda: b"RIFF\xff\xff\xff\xff" + encoded("WEBP")[8:], "unreadable"),
    Hostile("webp-no-image.webp",
            lambda: riff(b"WEBP", piece(b"VP8X", bytes(10))), "unreadable"),
    Hostile("webp-chunk-length-lies.webp",
            lambda: riff(b"WEBP", piece(b"VP8 ", b"abc", length=0xFFFFFFF0)), "unreadable"),
    Hostile("avif-no-items.avif",
            lambda: box(b"ftyp", b"avif\0\0\0\0avifmif1") + box(b"meta", bytes(4)), "unreadable"),
    Hostile("heic-item-past-the-end.heic",
            lambda: _edited("HEIF", b"mdat", b"free"), "HEIF"),
    Hostile("bmp-negative-width.bmp",
            lambda: _edited("BMP", struct.pack("<i", 96), struct.pack("<i", -96)), "unreadable"),
    Hostile("bmp-65535-colours.bmp",
            lambda: encoded("BMP", drawing().convert("P"))[:46] + b"\xff\xff\0\0" + bytes(200),
            "unreadable"),
    Hostile("ppm-of-letters.ppm", lambda: b"P3 ab cd ef\n", "corrupt"),
)  # fmt: skip


def _mode(mode: str, kind: str, **options: object) -> bytes:
    return encoded(kind, drawing().convert(mode), **options)


def _deep(kind: str) -> bytes:
    grey = drawing().convert("L")
    return encoded(kind, Image.merge("L", [grey]).convert("I;16"))


def _float_extremes() -> bytes:
    image = drawing().convert("F")
    for place, value in enumerate((float("nan"), float("inf"), float("-inf"), 1e38)):
        image.putpixel((place, 0), value)
    return encoded("TIFF", image)


_MODES = (
    Hostile("mode-1-bit.png", partial(_mode, "1", "PNG"), "PNG"),
    Hostile("mode-1-bit.tif", partial(_mode, "1", "TIFF", compression="group4"), "TIFF"),
    Hostile("mode-16-bit.png", partial(_deep, "PNG"), "PNG"),
    Hostile("mode-16-bit.tif", partial(_deep, "TIFF"), "TIFF"),
    Hostile("mode-cmyk.jpg", partial(_mode, "CMYK", "JPEG"), "JPEG"),
    Hostile("mode-cmyk.tif", partial(_mode, "CMYK", "TIFF"), "TIFF"),
    Hostile("mode-lab.tif", partial(_mode, "LAB", "TIFF"), "TIFF"),
    Hostile("mode-palette.png", partial(_mode, "P", "PNG", transparency=3), "PNG"),
    Hostile("mode-float-not-a-number.tif", _float_extremes, "TIFF"),
    Hostile("size-1x1.jpg", lambda: encoded(image=drawing(1, 1)), "JPEG"),
    Hostile("size-1x20000.png", lambda: encoded("PNG", drawing(1, 20_000)), "PNG"),
    Hostile("size-65000x1.jpg", lambda: encoded(image=drawing(65_000, 1)), "JPEG"),
)

BROKEN = (*_truncated(), *_LIES, *_MODES)
