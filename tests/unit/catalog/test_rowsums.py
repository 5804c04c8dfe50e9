"""Sums of rows notice each row that is missing, changed, added or another's."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.catalog.rowsums import SUM, changed_scans, scans, table_sum, with_sums
from curate.schema import arrow_schema, conform, json_schema
from tests.factories import whole

SHA = ("a" * 64, "b" * 64, "c" * 64)


def face(sha256: str, number: int, **more: Any) -> dict[str, Any]:
    """Return a face row."""
    return whole("faces") | {
        "face_id": f"{sha256[0]}{number}", "sha256": sha256, "frame": 0, "model_id": "m@1",
        "landmarks": [1.5, -0.0, float(number)], **more,
    }  # fmt: skip


def scan(sha256: str, faces: int) -> dict[str, Any]:
    """Return a scan row."""
    return {"sha256": sha256, "frame": 0, "model_id": "m@1", "faces": faces, "stage": "faces/9"}


def made() -> dict[str, pa.Table]:
    """Return the tables of two scans, with three faces of one of them."""
    faces = [face(SHA[0], n) for n in range(3)]
    rows = {"faces": conform(faces, "faces"),
            "face_scans": conform([scan(SHA[0], 3), scan(SHA[1], 0)], "face_scans")}  # fmt: skip
    return with_sums(rows)


def changed(tables: dict[str, pa.Table]) -> list[str]:
    """Return the contents whose scan does not fit."""
    return changed_scans(tables)["face_scans"]["sha256"].to_pylist()


def test_what_is_as_it_was_written_fits() -> None:
    """In whatever order the rows lie."""
    tables = made()

    assert changed(tables) == []
    assert tables["face_scans"]["rows_written"].to_pylist() == [3, 0]
    turned = {name: table.take(list(range(table.num_rows))[::-1]) for name, table in tables.items()}
    assert changed(turned) == []


@pytest.mark.parametrize("number", range(3))
def test_a_missing_row_is_noticed(number: int) -> None:
    """Whichever it is."""
    tables = made()
    kept = [n for n in range(3) if n != number]

    assert changed(tables | {"faces": tables["faces"].take(kept)}) == [SHA[0]]


@pytest.mark.parametrize("column", [f.name for f in arrow_schema("faces") if f.name != "sha256"])
def test_a_changed_value_is_noticed(column: str) -> None:
    """In any column of a row that the scan answers for."""
    tables = made()
    rows = tables["faces"].to_pylist()
    before = rows[1][column]
    other = {str: "other", int: 7, float: 0.25, bool: not before, list: [2.0], type(None): None}
    value = other[type(before)]
    if value is None:
        kind = arrow_schema("faces").field(column).type
        value = "x" if kind == pa.string() else True if kind == pa.bool_() else 1.0
    rows[1][column] = value

    assert SHA[0] in changed(tables | {"faces": conform(rows, "faces")})


@pytest.mark.parametrize("column", ["faces", "error", "stage"])
def test_a_scan_answers_for_itself(column: str) -> None:
    """What it says was found cannot be changed beside the rows."""
    tables = made()
    rows = tables["face_scans"].to_pylist()
    rows[1][column] = 4 if column == "faces" else "x"

    assert changed(tables | {"face_scans": conform(rows, "face_scans")}) == [SHA[1]]


def test_rows_without_a_scan_are_noticed() -> None:
    """Added by hand, or left when a scan was taken out."""
    tables = made()
    more = pa.concat_tables([tables["faces"], conform([face(SHA[2], 0)], "faces")])

    assert changed(tables | {"faces": more}) == [SHA[2]]
    assert changed(tables | {"face_scans": tables["face_scans"].slice(1)}) == [SHA[0]]


def test_scans_of_an_older_format_do_not_fit() -> None:
    """They say nothing of what they wrote."""
    tables = made()
    rows = [{**row, SUM: None} for row in tables["face_scans"].to_pylist()]

    assert changed(tables | {"face_scans": conform(rows, "face_scans")}) == [SHA[0], SHA[1]]


def test_every_scan_declares_its_columns() -> None:
    """What a schema says that a scan answers for are tables and columns that are there."""
    assert set(scans()) >= {"content", "face_scans", "looks", "sightings", "signal_scans"}
    for name in scans():
        spec = json_schema(name)
        assert {"rows_written", "rows_digest"} <= spec["properties"].keys()
        for other, rows in spec["x-scan"].items():
            assert len(rows["columns"]) == len(spec["x-key"])
            assert set(rows["columns"]) <= set(arrow_schema(other).names)


@given(st.lists(st.text(max_size=6), max_size=8), st.randoms(use_true_random=False))
def test_a_table_s_sum_does_not_depend_on_the_order(values: list[str], random: Any) -> None:
    """And does on each value."""
    rows = [{"sha256": f"{n:064}", "fingerprint": v, "basis": "b"} for n, v in enumerate(values)]
    shuffled = random.sample(rows, len(rows))
    first = table_sum(conform(rows, "compared"), "compared")

    assert table_sum(conform(shuffled, "compared"), "compared") == first
    if rows:
        other = [{**rows[0], "fingerprint": f"{values[0]}."}, *rows[1:]]
        assert table_sum(conform(other, "compared"), "compared") != first
