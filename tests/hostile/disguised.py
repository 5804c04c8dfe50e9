"""Files that are not what they are called, that are two things at once, or whose metadata lie."""

from __future__ import annotations

import io
import struct
import wave
import zipfile
from functools import partial

from tests.hostile.pieces import (
    Hostile,
    box,
    chunk,
    drawing,
    encoded,
    exif,
    piece,
    riff,
    segment,
    with_chunk,
    with_segment,
)

_HTML = b"<html><body><script>alert(1)</script></body></html>\n"
_PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_ISO = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")


def _archive(name: str = "hidden.txt") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr(zipfile.ZipInfo(name), "hello\n" * 40)
    return buffer.getvalue()


def _wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return buffer.getvalue()


def _sound(container: str, codec: str) -> bytes:
    """Return a second of silence in a container of videos."""
    import av
    import numpy as np

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options={"fflags": "+bitexact"}) as opened:
        stream = opened.add_stream(codec, rate=8000, layout="mono")
        for start in range(0, 8000, 1000):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.int16), "s16", "mono")
            frame.sample_rate, frame.pts = 8000, start
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return buffer.getvalue()


_MISLABELLED = (
    Hostile("png-called.jpg", partial(encoded, "PNG"), "PNG"),
    Hostile("jpeg-called.png", partial(encoded, "JPEG"), "JPEG"),
    Hostile("gif-called.mp4", partial(encoded, "GIF"), "GIF"),
    Hostile("webp-called.JPEG", partial(encoded, "WEBP"), "WEBP"),
    Hostile("avif-called.heic", partial(encoded, "AVIF"), "AVIF"),
    Hostile("heic-called.jpg", partial(encoded, "HEIF"), "HEIF"),
    Hostile("mp4-called.jpg", lambda: _ISO + box(b"moov"), "video"),
    Hostile("html-called.jpg", lambda: _HTML, "not_media"),
    Hostile("pdf-called.png", lambda: _PDF, "not_media"),
    Hostile("zip-called.png", _archive, "not_media"),
    Hostile("wav-called.jpg", _wav, "not_media"),
    Hostile("program-called.png", lambda: b"\x7fELF\2\1\1" + bytes(200), "not_media"),
    Hostile("svg-called.png", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_media"),
    Hostile("psd-called.jpg", lambda: b"8BPS\0\1" + bytes(50), "unsupported"),
    Hostile("jpegxl-called.jpg", lambda: b"\xff\x0a" + bytes(50), "unsupported"),
    Hostile("drawing.svg", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "rejected"),
    Hostile("archive.zip", _archive, "rejected"),
    Hostile("no-ending", partial(encoded, "JPEG"), "rejected"),
)

_POLYGLOTS = (
    Hostile("jpeg-and-zip.jpg", lambda: encoded() + _archive(), "JPEG"),
    Hostile("jpeg-and-html.jpg", lambda: encoded() + _HTML, "JPEG"),
    Hostile("jpeg-and-pdf.jpg", lambda: encoded() + _PDF, "JPEG"),
    Hostile("jpeg-and-jpeg.jpg", lambda: encoded() + encoded(image=drawing(seed=7)), "JPEG"),
    Hostile("jpeg-and-mp4.jpg", lambda: encoded() + _ISO + box(b"mdat", bytes(99)), "JPEG"),
    Hostile("jpeg-and-zeros.jpg", lambda: encoded() + bytes(4096), "JPEG"),
    Hostile("jpeg-with-php.jpg", lambda: with_segment(0xFE, b"<?php system('id'); ?>"), "JPEG"),
    Hostile("png-and-zip.png", lambda: encoded("PNG") + _archive(), "PNG"),
    Hostile("png-and-html.png", lambda: encoded("PNG") + _HTML, "PNG"),
    Hostile("png-and-pdf.png", lambda: encoded("PNG") + _PDF, "PNG"),
    Hostile("gifar.gif", lambda: encoded("GIF") + _archive("Evil.class"), "GIF"),
    Hostile("webp-and-zip.webp", lambda: encoded("WEBP") + _archive(), "WEBP"),
    Hostile("pdf-before-jpeg.jpg", lambda: _PDF + encoded(), "not_media"),
    Hostile("html-before-gif.gif", lambda: _HTML + encoded("GIF"), "not_media"),
)


def _thumbnailed(thumbnail: bytes, *, stated: int | None = None, orientation: int = 1) -> bytes:
    """Return an EXIF payload with a thumbnail."""
    second = 8 + 2 + 12 + 4
    offset = second + 2 + 24 + 4
    length = len(thumbnail) if stated is None else stated
    directory = struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, offset, 0x0202, 4, 1, length, 0)
    return exif((0x0112, 3, 1, orientation), after=second, rest=directory + thumbnail)


def _thumbnail(image_seed: int = 0) -> bytes:
    return encoded(image=drawing(160, 120, image_seed))


def _huge_thumbnail() -> bytes:
    whole = _thumbnail()
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", 65_500, 65_500) + whole[at + 4 :]


_MANY_TAGS = tuple((tag, 2, 0xFFFFFFF0, 64) for tag in range(300))
_XMP = b"http://ns.adobe.com/xap/1.0/\0"

_METADATA = (
    Hostile("exif-loop.jpg", lambda: with_segment(0xE1, exif((0x0112, 3, 1, 1), after=8)), "JPEG"),
    Hostile("exif-pointer-to-itself.jpg",
            lambda: with_segment(0xE1, exif((0x8769, 4, 1, 8), (0x8825, 4, 1, 8))), "JPEG"),
    Hostile("exif-tags-of-4-gib.jpg", lambda: with_segment(0xE1, exif(*_MANY_TAGS)), "JPEG"),
    Hostile("exif-65535-tags.jpg",
            lambda: with_segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff"), "JPEG"),
    Hostile("exif-orientation-9.jpg", lambda: with_segment(0xE1, exif((0x0112, 3, 1, 9))), "JPEG"),
    Hostile("exif-orientation-6.jpg", lambda: with_segment(0xE1, exif((0x0112, 3, 1, 6))), "JPEG"),
    Hostile("exif-not-tiff.jpg", lambda: with_segment(0xE1, b"Exif\0\0" + b"\xff" * 99), "JPEG"),
    Hostile("exif-other-thumbnail.jpg",
            lambda: with_segment(0xE1, _thumbnailed(_thumbnail(7))), "JPEG"),
    Hostile("exif-huge-thumbnail.jpg",
            lambda: with_segment(0xE1, _thumbnailed(_huge_thumbnail())), "JPEG"),
    Hostile("exif-thumbnail-past-the-end.jpg",
            lambda: with_segment(0xE1, _thumbnailed(_thumbnail(), stated=0xFFFFFFF0)), "JPEG"),
    Hostile("exif-loop.png",
            lambda: with_chunk(chunk(b"eXIf", exif((0x0112, 3, 1, 6), after=8)[6:])), "PNG"),
    Hostile("profile-of-noise.jpg",
            lambda: with_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(range(256))), "JPEG"),
    Hostile("profile-chunk-255-of-1.jpg",
            lambda: with_segment(0xE2, b"ICC_PROFILE\0\xff\1" + bytes(128)), "corrupt"),
    Hostile("profile-of-noise.png",
            lambda: with_chunk(chunk(b"iCCP", b"a\0\0" + bytes(range(200)))), "PNG"),
    Hostile("xmp-not-utf8.jpg",
            lambda: with_segment(0xE1, _XMP + b"<x:xmpmeta>\xff\xfe\xfa"), "JPEG"),
    Hostile("xmp-entities.jpg",
            lambda: with_segment(0xE1, _XMP + b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
                                 b"<a>&b;</a>"), "JPEG"),
    Hostile("comments-of-2-mb.jpg",
            lambda: encoded()[:2] + segment(0xFE, bytes(65_000)) * 32 + encoded()[2:], "JPEG"),
)  # fmt: skip

# How far a video without a picture can be read is for those who open its streams to say.
_VIDEOS = (
    Hostile("mp4-only-a-type.mp4", lambda: _ISO, "video"),
    Hostile("mp4-no-stream.mp4", lambda: _ISO + box(b"moov", box(b"mvhd", bytes(100))), "video"),
    Hostile("mp4-box-of-length-0.mp4", lambda: _ISO + box(b"moov", length=0), "video"),
    Hostile(
        "mkv-only-a-header.mkv",
        lambda: b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + bytes(50),
        "video",
    ),
    Hostile("avi-no-stream.avi", lambda: riff(b"AVI ", piece(b"LIST", b"hdrl")), "video"),
    Hostile("mpeg-noise.mpg", lambda: b"\x00\x00\x01\xba" + bytes(range(256)) * 8, "video"),
    Hostile("flv-header.flv", lambda: b"FLV\x01\x05\0\0\0\x09\0\0\0\0", "video"),
    Hostile("only-sound.mp4", partial(_sound, "mp4", "aac"), "video"),
    Hostile("only-sound.mkv", partial(_sound, "matroska", "pcm_s16le"), "video"),
)

DISGUISED = (*_MISLABELLED, *_POLYGLOTS, *_METADATA, *_VIDEOS)
