"""What the audit page says, computed once: for the page, and as JSON beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from curate.audit.rule import Rule
from curate.audit.rules import ALL_RULES
from curate.audit.tally import Tally, tally
from curate.model.instants import print_instant
from curate.model.verdict import Effect
from curate.report.appendix import audit_run, runs, thresholds, use_profile
from curate.report.charts.audit import charts
from curate.report.charts.draw import Chart
from curate.report.comparison import Comparison, comparisons
from curate.report.examples import Example, examples
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.labels import labels
from curate.report.leaks import read_leaks
from curate.report.limits import limits
from curate.report.method import clearance, method, notable, on_clearance
from curate.report.overview import (
    Found,
    People,
    by_label,
    by_rule_and_source,
    by_source,
    by_split,
    found_by_rule,
    people,
    rejections,
    silent_rules,
    verdict_counts,
)
from curate.report.reach import quiet_rules, reach_of
from curate.report.structure import scale_note, structure
from curate.report.suppression import SMALLEST, few
from curate.report.words import number
from curate.splits.lint import lint

# Questions about people: how many entries leave one open is withheld where it is small.
_OF_PEOPLE = ("accounted", "seen", "one_name", "consent")


def audit_figures(inputs: ReportInputs, *, pictures: bool = False) -> dict[str, Any]:
    """Return everything that an audit page says, by the names that its template uses.

    Args:
        inputs: The audit and the tables it judged.
        pictures: Whether it is for a page that stays with those who hold the media: with small
            pictures, and with small counts of people too.
    """
    facts = Facts(inputs)
    found, verdicts, covered, run = (
        found_by_rule(facts, exact=pictures), verdict_counts(facts),
        people(facts, exact=pictures), audit_run(facts),
    )  # fmt: skip
    splits = lint(inputs.tables)
    silent = reach_of(facts, silent_rules(found, list(run.rules)), splits)
    left_out = [rule for rule in ALL_RULES if rule.code not in run.rules]
    source, split, label = by_source(facts), by_split(facts), by_label(facts)
    return {
        "scale": scale_note(facts),
        "verdicts": verdicts,
        "found": found,
        "reasons": sorted(
            (one for one in found if one.effect != Effect.NONE), key=lambda one: -one.rank
        ),
        "silent": [one for one in silent if one.about and not one.why],
        "untested": [one for one in silent if one.about and one.why],
        "applied": len([rule for rule in ALL_RULES if rule.code in run.rules]),
        "people": covered,
        "charts": charts(facts, verdicts, found, covered, (split, source), exact=pictures),
        "by_source": source,
        "by_split": split,
        "by_label": label,
        "structure": structure(facts, exact=pictures),
        "leaks": read_leaks(splits, exact=pictures),
        "labels": labels(facts),
        "comparisons": comparisons(facts),
        "by_rule": by_rule_and_source(facts, exact=pictures),
        "notable": notable(facts, exact=pictures),
        "open_questions": [
            _open(one, exact=pictures) for one in tally(inputs.tables["verdicts"]) if one.open
        ],
        "clearance": on_clearance(facts),
        "answers": clearance(facts).answers,
        "examples": examples(facts, found, pictures=pictures),
        "pictures": pictures,
        "smallest": SMALLEST,
        "rejections": rejections(facts),
        "method": method(facts, run),
        "limits": limits(facts, run.rules, exact=pictures),
        "appendix": (
            use_profile(facts, run), *quiet_rules(silent, left_out), thresholds(facts), runs(facts),
        ),
    }  # fmt: skip


def _open(one: Tally, *, exact: bool) -> dict[str, str | int]:
    """Return a question that is not answered, and of how many entries."""
    hidden = not exact and one.question.name in _OF_PEOPLE
    entries = (few if hidden else number)(one.open, "entry", "entries")
    return {"question": one.question.name, "asks": one.question.asks, "entries": entries}


def audit_document(inputs: ReportInputs, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an audit page says as JSON values: the same numbers, and the same withheld.

    Args:
        inputs: The audit.
        figures: What `audit_figures` gives.
    """
    use = inputs.use
    return {
        "project": inputs.project,
        "notice": inputs.notice or None,
        "audit": inputs.audit,
        "tool": inputs.tool,
        "as_of": print_instant(inputs.as_of),
        "use": {"name": use.name, "purpose": use.purpose, "audience": use.audience,
                "commercial": use.commercial},
        "counts_withheld_below": SMALLEST,
        **{name: _plain(value) for name, value in figures.items()
           if name not in ("pictures", "smallest")},
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """Return a value of the page in JSON types."""
    for kind, shown in _SHOWN:
        if isinstance(value, kind):
            return shown(value)
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _found(one: Found) -> dict[str, Any]:
    return {
        "rule": one.rule.code, "title": one.rule.title, "effect": str(one.effect),
        "entries": one.entries_shown, "findings": one.findings_shown,
    }  # fmt: skip


def _people(one: People) -> dict[str, Any]:
    return {
        "declared": one.declared_shown,
        "covered": one.covered_shown,
        "reasons": [{"rule": rule.code, "people": n} for rule, n in one.reasons_shown],
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    return {"model": one.model, "current": one.current, "sentences": list(one.sentences),
            "by_group": _plain(one.by_group)}  # fmt: skip


def _example(one: Example) -> dict[str, Any]:
    return {"finding_id": one.finding_id, "dataset": one.dataset, "locator": one.locator,
            "verdict": one.verdict, "words": one.words}  # fmt: skip


_SHOWN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Rule, lambda rule: {"code": rule.code, "symbol": rule.symbol, "title": rule.title}),
    (Found, _found),
    (People, _people),
    (Comparison, _comparison),
    (Example, _example),
    (Chart, lambda chart: {"title": chart.title, "in_words": chart.alternative}),
    (datetime, print_instant),
    (date, date.isoformat),
)
