"""Read the structure of a JPEG from its markers, without decoding it.

ITU-T T.81 annex B gives the syntax. Facts found here (tables, subsampling, scans, what
follows the end) say which encoder wrote a file and whether something is hidden behind it,
and the header's size is checked before any pixel is decoded.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SOS, _DQT, _DRI, _EOI, _COM = 0xDA, 0xDB, 0xDD, 0xD9, 0xFE
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_BARE = {0x01, *range(0xD0, 0xD9)}
_MAX_SEGMENTS = 20_000

_MARKER = re.compile(rb"\xff[^\x00\xff]")
# Inside coded data 0xFF stands before a zero or a restart marker; all else ends the scan.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

_SUBSAMPLING = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}

# T.81 annex K.1, the luminance table that IJG scales, in zigzag order as files store it.
_STANDARD_LUMA = (
    *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40),
    *(26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51),
    *(56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87),
    *(95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99),
)


@dataclass(slots=True)
class JpegFacts:
    """What the markers of one JPEG say."""

    width: int = 0
    height: int = 0
    precision: int = 0
    """Bits per sample."""
    sampling: tuple[tuple[int, int], ...] = ()
    """Horizontal and vertical sampling factor of each component."""
    component_ids: tuple[int, ...] = ()
    progressive: bool = False
    restart_interval: int = 0
    tables: dict[int, bytes] = field(default_factory=dict)
    """Quantisation tables by number, 64 values of two bytes each in zigzag order."""
    scans: int = 0
    adobe_transform: int | None = None
    jfif: bool = False
    exif: bytes | None = None
    has_icc: bool = False
    coded: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of bytes that decoding reads: all but application data and comments."""
    end: int | None = None
    """Where the end marker ends; None when there is none."""
    segments: list[tuple[int, int, int]] = field(default_factory=list)
    """Marker, and where its payload starts and ends behind its length; scans with their data."""
    stray: int = 0
    """Bytes between two segments that belong to neither."""
    coded_components: set[int] = field(default_factory=set)
    """Numbers of the components that scans so far code."""
    scanned_twice: bool = False
    """Whether a component of a sequential JPEG is coded twice: the first is not shown."""
    surplus: int | None = None
    """Coded bytes that no pixel of the declared size needs, at least; None until a decoder that
    counts them has read the picture."""

    @property
    def subsampling(self) -> str:
        """Chroma subsampling: ``grey``, J:a:b, or the factors where no name fits."""
        if len(self.sampling) == 1:
            return "grey"
        (h, v), *others = self.sampling
        if set(others[:2]) == {(1, 1)} and (h, v) in _SUBSAMPLING:
            return _SUBSAMPLING[h, v]
        if len(set(self.sampling)) == 1:
            return "4:4:4"
        return ",".join(f"{h}x{v}" for h, v in self.sampling)

    @property
    def qtable_digest(self) -> str:
        """SHA-256 of the quantisation tables, ordered by number, lowercase hexadecimal."""
        parts = (bytes([n]) + self.tables[n] for n in sorted(self.tables))
        return hashlib.sha256(b"".join(parts)).hexdigest()

    @property
    def quality(self) -> int | None:
        """Nearest quality of the IJG scale, 1 to 100; None without a table 0."""
        return ijg_quality(self.tables[0]) if 0 in self.tables else None


def parse_jpeg(data: bytes) -> JpegFacts:
    """Return what the markers of `data` say.

    Raises:
        UnreadableError: It has no frame header, or its markers do not follow T.81.
    """
    facts = JpegFacts()
    at = 2
    for _ in range(_MAX_SEGMENTS):
        begin = at
        marker, at = _next_marker(data, at)
        if marker is None:
            break
        # Any number of 0xFF may stand before a marker.
        facts.stray += len(data[begin : at - 2].rstrip(b"\xff"))
        if marker == _EOI:
            facts.end = at
            break
        at = _segment(data, marker, at, facts)
    if not facts.sampling:
        raise UnreadableError(Reason.CORRUPT, "the JPEG has no frame header")
    return facts


def _next_marker(data: bytes, at: int) -> tuple[int | None, int]:
    """Return the next marker and where its payload starts, skipping fill and stray bytes."""
    found = _MARKER.search(data, at)
    return (None, len(data)) if found is None else (data[found.start() + 1], found.end())


def _segment(data: bytes, marker: int, at: int, facts: JpegFacts) -> int:
    """Take in the segment whose payload starts at `at`; return where the next marker is."""
    if marker in _BARE:
        return at
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2:
        raise UnreadableError(Reason.CORRUPT, f"JPEG segment {marker:#04x} has length {length}")
    end = at + length
    payload = data[at + 2 : end]
    if marker == _SOS:
        facts.scans += 1
        _scan(payload, facts)
        found = _SCAN_END.search(data, end)
        end = found.start() if found else len(data)
    elif marker in _FRAMES:
        _frame(payload, marker, facts)
    elif marker == _DQT:
        _tables(payload, facts)
    elif marker == _DRI:
        facts.restart_interval = int.from_bytes(payload[:2], "big") or facts.restart_interval
    facts.segments.append((marker, at + 2, min(end, len(data))))
    if _APP0 <= marker <= _APP15:
        _application(payload, marker, facts)
        return end
    if marker != _COM:
        facts.coded.append((at - 2, min(end, len(data))))
    return end


def _frame(payload: bytes, marker: int, facts: JpegFacts) -> None:
    if facts.sampling:
        raise UnreadableError(Reason.CORRUPT, "the JPEG has two frame headers")
    count = payload[5] if len(payload) > 5 else 0
    if not 1 <= count <= 4 or len(payload) < 6 + 3 * count:
        raise UnreadableError(Reason.CORRUPT, "the JPEG's frame header is broken")
    facts.precision = payload[0]
    facts.height = int.from_bytes(payload[1:3], "big")
    facts.width = int.from_bytes(payload[3:5], "big")
    factors = payload[7 : 6 + 3 * count : 3]
    facts.component_ids = tuple(payload[6 : 6 + 3 * count : 3])
    facts.sampling = tuple((value >> 4, value & 15) for value in factors)
    facts.progressive = marker in _PROGRESSIVE
    if not facts.width or not facts.height:
        raise UnreadableError(Reason.CORRUPT, "the JPEG states no size")


def _scan(payload: bytes, facts: JpegFacts) -> None:
    """Take in which components a scan codes."""
    count = payload[0] if payload else 0
    named = payload[1 : 1 + 2 * count : 2]
    if not facts.progressive and facts.coded_components.intersection(named):
        facts.scanned_twice = True
    facts.coded_components.update(named)


def _tables(payload: bytes, facts: JpegFacts) -> None:
    at = 0
    while at < len(payload):
        width = 2 if payload[at] >> 4 else 1
        values = payload[at + 1 : at + 1 + 64 * width]
        if len(values) < 64 * width:
            return
        if width == 1:
            values = b"".join(bytes((0, value)) for value in values)
        facts.tables[payload[at] & 15] = values
        at += 1 + 64 * width


def _application(payload: bytes, marker: int, facts: JpegFacts) -> None:
    if marker == _APP1 and payload.startswith(b"Exif\x00") and facts.exif is None:
        facts.exif = payload[6:]
    elif marker == _APP2 and payload.startswith(b"ICC_PROFILE\x00"):
        facts.has_icc = True
    elif marker == _APP0 and payload.startswith(b"JFIF\x00"):
        facts.jfif = True
    elif marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
        facts.adobe_transform = payload[11]


@lru_cache(maxsize=1)
def _ijg_tables() -> npt.NDArray[np.int32]:
    """Return the luma tables of qualities 1 to 100, shape (100, 64), as libjpeg makes them."""
    import numpy as np

    quality = np.arange(1, 101)[:, None]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    base = np.asarray(_STANDARD_LUMA, dtype=np.int32)[None, :]
    return np.clip((base * scale + 50) // 100, 1, 255).astype(np.int32)


@lru_cache(maxsize=1024)
def ijg_quality(table: bytes) -> int:
    """Return the IJG quality whose luma table is nearest to `table` in absolute difference.

    Args:
        table: 64 values of two bytes each, big-endian, in zigzag order.

    Returns:
        1 to 100; the higher of two equally near.
    """
    import numpy as np

    values = np.frombuffer(table, dtype=">u2").astype(np.int32)
    differences = np.abs(_ijg_tables() - values[None, :]).sum(axis=1)
    return 100 - int(np.argmin(differences[::-1]))
