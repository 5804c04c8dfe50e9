"""What a person says is heard: withdrawals, erasures and files, whatever the catalogue knows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import curate
from curate.catalog.record import ITEMS
from curate.cli.main import main
from curate.errors import InputError, UnknownNameError, VerificationError
from curate.model.ids import erasure_request_id
from curate.schema import conform
from curate.verbs.consent import records_of, withdraw
from curate.verbs.erase import erase
from curate.verbs.gaps import blind_spots, gaps
from curate.verbs.statements import import_files
from tests.factories import day, whole

COLUMNS = "subject,subject_kind,minor_at_capture,purposes,roles,operations,valid_from,valid_until"
AGREED = "adult,no,train-detector,depicted,include;train_detector,2020-01-01,2100-01-01"


@pytest.fixture
def project(tmp_path: Path) -> curate.Project:
    """Return a workspace: p01 and p02 in a manifest and on record, p03 in the manifest alone."""
    media = tmp_path / "media"
    media.mkdir()
    lines = ["path,label,subject,role"]
    for name in ("p01", "p02", "p03"):
        (media / f"{name}.jpg").write_bytes(name.encode())
        lines.append(f"{name}.jpg,real,{name},depicted")
    (media / "manifest.csv").write_text("\n".join(lines), "utf-8")
    project = curate.init(tmp_path / "ws")
    project.clock = lambda: day(5)
    project.ingest(media)
    _import(project, "p01", "p02")
    return project


def _write(project: curate.Project, *lines: str, columns: str = COLUMNS, name: str = "c") -> Path:
    path = project.workspace.root.parent / f"{name}.csv"
    path.write_text("\n".join([columns, *lines]), "utf-8")
    return path


def _import(project: curate.Project, *subjects: str) -> None:
    project.import_statements(_write(project, *(f"{who},{AGREED}" for who in subjects)))


def _went_out(project: curate.Project) -> None:
    """Record that the pictures of everybody went out."""
    row = {k: v for k, v in whole("releases").items() if k not in {"items_sha256", "status"}}
    items = [
        whole(ITEMS) | {"release_id": "r1", "media_id": media, "path": f"{at}.jpg"}
        for at, media in enumerate(project.catalog.read("media")["media_id"].to_pylist())
    ]
    project.context.record.add_release(
        row | {"release_id": "r1", "use": "detector-training", "built_at": day(4)},
        conform(items, ITEMS), recorded_at=day(5),
    )  # fmt: skip


def _run(project: curate.Project, *words: str) -> int:
    return main([*words, "-w", str(project.workspace.root)])


def _lose(project: curate.Project) -> None:
    shutil.rmtree(project.workspace.catalog)


def test_a_withdrawal_says_what_cannot_be_told(
    project: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where releases are out that the catalogue does not know, nothing is said to hold nobody."""
    _went_out(project)
    _lose(project)

    assert _run(project, "consent", "withdraw", "p02", "--yes") == 4

    told = capsys.readouterr()
    assert "3 released entries are unknown to the catalogue" in told.err
    assert "which of them hold 'p02' cannot be told" in told.err
    assert "no release holds" not in told.out
    states = {r["state"] for r in records_of(project.context, "p02")["consent_events"]}
    assert "ConsentWithdrawn" in states
    assert _run(project, "release", "recall", "p02") == 4
    assert "cannot be told" in capsys.readouterr().err


def test_who_only_the_lost_catalogue_named_is_heard(project: curate.Project) -> None:
    """A request is kept of whoever says so; a name that nothing ever named is refused otherwise."""
    with pytest.raises(UnknownNameError, match="nobody"):
        withdraw(project.context, "nobody")
    _lose(project)
    assert blind_spots(project.context)

    withdraw(project.context, "p03")

    (row,) = project.ledger.read("requests").to_pylist()
    assert (row["subject_id"], row["kind"]) == ("p03", "withdrawal")


@pytest.mark.parametrize(("file", "text"), [("curate.toml", "[[["), ("format.json", "{")])
def test_a_broken_file_of_settings_keeps_no_withdrawal_off_the_record(
    project: curate.Project, file: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which entries and releases hold the person is in neither of them."""
    (project.workspace.root / file).write_text(text, "utf-8")

    assert _run(project, "consent", "withdraw", "p02", "--yes") == 0

    told = capsys.readouterr()
    assert "p02 is in 1 entry of the catalogue" in told.out
    assert "recorded: 1 consent event" in told.out


def test_a_pseudonym_is_heard_but_for_what_shows_nothing(
    project: curate.Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blanks go, capitals are asked about, and a name that nothing is like gets no table first."""
    assert _run(project, "consent", "withdraw", " p02\u200b", "--yes") == 0
    capsys.readouterr()
    for word, hint in (("P01", "did you mean 'p01'?"), ("nobody", "Pseudonyms are spelled")):
        assert _run(project, "consent", "withdraw", word, "--yes") == 2
        told = capsys.readouterr()
        assert hint in told.err
        assert not told.out


def test_nobody_is_erased_while_files_of_theirs_are_unknown(project: curate.Project) -> None:
    """Their consents stay too, unless whoever erases says that what is known is enough."""
    _lose(project)
    withdraw(project.context, "p02")

    with pytest.raises(VerificationError, match="nothing was erased"):
        erase(project.context, "p02")
    assert records_of(project.context, "p02")["consents"]

    _, done = erase(project.context, "p02", known_only=True)
    assert done["not_destroyed"]["unknown"] == [
        "the catalogue has no entry of the dataset media, which was ingested"
    ]
    assert done["destroyed"]["refused_contents"] == 0


def test_who_is_in_no_entry_is_erased(project: curate.Project) -> None:
    """And their own request is closed by it."""
    project.run(["probe"], jobs=1)
    _import(project, "p09")
    asked = project.context
    row = {"request_id": "q1", "kind": "erasure", "subject_id": "p09", "received_at": day(5),
           "state": "received"}  # fmt: skip
    asked.ledger.record("requests", [row], recorded_at=day(5))

    _, done = erase(asked, "p09")

    assert done["destroyed"]["ledger"]["kinds"] == ["consent_events", "consents", "subjects"]
    assert done["closed_requests"] == ["q1"]
    states = {r["request_id"]: r["state"] for r in asked.ledger.read("requests").to_pylist()}
    assert states == {"q1": "fulfilled", erasure_request_id("p09"): "fulfilled"}


def test_an_erasure_that_was_killed_is_told_and_refuses(project: curate.Project) -> None:
    """The old spreadsheet does not bring back whom it was about to erase."""
    row = {"request_id": erasure_request_id("p02"), "kind": "erasure", "subject_id": "p02",
           "received_at": day(5), "state": "in_progress"}  # fmt: skip
    project.ledger.record("requests", [row], recorded_at=day(5))

    with pytest.raises(InputError, match="is not finished"):
        _import(project, "p02")
    assert any("`curate consent erase p02`" in sentence for sentence in gaps(project.context))


@pytest.mark.parametrize("who", ["p02", "P02", "p02\u200b", "p 02", "\uff5002"])
def test_the_erased_do_not_come_back_in_another_spelling(project: curate.Project, who: str) -> None:
    """However their pseudonym is written; the message says the instant, and not only the day."""
    project.run(["probe"], jobs=1)
    withdraw(project.context, "p02")
    erase(project.context, "p02")

    with pytest.raises(InputError, match="p02 was erased at 2026-05-01T00:00:00Z"):
        _import(project, who)
    later = _write(project, f"{who},{AGREED},2027-01-01", columns=f"{COLUMNS},given_at")
    with pytest.raises(InputError, match="given_at: '2027-01-01' is still to come"):
        project.import_statements(later)
    # A consent that begins later was not given later.
    begins = _write(project, f"{who},{AGREED}".replace("2020-01-01", "2027-01-01"))
    with pytest.raises(InputError, match="was erased"):
        project.import_statements(begins)


@pytest.mark.parametrize("column", ["given_at", "state_at"])
def test_nothing_happened_after_now(project: curate.Project, column: str) -> None:
    """Row and column are named."""
    state = "given" if column == "given_at" else "withdrawn"
    path = _write(project, f"p04,{AGREED},{state},2027-01-01", columns=f"{COLUMNS},state,{column}")
    with pytest.raises(InputError, match=f"{column}: .* is still to come") as refused:
        project.import_statements(path)
    assert refused.value.where == "c.csv:2"


def test_one_person_has_one_spelling(project: curate.Project) -> None:
    """Against what is known, and within a file."""
    with pytest.raises(InputError, match="'P01' differs from 'p01'"):
        _import(project, "P01")
    with pytest.raises(InputError, match="differs from"):
        _import(project, "p07", "P07")
    _import(project, "p-1-12", "p-11-2", "p01")


def test_two_spellings_in_manifests_are_told(project: curate.Project, tmp_path: Path) -> None:
    """An ingest takes what a manifest says; status and audit say what it may hide."""
    assert not gaps(project.context)
    (tmp_path / "media" / "manifest.csv").write_text(
        "path,label,subject,role\np01.jpg,real,P01,depicted", "utf-8"
    )
    project.ingest(tmp_path / "media")

    (sentence,) = gaps(project.context)

    assert "'P01' and 'p01' differ only in" in sentence


def test_of_several_files_all_are_recorded_or_none(project: curate.Project) -> None:
    """Each is judged, and whoever reads the error is told that nothing was taken."""
    good = _write(project, f"p05,{AGREED}", name="good")
    bad, worse = (_write(project, f"p06,{AGREED}x", name=name) for name in ("bad", "worse"))

    with pytest.raises(InputError) as refused:
        import_files(project.context, [good, bad, worse])

    assert "bad.csv:2" in str(refused.value)
    assert "worse.csv:2" in str(refused.value)
    assert "of any of the 3 files" in refused.value.hint
    assert "p05" not in project.ledger.read("subjects")["subject_id"].to_pylist()


def test_terms_that_restrict_nothing_are_an_answer_in_json(project: curate.Project) -> None:
    """As they are in TOML."""
    path = project.workspace.root.parent / "s.json"
    source = {"source_id": "s", "name": "S", "consent_claim": "none"}
    for flags, expected in (({}, None), ({"terms_flags": []}, [])):
        path.write_text(json.dumps([source | flags]), "utf-8")
        assert project.import_statements(path).entries == {"sources": 1}
        (row,) = project.ledger.read("sources").to_pylist()
        assert row["terms_flags"] == expected
