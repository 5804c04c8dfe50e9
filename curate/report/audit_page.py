"""The audit page: what was judged, what was found, what was not looked at, on one page of HTML.

It loads nothing, runs nothing, and says the same of the same tables byte for byte: it knows no
other instant than the one judged at.
"""

from __future__ import annotations

from curate.audit.rules import ALL_RULES
from curate.audit.tally import tally
from curate.model.verdict import Effect
from curate.report.appendix import (
    audit_run,
    runs,
    thresholds,
    use_profile,
)
from curate.report.charts.audit import charts
from curate.report.comparison import comparisons
from curate.report.examples import examples
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.labels import labels
from curate.report.leaks import read_leaks
from curate.report.limits import limits
from curate.report.method import method, notable, on_clearance
from curate.report.overview import (
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
from curate.report.pages import render_html
from curate.report.reach import quiet_rules, reach_of
from curate.report.structure import scale_note, structure
from curate.splits.lint import lint


def audit_page(inputs: ReportInputs, *, pictures: bool = False) -> str:
    """Return the audit page: HTML, whole in itself, and of bounded size.

    Args:
        inputs: The audit and the tables it judged.
        pictures: Whether to show small pictures of examples, read from the media roots that
            entries name. A page with pictures is not to be handed over: it cannot be recalled.
    """
    facts = Facts(inputs)
    found, verdicts, covered, run = (
        found_by_rule(facts), verdict_counts(facts), people(facts), audit_run(facts),
    )  # fmt: skip
    splits = lint(inputs.tables)
    silent = reach_of(facts, silent_rules(found, list(run.rules)), splits)
    left_out = [rule for rule in ALL_RULES if rule.code not in run.rules]
    source, split, label = by_source(facts), by_split(facts), by_label(facts)
    return render_html(
        "audit.html.j2",
        inputs=inputs,
        scale=scale_note(facts),
        verdicts=verdicts,
        found=found,
        reasons=sorted(
            (one for one in found if one.effect != Effect.NONE), key=lambda one: -one.entries
        ),
        silent=[one for one in silent if one.about and not one.why],
        untested=[one for one in silent if one.about and one.why],
        applied=len([rule for rule in ALL_RULES if rule.code in run.rules]),
        people=covered,
        charts=charts(facts, verdicts, found, covered, (split, source)),
        by_source=source,
        by_split=split,
        by_label=label,
        structure=structure(facts),
        leaks=read_leaks(splits),
        labels=labels(facts),
        comparisons=comparisons(facts),
        by_rule=by_rule_and_source(facts),
        notable=notable(facts),
        open_questions=[one for one in tally(inputs.tables["verdicts"]) if one.open],
        clearance=on_clearance(facts),
        examples=examples(facts, found, pictures=pictures),
        pictures=pictures,
        rejections=rejections(facts),
        method=method(facts, run),
        limits=limits(facts, run.rules),
        appendix=(
            use_profile(facts, run),
            *quiet_rules(silent, left_out),
            thresholds(facts),
            runs(facts),
        ),
    )
