"""Which kind of file some bytes are, and what reads what lies in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from curate.media.contents.archives import read_packed, read_tar, read_zip
from curate.media.contents.arrays import read_hdf5, read_lmdb, read_npy
from curate.media.contents.pickles import is_pickle, read_pickle
from curate.media.contents.piece import Event, Source, Walk
from curate.media.contents.tables import (
    is_arrow_stream,
    read_arrow_file,
    read_arrow_stream,
    read_feather,
    read_parquet,
    read_sqlite,
)
from curate.media.contents.texts import is_text, read_text

Reader = Callable[[Walk, Source, str, int], Iterator[Event]]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        title: What it is, for people: a noun phrase.
        read: What yields its contents; None where nothing does.
        sealed: Whether nothing can lie in it that is a file of its own.
        hint: What to do where nothing reads it.
    """

    title: str
    read: Reader | None = None
    sealed: bool = False
    hint: str = ""


_UNPACK = "unpack it, and search what comes out"
TAR = Kind("a tar", read_tar)
ZIP = Kind("a zip", read_zip)
TEXT = Kind("a text", read_text)
PICKLE = Kind("a pickle", read_pickle)
LMDB = Kind("an LMDB database", read_lmdb)
STREAM = Kind("an Arrow stream", read_arrow_stream)
HDF5 = Kind("an HDF5 file", read_hdf5)
ZLIB = Kind("a zlib stream", read_packed("zlib"))
LOCK = Kind("what locks an LMDB database", sealed=True)
UNKNOWN = Kind("a file of a kind that is not known", hint="write it in a form that is searched")

_PREFIXES: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP),
    (b"\x1f\x8b", Kind("a gzip file", read_packed("gzip"))),
    (b"BZh", Kind("a bzip2 file", read_packed("bzip2"))),
    (b"\xfd7zXZ\x00", Kind("an xz file", read_packed("xz"))),
    (b"\x5d\x00\x00", Kind("an lzma file", read_packed("xz"))),
    (b"\x28\xb5\x2f\xfd", Kind("a Zstandard file", read_packed("zstd"))),
    (b"\x04\x22\x4d\x18", Kind("an LZ4 file", read_packed("lz4"))),
    (b"PAR1", Kind("a Parquet file", read_parquet)),
    (b"PARE", Kind("an encrypted Parquet file", hint="write it without encryption")),
    (b"ARROW1", Kind("an Arrow file", read_arrow_file)),
    (b"FEA1", Kind("a Feather file", read_feather)),
    (b"SQLite format 3\x00", Kind("a SQLite database", read_sqlite)),
    (b"\x37\x7f\x06", Kind("the log of a SQLite database", hint="close the database, and search")),
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"\x93NUMPY", Kind("an array of NumPy", read_npy)),
    (b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", hint=_UNPACK)),
    (b"Rar!\x1a\x07", Kind("a rar archive", hint=_UNPACK)),
    (b"%PDF-", Kind("a PDF", hint="take its pictures out, and search them")),
    (b"wOF2", Kind("a font", sealed=True)),
    (b"wOFF", Kind("a font", sealed=True)),
)  # fmt: skip
# What texts are not called: an archive or table whose bytes are no longer its own.
_NOT_TEXT = (
    *(".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".7z", ".rar"),
    *(".parquet", ".arrow", ".feather", ".npy", ".npz", ".h5", ".hdf5", ".mdb", ".lmdb"),
    *(".sqlite", ".sqlite3", ".db", ".pt", ".pth", ".tfrecord", ".safetensors"),
)
_LMDB = b"\xde\xc0\xef\xbe"
_ZLIB = {b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"}


def kind_of(source: Source) -> Kind:
    """Return which kind of file some bytes are, by the bytes alone but for old pickles."""
    head = source.head
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    for kind, is_one in (
        (TAR, head[257:262] == b"ustar" or _is_old_tar(head)),
        (STREAM, is_arrow_stream(head)),
        (LMDB, head[16:20] == _LMDB),
        (LOCK, head[:4] == _LMDB and source.size <= 1 << 16),
        (PICKLE, is_pickle(head, source.name)),
        (TEXT, is_text(head)),
        (ZLIB, head[:2] in _ZLIB),
    ):
        if is_one:
            return kind
    return _late(source)


def is_misnamed(kind: Kind, name: str) -> bool:
    """Return whether a text is called as if it were an archive, a table or a database."""
    return kind is TEXT and name.lower().endswith(_NOT_TEXT)


def _late(source: Source) -> Kind:
    """Return the kind of what begins with something else, such as the user block of HDF5."""
    at = 512
    while at < min(source.size, 1 << 24):
        source.file.seek(at)
        if source.file.read(8) == b"\x89HDF\r\n\x1a\n":
            return HDF5
        at *= 2
    return ZIP if ends_in_zip(source) else UNKNOWN


def ends_in_zip(source: Source) -> bool:
    """Return whether a file ends as a zip does, whatever it begins with."""
    if source.size < 22:
        return False
    source.file.seek(max(0, source.size - (1 << 16) - 22))
    return b"PK\x05\x06" in source.file.read()


def _is_old_tar(head: bytes) -> bool:
    """Return whether a header is one of a tar without a mark: by its sum."""
    if len(head) < 512 or not re.fullmatch(rb"[0-7 ]{6}[\0 ]{2}", head[148:156]):
        return False
    told = int(head[148:156].strip(b"\0 ") or b"0", 8)
    return sum(head[:148]) + 8 * 32 + sum(head[156:512]) == told


def is_der(source: Source) -> bool:
    """Return whether some bytes are one structure of ASN.1, as certificates and signatures are."""
    head, size = source.head[:4], source.size
    return (
        size < 1 << 16 and head[:2] == b"\x30\x82" and int.from_bytes(head[2:], "big") + 4 == size
    )


def is_token(source: Source) -> bool:
    """Return whether some bytes are a time stamp as releases hold it, and nothing else."""
    if source.size > 1 << 16 or source.head[:1] != b"\x30":
        return False
    try:
        from rfc3161_client import decode_timestamp_response

        decode_timestamp_response(source.opened().read())
    except (ImportError, ValueError):
        return False
    return True
