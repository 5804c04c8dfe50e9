"""Limits: what the audit did not look at, so that silence is not taken for innocence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from curate.audit.rules import ALL_RULES, BY_CODE
from curate.report.comparison import comparisons
from curate.report.facts import Facts
from curate.report.structure import stages_run
from curate.report.suppression import count_some, few
from curate.report.words import listed, number
from curate.schema import resource_folder

_ENTRIES = ("entry", "entries")


@dataclass(frozen=True)
class Limits:
    """What was not checked.

    Attributes:
        gaps: What these data lack, with counts; empty when nothing does.
        unjudged: What no applied rule judges.
        always: What holds of the method whatever the data.
    """

    gaps: tuple[str, ...]
    unjudged: tuple[str, ...]
    always: tuple[str, ...]


def limits(facts: Facts, applied: Iterable[str], *, exact: bool = True) -> Limits:
    """Return the limits of an audit.

    Args:
        facts: The tables.
        applied: The codes of the rules that it applied.
        exact: Whether to print small counts of what stands for people.
    """
    codes = set(applied)
    gaps = [
        text for check in _CHECKS
        if (text := check(facts) if check is not _strangers else _strangers(facts, exact=exact))
    ]  # fmt: skip
    return Limits(
        (*_left_out_rules(codes), *gaps), tuple(_unjudged(codes)), tuple(sentences("always"))
    )


def _left_out_rules(applied: set[str]) -> list[str]:
    absent = [rule.code for rule in ALL_RULES if rule.code not in applied]
    return [f"Rules that were not applied: {listed(absent, at_most=40)}."] if absent else []


def sentences(name: str) -> list[str]:
    """Return the sentences of ``reports/limits.json`` called `name`."""
    told: list[str] = _sentences()[name]
    return told


@cache
def _sentences() -> dict[str, Any]:
    path = resource_folder("reports") / "limits.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _unjudged(applied: set[str]) -> Iterable[str]:
    """Yield the sentences whose reasons no applied rule names: a new rule silences its own."""
    bases = " ".join(BY_CODE[code].basis for code in sorted(applied) if code in BY_CODE)
    for one in _sentences()["unjudged"]:
        if not any(reason in bases for reason in one["reasons"]):
            yield one["text"]


def _stages(facts: Facts) -> str:
    ran = stages_run(facts)
    lacking = [f"{stage} ({without})" for stage, without in _WITHOUT if stage not in ran]
    return f"Stages that did not run: {listed(lacking)}." if lacking else ""


_WITHOUT = (
    ("probe", "no file was opened"),
    ("signals", "no opt-out and no provenance was read"),
    ("faces", "no face was searched"),
    ("dedup", "near copies were not searched"),
    ("identity", "faces were not compared with one another"),
)


def _lists(facts: Facts) -> str:
    if not facts.count("SELECT count(*) FROM hash_lists"):
        return "No hash list is registered: nothing was held against hashes of known abuse."
    asked, not_asked = _asked(facts, "asked"), _asked(facts, "not_asked")
    told = [f"Hash lists were asked by {listed(asked)}."] if asked else []
    told += [f"Not asked by {listed(not_asked)}, which hash lists hold."] if not_asked else []
    return " ".join(told)


def _asked(facts: Facts, column: str) -> list[str]:
    """Return kinds of hash, each with the number of entries that were asked by it, or were not."""
    rows = facts.rows(f"""
        SELECT kind, count(*) FROM (
            SELECT unnest({column}) AS kind FROM judged JOIN hash_checks USING (sha256)
        ) GROUP BY kind ORDER BY kind""")
    return [f"{kind} for {number(n, *_ENTRIES)}" for kind, n in rows]


def _newer(facts: Facts) -> str:
    n = facts.count("SELECT count(*) FROM entries ANTI JOIN verdicts USING (media_id)")
    return f"Listed after this audit, and not judged: {number(n, *_ENTRIES)}." if n else ""


def _vanished(facts: Facts) -> str:
    n = facts.count("SELECT count(*) FROM verdicts ANTI JOIN entries USING (media_id)")
    return f"Judged, and no longer listed: {number(n, *_ENTRIES)}." if n else ""


def _files(facts: Facts) -> str:
    rows = dict(facts.rows("SELECT state, count(*) FROM judged GROUP BY state"))
    words = (("missing", "missing"), ("unreadable", "unreadable"), ("unseen", "not opened"),
             ("sealed", "sealed"))  # fmt: skip
    said = [f"{rows[state]:,} {word}" for state, word in words if rows.get(state)]
    return f"Files that nobody could look at: {listed(said)}." if said else ""


def _unscanned(facts: Facts) -> str:
    n, failed = facts.row("""
        SELECT count(*), count(*) FILTER (sha256 IN (SELECT sha256 FROM face_scans))
        FROM judged WHERE state = 'present'
        AND sha256 NOT IN (SELECT sha256 FROM face_scans WHERE error IS NULL)""")
    tail = f" In {failed:,} of them the search failed." if failed else ""
    return f"Readable, and not searched for faces: {number(n, *_ENTRIES)}.{tail}" if n else ""


def _videos(facts: Facts) -> str:
    n, frames = facts.row("""
        SELECT count(DISTINCT j.media_id),
               count(DISTINCT (s.sha256, s.frame)) FILTER (s.error IS NULL AND s.frame IS NOT NULL)
        FROM judged j JOIN content c USING (sha256) LEFT JOIN face_scans s USING (sha256)
        WHERE c.kind = 'video' AND j.state = 'present'""")
    if not n:
        return ""
    looked = f"only {number(frames, 'frame')} of them" if frames else "none of their frames"
    return f"Of {number(n, 'video')}, {looked} were searched for faces."


def _poor_faces(facts: Facts) -> str:
    n = facts.count("SELECT count(*) FROM faces WHERE NOT judgeable")
    return (
        f"{number(n, 'face')} were too small, turned, blurred, covered or doubtful to be compared; "
        "each counts as someone, and nobody knows as whom."
    ) if n else ""  # fmt: skip


def _uncalibrated(facts: Facts) -> str:
    return next((one.gap for one in comparisons(facts) if one.current), "")


def _strangers(facts: Facts, *, exact: bool = True) -> str:
    people, n = facts.row(
        "SELECT count(DISTINCT identity_id), count(DISTINCT identity_id) FILTER "
        "(subject_id IS NULL) FROM identities WHERE identity_id IS NOT NULL"
    )
    found = number(people, "identity", "identities")
    are = "is" if n == 1 else "are"
    if n and not exact:
        found = few(people, "identity", "identities")
        who = count_some(n, people).removesuffix(" people")
        return (
            f"Of {found} that comparing the faces of the whole catalogue found, {who} are linked "
            "to no declared person."
        )
    return (
        f"Of {found} that comparing the faces of the whole catalogue found, {n:,} {are} linked to "
        "no declared person."
    ) if n else ""  # fmt: skip


def _unhashed(facts: Facts) -> str:
    if "dedup" not in stages_run(facts):
        return ""
    told = facts.rows(
        "SELECT parameters FROM runs WHERE verb = 'run dedup' AND status = 'done' "
        "ORDER BY started_at DESC, run_id DESC LIMIT 1"
    )
    least = json.loads(told[0][0] or "{}").get("min_quality", 0) if told else 0
    n = facts.count(
        "SELECT count(*) FROM content WHERE pdq IS NULL OR coalesce(pdq_quality, 0) < ?", least
    )
    return (
        f"{number(n, 'content')} show too little structure for a perceptual hash; of them only "
        "copies by bytes or pixels were searched."
    ) if n else ""  # fmt: skip


def _sourceless(facts: Facts) -> str:
    n = facts.count("""
        SELECT count(*) FROM judged
        WHERE source_id IS NULL OR source_id NOT IN (SELECT source_id FROM sources)""")
    return f"With no source on record: {number(n, *_ENTRIES)}." if n else ""


_CHECKS: tuple[Callable[[Facts], str], ...] = (
    _stages,
    _lists,
    _newer,
    _vanished,
    _files,
    _unscanned,
    _videos,
    _poor_faces,
    _uncalibrated,
    _strangers,
    _unhashed,
    _sourceless,
)
