"""The documents read as plain English: short sentences, no worn phrases, right in number."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.report import card, croissant, limits, method, responsible
from curate.report.bundle import accounts
from curate.report.datasheet import (
    composition,
    distribution,
    history,
    labels,
    people,
    stewardship,
)
from curate.report.datasheet.sheet import datasheet
from curate.report.inputs import ReportInputs
from curate.schema import resource_folder
from tests.unit.report.conftest import AS_OF, Row, consent, content, entry, event, make_inputs, run
from tests.unit.report.london import london, london_release

SOURCES = (composition, distribution, history, labels, people, stewardship, card, croissant, limits,
           method, responsible)  # fmt: skip
TEMPLATES = ("datasheet.md.j2", "datasheet.html.j2", "card.md.j2")
# The mean of a page, and the most that one sentence may have.
MEAN_WORDS, MOST_WORDS = 22, 48
BANNED = re.compile(
    r"for ever|anything but|and says so|who holds a copy|Question \d|by the rules LAB|"
    r"\bhad, by\b|stands? alone, |what is what|nobody else|beats every|of this project\.|"
    r"does not know the rule|have an end, between|Labels by origin",
    re.IGNORECASE,
)
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b|\btrain-detector\b|\bA\d-\d-[a-z]\b|\b[A-Z]{3}\d{3}\b")
_ONE_OF_MANY = re.compile(
    r"(?<![\d,.])\b1 (?:entries|pictures|sources|files|labels|faces|identities|contents|relations|"
    r"requests|decisions|groups|items|people)\b|"
    r"\b(?:[2-9]|\d\d+) (?:entry|picture|source|file|label|face|identity|content|relation|"
    r"request|decision|group|item|person)\b(?! (?:format|content))"
)


def one_of_each() -> ReportInputs:
    """Return inputs with one of everything, so that every sentence is in the singular."""
    row = entry(1, manipulation_type="face_swap", method="swapper", captured_at=AS_OF)
    return make_inputs(
        entries=[row],
        content=[content(row) | {"has_exif": True}],
        depictions=[{"media_id": "m001", "subject_id": "p1", "role": "depicted",
                     "link_method": "declared", "link_status": "confirmed"}],
        labels=[{"media_id": "m001", "name": "authenticity", "value": "fake",
                 "origin": "declared"}],
        face_scans=[{"sha256": row["sha256"], "frame": 0, "model_id": "toy@1", "faces": 1}],
        consents=[consent("p1", valid_until=AS_OF, withdrawal_method="by letter")],
        consent_events=[event("p1")],
        sources=[{"source_id": "studio", "kind": "own_capture", "status": "active",
                  "consent_claim": "individual_records", "acquired_at": AS_OF,
                  "acquisition_method": "direct_from_subject", "terms_flags": None,
                  "licence": "CC-BY-4.0"}],
        runs=[run("run probe", 1), run("run dedup", 2), run("run labels", 3)],
    )  # fmt: skip


WORLDS = {
    "catalogue": london, "release": london_release, "one of each": one_of_each,
    "nothing": make_inputs,
}  # fmt: skip


@pytest.fixture(params=WORLDS)
def paragraphs(request) -> list[str]:
    """Return every paragraph that the datasheet of a world has from the catalogue."""
    told = json.loads(datasheet(WORLDS[request.param]()).json)["questions"]
    return [text for one in told for text in one["text"]]


def sentences(texts: list[str]) -> list[str]:
    return [one for text in texts for one in re.split(r"(?<=[.!?”])\s+(?=[A-Z\d])", text) if one]


def test_sentences_are_short(paragraphs) -> None:
    lengths = [len(one.split()) for one in sentences(paragraphs)]
    assert sum(lengths) / len(lengths) < MEAN_WORDS
    assert [one for one in sentences(paragraphs) if len(one.split()) > MOST_WORDS] == []


def test_sentences_are_whole(paragraphs) -> None:
    assert [one for one in paragraphs if not re.match(r"[A-Z\d].*[.”]$", one)] == []


def test_no_code_stands_in_a_sentence(paragraphs) -> None:
    plain = [re.sub(r"“[^”]*”|`[^`]*`|toy@1", "", one) for one in paragraphs]
    assert [one for one in plain if CODE.search(one)] == []


def test_numbers_have_nouns_in_the_right_number(paragraphs) -> None:
    assert [one for one in paragraphs if _ONE_OF_MANY.search(one)] == []


def test_cells_of_tables_hold_no_codes() -> None:
    told = json.loads(datasheet(london_release()).json)["questions"]
    cells = [
        cell for one in told for table in one["tables"] if table["caption"] != "Commands that ran"
        for row in table["rows"] for cell in row if isinstance(cell, str)
    ]  # fmt: skip
    assert [cell for cell in cells if CODE.search(cell)] == []


def _literals(path: Path) -> Iterator[str]:
    """Yield the texts in a module's code; its docstrings are not printed in documents."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if id(node) not in alone and isinstance(node, ast.Constant):
            yield str(node.value)


def test_no_worn_phrase_stands_in_a_template() -> None:
    texts = [text for module in SOURCES for text in _literals(Path(str(module.__file__)))]
    texts += [(resource_folder("reports") / name).read_text(encoding="utf-8")
              for name in TEMPLATES]  # fmt: skip
    assert [text for text in texts if BANNED.search(text)] == []


def test_accounts_put_their_codes_into_words() -> None:
    record = json.loads(accounts(london_release())["processing-record.json"])
    assert record["purposes"][0]["in_words"] == "training detectors"
    included = {"operation": "include", "in_words": "including the media in the dataset"}
    assert record["operations"][0] == included
    bases: list[Row] = record["legal_bases"]
    assert {"consent (GDPR Art. 6(1)(a))"} <= {one["in_words"] for one in bases}
    summary = json.loads(accounts(london_release())["eu-training-summary.json"])
    left = summary["data_processing_aspects"]["personal_data"]["left_out_for_consent_or_people"]
    assert left[0]["in_words"] == "A person has no consent on record."
