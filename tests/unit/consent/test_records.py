"""Consent files: whole or not at all, with every mistake at its place, and nothing assumed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curate.catalog.ledger import Ledger
from curate.consent.read import read_statements
from curate.consent.statements import STATES, Statements
from curate.errors import InvalidFileError, InvalidRowError, ManyErrors, PathNotFoundError
from curate.schema import purpose_tree
from tests.factories import day

LEAST = {
    "subject": "p01",
    "purposes": "train-detector",
    "operations": "include;train_detector",
    "roles": "depicted",
    "valid_from": "2025-01-01",
}
WHOLE = LEAST | {
    "consent": "c-1",
    "purposes": "train-detector; evaluate-detector",
    "purposes_excluded": "train-generator",
    "roles": "depicted;target",
    "manipulations": "face_swap",
    "audience": "gated",
    "commercial": "no",
    "territories": "DE;AT",
    "valid_until": "2030-01-01",
    "state": "withdrawn",
    "state_at": "2026-02-01T12:00:00+01:00",
    "given_at": "2025-01-02",
    "notice": "n-1",
    "legal_basis": "A9-2-a",
    "consent_type": "explicit",
    "withdrawal_method": "write",
    "document_sha256": "a" * 64,
    "subject_kind": "adult",
    "minor_at_capture": "no",
    "note": "kept",
}


def read(path: Path) -> Statements:
    """Return the statements in a file."""
    return read_statements(path, purposes=purpose_tree(), keep=("note",))


def csv(folder: Path, *rows: dict[str, str], name: str = "consents.csv") -> Path:
    """Return a CSV with `rows`."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(row.get(column, "") for column in columns) for row in rows]
    path = folder / name
    path.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
    return path


def said(folder: Path, *rows: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the records of a CSV with `rows`."""
    return read(csv(folder, *rows)).records


def test_every_column(tmp_path: Path) -> None:
    """A row with all documented columns, and one of its own that is kept."""
    found = said(tmp_path, WHOLE)

    (consent,) = found["consents"]
    stated = {k: v for k, v in consent.items() if v is not None}
    assert stated == {
        "consent_id": "c-1",
        "subject_id": "p01",
        "notice_id": "n-1",
        "legal_basis": "A9-2-a",
        "consent_type": "explicit",
        "purposes": ["train-detector", "evaluate-detector"],
        "purposes_excluded": ["train-generator"],
        "operations": ["include", "train_detector"],
        "roles_permitted": ["depicted", "target"],
        "manipulations_permitted": ["face_swap"],
        "audience_max": "gated",
        "commercial_use": "no",
        "territories": ["DE", "AT"],
        "valid_from": day(1, year=2025),
        "valid_until": day(1, year=2030),
        "withdrawal_method": "write",
        "document_sha256": "a" * 64,
        "assurance_level": 3,
        "scope_kind": "all_media",
        "extra": '{"note": "kept"}',
    }
    assert [(e["state"], e["effective_at"]) for e in found["consent_events"]] == [
        ("ConsentGiven", day(1, 2, year=2025)),
        ("ConsentWithdrawn", datetime(2026, 2, 1, 11, tzinfo=UTC)),
    ]
    (person,) = found["subjects"]
    assert (person["subject_kind"], person["is_minor_at_capture"]) == ("adult", "no")


def test_what_is_left_out_is_not_granted(tmp_path: Path) -> None:
    """The least row gives the least consent."""
    statements = read(csv(tmp_path, LEAST))

    (consent,) = statements.records["consents"]
    assert consent["audience_max"] == "internal"
    assert consent["commercial_use"] == "unstated"
    assert consent["assurance_level"] == 1
    for column in ("manipulations_permitted", "territories", "purposes_excluded", "valid_until"):
        assert not consent[column]
    assert "subjects" not in statements.records
    assert statements.mentioned == {"p01"}


@pytest.mark.parametrize("word", STATES)
def test_states(tmp_path: Path, word: str) -> None:
    """Each word of the column is a state; who refused or was asked had not agreed before."""
    found = said(tmp_path, LEAST | {"state": word, "state_at": "2026-01-01"})

    states = [event["state"] for event in found["consent_events"]]
    before = [] if word in ("given", "refused", "requested", "unknown") else ["ConsentGiven"]
    assert states == [*before, STATES[word]]


def test_grant_after_a_withdrawal_in_one_row_is_not_believed(tmp_path: Path) -> None:
    """Two dates that contradict: the restricting one stays."""
    row = LEAST | {"state": "withdrawn", "state_at": "2024-01-01"}

    assert [e["state"] for e in said(tmp_path, row)["consent_events"]] == ["ConsentWithdrawn"]


def test_forms_agree(tmp_path: Path) -> None:
    """CSV, TSV, JSON and JSON Lines say the same; JSON may have lists."""
    listed: dict[str, Any] = {
        k: v.split(";") if k in ("operations", "purposes", "roles") else v for k, v in LEAST.items()
    }
    (tmp_path / "c.json").write_text(json.dumps([listed]))
    (tmp_path / "c.jsonl").write_text(json.dumps(LEAST))
    (tmp_path / "c.tsv").write_text("\t".join(LEAST) + "\n" + "\t".join(LEAST.values()) + "\n")

    expected = said(tmp_path, LEAST)

    for name in ("c.json", "c.jsonl", "c.tsv"):
        assert read(tmp_path / name).records == expected


def test_several_consents_of_one_person(tmp_path: Path) -> None:
    """Without ids of their own they are numbered."""
    found = said(tmp_path, LEAST, LEAST | {"subject": "p02"}, LEAST)

    assert [row["consent_id"] for row in found["consents"]] == ["p01/1", "p02/1", "p01/2"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"purposes": "fly"}, "purposes: 'fly' is not a known purpose"),
        ({"purposes_excluded": "fly"}, "purposes_excluded: 'fly' is not a known purpose"),
        ({"operations": "fly"}, r"operations\[0\]: 'fly' is not one of"),
        ({"roles": "depicted;hero"}, r"roles\[1\]: 'hero' is not one of"),
        ({"manipulations": "swap"}, "'swap' is not one of"),
        ({"audience": "world"}, "audience: 'world' is not one of"),
        ({"commercial": "maybe"}, "commercial: 'maybe' is not one of"),
        ({"state": "gone"}, "state: 'gone' is not one of"),
        ({"valid_from": "2024-13-01"}, "valid_from: '2024-13-01' is not an RFC 3339"),
        ({"valid_until": "never"}, "valid_until: 'never' is not an RFC 3339"),
        ({"given_at": "01.02.2025"}, "given_at: '01.02.2025' is not an RFC 3339"),
        ({"valid_until": "2024-01-01"}, "valid_until: '2024-01-01' is not after valid_from"),
        ({"valid_until": "2025-01-01"}, "valid_until: '2025-01-01' is not after valid_from"),
        ({"state": "withdrawn"}, "state 'withdrawn' needs state_at"),
        ({"valid_from": ""}, "state 'given' needs given_at, or else valid_from"),
        ({"subject": ""}, "'subject' is a required property"),
        ({"subject": "anna@example.org"}, "is an address; expected a pseudonym"),
        ({"subject": "Anna <anna@example.org>"}, "is an address; expected a pseudonym"),
        ({"document_sha256": "abc"}, "document_sha256: 'abc' does not match"),
        ({"subject_kind": "person"}, "subject_kind: 'person' is not one of"),
    ],
)
def test_row_that_is_wrong_is_told_with_its_place(
    tmp_path: Path, values: dict[str, str], problem: str
) -> None:
    """Each mistake by itself, and nothing of the file is returned."""
    path = csv(tmp_path, LEAST | {"valid_until": "2031-01-01"}, LEAST | values)

    with pytest.raises((InvalidRowError, ManyErrors), match=problem) as caught:
        read(path)
    assert "consents.csv:3" in str(caught.value)
    assert "consents.csv:2" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Whoever corrects a sheet sees all of it, in order."""
    rows = [LEAST | {"audience": "x", "commercial": "x"}, LEAST, LEAST | {"valid_from": "x"}]

    with pytest.raises(ManyErrors) as caught:
        read(csv(tmp_path, *rows))

    assert [error.where for error in caught.value.errors] == [
        "consents.csv:2", "consents.csv:2", "consents.csv:4",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [["p01"], {"a": 1}])
def test_json_value_of_another_kind(tmp_path: Path, value: Any) -> None:
    """A list is no pseudonym, and is not printed into one."""
    (tmp_path / "c.json").write_text(json.dumps([LEAST | {"subject": value}]))

    with pytest.raises((InvalidRowError, ManyErrors), match=r"subject: .* is not of type 'string'"):
        read(tmp_path / "c.json")


def test_number_as_a_pseudonym(tmp_path: Path) -> None:
    """A spreadsheet that numbers people exports numbers."""
    (tmp_path / "c.json").write_text(json.dumps([LEAST | {"subject": 7}]))

    assert read(tmp_path / "c.json").records["consents"][0]["subject_id"] == "7"


def test_doubled_consent_ids_are_told_at_their_places(tmp_path: Path) -> None:
    """Whatever other rows are wrong, and also with an id that was given by number."""
    rows = [
        LEAST | {"consent": "x", "valid_from": "nope"},
        LEAST | {"consent": "p01/1"},
        LEAST | {"consent": "c"},
        LEAST | {"subject": "p02", "consent": "c"},
    ]

    with pytest.raises(ManyErrors) as caught:
        read(csv(tmp_path, *rows, {k: v for k, v in LEAST.items() if k != "consent"}))

    said_at = [(error.where, error.problem) for error in caught.value.errors[1:]]
    assert said_at == [("consents.csv:5", "consent: 'c' stands at consents.csv:4 already")]


def test_rows_that_contradict_about_a_person(tmp_path: Path) -> None:
    """A minor in one row is no adult in another: neither wins by its place in the file."""
    rows = [LEAST | {"subject_kind": kind, "consent": kind} for kind in ("minor", "adult")]

    with pytest.raises(
        InvalidRowError, match=r"subject_kind: 'adult', and 'minor' at consents\.csv:2"
    ):
        read(csv(tmp_path, *rows))


def test_rows_that_complete_one_another_about_a_person(tmp_path: Path) -> None:
    """What one row leaves out is not said to be unknown by it."""
    rows = [
        LEAST | {"subject_kind": "adult"},
        LEAST | {"minor_at_capture": "no"},
        LEAST | {"subject_kind": "adult"},
    ]

    (person,) = said(tmp_path, *rows)["subjects"]

    assert (person["subject_kind"], person["is_minor_at_capture"]) == ("adult", "no")


def test_subjects_alone(tmp_path: Path) -> None:
    """A file that says nothing of consents."""
    path = csv(tmp_path, {"subject": "p01", "subject_kind": "minor"}, {"subject": "p02"})

    found = read(path).records

    assert list(found) == ["subjects"]
    assert [(r["subject_id"], r["subject_kind"]) for r in found["subjects"]] == [
        ("p01", "minor"),
        ("p02", "unknown"),
    ]


def test_sources_of_toml(tmp_path: Path) -> None:
    """What is left out of a source is unknown; dates may be TOML's own."""
    path = tmp_path / "sources.toml"
    path.write_text(
        '[[sources]]\nsource_id = "a"\nacquired_at = 2026-01-01\nterms_flags = ["no_training"]\n'
        '[[sources]]\nsource = "b"\nkind = "own_capture"\nconsent_claim = "individual_records"\n'
    )

    one, two = read(path).records["sources"]

    assert (one["source_id"], one["kind"], one["consent_claim"], one["status"]) == (
        "a", "unknown", "none", "active",
    )  # fmt: skip
    assert one["acquired_at"] == day(1)
    assert (two["source_id"], two["consent_claim"]) == ("b", "individual_records")


def test_sources_of_csv(tmp_path: Path) -> None:
    """Lists in cells, as everywhere."""
    row = {"source_id": "a", "consent_claim": "none", "terms_flags": "no_training;gated"}

    (found,) = said(tmp_path, row)["sources"]

    assert found["terms_flags"] == ["no_training", "gated"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sources = ", "not TOML"),
        ("a = 1", "'a' at the top of the file"),
        ("sources = 1", "expected a list of"),
        ('[[sources]]\nsource_id = "x"\n[[withdrawals]]', "'withdrawals' at the top"),
        ("sources = [1]", "expected an object, found int"),
        ('[[sources]]\nname = "x"', "'source_id' is a required property"),
        ('[[sources]]\nsource_id = "x"\nkind = "y"', "kind: 'y' is not one of"),
        (
            '[[sources]]\nsource_id = "x"\nunknown = "y"',
            "the column 'unknown' is not known in a table of sources",
        ),
        ('[[sources]]\nsource_id = "x"\nacquired_at = "soon"', "acquired_at: 'soon' is not"),
        ('[[sources]]\nsource_id = "x"\n' * 2, "source: 'x' stands at .* already"),
    ],
)
def test_sources_that_are_wrong(tmp_path: Path, text: str, problem: str) -> None:
    """Each says what, and where."""
    (tmp_path / "s.toml").write_text(text)

    with pytest.raises((InvalidFileError, InvalidRowError, ManyErrors), match=problem) as caught:
        read(tmp_path / "s.toml")
    assert "s.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names no columns"),
        ("subject,purposes\n", "no rows"),
        ("a,b\n1,2\n", "columns are a, b; expected 'purposes' for consents"),
        ("subject,purposes\np01,train-detector\n", "columns are missing: operations, roles"),
    ],
)
def test_file_that_holds_no_statements(tmp_path: Path, text: str, problem: str) -> None:
    """It is told what was expected."""
    (tmp_path / "c.csv").write_text(text)

    with pytest.raises(InvalidFileError, match=problem):
        read(tmp_path / "c.csv")


@pytest.mark.parametrize("name", ["c.csv", "c.toml", "c.json"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    """A name that is not there."""
    with pytest.raises(PathNotFoundError):
        read(tmp_path / name)


def _history(ledger: Ledger) -> set[str]:
    return set(ledger.read("consent_events")["state"].to_pylist())


def _import(ledger: Ledger, path: Path) -> None:
    for kind, rows in read(path).records.items():
        ledger.record(kind, rows, recorded_at=day(1))


def test_import_never_loses_a_withdrawal(tmp_path: Path) -> None:
    """An older sheet, or one where a date was filled in, does not undo what a person said."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    bare = {k: v for k, v in LEAST.items() if k != "valid_from"}
    _import(ledger, csv(tmp_path, bare | {"state": "withdrawn", "state_at": "2026-02-01"}))

    _import(ledger, csv(tmp_path, LEAST))

    assert _history(ledger) == {"ConsentWithdrawn", "ConsentGiven"}


def test_corrected_date_of_a_grant_replaces_the_wrong_one(tmp_path: Path) -> None:
    """A grant that was never given on that day must not outlive its correction."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for date in ("2027-01-01", "2025-01-01"):
        _import(ledger, csv(tmp_path, LEAST | {"given_at": date}))

    assert ledger.read("consent_events")["effective_at"].to_pylist() == [day(1, year=2025)]


def test_importing_twice_adds_nothing(tmp_path: Path) -> None:
    """The same file says the same."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    _import(ledger, csv(tmp_path, WHOLE, LEAST))
    before = ledger.root()

    _import(ledger, csv(tmp_path, WHOLE, LEAST))

    assert ledger.root() == before
