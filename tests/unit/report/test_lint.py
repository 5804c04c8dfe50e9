"""Every rule on documents, by its cases; and waivers, places and words of what they find."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curate.audit.rule import placeholders
from curate.audit.rules import BY_CODE
from curate.errors import UnknownNameError
from curate.model.authored import Authored
from curate.model.config import Waiver
from curate.model.verdict import Effect
from curate.report.inputs import TABLES, ReportInputs
from curate.report.lint import DocumentFinding, lint
from curate.schema import conform
from tests.unit.report.conftest import run
from tests.worlds import load_world

CASES = Path(__file__).parents[2] / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("DOC*/*/*/world.toml"))


@dataclass(frozen=True)
class Case:
    """A world with what its authors say.

    Attributes:
        inputs: The world.
        folder: Where promised documents are looked for.
        only: The places that the case is about; all when empty.
        expect: Places in which the rule must find something.
    """

    inputs: ReportInputs
    folder: Path
    only: list[str]
    expect: list[str]

    def found(self, **options: Any) -> list[DocumentFinding]:
        """Return what is found in the places that the case is about."""
        every = lint(self.inputs, self.folder, **options)
        return [one for one in every if not self.only or one.place in self.only]


def load_case(folder: Path, scratch: Path) -> Case:
    """Return the case described in `folder`."""
    said = tomllib.loads((folder / "world.toml").read_text(encoding="utf-8"))
    world = load_world(folder, scratch)
    tables = {
        name: world.tables[name] if name in world.tables else conform([], name) for name in TABLES
    }
    runs = [run(f"run {stage}", minute) for minute, stage in enumerate(said.get("stages", []), 1)]
    tables["runs"] = conform(runs, "runs")
    for name in said.get("files", []):
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_bytes(b"%PDF-1.7")
    told = said.get("datasheet", {})
    answers = {int(number): text for number, text in told.get("answers", {}).items()}
    authored = Authored(**(told | {"answers": answers}))
    inputs = ReportInputs("case", "", "curate", "audit", world.question.use,
                          world.question.as_of, tables, authored=authored)  # fmt: skip
    return Case(inputs, scratch, said.get("only", []), world.expect)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: "/".join(f.parts[-3:]))
def test_rule_speaks_where_its_case_says_so_and_nowhere_else(folder: Path, tmp_path: Path) -> None:
    """A fail case names the places in which the rule must find something."""
    case, rule = load_case(folder, tmp_path), BY_CODE[folder.parts[-3]]

    found = [one for one in case.found() if one.rule is rule]

    assert sorted({one.place for one in found}) == case.expect
    assert (folder.parts[-2] == "fail") == bool(case.expect)
    for one in found:
        assert set(placeholders(rule.message)) <= set(one.params)
        assert "unknown" not in one.message()


@pytest.fixture
def contradicted(tmp_path: Path) -> Case:
    """Return a case with one contradicted claim."""
    return load_case(CASES / "DOC001" / "fail" / "one-has-not-consented", tmp_path)


def test_a_finding_quotes_the_words_and_the_count(contradicted: Case) -> None:
    (found,) = [one for one in contradicted.found() if one.rule.code == "DOC001"]

    assert found.message() == (
        "“All subjects have given their informed consent” says that everybody shown consented, "
        "and the catalogue counts 1 people whose consent is not on record as given"
    )
    assert found.effect is Effect.BLOCK
    assert found.as_json()["place"] == "answers.29"


def test_a_waiver_takes_the_effect_of_an_open_answer(contradicted: Case) -> None:
    waivers = [
        Waiver(
            "DOC003", "not yet decided", ("r.meyer",), datetime(2030, 1, 1, tzinfo=UTC), (place,)
        )
        for place in ("answers.39", "answers.56")
    ]

    found = {one.place: one for one in contradicted.found(waivers=waivers)}

    assert found["answers.39"].effect is Effect.NONE
    assert found["answers.39"].waiver == "not yet decided (r.meyer, until 2030-01-01)"
    assert found["answers.1"].effect is Effect.REVIEW


def test_a_waiver_that_has_ended_waives_nothing(contradicted: Case) -> None:
    waiver = Waiver("DOC003", "long ago", ("r.meyer",), contradicted.inputs.as_of)

    assert not any(one.waiver for one in contradicted.found(waivers=[waiver]))


def test_a_number_of_something_nobody_counts_is_refused(contradicted: Case) -> None:
    inputs = replace(contradicted.inputs, authored=Authored(numbers={"smiles": 3}))

    with pytest.raises(UnknownNameError, match="no fact is called 'smiles'") as caught:
        lint(inputs, contradicted.folder)

    assert "people" in caught.value.hint


def test_the_order_of_rows_does_not_show(contradicted: Case) -> None:
    turned = {
        name: table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64()))
        for name, table in contradicted.inputs.tables.items()
    }
    again = replace(contradicted, inputs=replace(contradicted.inputs, tables=turned))

    assert again.found() == contradicted.found()
