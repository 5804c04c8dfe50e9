"""Lint: what authors write, held against the facts by the rules DOC.

Views that the rules ask, each over what `datasheet.toml` says:

==========  ===============================================================
view        one row per
==========  ===============================================================
claimed     sentence that says that something is never so
stated      total that a sentence or ``[numbers]`` states
counted     fact, with its count; none where its stage has not run
unanswered  question whose answer lacks the authors' part
promised    document under ``[documents]``, and whether it is there
==========  ===============================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.audit.rule import Rule
from curate.audit.rules.documents import RULES
from curate.errors import UnknownNameError
from curate.model.authored import NAME, Authored
from curate.model.config import Waiver
from curate.model.verdict import Effect
from curate.report.claims import claims, totals
from curate.report.datasheet.sheet import datasheet
from curate.report.fact_counts import COUNTED, counted
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs

_TEXT, _WHOLE, _TRUTH = pa.string(), pa.int64(), pa.bool_()
_VIEWS = {
    "claimed": pa.schema({"place": _TEXT, "fact": _TEXT, "says": _TEXT, "quote": _TEXT}),
    "stated": pa.schema({"place": _TEXT, "fact": _TEXT, "stated": _WHOLE, "quote": _TEXT}),
    "counted": pa.schema({"fact": _TEXT, "words": _TEXT, "value": _WHOLE, "lacking": _TEXT}),
    "unanswered": pa.schema(
        {"place": _TEXT, "question": _WHOLE, "text": _TEXT, "wanted": _TEXT}
    ),
    "promised": pa.schema({"place": _TEXT, "name": _TEXT, "path": _TEXT, "found": _TRUTH}),
}  # fmt: skip


@dataclass(frozen=True)
class DocumentFinding:
    """What a rule found in a document.

    Attributes:
        rule: The rule.
        place: The field of `datasheet.toml` that is meant.
        effect: What it does; `Effect.NONE` when it is waived.
        params: The facts that the rule's message speaks of.
        waiver: Who waived it and why, or nothing.
    """

    rule: Rule
    place: str
    effect: Effect
    params: dict[str, Any] = field(default_factory=dict)
    waiver: str = ""

    def message(self) -> str:
        """Return the finding in words."""
        return self.rule.say(self.params).strip()

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return {
            "code": self.rule.code,
            "place": self.place,
            "effect": str(self.effect),
            "message": self.message(),
            "params": self.params,
            "waiver": self.waiver or None,
        }


def lint(
    inputs: ReportInputs, folder: Path, *, waivers: Iterable[Waiver] = ()
) -> list[DocumentFinding]:
    """Return what the rules DOC find in what the authors say, by code and place.

    Args:
        inputs: The audit, the tables, and what the authors say.
        folder: Where paths of promised documents start.
        waivers: Findings that someone answers for; `media` names the place.

    Raises:
        UnknownNameError: ``[numbers]`` names a fact that nobody counts.
    """
    facts = Facts(inputs)
    for name, rows in _views(inputs, facts, folder).items():
        facts.show(name, pa.Table.from_pylist(rows, schema=_VIEWS[name]))
    waiving = [one for one in waivers if one.expires > inputs.as_of]
    found = [
        _waived(DocumentFinding(rule, row.pop("place"), rule.effect, row), waiving)
        for rule in RULES
        for row in facts.records(f"SELECT DISTINCT * FROM ({rule.query}) ORDER BY ALL")
    ]
    return sorted(found, key=lambda one: (one.rule.code, _in_order(one.place)))


def _in_order(place: str) -> list[tuple[int, str]]:
    """Return what puts ``answers.7`` before ``answers.56``."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in place.split(".")]


def _views(inputs: ReportInputs, facts: Facts, folder: Path) -> dict[str, list[dict[str, Any]]]:
    authored = inputs.authored
    texts = list(_texts(authored))
    return {
        "claimed": [{"place": place, **vars(one)} for place, text in texts for one in claims(text)],
        "stated": [
            *({"place": place, **vars(one)} for place, text in texts for one in totals(text)),
            *_numbers(authored),
        ],
        "counted": counted(facts),
        "unanswered": list(_unanswered(inputs)),
        "promised": [
            {"place": f"documents.{name}", "name": name, "path": path,
             "found": path.startswith(("https://", "http://")) or (folder / path).is_file()}
            for name, path in sorted(authored.documents.items())
        ],
    }  # fmt: skip


def _texts(authored: Authored) -> Iterator[tuple[str, str]]:
    """Yield every text that the authors wrote, with its place."""
    for name, value in authored.about.items():
        if isinstance(value, str):
            yield f"about.{name}", value
    for number, text in sorted(authored.answers.items()):
        yield f"answers.{number}", text


def _numbers(authored: Authored) -> Iterator[dict[str, Any]]:
    for fact, number in sorted(authored.numbers.items()):
        if fact not in COUNTED:
            raise UnknownNameError(
                f"no fact is called {fact!r}",
                where=f"{NAME}: numbers",
                hint=f"facts are: {', '.join(sorted(COUNTED))}",
            )
        yield {"place": f"numbers.{fact}", "fact": fact, "stated": number,
               "quote": f"{fact} = {number}"}  # fmt: skip


def _unanswered(inputs: ReportInputs) -> Iterator[dict[str, Any]]:
    for one in datasheet(inputs).answers:
        begun = one.question.id in inputs.authored.answers
        if one.answer.complete or (one.question.optional and not begun):
            continue
        yield {
            "place": f"answers.{one.question.id}",
            "question": one.question.id,
            "text": one.question.text,
            "wanted": one.answer.left_to_authors,
        }


def _waived(finding: DocumentFinding, waivers: list[Waiver]) -> DocumentFinding:
    for one in waivers:
        if one.code == finding.rule.code and (not one.media or finding.place in one.media):
            why = f"{one.reason} ({', '.join(one.by)}, until {one.expires:%Y-%m-%d})"
            return replace(finding, effect=Effect.NONE, waiver=why)
    return finding
