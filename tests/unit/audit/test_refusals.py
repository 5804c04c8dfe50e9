"""Refusals: the reasons that block are those whose rules block."""

from __future__ import annotations

import re

from curate.audit.refusals import BLOCKING
from curate.audit.rules import ALL_RULES
from curate.model.verdict import Effect


def test_blocking_reasons_are_those_of_rules_that_block() -> None:
    """A rule that comes to block, or stops, must be told of here too."""
    asked = re.compile(r"FROM (unmet|standings) WHERE reason = '([\w-]+)'")
    found = {
        match.groups()
        for rule in ALL_RULES
        if rule.effect is Effect.BLOCK and (match := asked.search(rule.query))
    }

    assert found == {(view, reason) for view, reasons in BLOCKING.items() for reason in reasons}
