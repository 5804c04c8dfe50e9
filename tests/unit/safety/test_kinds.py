"""Kinds of hash: each that a list holds is asked of every file, or it is told that it was not."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from curate.api import Project
from curate.cli.main import main
from curate.errors import InputError, UnknownNameError
from curate.media.hash_kinds import BY_NAME, LISTED_KINDS, OTHER_KINDS
from curate.report.safety import safety_report
from curate.safety.formats import read_list
from curate.safety.gate import check_gate
from curate.safety.lists import ListInfo
from curate.safety.match import match
from curate.safety.report import figures
from curate.schema import conform
from curate.verbs.lists import add_list
from tests.copies import zipped
from tests.unit.safety.test_match import codes, items, listed
from tests.unit.safety.test_stage import NOW, media, project

__all__ = ["media", "project"]


def kinds_of(text: str, tmp_path: Path, name: str = "list.txt") -> tuple[dict[str, int], list[str]]:
    """Return what a list holds that is not compared, and the kinds that are."""
    (tmp_path / name).write_text(text, "utf-8")
    read = read_list(tmp_path / name)
    return dict(read.skipped), read.entries["signal"].to_pylist()


def add(project: Project, text: str, tmp_path: Path, *without: str, name: str = "l.csv") -> None:
    (tmp_path / name).write_text(text, "utf-8")
    info = ListInfo(name, "a hotline", "ncii", NOW, NOW + timedelta(days=30))
    add_list(project.context, info, read_list(tmp_path / name), without=without)


def digests(path: Path) -> dict[str, str]:
    return {kind: hashlib.new(kind, path.read_bytes()).hexdigest()
            for kind in ("md5", "sha1", "sha256", "sha512")}  # fmt: skip


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("spelled", ["lower", "upper", "base64", "named", "sum"])
def test_the_listed_file_is_found_however_its_hash_is_written(
    project: Project, media: Path, tmp_path: Path, kind: str, spelled: str
) -> None:
    told = digests(media / "2.png")[kind]
    text = {
        "lower": f"hash,type\n{told},{kind}\n",
        "upper": f"hash,type\n{told.upper()},{kind.upper()}\n",
        "base64": f"hash,type\n{base64.b64encode(bytes.fromhex(told)).decode()},{kind}\n",
        "named": f"{kind}:{told}\n",
        "sum": f"{told}  some file.png\n",
    }[spelled]
    if spelled == "sum" and kind == "sha256":
        with pytest.raises(InputError):
            add(project, text, tmp_path, name="l.txt")
        return
    add(project, text, tmp_path, name="l.csv" if "," in text else "l.txt")

    (ran,) = project.run(["hashlists"], jobs=1)

    assert ran.notes["matched"] == 1
    assert ran.notes["kinds"] == {kind: 7}
    check_gate(project.workspace, project.catalog, NOW)


def test_a_kind_that_nobody_computes_shuts_the_gate(
    project: Project, media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside kinds that are asked: those were, and nothing is cleared all the same."""
    told = digests(media / "2.png")
    mixed = (f"hash,type\n{told['md5']},md5\n{'A' * 192},PhotoDNA\n"
             f"{'B' * 192},PhotoDNA\nabc,made-up\n")  # fmt: skip
    add(project, mixed, tmp_path)
    (ran,) = project.run(["hashlists"], jobs=1)
    assert ran.notes["kinds"] == {"made-up": 0, "md5": 7, "photodna": 0}
    assert ran.notes["matched"] == 1

    with pytest.raises(InputError, match="not asked by 1 hash of the kind made-up"):
        check_gate(project.workspace, project.catalog, NOW)
    checks = project.catalog.read("hash_checks").to_pylist()
    assert all(row["not_asked"] == ["made-up", "photodna"] for row in checks)
    assert sum(row["checked"] for row in checks) == 1  # what matches needs no other answer
    found = project.audit().findings.to_pylist()
    assert {row["code"] for row in found} >= {"HSH001", "HSH004"}
    assert "HSH003" not in {row["code"] for row in found}
    with pytest.raises(InputError, match="kind made-up"):
        project.release("v1")

    made = figures(project.workspace, project.catalog, project.ledger, NOW)
    assert made.kinds == {"made-up": (1, 0), "md5": (1, 7), "photodna": (2, 0)}
    page = safety_report(made, project="p", tool="t", name="{}-{}".format)["safety.html"]
    assert "The gate of releases is shut" in page
    assert "photodna (not asked)" in page
    assert main(["run", "hashlists", "-w", str(project.workspace.root)]) == 0
    assert main(["lists", "list", "-w", str(project.workspace.root)]) == 0
    assert "photodna" in capsys.readouterr().out


def test_a_kind_is_left_out_by_who_asks_it_elsewhere(
    project: Project, media: Path, tmp_path: Path
) -> None:
    """How many there were stays with the list, and a kind that is compared is not left out."""
    text = f"hash,type\n{digests(media / '2.png')['md5']},md5\n{'A' * 192},photodna\n"
    for wrong in ("md5", "made-up"):
        with pytest.raises(UnknownNameError, match="could be left out"):
            add(project, text, tmp_path, wrong)
    add(project, text, tmp_path, "PhotoDNA")
    project.run(["hashlists"], jobs=1)

    check_gate(project.workspace, project.catalog, NOW)

    (kept,) = figures(project.workspace, project.catalog, project.ledger, NOW).lists
    assert (kept.left_out, kept.skipped) == ({"photodna": 1}, {})


@pytest.mark.parametrize("said", [["sha1"], None])
def test_what_was_never_computed_shuts_the_gate(
    project: Project, media: Path, tmp_path: Path, said: list[str] | None
) -> None:
    """As in a catalogue of before there was that kind; and a check that does not say by what."""
    add(project, f"hash\n{digests(media / '2.png')['sha1']}\n", tmp_path)
    project.run(["hashlists"], jobs=1)
    rows = project.catalog.read("hash_checks").to_pylist()
    project.catalog.replace(
        "hash_checks", conform([{**row, "not_asked": said} for row in rows], "hash_checks")
    )

    why = "sha1, which was never computed" if said else "not held against the hash lists as they"
    with pytest.raises(InputError, match=why):
        check_gate(project.workspace, project.catalog, NOW)


def test_an_item_without_a_digest_was_not_asked() -> None:
    """Beside others that were."""
    known = items(codes(3), digests={"sha1": pa.array([b"a" * 20, None, b"c" * 20])})

    found = match(known, [listed([{"signal": "sha1", "value": b"c" * 20}])])

    assert found.missing["sha1"].tolist() == [False, True, False]
    assert found.asked["sha1"].tolist() == [True, False, True]
    assert found.unchecked == {1: "its sha1 was never computed"}


def test_hashes_of_pixels_are_not_those_of_bytes(tmp_path: Path) -> None:
    """A list that says so is not asked; one that does not say means the bytes."""
    pixels = hashlib.md5(Image.new("RGB", (8, 8)).tobytes()).hexdigest()

    assert kinds_of(f"hash,type\n{pixels},MD5 of pixels\n", tmp_path, "a.csv") == (
        {"pixels": 1}, [])  # fmt: skip
    assert kinds_of(f"{pixels}\n", tmp_path) == ({}, ["md5"])


@pytest.mark.parametrize(
    ("line", "skipped", "signals"),
    [
        ("a" * 128, {"sha512": 1}, []),
        ("A" * 96, {"sha384": 1}, []),
        ("ripemd160 " + "a" * 40, {"ripemd160": 1}, []),
        ("a" * 40 + "  x.png", {}, ["sha1"]),
        ("a" * 128 + " *x.png", {"sha512": 1}, []),
        ("pdq " + "a" * 64, {}, ["pdq"]),
        ("SHA-1:" + "A" * 40, {}, ["sha1"]),
        (base64.b64encode(bytes(16)).decode(), {}, ["md5"]),
        (base64.b64encode(bytes(20)).decode(), {}, ["sha1"]),
    ],
)
def test_lines(line: str, skipped: dict[str, int], signals: list[str], tmp_path: Path) -> None:
    assert kinds_of(line + "\n", tmp_path) == (skipped, signals)


@pytest.mark.parametrize("line", ["a" * 41, "a" * 64, "hello", "md5:zz", "md5 " + "a" * 40])
def test_what_is_no_hash_stops_the_list(line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        kinds_of(f"{line}\n", tmp_path)


def test_a_hash_in_the_place_of_a_kind_is_not_told(tmp_path: Path) -> None:
    """Names of kinds lie in clear beside the list."""
    secret = hashlib.sha1(b"x").hexdigest()

    for text, name in ((f"hash,type\nabc,{secret}\n", "a.csv"), (f"{secret} {secret} \n", "b.txt")):
        skipped, _ = kinds_of(text, tmp_path, name)
        assert secret not in str(skipped)


def test_what_was_taken_back_need_not_be_asked(tmp_path: Path) -> None:
    text = f"hash,type,status\n{'a' * 192},photodna,Withdrawn\n"

    with pytest.raises(InputError, match="no hashes here"):
        kinds_of(text, tmp_path, "a.csv")


def test_a_still_of_a_listed_video_is_for_someone_to_decide_on(
    project: Project, media: Path, tmp_path: Path
) -> None:
    """The frames of a listed video are held against pictures, too."""
    row = project.catalog.read("content").select(["sha256", "pdq"]).to_pylist()
    mine = hashlib.sha256((media / "1.png").read_bytes()).hexdigest()
    (told,) = [one["pdq"].hex() for one in row if one["sha256"] == mine]
    add(project, f"0,100,{told},0.0\n", tmp_path, name="video.txt")

    (ran,) = project.run(["hashlists"], jobs=1)

    assert (ran.notes["matched"], ran.notes["kinds"]) == (0, {"vpdq": 6})
    assert ran.notes["near"] >= 1


def test_matching_a_folder_says_what_was_not_asked(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (media / "blank.png").unlink()
    (tmp_path / "l.csv").write_text(f"hash,type\n{'A' * 192},photodna\n", "utf-8")

    assert main(["match", str(media), "--list", str(tmp_path / "l.csv")]) == 3

    told = capsys.readouterr()
    assert "nothing was asked by 1 hash of the kind photodna" in told.err
    assert "not known" in told.out
    (tmp_path / "l.csv").write_text(f"hash,type\n{'A' * 32},md5\n", "utf-8")
    assert main(["match", str(media), "--list", str(tmp_path / "l.csv")]) == 0


def test_matching_a_folder_counts_what_it_does_not_look_into(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An archive with the listed picture in it, beside a text and pictures."""
    (tmp_path / "l.csv").write_text(f"hash,type\n{'A' * 32},md5\n", "utf-8")
    words = ["match", str(media), "--list", str(tmp_path / "l.csv")]
    (media / "read me.txt").write_text("a text", "utf-8")
    assert main(words) == 0
    (media / "x.bin").write_bytes(zipped({"2.png": (media / "2.png").read_bytes()}))

    assert main(words) == 3
    assert "not looked into: 1 archive, table or link" in capsys.readouterr().err


def test_kinds_are_declared_once() -> None:
    names = [
        word for kind in (*LISTED_KINDS, *OTHER_KINDS) for word in (kind.name, *kind.spellings)
    ]
    assert len(names) == len(set(names))
    assert not BY_NAME.keys() & {kind.name for kind in OTHER_KINDS}
