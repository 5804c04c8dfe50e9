"""MP4 and QuickTime (ISO 14496-12): boxes, and the samples that tracks refer to."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from curate.media.containers.layout import Layout, Source

Ranges = npt.NDArray[np.int64]

_TOP = frozenset(
    (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof", b"mfra", b"sidx",
     b"styp", b"ssix", b"meta", b"pdin", b"prft", b"emsg", b"pnot", b"udta", b"PICT")
)  # fmt: skip
_NESTED = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"moof",
                     b"traf", b"mvex", b"tapt", b"tref", b"gmhd"))  # fmt: skip
# Numbers that a demuxer or a player goes by, in which no text stands.
_NUMBERS = frozenset(
    (b"mvhd", b"tkhd", b"mdhd", b"elst", b"vmhd", b"smhd", b"nmhd", b"sthd", b"hmhd", b"stts",
     b"stss", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"sdtp", b"sbgp",
     b"sgpd", b"stps", b"subs", b"saiz", b"saio", b"mehd", b"trex", b"mfhd", b"tfhd", b"tfdt",
     b"trun", b"sidx", b"ssix", b"mfra", b"iods", b"gmin", b"tcmi", b"padb", b"stdp", b"prft",
     b"clef", b"prof", b"enof", b"load", b"pasp", b"dref", b"url ", b"senc", b"leva", b"trep",
     b"pdin", b"ftyp", b"styp", b"chap", b"tmcd", b"cdsc", b"hint", b"elng", b"vdep", b"sync",
     b"ssrc", b"scpt", b"folw", b"fall", b"forc", b"subt", b"font")
)  # fmt: skip
_TEXTS = frozenset((b"udta", b"meta", b"hdlr", b"stsd", b"emsg", b"pnot"))
_TAGS = frozenset((b"udta", b"meta"))
_PICTURES = (0, 13, 14, 27)
_FREE = frozenset((b"free", b"skip", b"wide"))
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_SPHERICAL = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
_MOST_TABLE = 64 << 20
_MOST_DEPTH = 12
_MOST_BOXES = 1_000_000
# How long an entry of each table is, and how many bytes stand before the first.
_ENTRY_SIZES = {b"stts": (8, 8), b"ctts": (8, 8), b"stss": (8, 4), b"stps": (8, 4),
                b"stsc": (8, 12), b"stco": (8, 4), b"co64": (8, 8)}  # fmt: skip
# Tables that are as long as there are samples or fragments.
_LONG = frozenset((b"stsz", b"stz2", b"sdtp", b"sbgp", b"sidx", b"trun", b"mfra", b"ssix"))
_MOST_NUMBERS = 1024


@dataclass
class _Track:
    """The sample tables of one track, as boxes: where their content begins and ends."""

    tables: dict[bytes, tuple[int, int]] = field(default_factory=dict)


@dataclass
class _Walk:
    source: Source
    layout: Layout
    tracks: list[_Track] = field(default_factory=list)
    media: list[tuple[int, int]] = field(default_factory=list)
    used: list[Ranges] = field(default_factory=list)
    boxes: int = 0
    heads: int = 0
    indexes: int = 0
    defaults: dict[int, int] = field(default_factory=dict)
    """Sample sizes of fragments by track, where none is named."""


def walk(source: Source, layout: Layout) -> None:
    """Walk the file."""
    now = _Walk(source, layout)
    at = 0
    while at < source.size:
        if source.size - at < 8 or source.read(at + 4, 4) not in _TOP:
            _behind(now, at)
            break
        kind, start, end = _box(source, at, source.size)
        if end > source.size:
            more = end - source.size
            layout.cut(f"{more} bytes of the last box are missing at the end of the file")
            end = source.size
        _top(now, kind, at, start, end)
        at = end
    if not now.indexes:
        layout.cut("the index (moov) is missing")
    layout.tracks = len(now.tracks)
    _samples(now)


def _behind(now: _Walk, at: int) -> None:
    """Take what follows for boxes that nobody knows, or for bytes that are no boxes."""
    now.layout.end(now.source, at)


def _box(source: Source, at: int, limit: int) -> tuple[bytes, int, int]:
    """Return the type of a box, where its content begins, and where it ends."""
    size, kind = source.number(at, 4), source.read(at + 4, 4)
    start = at + 8
    if size == 1:
        size, start = source.number(at + 8, 8), at + 16
    elif size == 0:
        size = limit - at
    if size < start - at:
        raise ValueError(f"a box of {size} bytes")
    return kind, start, at + size


def _children(now: _Walk, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while at + 8 <= end:
        now.boxes += 1
        if now.boxes > _MOST_BOXES:
            raise ValueError("it has too many boxes")
        kind, start, stop = _box(now.source, at, end)
        if stop > end:
            raise ValueError("a box is longer than the one that it stands in")
        yield kind, start, stop
        at = stop
    # QuickTime ends some lists with a zero of four bytes.
    if at < end and not now.source.filled(at, end):
        now.layout.leave("behind the last box of a list", end - at, now.source.block(at, end))


def _top(now: _Walk, kind: bytes, at: int, start: int, end: int) -> None:
    layout = now.layout
    if kind == b"mdat":
        now.media.append((start, end))
        return
    if kind == b"ftyp":
        now.heads += 1
    if kind == b"moov":
        now.indexes += 1
    again = (kind == b"ftyp" and now.heads > 1) or (kind == b"moov" and now.indexes > 1)
    if again:
        layout.leave("a second index", end - at, now.source.block(start, end))
        return
    _inside(now, kind, at, start, end, 0)


def _inside(now: _Walk, kind: bytes, at: int, start: int, end: int, depth: int) -> None:
    source, layout = now.source, now.layout
    if depth > _MOST_DEPTH:
        raise ValueError("its boxes are nested too deeply")
    if kind in _NESTED:
        _nested(now, kind, at, start, end, depth)
    elif kind in _NUMBERS:
        _numbers(now, kind, start, end)
    elif kind in _TAGS:
        _user_data(now, start, end, depth)
    elif kind == b"uuid":
        _extended(now, start, end)
    elif kind in _TEXTS:
        layout.keep(f"the box {kind.decode()}", source.block(start, end))
        if kind == b"stsd":
            _entries(now, start, end)
    elif kind not in _FREE:
        layout.leave("boxes that are not known", end - start, source.block(start, end))
    elif not source.filled(start, end):
        layout.leave("filling (free)", end - start, source.block(start, end))


def _nested(now: _Walk, kind: bytes, at: int, start: int, end: int, depth: int) -> None:
    if kind == b"trak":
        now.tracks.append(_Track())
    if kind == b"moof":
        _fragment(now, at, start, end)
    before = start
    for inner, first, last in _children(now, start, end):
        _inside(now, inner, before, first, last, depth + 1)
        before = last


def _numbers(now: _Walk, kind: bytes, start: int, end: int) -> None:
    source = now.source
    used = end
    if kind in _ENTRY_SIZES:
        head, step = _ENTRY_SIZES[kind]
        used = start + head + source.number(start + 4, 4) * step
    elif kind == b"stsz":
        count = 0 if source.number(start + 4, 4) else source.number(start + 8, 4)
        used = start + 12 + 4 * count
    elif kind not in _LONG and end - start > _MOST_NUMBERS:
        used = start
    if used < end and not source.filled(used, end):
        now.layout.leave("behind a table of numbers", end - used, source.block(used, end))
    if now.tracks:
        now.tracks[-1].tables.setdefault(kind, (start, end))
    if kind == b"trex":
        now.defaults[source.number(start + 4, 4)] = source.number(start + 16, 4)


def _user_data(now: _Walk, start: int, end: int, depth: int) -> None:
    """Look at user data and tags: boxes of texts, and others that nothing reads."""
    source, layout = now.source, now.layout
    # `meta` has a number before its boxes, or in QuickTime it has not.
    numbered = end - start >= 12 and source.read(start + 8, 4) == b"hdlr"
    at = start + 4 if numbered else start
    try:
        for kind, first, last in _children(now, at, end):
            if kind in _TAGS and depth < _MOST_DEPTH:
                _user_data(now, first, last, depth + 1)
            elif kind == b"uuid":
                _extended(now, first, last)
            elif kind == b"XMP_":
                layout.xmp.append(source.block(first, last))
            elif kind == b"ilst":
                _tags(now, first, last)
            elif kind not in _FREE or not source.filled(first, last):
                layout.note("user data", source.block(first, last), last - first)
    except ValueError:
        layout.note("user data that are no boxes", source.block(start, end), end - start)


def _tags(now: _Walk, start: int, end: int) -> None:
    for kind, item, behind in _children(now, start, end):
        for _, value, stop in _children(now, item, behind):
            # Covers are streams to the demuxer.
            if kind != b"covr" or now.source.number(value, 4) not in _PICTURES:
                # A kind and a country stand before the value of a tag.
                now.layout.note("a tag", now.source.block(value + 8, stop), stop - value)


def _extended(now: _Walk, start: int, end: int) -> None:
    block = now.source.block(start, end)
    kind, content = block[:16], block[16:]
    if kind == _XMP:
        now.layout.xmp.append(content)
    elif kind == _SPHERICAL:
        now.layout.keep("a box of spherical video", content)
    elif kind != _C2PA:
        now.layout.leave("a box of an unknown kind (uuid)", end - start - 16, content)


# How many numbers stand before the boxes of an entry: of pictures, of sound, and of others.
_BEFORE = (78, 28, 44, 64, 8, 16)
_IN_ENTRY = frozenset(
    (b"avcC", b"hvcC", b"lhvC", b"vvcC", b"vpcC", b"av1C", b"esds", b"glbl", b"btrt", b"colr",
     b"pasp", b"fiel", b"gama", b"chrm", b"mdcv", b"clli", b"SmDm", b"CoLL", b"dvcC", b"dvvC",
     b"st3d", b"sv3d", b"vexu", b"hfov", b"wave", b"chan", b"dOps", b"dac3", b"dec3", b"alac",
     b"d263", b"damr", b"ftab", b"free", b"clap", b"ccst", b"auxi", b"amve", b"srat", b"SA3D")
)  # fmt: skip
_MOST_ENTRY = 4096


def _entries(now: _Walk, start: int, end: int) -> None:
    """Look at the settings of each coding of a track."""
    source, layout = now.source, now.layout
    at = start + 8
    for _ in range(source.number(start + 4, 4)):
        if at + 8 > end:
            return
        _, first, last = _box(source, at, end)
        at = last
        boxes = next(filter(None, (_tiled(source, first + n, last) for n in _BEFORE)), None)
        if boxes is None:
            if last - first > _BEFORE[0] + 40:
                layout.note("settings of a track", source.block(first, last), last - first)
            continue
        for kind, inner, stop in boxes:
            if kind == b"clap":
                layout.hidden["pixels outside the clean aperture"] = (
                    "the container says to show less than the frames have"
                )
            if kind not in _IN_ENTRY or stop - inner > _MOST_ENTRY:
                layout.note("settings of a track", source.block(inner, stop), stop - inner)
    if at < end:
        layout.note("behind the settings of a track", source.block(at, end), end - at)


def _tiled(source: Source, at: int, end: int) -> list[tuple[bytes, int, int]] | None:
    """Return the boxes from `at` on, where they fill all of it up to the end."""
    found = []
    while at + 8 <= end:
        size, kind = source.number(at, 4), source.read(at + 4, 4)
        if size < 8 or at + size > end or not all(32 <= sign < 127 for sign in kind):
            return None
        found.append((kind, at + 8, at + size))
        at += size
    return found if end - at in (0, 4) else None


def _fragment(now: _Walk, at: int, start: int, end: int) -> None:
    """Note the samples of a fragment."""
    source = now.source
    behind: int | None = None
    for kind, first, last in _children(now, start, end):
        if kind != b"traf":
            continue
        base, default = at, 0
        for inner, here, _ in _children(now, first, last):
            if inner == b"tfhd":
                base, default, behind = _fragment_head(now, here, at, behind)
            elif inner == b"trun":
                flags, count = source.number(here, 4) & 0xFFFFFF, source.number(here + 4, 4)
                place = here + 8
                offset = behind if behind is not None else base
                if flags & 1:
                    (told,) = struct.unpack(">i", source.read(place, 4))
                    offset, place = base + told, place + 4
                place += 4 if flags & 4 else 0
                total = count * default
                step = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
                if flags & 0x200:
                    table = np.frombuffer(source.read(place, count * step), ">u4")
                    total = int(table[bool(flags & 0x100) :: step // 4].sum(dtype=np.int64))
                now.used.append(np.array([[offset, offset + total]], np.int64))
                behind = offset + total


def _fragment_head(
    now: _Walk, here: int, at: int, behind: int | None
) -> tuple[int, int, int | None]:
    """Return from where data are counted, the size of samples, and where the last run ended."""
    source = now.source
    flags, track = source.number(here, 4) & 0xFFFFFF, source.number(here + 4, 4)
    place, base = here + 8, at
    if flags & 1:
        base, place, behind = source.number(place, 8), place + 8, None
    elif flags & 0x20000 or behind is None:
        behind = None
    else:
        base = behind
    place += 4 * sum(bool(flags & bit) for bit in (0x02, 0x08))
    default = source.number(place, 4) if flags & 0x10 else now.defaults.get(track, 0)
    return base, default, behind


def _samples(now: _Walk) -> None:
    """Count the bytes among the media that no sample of any track uses."""
    for track in now.tracks:
        if b"stsc" in track.tables:
            now.used.append(_chunks(now.source, track))
    used = np.concatenate([*now.used, np.empty((0, 2), np.int64)])
    used = used[np.argsort(used[:, 0], kind="stable")]
    idle = 0
    content = b""
    for start, end in now.media:
        free, first = _gaps(used, start, end)
        if free and not now.source.filled(first[0], first[1]):
            content = content or now.source.block(*first)
        elif free and free == first[1] - first[0]:
            # Filling between the media and the end of their box.
            free = 0
        idle += free
    now.layout.leave("media data that no track uses", idle, content)
    if len(used) and int(used[:, 1].max()) > now.source.size:
        now.layout.cut("samples lie behind the end of the file")


def _gaps(used: Ranges, start: int, end: int) -> tuple[int, tuple[int, int]]:
    """Return how many bytes from `start` to `end` are not used, and the first such stretch."""
    lows = np.clip(used[:, 0], start, end)
    highs = np.maximum.accumulate(np.clip(used[:, 1], start, end)) if len(used) else lows
    before = np.concatenate([[start], highs])
    after = np.concatenate([lows, [end]])
    free = np.maximum(after - before, 0)
    total = int(free.sum())
    if not total:
        return 0, (start, start)
    at = int(np.argmax(free > 0))
    return total, (int(before[at]), int(after[at]))


def _chunks(source: Source, track: _Track) -> Ranges:
    """Return where the chunks of a track begin and end; shape (N, 2)."""
    offsets = _offsets(source, track)
    start, _ = track.tables[b"stsc"]
    count = source.number(start + 4, 4)
    runs = np.frombuffer(_table(source, start + 8, count * 12), ">u4").reshape(-1, 3)
    runs = runs.astype(np.int64)
    if not len(offsets) or not len(runs):
        return np.empty((0, 2), np.int64)
    firsts = np.append(np.clip(runs[:, 0], 1, len(offsets) + 1), len(offsets) + 1)
    if (np.diff(firsts) < 0).any():
        raise ValueError("its chunks are in no order")
    per_chunk = np.repeat(runs[:, 1], np.diff(firsts))[: len(offsets)]
    ends = np.cumsum(per_chunk)
    sizes = _sizes(source, track)
    if isinstance(sizes, int):
        lengths = per_chunk * sizes
    else:
        sums = np.concatenate([[0], np.cumsum(sizes)])
        ends = np.minimum(ends, len(sizes))
        lengths = np.diff(np.concatenate([[0], sums[ends]]))
    offsets = offsets[: len(lengths)]
    return np.stack([offsets, offsets + lengths], axis=1)


def _offsets(source: Source, track: _Track) -> npt.NDArray[np.int64]:
    for kind, width in ((b"stco", 4), (b"co64", 8)):
        if kind in track.tables:
            start, _ = track.tables[kind]
            count = source.number(start + 4, 4)
            table = _table(source, start + 8, count * width)
            return np.frombuffer(table, f">u{width}").astype(np.int64)
    return np.empty(0, np.int64)


def _sizes(source: Source, track: _Track) -> npt.NDArray[np.int64] | int:
    if b"stsz" in track.tables:
        start, _ = track.tables[b"stsz"]
        every, count = source.number(start + 4, 4), source.number(start + 8, 4)
        if every > 1:
            return every
        if every == 1:
            return _frame_bytes(source, track)
        return np.frombuffer(_table(source, start + 12, count * 4), ">u4").astype(np.int64)
    if b"stz2" in track.tables:
        start, _ = track.tables[b"stz2"]
        width, count = source.number(start + 7, 1), source.number(start + 8, 4)
        if width in (8, 16):
            table = _table(source, start + 12, count * width // 8)
            return np.frombuffer(table, f">u{width // 8}").astype(np.int64)
        halves = np.frombuffer(_table(source, start + 12, -(-count // 2)), np.uint8)
        return np.stack([halves >> 4, halves & 15], axis=1).ravel()[:count].astype(np.int64)
    return 0


def _frame_bytes(source: Source, track: _Track) -> int:
    """Return how many bytes a sample of plain sound has, which QuickTime counts as one."""
    start, _ = track.tables.get(b"stsd", (0, 0))
    if not start:
        return 1
    # Behind the entry's head: six zeros, a reference, a version of the description.
    channels, bits = source.number(start + 32, 2), source.number(start + 34, 2)
    return max(1, channels * bits // 8)


def _table(source: Source, at: int, length: int) -> bytes:
    if length > _MOST_TABLE:
        raise ValueError("a table of samples is too long")
    return source.read(at, length)
