"""One release given away in eight forms: each is searched and named, or counted as not searched."""

from __future__ import annotations

import importlib.util
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import feather, parquet

from curate.release.feed import FEED, feed_bytes, tombstone
from curate.safety.fingerprint import fingerprint, write_fingerprint
from curate.safety.folder import hash_folder
from curate.vault import workspace_key
from tests.acceptance.conftest import Curate
from tests.copies import FORMS, gzip, lmdb, pickle, save_to_disk, sqlite, table, tarred
from tests.factories import day
from tests.unit.media.test_contents import sha256
from tests.unit.release.test_near import encoded
from tests.unit.safety.test_stage import picture

Files = dict[str, bytes]
LACKING = {"lmdb": "lmdb", "save_to_disk": "datasets"}


def _renamed(place: Path, files: Files) -> None:
    place.mkdir()
    for number, data in enumerate(files.values()):
        (place / f"holiday {number}.jpeg").write_bytes(data)


def _resized(place: Path, files: Files) -> None:
    place.mkdir()
    for number, data in enumerate(files.values()):
        shown = Image.open(io.BytesIO(data)).convert("RGB")
        shown.resize((shown.width * 3 // 4, shown.height * 3 // 4)).save(place / f"{number}.jpg")


def _arrow(place: Path, files: Files) -> None:
    place.mkdir()
    feather.write_feather(table(files), place / "a.feather")
    told = table(files)
    with pa.ipc.new_file(place / "a.arrow", told.schema) as writer:
        writer.write_table(told)


def _packed(place: Path, files: Files) -> None:
    place.write_bytes(gzip.compress(tarred({"old/in.tar": tarred(files)})))


FORMS_GIVEN: dict[str, Callable[[Path, Files], None]] = {
    "renamed": _renamed,
    "resized": _resized,
    "save_to_disk": save_to_disk,
    "arrow": _arrow,
    "packed": _packed,
    "lmdb": lmdb,
    "sqlite": sqlite,
    "pickle": lambda place, files: place.write_bytes(pickle.dumps(files)) and None,
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS_GIVEN)
def test_no_form_of_a_release_gets_a_false_all_clear(
    form: str, tmp_path: Path, curate: Curate
) -> None:
    """With two of six pictures called back, by bytes, and by looks where they agreed on a key."""
    files = {sha256(data): data for data in (encoded(picture(n), "PNG") for n in range(6))}
    gone = sorted(files)[:2]
    feed = tmp_path / FEED
    stones = [tombstone(name, b"s" * 16) for name in gone]
    feed.write_bytes(feed_bytes(stones, {"use": "detector-training"}, None))
    copy = tmp_path / "copy"
    copy.mkdir()
    package = LACKING.get(form)
    absent = package is not None and importlib.util.find_spec(package) is None
    if absent:
        _as_laid_out(form, copy / "given", files)
    else:
        FORMS_GIVEN[form](copy / "given", files)

    ran = curate("release", "check-copy", copy, "--feed", feed, status=None)
    told = json.loads(
        curate("release", "check-copy", copy, "--feed", feed, "--json", status=None).out
    )

    if form == "resized":
        assert (ran.status, told["answer"]) == (3, "not known")
        assert "only its bytes were compared" in ran.out
        near, key = _fingerprint(tmp_path, [files[name] for name in gone])
        ran = curate("release", "check-copy", copy, "--feed", feed, "--near", near,
                     "--near-key", key, status=1)  # fmt: skip
        assert len(re.findall(r": near ", ran.out)) == 2
    elif form == "lmdb" and absent:
        assert (ran.status, told["answer"]) == (3, "not known")
        assert "the package lmdb reads it" in ran.out
        assert "0 must go" not in ran.out
    else:
        assert (ran.status, told["answer"]) == (1, "must go")
        places = {(one["path"], one["part"]) for one in told["found"]
                  if one["kind"] != "mention"}  # fmt: skip
        assert len(places) == 2 * (2 if form == "arrow" else 1)
        assert {"only its bytes" in one["why"] for one in told["not_searched"]} == {True}


def test_what_stays_is_clear_in_every_form(tmp_path: Path, curate: Curate) -> None:
    """And a copy of which everything was searched is said to be."""
    copy = tmp_path / "copy"
    copy.mkdir()
    Image.new("RGB", (30, 30), (3, 4, 5)).save(copy / "a.png")
    parquet.write_table(table({"a": (copy / "a.png").read_bytes()}), copy / "t.parquet")
    (tmp_path / "feed.json").write_bytes(feed_bytes([], {"use": "x"}, None))

    words = ("release", "check-copy", copy, "--feed", tmp_path / "feed.json")
    ran = curate(*words, "--unedited")

    curate(*words, status=3)
    assert "0 must go: 2 files and what lies in them were searched by their bytes" in ran.out


def _as_laid_out(form: str, place: Path, files: Files) -> None:
    """Write what a library that is not here would write, as far as it can be told from others."""
    place.mkdir()
    if form == "lmdb":
        page = bytes(16) + b"\xde\xc0\xef\xbe" + bytes(4072)
        (place / "data.mdb").write_bytes(page + b"".join(files.values()))
    else:
        FORMS["stream.arrow"](place / "data-00000-of-00001.arrow", files)


def _fingerprint(scratch: Path, pictures: list[bytes]) -> tuple[Path, str]:
    folder, key = scratch / "gone", f"file:{scratch / 'shared.key'}"
    folder.mkdir()
    for number, data in enumerate(pictures):
        (folder / f"{number}.png").write_bytes(data)
    held, secret = hash_folder(folder, []), workspace_key(key, create=True)
    made = fingerprint(held.items, held.frames, secret, now=day(9), pdq=True)
    write_fingerprint(scratch / "gone.fp", made, secret)
    return scratch / "gone.fp", key
