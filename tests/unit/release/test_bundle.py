"""Bundles: the same bytes for the same instant, and whatever is done to one is named."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from curate.api import Project
from curate.cli.main import main
from curate.errors import DependencyError, InputError
from curate.model.instants import parse_instant
from curate.release.attest import TOKEN
from curate.release.bundle.check import NEEDED, Checked, check_bundle
from curate.release.bundle.contents import TABLES, table_digests, tool_digest
from curate.release.bundle.write import PUBLIC_KEY, SIGNATURE
from curate.release.manifest import NAME, digest_file, read_manifest, write_manifest
from curate.release.timestamp import read_certificates
from curate.report.pdf import can_print, pdf_of
from curate.signing import new_key
from curate.verbs.bundle import BundleOrder
from curate.verbs.context import utc_now
from tests.sealing import LOCATOR, add_list, md5_of, workspace
from tests.unit.release.test_timestamp import OPENSSL, make_authority

KEY, OTHER = new_key(), new_key("ecdsa-p256")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project of four entries."""
    made = workspace(tmp_path_factory.mktemp("bundles"))
    made.clock = utc_now
    return made


@pytest.fixture
def unprinted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing here that prints a page."""
    monkeypatch.setattr("curate.report.pdf._BROWSERS", ("no-such-browser",))


@pytest.fixture(scope="module")
def kept(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a signed bundle."""
    folder = tmp_path_factory.mktemp("kept") / "bundle"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curate.report.pdf._BROWSERS", ("no-such-browser",))
        project.bundle(folder, BundleOrder(key=KEY))
    return folder


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    """Return a copy of it, to do something to."""
    return Path(shutil.copytree(kept, tmp_path / "copy"))


def _places(found: Checked) -> list[str]:
    return [failure.where for failure in found.failures]


def test_it_is_whole_and_says_what_was_not_checked(kept: Path) -> None:
    found = check_bundle(kept, [KEY.public])
    assert found.failures == ()
    assert found.signer == KEY.public.keyid
    assert any("by a key that you trust" in one for one in found.held)
    assert any("no time stamp" in one for one in found.unchecked)
    assert any("which takes the workspace" in one for one in found.unchecked)
    assert {file.path for file in read_manifest(kept).files} == {*NEEDED, PUBLIC_KEY}


def test_without_a_key_nothing_is_said_of_who_made_it(kept: Path) -> None:
    found = check_bundle(kept)
    assert found
    assert found.signer is None
    assert any("whose key that is" in one for one in found.unchecked)
    assert not any("trust" in one for one in found.held)


def test_another_key_is_not_taken(kept: Path) -> None:
    assert _places(check_bundle(kept, [OTHER.public])) == [SIGNATURE]


@pytest.mark.usefixtures("unprinted")
def test_one_without_a_signature_says_so_and_never_that_it_is_signed(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(project.workspace.root)
    assert main(["report", "bundle", str(tmp_path / "b"), "-w", place]) == 0
    assert main(["report", "verify", str(tmp_path / "b")]) == 0
    said = capsys.readouterr()
    assert "bears no signature" in said.out
    assert "signed" not in said.out + said.err.replace("`--key NAME` signs", "")
    assert _places(check_bundle(tmp_path / "b", [KEY.public])) == [SIGNATURE]
    assert not check_bundle(tmp_path / "b", [KEY.public])


@pytest.mark.usefixtures("unprinted")
def test_the_same_instant_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    """Other audits, documents and releases in between leave no trace."""
    moment = datetime(2026, 5, 4, 13, tzinfo=UTC)
    order = BundleOrder(as_of=moment, key=KEY)
    project.bundle(tmp_path / "one", order)
    project.audit()
    project.report("audit")
    project.add_reviewer("anna", name="Anna Berg")
    project.bundle(tmp_path / "two", order)

    files = [sorted(p for p in (tmp_path / name).rglob("*") if p.is_file())
             for name in ("one", "two")]  # fmt: skip
    for one, two in zip(*files, strict=True):
        assert one.name == two.name
        assert one.read_bytes() == two.read_bytes(), one.name
    ids = [row["run_id"] for row in project.catalog.read("runs").to_pylist()
           if row["verb"] == "audit"]  # fmt: skip
    whole = b"".join(path.read_bytes() for path in files[0])
    assert len(ids) > 2
    assert not any(one.encode() in whole for one in ids)


def test_each_byte_changed_is_named(copy: Path) -> None:
    for path in sorted(p for p in copy.rglob("*") if p.is_file()):
        name, data = path.relative_to(copy).as_posix(), path.read_bytes()
        for at in {0, len(data) // 3, len(data) // 2, len(data) - 1}:
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            for keys in ([KEY.public], []):
                found = check_bundle(copy, keys)
                assert not found, (name, at)
                assert name in _places(found), (name, at, found.failures)
        path.write_bytes(data)
    assert check_bundle(copy, [KEY.public])


def test_each_file_removed_is_named(copy: Path) -> None:
    for path in sorted(p for p in copy.rglob("*") if p.is_file()):
        name, data = path.relative_to(copy).as_posix(), path.read_bytes()
        path.unlink()
        assert name in _places(check_bundle(copy)), name
        path.write_bytes(data)


@pytest.mark.parametrize("name", ["extra.txt", "ledger/extra", ".hidden", "new/file", TOKEN])
def test_a_file_added_is_named(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("x", encoding="utf-8")
    assert name in _places(check_bundle(copy, [KEY.public]))


def test_a_folder_or_a_link_is_named(copy: Path) -> None:
    (copy / "empty").mkdir()
    target = copy.parent / "entries.csv"
    (copy / "entries.csv").rename(target)
    (copy / "entries.csv").symlink_to(target)
    assert _places(check_bundle(copy)) == ["empty", "entries.csv"]


@pytest.mark.parametrize("name", [NAME, SIGNATURE, PUBLIC_KEY, "findings.csv"])
def test_what_never_ends_is_not_read(copy: Path, name: str) -> None:
    (copy / name).unlink()
    os.mkfifo(copy / name)
    for keys in ([], [KEY.public]):
        assert name in _places(check_bundle(copy, keys))


def _forge(folder: Path, change: Callable[[dict[str, object]], None] | None = None) -> None:
    """Make the list again, as somebody does who changes a file and hides it."""
    said = dict(read_manifest(folder).said)
    paths = [file["path"] for file in said.pop("files")]
    if change:
        change(said)
    write_manifest(folder, [digest_file(folder / path, folder) for path in paths], said)


def test_a_list_made_again_is_not_what_was_signed(copy: Path) -> None:
    page = copy / "audit.html"
    page.write_text(page.read_text("utf-8").replace("blocked", "cleared"), "utf-8")
    _forge(copy)
    assert _places(check_bundle(copy)) == [SIGNATURE]
    assert _places(check_bundle(copy, [KEY.public])) == [SIGNATURE]


def test_a_signature_taken_away_is_missed_by_who_names_a_key(copy: Path) -> None:
    (copy / SIGNATURE).unlink()
    _forge(copy, lambda said: said.update(beside=[]))
    assert check_bundle(copy).signer is None
    assert any("bears no signature" in one for one in check_bundle(copy).unchecked)
    assert _places(check_bundle(copy, [KEY.public])) == [SIGNATURE]


@pytest.mark.parametrize(("path", "old", "new"), [
    ("entries.csv", b"needs_review", b"cleared"),
    ("findings.csv", b"needs_review", b"cleared"),
    ("settings.json", b'"train-detector"', b'"train-anything"'),
    ("ledger/checkpoint", b"curate-ledger/", b"curate-ledger/0"),
    ("digests/tables.json", b'"entries": 4', b'"entries": 4 '),
])  # fmt: skip
def test_files_that_do_not_agree_are_named(copy: Path, path: str, old: bytes, new: bytes) -> None:
    """A list that fits them does not help."""
    data = (copy / path).read_bytes()
    assert old in data
    (copy / path).write_bytes(data.replace(old, new))
    _forge(copy)
    places = _places(check_bundle(copy))
    agreeing = path in ("findings.csv", "digests/tables.json")
    assert places == ([SIGNATURE] if agreeing else sorted({SIGNATURE, *places}))
    assert agreeing or len(places) > 1


def test_a_finding_left_out_is_named_whatever_the_list_says(copy: Path) -> None:
    lines = (copy / "findings.csv").read_bytes().splitlines(keepends=True)
    (copy / "findings.csv").write_bytes(b"".join(lines[:-1]))
    _forge(copy)
    assert "findings.csv" in _places(check_bundle(copy))


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"[" * 10_000, b"\xff", b'{"files": 1}'])
def test_what_is_no_list_is_told(copy: Path, text: bytes) -> None:
    (copy / NAME).write_bytes(text)
    assert _places(check_bundle(copy)) == [NAME]


@pytest.mark.parametrize(("field", "value"), [
    ("kind", "a release"), ("beside", [1]), ("beside", [{}]), ("beside", ["audit.html"]),
])  # fmt: skip
def test_a_list_of_something_else_is_told(copy: Path, field: str, value: object) -> None:
    _forge(copy, lambda said: said.update({field: value}))
    assert NAME in _places(check_bundle(copy))


@pytest.mark.parametrize(("field", "value"), [
    ("project", "another"), ("as_of", "2020-01-01T00:00:00Z"), ("pdf", True), ("more", 1),
    ("counts", {"cleared": 4, "needs_review": 0, "blocked": 0}), ("use", "sale"),
])  # fmt: skip
def test_what_a_list_says_of_the_audit_is_held_against_it(
    copy: Path, field: str, value: object
) -> None:
    """Nothing is signed here: whoever changes the list can make the rest of it again."""
    (copy / SIGNATURE).unlink()
    _forge(copy, lambda said: said.update({"beside": [], field: value}))
    assert _places(check_bundle(copy)) == [NAME]


def test_a_list_that_leaves_out_what_each_bundle_has_is_told(copy: Path) -> None:
    (copy / "findings.csv").unlink()
    said = dict(read_manifest(copy).said)
    files = [f for f in read_manifest(copy).files if f.path != "findings.csv"]
    said.pop("files")
    write_manifest(copy, files, said)
    assert "findings.csv" in _places(check_bundle(copy))


@pytest.mark.skipif(OPENSSL is None, reason="openssl, as an authority, is not here")
@pytest.mark.usefixtures("unprinted")
def test_a_time_stamp_is_checked_and_covered_by_the_signature(
    project: Project, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path / "tsa")
    folder = tmp_path / "stamped"
    project.bundle(folder, BundleOrder(key=KEY, tsa=authority.command))
    found = check_bundle(folder, [KEY.public], authorities=read_certificates(authority.root))
    assert found.failures == ()
    assert found.stamped is not None
    assert check_bundle(folder).stamped is None
    assert any("who made its time stamp" in one for one in check_bundle(folder).unchecked)

    token = (folder / TOKEN).read_bytes()
    (folder / TOKEN).write_bytes(token[:-1] + bytes([token[-1] ^ 1]))
    assert not check_bundle(folder, [KEY.public])
    (folder / TOKEN).unlink()
    assert TOKEN in _places(check_bundle(folder))


@pytest.mark.skipif(OPENSSL is None, reason="openssl, as an authority, is not here")
def test_one_without_a_stamp_fails_where_an_authority_is_named(kept: Path, tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "tsa")
    found = check_bundle(kept, [KEY.public], authorities=read_certificates(authority.root))
    assert _places(found) == [TOKEN]


@pytest.mark.usefixtures("unprinted")
def test_an_authority_that_refuses_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="ended with status 1"):
        project.bundle(tmp_path / "b", BundleOrder(tsa="false"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("unprinted")
def test_a_folder_that_holds_something_or_an_instant_to_come_is_refused(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    before = project.catalog.read("runs").num_rows
    with pytest.raises(InputError, match="holds something"):
        project.bundle(tmp_path)
    with pytest.raises(InputError, match="still to come"):
        project.bundle(tmp_path / "b", BundleOrder(as_of=project.clock() + timedelta(days=1)))
    assert project.catalog.read("runs").num_rows == before
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_files_are_for_their_owner_alone(kept: Path) -> None:
    assert kept.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept.rglob("*.csv"))


def test_no_path_of_this_machine_is_in_it(kept: Path, project: Project) -> None:
    root = str(project.workspace.root.parent).encode()
    assert not any(root in path.read_bytes() for path in kept.rglob("*") if path.is_file())


def test_digests_are_those_of_the_tables_and_the_tool(kept: Path, project: Project) -> None:
    told = json.loads((kept / TABLES).read_bytes())["tables"]
    content = project.catalog.read("content")
    assert told["content"] == table_digests({"content": content})["tables"]["content"]
    assert told["content"] == table_digests({"content": content[::-1]})["tables"]["content"]
    assert told["content"]["rows"] == content.num_rows
    assert not {"custody", "hash_matches"} & set(told)
    assert set(told["safety"]) == {"sha256"}
    assert tool_digest() == tool_digest()
    assert tool_digest()["files"] > 400


@pytest.mark.usefixtures("unprinted")
def test_of_what_a_hash_list_names_a_bundle_has_no_hash(tmp_path: Path) -> None:
    project = workspace(tmp_path)
    media = tmp_path / "media" / LOCATOR
    digest = digest_file(media, media.parent).sha256.encode()
    add_list(project, [md5_of(media)], "ncii")
    project.run(["hashlists"], jobs=1)
    project.bundle(tmp_path / "b")
    assert not any(digest in path.read_bytes() for path in (tmp_path / "b").rglob("*.*"))
    assert check_bundle(tmp_path / "b")


@pytest.mark.slow
@pytest.mark.skipif(not can_print(), reason="nothing here prints a page")
def test_a_pdf_of_the_same_page_has_the_same_bytes() -> None:
    moment = parse_instant("2026-05-04T09:30:00Z")
    page = "<!doctype html><title>a</title><p>/CreationDate (D:20200101000000+00'00')</p>"
    one, two = pdf_of(page, dated=moment), pdf_of(page, dated=moment)
    assert one == two
    assert re.findall(rb"/(?:Creation|Mod)Date \(D:(\d+)", one) == [b"20260504093000"] * 2


def test_explain_knows_the_ids_of_findings_and_entries(
    kept: Path, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with (kept / "findings.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    for name in ("finding_id", "media_id", "locator"):
        assert main(["explain", row[name], "-w", str(project.workspace.root)]) == 0
        assert row["locator"] in capsys.readouterr().out
