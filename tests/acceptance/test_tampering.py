"""Tables edited by hand: the audit notices, and nothing that they say is cleared or released."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake
from PIL import Image
from pyarrow import parquet

import curate as library
from curate.demo import pictures
from curate.errors import InputError
from tests.acceptance.conftest import Curate, run
from tests.acceptance.story import NOTICED, write_csv, write_records

pytest.importorskip("dlib", reason="the faces stage needs the extra curate[faces]")

ENTRIES = {"a.jpg": ("p01", "real"), "b.jpg": ("p02", "real"), "c.jpg": ("p01", "fake")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a workspace: p01 agreed, p02 withdrew, c was made from b."""
    folder = tmp_path_factory.mktemp("tampering")
    (folder / "media").mkdir()
    first, second, *_ = pictures.subjects().values()
    shown = {"a.jpg": first, "b.jpg": second, "c.jpg": pictures.altered(first)}
    for name, picture in shown.items():
        (folder / "media" / name).write_bytes(pictures.jpeg(picture))
    write_csv(folder / "media" / "manifest.csv", [
        {"path": name, "label": label, "source": "london", "subject": person, "role": "bystander",
         "derived_from": "b.jpg" if label == "fake" else ""}
        for name, (person, label) in ENTRIES.items()
    ])  # fmt: skip
    write_csv(folder / "consents.csv", [
        {"subject": person, "subject_kind": "adult", "minor_at_capture": "no",
         "purposes": "train-detector", "roles": "depicted;bystander",
         "operations": "include;train_detector", "valid_from": "2020-01-01",
         "valid_until": "2100-01-01", "state": state, "state_at": "2026-01-05", **NOTICED}
        for person, state in (("p01", "given"), ("p02", "withdrawn"))
    ])  # fmt: skip
    write_records(folder)
    run(folder, "init", "ws")
    run(folder, "ingest", "media", "-w", "ws")
    run(folder, "consent", "import", "sources.toml", "notices.toml", "consents.csv", "-w", "ws")
    run(folder, "run", "probe", "signals", "faces", "identity", "-w", "ws")
    assert audit(library.open(folder / "ws")) == AS_INGESTED
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> library.Project:
    """Return a copy of it, whose audit has run."""
    shutil.copytree(finished / "ws", tmp_path / "ws")
    return library.open(tmp_path / "ws")


def audit(project: library.Project) -> tuple[dict[str, str], bool]:
    """Return what an audit says of each entry, and whether it finds a listing changed."""
    names = dict(zip(*(project.catalog.read("media")[n].to_pylist()
                       for n in ("media_id", "locator")), strict=True))  # fmt: skip
    found = project.audit()
    said = {names[row["media_id"]]: row["verdict"] for row in found.verdicts.to_pylist()}
    return said, "MED012" in found.findings["code"].to_pylist()


AS_INGESTED = ({"a.jpg": "cleared", "b.jpg": "blocked", "c.jpg": "blocked"}, False)


def _set(column: str, value: str, to: str) -> Callable[[pa.Table], pa.Table]:
    def edited(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(column)
        said = pc.if_else(pc.equal(table[column], value), to, table[column])
        return table.set_column(place, table.schema.field(place), said.cast(table[column].type))

    return edited


def _without(column: str, value: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.filter(pc.not_equal(table[column], value))


EDITS = {
    "who is in it": ("depictions", _set("subject_id", "p02", "p01")),
    "in what role": ("depictions", _set("role", "bystander", "depicted")),
    "that anybody is": ("depictions", _without("subject_id", "p02")),
    "its label": ("labels", _set("value", "fake", "real")),
    "what it was made from": ("relations", _without("relation", "derived_from")),
    "who says so": ("relations", _set("stage", "ingest:media/manifest", "dedup/4")),
    "its source": ("media", _set("source_id", "london", "elsewhere")),
    "its dataset": ("media", _set("dataset", "media", "another")),
}


def _edit(project: library.Project, edit: str) -> None:
    name, change = EDITS[edit]
    table = str(project.catalog.folder / name)
    write_deltalake(table, change(DeltaTable(table).to_pyarrow_table()), mode="overwrite")


def _edit_in_place(project: library.Project, edit: str) -> None:
    """Edit a table's file under its name, so that its version stays."""
    name, change = EDITS[edit]
    table = project.catalog.folder / name
    for file in DeltaTable(str(table)).file_uris():
        rows, size = parquet.ParquetFile(file).read(), Path(file).stat().st_size
        parquet.write_table(change(rows), file)
        _say_size(table, size, Path(file).stat().st_size)


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_edited_by_hand_is_cleared_no_more(edit: str, project: library.Project) -> None:
    """Whatever was derived of it."""
    _edit(project, edit)
    shutil.rmtree(project.catalog.folder / ".derived")

    said, noticed = audit(project)

    assert noticed
    assert "cleared" not in said.values(), said


def test_what_was_edited_in_place_is_not_released(project: library.Project) -> None:
    """The version of the table is as it was."""
    _edit_in_place(project, "who is in it")
    shutil.rmtree(project.catalog.folder / ".derived")

    with pytest.raises(InputError, match="nothing"):
        project.release("v1")


def _say_size(table: Path, before: int, after: int) -> None:
    """Have a table's log say how large an edited file is."""
    for path in (table / "_delta_log").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(f'"size":{before}', f'"size":{after}'), encoding="utf-8")


def test_derived_tables_hide_nothing(project: library.Project) -> None:
    """The audit does not ask them whether something was changed."""
    _edit_in_place(project, "who is in it")

    assert audit(project)[1]


def test_rows_edited_back_are_as_they_were(project: library.Project) -> None:
    """It is the rows that count, and not the files that hold them."""
    table = str(project.catalog.folder / "depictions")
    before = DeltaTable(table).to_pyarrow_table()
    _edit(project, "who is in it")
    write_deltalake(table, before, mode="overwrite")

    assert audit(project) == AS_INGESTED


def test_ingesting_again_reads_it_anew(project: library.Project, finished: Path) -> None:
    """An ingest of another dataset and a run do not make it right; one of this dataset does."""
    table = str(project.catalog.folder / "depictions")
    rows = DeltaTable(table).to_pyarrow_table().to_pylist()
    forged = [row | {"subject_id": "p01", "link_method": "reviewer"} if row["subject_id"] == "p02"
              else row for row in rows]  # fmt: skip
    write_deltalake(table, pa.Table.from_pylist(forged, project.catalog.read("depictions").schema),
                    mode="overwrite")  # fmt: skip
    other = project.workspace.root.parent / "other"
    other.mkdir()
    Image.new("RGB", (99, 99)).save(other / "z.png")

    project.ingest(other)
    project.run(["probe", "signals"], jobs=1)
    assert audit(project)[1]

    project.ingest(finished / "media")
    said, noticed = audit(project)
    assert not noticed
    assert (said["a.jpg"], said["b.jpg"], said["c.jpg"]) == ("cleared", "blocked", "blocked")


def test_what_curate_changes_is_no_edit(project: library.Project) -> None:
    """Reviewers' corrections, and taking them back."""
    who = {"reviewer": "r.meyer", "reason": "looked at it"}
    project.review_label("a.jpg", "fake", **who)
    assert not audit(project)[1]
    assert "reviewed" in project.catalog.read("labels")["origin"].to_pylist()
    project.review_undo("r.meyer")
    assert audit(project) == AS_INGESTED


def test_the_finding_is_named_on_the_command_line(project: library.Project, curate: Curate) -> None:
    """With the tables that differ."""
    _edit(project, "who is in it")

    out = curate("audit", "-w", project.workspace.root, status=None).out

    assert "MED012 a.jpg: rows of depictions about media are not what curate wrote" in out


def test_a_clock_set_back_judges_nothing(project: library.Project) -> None:
    """What is on record would be still to come: neither an audit nor a release goes on."""
    now = project.clock()
    project.clock = lambda: now - timedelta(days=400)

    for judge in (project.audit, lambda: project.release("v1")):
        with pytest.raises(InputError, match="the clock says 2") as refused:
            judge()
        assert "set the clock right" in refused.value.hint
        said = str(refused.value)
        assert f"{now - timedelta(days=400):%Y-%m-%d}" in said
        assert said.count("T") >= 2, "both instants"
    assert project.audit(as_of=now).as_of == now
