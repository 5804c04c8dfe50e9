"""SARIF 2.1.0: findings in the form that code hosts and editors show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from curate.audit.rules import ALL_RULES, BY_CODE
from curate.model.verdict import Effect

_LEVELS = {Effect.BLOCK: "error", Effect.REVIEW: "warning", Effect.NONE: "note"}


def sarif(
    findings: pa.Table, locators: Mapping[str, str], *, complete: bool = True
) -> dict[str, Any]:
    """Return a SARIF log of an audit's findings.

    Args:
        findings: Rows of the table `findings`.
        locators: The locator of each entry, by id.
        complete: Whether every rule was applied.
    """
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "curate", "rules": [_rule(r) for r in ALL_RULES]}},
                # Where rules were left out, an empty list says nothing of what is clean.
                "properties": {"complete": complete},
                "results": [_result(row, locators) for row in findings.to_pylist()],
            }
        ],
    }


def _rule(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.symbol,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.effect]},
    }


def _result(row: Mapping[str, Any], locators: Mapping[str, str]) -> dict[str, Any]:
    rule = BY_CODE[row["code"]]
    uri = quote(locators.get(row["media_id"], row["media_id"]))
    return {
        "ruleId": rule.code,
        "level": _LEVELS[rule.effect],
        "message": {"text": rule.say(json.loads(row["params"]))},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}}}],
        "partialFingerprints": {"finding": row["finding_id"]},
    }
