"""MPEG transport streams (ISO 13818-1): packets of 188 bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from curate.media.containers.elementary import idle_bytes
from curate.media.containers.layout import Layout, Source

_PACKET = 188
_AT_ONCE = 20_000
_NULL = 0x1FFF
# Tables of the standards, and those of DVB.
_TABLES = frozenset((*range(0x20), 0x1FFB))
_ELEMENTARY = 2

Bytes8 = npt.NDArray[np.uint8]


@dataclass
class _Walk:
    layout: Layout
    maps: dict[int, int] = field(default_factory=dict)
    """Programs, by the PID of their maps."""
    streams: dict[int, int] = field(default_factory=dict)
    """Elementary streams: the type, by PID."""
    sizes: dict[int, int] = field(default_factory=dict)
    """Bytes of payload by PID."""
    blocks: dict[int, bytes] = field(default_factory=dict)
    clocks: set[int] = field(default_factory=set)
    scrambled: bool = False


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    now = _Walk(layout)
    at = 0
    while at < source.size:
        length = min(_AT_ONCE * _PACKET, source.size - at)
        block = source.read(at, length)
        whole = len(block) // _PACKET
        packets = np.frombuffer(block, np.uint8, whole * _PACKET).reshape(-1, _PACKET)
        wrong = np.flatnonzero(packets[:, 0] != 0x47)
        good = int(wrong[0]) if len(wrong) else whole
        _packets(now, packets[:good])
        at += good * _PACKET
        if good < whole or length - whole * _PACKET:
            _lost(source, layout, at)
            break
    if now.scrambled:
        layout.unknown["scrambled packets"] = "they cannot be read without their key"
    _told(now)


def _lost(source: Source, layout: Layout, at: int) -> None:
    """Say what stands where no packet is."""
    rest = source.size - at
    if source.filled(at, source.size):
        return
    if rest < _PACKET and source.number(at, 1) == 0x47:
        layout.cut("the last packet is not whole")
        return
    layout.end(source, at)


def _packets(now: _Walk, packets: Bytes8) -> None:
    pids = (packets[:, 1].astype(np.int64) & 31) << 8 | packets[:, 2]
    control = packets[:, 3] >> 4 & 3
    now.scrambled = now.scrambled or bool((packets[:, 3] >> 6).any())
    heads = np.where(control & 2, 5 + packets[:, 4].astype(np.int64), 4)
    heads = np.where(control & 1, np.minimum(heads, _PACKET), _PACKET)
    idle = pids == _NULL
    _filling(now, packets[idle, 4:])
    for pid, size in zip(*_sums(pids[~idle], _PACKET - heads[~idle]), strict=True):
        now.sizes[int(pid)] = now.sizes.get(int(pid), 0) + int(size)
    _adapted(now, packets[(control & 2) > 0])
    begun = ((packets[:, 1] & 0x40) > 0) & ~np.isin(pids, [*_TABLES, *now.maps])
    for row in np.flatnonzero(begun):
        payload = packets[row, int(heads[row]) :].tobytes()
        if payload.startswith(b"\x00\x00\x01"):
            idle = idle_bytes(payload)
            now.layout.leave("filling of packet heads", len(idle), idle)
    # Tables are short, and few.
    known = np.isin(pids, [0, *now.maps])
    for row in np.flatnonzero(known):
        _table(now, int(pids[row]), packets[row].tobytes())
    if now.maps:
        fresh = np.isin(pids, list(now.maps)) & ~known
        for row in np.flatnonzero(fresh):
            _table(now, int(pids[row]), packets[row].tobytes())
    others = ~np.isin(pids, [_NULL, *now.streams])
    for row in np.flatnonzero(others)[:2000]:
        pid = int(pids[row])
        kept = now.blocks.get(pid, b"")
        if len(kept) < 1 << 16:
            now.blocks[pid] = kept + packets[row, int(heads[row]) :].tobytes()


def _sums(
    keys: npt.NDArray[np.int64], values: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    found, places = np.unique(keys, return_inverse=True)
    return found, np.bincount(places, weights=values, minlength=len(found)).astype(np.int64)


def _filling(now: _Walk, payloads: Bytes8) -> None:
    """Look at null packets: anything but one value throughout was put there."""
    if len(payloads) and (payloads != payloads[:, :1]).any():
        odd = (payloads != payloads[:, :1]).any(axis=1)
        now.layout.leave("null packets", int(odd.sum()) * payloads.shape[1],
                         payloads[odd][:2000].tobytes())  # fmt: skip


def _adapted(now: _Walk, packets: Bytes8) -> None:
    """Look at the fields before the payload, which are filled up with 0xFF."""
    lengths = packets[:, 4].astype(np.int64)
    flags = packets[:, 5]
    used = 1 + 6 * (flags >> 4 & 1) + 6 * (flags >> 3 & 1) + (flags >> 2 & 1)
    columns = np.arange(_PACKET)
    behind = (columns >= (5 + used)[:, None]) & (columns < (5 + lengths)[:, None])
    plain = (flags & 3) == 0
    odd = (behind & (packets != 0xFF)).any(axis=1) & plain
    if odd.any():
        now.layout.leave("filling of packets", int(behind[odd].sum()),
                         packets[odd][:2000].tobytes())  # fmt: skip
    private = (flags & 3) != 0
    private &= lengths > 0
    if private.any():
        now.layout.leave("private data of packets", int(lengths[private].sum()),
                         packets[private][:2000].tobytes())  # fmt: skip


def _table(now: _Walk, pid: int, packet: bytes) -> None:
    """Read a table of programs, or the map of one."""
    if not packet[1] & 0x40 or not packet[3] & 0x10:
        return
    at = 5 + packet[4] if packet[3] & 0x20 else 4
    if at >= _PACKET:
        return
    at += 1 + packet[at]
    section = packet[at:]
    if len(section) < 12:
        return
    end = 3 + ((section[1] & 15) << 8 | section[2]) - 4
    if end > len(section):
        now.layout.passed["a long table of streams"] = "it goes on in further packets"
        end = len(section)
    if pid == 0 and section[0] == 0:
        for place in range(8, end - 3, 4):
            program = section[place] << 8 | section[place + 1]
            if program:
                now.maps[(section[place + 2] & 31) << 8 | section[place + 3]] = program
    elif pid in now.maps and section[0] == 2:
        now.clocks.add((section[8] & 31) << 8 | section[9])
        place = 12 + ((section[10] & 15) << 8 | section[11])
        while place + 5 <= end:
            stream = (section[place + 1] & 31) << 8 | section[place + 2]
            now.streams[stream] = section[place]
            place += 5 + ((section[place + 3] & 15) << 8 | section[place + 4])


def _told(now: _Walk) -> None:
    layout = now.layout
    for pid in sorted(now.streams):
        if now.sizes.get(pid):
            layout.further[f"stream {pid:X}"] = pid
    for pid, block in sorted(now.blocks.items()):
        if pid in now.streams:
            continue
        if pid in _TABLES or pid in now.maps:
            layout.keep("tables of the programs", block)
        elif now.sizes.get(pid):
            layout.leave(f"packets of no stream ({pid:X})", now.sizes[pid], block)
