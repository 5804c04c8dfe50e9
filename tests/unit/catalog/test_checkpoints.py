"""Checkpoints: their text is that of transparency logs, and comes back as it went."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.catalog.checkpoints import Checkpoint, origin_of
from curate.errors import InvalidFileError, PathNotFoundError

ROOT = bytes(range(32))
TEXT = f"curate-ledger/00ff\n7\n{base64.b64encode(ROOT).decode()}\n"


def test_text_is_a_note_body() -> None:
    """Origin, size, root in base64, then lines of our own."""
    plain = Checkpoint("curate-ledger/00ff", 7, ROOT)

    assert str(plain) == TEXT
    assert str(Checkpoint(plain.origin, 7, ROOT, "ab")) == TEXT + "file-sha256 ab\n"


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 10**12),
    st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_text_comes_back(root: bytes, size: int, digest: str | None) -> None:
    """Whatever is printed is parsed to the same."""
    kept = Checkpoint(origin_of(root), size, root, digest)

    assert Checkpoint.parse(str(kept)) == kept


def test_signatures_and_lines_of_others_are_passed_over() -> None:
    """A note that someone signed is a checkpoint too."""
    signed = f"{TEXT}other line\n\n\u2014 example.org AAAA\n"

    assert Checkpoint.parse(signed) == Checkpoint("curate-ledger/00ff", 7, ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "curate-ledger\n7\n",
        TEXT.replace("curate-ledger", "go.sum database tree"),
        TEXT.replace("7", "seven"),
        TEXT.replace("7", "-7"),
        TEXT.replace("7", "07"),
        TEXT.replace("AAEC", "AA"),
        TEXT.replace("AAEC", "AA C"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """Half a checkpoint proves nothing."""
    with pytest.raises(InvalidFileError, match="no checkpoint") as caught:
        Checkpoint.parse(text, where="kept.txt")
    assert caught.value.where == "kept.txt"


def test_file_is_written_whole(tmp_path: Path) -> None:
    """Over an older one too, and nothing is left beside it."""
    path = tmp_path / "kept.txt"
    path.write_text("older\n" * 100)
    kept = Checkpoint.parse(TEXT)

    kept.save(path)

    assert Checkpoint.load(path) == kept
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It is not there, is a folder, or holds no text."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    with pytest.raises(PathNotFoundError):
        Checkpoint.load(tmp_path / "none")
    for path in (tmp_path, tmp_path / "binary"):
        with pytest.raises(InvalidFileError, match="no checkpoint can be read"):
            Checkpoint.load(path)
