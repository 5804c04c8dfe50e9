"""SARIF 2.1.0: findings in the form that code hosts and editors show.

A place is a path below the root of its dataset's media, which the log names and does not tell
unless it is asked to. Code hosts take no more than `MOST` results of a run: of more the worst are
listed, and the others are counted in the log itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from curate.audit.rules import ALL_RULES, BY_CODE
from curate.model.instants import print_instant
from curate.model.verdict import Effect
from curate.version import __version__

# GitHub's limit of results in one run.
MOST = 25_000
_LEVELS = {Effect.BLOCK: "error", Effect.REVIEW: "warning", Effect.NONE: "note"}
_ORDER = [str(effect) for effect in _LEVELS]
_CUT = "results-left-out"

# The dataset of an entry and its path below the root.
Place = tuple[str, str]


def listed(findings: pa.Table, *, most: int = MOST) -> tuple[pa.Table, dict[str, int]]:
    """Return the findings that a log lists, those that block first, and the others by rule.

    Args:
        findings: Rows of the table `findings`.
        most: How many are listed.
    """
    rank = pc.index_in(findings["effect"], value_set=pa.array(_ORDER))
    keys = ("rank", "code", "media_id", "finding_id")
    ordered = findings.append_column("rank", rank)
    ordered = ordered.take(pc.sort_indices(ordered, [(key, "ascending") for key in keys]))
    rest = ordered.slice(most).group_by("code").aggregate([([], "count_all")]).to_pylist()
    left_out = {row["code"]: row["count_all"] for row in sorted(rest, key=lambda r: r["code"])}
    return ordered.slice(0, most).drop_columns(["rank"]), left_out


def sarif(
    findings: pa.Table,
    places: Mapping[str, Place],
    *,
    use: str,
    as_of: datetime,
    complete: bool = True,
    roots: Mapping[str, str] | None = None,
    most: int = MOST,
) -> dict[str, Any]:
    """Return a SARIF log of an audit's findings.

    Args:
        findings: Rows of the table `findings`.
        places: The dataset and the locator of each entry that is listed, by id.
        use: The use that was judged for.
        as_of: The instant judged at, in UTC.
        complete: Whether every rule was applied.
        roots: Where the media of each dataset lie, for a log that stays on this machine.
        most: How many results are listed.
    """
    shown, left_out = listed(findings, most=most)
    rows = shown.to_pylist()
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "curate",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(r) for r in ALL_RULES],
                    }
                },
                "invocations": [_invocation(use, as_of, left_out)],
                "originalUriBaseIds": _bases(rows, places, roots or {}),
                "properties": {
                    # Where rules were left out, an empty list says nothing of what is clean.
                    "complete": complete,
                    "findings": findings.num_rows,
                    "resultsLeftOut": sum(left_out.values()),
                    "resultsLeftOutByRule": left_out,
                },
                "results": [_result(row, places) for row in rows],
            }
        ],
    }


def _invocation(use: str, as_of: datetime, left_out: Mapping[str, int]) -> dict[str, Any]:
    moment = print_instant(as_of)
    words = ["audit", "--use", use, "--as-of", moment]
    told: dict[str, Any] = {
        "executionSuccessful": True,
        "arguments": words,
        "properties": {"use": use, "asOf": moment},
    }
    if left_out:
        count = sum(left_out.values())
        told["toolExecutionNotifications"] = [{
            "descriptor": {"id": _CUT},
            "level": "warning",
            "message": {"text": f"{count:,} findings are not listed here, because code hosts take "
                                f"no more than {MOST:,}. `curate report audit` writes all of them "
                                "to findings.csv."},
        }]  # fmt: skip
    return told


def _bases(
    rows: list[dict[str, Any]], places: Mapping[str, Place], roots: Mapping[str, str]
) -> dict[str, Any]:
    named = {places[row["media_id"]][0] for row in rows if row["media_id"] in places}
    found: dict[str, Any] = {}
    for dataset in sorted(named):
        text = f"The media root of the dataset {dataset}"
        found[dataset] = {"description": {"text": text}}
        root = roots.get(dataset, "")
        if root.startswith("/"):
            found[dataset]["uri"] = Path(root).as_uri().rstrip("/") + "/"
    return found


def _rule(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.symbol,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.effect]},
    }


def _result(row: Mapping[str, Any], places: Mapping[str, Place]) -> dict[str, Any]:
    rule = BY_CODE.get(row["code"])
    dataset, locator = places.get(row["media_id"], (None, row["media_id"]))
    artifact = {"uri": quote(locator)}
    if dataset is not None:
        artifact["uriBaseId"] = dataset
    words = rule.say(json.loads(row["params"])) if rule else row["params"]
    found: dict[str, Any] = {
        "ruleId": row["code"],
        "level": _LEVELS[Effect(row["effect"])],
        "message": {"text": words},
        "locations": [{"physicalLocation": {"artifactLocation": artifact}}],
        "partialFingerprints": {"finding": row["finding_id"]},
    }
    if row.get("waiver"):
        found["suppressions"] = [{"kind": "external", "justification": row["waiver"]}]
    return found
