"""What is sealed opens with the right keys, under its own name, until its date, and then never."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curate.errors import VerificationError
from curate.vault import Vault

KEY = bytes(range(32))
NOW = datetime(2026, 5, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
MODEL = "net@0a1b2c3d4e5f"


def embeddings(*names: str) -> pa.Table:
    """Return embeddings of some faces; one name gives the same numbers each time."""
    rows = [
        np.random.default_rng(list(name.encode())).normal(size=128).astype("f4") for name in names
    ]
    return pa.table(
        {"face_id": list(names), "vector": pa.array([r.tolist() for r in rows], LIST)},
    )


LIST = pa.list_(pa.float32())


def sealed(folder: Path, *owners: str, model: str = MODEL, key: bytes = KEY) -> Vault:
    """Return a vault that keeps one face of each owner, called like the owner."""
    vault = Vault(folder, key)
    for owner in owners:
        vault.seal(owner, model, embeddings(owner), expires_at=LATER)
    return vault


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }  # fmt: skip


def windows(content: bytes, size: int = 12) -> set[bytes]:
    """Return every run of `size` bytes."""
    return {content[i : i + size] for i in range(len(content) - size + 1)}


def test_what_is_sealed_opens_again(tmp_path: Path) -> None:
    vault = sealed(tmp_path, "subject:p01", "subject:p02")

    opened = pa.concat_tables([vault.open(one) for one in vault.kept()])

    assert opened.sort_by("face_id").equals(embeddings("subject:p01", "subject:p02"))


def test_sealing_again_takes_the_place_of_what_was_kept(tmp_path: Path) -> None:
    vault = sealed(tmp_path, "subject:p01")

    vault.seal("subject:p01", MODEL, embeddings("a", "b"), expires_at=LATER)

    assert [vault.open(one)["face_id"].to_pylist() for one in vault.kept()] == [["a", "b"]]


@pytest.mark.parametrize(
    ("said", "instead"),
    [(b"net@", b"Net@"), (b"2026-05-31", b"2027-05-31")],
    ids=["another model", "a later date"],
)
def test_what_is_said_of_it_cannot_be_changed(tmp_path: Path, said: bytes, instead: bytes) -> None:
    """The model's name and the date are bound to the embeddings."""
    vault = sealed(tmp_path, "subject:p01")
    (kept,) = vault.kept()
    kept.path.write_bytes(kept.path.read_bytes().replace(said, instead))

    (changed,) = vault.kept()
    with pytest.raises(VerificationError, match="does not open"):
        vault.open(changed)


def test_any_changed_byte_is_told(tmp_path: Path) -> None:
    vault = sealed(tmp_path, "subject:p01")
    (kept,) = vault.kept()
    whole = kept.path.read_bytes()
    body = whole.index(b"\n") + 1

    for place in (body, body + 12, len(whole) - 1):
        kept.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(VerificationError):
            vault.open(kept)


def test_another_workspace_key_opens_nothing(tmp_path: Path) -> None:
    sealed(tmp_path, "subject:p01")
    other = Vault(tmp_path, bytes(32))

    with pytest.raises(VerificationError, match="the key is another"):
        other.open(other.kept()[0])


def test_no_byte_of_an_embedding_or_name_is_on_disk(tmp_path: Path) -> None:
    """Neither numbers nor pseudonyms nor faces' ids can be read from the files."""
    sealed(tmp_path, "subject:p01")
    numbers = embeddings("subject:p01")["vector"].combine_chunks().flatten()

    held = b"".join([*files(tmp_path).values(), *(n.encode() for n in files(tmp_path))])

    secret = windows(np.asarray(numbers).tobytes(), 8)
    assert not [window for window in secret if window in held]
    assert b"p01" not in held


def test_after_shredding_nothing_opens_whatever_was_copied_before(tmp_path: Path) -> None:
    """Copies of the sealed files, every key that is left and the workspace's key are no help."""
    vault = sealed(tmp_path / "vault", "subject:p01", "subject:p02")
    owned = {one.path.name for one in vault.kept() if one.tag == vault.tag("subject:p01")}
    shutil.copytree(tmp_path / "vault", tmp_path / "copy")

    assert vault.shred(["subject:p01"]) == 1
    assert {one.tag for one in vault.kept()} == {vault.tag("subject:p02")}
    assert not owned & set(files(tmp_path / "vault"))
    for name in owned:
        shutil.copy(tmp_path / "copy" / "sealed" / name, tmp_path / "vault" / "sealed" / name)
    mine = [one for one in vault.kept() if one.tag == vault.tag("subject:p01")]
    with pytest.raises(VerificationError, match="key of what is sealed here is gone"):
        vault.open(mine[0])
    (left,) = (tmp_path / "vault" / "keys").glob("*.key")
    shutil.copy(left, left.with_name(f"{vault.tag('subject:p01')}.key"))
    with pytest.raises(VerificationError, match="does not open"):
        vault.open(mine[0])


def test_what_was_shredded_is_not_kept_again(tmp_path: Path) -> None:
    vault = sealed(tmp_path, "subject:p01")
    vault.shred(["subject:p01"])

    vault.seal("subject:p01", MODEL, embeddings("a"), expires_at=LATER)

    assert vault.kept() == []


def test_vaults_of_two_projects_cannot_be_matched(tmp_path: Path) -> None:
    """The same people under the same workspace key: no name, and no run of bytes, in common."""
    owners = ("subject:p01", "subject:p02")
    one, other = sealed(tmp_path / "one", *owners), sealed(tmp_path / "other", *owners)
    told = b'", "format": 1, "model": "net@0a1b2c3d4e5f", "tag": "'

    mine, theirs = files(one.folder), files(other.folder)
    bytes_of = [
        set().union(*(windows(c.replace(told, b"\n").split(b"\n", 1)[-1]) for c in f.values()))
        for f in (mine, theirs)
    ]

    assert set(mine) & set(theirs) == {"salt"}
    assert not bytes_of[0] & bytes_of[1]
    for kept in one.kept():
        shutil.copy(kept.path, other.folder / "sealed")
        shutil.copy(one.folder / "keys" / f"{kept.tag}.key", other.folder / "keys")
    for kept in one.kept():
        moved = next(k for k in other.kept() if k.tag == kept.tag)
        with pytest.raises(VerificationError):
            other.open(moved)


def test_what_comes_to_its_date_is_destroyed(tmp_path: Path) -> None:
    """Its own date, or an earlier one of the person's."""
    vault = sealed(tmp_path, "subject:p01", "subject:p02")

    assert vault.expire(NOW, {"subject:p01": NOW + timedelta(days=1)}) == 0
    assert vault.expire(NOW, {"subject:p01": NOW}) == 1
    assert {one.tag for one in vault.kept()} == {vault.tag("subject:p02")}
    assert vault.expire(LATER, {}) == 1
    assert not list((tmp_path / "keys").iterdir())


def test_former_owners_are_destroyed_and_another_model_stays(tmp_path: Path) -> None:
    vault = sealed(tmp_path, "identity:a", "identity:b")
    vault.seal("identity:b", "other@1", embeddings("x"), expires_at=LATER)

    vault.keep_only(["subject:p01"], MODEL)

    assert [(one.tag, one.model_id) for one in vault.kept()] == [
        (vault.tag("identity:b"), "other@1")
    ]
    assert [path.stem for path in (tmp_path / "keys").iterdir()] == [vault.tag("identity:b")]


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    sealed(tmp_path, "subject:p01")

    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()}

    assert modes == {0o600}


def test_faces_can_be_taken_out_and_the_rest_stays(tmp_path: Path) -> None:
    """Of two faces of a person one goes; a person who had no other face keeps nothing."""
    vault = Vault(tmp_path, KEY)
    vault.seal("subject:p01", MODEL, embeddings("a", "b"), expires_at=LATER)
    vault.seal("subject:p02", MODEL, embeddings("c"), expires_at=LATER)

    assert vault.forget(["a", "c", "of nobody"]) == 2

    (kept,) = vault.kept()
    assert vault.open(kept).equals(embeddings("b"))
    assert (kept.tag, kept.expires_at) == (vault.tag("subject:p01"), LATER)
    assert vault.forget([]) == 0
