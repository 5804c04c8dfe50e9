"""After a seal, nothing that curate wrote gives the media, its name or its hashes in clear.

Every file of workspace, output and temporary folder is searched, as it is and decoded: tables,
databases, archives and pictures in pages too. The same search finds all of it before.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import curate as curate_
from curate.catalog.views import read_entries
from curate.cli.main import main
from tests.sealing import LOCATOR, NAME, add_list, md5_of, name_officer, shows, workspace

_DEFLATED = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


class Wanted:
    """What must not be found: by what it is, the ways in which it may be spelled."""

    def __init__(self, media: bytes, content: dict[str, object]) -> None:
        # Tables of a JPEG are the same in many; what is coded after them is this picture's own.
        body = media[media.index(b"\xff\xda") + 14 :]
        self.needles = {"name": _spelled(NAME), "stem": _spelled(Path(NAME).stem)}
        self.needles |= {"media": _pieces(body), "media in base64": _pieces_of_base64(body)}
        for name in ("sha256", "md5", "pixel_digest", "phash", "dhash", "pdq"):
            value = content[name]
            raw = value if isinstance(value, bytes) else bytes.fromhex(str(value))
            self.needles[name] = {raw, raw.hex().encode(), raw.hex().upper().encode()}
        turned = content["pdq_dihedral"]
        assert isinstance(turned, bytes)
        self.needles["turned"] = {turned[i : i + 32] for i in range(0, 256, 32)}
        self.media = media

    def found_in(self, folders: list[Path], *, but: Path | None = None) -> dict[str, set[str]]:
        """Return which of it is found, and in which files, but for those below one folder."""
        found: dict[str, set[str]] = {}
        files = (p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file())
        for path in files:
            if but in path.parents:
                continue
            for held in (path.name.encode(), *_decoded(path)):
                for what, needles in self.needles.items():
                    if any(needle in held for needle in needles):
                        found.setdefault(what, set()).add(path.name)
                if shows(held, self.media):
                    found.setdefault("picture", set()).add(path.name)
        return found


def _spelled(text: str) -> set[bytes]:
    spellings = {text, json.dumps(text)[1:-1], html.escape(text), quote(text), text.upper()}
    return {one.encode() for one in spellings}


def _pieces(body: bytes) -> set[bytes]:
    """Return pieces of which any 64 bytes of `body` hold one."""
    return {body[i : i + 32] for i in range(0, len(body) - 31, 32)}


def _pieces_of_base64(body: bytes) -> set[bytes]:
    """Return the like for base64, whichever byte it begins at."""
    return {piece for start in range(3) for piece in _pieces(base64.b64encode(body[start:])[:-4])}


def _decoded(path: Path) -> Iterator[bytes]:
    """Yield what a file holds: as it is, and what it holds under a coding."""
    data = path.read_bytes()
    yield data
    if data[:4] == b"PAR1":
        yield _values(pq.read_table(io.BytesIO(data)))
    elif data[:6] == b"ARROW1":
        yield _values(pa.ipc.open_file(io.BytesIO(data)).read_all())
    elif data[:15] == b"SQLite format 3":
        with sqlite3.connect(path) as connection:
            yield "\n".join(connection.iterdump()).encode()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for stream in _DEFLATED.findall(data) if data[:4] == b"%PDF" else ():
        yield zlib.decompressobj().decompress(stream)


def _values(table: pa.Table) -> bytes:
    """Return every value of a table, texts and bytes as they are."""
    return b"\n".join(_flat(list(table.to_pydict().values())))


def _flat(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from _flat(list(value.items()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield str(value).encode()


def test_nothing_tells_of_it_after_a_seal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stages, audits, documents and a review ran before; a list comes; all of them run again."""
    for name in ("settings", "temporary", "output"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    stages = ("probe", "hashlists", "signals", "dedup", "labels")
    project = workspace(tmp_path)
    name_officer(project)
    place = tmp_path / "media" / LOCATOR
    media, md5 = place.read_bytes(), md5_of(place)

    def keep(name: str, arguments: tuple[object, ...]) -> None:
        """Run a command, and keep what it says."""
        status = main([*map(str, arguments), "-w", str(tmp_path / "ws")])
        said = capsys.readouterr()
        # Of splits not everything can be checked here.
        assert status in ((1, 3) if arguments == ("split", "lint") else (0, 1)), (
            arguments, said.err,
        )  # fmt: skip
        (tmp_path / "output" / f"{name}.txt").write_text(said.out + said.err, "utf-8")

    def everything(number: int) -> None:
        """Run what makes or shows something, and keep what it says."""
        asked = [
            ("run", *stages, "--jobs", 1),
            ("audit",),
            ("audit", "--format", "sarif"),
            ("report", "audit"),
            ("report", "pictures"),
            ("report", "datasheet"),
            ("review", "export", tmp_path / "ws" / "reports" / f"to-anna-{number}", "--by", "anna"),
            ("split", "lint"),
            ("status",),
        ]
        for place, arguments in enumerate(asked):
            keep(f"{number}-{place}", arguments)

    everything(1)
    for reviewer, name in (("anna", "Anna Berg"), ("ben", "Ben Okoro")):
        keep(f"1-register-{reviewer}", ("review", "reviewers", "add", reviewer, "--name", name))
        keep(f"1-{reviewer}", ("decide", LOCATOR, "cleared", "--by", reviewer, "--reason", "known"))
    forms = ("files", "webdataset", "huggingface")
    keep(
        "1-release", ("release", "build", "v1", *(w for form in forms for w in ("--format", form)))
    )
    content = {row["sha256"]: row for row in project.catalog.read("content").to_pylist()}
    states = read_entries(project.catalog).to_pylist()
    (mine,) = (row for row in states if row["locator"] == LOCATOR)
    wanted = Wanted(media, content[mine["sha256"]])
    before = wanted.found_in([tmp_path / "ws", tmp_path / "output"])
    assert set(before) == {*wanted.needles, "picture"} - {"media in base64"}
    released = wanted.found_in([tmp_path / "ws" / "releases"])
    assert {"media", "sha256"} <= set(released)
    for said in (tmp_path / "output").iterdir():
        said.unlink()

    add_list(project, [md5], "ncii")
    everything(2)
    (seal,) = (row["seal_id"] for row in project.ledger.read("custody").to_pylist())
    for arguments in (("seal", "list"), ("seal", "status", seal), ("explain", mine["media_id"])):
        keep(f"3-{'-'.join(arguments[:2])}", arguments)

    searched = [tmp_path / "ws", tmp_path / "output", tmp_path / "temporary", tmp_path / "settings"]
    # What went out is known by its digest, so that it can be called back from whoever has it.
    items = tmp_path / "ws" / "record"
    assert wanted.found_in(searched, but=items) == {}
    # Nor is its record replaced by another release of the name.
    again = ("release", "build", "v1", "-w", str(tmp_path / "ws"))
    assert main(again) == 2
    assert "went out, though its folder is gone" in capsys.readouterr().err
    assert set(wanted.found_in([items])) == {"sha256"}
    assert not place.exists()
    assert (tmp_path / "ws" / "reports" / "audit-with-pictures.html").exists()
    blocked = curate_.open(tmp_path / "ws").latest_audit().counts()["blocked"]
    assert blocked == 2


def test_a_seal_by_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys, sealing, a note, an opening by two people, and putting back what a list let go."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.chdir(tmp_path)
    project = workspace(tmp_path)
    media = (tmp_path / "media" / LOCATOR).read_bytes()
    add_list(project, [md5_of(tmp_path / "media" / LOCATOR)], "ncii")

    def curate(*arguments: object, status: int = 0, where: bool = True) -> str:
        place = ("-w", "ws") if where else ()
        assert main([*map(str, arguments), *place]) == status
        said = capsys.readouterr()
        return said.out + said.err

    told = curate("run", "hashlists", "--jobs", 1)
    assert "1 match" in told
    assert "no safety officer's key is named" in told
    curate("seal", "keys", "desk", where=False)
    for name in ("anna", "ben"):
        curate("keys", "new", name, where=False)
        curate("keys", "export", name, "-o", f"{name}.pub", where=False)
    name_officer(project, 'openers = ["../anna.pub", "../ben.pub"]')
    told = curate("seal", "run", "--officer-key", "desk.pub")
    assert "1 sealed, 0 left in place, 0 not finished" in told
    assert "1. Stop." in told
    assert "suspected" not in told
    (row,) = json.loads(curate("seal", "list", "--json"))
    assert (row["category"], row["entries"], row["opened"]) == ("ncii", 2, 0)
    seal = row["seal"]

    curate("seal", "note", seal, status=2)
    curate("seal", "note", seal, "--report", "R-17", "--preserve-until", "2027-05-04")
    two = ("--by", "anna", "--second", "ben", "--officer-key", "desk.pem", "--reason", "case 9")
    curate("seal", "open", seal, *two, "-o", "case")
    assert (tmp_path / "case" / "media.bin").read_bytes() == media
    told = curate("seal", "restore", seal, *two, status=2)
    assert "name it still" in told
    curate("lists", "drop", "desk")
    curate("seal", "restore", seal, *two)
    assert (tmp_path / "media" / LOCATOR).read_bytes() == media

    told = curate("seal", "status", seal)
    for expected in ("R-17", "2027-05-04", "no list names it now", "whole", "case 9", "restored"):
        assert expected in told
    assert "unknown" in curate("seal", "status", "s-unknown", status=2)
