"""Results that are stale or not as a stage wrote them: noticed by the audit, and done again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import curate as library
from curate.catalog.tables import Catalog
from curate.schema import key_of
from curate.verbs.run import STAGES

pytest.importorskip("dlib", reason="the faces stage needs the extra curate[faces]")
pytest.importorskip("av", reason="videos need the extra curate[video]")
data = pytest.importorskip("skimage.data", reason="the pictures come with scikit-image")

# Where each stage's version stands, and the tables that its work is seen in.
VERSIONS = {
    "probe": ("curate.media.stage", ("content", "frames", "sightings")),
    "signals": ("curate.signals.stage", ("signals", "signal_scans")),
    "hashlists": ("curate.safety.stage", ("hash_checks",)),
    "faces": ("curate.faces.stage", ("faces", "face_scans")),
    "identity": ("curate.identity.stage", ("identities",)),
    "dedup": ("curate.dedup.stage", ("groups", "compared", "relations")),
    "looks": ("curate.labels.looks_stage", ("looks",)),
}


def _media(folder: Path) -> None:
    """Write views of one face, two of them near duplicates, a short film, and a refusal."""
    import av

    folder.mkdir()
    face = Image.fromarray(data.astronaut()[40:240, 120:320])
    for number in range(4):
        noise = np.random.default_rng(number // 2).integers(0, 255, (9, 9, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((320, 320), Image.Resampling.BICUBIC)
        picture.paste(face, (60, 60))
        xmp = (
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-'
            b'rdf-syntax-ns#"><rdf:Description rdf:about="" '
            b'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" plus:DataMining="http://ns.useplus.'
            b'org/ldf/vocab/DMI-PROHIBITED"/></rdf:RDF></x:xmpmeta>'
        )
        more = {"xmp": xmp} if number == 0 else {}
        picture.save(folder / f"{number}.jpg", quality=75 + 15 * (number % 2), **more)
    with av.open(str(folder / "film.mp4"), "w") as file:
        stream = file.add_stream("h264", rate=25)
        stream.width = stream.height = 320
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, 25)
        for place in range(60):
            shown = np.roll(np.asarray(picture), place % 3, axis=1)
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    rows = [
        "path,label,subject",
        *(f"{n}.jpg,real,p{n // 2}" for n in range(4)),
        "film.mp4,real,p0",
    ]
    (folder / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> library.Project:
    """Return a workspace in which every stage has run."""
    folder = tmp_path_factory.mktemp("integrity")
    _media(folder / "media")
    listed = folder / "list.txt"
    listed.write_text("md5 " + "ab" * 16 + "\n", encoding="utf-8")
    project = library.init(folder / "ws")
    project.workspace.config.write_text(
        project.workspace.config_text() + f'\n[vault]\nkey = "file:{folder / "vault.key"}"\n',
        encoding="utf-8",
    )
    project = library.open(folder / "ws")
    project.ingest(folder / "media")
    from curate.safety.formats import read_list
    from curate.safety.lists import ListInfo, stale_from
    from curate.verbs.lists import add_list

    now = project.clock()
    info = ListInfo("deny", "office", "custom", now, stale_from(now))
    add_list(project.context, info, read_list(listed))
    project.run(jobs=1)
    return project


@pytest.fixture
def project(finished: library.Project) -> Iterator[library.Project]:
    """Return it, and see that it is whole again afterwards."""
    before = _tables(finished)
    yield finished
    finished.run(jobs=1)
    after = _tables(finished)
    assert {n: t.num_rows for n, t in after.items()} == {n: t.num_rows for n, t in before.items()}
    assert _codes(finished).isdisjoint({"MED011"})


def _tables(project: library.Project) -> dict[str, pa.Table]:
    names = {name for _, tables in VERSIONS.values() for name in tables}
    return {name: project.catalog.read(name) for name in sorted(names)}


def _codes(project: library.Project) -> set[str]:
    return set(project.audit().findings["code"].to_pylist())


def test_nothing_is_pending_after_a_run(finished: library.Project) -> None:
    """And nothing is found to be changed."""
    assert [(one.stage, one.done) for one in finished.run(jobs=1)] == [(s, 0) for s in STAGES]
    assert "MED011" not in _codes(finished)


@pytest.mark.parametrize("stage", VERSIONS)
def test_a_raised_version_is_done_again(
    stage: str, project: library.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stage does all of its work, once, and what it wrote is marked with the new version."""
    module, tables = VERSIONS[stage]
    with monkeypatch.context() as raised:
        raised.setattr(f"{module}.VERSION", "99")
        named = "labels" if stage == "looks" else stage
        assert _runs(project, stage) == 0
        project.run([named], jobs=1)
        assert _runs(project, stage) == 1
        project.run([named], jobs=1)
        assert _runs(project, stage) == 1
        rows = project.catalog.read(tables[-1])
        marks = [n for n in ("stage", "version", "probe_version") if n in rows.column_names]
        if marks and stage != "dedup":
            assert {value.split("/")[1] for value in rows[marks[0]].to_pylist()} == {"99"}
        assert "MED011" not in _codes(project)


def _runs(project: library.Project, stage: str) -> int:
    """Return how often a stage ran with its version raised."""
    found = project.catalog.connect("runs").execute(
        "SELECT count(*) FROM runs WHERE verb = ? AND versions LIKE '%99%'", [f"run {stage}"]
    )
    return int(found.fetchall()[0][0])


@pytest.mark.parametrize(
    "table",
    ["content", "frames", "sightings", "signals", "signal_scans", "faces", "face_scans",
     "identities", "groups", "compared", "relations", "hash_checks"],
)  # fmt: skip
def test_a_row_that_was_taken_out_is_noticed(table: str, project: library.Project) -> None:
    """Entries that it was about are not cleared: the audit says why, and a run puts it right."""
    was = _cleared_or_findings(project)
    catalog: Catalog = project.catalog
    rows = catalog.read(table)
    assert rows.num_rows, f"the workspace has no row in {table}"

    catalog.replace(table, rows.slice(1))

    now = _cleared_or_findings(project)
    assert now != was, (
        f"nobody noticed the row {rows.slice(0, 1).select(key_of(table)).to_pylist()}"
    )


def _cleared_or_findings(project: library.Project) -> dict[str, Any]:
    """Return the findings by entry that say that something is missing."""
    rows = project.audit().findings.to_pylist()
    names = ("MED003", "MED011", "DEP003", "HSH004", "SIG017")
    found = {(row["media_id"], row["code"]) for row in rows if row["code"] in names}
    return {"found": sorted(found)}


def test_a_changed_value_is_noticed(project: library.Project) -> None:
    """A link of a face edited in the table clears nobody."""
    rows = project.catalog.read("faces")
    edited = [{**row, "judgeable": not row["judgeable"]} for row in rows.to_pylist()[:1]]
    project.catalog.upsert("faces", pa.Table.from_pylist(edited, rows.schema))

    assert "MED011" in _codes(project)
