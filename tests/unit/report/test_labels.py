"""Labels on the audit page: the worst shortcut first, with its price; nothing where none ran."""

from __future__ import annotations

import json
from typing import Any

from curate.report.audit_page import audit_page
from curate.report.facts import Facts
from curate.report.labels import labels
from tests.unit.report.conftest import Row, audit_record, entry, make_inputs, verdict

SHAPE = {"bins": ["below 90", "90 <b>and</b> above"], "labels": {"fake": [40, 2], "real": [3, 41]}}


def tell(feature: str, rank: int, **values: Any) -> Row:
    """Return a row of `shortcuts`."""
    return {
        "target": "authenticity", "feature": feature, "rank": rank, "auc": 0.5,
        "balanced_accuracy": 0.5, "effect": 0.0, "margin": 0.1, "p_value": 0.5,
        "p_adjusted": 0.5, "flagged": False, "items": 86, "groups": 43, "exchangeable": True,
        "shape": json.dumps(SHAPE), "basis": "people", "stage": "labels/2", **values,
    }  # fmt: skip


WORST = tell("JPEG quality", 1, auc=0.95, effect=0.9, p_adjusted=0.002, flagged=True,
             plan="encode again", plan_loses=7, match_loses=76)  # fmt: skip


def test_a_shortcut_is_told_with_what_removes_it_and_the_price() -> None:
    found = labels(Facts(make_inputs(shortcuts=[WORST, tell("width", 2)])))

    assert found is not None
    assert "1 feature that should not matter" in found.summary[0]
    assert "the worst is JPEG quality" in found.summary[0]
    row = ("JPEG quality", "label", "0.950", "0.002", 76, "encode again; 7 entries cannot")
    assert found.shortcuts.rows == (row,)
    assert "width 0.00" in found.charts[0].alternative
    assert "JPEG quality 0.90 shortcut" in found.charts[0].alternative
    assert found.charts[1].title == "Entries by JPEG quality and label"
    assert found.charts[1].key[0][0] == "fake"


def test_nothing_is_claimed_where_labels_could_not_be_exchanged() -> None:
    found = labels(Facts(make_inputs(shortcuts=[tell("width", 1, exchangeable=False)])))

    assert found is not None
    assert "nothing could be tested" in found.summary[0]
    assert found.shortcuts.rows == ()


def test_estimates_that_could_not_be_made_are_not_known() -> None:
    row = {"kind": "label", "name": "real", "items": 50, "groups": 20, "auc": 0.6,
           "held_together": "clips alone", "stage": "labels/2"}  # fmt: skip
    found = labels(Facts(make_inputs(label_noise=[row])))

    assert found is not None
    assert found.noise.rows == (("real", 50, None, None, None),)
    assert "Held together as no independent witnesses: clips alone." in found.summary


def test_the_page_has_the_section_only_where_labels_were_looked_at() -> None:
    base = {"entries": [entry(1)], "verdicts": [verdict(1, "cleared")], "runs": [audit_record([])]}

    assert 'id="labels"' not in audit_page(make_inputs(**base))
    page = audit_page(make_inputs(**base, shortcuts=[WORST]))
    assert 'id="labels"' in page
    # What a bin is called comes from data.
    assert "<b>and</b>" not in page
