"""Fingerprints: two catalogues told apart by what they share, with nothing else to be read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from curate.api import Project
from curate.errors import VerificationError
from curate.safety.fingerprint import as_list, fingerprint, read_fingerprint, write_fingerprint
from curate.safety.folder import hash_catalogue, hash_folder
from tests.unit.safety.test_stage import NOW, hashes, media, picture, project, register

__all__ = ["media", "project"]
KEY, OTHER = bytes(range(32)), bytes(32)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Return a folder that shares one file with the project, and holds a copy of another."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    picture(0).save(folder / "same.png")
    picture(3).resize((220, 220)).save(folder / "edited.jpg", quality=70)
    picture(77).save(folder / "other.png")
    return folder


def _shared(project: Project, folder: Path, scratch: Path, *, pdq: bool) -> dict[str, str]:
    """Return which files of a folder the project's fingerprint names, and by what."""
    held = hash_catalogue(project.catalog, shareable=True)
    made = fingerprint(held.items, held.frames, KEY, now=NOW, pdq=pdq)
    write_fingerprint(scratch / "ours.fp", made, KEY)
    hashed = hash_folder(folder, [])
    read = read_fingerprint(scratch / "ours.fp", KEY)
    found = hashed.match([as_list(read, hashed.digests, KEY, "ours")])
    return {hashed.paths[row["item"]][0]: row["basis"] for row in found.matches.to_pylist()}


def test_what_is_shared_is_told(project: Project, theirs: Path, tmp_path: Path) -> None:
    """By bytes, and by looks where that was asked for."""
    assert _shared(project, theirs, tmp_path, pdq=False) == {"same.png": "sha256"}
    both = _shared(project, theirs, tmp_path, pdq=True)
    assert both.keys() == {"same.png", "edited.jpg"}
    assert both["edited.jpg"] == "pdq"


def test_what_is_on_a_list_is_not_told_of(
    project: Project, media: Path, theirs: Path, tmp_path: Path
) -> None:
    """Nor are its copies by looks."""
    picture(1).save(theirs / "listed.png")
    assert "listed.png" in _shared(project, theirs, tmp_path, pdq=True)
    register(project, hashes(media), tmp_path)
    project.run(["hashlists"])
    assert _shared(project, theirs, tmp_path, pdq=True).keys() == {"same.png", "edited.jpg"}


def test_without_the_key_nothing_is_told(project: Project, theirs: Path, tmp_path: Path) -> None:
    """No digest, keyed or not, and no hash lies in the file; another key opens nothing."""
    _shared(project, theirs, tmp_path, pdq=True)
    kept = (tmp_path / "ours.fp").read_bytes()
    held = hash_catalogue(project.catalog)
    for sha256, pdq in zip(held.digests, held.items["pdq"].to_pylist(), strict=True):
        assert sha256.encode() not in kept
        assert bytes.fromhex(sha256) not in kept
        assert pdq is None or pdq not in kept
    for content in (kept.replace(b'"pdq": ', b'"pdq":  '), kept[:-1], kept[:40]):
        (tmp_path / "changed.fp").write_bytes(content)
        with pytest.raises(VerificationError):
            read_fingerprint(tmp_path / "changed.fp", KEY)
    with pytest.raises(VerificationError):
        read_fingerprint(tmp_path / "ours.fp", OTHER)


def test_another_key_gives_other_digests(project: Project) -> None:
    """Two fingerprints of one catalogue for two sides cannot be compared by these."""
    held = hash_catalogue(project.catalog)
    one, other = (fingerprint(held.items, held.frames, key, now=NOW) for key in (KEY, OTHER))
    assert not set(one.digests) & set(other.digests)
    plain = {hashlib.sha256(bytes.fromhex(name)).digest() for name in held.digests}
    assert not plain & set(one.digests)
