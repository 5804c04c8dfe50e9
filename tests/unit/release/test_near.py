"""Near copies of what was called back are found by their looks, wherever they lie."""

from __future__ import annotations

import io
import pickle
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.cli.main import main
from curate.release.check_copy import NEAR, check_copy
from curate.release.feed import Feed, feed_bytes
from curate.release.near import Looks
from curate.safety.fingerprint import Fingerprint, fingerprint, write_fingerprint
from curate.safety.folder import hash_folder
from curate.vault import workspace_key
from tests.copies import tarred
from tests.unit.safety.test_stage import picture

EMPTY = Feed((), {})
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def encoded(shown: Image.Image, form: str = "JPEG", **options: int) -> bytes:
    held = io.BytesIO()
    shown.convert("RGB").save(held, form, **options)
    return held.getvalue()


@pytest.fixture
def theirs(tmp_path: Path) -> tuple[Fingerprint, bytes, str]:
    """Return the fingerprint of one picture, and its key."""
    folder = tmp_path / "called back"
    folder.mkdir()
    (folder / "a.png").write_bytes(encoded(picture(1), "PNG"))
    name = f"file:{tmp_path / 'shared.key'}"
    key = workspace_key(name, create=True)
    held = hash_folder(folder, [])
    return fingerprint(held.items, held.frames, key, now=NOW, pdq=True), key, name


def test_resized_and_compressed_copies_are_found_in_every_form(
    theirs: tuple[Fingerprint, bytes, str], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    small = encoded(picture(1).resize((180, 180)), quality=60)
    (copy / "renamed.bin").write_bytes(small)
    (copy / "in.tar").write_bytes(tarred({"x/1.jpg": encoded(picture(1), quality=30)}))
    (copy / "list.pkl").write_bytes(pickle.dumps([encoded(picture(1).rotate(90), "PNG")]))
    (copy / "other.jpg").write_bytes(encoded(picture(2)))
    (copy / "blank.png").write_bytes(encoded(Image.new("RGB", (64, 64)), "PNG"))
    np.save(copy / "pixels.npy", np.asarray(picture(1)))

    found = check_copy(copy, EMPTY, looks=Looks(*theirs[:2]))

    assert [(one.path, one.kind) for one in found.found] == [
        ("in.tar", NEAR), ("list.pkl", NEAR), ("renamed.bin", NEAR),
    ]  # fmt: skip
    assert [one.path for one in found.unread] == ["blank.png", "pixels.npy"]


def test_the_command_wants_the_key(
    theirs: tuple[Fingerprint, bytes, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With another key, or without one, nothing is compared, and nothing is said to be clean."""
    made, key, name = theirs
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "a.jpg").write_bytes(encoded(picture(1), quality=50))
    write_fingerprint(tmp_path / "gone.fp", made, key)
    (tmp_path / "feed.json").write_bytes(feed_bytes([], {"use": "x"}, None))
    words = ["release", "check-copy", str(copy), "--feed", str(tmp_path / "feed.json")]
    near = [*words, "--near", str(tmp_path / "gone.fp")]
    other = f"file:{tmp_path / 'other.key'}"
    workspace_key(other, create=True)

    assert main(words) == 3
    assert "only its bytes were compared" in capsys.readouterr().out
    assert main([*words, "--unedited"]) == 0
    assert main(near) == 2
    assert main([*near, "--near-key", other]) == 4
    assert main([*near, "--near-key", name]) == 1
    assert "a.jpg: near" in capsys.readouterr().out
