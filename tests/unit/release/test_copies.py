"""Copies of contents in a release on disk: whole files, members of archives, rows of tables."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from curate.release.check_copy import held_in


def test_files_that_hold_a_content_are_named(tmp_path: Path) -> None:
    """A text that mentions its digest holds nothing; a broken archive may hold it."""
    mine, other = b"mine", b"other"
    digest = hashlib.sha256(mine).hexdigest()
    (tmp_path / "mine.jpg").write_bytes(mine)
    (tmp_path / "other.jpg").write_bytes(other)
    (tmp_path / "manifest.json").write_text(digest, encoding="utf-8")
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    for name, file in (("mine.tar", "mine.jpg"), ("other.tar", "other.jpg")):
        with tarfile.open(tmp_path / name, "w") as archive:
            archive.add(tmp_path / file, "1.jpg")
    image = {"mine.parquet": mine, "other.parquet": other}
    for name, body in image.items():
        table = pa.table({"image": [{"bytes": body}], "sha256": [digest]})
        parquet.write_table(table, tmp_path / name)

    found = held_in(tmp_path, {digest})

    assert [path.name for path in found] == ["broken.zip", "mine.jpg", "mine.parquet", "mine.tar"]
