"""What is on record after imports, in any order and however often, and what they cannot undo."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import curate
from curate.api import Project
from curate.consent.coverage import OBLIGATIONS, ConsentTables, coverage
from curate.errors import InputError, InvalidRowError, UnknownNameError
from curate.model.instants import print_instant
from curate.schema import purpose_tree
from curate.verbs.consent import annul
from curate.verbs.reviewers import add_reviewer
from curate.verbs.statements import STATEMENTS, import_files
from tests.factories import USE

NOW = datetime(2026, 11, 1, tzinfo=UTC)
GRANT = {
    "purposes": "train-detector",
    "operations": "include;train_detector",
    "roles": "depicted",
    "valid_until": "2100-01-01",
    "legal_basis": "A6-1-a",
}
DATES = ("2025-01-01", "2025-06-01", "2026-01-01")


def write(path: Path, *rows: dict[str, str]) -> Path:
    """Write a table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(k for row in rows for k in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def said(project: Project) -> dict[str, list[dict[str, Any]]]:
    """Return what is on record."""
    return {name: project.ledger.read(name).to_pylist() for name in STATEMENTS}


def reasons(project: Project, person: str, as_of: datetime = NOW) -> list[str]:
    """Return why a person's records do not cover the use at an instant."""
    tables = ConsentTables(
        *(project.ledger.read(name) for name in ("consents", "consent_events", "notices"))
    )
    asked = [{"subject_id": person, "role": "depicted", "manipulation_type": "none"}]
    found = coverage(
        pa.Table.from_pylist(asked, schema=OBLIGATIONS),
        tables,
        use=USE,
        purposes=purpose_tree(),
        as_of=as_of,
    )
    (row,) = found.to_pylist()
    return list(row["reasons"])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a workspace with two people on the register."""
    made = curate.init(tmp_path / "ws")
    for who in ("ana", "ben"):
        add_reviewer(made.context, who, name=f"{who} of the office")
    return made


def _rows(random: Random) -> list[list[dict[str, str]]]:
    """Return the rows of several files: each record has an id of its own."""
    files: list[list[dict[str, str]]] = []
    for number in range(random.randint(2, 4)):
        rows = []
        for place in range(random.randint(1, 3)):
            row = GRANT | {
                "subject": random.choice(("p01", "zo\u00e9", "zoe\u0301", " p01")),
                "consent": f"c{number}-{place}",
                random.choice(("given_at", "valid_from")): random.choice(DATES),
            }
            if random.random() < 0.5:
                states = ("withdrawn", "refused", "revoked", "invalidated", "renewed")
                row |= {"state": random.choice(states), "state_at": "2026-02-01"}
            if random.random() < 0.2:
                row["purposes_excluded"] = "train-detector"
            rows.append(row)
        files.append(rows)
    return files


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_and_repetition_of_imports_do_not_show(seed: int) -> None:
    """Any order, and any file twice, leave the same record."""
    random = Random(seed)
    files = _rows(random)
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = [write(folder / f"{place}.csv", *rows) for place, rows in enumerate(files)]
        once, again = curate.init(folder / "a"), curate.init(folder / "b")
        import_files(once.context, paths)
        shuffled = [*paths, *random.choices(paths, k=2)]
        random.shuffle(shuffled)
        for path in shuffled:
            import_files(again.context, [path])

        assert said(again) == said(once)
        assert reasons(again, "p01") == reasons(once, "p01")


def test_a_sheet_that_is_imported_again_after_a_withdrawal_changes_nothing(
    project: Project, tmp_path: Path
) -> None:
    """Nor does one whose dates lie in the future, without an instant of giving."""
    sheet = write(tmp_path / "c.csv", GRANT | {"subject": "p01", "valid_from": "2025-01-01"})
    import_files(project.context, [sheet])
    assert reasons(project, "p01") == []
    project.withdraw("p01", effective_at=datetime(2026, 3, 1, tzinfo=UTC))

    import_files(project.context, [sheet])
    later = GRANT | {"subject": "p01", "consent": "later", "valid_from": "2026-06-01"}
    import_files(project.context, [write(tmp_path / "d.csv", later)])

    assert "withdrawn" in reasons(project, "p01")


def test_who_agrees_again_with_an_instant_is_heard(project: Project, tmp_path: Path) -> None:
    """In a record of its own."""
    sheet = write(tmp_path / "c.csv", GRANT | {"subject": "p01", "valid_from": "2025-01-01"})
    import_files(project.context, [sheet])
    project.withdraw("p01", effective_at=datetime(2026, 3, 1, tzinfo=UTC))
    before = GRANT | {"subject": "p01", "consent": "before", "given_at": "2026-06-01"}
    moment = print_instant(datetime.now(UTC))
    again = GRANT | {"subject": "p01", "consent": "again", "given_at": moment}
    import_files(project.context, [write(tmp_path / "b.csv", before)])
    assert reasons(project, "p01") == ["withdrawn"], "it was given before the withdrawal was made"

    import_files(project.context, [write(tmp_path / "d.csv", again)])

    assert reasons(project, "p01", datetime.now(UTC)) == []


def test_a_withdrawal_from_a_purpose_is_not_escaped_by_later_records(
    project: Project, tmp_path: Path
) -> None:
    """It is an event with its instant; other purposes are as they were."""
    both = GRANT | {"purposes": "train-detector;CommercialPurpose"}
    sheet = write(tmp_path / "c.csv", both | {"subject": "p01", "valid_from": "2025-01-01"})
    import_files(project.context, [sheet])
    project.withdraw("p01", purpose="deepfake-detection",
                     effective_at=datetime(2026, 3, 1, tzinfo=UTC))  # fmt: skip
    later = both | {"subject": "p01", "consent": "later", "valid_from": "2026-06-01"}
    import_files(project.context, [write(tmp_path / "d.csv", later)])

    assert "withdrawn" in reasons(project, "p01")
    events = project.ledger.read("consent_events").to_pylist()
    assert [e["purposes"] for e in events if e["state"] == "ConsentWithdrawn"] == [
        ["deepfake-detection"]
    ]


def test_an_import_that_permits_more_needs_a_reason(project: Project, tmp_path: Path) -> None:
    """Which is kept; nothing is recorded without it."""
    row = GRANT | {"subject": "p01", "given_at": "2025-01-01", "subject_kind": "minor"}
    import_files(project.context, [write(tmp_path / "c.csv", row)])
    before = said(project)
    wider = write(tmp_path / "d.csv", row | {"subject_kind": "adult"})

    with pytest.raises(InvalidRowError, match="subject_kind: minor becomes adult") as caught:
        import_files(project.context, [wider])
    assert "--supersede" in caught.value.hint
    assert said(project) == before

    import_files(project.context, [wider], supersede="typed wrongly")
    (kept,) = project.ledger.read("supersessions").to_pylist()
    assert (kept["subject_id"], kept["reason"]) == ("p01", "typed wrongly")
    assert kept["changes"] == ["subject_kind: minor becomes adult"]


def test_no_reason_undoes_a_withdrawal(project: Project, tmp_path: Path) -> None:
    """Two people annul it, or the person agrees again."""
    row = GRANT | {"subject": "p01", "consent": "c", "valid_from": "2025-01-01"}
    gone = row | {"state": "withdrawn", "state_at": "2026-01-01"}
    import_files(project.context, [write(tmp_path / "c.csv", gone)])

    import_files(project.context, [write(tmp_path / "d.csv", row)], supersede="an older sheet")

    assert "withdrawn" in reasons(project, "p01")


def test_a_mistaken_withdrawal_is_annulled_by_two(project: Project, tmp_path: Path) -> None:
    """The record says that the desk erred, and the sheet that says so again changes nothing."""
    row = GRANT | {"subject": "p01", "consent": "c", "valid_from": "2025-01-01"}
    sheet = write(tmp_path / "c.csv", row | {"state": "withdrawn", "state_at": "2026-01-01"})
    import_files(project.context, [sheet])
    name = "c/withdrawn/2026-01-01T00:00:00Z"
    for by, reason, error in (
        (["ana"], "a slip", InputError),
        (["ana", " Ana"], "a slip", InputError),
        (["ana", "eva"], "a slip", UnknownNameError),
        (["ana", "ben"], " ", InputError),
        (["ana", "ben"], "it was not p01", InputError),
    ):
        with pytest.raises(error):
            annul(project.context, name, by=by, reason=reason)
    assert "withdrawn" in reasons(project, "p01")

    annul(project.context, name, by=["ana", "ben"], reason="typed in the wrong line")
    recorded = import_files(project.context, [sheet])

    assert reasons(project, "p01") == []
    assert "stays so" in recorded[str(sheet)].notes[0]
    (event,) = [e for e in said(project)["consent_events"] if e["event_id"] == name]
    assert (event["state"], event["annulled_by"]) == ("ConsentWithdrawn", ["ana", "ben"])


def test_a_withdrawal_that_reaches_nobody_is_an_error(project: Project, tmp_path: Path) -> None:
    """And no new stranger; who is listed as a person is one."""
    import_files(project.context, [
        write(tmp_path / "c.csv", GRANT | {"subject": "p11", "valid_from": "2025-01-01"})
    ])  # fmt: skip
    gone = GRANT | {"subject": "p111", "state": "withdrawn", "state_at": "2026-01-01"}
    sheet = write(tmp_path / "d.csv", gone)

    with pytest.raises(InvalidRowError, match="nothing on record") as caught:
        import_files(project.context, [sheet])
    assert "'p11'" in caught.value.hint

    people = write(tmp_path / "s.csv", {"subject": "p111", "subject_kind": "adult"})
    assert import_files(project.context, [people, sheet])[str(sheet)].entries


def test_partial_tells_what_it_leaves_out(project: Project, tmp_path: Path) -> None:
    """A row whose name is known in another spelling is asked about, and the others are taken."""
    rows = [GRANT | {"subject": who, "valid_from": "2025-01-01"} for who in ("p11", "zo\u00e9")]
    import_files(project.context, [write(tmp_path / "c.csv", *rows)])
    gone = {"state": "withdrawn", "state_at": "2026-01-01"}
    sheet = write(tmp_path / "d.csv", *(
        GRANT | gone | {"subject": who} for who in ("zoe\u0301", "P11")
    ))  # fmt: skip

    with pytest.raises(InvalidRowError, match="'P11' differs from 'p11' only in capitals"):
        import_files(project.context, [sheet])
    recorded = import_files(project.context, [sheet], partial=True)[str(sheet)]

    assert [error.where for error in recorded.left_out] == ["d.csv:3"]
    assert "withdrawn" in reasons(project, "zo\u00e9")
    assert reasons(project, "p11") == []
