"""Forms in which recipients keep files: each is written by the library that people use for it."""

from __future__ import annotations

import base64
import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import plistlib
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from pyarrow import feather, parquet

Files = Mapping[str, bytes]
Form = Callable[[Path, Files], None]
MISSING = {"lmdb": "the package lmdb is not installed", "hdf5": "the package h5py is not installed"}


def zipped(files: Files) -> bytes:
    """Return a zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def tarred(files: Files, mode: str = "w") -> bytes:
    """Return a tar."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return held.getvalue()


def table(files: Files) -> pa.Table:
    """Return a table as Hugging Face lays pictures out."""
    rows = [{"image": {"bytes": data, "path": None}, "n": n}
            for n, data in enumerate(files.values())]  # fmt: skip
    return pa.Table.from_pylist(rows)


def _sink(write: Callable[[io.BytesIO], object]) -> bytes:
    held = io.BytesIO()
    write(held)
    return held.getvalue()


def _arrow(files: Files, *, stream: bool, compression: str | None = None) -> bytes:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    made = pa.ipc.new_stream if stream else pa.ipc.new_file
    held, told = io.BytesIO(), table(files)
    with made(held, told.schema, options=options) as writer:
        writer.write_table(told)
    return held.getvalue()


def save_to_disk(place: Path, files: Files) -> None:
    """Write a data set as `datasets` does."""
    import datasets

    rows = {"image": [{"bytes": data, "path": None} for data in files.values()]}
    datasets.Dataset.from_dict(rows).save_to_disk(str(place))


def webdataset(place: Path, files: Files) -> None:
    """Write a shard as `webdataset` does."""
    import webdataset as wds

    with wds.TarWriter(str(place)) as sink:
        for number, data in enumerate(files.values()):
            sink.write({"__key__": f"{number:06}", "png": data, "json": {"n": number}})


def lmdb(place: Path, files: Files) -> None:
    """Write an LMDB database, as a folder."""
    import lmdb as library

    with library.open(str(place), map_size=1 << 26) as base, base.begin(write=True) as writing:
        for number, data in enumerate(files.values()):
            writing.put(f"{number:08}".encode(), data)


def hdf5(place: Path, files: Files) -> None:
    """Write an HDF5 file: one data set of bytes of different length, and one for each file."""
    import h5py

    with h5py.File(place, "w") as base:
        kept = base.create_dataset("kept", (len(files),), h5py.vlen_dtype(np.uint8))
        for number, data in enumerate(files.values()):
            kept[number] = np.frombuffer(data, np.uint8)
            base[f"deep/{number}"] = np.frombuffer(data, np.uint8)


def sqlite(place: Path, files: Files) -> None:
    """Write a SQLite database."""
    base = sqlite3.connect(place)
    base.execute('CREATE TABLE "my pictures" (name TEXT, image BLOB)')
    base.executemany('INSERT INTO "my pictures" VALUES (?, ?)',
                     [(f"{n}", data) for n, data in enumerate(files.values())])  # fmt: skip
    base.commit()
    base.close()


def _padded(files: Files) -> bytes:
    width = max(map(len, files.values())) + 5
    rows = [np.frombuffer(data.ljust(width, b"\0"), np.uint8) for data in files.values()]
    return _sink(lambda held: np.save(held, np.stack(rows)))


def _objects(files: Files) -> bytes:
    values = np.array([*files.values(), None], object)
    return _sink(lambda held: np.save(held, values, allow_pickle=True))


def _json(files: Files) -> bytes:
    rows = [{"image": "data:image/png;base64," + base64.b64encode(data).decode()}
            for data in files.values()]  # fmt: skip
    return json.dumps(rows).replace("/", "\\/").encode()


def _csv(files: Files) -> bytes:
    held = io.StringIO()
    csv.writer(held).writerows(
        [n, base64.urlsafe_b64encode(d).decode()] for n, d in enumerate(files.values())
    )
    return held.getvalue().encode()


def _sql(files: Files) -> bytes:
    lines = [f"INSERT INTO t VALUES (X'{data.hex().upper()}');\n" for data in files.values()]
    return "".join(lines).encode()


def _nested(files: Files) -> pa.Table:
    rows = [{"all": [[{"deep": {"bytes": data}}] for data in files.values()]}]
    return pa.Table.from_pylist(rows)


def _dictionary(files: Files) -> pa.Table:
    return pa.table({"image": pa.array([*files.values()] * 3).dictionary_encode()})


def _views(files: Files) -> pa.Table:
    return pa.table({"image": pa.array([*files.values()], pa.binary_view()),
                     "more": pa.array([*files.values()], pa.large_binary())})  # fmt: skip


def _numbers(files: Files) -> pa.Table:
    return pa.table({"image": pa.array([list(d) for d in files.values()], pa.list_(pa.uint8()))})


def _parquet(made: pa.Table) -> bytes:
    return _sink(lambda held: parquet.write_table(made, held))


def packed(data: bytes, codec: str) -> bytes:
    """Return data compressed as a whole, as ``zstd`` or ``lz4`` do."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as out:
        out.write(data)
    return bytes(sink.getvalue())


BYTES: dict[str, Callable[[Files], bytes]] = {
    "plain.png": lambda f: next(iter(f.values())),
    "a.zip": zipped,
    "a.tar": tarred,
    "a.tar.gz": lambda f: tarred(f, "w:gz"),
    "a.tgz": lambda f: gzip.compress(tarred(f)),
    "a.tar.bz2": lambda f: bz2.compress(tarred(f)),
    "a.tar.xz": lambda f: lzma.compress(tarred(f)),
    "a.tar.zst": lambda f: packed(tarred(f), "zstd"),
    "a.tar.lz4": lambda f: packed(tarred(f), "lz4"),
    "one.png.gz": lambda f: gzip.compress(next(iter(f.values()))),
    "zip in tar.gz": lambda f: gzip.compress(tarred({"deep/in.zip": zipped(f)})),
    "tar in tar.gz": lambda f: gzip.compress(tarred({"in.tar": tarred(f)})),
    "tar behind a tar": lambda f: tarred({"x.txt": b"x"}) + tarred(f),
    "parquet in zip": lambda f: zipped({"t.parquet": _parquet(table(f))}),
    "t.parquet": lambda f: _parquet(table(f)),
    "nested.parquet": lambda f: _parquet(_nested(f)),
    "dictionary.parquet": lambda f: _parquet(_dictionary(f)),
    "numbers.parquet": lambda f: _parquet(_numbers(f)),
    "views.arrow": lambda f: _sink(lambda h: feather.write_feather(_views(f), h)),
    "t.arrow": lambda f: _arrow(f, stream=False),
    "stream.arrow": lambda f: _arrow(f, stream=True),
    "zstd.arrow": lambda f: _arrow(f, stream=True, compression="zstd"),
    "two streams": lambda f: _arrow({"x": b"x"}, stream=True) + _arrow(f, stream=True),
    "t.feather": lambda f: _sink(lambda h: feather.write_feather(table(f), h, "lz4")),
    "list.pkl": lambda f: pickle.dumps(list(f.values())),
    "protocol 0.pkl": lambda f: pickle.dumps(list(f.values()), 0),
    "protocol 1.pkl": lambda f: pickle.dumps(list(f.values()), 1),
    "protocol 2.pkl": lambda f: pickle.dumps({"a": list(f.values())}, 2),
    "arrays.pkl": lambda f: pickle.dumps([np.frombuffer(d, np.uint8) for d in f.values()]),
    "several.pkl": lambda f: b"".join(pickle.dumps({"image": d}) for d in f.values()),
    "packed.pkl": lambda f: zlib.compress(pickle.dumps(list(f.values()))),
    "torch.pt": lambda f: zipped({"archive/data.pkl": pickle.dumps({"image": list(f.values())})}),
    "s.npy": lambda f: _sink(lambda h: np.save(h, np.array(list(f.values())))),
    "u1.npy": lambda f: _sink(lambda h: np.save(h, np.frombuffer(next(iter(f.values())), "u1"))),
    "padded.npy": _padded,
    "objects.npy": _objects,
    "a.npz": lambda f: _sink(
        lambda h: np.savez_compressed(h, *(np.frombuffer(d, np.uint8) for d in f.values()))
    ),
    "urls.json": _json,
    "base64.csv": _csv,
    "wrapped.txt": lambda f: b"mail:\n\n" + b"\n\n".join(map(base64.encodebytes, f.values())),
    "bytes.json": lambda f: json.dumps([list(d) for d in f.values()]).encode(),
    "dump.sql": _sql,
    "text in parquet": lambda f: _parquet(
        pa.table({"image": [base64.b64encode(d).decode() for d in f.values()]})
    ),
}  # fmt: skip


def _schema(data: bytes) -> pa.Table:
    held = pa.field("i", pa.int64(), metadata={"thumbnail": data})
    return pa.table([pa.array([1])], schema=pa.schema([held]))


def _saved(values: np.ndarray) -> bytes:
    return _sink(lambda held: np.save(held, values))


def _with_comment(data: bytes) -> bytes:
    held = io.BytesIO(zipped({"a.txt": b"a"}))
    with zipfile.ZipFile(held, "a") as archive:
        archive.comment = data
    return held.getvalue()


# What somebody came upon who tried to hide one picture where it is not looked for.
STRANGE: dict[str, Callable[[bytes], bytes]] = {
    "signed.parquet": lambda d: _parquet(
        pa.table({"i": pa.array([np.frombuffer(d, "i1").tolist()], pa.list_(pa.int8()))})
    ),
    "schema.parquet": lambda d: _parquet(_schema(d)),
    "wide numbers.parquet": lambda d: _parquet(pa.table({"i": [list(d)]})),
    "gzip in parquet": lambda d: _parquet(pa.table({"i": [gzip.compress(d)]})),
    "escaped.json": lambda d: json.dumps({"u": d.decode("latin-1")}).encode(),
    "signed.json": lambda d: json.dumps(np.frombuffer(d, "i1").tolist()).encode(),
    "indexed.json": lambda d: json.dumps({str(n): v for n, v in enumerate(d)}).encode(),
    "plus.json": lambda d: b'"' + base64.b64encode(d).replace(b"+", b"\\u002b") + b'"',
    "percent.html": lambda d: b"data:image/png;base64," + quote(base64.b64encode(d)).encode(),
    "wide.json": lambda d: base64.b64encode(d).decode().encode("utf-32"),
    "narrow.json": lambda d: ("\ufeff" + base64.b64encode(d).decode()).encode("utf-16-be"),
    "spaced.txt": lambda d: base64.encodebytes(d).replace(b"\n", b" "),
    "picture.yaml": lambda d: b"i: |\n  " + base64.encodebytes(d).replace(b"\n", b"\n  "),
    "dashes.txt": lambda d: b"--" + base64.b64encode(d),
    "b85.txt": base64.b85encode,
    "a85.txt": base64.a85encode,
    "bytes.py": lambda d: f"PICTURE = {d!r}\n".encode(),
    "spaced.hex": lambda d: d.hex(" ").encode(),
    "wrapped.hex": lambda d: d.hex("\n", 30).encode(),
    "array.c": lambda d: ", ".join(f"0x{one:02X}" for one in d).encode(),
    "numbers.pkl": lambda d: pickle.dumps(list(d)),
    "wide.npy": lambda d: _saved(np.frombuffer(d, np.uint8).astype(np.int64)),
    "pairs.npy": lambda d: _saved(np.frombuffer(d[: len(d) // 2 * 2] + b"\0\0", np.uint16)),
    "slices.npy": lambda d: _saved(
        np.frombuffer(d.ljust(-(-len(d) // 64) * 64, b"\0"), np.uint8).reshape(-1, 64)
    ),
    "records.tfrecord": lambda d: len(d).to_bytes(8, "little") + b"\1\2\3\4" + d + b"\1\2\3\4",
    "comment.gif": lambda d: b"GIF89a" + bytes(7) + d,
    "data.plist": lambda d: plistlib.dumps({"i": d}, fmt=plistlib.FMT_BINARY),
    "comment.zip": _with_comment,
}  # fmt: skip


FOLDERS: dict[str, Form] = {
    "save_to_disk": save_to_disk,
    "shard.tar": webdataset,
    "data.sqlite": sqlite,
    "lmdb": lmdb,
    "hdf5": hdf5,
}
FORMS: dict[str, Form] = {
    **{name: lambda place, files, made=made: place.write_bytes(made(files)) and None
       for name, made in BYTES.items()},
    **FOLDERS,
}  # fmt: skip
