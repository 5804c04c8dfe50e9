"""What lies in a file is found in every form, or it is told that nobody looked there."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import importlib.util
import io
import lzma
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curate.media.contents import Limits, Mention, Piece, Unsearched, contents
from tests.copies import BYTES, FOLDERS, FORMS, STRANGE, sqlite, tarred, zipped


def picture(seed: int, form: str = "PNG", side: int = 24) -> bytes:
    cells = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    held = io.BytesIO()
    Image.fromarray(cells).save(held, form)
    return held.getvalue()


FILES = {"a.png": picture(1), "b.jpg": picture(2, "JPEG"), "c.webp": picture(3, "WEBP")}


def digests(place: Path, limits: Limits | None = None) -> set[str]:
    """Return the digests of all that lies in a file, or in the files of a folder."""
    return {one.sha256 for one in _events(place, limits) if isinstance(one, Piece)}


def unsearched(place: Path, limits: Limits | None = None) -> list[str]:
    """Return why parts of a file were not looked into."""
    return [one.why for one in _events(place, limits) if isinstance(one, Unsearched)]


def _events(place: Path, limits: Limits | None) -> list[Piece | Mention | Unsearched]:
    paths = [p for p in place.rglob("*") if p.is_file()] if place.is_dir() else [place]
    found = []
    for path in paths:
        for event in contents(path, limits):
            if isinstance(event, Piece):
                _ = event.sha256
            found.append(event)
    return found


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def needs(form: str) -> None:
    known = {"hdf5": "h5py", "save_to_disk": "datasets", "shard.tar": "webdataset"}
    package = known.get(form, form)
    if form in FOLDERS and form != "data.sqlite" and importlib.util.find_spec(package) is None:
        pytest.skip(f"the package {package} is not installed")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore")
def test_every_form_is_searched(form: str, tmp_path: Path) -> None:
    """Whatever the file is called: here it has no ending."""
    needs(form)
    place = tmp_path / "x"
    FORMS[form](place, FILES)

    found = digests(place)

    wanted = [sha256(data) for data in FILES.values()]
    count = 1 if form in {"plain.png", "one.png.gz", "u1.npy"} else len(wanted)
    assert [one in found for one in wanted[:count]] == [True] * count
    assert unsearched(place) == []


@pytest.mark.parametrize("form", STRANGE)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_is_hidden_in_other_forms_is_found(form: str, kind: str, tmp_path: Path) -> None:
    data = picture(7, kind)
    (tmp_path / "x").write_bytes(STRANGE[form](data))

    assert sha256(data) in digests(tmp_path / "x")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_data_behind_a_compressed_file_are_told(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    """Several streams one behind another are read."""
    (tmp_path / "x").write_bytes(pack(b"a") + pack(FILES["a.png"]))
    (tmp_path / "y").write_bytes(pack(b"a") + FILES["a.png"])

    assert unsearched(tmp_path / "x") == ["a file of a kind that is not known"]  # the two in one
    assert len(unsearched(tmp_path / "y")) == 1


# Cut between two of a kind the first is whole; a text has no end that could be missed.
_NO_END = {"tar behind a tar", "several.pkl", "two streams", "plain.png", "urls.json",
           "base64.csv", "wrapped.txt", "bytes.json", "dump.sql"}  # fmt: skip


@pytest.mark.parametrize("form", sorted({*BYTES, "data.sqlite"} - _NO_END))
@given(share=st.floats(0.02, 0.999))
def test_what_breaks_off_is_never_taken_for_searched(
    form: str, share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Either all is found, or it is told that something could not be read."""
    place = tmp_path_factory.mktemp("cut") / form
    FORMS[form](place, FILES)
    whole = place.read_bytes()
    place.write_bytes(whole[: int(len(whole) * share)])

    found = digests(place)

    if not {sha256(data) for data in FILES.values()} <= found:
        assert unsearched(place)


def test_a_zip_that_is_encrypted_is_told(tmp_path: Path) -> None:
    place = tmp_path / "a.zip"
    data = bytearray(zipped({"a.png": FILES["a.png"]}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    place.write_bytes(data)

    assert unsearched(place) == ["the member is encrypted"]


def test_depth_and_size_have_limits(tmp_path: Path) -> None:
    """What lies deeper, or unpacks to more, is told and not looked into."""
    deep = tmp_path / "deep"
    data = FILES["a.png"]
    for _ in range(12):
        data = zipped({"x.zip": data})
    deep.write_bytes(data)
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(bytes(1 << 24)))
    limits = Limits(bytes=1 << 20, ratio=10)

    assert "deep in others" in unsearched(deep)[0]
    assert unsearched(bomb, limits) == ["it unpacks to more than is looked at"]
    assert "it unpacks to more than is looked at" in unsearched(deep, Limits(parts=3))


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


def test_a_pickle_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "x.pkl"
    for protocol in range(6):
        place.write_bytes(pickle.dumps([_Evil(), FILES["a.png"]], protocol))
        assert sha256(FILES["a.png"]) in digests(place)
    objects = np.array([_Evil(), FILES["a.png"]], object)
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    assert sha256(FILES["a.png"]) in digests(tmp_path / "x.npy")
    assert not (tmp_path / "ran").exists()


def test_nothing_outside_is_opened(tmp_path: Path) -> None:
    """Absolute paths and links of archives are names, and no places."""
    outside = tmp_path / "outside.png"
    outside.write_bytes(FILES["b.jpg"])
    place = tmp_path / "a.tar"
    with tarfile.open(place, "w") as archive:
        for name, target in (("link", str(outside)), ("../up", "../outside.png")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
        member = tarfile.TarInfo("/etc/a.png")
        member.size = len(FILES["a.png"])
        archive.addfile(member, io.BytesIO(FILES["a.png"]))

    found = digests(place)

    assert sha256(FILES["a.png"]) in found
    assert sha256(FILES["b.jpg"]) not in found
    assert unsearched(place) == ["a link to what is not in the archive"] * 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.bin", bytes(range(256)) * 8),
        ("x.tfrecord", struct.pack("<Q", 8) + b"\1\2\3\4" + b"\0\xffabcdef" + b"\1\2\3\4"),
        ("x.7z", b"7z\xbc\xaf\x27\x1c" + bytes(60)),
        ("x.pdf", b"%PDF-1.7\n%\xff\xff\n"),
        ("x.parquet", b"version https://git-lfs.github.com/spec/v1\n"),
        ("x.psd", b"8BPS" + bytes(60)),
        ("x.txt", b"a text" * 2000 + bytes(40) + picture(1)),
    ],
)
def test_what_nothing_reads_is_told(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)

    assert len(unsearched(tmp_path / name)) == 1


def test_pixels_are_no_file(tmp_path: Path) -> None:
    """Arrays as large as pictures are counted, embeddings and boxes are not."""
    for name, values in (("rgb", np.zeros((4, 32, 32, 3), np.uint8)),
                         ("float", np.zeros((4, 3, 32, 32), np.float32)),
                         ("vectors", np.zeros((40, 512), np.float32))):  # fmt: skip
        np.save(tmp_path / f"{name}.npy", values)
    listed = pa.table({"image": [np.zeros((40, 40)).tolist()], "box": [[[1.0, 2.0, 3.0, 4.0]]]})
    with pa.ipc.new_stream(tmp_path / "list.arrow", listed.schema) as writer:
        writer.write_table(listed)

    told = {name: len(unsearched(tmp_path / name))
            for name in ("rgb.npy", "float.npy", "vectors.npy", "list.arrow")}  # fmt: skip

    assert told == {"rgb.npy": 1, "float.npy": 1, "vectors.npy": 0, "list.arrow": 1}


def test_what_was_deleted_from_a_database_is_told(tmp_path: Path) -> None:
    import sqlite3

    sqlite(tmp_path / "x", FILES)
    base = sqlite3.connect(tmp_path / "x")
    base.execute('DROP TABLE "my pictures"')
    base.commit()
    base.close()

    assert unsearched(tmp_path / "x") == ["pages that hold what was deleted from the database"]


def test_bytes_of_a_zip_that_no_member_has_are_told(tmp_path: Path) -> None:
    """A picture before an archive is found nowhere, and an archive behind a picture is."""
    hidden = picture(9, side=64)
    before = zipped({"a.txt": b"a"})
    (tmp_path / "x.zip").write_bytes(hidden + before)
    assert len(hidden) > 4096
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.namelist() == ["a.txt"]
    (tmp_path / "y.jpg").write_bytes(picture(9, "JPEG") + zipped(FILES))

    assert "the zip holds bytes that belong to no member" in unsearched(tmp_path / "x.zip")
    assert "data behind the end of a picture" in unsearched(tmp_path / "y.jpg")
    assert sha256(FILES["a.png"]) in digests(tmp_path / "y.jpg")


def test_digests_are_read_in_names_and_texts(tmp_path: Path) -> None:
    one = sha256(b"one")
    (tmp_path / "x.tar").write_bytes(tarred({f"{one.upper()}.png": b"", "n.txt": one.encode()}))

    found = {(e.part, e.kind) for e in contents(tmp_path / "x.tar") if isinstance(e, Mention)}

    assert found == {(f"{one.upper()}.png", "member"), ("n.txt", "mention")}


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"")

    assert unsearched(tmp_path / "x.parquet") == []
