"""Bombs: a few bytes that ask for gigabytes, or for hours."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from functools import partial

from tests.hostile.pieces import (
    Hostile,
    box,
    chunk,
    encoded,
    header,
    piece,
    png,
    riff,
    segment,
    tiff,
    with_chunk,
)

_MANY = 3_000


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for number in range(5):
            opened.writestr(zipfile.ZipInfo(f"{number}.jpg"), bytes(20_000_000))
    return buffer.getvalue()


def _png_overfull() -> bytes:
    return png(header(64, 48), chunk(b"IDAT", zlib.compress(bytes(200_000_000), 9)))


def _png_just_under() -> bytes:
    """Return a PNG of 144 megapixels with transparency, which the limits allow."""
    side = 12_000
    packed = zlib.compressobj(9)
    row = bytes(1 + 4 * side)
    body = b"".join(packed.compress(row) for _ in range(side)) + packed.flush()
    return png(header(side, side, colour=6), chunk(b"IDAT", body))


def _gif(width: int, height: int, *frames: bytes, end: bytes = b";") -> bytes:
    palette = bytes((0, 0, 0, 255, 255, 255))
    start = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0)
    return start + palette + b"".join(frames) + end


def _gif_frame(width: int = 8, height: int = 8, delay: int = 4) -> bytes:
    """Return one frame of a GIF, with the data of 8 x 8 pixels whatever size it states."""
    control = b"!\xf9\x04\x00" + struct.pack("<H", delay) + b"\0\0"
    # Every two pixels the table is cleared, so that codes stay three bits long; 5 is the end.
    codes = [4, 0, 0] * 32 + [5]
    bits = sum(code << 3 * place for place, code in enumerate(codes))
    data = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    shape = struct.pack("<HHHHB", 0, 0, width, height, 0)
    return control + b"," + shape + b"\x02" + bytes((len(data),)) + data + b"\0"


def _apng() -> bytes:
    whole = encoded("PNG")
    size = struct.unpack(">II", whole[16:24])
    control = chunk(b"acTL", struct.pack(">II", _MANY, 0))
    body = zlib.compress(bytes((3 * size[0] + 1) * size[1]))
    frames = [
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * n, *size, 0, 0, 1, 25, 0, 0))
        + (chunk(b"fdAT", struct.pack(">I", 2 * n + 1) + body) if n else b"")
        for n in range(_MANY)
    ]
    return whole[:33] + control + frames[0] + whole[33:-12] + b"".join(frames[1:]) + whole[-12:]


def _webp_frames() -> bytes:
    size = bytes((95, 0, 0, 71, 0, 0))
    frame = bytes(6) + size + bytes((40, 0, 0, 0)) + encoded("WEBP")[12:]
    start = piece(b"VP8X", bytes((2, 0, 0, 0)) + size) + piece(b"ANIM", bytes(6))
    return riff(b"WEBP", start + piece(b"ANMF", frame) * _MANY)


def _webp_canvas() -> bytes:
    canvas = bytes(4) + b"\xff\xff\x3f" * 2
    return riff(b"WEBP", piece(b"VP8X", canvas) + encoded("WEBP")[12:])


def _stated_huge(kind: str) -> bytes:
    """Return an AVIF or HEIC whose box `ispe` says 60,000 x 60,000 pixels."""
    whole = encoded(kind)
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">II", 60_000, 60_000) + whole[at + 8 :]


def _jpeg_size(width: int, height: int) -> bytes:
    whole = encoded()
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", height, width) + whole[at + 4 :]


def _jpeg_scans() -> bytes:
    """Return a progressive JPEG that repeats its last scan three hundred times."""
    whole = encoded(progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 300 + whole[-2:]


def _jpeg_segments() -> bytes:
    whole = encoded()
    return whole[:2] + segment(0xFE, b"") * 100_000 + whole[2:]


def _tiff_strip() -> bytes:
    """Return a TIFF whose strip unpacks to far more than its 64 x 48 pixels."""
    packed = zlib.compress(bytes(100_000_000), 9)
    entries = [(256, 4, 1, 64), (257, 4, 1, 48), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
               (273, 4, 1, 134), (277, 3, 1, 1), (278, 4, 1, 48),
               (279, 4, 1, len(packed))]  # fmt: skip
    return tiff(*entries, rest=bytes(12) + packed)


def _tiff_pages() -> bytes:
    """Return a TIFF of three thousand empty directories, each pointing at the next."""
    start, size = 8, 6
    pages = (struct.pack("<HI", 0, start + size * (n + 1)) for n in range(_MANY))
    return b"II*\0\x08\0\0\0" + b"".join(pages) + struct.pack("<HI", 0, 0)


def _tiff_size() -> bytes:
    entries = [(256, 4, 1, 4_000_000), (257, 4, 1, 4_000_000), (258, 3, 1, 8), (259, 3, 1, 1),
               (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 1),
               (279, 4, 1, 1)]  # fmt: skip
    return tiff(*entries)


def _bmp(width: int, height: int, compression: int = 0, body: bytes = b"") -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, compression, 0, 0, 0, 2, 0)
    return b"BM" + struct.pack("<IHHI", 62 + len(body), 0, 0, 62) + info + bytes(8) + body


def _endless_box() -> bytes:
    size = struct.pack(">Q", (1 << 63) - 1)
    return box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", size, length=1)


def _laughs() -> bytes:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">{lines}]><svg>&a9;</svg>'
    return text.encode()


_TEXT = zlib.compress(bytes(100_000_000), 9)

BOMBS = (
    Hostile("png-900-megapixels.png", lambda: png(header(30_000, 30_000)), "bomb"),
    Hostile("png-largest-size.png", lambda: png(header(0x7FFFFFFF, 0x7FFFFFFF)), "bomb"),
    Hostile("png-data-unpacks-to-200-mb.png", _png_overfull, "PNG"),
    Hostile("png-144-megapixels.png", _png_just_under, "PNG"),
    Hostile("png-text-100-mb.png", lambda: with_chunk(chunk(b"zTXt", b"a\0\0" + _TEXT)), "bomb"),
    Hostile("png-profile-100-mb.png", lambda: with_chunk(chunk(b"iCCP", b"a\0\0" + _TEXT)), "bomb"),
    Hostile("png-100000-chunks.png", lambda: with_chunk(chunk(b"tEXt", b"a\0b") * 100_000), "PNG"),
    Hostile("png-3000-frames.png", _apng, "PNG"),
    Hostile("gif-largest-screen.gif", lambda: _gif(65535, 65535, _gif_frame()), "bomb"),
    Hostile("gif-frame-beyond-screen.gif", lambda: _gif(8, 8, _gif_frame(65535, 65535)), "bomb"),
    Hostile("gif-3000-frames.gif", lambda: _gif(8, 8, _gif_frame() * _MANY), "GIF"),
    Hostile("gif-endless.gif", lambda: _gif(8, 8, _gif_frame(delay=0) * 120_000, end=b""), "GIF"),
    Hostile("jpeg-largest-size.jpg", lambda: _jpeg_size(65_500, 65_500), "bomb"),
    Hostile("jpeg-300-scans.jpg", _jpeg_scans, "bomb"),
    Hostile("jpeg-100000-segments.jpg", _jpeg_segments, "corrupt"),
    Hostile("tiff-16-terapixels.tif", _tiff_size, "bomb"),
    Hostile("tiff-strip-unpacks-to-100-mb.tif", _tiff_strip, "TIFF"),
    Hostile("tiff-3000-pages.tif", _tiff_pages, "corrupt"),
    Hostile("webp-3000-frames.webp", _webp_frames, "WEBP"),
    Hostile("webp-largest-canvas.webp", _webp_canvas, "bomb"),
    Hostile("avif-3600-megapixels.avif", partial(_stated_huge, "AVIF"), "corrupt"),
    Hostile("heic-3600-megapixels.heic", partial(_stated_huge, "HEIF"), "bomb"),
    Hostile("bmp-largest-size.bmp", lambda: _bmp(0x7FFFFFFF, 0x7FFFFFFF), "bomb"),
    Hostile("bmp-runs-of-nothing.bmp", lambda: _bmp(12_000, 12_000, 1, b"\0\1"), "truncated"),
    Hostile("ppm-largest-size.ppm", lambda: b"P6 99999999 99999999 255\n", "bomb"),
    Hostile("ppm-size-of-400-digits.ppm", lambda: b"P6 " + b"9" * 400 + b" 1 255\n", "corrupt"),
    Hostile("zip-bomb.jpg", _zip_bomb, "not_media"),
    Hostile("gzip-bomb.png", lambda: gzip.compress(bytes(50_000_000), mtime=0), "not_media"),
    Hostile("billion-laughs.jpg", _laughs, "not_media"),
    Hostile("mp4-box-of-8-exabytes.mp4", _endless_box, "video"),
)  # fmt: skip
