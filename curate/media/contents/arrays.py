"""Arrays: npy, HDF5 and LMDB."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from curate.media.contents.carve import carved
from curate.media.contents.pickles import read_pickle
from curate.media.contents.piece import VALUE, Event, Piece, Source, Unsearched, Walk, joined
from curate.media.contents.tables import NEAR, PIXELS
from curate.media.contents.texts import is_known, written_in
from curate.media.sniff import sniff

_LEAST = 48
_SLICE = 16 << 20


def read_npy(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the values of an array; one of objects is a pickle, which is not unpickled."""
    file = source.opened()
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, kind = read(file)
    if kind.hasobject:
        yield from read_pickle(walk, Source(io.BytesIO(file.read())), part, depth)
        return
    count = int(np.prod(shape, dtype=np.int64))
    data = file.read()
    if len(data) != count * kind.itemsize:
        raise ValueError(f"{len(data)} bytes of values, expected {count * kind.itemsize}")
    values = np.frombuffer(data, kind).reshape(shape, order="F" if fortran else "C")
    yield from array_events(walk, values, part, depth)


def array_events(walk: Walk, values: NDArray[Any], place: str, depth: int) -> Iterator[Event]:
    """Yield what the values of an array may stand for: files, texts, or pixels."""
    kind = values.dtype
    if kind.names:
        for name in kind.names:
            yield from array_events(walk, values[name], joined(place, name), depth)
    elif kind.subdtype is not None:
        yield Unsearched(place, "an array of arrays")
    elif kind.kind in "SV":
        # As rows of bytes: NumPy leaves zeros out at the end of a value of its own.
        rows = np.ascontiguousarray(values).view(np.uint8).reshape(values.size, kind.itemsize)
        for number, row in enumerate(rows if kind.itemsize else ()):
            yield from _bytes_events(walk, row.tobytes(), joined(place, str(number)), depth)
    elif kind.kind == "U":
        for number, text in enumerate(np.ravel(values).tolist()):
            told = str(text).encode("utf-8", "surrogatepass")
            yield from written_in(walk, told, joined(place, str(number)), depth)
    elif kind.itemsize == 1 and kind.kind in "ui":
        yield from _small_numbers(walk, values, place, depth)
    else:
        yield from _numbers(walk, values, place, depth)


def _numbers(walk: Walk, values: NDArray[Any], place: str, depth: int) -> Iterator[Event]:
    """Yield bytes that are kept as wider numbers, or told apart into such."""
    raw = values.tobytes()
    if is_known(raw):
        yield from _bytes_events(walk, raw, place, depth)
    elif values.dtype.kind in "ui" and values.ndim == 1 and values.size >= _LEAST:
        if values.min() >= -128 and values.max() <= 255:
            data = (values.astype(np.int64) & 0xFF).astype(np.uint8).tobytes()
            yield from _bytes_events(walk, data, place, depth)
    elif _as_large_as_a_picture(values.shape):
        yield Unsearched(place, PIXELS, NEAR)


def _small_numbers(walk: Walk, values: NDArray[Any], place: str, depth: int) -> Iterator[Event]:
    """Yield bytes that are kept as numbers: the whole, and each row; larger ones are pixels."""
    whole = values.tobytes()
    if values.ndim <= 1 or values.size < _LEAST:
        yield from _bytes_events(walk, whole, place, depth)
        return
    for begin, end in carved(whole) if is_known(whole) else ():
        yield Piece(place, VALUE, Source.of(whole[begin:end]))
    rows = values.reshape(len(values), -1)
    first = rows[0].tobytes() if len(rows) else b""
    if values.ndim == 2 and sniff(first[:4096]) is not None:
        for number, row in enumerate(rows):
            yield from _bytes_events(walk, row.tobytes(), joined(place, str(number)), depth)
    elif min(values.shape[:2]) >= 16 or values.ndim >= 3:
        yield Unsearched(place, PIXELS, NEAR)
    else:
        for number, row in enumerate(rows):
            yield from _bytes_events(walk, row.tobytes(), joined(place, str(number)), depth)


def _bytes_events(walk: Walk, data: bytes, place: str, depth: int) -> Iterator[Event]:
    """Yield bytes as they are, and without the zeros that fill them up."""
    bare = data.rstrip(b"\0")
    if len(bare) < len(data) and bare:
        yield from walk.look(Source.of(bare), place, VALUE, depth + 1)
        # What is filled up may end in a zero itself: few are tried.
        for more in range(1, min(8, len(data) - len(bare)) + 1):
            yield Piece(place, VALUE, Source.of(data[: len(bare) + more]))
    elif data:
        yield from walk.look(Source.of(data), place, VALUE, depth + 1)


def _as_large_as_a_picture(shape: tuple[int, ...]) -> bool:
    """Return whether an array of numbers may be pictures: two sides, and colours or several."""
    return len(shape) >= 3 and sum(side >= 16 for side in shape) >= 2


def read_hdf5(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the values of every data set and attribute of an HDF5 file."""
    try:
        import h5py
    except ImportError:
        yield Unsearched(part, "an HDF5 file", "the package h5py reads it")
        return
    with h5py.File(source.opened(), "r") as file:
        seen: set[Any] = set()
        yield from _group(walk, h5py, file, part, depth, seen)


def _group(
    walk: Walk, h5py: Any, group: Any, place: str, depth: int, seen: set[Any]
) -> Iterator[Event]:
    yield from _attributes(walk, group, place, depth)
    for name in group:
        inner = joined(place, name)
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            yield Unsearched(inner, "a link to another file")
            continue
        if isinstance(link, h5py.SoftLink):
            continue
        item = group[name]
        mark = h5py.h5o.get_info(item.id).addr
        if mark in seen:
            continue
        seen.add(mark)
        if isinstance(item, h5py.Group):
            yield from _group(walk, h5py, item, inner, depth, seen)
        elif isinstance(item, h5py.Dataset):
            yield from _attributes(walk, item, inner, depth)
            yield from _dataset(walk, item, inner, depth)


def _attributes(walk: Walk, item: Any, place: str, depth: int) -> Iterator[Event]:
    for name, value in item.attrs.items():
        yield from _value_events(walk, value, joined(place, f"@{name}"), depth)


def _dataset(walk: Walk, item: Any, place: str, depth: int) -> Iterator[Event]:
    if item.external or item.is_virtual:
        # What it names may lie anywhere: no other file is opened.
        yield Unsearched(place, "data that lie in another file")
        return
    if item.shape is None:
        return
    if not item.shape or not item.size:
        yield from _value_events(walk, item[()], place, depth)
        return
    # Rows of one block after another; of a single row of bytes, which may be one file, all.
    whole = len(item.shape) == 1 and not item.dtype.hasobject and item.dtype.kind in "ui"
    step = len(item) if whole else max(1, _SLICE * len(item) // max(1, item.nbytes))
    for start in range(0, len(item), step):
        yield from _value_events(walk, item[start : start + step], place, depth, first=start)


def _value_events(
    walk: Walk, value: Any, place: str, depth: int, *, first: int = 0
) -> Iterator[Event]:
    if isinstance(value, (bytes, bytearray)):
        yield from walk.look(Source.of(bytes(value)), place, VALUE, depth + 1)
    elif isinstance(value, str):
        yield from written_in(walk, value.encode("utf-8", "surrogatepass"), place, depth)
    elif isinstance(value, np.void) and value.dtype.names is None:
        yield from walk.look(Source.of(value.tobytes()), place, VALUE, depth + 1)
    elif isinstance(value, (np.ndarray, np.generic)):
        values = np.asarray(value)
        if values.dtype.names:
            for name in values.dtype.names:
                yield from _value_events(walk, values[name], joined(place, name), depth)
        elif values.dtype.hasobject:
            for number, one in enumerate(values.ravel(), first):
                yield from _value_events(walk, one, joined(place, str(number)), depth)
        else:
            yield from array_events(walk, values, place, depth)


def read_lmdb(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the values of an LMDB database, and of those within it."""
    try:
        import lmdb
    except ImportError:
        yield Unsearched(part, "an LMDB database", "the package lmdb reads it")
        return
    with source.on_disk() as path, lmdb.open(
        str(path), subdir=False, readonly=True, lock=False, max_dbs=1024
    ) as base:  # fmt: skip
        with base.begin() as reading:
            named = [bytes(key) for key, _ in reading.cursor()]
        yield from _lmdb_values(walk, base, None, part, depth)
        for key in named:
            try:
                inner = base.open_db(key, create=False)
            except lmdb.Error:
                continue
            name = joined(part, key.decode("utf-8", "replace"))
            yield from _lmdb_values(walk, base, inner, name, depth)


def _lmdb_values(walk: Walk, base: Any, inner: Any, part: str, depth: int) -> Iterator[Event]:
    with base.begin(db=inner) as reading:
        for key, value in reading.cursor():
            place = joined(part, key.decode("utf-8", "replace"))
            yield from written_in(walk, bytes(key), place, depth)
            yield from walk.look(Source.of(bytes(value)), place, VALUE, depth + 1)
