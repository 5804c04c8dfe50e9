"""Bad input: each gives a clear error or a recorded rejection, and the rest goes on."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.conftest import Curate

HOSTILE = "a\"b'c\n<script>alert(1)</script>🎉.jpg"


def _picture(path: Path, shade: int = 128) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").point(lambda v: (v + shade) % 256).save(path, "JPEG")


def _bomb(path: Path) -> None:
    """Write a PNG of 30,000 x 30,000 pixels whose data is a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def test_missing_path_says_so_and_exits_2(curate: Curate) -> None:
    """The path is named, and what to do."""
    curate("init", "ws")

    ran = curate("ingest", "nowhere", "-w", "ws", status=2)

    assert ran.err.splitlines()[0] == "E101 nowhere: no such file or folder"
    assert "hint: " in ran.err


def test_empty_folder_says_so_and_exits_2(curate: Curate, tmp_path: Path) -> None:
    """A folder without media is no dataset."""
    curate("init", "ws")
    (tmp_path / "empty").mkdir()

    assert (
        "E103 empty: there is no media here" in curate("ingest", "empty", "-w", "ws", status=2).err
    )


def test_question_without_an_answer_changes_nothing(curate: Curate, tmp_path: Path) -> None:
    """And says so: nothing was interrupted that would go on."""
    curate("init", "ws")
    _picture(tmp_path / "media" / "a.jpg")
    (tmp_path / "media" / "manifest.csv").write_text("path,subject\na.jpg,p01\n", encoding="utf-8")
    curate("ingest", "media", "-w", "ws")

    ran = curate("consent", "withdraw", "p01", "-w", "ws", status=130)

    assert ran.err.splitlines()[-1] == "nothing was changed"


def test_command_outside_a_workspace_says_what_to_do(curate: Curate) -> None:
    """No workspace is a usage error with a hint."""
    ran = curate("audit", status=2)

    assert "E201" in ran.err
    assert "curate init" in ran.err


def test_wrong_column_names_the_file_and_the_way_out(curate: Curate, tmp_path: Path) -> None:
    """A manifest whose path column has another name is refused with the mapping to write."""
    curate("init", "ws")
    (tmp_path / "m.csv").write_text("file_name,label\na.jpg,real\n", encoding="utf-8")

    ran = curate("ingest", "m.csv", "-w", "ws", status=2)

    assert "E104 m.csv: columns are file_name, label; expected one called path" in ran.err
    assert '[ingest.columns] path = "file_name"' in ran.err


def test_bad_date_in_consents_names_its_line_and_records_nothing(
    curate: Curate, tmp_path: Path
) -> None:
    """A consent file is taken whole or not at all."""
    curate("init", "ws")
    head = "subject,purposes,operations,roles,valid_from"
    rows = ["p01,train-detector,include,depicted,2024-01-01",
            "p02,train-detector,include,depicted,2024-13-01"]  # fmt: skip
    (tmp_path / "c.csv").write_text("\n".join([head, *rows]), encoding="utf-8")

    ran = curate("consent", "import", "c.csv", "-w", "ws", status=2)

    assert "E102 c.csv:3: valid_from: '2024-13-01' is not an RFC 3339" in ran.err
    assert json.loads(curate("status", "-w", "ws", "--json").out)["rows"]["consents"] == 0


@pytest.mark.slow
def test_bad_rows_and_files_are_recorded_and_the_rest_goes_on(
    curate: Curate, tmp_path: Path
) -> None:
    """Every row ends as an entry or a rejection; every file as readable or unreadable."""
    media = tmp_path / "media"
    for number, name in enumerate(("good.jpg", "whole.jpg", HOSTILE)):
        _picture(media / name, 40 * number)
    _picture(tmp_path / "outside.jpg")
    (media / "cut.jpg").write_bytes((media / "whole.jpg").read_bytes()[:600])
    (media / "zero.jpg").touch()
    (media / "text.jpg").write_text("no picture at all", encoding="utf-8")
    _bomb(media / "bomb.png")
    (media / "loop.jpg").symlink_to("loop.jpg")
    os.mkfifo(media / "pipe.jpg")
    names = ["good.jpg", "good.jpg", "whole.jpg", HOSTILE, "cut.jpg", "zero.jpg", "text.jpg",
             "bomb.png", "loop.jpg", "pipe.jpg", "../outside.jpg", "gone.jpg"]  # fmt: skip
    rows = [{"path": name, "label": "real", "subject": "p01"} for name in names]
    rows.append({"path": "dated.jpg", "captured_at": "yesterday"})
    manifest = media / "manifest.jsonl"
    manifest.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    curate("init", "ws")

    (listed,) = json.loads(curate("ingest", "media", "-w", "ws", "--json").out)
    curate("run", "probe", "dedup", "-w", "ws")
    audit = json.loads(curate("audit", "-w", "ws", "--format", "json", status=1).out)
    curate("report", "audit", "-w", "ws")

    assert listed["rejections"] == {"bad-date": 1, "duplicate-row": 1, "not-a-file": 1,
                                    "outside-root": 1, "symlink-loop": 1}  # fmt: skip
    assert listed["entries"] + sum(listed["rejections"].values()) == len(rows)
    assert listed["missing"] == 1
    reasons = [f["params"]["reason"] for f in audit["findings"] if f["code"] == "MED001"]
    assert sorted(reasons) == ["bomb", "empty", "not_media", "truncated"]
    assert len(audit["verdicts"]) == listed["entries"]
    page = (tmp_path / "ws" / "reports" / "audit.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "manifest.jsonl:2" in page
