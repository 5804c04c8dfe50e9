"""Every entry and finding as CSV: complete, in order, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.audit.questions import NAMES
from curate.files import write_whole
from curate.report.csv_tables import (
    ENTRIES,
    ENTRY_COLUMNS,
    FINDING_COLUMNS,
    FINDINGS,
    cell,
    csv_tables,
    entries_csv,
    findings_csv,
)
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from tests.unit.report.conftest import HOSTILE, RUN, entry, finding, make_inputs, verdict


def frames(inputs: ReportInputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return entries and findings as pandas reads them."""
    tables = csv_tables(Facts(inputs))
    whole = [b"".join(tables[name]) for name in (ENTRIES, FINDINGS)]
    entries, findings = (pd.read_csv(io.BytesIO(one), keep_default_na=False) for one in whole)
    return entries, findings


def test_each_entry_and_each_finding_is_a_row(small) -> None:
    entries, findings = frames(small)

    assert tuple(entries.columns) == ENTRY_COLUMNS
    assert tuple(findings.columns) == FINDING_COLUMNS
    assert set(entries.media_id) == set(small.tables["verdicts"]["media_id"].to_pylist())
    assert set(findings.finding_id) == set(small.tables["findings"]["finding_id"].to_pylist())
    withdrawn = findings[findings.rule == "CON002"].iloc[0]
    assert withdrawn.what.startswith("p7")
    assert (withdrawn.locator, withdrawn.verdict) == ("train/007.jpg", "blocked")


def test_what_each_question_was_answered_on_stands_in_words() -> None:
    letters = "sx?d-mr" + "-" * (len(NAMES) - 7)
    rows = [verdict(1, "needs_review") | {"answers": letters}, verdict(2, "blocked")]
    entries, _ = frames(make_inputs(entries=[entry(1), entry(2)], verdicts=rows))

    told = entries[[f"answer_{name}" for name in NAMES]]
    assert list(told.iloc[0])[:7] == ["seen", "stripped", "not answered", "declared", "not raised",
                                      "matched", "reviewed"]  # fmt: skip
    assert set(told.iloc[1]) == {"not on record"}


def test_order_of_rows_does_not_matter(small) -> None:
    turned = replace(small, tables={name: table[::-1] for name, table in small.tables.items()})

    for table in (entries_csv, findings_csv):
        assert b"".join(table(Facts(turned))) == b"".join(table(Facts(small)))


def test_what_was_judged_and_is_no_longer_listed_is_a_row_all_the_same() -> None:
    inputs = make_inputs(
        verdicts=[verdict(3, "blocked", "CON001")],
        findings=[finding("CON001", 3, subject="p1", role="depicted")],
    )
    entries, findings = frames(inputs)

    assert list(entries.state) == ["not listed"]
    assert list(findings.media_id) == ["m003"]


def test_of_what_is_on_a_hash_list_no_hash_is_told() -> None:
    rows = [entry(1), entry(2)]
    matches = [{"sha256": rows[0]["sha256"], "list_id": "l", "kind": "md5", "band": "match",
                "category": "ncii", "value": b"0", "distance": 0}]  # fmt: skip
    inputs = make_inputs(entries=rows, verdicts=[verdict(1, "blocked"), verdict(2, "cleared")])
    schema = inputs.tables["hash_matches"].schema
    plain = [{name: one[name] for name in schema.names if name in one} for one in matches]
    inputs = replace(inputs, tables={**inputs.tables,
                                     "hash_matches": pa.Table.from_pylist(plain)})  # fmt: skip
    entries, _ = frames(inputs)

    assert list(entries.sha256) == ["", rows[1]["sha256"]]


def test_a_hostile_name_is_one_cell_on_one_line(small) -> None:
    whole = b"".join(entries_csv(Facts(small))).decode()

    assert HOSTILE not in whole
    assert "\u202e" not in whole
    assert len(whole.splitlines()) == 1 + small.tables["verdicts"].num_rows


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "'=1",
                                  "\uff1d1", "\r=1", "\ufeff=1"])  # fmt: skip
def test_no_cell_begins_as_a_formula(name: str) -> None:
    rows = [entry(1, locator=name, source_id=name, split=name)]
    inputs = make_inputs(
        entries=rows, verdicts=[verdict(1, "cleared")],
        findings=[finding("DUP001", 1, "none", others=1, example=name)],
    )  # fmt: skip

    for table in csv_tables(Facts(inputs)).values():
        for row in csv.reader(io.StringIO(b"".join(table).decode())):
            assert not any(one.lstrip().startswith(tuple("=+-@\t\r\uff1d")) for one in row)


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=12))
def test_one_apostrophe_taken_away_gives_the_text(text: str) -> None:
    told = cell(text)

    assert (told.removeprefix("'")) == text


def test_a_table_is_made_in_pieces() -> None:
    """Twenty thousand entries are never all in memory as objects: pieces stay small."""
    count = 20_000
    ids = pa.array([f"m{n:06}" for n in np.arange(count)])
    empty = make_inputs()
    verdicts = pa.table({
        "run_id": pa.repeat(RUN, count), "media_id": ids, "verdict": pa.repeat("cleared", count),
        "codes": pa.array([[]] * count, pa.list_(pa.string())),
        "answers": pa.repeat("s" * len(NAMES), count), "evidence": pa.repeat("0", count),
        "decided_by": pa.repeat("policy", count),
    })  # fmt: skip
    pieces = [
        piece.count(b"\r\n")
        for piece in entries_csv(Facts(replace(empty, tables={**empty.tables,
                                                              "verdicts": verdicts})))
    ]  # fmt: skip

    assert sum(pieces) == count + 1
    assert max(pieces) < 10_000


def test_a_file_of_which_a_piece_fails_is_not_there(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        write_whole(tmp_path / "one.csv", pieces())
    assert list(tmp_path.iterdir()) == []
