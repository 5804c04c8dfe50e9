"""Verifying: whatever is done to a release is told, with its place."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import rfc8785

from curate.catalog.merkle import HASH_SIZE
from curate.release.attest import ATTESTATION, SUMMARY
from curate.release.evidence import FINDINGS, VERDICTS
from curate.release.feed import FEED
from curate.release.log import CHECKPOINT, CONSISTENCY, INCLUSION
from curate.release.manifest import NAME, printed, read_manifest
from curate.release.modelsigning import NAME as MODEL
from curate.release.verify import Verified, verify
from curate.signing import new_key
from curate.signing.dsse import close
from tests.issued import MODEL_SECRET, SECRET, Desk

KEYS = (SECRET.public, MODEL_SECRET.public)
MADE_LATER = {ATTESTATION, SUMMARY, MODEL, CHECKPOINT, CONSISTENCY, INCLUSION}


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two releases, one after the other, each in three formats."""
    desk = Desk(tmp_path_factory.mktemp("ws"))
    desk.release("v1", findings=[("0.png", "MED004")])
    desk.release("v2", said={"5.png": "blocked"})
    return desk.root / "releases"


@pytest.fixture
def copy(releases: Path, tmp_path: Path) -> Path:
    """Return a copy of the second release, for a test to damage."""
    return Path(shutil.copytree(releases / "v2", tmp_path / "v2"))


def test_release_as_it_was_built_verifies(releases: Path) -> None:
    """With every key, with one, with the release before, and without any of them."""
    for name in ("v1", "v2"):
        for keys in (KEYS, KEYS[:1], ()):
            assert verify(releases / name, keys).failures == ()
    found = verify(releases / "v2", KEYS, releases / "v1")
    assert (found.failures, found.warnings) == ((), ())
    assert set(read_manifest(releases / "v2").beside) >= MADE_LATER


def test_who_made_it_is_unknown_without_a_key(releases: Path) -> None:
    """Which is said, and is no failure."""
    found = verify(releases / "v1")

    assert found
    assert "its signature was not checked" in found.warnings[0]


def test_every_damage_is_told_with_its_place(releases: Path, tmp_path: Path) -> None:
    """Each file changed, cut, emptied, removed, renamed, linked; and strangers added."""
    done = 0
    for name in ("v1", "v2"):
        whole = releases / name
        for label, damage, where in _damages(whole):
            copy = Path(shutil.copytree(whole, tmp_path / "copy", copy_function=os.link))
            damage(copy)
            found = verify(copy, KEYS, releases / "v1" if name == "v2" else None)
            assert where in _places(found), (name, label, found.failures)
            shutil.rmtree(copy)
            done += 1
    print(f"{done} damages, {done} told")  # noqa: T201 - the count is asked for
    assert done > 300


Damage = tuple[str, Callable[[Path], None], str]


def _damages(whole: Path) -> Iterator[Damage]:
    for path in sorted(p.relative_to(whole).as_posix() for p in whole.rglob("*") if p.is_file()):
        data = (whole / path).read_bytes()
        for at in {0, len(data) // 2, len(data) - 1}:
            other = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            yield f"{path} byte {at}", _writing(path, other), path
        yield f"{path} longer", _writing(path, data + b"\n"), path
        yield f"{path} cut", _writing(path, data[:-1]), path
        yield f"{path} emptied", _writing(path, b""), path
        yield f"{path} removed", _removing(path), path
        # Without a manifest nothing else can be told.
        told = NAME if path == NAME else path + ".bak"
        yield f"{path} renamed", _renaming(path, path + ".bak"), told
        yield f"{path} linked", _linking(path), path
    for stranger in ("extra.txt", "media/extra.png", "log/extra", ".hidden", "new/deep/file"):
        yield f"{stranger} added", _writing(stranger, b"x"), stranger
    yield "a link added", lambda copy: (copy / "link").symlink_to("/etc/passwd"), "link"
    yield "a pipe added", lambda copy: os.mkfifo(copy / "pipe"), "pipe"


def _writing(path: str, data: bytes) -> Callable[[Path], None]:
    def write(copy: Path) -> None:
        # The copy is made of links: its files are replaced, and never written to.
        (copy / path).unlink(missing_ok=True)
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(data)

    return write


def _removing(path: str) -> Callable[[Path], None]:
    return lambda copy: (copy / path).unlink()


def _renaming(path: str, other: str) -> Callable[[Path], None]:
    return lambda copy: (copy / path).replace(copy / other) and None


def _linking(path: str) -> Callable[[Path], None]:
    def link(copy: Path) -> None:
        (copy / path).rename(copy.parent / "kept")
        (copy / path).symlink_to(copy.parent / "kept")

    return link


def _places(found: Verified) -> set[str]:
    return {failure.where for failure in found.failures}


def test_several_damages_are_told_at_once(copy: Path) -> None:
    """Whoever mends a copy wants to know all of it."""
    (copy / "log" / "extra").write_bytes(b"")
    (copy / VERDICTS).write_bytes(b"no table")
    (media, *_) = (copy / "media").rglob("*.png")
    media.rename(media.with_suffix(".jpg"))

    found = verify(copy, KEYS)

    told = {failure.where: failure.problem for failure in found.failures}
    assert told["log/extra"] == "it is not in the manifest"
    assert told[VERDICTS] == "it has other bytes than the manifest says"
    moved = media.relative_to(copy)
    assert told[moved.with_suffix(".jpg").as_posix()] == f"it was {moved.as_posix()}"


@pytest.mark.parametrize("name", [INCLUSION, CONSISTENCY])
def test_each_node_of_a_proof_matters(copy: Path, name: str) -> None:
    """A proof with another node, one less or one more leads elsewhere; even where nobody signed."""
    whole = json.loads((copy / name).read_bytes())
    assert whole["path"]
    for at in range(len(whole["path"])):
        other = {**whole, "path": [*whole["path"]]}
        other["path"][at] = "00" * HASH_SIZE
        (copy / name).write_bytes(printed(other))
        assert name in _places(verify(copy))
    for path in (whole["path"][:-1], [*whole["path"], "00" * HASH_SIZE]):
        (copy / name).write_bytes(printed({**whole, "path": path}))
        assert name in _places(verify(copy))


def test_each_field_of_a_record_matters(copy: Path) -> None:
    """The record, its place, instant, kind and salt are all under the leaf."""
    whole = json.loads((copy / INCLUSION).read_bytes())
    others = {"index": whole["index"] + 1, "kind": "consents", "salt": "00" * 32,
              "recorded_at": "2020-01-01T00:00:00.000000Z",
              "record": whole["record"].replace("v2", "v3")}  # fmt: skip
    for field, value in others.items():
        (copy / INCLUSION).write_bytes(printed({**whole, field: value}))
        assert INCLUSION in _places(verify(copy)), field


def test_manifest_written_anew_is_not_the_one_that_was_signed(copy: Path) -> None:
    """A forger lists their own file well; the log and the signatures are of another manifest."""
    (media, *_) = (copy / "media").rglob("*.png")
    media.unlink()
    said = json.loads((copy / NAME).read_bytes())
    kept = [file for file in said["files"] if file["path"] != media.relative_to(copy).as_posix()]
    from curate.model.files import FileDigest
    from curate.release.manifest import merkle_root

    root = merkle_root(FileDigest(**file) for file in kept)
    (copy / NAME).write_bytes(printed({**said, "files": kept, "merkle_root": root}))

    assert {ATTESTATION, NAME, MODEL, INCLUSION} <= _places(verify(copy, KEYS))
    assert INCLUSION in _places(verify(copy))


def test_file_that_a_manifest_leaves_out_on_purpose_is_told(copy: Path) -> None:
    """Only what curate makes from a manifest may be out of its list."""
    said = json.loads((copy / NAME).read_bytes())
    (copy / "payload.bin").write_bytes(b"x")
    (copy / NAME).write_bytes(printed({**said, "beside": [*said["beside"], "payload.bin"]}))

    assert "payload.bin" in verify(copy, KEYS).failures[0].problem


def test_signatures_of_other_keys_are_none(releases: Path, copy: Path) -> None:
    """A stranger's key, and a stranger's signature over the right words."""
    other = new_key()
    assert {ATTESTATION, SUMMARY, FEED} <= _places(verify(releases / "v1", [other.public]))
    whole = json.loads((copy / ATTESTATION).read_bytes())
    payload = base64.b64decode(whole["payload"])

    (copy / ATTESTATION).write_bytes(printed(close(payload, whole["payloadType"], other)))
    assert _places(verify(copy, KEYS)) == {ATTESTATION}


def test_signature_over_other_words_is_told(copy: Path) -> None:
    """The right key signed it, and for something else."""
    whole = json.loads((copy / ATTESTATION).read_bytes())
    said = json.loads(base64.b64decode(whole["payload"]))
    said["predicate"]["releaseId"] = "00"
    (copy / ATTESTATION).write_bytes(
        printed(close(rfc8785.dumps(said), whole["payloadType"], SECRET))
    )

    assert _places(verify(copy, KEYS)) == {ATTESTATION}


def test_verdict_that_the_evidence_does_not_give_is_told(tmp_path: Path) -> None:
    """Whoever signs a release with what was blocked in it is found out by its own evidence."""
    made, _ = Desk(tmp_path).release("v1", findings=[("0.png", "CON002")])

    found = verify(made.folder, KEYS)

    assert _places(found) == {VERDICTS}
    assert "the evidence gives blocked by policy CON002" in found.failures[0].problem


def test_evidence_names_nobody(releases: Path) -> None:
    """Ids and codes: no facts of findings, and no digest of them."""
    from pyarrow import parquet

    assert parquet.read_schema(releases / "v1" / FINDINGS).names == ["media_id", "code", "waived"]
    assert parquet.read_schema(releases / "v1" / VERDICTS).names == [
        "media_id", "verdict", "codes", "answers", "decided_by",
    ]  # fmt: skip


def test_release_that_does_not_go_on_from_another_is_told(releases: Path, tmp_path: Path) -> None:
    """Another's release, of the same name; and the two in the wrong order."""
    other, _ = Desk(tmp_path / "other").release("v1")

    assert _places(verify(releases / "v2", KEYS, other.folder)) == {NAME}
    assert _places(verify(releases / "v1", KEYS, releases / "v2")) == {NAME}


def test_unsigned_release_says_so(tmp_path: Path) -> None:
    """And does not pass for one of a signer's."""
    made, _ = Desk(tmp_path, keys=()).release("v1")

    assert verify(made.folder).failures == ()
    assert "it is not signed" in verify(made.folder).warnings[0]
    assert ATTESTATION in _places(verify(made.folder, KEYS))


def test_old_release_is_to_be_looked_after(releases: Path) -> None:
    """A month on, holders are told; the release still verifies."""
    from tests.factories import day

    young = verify(releases / "v1", KEYS, now=day(5, 20))
    old = verify(releases / "v1", KEYS, now=day(5) + timedelta(days=30))

    assert (young.warnings, bool(old)) == ((), True)
    assert "ask for a newer release" in old.warnings[0]


def test_folder_that_is_no_release_is_told(tmp_path: Path) -> None:
    """An empty folder, and a manifest that is none."""
    assert _places(verify(tmp_path)) == {NAME}
    (tmp_path / NAME).write_text("[]", "utf-8")
    assert _places(verify(tmp_path)) == {NAME}
