"""The audit page: what was judged, what was found, what was not looked at, on one page of HTML.

It loads nothing, runs nothing, and says the same of the same tables byte for byte: it knows no
other instant than the one judged at.
"""

from __future__ import annotations

import json
from typing import Any

from curate.model.verdict import Effect
from curate.report.examples import examples
from curate.report.facts import Facts
from curate.report.inputs import ReportInputs
from curate.report.overview import (
    by_label,
    by_source,
    by_split,
    found_by_rule,
    people,
    rejections,
    silent_rules,
    verdict_counts,
)
from curate.report.pages import render_html


def audit_page(inputs: ReportInputs) -> str:
    """Return the audit page: HTML, whole in itself."""
    facts = Facts(inputs)
    found = found_by_rule(facts)
    return render_html(
        "audit.html.j2",
        inputs=inputs,
        verdicts=verdict_counts(facts),
        found=found,
        reasons=[one for one in found if one.effect != Effect.NONE],
        silent=silent_rules(found, _applied(facts)),
        people=people(facts),
        by_source=by_source(facts),
        by_split=by_split(facts),
        by_label=by_label(facts),
        examples=examples(facts, found),
        rejections=rejections(facts),
    )


def _applied(facts: Facts) -> list[str]:
    rows = facts.rows("SELECT parameters FROM runs WHERE run_id = ?", facts.inputs.run_id)
    told: dict[str, Any] = json.loads(rows[0][0] or "{}") if rows else {}
    return list(told.get("rules", ()))
