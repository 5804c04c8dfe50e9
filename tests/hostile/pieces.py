"""The pieces that hostile files are made of; every picture is drawn, none is of a person."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Hostile:
    """One file that a folder of media might hold.

    Attributes:
        name: Its name.
        make: Returns its bytes, the same each time.
        outcome: The format that it is read as, or the reason why it is not; ``unreadable``
            where decoders differ in the reason, ``video`` where there may be none.
    """

    name: str
    make: Callable[[], bytes]
    outcome: str


@cache
def drawing(width: int = 96, height: int = 72, seed: int = 0) -> Image.Image:
    """Return an asymmetric drawing with smooth colours and an edge."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    image.paste((230, 40, 60), (width // 10, height // 8, width // 3, height // 3))
    return image


def encoded(kind: str = "JPEG", image: Image.Image | None = None, **options: object) -> bytes:
    """Return a drawing as a file of a format that Pillow or pillow-heif writes."""
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    (image or drawing()).save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def chunk(name: bytes, body: bytes = b"", *, length: int | None = None, crc: int = 0) -> bytes:
    """Return a chunk of a PNG; `length` may lie, and `crc` is what its checksum is off by."""
    stated = len(body) if length is None else length
    return (
        struct.pack(">I", stated) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ crc)
    )


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """Return the IHDR chunk of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(*chunks: bytes) -> bytes:
    """Return a PNG of the chunks given."""
    return PNG_MAGIC + b"".join(chunks) + chunk(b"IEND")


def with_chunk(extra: bytes) -> bytes:
    """Return a good PNG with one more chunk behind its header."""
    whole = encoded("PNG")
    return whole[:33] + extra + whole[33:]


def segment(marker: int, payload: bytes, *, length: int | None = None) -> bytes:
    """Return a segment of a JPEG; `length` may lie."""
    stated = len(payload) + 2 if length is None else length
    return struct.pack(">BBH", 0xFF, marker, stated) + payload


def with_segment(marker: int, payload: bytes, *, length: int | None = None) -> bytes:
    """Return a good JPEG with one more segment behind its start."""
    whole = encoded()
    return whole[:2] + segment(marker, payload, length=length) + whole[2:]


def exif(*entries: tuple[int, int, int, int], after: int = 0, rest: bytes = b"") -> bytes:
    """Return an EXIF payload: entries of tag, type, count and value, and the next directory."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    directory = struct.pack("<H", len(entries)) + body + struct.pack("<I", after)
    return b"Exif\0\0II*\0\x08\0\0\0" + directory + rest


def tiff(*entries: tuple[int, int, int, int], after: int = 0, rest: bytes = b"") -> bytes:
    """Return a little-endian TIFF of one directory."""
    return exif(*entries, after=after, rest=rest).removeprefix(b"Exif\0\0")


def box(name: bytes, body: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a box of an ISO media file; `length` may lie."""
    return struct.pack(">I", len(body) + 8 if length is None else length) + name + body


def riff(kind: bytes, body: bytes, *, length: int | None = None) -> bytes:
    """Return a RIFF file; `length` may lie."""
    stated = len(body) + 4 if length is None else length
    return b"RIFF" + struct.pack("<I", stated) + kind + body


def piece(name: bytes, body: bytes, *, length: int | None = None) -> bytes:
    """Return a chunk of a RIFF file; `length` may lie."""
    stated = len(body) if length is None else length
    return name + struct.pack("<I", stated) + body + b"\0" * (len(body) & 1)
