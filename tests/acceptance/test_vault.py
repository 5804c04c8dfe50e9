"""Embeddings kept on request, and destroyed with a person's key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import curate as curate_
from curate.errors import VerificationError
from curate.verbs.vault import open_vault
from tests.acceptance.conftest import Curate

PEOPLE = ("001", "002", "003")


@pytest.fixture(scope="module")
def kept_once(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the workspace that each test has a copy of."""
    folder = tmp_path_factory.mktemp("vault")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_KEY", "5a" * 32)
        return _workspace(shared_data, folder / "ws", folder / "media")


@pytest.fixture
def kept(kept_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace of three people with two photos each, embeddings kept."""
    monkeypatch.setenv("LAB_KEY", "5a" * 32)
    shutil.copytree(kept_once, tmp_path / "ws")
    return tmp_path / "ws"


def _workspace(shared_data: Path, ws: Path, media: Path) -> Path:
    rows = ["path,label,subject"]
    media.mkdir(exist_ok=True)
    for pose in ("neutral_front", "smiling_front"):
        for person in PEOPLE:
            (photo,) = (shared_data / "faces" / "london" / pose).glob(f"{person}*.jpg")
            shutil.copy(photo, media / photo.name)
            rows.append(f"{photo.name},real,p{person}")
    (media / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    project = curate_.init(ws)
    with (ws / "curate.toml").open("a", encoding="utf-8") as config:
        config.write('\n[vault]\nkey = "env:LAB_KEY"\nkeep_days = 7\n')
    project.ingest(media)
    project.run(jobs=1, keep_embeddings=True)
    return ws


def _opened(ws: Path) -> pa.Table:
    """Return everything that the vault gives away, with each face's subject."""
    project = curate_.open(ws)
    vault = open_vault(project.context).vault
    rows = pa.concat_tables([vault.open(one) for one in vault.kept()])
    identities = project.catalog.read("identities").to_pylist()
    subject = {row["face_id"]: row["subject_id"] for row in identities}
    who = [subject[face] for face in rows["face_id"].to_pylist()]
    return rows.append_column("subject_id", pa.array(who, pa.string()))


def _content(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_after_shredding_no_file_yields_the_subjects_embeddings(
    kept: Path, curate: Curate, tmp_path: Path
) -> None:
    """Searched byte by byte, and tried with every key that is left."""
    before = _opened(kept)
    theirs = before.filter(pa.compute.equal(before["subject_id"], "p002"))
    vectors = [np.array(v, np.float32) for v in theirs["vector"].to_pylist()]
    shutil.copytree(kept / "vault", tmp_path / "stolen")
    assert before.num_rows == 6
    assert len(vectors) == 2

    told = json.loads(curate("vault", "shred", "p002", "-w", kept, "--json").out)

    assert told["keys_destroyed"] == 1
    after = _opened(kept)
    assert set(after["subject_id"].to_pylist()) == {"p001", "p003"}
    held = b"\0".join(_content(kept))
    for vector in vectors:
        for number in (vector[i : i + 3].tobytes() for i in range(len(vector) - 2)):
            assert number not in held
    # Whoever copied the sealed files before has them still, and can no more open them.
    vault = open_vault(curate_.open(kept).context).vault
    tag = vault.tag("subject:p002")
    (sealed,) = (tmp_path / "stolen" / "sealed").glob(f"{tag}.*")
    shutil.copy(sealed, kept / "vault" / "sealed")
    (back,) = [one for one in vault.kept() if one.tag == tag]
    for key in sorted((kept / "vault" / "keys").glob("*.key")):
        with pytest.raises(VerificationError):
            vault.open(back)
        shutil.copy(key, kept / "vault" / "keys" / f"{tag}.key")
        with pytest.raises(VerificationError):
            vault.open(back)
        (kept / "vault" / "keys" / f"{tag}.key").unlink()


@pytest.mark.slow
def test_a_withdrawal_destroys_what_is_kept_of_the_person(
    kept: Path, curate: Curate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once where it is from everything; else, and without the key, it says what to run."""
    shred = "curate vault shred p003"
    scoped = curate("consent", "withdraw", "p003", "--scope", "train-detector", "--yes", "-w", kept)
    assert shred in " ".join(scoped.err.split())

    ran = curate("consent", "withdraw", "p002", "--yes", "-w", kept)

    assert "keys of kept embeddings of p002 destroyed: 1" in ran.out
    assert set(_opened(kept)["subject_id"].to_pylist()) == {"p001", "p003"}
    monkeypatch.delenv("LAB_KEY")
    lost = curate("consent", "withdraw", "p003", "--yes", "-w", kept, status=3)
    assert shred in " ".join(lost.err.split())
    asked = curate_.open(kept).ledger.read("requests")["subject_id"].to_pylist()
    assert asked.count("p003") == 2


@pytest.mark.slow
def test_an_erasure_leaves_nothing_that_was_seen_of_the_person(kept: Path, curate: Curate) -> None:
    """Faces, identities and embeddings go, and no later run brings them back from the files."""
    before = _opened(kept)
    theirs = before.filter(pa.compute.equal(before["subject_id"], "p002"))
    vectors = [np.array(v, np.float32).tobytes()[:24] for v in theirs["vector"].to_pylist()]
    curate("consent", "withdraw", "p002", "--scope", "train-detector", "--yes", "-w", kept)

    told = json.loads(curate("consent", "erase", "p002", "--yes", "--json", "-w", kept).out)

    assert told["destroyed"]["vault_keys"] == 1
    assert {told["destroyed"]["rows"][name] for name in ("faces", "identities")} == {2}
    curate("run", "--keep-embeddings", "-w", kept)
    catalog = curate_.open(kept).catalog
    for table in ("faces", "identities"):
        assert not {*theirs["face_id"].to_pylist()} & {*catalog.read(table)["face_id"].to_pylist()}
    assert sorted(_opened(kept)["subject_id"].to_pylist()) == ["p001", "p001", "p003", "p003"]
    held = b"\0".join(_content(kept))
    assert not [vector for vector in vectors if vector in held]
    reasons = catalog.read("sightings")["reason"].to_pylist()
    assert reasons.count("erased") == 2


@pytest.mark.slow
def test_what_was_shredded_is_not_kept_by_the_next_run(kept: Path, curate: Curate) -> None:
    """The media are still there, and are embedded in memory only."""
    curate("vault", "shred", "p002", "-w", kept)

    ran = curate("run", "identity", "--keep-embeddings", "-w", kept)

    assert "4 embeddings kept in the vault" in ran.out
    assert set(_opened(kept)["subject_id"].to_pylist()) == {"p001", "p003"}


@pytest.mark.slow
def test_kept_embeddings_serve_the_next_run_and_give_the_same(kept: Path, curate: Curate) -> None:
    """No picture is opened for a face whose embedding is kept."""
    project = curate_.open(kept)
    before = project.catalog.read("identities")
    for photo in (kept.parent / "media").glob("*.jpg"):
        photo.unlink()
    project.catalog.replace("identities", before.slice(0, 0), stage="")
    config = (kept / "curate.toml").read_text(encoding="utf-8")
    (kept / "curate.toml").write_text(config.replace("0.001", "0.002"), encoding="utf-8")

    curate("run", "identity", "--keep-embeddings", "-w", kept)

    assert curate_.open(kept).catalog.read("identities").equals(before)


@pytest.mark.slow
def test_a_lost_key_is_told_and_nothing_is_kept_with_another(
    kept: Path, curate: Curate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the key nothing opens; with another neither."""
    monkeypatch.delenv("LAB_KEY")
    assert "E302 env:LAB_KEY" in curate("vault", "status", "-w", kept, status=3).err

    monkeypatch.setenv("LAB_KEY", "5b" * 32)
    ran = curate("run", "identity", "--keep-embeddings", "-w", kept, status=4)
    assert "does not open" in ran.err


@pytest.mark.slow
def test_two_projects_of_the_same_people_share_nothing(
    kept: Path, shared_data: Path, tmp_path: Path
) -> None:
    """Same photos, pseudonyms and workspace key: no name and no run of bytes in common."""
    other = _workspace(shared_data, tmp_path / "other", tmp_path / "media")

    files = [{p.name: p.read_bytes() for p in (ws / "vault").rglob("*.*")} for ws in (kept, other)]
    bodies = [
        {c[i : i + 12] for c in (x.split(b"\n", 1)[-1] for x in f.values()) for i in range(len(c))}
        for f in files
    ]

    assert len(files[0]) == len(files[1]) == 6
    assert not set(files[0]) & set(files[1])
    assert not {w for w in bodies[0] & bodies[1] if len(w) == 12}
