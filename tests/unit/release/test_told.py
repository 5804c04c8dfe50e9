"""What releases tell: what is wrong with the record, who is behind, and the way on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pytest

import curate
from curate.catalog.record import ITEMS
from curate.catalog.views import read_entries
from curate.cli.main import main
from curate.errors import VerificationError
from curate.release.feed import feed_bytes
from curate.release.select import Selection
from curate.schema import conform
from curate.verbs.release.build import _with_way_out, prepare_issue
from curate.verbs.release.order import Order
from curate.workspace import DEFAULT_USE
from tests.factories import day, whole
from tests.unit.release.test_build import picture


@pytest.fixture
def project(tmp_path: Path) -> curate.Project:
    """Return a workspace with two pictures that were probed."""
    media = tmp_path / "media"
    media.mkdir()
    for name in ("1.png", "2.png"):
        (media / name).write_bytes(picture(name))
    project = curate.init(tmp_path / "ws")
    project.clock = lambda: day(5)
    project.ingest(media)
    project.run(["probe"], jobs=1)
    return project


def _release(project: curate.Project) -> None:
    row = {k: v for k, v in whole("releases").items() if k not in {"items_sha256", "status"}}
    (media, *_) = project.catalog.read("media")["media_id"].to_pylist()
    item = whole(ITEMS) | {"release_id": "r1", "media_id": media}
    project.context.record.add_release(
        row | {"release_id": "r1", "name": "v1", "use": DEFAULT_USE, "built_at": day(4)},
        conform([item], ITEMS), recorded_at=day(5),
    )  # fmt: skip
    gave = {"delivery_id": "d1", "release_id": "r1", "recipient": "lab-a", "delivered_at": day(5)}
    project.ledger.record("deliveries", [gave], recorded_at=day(5))


def test_a_file_that_changed_unseen_is_opened_again(project: curate.Project) -> None:
    """With its size and time kept, ingest sees nothing; the next run opens it all the same."""
    entries = read_entries(project.catalog)
    one = Path(project.workspace.root.parent / "media" / "1.png")
    before = one.stat()
    changed = bytearray(one.read_bytes())
    changed[-1] ^= 1
    one.write_bytes(changed)
    os.utime(one, ns=(before.st_atime_ns, before.st_mtime_ns))
    project.ingest(one.parent)
    (nothing,) = project.run(["probe"], jobs=1)
    assert nothing.done == 0
    empty = pa.table({"media_id": pa.array([], pa.string())})
    error = VerificationError("the file changed since it was probed", where=str(one))

    told = _with_way_out(project.context, Selection(entries, {}, 0, empty), error)

    assert "`curate run` opens it again" in told.hint
    (again,) = project.run(["probe"], jobs=1)
    assert again.done == 1
    seen = {r["locator"]: r["sha256"] for r in read_entries(project.catalog).to_pylist()}
    was = {r["locator"]: r["sha256"] for r in entries.to_pylist()}
    assert [name for name in was if was[name] != seen[name]] == ["1.png"]
    other = VerificationError("something else", where="elsewhere")
    assert _with_way_out(project.context, Selection(entries, {}, 0, empty), other) is other


def test_a_list_says_what_is_wrong_with_the_record(
    project: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lost file of items is told by the list, and stops a build before anything is written."""
    _release(project)
    where = ["-w", str(project.workspace.root)]
    assert main(["release", "list", *where]) == 0
    for file in project.workspace.record.glob("*.parquet"):
        file.unlink()
    capsys.readouterr()

    assert main(["release", "list", *where]) == 4

    assert "the list of what release v1 holds cannot be read" in capsys.readouterr().err
    with pytest.raises(VerificationError, match="release v1 holds"):
        prepare_issue(project.context, "v2", Order(DEFAULT_USE))


def test_a_list_names_who_is_behind_from_a_request_on(
    project: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any recall or audit."""
    _release(project)
    where = ["--json", "-w", str(project.workspace.root)]
    assert main(["release", "list", *where]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["behind"], row["must go"]) == ([], 0)
    (media, *_) = project.catalog.read("media")["media_id"].to_pylist()
    asked = {"request_id": "q1", "kind": "objection", "media_ids": [media], "state": "received",
             "received_at": day(5)}  # fmt: skip
    project.ledger.record("requests", [asked], recorded_at=day(5))

    assert main(["release", "list", *where]) == 0

    (row,) = json.loads(capsys.readouterr().out)
    assert (row["behind"], row["must go"]) == (["lab-a"], 1)


def test_an_empty_copy_was_not_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing must go of it, because nothing was looked at."""
    feed = tmp_path / "feed.json"
    feed.write_bytes(feed_bytes([], {"use": "x"}, None))
    (tmp_path / "copy" / "below").mkdir(parents=True)

    assert main(["release", "check-copy", str(tmp_path / "copy"), "--feed", str(feed)]) == 2

    told = capsys.readouterr()
    assert "nothing was looked at" in told.err
    assert "0 must go" not in told.out


def test_a_decision_that_does_not_count_is_not_said_to(
    project: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is not on the register clears nothing from the next audit on."""
    with project.workspace.config.open("a", encoding="utf-8") as config:
        config.write("\n[clearance]\nsource = 'optional'\n")
    project.audit()
    entry = project.catalog.read("media")["media_id"][0].as_py()

    words = ["decide", entry, "cleared", "--by", "nobody1", "--reason", "looked"]
    status = main([*words, "-w", str(project.workspace.root)])

    told = capsys.readouterr()
    assert status == 0, told.err
    assert "does not count" in told.err
    assert "it counts from" not in told.out


def test_the_list_counts_what_a_recall_counts(
    project: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before a feed names it and afterwards: a file that must go is not gone by being told of."""
    _release(project)
    where = ["--json", "-w", str(project.workspace.root)]
    project.audit()  # clears nothing: there is no consent
    (item,) = project.context.record.items().to_pylist()

    def told() -> tuple[int, int]:
        capsys.readouterr()
        assert main(["release", "list", *where]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        return row["must go"], row["in no feed"]

    files = {item["sha256"], *(item["crops"] or ())}
    assert told() == (len(files), len(files))
    issue, _ = prepare_issue(project.context, "v2", Order(DEFAULT_USE))
    assert len(issue._called_back) == len(files)
    issue.feed_alone()

    assert told() == (len(files), 0)
    assert main(["release", "list", "-w", str(project.workspace.root)]) == 0
    assert "is told by its last audit" in capsys.readouterr().out


def test_what_is_no_longer_listed_is_counted_as_a_recall_counts_it(
    project: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """An audit says nothing of an entry that the catalogue does not have."""
    _release(project)
    project.audit()
    rows = project.catalog.read("verdicts")
    (media, *_) = project.catalog.read("media")["media_id"].to_pylist()
    cleared = [row | {"verdict": "cleared"} for row in rows.to_pylist() if row["media_id"] != media]
    project.catalog.replace("verdicts", conform(cleared, "verdicts"))

    capsys.readouterr()
    assert main(["release", "list", "--json", "-w", str(project.workspace.root)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["must go"] == row["in no feed"] > 0
