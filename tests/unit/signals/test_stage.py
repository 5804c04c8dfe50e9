"""The signals stage: each content once, hostile files, what stands beside, and the verdict."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import curate
from curate.signals import stage as stage_module
from curate.signals.beside import list_beside
from curate.signals.stage import read_batch, read_lost, signals_stage, stage_name
from curate.verbs.tables import facts
from tests.unit.signals.made import mining, packet, picture, signed, trust, with_xmp
from tests.unit.signals.test_content import DMI


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Return a folder of pictures: one refuses, one says nothing, and one is a copy."""
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "first.jpg").write_bytes(with_xmp(packet(DMI)))
    (folder / "copy.jpg").write_bytes((folder / "first.jpg").read_bytes())
    (folder / "silent.jpg").write_bytes(picture())
    return folder


@pytest.fixture
def project(tmp_path: Path, media: Path) -> curate.Project:
    """Return a workspace that lists them and has probed them."""
    project = curate.init(tmp_path / "ws")
    project.ingest(media)
    project.run(["probe"])
    return project


def asked(project: curate.Project, sql: str) -> list[Any]:
    """Return the rows that a query gives."""
    return project.catalog.connect().execute(sql).fetchall()


def codes(project: curate.Project) -> dict[str, set[str]]:
    """Return the codes of the rules SIG by entry."""
    found = project.audit()
    names = {
        row["media_id"]: row["locator"] for row in facts(project.context)["entries"].to_pylist()
    }
    said: dict[str, set[str]] = {name: set() for name in names.values()}
    for row in found.findings.to_pylist():
        if row["code"].startswith("SIG"):
            said[names[row["media_id"]]].add(row["code"])
    return said


def test_each_content_is_read_once_and_judged(project: curate.Project) -> None:
    assert list(codes(project).values()) == [{"SIG017"}] * 3

    (ran,) = project.run(["signals"])

    assert ran.rows["signal_scans"] == 2
    refused = {"first.jpg": {"SIG001"}, "copy.jpg": {"SIG001"}, "silent.jpg": set()}
    assert codes(project) == refused
    assert [one.done for one in project.run(["signals"])] == [0]


def test_file_that_is_renamed_is_not_read_again(project: curate.Project, media: Path) -> None:
    project.run(["signals"])
    (media / "silent.jpg").rename(media / "still.jpg")
    project.ingest(media)
    project.run(["probe"])
    before = asked(project, "SELECT count(*) FROM signal_scans")
    project.run(["signals"])
    assert asked(project, "SELECT count(*) FROM signal_scans") == before
    assert codes(project)["still.jpg"] == set()


def test_what_stands_beside_is_read_when_it_changes(project: curate.Project, media: Path) -> None:
    project.run(["signals"])
    sidecar = media / "silent.json"
    sidecar.write_text(json.dumps({"url": "https://x.org/a", "headers": {"X-Robots-Tag": "noai"}}))
    project.run(["signals"])
    assert codes(project)["silent.jpg"] == {"SIG001"}
    sidecar.write_text("{broken")
    project.run(["signals"])
    assert codes(project)["silent.jpg"] == {"SIG004"}
    sidecar.unlink()
    (media / "robots.txt").write_text("User-agent: *\nContent-Usage: /silent train-ai=n\n")
    project.run(["signals"])
    assert codes(project)["silent.jpg"] == {"SIG001"}
    (media / "robots.txt").unlink()
    project.run(["signals"])
    assert codes(project)["silent.jpg"] == set()


def test_headers_in_a_warc_are_matched_by_what_was_sent(
    project: curate.Project, media: Path
) -> None:
    sent = b"HTTP/1.1 200 OK\r\ntdm-reservation: 1\r\n\r\n" + (media / "silent.jpg").read_bytes()
    head = f"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: {len(sent)}\r\n\r\n".encode()
    (media / "crawl.warc").write_bytes(head + sent + b"\r\n\r\n")
    project.run(["signals"])
    assert codes(project) == {
        "first.jpg": {"SIG001"}, "copy.jpg": {"SIG001"}, "silent.jpg": {"SIG001"},
    }  # fmt: skip
    (media / "crawl.warc").write_bytes((head + sent)[:-20])
    project.run(["signals"])
    assert codes(project)["silent.jpg"] == {"SIG004"}


def test_link_out_of_the_root_is_not_followed(project: curate.Project, media: Path) -> None:
    outside = media.parent / "secret.json"
    outside.write_text('{"headers": {"X-Robots-Tag": "noai"}}')
    (media / "silent.json").symlink_to(outside)
    project.run(["signals"])
    assert codes(project)["silent.jpg"] == {"SIG004"}


def test_file_that_changed_since_the_probe_is_not_taken_for_what_it_was(
    project: curate.Project, media: Path
) -> None:
    (media / "silent.jpg").write_bytes(picture(seed=3))
    project.run(["signals"])
    (why,) = asked(project, "SELECT error FROM signal_scans WHERE error IS NOT NULL")
    assert "changed since it was probed" in why[0]


def test_worker_that_dies_leaves_a_scan_that_is_review(project: curate.Project) -> None:
    connection = project.catalog.connect()
    from curate.catalog.views import create_entries

    create_entries(connection)
    pending = connection.sql(signals_stage().pending).to_arrow_table()
    lost = read_lost(pending, "worker-died", stage=stage_name(""))["signal_scans"].to_pylist()
    assert {(row["c2pa_state"], row["optout_ai_training"]) for row in lost} == {
        ("error", "unreadable")
    }
    for row in lost:
        project.catalog.upsert("signal_scans", pa.Table.from_pylist([row]))
    assert codes(project)["silent.jpg"] == {"SIG017"}


def test_other_trust_reads_again(project: curate.Project) -> None:
    project.run(["signals"])
    assert stage_name("") != stage_name(trust())
    assert stage_name(trust()) in signals_stage(trust()).pending


def test_large_file_is_searched_as_it_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_module, "IN_MEMORY", 100)
    for name, data, state, says in (
        ("x.jpg", with_xmp(packet(DMI)), "none", "prohibited"),
        ("c.jpg", signed([mining("notAllowed")]), "valid", "prohibited"),
        ("n.jpg", picture(), "none", "none"),
    ):
        (tmp_path / name).write_bytes(data)
        from curate.signals.found import digest_of

        item = {"sha256": digest_of(data), "mime": "image/jpeg", "root": str(tmp_path),
                "listed_size": len(data), "listed_mtime_ns": 0}  # fmt: skip
        batch = pa.Table.from_pylist([{**item, "locator": name}])
        (scan,) = read_batch(batch, trust="", stage="signals/1")["signal_scans"].to_pylist()
        assert (scan["c2pa_state"], scan["optout_ai_training"]) == (state, says)


def test_folders_are_listed_up_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "robots.txt").write_text("")
    (tmp_path / "a" / ".well-known").mkdir()
    (tmp_path / "a" / ".well-known" / "tdmrep.json").write_text("[]")
    (tmp_path.parent / "ai.txt").write_text("")
    found = list_beside([{"root": str(tmp_path), "locator": "a/b/c.jpg"}])
    assert {folder: names for (_, folder), names in found.sites.items()} == {
        ".": [("robots.txt", "robots.txt")],
        "a": [("a/.well-known/tdmrep.json", "tdmrep.json")],
    }


def test_what_is_said_of_one_copy_holds_all(tmp_path: Path) -> None:
    """The same bytes elsewhere, and the same pixels without the statement, are the same picture."""
    from PIL import Image

    plain, jpeg = tmp_path / "media", picture()
    png = io.BytesIO()
    Image.effect_noise((48, 48), 40).save(png, "PNG")
    files = {
        "one/a.jpg": jpeg,
        "one/a.txt": b"No AI training",
        "two/a.jpg": jpeg,
        "three/a.jpg": with_xmp(packet(DMI), data=jpeg),
        "four/b.jpg": picture(),
        "five/c.png": png.getvalue(),
        "five/LICENSE": b"Look only.",
        "six/c.png": png.getvalue(),
    }
    for name, content in files.items():
        (plain / name).parent.mkdir(parents=True, exist_ok=True)
        (plain / name).write_bytes(content)
    project = curate.init(tmp_path / "ws")
    project.ingest(plain)
    project.run(["probe", "signals"])
    found = codes(project)
    assert found["four/b.jpg"] == set()
    assert found["one/a.jpg"] == found["two/a.jpg"] == found["three/a.jpg"] == {"SIG001", "SIG004"}
    assert found["five/c.png"] == found["six/c.png"] == {"SIG004"}
    assert "one/a.txt of one/a.jpg" in "\n".join(project.explain("two/a.jpg").lines())
