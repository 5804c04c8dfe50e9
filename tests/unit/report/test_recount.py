"""Numbers of the datasheet counted once more, in another way: with pandas over the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from curate.report.accounts import consent_summary
from curate.report.datasheet.sheet import datasheet
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.suppression import SMALLEST
from tests.unit.report.london import london, london_release

Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module", params=["catalogue", "release"])
def told(request) -> tuple[dict[int, Any], Frames, ReportInputs]:
    """Return the answers by number, and the tables cut to what is described."""
    inputs = london() if request.param == "catalogue" else london_release()
    answers = {one["id"]: one for one in json.loads(datasheet(inputs).json)["questions"]}
    return answers, frames_of(inputs), inputs


def frames_of(inputs: ReportInputs) -> Frames:
    frames = {name: table.to_pandas() for name, table in inputs.tables.items()}
    entries = frames["entries"]
    if inputs.items is not None:
        entries = entries[entries.media_id.isin(inputs.items["media_id"].to_pylist())]
    shown = frames["depictions"]
    shown = shown[shown.media_id.isin(entries.media_id) & (shown.link_status != "rejected")]
    granted = frames["consents"][frames["consents"].subject_id.isin(shown.subject_id)]
    content = frames["content"][frames["content"].sha256.isin(entries.sha256)]
    return {
        **frames, "described": entries, "shown": shown, "granted": granted, "held": content,
        "labels": frames["labels"][frames["labels"].media_id.isin(entries.media_id)],
    }  # fmt: skip


def cell(answers: dict[int, Any], question: int, caption: str, *key: object) -> Any:
    """Return the last cell of the row of a table that begins with `key`."""
    (table,) = (one for one in answers[question]["tables"] if one["caption"] == caption)
    (row,) = (row for row in table["rows"] if tuple(row[: len(key)]) == key)
    return row[-1]


def in_text(answers: dict[int, Any], question: int, pattern: str) -> int:
    """Return the number that a pattern finds in an answer."""
    match = re.search(pattern, " ".join(answers[question]["text"]))
    assert match, (pattern, answers[question]["text"])
    return int(match[1].replace(",", ""))


def _with_label(f: Frames, value: str) -> int:
    labels = f["labels"]
    named = labels[(labels.name == "authenticity") & (labels.value == value)]
    return int(f["described"].media_id.isin(named.media_id).sum())


def _licences(f: Frames) -> pd.Series:
    entries = f["described"].merge(f["sources"], on="source_id", how="left",
                                   suffixes=("", "_of_source"))  # fmt: skip
    return entries.licence.fillna(entries.licence_of_source).fillna("not declared")


def _ending(f: Frames) -> int:
    last = f["granted"].groupby("subject_id").valid_until
    return int((last.count() == last.size()).sum())


def _in_two_splits(f: Frames) -> int:
    both = f["shown"].merge(f["described"], on="media_id")
    splits = both[["subject_id", "split"]].dropna().drop_duplicates()
    return int((splits.subject_id.value_counts() > 1).sum())


def _grouped(f: Frames) -> pd.DataFrame:
    both = f["identities"].merge(f["faces"], on="face_id")
    return both[both.sha256.isin(f["held"].sha256) & both.identity_id.notna()]


TYPES = "Entries by type"
Ask = tuple[str, Callable[[dict[int, Any]], Any], Callable[[Frames], int]]
NUMBERS: list[Ask] = [
    ("entries", lambda a: in_text(a, 6, r"There are ([\d,]+) entries"),
     lambda f: len(f["described"])),
    ("distinct contents", lambda a: in_text(a, 5, r"They hold ([\d,]+) distinct"),
     lambda f: f["described"].sha256.nunique()),
    ("real", lambda a: cell(a, 6, TYPES, "authenticity label", "real"),
     lambda f: _with_label(f, "real")),
    ("fake", lambda a: cell(a, 6, TYPES, "authenticity label", "fake"),
     lambda f: _with_label(f, "fake")),
    ("swaps", lambda a: cell(a, 6, TYPES, "manipulation", "face swap"),
     lambda f: (f["described"].manipulation_type == "face_swap").sum()),
    ("train", lambda a: cell(a, 12, "Entries by split", "train"),
     lambda f: (f["described"].split == "train").sum()),
    ("test", lambda a: cell(a, 12, "Entries by split", "test"),
     lambda f: (f["described"].split == "test").sum()),
    ("PNG", lambda a: next(row[1] for row in a[8]["tables"][0]["rows"] if row[0] == "PNG"),
     lambda f: (f["held"].format == "PNG").sum()),
    ("derived labels", lambda a: in_text(a, 21, r"([\d,]+) labels were derived"),
     lambda f: (f["labels"].origin == "derived").sum()),
    ("without a method", lambda a: next(
        row[1] for row in a[10]["tables"][0]["rows"] if row[0].startswith("method")),
     lambda f: f["described"].method.isna().sum()),
    ("manipulated", lambda a: in_text(a, 11, r"([\d,]+) entries are declared to be manip"),
     lambda f: (~f["described"].manipulation_type.isin(["none", "unknown"])).sum()),
    ("with an original on record", lambda a: in_text(a, 11, r"on record for ([\d,]+) of them"),
     lambda f: f["described"].media_id.isin(f["relations"].left).sum()),
    ("faces grouped", lambda a: in_text(a, 11, r"grouped the ([\d,]+) faces"),
     lambda f: _grouped(f).face_id.nunique()),
    ("identities", lambda a: in_text(a, 11, r"into ([\d,]+) identities"),
     lambda f: _grouped(f).identity_id.nunique()),
    ("searched for faces", lambda a: in_text(a, 18, r"([\d,]+) contents were searched"),
     lambda f: f["held"].sha256.isin(f["face_scans"].sha256).sum()),
    ("people", lambda a: in_text(a, 18, r"([\d,]+) people are declared"),
     lambda f: f["shown"].subject_id.nunique()),
    ("files with EXIF", lambda a: in_text(a, 22, r"([\d,]+) of the [\d,]+ files"),
     lambda f: f["held"].has_exif.fillna(value=False).astype(bool).sum()),
    ("files without a word on EXIF", lambda a: in_text(a, 22, r"not known of ([\d,]+) files"),
     lambda f: f["held"].has_exif.isna().sum()),
    ("entries of the museum", lambda a: cell(a, 21, "Sources", "The museum"),
     lambda f: (f["described"].source_id == "museum").sum()),
    ("signed documents", lambda a: in_text(a, 26, r"held for ([\d,]+) people"),
     lambda f: f["granted"][f["granted"].document_sha256.notna()].subject_id.nunique()),
    ("judged", lambda a: in_text(a, 31, r"judged ([\d,]+) entries"),
     lambda f: len(f["verdicts"])),
    ("cleared", lambda a: in_text(a, 31, r"cleared ([\d,]+)\."),
     lambda f: (f["verdicts"].verdict == "cleared").sum()),
    ("on the basis of consent", lambda a: cell(
        a, 31, "People by legal basis", "consent (GDPR Art. 6(1)(a))"),
     lambda f: f["granted"][f["granted"].legal_basis == "A6-1-a"].subject_id.nunique()),
    ("on no stated basis", lambda a: cell(
        a, 31, "People by legal basis", "not stated in the record or the use"),
     lambda f: f["granted"][f["granted"].legal_basis.isna()].subject_id.nunique()),
    ("evaluating detectors", lambda a: cell(
        a, 29, "People by what they consented to", "purpose", "evaluating detectors"),
     lambda f: f["granted"][f["granted"].purposes.map(lambda p: "evaluate-detector" in p)]
     .subject_id.nunique()),
    ("not to be passed on", lambda a: cell(a, 47, "Terms of sources", "not to be passed on"),
     lambda f: (f["described"].source_id == "museum").sum()),
    ("CC-BY-NC-4.0", lambda a: cell(a, 46, "Entries by licence", "CC-BY-NC-4.0"),
     lambda f: (_licences(f) == "CC-BY-NC-4.0").sum()),
    ("consents that end", lambda a: in_text(a, 54, r"The consent of ([\d,]+) people"), _ending),
]  # fmt: skip


@pytest.mark.parametrize(("read", "count"), [one[1:] for one in NUMBERS],
                         ids=[one[0] for one in NUMBERS])  # fmt: skip
def test_a_number_of_the_datasheet_is_the_one_pandas_counts(told, read, count) -> None:
    answers, frames, _ = told
    assert read(answers) == count(frames)


def test_people_in_two_splits_are_told_without_the_few_that_are_in_one(told) -> None:
    answers, frames, inputs = told
    rest = frames["shown"].subject_id.nunique() - _in_two_splits(frames)
    words = "34 people" if inputs.items is None else "all but fewer than 5 people"
    assert (rest > 0) == (inputs.items is not None)
    assert f"overlap: {words} and" in " ".join(answers[12]["text"])


def _counts_of_people(answers: dict[int, Any]) -> Iterator[object]:
    for one in answers.values():
        for table in one["tables"]:
            if table["head"][-1] == "People":
                yield from (row[-1] for row in table["rows"])


def test_no_few_people_are_counted_and_none_are_left_over(told) -> None:
    answers, frames, inputs = told
    whole = frames["shown"].subject_id.nunique()
    counts = [*_counts_of_people(answers)]
    counts += [
        group["curate:people"]
        for groups in consent_summary(Facts(inputs)).values() if isinstance(groups, list)
        for group in groups
    ]  # fmt: skip
    assert len(counts) > 20
    for n in counts:
        if isinstance(n, int):
            assert n >= SMALLEST
            assert not 0 < whole - n < SMALLEST


def test_groups_of_people_do_not_give_away_one_another(told) -> None:
    """Of the states, ages and proofs either nothing is withheld or two numbers are."""
    answers, _, _ = told
    for question, caption in (
        (17, "People by what is recorded of their age"),
        (29, "People by state of consent"),
        (29, "People by how well their consent is proven"),
    ):
        (table,) = (one for one in answers[question]["tables"] if one["caption"] == caption)
        hidden = [n for *_, n in table["rows"] if not isinstance(n, int)]
        assert len(hidden) != 1, table


def test_each_sum_over_entries_is_the_whole(told) -> None:
    answers, frames, _ = told
    whole = len(frames["described"])
    by = pd.DataFrame(answers[6]["tables"][0]["rows"], columns=["by", "value", "n"])
    sums = by.groupby("by").n.sum()
    for name in ("kind", "authenticity label", "manipulation", "split", "dataset"):
        assert sums[name] == whole
    assert sum(row[-1] for row in answers[46]["tables"][0]["rows"]) == whole
