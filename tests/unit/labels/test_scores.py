"""Scores that a user brings: wrong rows are told with their place, good ones find what is wrong."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from curate.errors import EmptyInputError, InputError, InvalidFileError, ManyErrors
from curate.labels.scores import read_scores
from curate.verbs.tables import facts
from tests.unit.labels.made import project

ENTRIES = pa.table({
    "media_id": ["m1", "m2", "m3", "m4"],
    "locator": ["a.jpg", "b.jpg", "same.jpg", "same.jpg"],
})  # fmt: skip


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_scores_are_read_by_id_and_by_locator_in_any_order(tmp_path: Path) -> None:
    file = write(tmp_path / "s.csv", "locator,media_id,fake,real\nb.jpg,,0.25,0.75\n,m1,1,\n")

    found = read_scores(file, ENTRIES)

    assert found.to_pylist() == [
        {"media_id": "m1", "score": 1.0},
        {"media_id": "m2", "score": 0.25},
    ]


def test_scores_are_read_from_parquet(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"media_id": ["m2"], "fake": [0.5]}), tmp_path / "s.parquet")

    assert read_scores(tmp_path / "s.parquet", ENTRIES).to_pylist() == [
        {"media_id": "m2", "score": 0.5}
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("no.jpg,,0.5,", "locator 'no.jpg' is no entry"),
        (",m9,0.5,", "media_id 'm9' is no entry"),
        (",,0.5,", "neither media_id nor locator"),
        ("same.jpg,,0.5,", "use media_id: m3, m4"),
        ("a.jpg,,,", "no score in the column fake"),
        ("a.jpg,,3.2,", "'3.2' is no probability"),
        ("a.jpg,,nan,", "'nan' is no probability"),
        ("a.jpg,,high,", "'high' is no probability"),
        ("a.jpg,,0.9,0.9", "do not add up to 1"),
        (",m2,0.9,", "scored before, at s.csv:2"),
        ("a.jpg,,0.9,0.1,more", "5 cells"),
    ],
)
def test_a_wrong_row_is_told_with_its_place(tmp_path: Path, row: str, problem: str) -> None:
    file = write(tmp_path / "s.csv", f"locator,media_id,fake,real\nb.jpg,,0.5,\n{row}\n")

    with pytest.raises(ManyErrors) as caught:
        read_scores(file, ENTRIES)

    assert problem in str(caught.value)
    assert "s.csv:3" in str(caught.value)


def test_a_file_that_has_no_scores_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="expected media_id or locator, fake"):
        read_scores(write(tmp_path / "s.csv", "file,score\na.jpg,0.5\n"), ENTRIES)
    with pytest.raises(EmptyInputError):
        read_scores(write(tmp_path / "s.csv", "locator,fake\n"), ENTRIES)


def score(folder: Path, count: int) -> Path:
    """Write scores that are right about the pictures of `project`, whatever their labels."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = [
        {"locator": f"a{at:03}.jpg", "fake": round(rng.normal(0.85 if at % 2 else 0.15, 0.01), 3)}
        for at in range(count)
    ]
    with (folder / "scores.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, ["locator", "fake"])
        writer.writeheader()
        writer.writerows(rows)
    return folder / "scores.csv"


def test_planted_flips_are_found_by_the_scores_brought(tmp_path: Path) -> None:
    flipped = {3, 20, 41, 66}
    ws = project(tmp_path, fake_quality=90, people=40, flipped=flipped)

    *_, ran = ws.run(["probe", "labels"], scores=score(tmp_path, 80))

    assert "by the scores brought" in ran.notes["noise"]
    doubts = ws.catalog.read("doubts").to_pylist()
    assert {row["basis"] for row in doubts} == {"the scores brought"}
    # How a user's own folds were drawn is not known.
    assert {row["held_together"] for row in doubts} == {None}
    findings = ws.audit().findings.to_pylist()
    entries = {row["media_id"]: row["locator"] for row in facts(ws.context)["entries"].to_pylist()}
    told = {entries[row["media_id"]] for row in findings if row["code"] == "LAB009"}
    assert told == {f"a{at:03}.jpg" for at in flipped}
    noise = {row["name"]: row for row in ws.catalog.read("label_noise").to_pylist()}
    for name, wrong in (("real", 3), ("fake", 1)):
        assert noise[name]["low"] <= wrong / noise[name]["items"] <= noise[name]["high"]


def test_the_same_scores_in_another_order_are_nothing_new(tmp_path: Path) -> None:
    ws = project(tmp_path, fake_quality=90)
    file = score(tmp_path, 48)
    ws.run(["probe", "labels"], scores=file)
    head, *rows = file.read_text().splitlines()
    write(file, "\n".join([head, *reversed(rows)]))

    again = ws.run(["labels"], scores=file)
    without = ws.run(["labels"])

    assert [one.done for one in again] == [0]
    # A run without them judges by the look of pictures, and says so.
    assert without[0].done > 0


def test_scores_without_the_stage_that_reads_them_are_refused(tmp_path: Path) -> None:
    ws = project(tmp_path, fake_quality=90)

    with pytest.raises(InputError, match="not to run"):
        ws.run(["probe"], scores=score(tmp_path, 48))
