"""MPEG program streams (ISO 13818-1) and bare video streams: start codes."""

from __future__ import annotations

from dataclasses import dataclass, field

from curate.media.containers.elementary import idle_bytes
from curate.media.containers.layout import CutShortError, Layout, Source

_PACK, _SYSTEM, _END = 0xBA, 0xBB, 0xB9
_MAP, _PRIVATE_1, _PADDING = 0xBC, 0xBD, 0xBE
_SEQUENCE_END = b"\x00\x00\x01\xb7"


@dataclass
class _Walk:
    source: Source
    layout: Layout
    ids: set[int] = field(default_factory=set)


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    if source.read(0, 4) == b"\x00\x00\x01\xb3":
        _bare(source, layout)
        return
    now = _Walk(source, layout)
    at, ended = 0, False
    try:
        while at < source.size:
            if source.size - at < 4:
                break
            code = source.read(at, 4)
            if code[:3] != b"\x00\x00\x01" or code[3] < _END or ended:
                step = at
                at = source.size if ended else _next(source, at + 1)
                if not source.filled(step, at):
                    if at == source.size:
                        layout.end(source, step)
                    else:
                        block = source.block(step, at)
                        layout.leave("bytes between packets", at - step, block)
                continue
            ended = code[3] == _END
            at = _packet(now, code[3], at)
        if at > source.size:
            layout.cut("the last packet is not whole")
    except CutShortError:
        layout.cut("the last packet is not whole")
    for number in sorted(now.ids):
        layout.further[f"stream {number:X}"] = number


def _next(source: Source, at: int) -> int:
    """Return where the next packet begins, or the end of the file."""
    kept, end = b"", at
    for piece in source.pieces(at, source.size):
        window = kept + piece
        base = end - len(kept)
        found = window.find(b"\x00\x00\x01")
        while found >= 0 and found + 3 < len(window):
            if window[found + 3] >= _END:
                return base + found
            found = window.find(b"\x00\x00\x01", found + 1)
        end += len(piece)
        kept = window[-3:]
    return source.size


def _packet(now: _Walk, code: int, at: int) -> int:
    """Return where a packet ends."""
    source, layout = now.source, now.layout
    if code == _END:
        return at + 4
    if code == _PACK:
        return _pack(source, layout, at)
    end = at + 6 + source.number(at + 4, 2)
    if code == _PADDING:
        plain = source.filled(at + 6, end, (b"\xff", b"\x00", b"\x0f"))
        if not plain and not source.filled(at + 7, end, (b"\xff", b"\x00")):
            layout.leave("filling of packets", end - at - 6, source.block(at + 6, end))
    elif code == _PRIVATE_1 or 0xC0 <= code <= 0xEF or code == 0xFD:
        now.ids.add(_sub_stream(source, at) if code == _PRIVATE_1 else 0x100 | code)
        idle = idle_bytes(source.read(at, min(end, at + 264, source.size) - at))
        layout.leave("filling of packet heads", len(idle), idle)
    elif code == _MAP:
        layout.keep("the map of the program", source.block(at + 6, end))
    elif code != _SYSTEM:
        # Those by which a player of DVDs finds its way are nearly empty where no menu is.
        block = source.block(at + 6, end).strip(b"\x00")
        layout.note(f"packets of kind {code:X}", block, len(block))
    return end


def _pack(source: Source, layout: Layout, at: int) -> int:
    """Return where the head of a pack ends."""
    if source.number(at + 4, 1) >> 6 != 1:
        return at + 12
    stuffing = source.number(at + 13, 1) & 7
    if stuffing and not source.filled(at + 14, at + 14 + stuffing, (b"\xff",)):
        layout.leave("filling of packs", stuffing)
    return at + 14 + stuffing


def _sub_stream(source: Source, at: int) -> int:
    """Return the number of a stream within private packets."""
    if source.number(at + 6, 1) >> 6 == 2:
        return source.number(at + 9 + source.number(at + 8, 1), 1)
    return _PRIVATE_1


def _bare(source: Source, layout: Layout) -> None:
    """Look for the end of a stream without a container."""
    tail = source.read(max(0, source.size - 65536), min(source.size, 65536))
    found = tail.rfind(_SEQUENCE_END)
    behind = tail[found + 4 :]
    if found < 0 or b"\x00\x00\x01" in behind:
        layout.unknown["the end"] = "whether the stream is whole is not said in it"
    elif behind.strip(b"\x00"):
        layout.behind(len(behind), behind)
