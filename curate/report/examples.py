"""Examples: a few findings of each rule, in words and with a small picture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from curate.model.verdict import Verdict
from curate.report.facts import Facts
from curate.report.overview import Found
from curate.report.thumbnails import thumbnail_uri
from curate.report.words import one_setting

MAX_THUMBNAILS = 40
PER_RULE = 5
# A name or a sentence longer than this is cut: a page has a bound whatever is in the catalogue.
MAX_TEXT = 500


@dataclass(frozen=True)
class Example:
    """One finding.

    Attributes:
        locator: The entry.
        dataset: Its dataset.
        verdict: Its verdict.
        words: What was found.
        finding_id: The finding.
        picture: A ``data:`` URI, or nothing.
        blurred: Whether the picture is blurred.
    """

    locator: str
    dataset: str
    verdict: str
    words: str
    finding_id: str
    picture: str | None
    blurred: bool


_FIRST = """
SELECT f.code, f.finding_id, f.params, j.dataset, j.locator, j.root, j.verdict, j.state,
       -- What is near a listed hash is decided without viewing.
       CASE WHEN j.sha256 NOT IN (SELECT sha256 FROM hash_matches) THEN j.sha256 END AS sha256
FROM findings f JOIN judged j USING (media_id)
QUALIFY row_number() OVER (PARTITION BY f.code ORDER BY j.locator, f.finding_id) <= ?
ORDER BY f.code, j.locator, f.finding_id
"""


def examples(facts: Facts, found: list[Found], *, pictures: bool) -> dict[str, list[Example]]:
    """Return examples by code, with `MAX_THUMBNAILS` pictures in all at most.

    Args:
        facts: The tables.
        found: What each rule found.
        pictures: Whether to show any, for a page that stays with those who hold the media.
    """
    each = min(PER_RULE, max(1, MAX_THUMBNAILS // max(1, len(found)))) if pictures else 0
    rules = {one.rule.code: one.rule for one in found}
    hidden = {one.rule.code for one in found if one.hidden}
    by_code: dict[str, list[Example]] = {}
    shown = 0
    for row in facts.records(_FIRST, PER_RULE):
        known = by_code.setdefault(row["code"], [])
        # As many examples as there are would be the count.
        if known and row["code"] in hidden:
            continue
        uri = None
        if len(known) < each and shown < MAX_THUMBNAILS:
            uri = _picture(row)
            shown += uri is not None
        known.append(Example(
            locator=one_setting(row["locator"], at_most=MAX_TEXT),
            dataset=row["dataset"],
            verdict=row["verdict"],
            words=_words(rules[row["code"]].say(json.loads(row["params"])), row["params"]),
            finding_id=row["finding_id"],
            picture=uri,
            blurred=_hidden(row),
        ))  # fmt: skip
    return by_code


def _words(words: str, params: str) -> str:
    return one_setting(words or params, at_most=MAX_TEXT)


def _hidden(row: dict[str, Any]) -> bool:
    return bool(row["verdict"] != Verdict.CLEARED)


def _picture(row: dict[str, Any]) -> str | None:
    if row["state"] != "present" or row["sha256"] is None:
        return None
    return thumbnail_uri(row["root"], row["locator"], row["sha256"], blurred=_hidden(row))
