"""ASF and WMV: objects, each named by a GUID."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from curate.media.containers.layout import Layout, Source

_HEADER = UUID("75b22630-668e-11cf-a6d9-00aa0062ce6c")
_DATA = UUID("75b22636-668e-11cf-a6d9-00aa0062ce6c")
_INDEXES = frozenset(
    map(UUID, ("33000890-e5b1-11cf-89f4-00a0c90349cb", "d6e229d3-35da-11d1-9034-00a0c90349be",
               "feb103f8-12ad-4c64-840f-2a1d2f7ad48c", "3cb73fd0-0c4a-4803-953d-edf7b6228f0c"))
)  # fmt: skip
_PROPERTIES = UUID("8cabdca1-a947-11cf-8ee4-00c00c205365")
_EXTENSION = UUID("5fbf03b5-a92e-11cf-8ee3-00c00c205365")
_PADDING = UUID("1806d474-cadf-4509-a4ba-9aabcb96aae8")
_TEXTS = frozenset(
    map(UUID, ("75b22633-668e-11cf-a6d9-00aa0062ce6c", "d2d0a440-e307-11d2-97f0-00a0c95ea850",
               "c5f8cbea-5baf-4877-8467-aa8c44fa4cca", "44231c94-9498-49d1-a141-1d134e457054",
               "7c4346a9-efe0-4bfc-b229-393ede415c85", "86d15240-311d-11d0-a3a4-00a0c90348f6"))
)  # fmt: skip
_KNOWN = frozenset(
    map(UUID, ("b7dc0791-a9b7-11cf-8ee6-00c00c205365", "14e6a5cb-c672-4332-8399-a96952065b5a",
               "7bf875ce-468d-11d1-8d82-006097c9a2b2", "f8699e40-5b4d-11cf-a8fd-00805f5c442b",
               "a08649cf-4775-4670-8a16-6e35357566cd", "d1465a40-5a79-4338-b71b-e36b8fd6c249",
               "d4fed15b-88d3-454f-81f0-ed5c45999e24", "26f18b5d-4584-47ec-9f5f-0e651f0452c9"))
)  # fmt: skip


@dataclass
class _Walk:
    source: Source
    layout: Layout
    size: int = 0
    packets: int = 0
    packet: int = 0
    live: bool = False


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    now = _Walk(source, layout)
    at, data = 0, False
    while source.size - at >= 24:
        kind, end = _object(now, at)
        if kind not in (_HEADER, _DATA) and kind not in _INDEXES:
            break
        if kind == _DATA:
            data = True
            # A recording that was not closed does not say how long it is.
            end = source.size if now.live and end == at else end
        if end > source.size:
            layout.cut(f"{end - source.size} bytes are missing at the end of the file")
            end = source.size
        if kind == _HEADER:
            _objects(now, at + 30, end)
        if end <= at:
            raise ValueError("an object without a length")
        at = end
    layout.end(source, at)
    if not data:
        layout.cut("no media are in the file")
    if not now.live and now.size > source.size:
        layout.cut(f"{now.size - source.size} bytes are missing at the end of the file")
    # Packets have one length, and what fills them up is passed over.
    layout.passed["filling of packets"] = "what stands there was not looked at"


def _object(now: _Walk, at: int) -> tuple[UUID, int]:
    return UUID(bytes_le=now.source.read(at, 16)), at + now.source.little(at + 16, 8)


def _objects(now: _Walk, at: int, end: int) -> None:
    source, layout = now.source, now.layout
    while at + 24 <= end:
        kind, stop = _object(now, at)
        if stop > end or stop < at + 24:
            raise ValueError("an object is longer than the one that it stands in")
        start = at + 24
        if kind == _PROPERTIES:
            now.size, now.packets = source.little(at + 40, 8), source.little(at + 56, 8)
            now.live = bool(source.little(at + 88, 4) & 1)
            if not now.live:
                length, before = source.little(at + 64, 8), source.little(at + 80, 8)
                layout.seconds = max(0.0, length / 1e7 - before / 1e3) or None
        elif kind == _EXTENSION:
            _objects(now, at + 46, stop)
        elif kind == _PADDING:
            if not source.filled(start, stop):
                layout.leave("filling of the header", stop - start, source.block(start, stop))
        elif kind in _TEXTS:
            layout.keep("the description", source.block(start, stop))
        elif kind not in _KNOWN:
            layout.note("an unknown object", source.block(start, stop), stop - start)
        at = stop
