"""What people said arrives, whoever typed it and however; what is not understood is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from curate.consent.coverage import OBLIGATIONS, ConsentTables, coverage
from curate.consent.known_columns import nearest_column
from curate.consent.merge import merged_subjects
from curate.consent.read import read_statements
from curate.consent.relaxed import relaxations
from curate.consent.statements import Statements
from curate.errors import CurateError, InvalidFileError, InvalidRowError, ManyErrors
from curate.schema import conform, purpose_tree
from tests.factories import AS_OF, USE, consent, day, event, subject

ROW = {
    "subject": "p01",
    "purposes": "train-detector",
    "operations": "include",
    "roles": "depicted",
    "valid_from": "2025-01-01",
}


def read(path: Path, **values: object) -> Statements:
    """Return the statements in a file."""
    return read_statements(path, purposes=purpose_tree(), **values)  # type: ignore[arg-type]


def table(folder: Path, *rows: dict[str, str], between: str = ",", encoding: str = "utf-8") -> Path:
    """Return a CSV with `rows`."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [between.join(columns)]
    lines += [between.join(row.get(column, "") for column in columns) for row in rows]
    path = folder / "t.csv"
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def listed(folder: Path, **values: object) -> Path:
    """Return a JSON file with one row."""
    row = {k: [v] if k in ("purposes", "operations", "roles") else v for k, v in ROW.items()}
    path = folder / "t.json"
    path.write_text(json.dumps([row | values]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("Status", "state"),
        ("withdrawn_at", "state_at"),
        ("excluded_purposes", "purposes_excluded"),
        ("purposes_exclude", "purposes_excluded"),
        ("valid until", "valid_until"),
    ],
)
def test_a_column_that_is_not_known_is_refused_with_the_nearest(
    tmp_path: Path, column: str, meant: str
) -> None:
    """It may be the one that takes everything back; the settings can keep it."""
    path = table(tmp_path, ROW | {column: "2026-01-01"})

    with pytest.raises(InvalidRowError, match=f"{column!r} is not known.*{meant!r}") as caught:
        read(path)

    assert f'keep = ["{column}"]' in caught.value.hint
    (consent,) = read(path, keep=[column]).records["consents"]
    assert json.loads(consent["extra"]) == {column: "2026-01-01"}


def test_columns_that_are_like_none_have_no_nearest() -> None:
    """A guess that is far off would mislead."""
    assert nearest_column("xyzzy", ["subject", "state"]) is None


def test_a_table_of_subjects_says_nothing_of_consents(tmp_path: Path) -> None:
    """A list of withdrawals without purposes would be read as people, and nobody would hear."""
    path = table(tmp_path, {"subject": "p01", "given_at": "2026-01-01"})

    with pytest.raises(InvalidFileError, match="given_at are about consents"):
        read(path)


def test_names_of_the_ledgers_columns_are_understood(tmp_path: Path) -> None:
    """As in an export."""
    row = {"subject_id": "p01", "consent_id": "c"} | {
        k: v for k, v in ROW.items() if k != "subject"
    }

    (consent,) = read(table(tmp_path, row)).records["consents"]

    assert (consent["consent_id"], consent["subject_id"]) == ("c", "p01")


@pytest.mark.parametrize("nothing", [[], None, "", {}])
def test_no_media_are_not_all_media(tmp_path: Path, nothing: object) -> None:
    """Whoever leaves the list empty has not granted everything."""
    with pytest.raises(CurateError, match="media"):
        read(listed(tmp_path, media=nothing))


def test_all_media_are_written_so(tmp_path: Path) -> None:
    """In a column in which other rows list entries."""
    path = table(tmp_path, ROW | {"media": "m1;m2"}, ROW | {"media": "all"})

    scopes = [row["scope_media_ids"] for row in read(path).records["consents"]]

    assert scopes == [["m1", "m2"], None]


def test_an_empty_cell_among_media_is_asked_about(tmp_path: Path) -> None:
    """A cell that somebody forgot is no grant."""
    with pytest.raises(InvalidRowError, match="it is not said which entries"):
        read(table(tmp_path, ROW | {"media": "m1"}, ROW))


@pytest.mark.parametrize("between", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_many_programs_are_read(tmp_path: Path, between: str, encoding: str) -> None:
    """Spreadsheets write semicolons, tabs, marks and UTF-16."""
    path = table(tmp_path, ROW | {"subject": "zo\u00e9"}, between=between, encoding=encoding)

    (consent,) = read(path).records["consents"]

    assert consent["subject_id"] == "zo\u00e9"


@pytest.mark.parametrize(
    ("text", "hint"), [("45658", "number for 2025-01-01"), ("01.02.2025", "which the month")]
)
def test_dates_of_spreadsheets_are_named(tmp_path: Path, text: str, hint: str) -> None:
    """They are not guessed at."""
    with pytest.raises(InvalidRowError) as caught:
        read(table(tmp_path, ROW | {"valid_from": text}))

    assert hint in caught.value.hint


def test_every_row_is_judged(tmp_path: Path) -> None:
    """Each with its place; nothing of the file is returned."""
    path = table(tmp_path, ROW | {"roles": "king"}, ROW, ROW | {"state": "gone"})

    with pytest.raises(ManyErrors) as caught:
        read(path)

    assert [error.where for error in caught.value.errors] == ["t.csv:2", "t.csv:4"]


def test_partial_takes_of_a_person_in_doubt_only_what_restricts(tmp_path: Path) -> None:
    """A grant beside a row that nobody could read may be what that row takes back."""
    path = table(
        tmp_path,
        ROW | {"consent": "a"},
        ROW | {"consent": "b", "state": "withdrawn", "state_at": "2026-01-01"},
        ROW | {"consent": "c", "state": "gone"},
        ROW | {"consent": "d", "subject": "p02"},
    )

    found = read(path, partial=True)

    assert [row["consent_id"] for row in found.records["consents"]] == ["b", "d"]
    assert sorted(str(e.where) for e in found.left_out) == ["t.csv:2", "t.csv:4"]


def test_spellings_are_one(tmp_path: Path) -> None:
    """Composed or not, with blanks or what has no width."""
    rows = [ROW | {"subject": one} for one in ("zo\u00e9", " zoe\u0301", "zo\u200b\u00e9")]

    subjects = {row["subject_id"] for row in read(table(tmp_path, *rows)).records["consents"]}

    assert subjects == {"zo\u00e9"}


class TestWhenItWasGiven:
    """Only given_at, or the record's own event, says when."""

    def events(self, folder: Path, **values: str) -> list[tuple[str, str, object]]:
        """Return what a row says happened."""
        found = read(table(folder, ROW | values)).records["consent_events"]
        return [(e["state"], f"{e['effective_at']:%Y-%m-%d}", e.get("undated")) for e in found]

    def test_valid_from_does_not_say_it(self, tmp_path: Path) -> None:
        """It says from when the consent holds."""
        assert self.events(tmp_path) == [("ConsentGiven", "2025-01-01", True)]

    def test_given_at_does(self, tmp_path: Path) -> None:
        """So it can be later than a withdrawal."""
        assert self.events(tmp_path, given_at="2024-06-01") == [
            ("ConsentGiven", "2024-06-01", False)
        ]

    def test_given_after_it_was_withdrawn_is_a_contradiction(self, tmp_path: Path) -> None:
        """In one row."""
        with pytest.raises(InvalidRowError, match=r"given_at: .* is later than state_at"):
            self.events(tmp_path, given_at="2025-06-01", state="withdrawn", state_at="2025-05-01")

    def test_an_instant_without_a_state_is_asked_about(self, tmp_path: Path) -> None:
        """It may be that of a withdrawal whose word is missing."""
        with pytest.raises(InvalidRowError, match="the column state says nothing"):
            self.events(tmp_path, state_at="2025-05-01")


BACK = {"subject": "p01", "state": "withdrawn", "state_at": "2026-02-01"}


class TestWithdrawals:
    """Who imports a list of withdrawals has ids and dates alone."""

    @pytest.mark.parametrize("columns", [{}, {"purposes": "", "operations": "", "roles": ""}])
    def test_a_row_without_purposes_takes_back_everything(
        self, tmp_path: Path, columns: dict[str, str]
    ) -> None:
        """In a table of its own, or among consents."""
        found = read(table(tmp_path, BACK | columns)).records

        (consent,), (event,) = found["consents"], found["consent_events"]
        assert (consent["purposes"], consent["scope_kind"]) == ([], "all_media")
        assert consent["consent_id"] == "p01/withdrawn/2026-02-01T00:00:00Z"
        assert event["state"] == "ConsentWithdrawn"
        assert f"{event['stated_at']:%Y-%m-%dT%H:%M}" == "2026-02-01T23:59"

    def test_it_grants_nothing(self, tmp_path: Path) -> None:
        """A row that takes nothing back needs to say what it grants."""
        with pytest.raises(InvalidRowError, match="each of its rows takes something back"):
            read(table(tmp_path, BACK | {"state": "given"}))

    def test_it_beats_what_was_given_before(self, tmp_path: Path) -> None:
        """In whichever record, and whichever file was first."""
        back, given = read(table(tmp_path, BACK)).records, [event(day(1, 31), consent_id="c")]
        tables = ConsentTables(
            conform([*back["consents"], consent("c")], "consents"),
            conform([*back["consent_events"], *given], "consent_events"),
            conform([], "notices"),
        )
        row = {"subject_id": "p01", "role": "depicted", "manipulation_type": "none",
               "media_id": None}  # fmt: skip
        found = coverage(
            pa.Table.from_pylist([row], schema=OBLIGATIONS), tables, use=USE,
            purposes=purpose_tree(), as_of=AS_OF,
        )  # fmt: skip

        assert found["reasons"][0].as_py() == ["withdrawn"]


def test_a_grant_within_the_day_of_a_withdrawal_is_beaten(tmp_path: Path) -> None:
    """A date is a day: who withdrew on it did so at its end."""
    row = ROW | {"given_at": "2025-03-01", "state": "withdrawn", "state_at": "2025-05-01"}
    (_, event) = read(table(tmp_path, row)).records["consent_events"]

    assert f"{event['effective_at']:%d %H}" == "01 00"
    assert f"{event['stated_at']:%d %H}" == "01 23"
    exact = row | {"state_at": "2025-05-01T10:00:00Z"}
    assert "stated_at" not in read(table(tmp_path, exact)).records["consent_events"][1]


def test_partial_keeps_out_whom_a_wrong_row_may_be_about(tmp_path: Path) -> None:
    """However near its spelling is."""
    path = table(
        tmp_path,
        ROW | {"subject": "ana"},
        ROW | {"subject": "ben"},
        ROW | {"subject": "anna", "state": "withdrawn", "state_at": "soon"},
    )

    found = read(path, partial=True)

    assert [row["subject_id"] for row in found.records["consents"]] == ["ben"]


def test_partial_stops_at_a_withdrawal_of_nobody(tmp_path: Path) -> None:
    """It may be anybody's."""
    path = table(tmp_path, ROW, BACK | {"subject": ""})

    with pytest.raises(ManyErrors) as caught:
        read(path, partial=True)

    assert "does not say from whom" in caught.value.hint


def test_partial_of_nothing_is_an_error(tmp_path: Path) -> None:
    """Nothing was on record already."""
    with pytest.raises(InvalidRowError):
        read(table(tmp_path, ROW | {"roles": "king"}), partial=True)


def test_not_known_is_said_and_not_passed_over() -> None:
    """It doubts an adult, and lets a minor be one."""
    adult, minor = subject(), subject("p02", subject_kind="minor", is_minor_at_capture="yes")
    known = {row["subject_id"]: row for row in (adult, minor)}
    fields = ("subject_kind", "is_minor_at_capture")
    said = [{**row, **dict.fromkeys(fields, "unknown")} for row in known.values()]
    doubted = {(who, name) for who in known for name in fields}

    first, second = merged_subjects(said, known, doubted)

    assert [first[name] for name in fields] == ["unknown", "unknown"]
    assert [second[name] for name in fields] == ["minor", "yes"]
    assert merged_subjects(said, known)[0]["subject_kind"] == "adult"
    assert relaxations("subjects", adult, first) == []


def test_a_column_that_is_empty_in_each_row_is_there(tmp_path: Path) -> None:
    """What is missing is in the rows, not in the table."""
    with pytest.raises(InvalidRowError, match="'purposes' is a required property") as caught:
        read(table(tmp_path, ROW | {"purposes": ""}))

    assert "docs/consent-columns.md" in caught.value.hint


def test_partial_of_nothing_that_is_left_is_an_error(tmp_path: Path) -> None:
    """One row is wrong, and the others are of the same person."""
    with pytest.raises(ManyErrors):
        read(table(tmp_path, ROW, ROW | {"roles": "king"}), partial=True)
