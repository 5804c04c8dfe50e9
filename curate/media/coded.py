"""What stands in coded pictures beside what a decoder shows of them.

A packet of a video stream is a row of units. A decoder passes over those that it does not know,
over layers and planes beside the one that it shows, and over data of programs; and some codecs
keep pictures for reference that are never shown. Only heads of units are read; nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curate.media.containers.layout import is_text
from curate.media.jpeg import parse_jpeg
from curate.media.unreadable import UnreadableError

if TYPE_CHECKING:
    Units = Iterator[bytes]

_SHORT = 40
# Settings of a picture and its sequence are some dozen bytes, and those of a decoder a few hundred.
_MOST_SET = 600
_MOST_SETTINGS = 16 << 10
_MOST_TEXTS = 1000
_MOST_CAPTIONS = 1 << 20


@dataclass
class Coded:
    """What the packets of one video stream hold.

    Args:
        codec: FFmpeg's name of it.
        extradata: What its decoder is set up with.

    Attributes:
        unshown: Pictures that are kept for reference and never shown.
        surplus: Bytes that a decoder passes over.
        texts: Texts that stand in it.
        captions: Words of captions, as far as they can be read.
    """

    codec: str
    extradata: bytes = b""
    unshown: int = 0
    surplus: int = 0
    texts: dict[bytes, None] = field(default_factory=dict)
    captions: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        settings = _SETTINGS.get(self.codec)
        if settings is not None:
            settings(self, self.extradata)
        elif self.codec not in _LOOKS and len(self.extradata) > _MOST_SETTINGS:
            self.surplus += len(self.extradata)

    @property
    def taken_apart(self) -> bool:
        """Whether frames of this codec are looked through for what a decoder passes over."""
        return self.codec in _LOOKS

    def take(self, packet: bytes) -> None:
        """Look at the next packet."""
        look = _LOOKS.get(self.codec)
        if look is not None:
            look(self, packet)

    def say(self, content: bytes) -> None:
        """Take data of a program: a text is kept, and what is none was not read."""
        if content in self.texts:
            return
        if content[:2] == b"\xb5\x00" or content[:4] in (b"GA94", b"DTG1"):
            self._caption(content)
        elif len(content) <= _SHORT or is_text(content):
            if len(self.texts) < _MOST_TEXTS:
                self.texts[content] = None
            else:
                self.surplus += len(content)
        else:
            self.surplus += len(content)

    def _caption(self, content: bytes) -> None:
        """Take the signs of captions (ATSC A/53, CEA-608)."""
        at = content.find(b"GA94\x03")
        if at < 0 or at + 7 > len(content):
            if len(content) > _SHORT:
                self.surplus += len(content)
            return
        count = content[at + 5] & 31
        for place in range(at + 7, min(len(content) - 2, at + 7 + 3 * count), 3):
            for sign in content[place + 1 : place + 3] if content[place] & 4 else b"":
                plain = sign & 0x7F
                if len(self.captions) < _MOST_CAPTIONS:
                    self.captions.append(max(plain, 32))


def _annex_b(data: bytes) -> Units:
    """Yield what stands between start codes."""
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        behind = data.find(b"\x00\x00\x01", at + 3)
        yield data[at + 3 : behind if behind >= 0 else len(data)]
        at = behind


def _prefixed(data: bytes, width: int) -> Units:
    """Yield units that each stand behind their length."""
    at = 0
    while at + width <= len(data):
        size = int.from_bytes(data[at : at + width], "big")
        yield data[at + width : at + width + size]
        at += width + size


def _units(coded: Coded, packet: bytes, width_at: int) -> Units:
    extra = coded.extradata
    # Settings that begin with a version, and not with a start code, say how long a length is.
    if len(extra) > width_at and extra[0] == 1:
        yield from _prefixed(packet, (extra[width_at] & 3) + 1)
    else:
        yield from _annex_b(packet)


# Slices and their partitions, settings, marks of beginning and end, and messages.
_H264 = frozenset((1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15))


def _h264(coded: Coded, packet: bytes) -> None:
    for unit in _units(coded, packet, 4):
        kind = unit[0] & 31 if unit else 9
        if kind == 6:
            _messages(coded, unit[1:])
        elif kind == 12:
            coded.surplus += len(unit[1:].rstrip(b"\x00\x80").replace(b"\xff", b""))
        elif kind not in _H264 or (kind in (7, 8, 13, 15) and len(unit) > _MOST_SET):
            coded.surplus += len(unit)


_HEVC = frozenset((*range(10), *range(16, 22), *range(32, 38)))


def _hevc(coded: Coded, packet: bytes) -> None:
    for unit in _units(coded, packet, 21):
        if len(unit) < 2:
            continue
        kind, layer = unit[0] >> 1 & 63, (unit[0] & 1) << 5 | unit[1] >> 3
        long = 32 <= kind <= 34 and len(unit) > 2 * _MOST_SET
        if layer or long or (kind not in _HEVC and kind not in (38, 39, 40)):
            coded.surplus += len(unit)
        elif kind == 38:
            coded.surplus += len(unit[2:].rstrip(b"\x00\x80").replace(b"\xff", b""))
        elif kind in (39, 40):
            _messages(coded, unit[2:])


def _messages(coded: Coded, unit: bytes) -> None:
    """Look at supplemental messages (H.264, 7.3.2.3): texts, captions and others."""
    data = unit.replace(b"\x00\x00\x03", b"\x00\x00")
    at = 0
    while at + 2 < len(data):
        kind, at = _run(data, at)
        size, at = _run(data, at)
        body = data[at : at + size]
        at += size
        if kind == 4:
            coded.say(body)
        elif kind == 5:
            coded.say(body[16:])
        elif len(body) > _SHORT:
            coded.surplus += len(body)


def _run(data: bytes, at: int) -> tuple[int, int]:
    """Return a number that is written as a sum of bytes, and where the next begins."""
    total = 0
    while at < len(data) and data[at] == 0xFF:
        total, at = total + 0xFF, at + 1
    return total + (data[at] if at < len(data) else 0), at + 1


# Slices, sequences, extensions, groups, pictures.
_MPEG2 = frozenset((*range(0xB0), 0xB3, 0xB5, 0xB7, 0xB8))
_MPEG4 = frozenset((*range(0x30), 0xB0, 0xB1, 0xB3, 0xB5, 0xB6))


def _mpeg(coded: Coded, packet: bytes) -> None:
    known = _MPEG4 if coded.codec == "mpeg4" else _MPEG2
    for unit in _annex_b(packet):
        if unit[:1] == b"\xb2":
            coded.say(unit[1:].rstrip(b"\x00"))
        elif unit and unit[0] not in known:
            coded.surplus += len(unit)


def _vp9(coded: Coded, packet: bytes) -> None:
    for frame in _superframe(packet):
        if not frame:
            continue
        bits = int.from_bytes(frame[:2].ljust(2, b"\x00"), "big")
        # Two bits of a mark, two or three of a profile.
        at = 5 if bits >> 12 & 3 == 3 else 4
        existing = bits >> (15 - at) & 1
        shown = bits >> (13 - at) & 1
        if existing:
            coded.unshown = max(0, coded.unshown - 1)
        elif not shown:
            coded.unshown += 1


def _superframe(packet: bytes) -> Units:
    """Yield the frames of a packet of VP9 (annex B)."""
    mark = packet[-1] if packet else 0
    count, width = (mark & 7) + 1, (mark >> 3 & 3) + 1
    head = 2 + count * width
    if mark >> 5 != 6 or len(packet) < head or packet[-head] != mark:
        yield packet
        return
    at = 0
    for number in range(count):
        place = len(packet) - head + 1 + number * width
        size = int.from_bytes(packet[place : place + width], "little")
        yield packet[at : at + size]
        at += size


_SEQUENCE, _HEAD, _TILES, _METADATA, _FRAME, _AGAIN, _PADDING = 1, 3, 4, 5, 6, 7, 15


def _av1(coded: Coded, packet: bytes) -> None:
    at = 0
    while at < len(packet):
        head = packet[at]
        kind, spatial = head >> 3 & 15, 0
        if head & 4 and at + 1 < len(packet):
            spatial = packet[at + 1] >> 3 & 3
        at += 1 + (head >> 2 & 1)
        size = len(packet) - at
        if head & 2:
            size, at = _leb128(packet, at)
        body = packet[at : at + size]
        at += size
        if spatial or kind == 8 or 8 < kind < _PADDING:
            coded.surplus += len(body)
        elif kind == _PADDING:
            coded.surplus += len(body.rstrip(b"\x00\x80").strip(b"\x00"))
        elif kind == _METADATA and body[:1] == b"\x04":
            coded.say(body[1:])
        elif kind in (_HEAD, _FRAME) and body:
            if body[0] & 0x80:
                coded.unshown = max(0, coded.unshown - 1)
            elif not body[0] & 0x10:
                coded.unshown += 1


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[at] if at < len(data) else 0
        at += 1
        value |= (byte & 127) << 7 * place
        if not byte & 128:
            break
    return value, at


def _mjpeg(coded: Coded, packet: bytes) -> None:
    try:
        facts = parse_jpeg(packet)
    except UnreadableError:
        return  # The decoder counts it as an error.
    end = facts.end
    scans = [begin for marker, begin, _ in facts.segments if marker == 0xDA]
    progressive = any(marker == 0xC2 for marker, _, _ in facts.segments)
    if not progressive and sum(packet[at] for at in scans) > len(facts.component_ids):
        # Some programs show the first scan of a component, others the last.
        coded.surplus += len(packet)
    behind = packet[end:].strip(b"\x00\xff") if end else b""
    coded.surplus += len(behind)
    head = packet[2 : packet.find(b"\xff\xda")]
    if b"\xff\xd8" in head:
        coded.surplus += len(head)
    at = 2
    while at + 4 <= len(packet) and packet[at] == 0xFF and packet[at + 1] != 0xDA:
        size = int.from_bytes(packet[at + 2 : at + 4], "big")
        if packet[at + 1] == 0xFE or 0xE0 <= packet[at + 1] <= 0xEF:
            coded.say(packet[at + 4 : at + 2 + size])
        at += 2 + max(size, 2)


def _h264_settings(coded: Coded, extra: bytes) -> None:
    """Look at settings of H.264 in MP4 and Matroska (ISO 14496-15, 5.3.3)."""
    if extra[:1] != b"\x01":
        _h264(coded, extra)
        return
    at = 5
    for mask in (31, 255):
        count, at = (extra[at] & mask if at < len(extra) else 0), at + 1
        for _ in range(count):
            size = int.from_bytes(extra[at : at + 2], "big")
            coded.surplus += size if size > _MOST_SET else 0
            at += 2 + size
    # What follows for high profiles is four bytes, and seldom further settings.
    coded.say(extra[at:])


def _hevc_settings(coded: Coded, extra: bytes) -> None:
    """Look at settings of H.265 in MP4 and Matroska (ISO 14496-15, 8.3.3)."""
    if extra[:1] != b"\x01":
        _hevc(coded, extra)
        return
    at = 23
    for _ in range(extra[22] if len(extra) > 22 else 0):
        count, at = int.from_bytes(extra[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            size = int.from_bytes(extra[at : at + 2], "big")
            unit = extra[at + 2 : at + 2 + size]
            at += 2 + size
            if unit and unit[0] >> 1 & 63 in (39, 40):
                _messages(coded, unit[2:])
            elif size > 2 * _MOST_SET:
                coded.surplus += size
    coded.say(extra[at:])


def _mpeg_settings(coded: Coded, extra: bytes) -> None:
    first = extra.find(b"\x00\x00\x01")
    coded.say(extra if first < 0 else extra[:first])
    _mpeg(coded, extra)


def _plain_settings(coded: Coded, extra: bytes) -> None:
    if len(extra) > _MOST_SET:
        coded.surplus += len(extra)


_SETTINGS: dict[str, Callable[[Coded, bytes], None]] = {
    "h264": _h264_settings,
    "hevc": _hevc_settings,
    "mpeg1video": _mpeg_settings,
    "mpeg2video": _mpeg_settings,
    "mpeg4": _mpeg_settings,
    "vp8": _plain_settings,
    "vp9": _plain_settings,
    "av1": _plain_settings,
    "mjpeg": _plain_settings,
    "png": _plain_settings,
}

_LOOKS: dict[str, Callable[[Coded, bytes], None]] = {
    "h264": _h264,
    "hevc": _hevc,
    "mpeg1video": _mpeg,
    "mpeg2video": _mpeg,
    "mpeg4": _mpeg,
    "vp9": _vp9,
    "av1": _av1,
    "mjpeg": _mjpeg,
}
