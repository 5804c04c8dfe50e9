"""The audit page's appendix: the question that was asked, and what ran with which settings."""

from __future__ import annotations

from dataclasses import dataclass

from curate.report.facts import Facts
from curate.report.words import Cell, Listing, listed, one_setting, parsed, settings

MAX_RUNS = 40
# SQL that is true of a run that wrote what audits judge.
MADE = (
    "(verb IN ('ingest', 'split', 'identify import', 'review import') OR starts_with(verb, 'run '))"
)


@dataclass(frozen=True)
class AuditRun:
    """What the record of the audit's own run tells.

    Attributes:
        rules: Codes of the rules applied.
        ruleset: Version of the rules.
        policy: SHA-256 of the settings that verdicts depend on.
    """

    rules: tuple[str, ...]
    ruleset: str
    policy: str


def audit_run(facts: Facts) -> AuditRun:
    """Return the record of the audit's run."""
    rows = facts.rows("SELECT parameters, versions FROM runs WHERE run_id = ?", facts.inputs.run_id)
    told, versions = (parsed(text) for text in (rows[0] if rows else ("", "")))
    return AuditRun(
        tuple(told.get("rules", ())),
        versions.get("ruleset", "not known"),
        versions.get("policy", "not known"),
    )


def use_profile(facts: Facts, run: AuditRun) -> Listing:
    """Return the use that was judged for, and the policy."""
    use = facts.inputs.use
    rows: tuple[tuple[Cell, Cell], ...] = (
        ("Use", use.name),
        ("Purpose", use.purpose),
        ("Operations", listed(use.operations)),
        ("Audience", use.audience),
        ("Commercial", use.commercial),
        ("Recipients in", listed(use.recipient_territories)),
        ("Stored in", listed(use.storage_territories)),
        ("Starts", use.starts_at or "not stated"),
        ("Ends", use.ends_at or "not stated"),
        ("Judged as of", facts.inputs.as_of.isoformat()),
        ("Ruleset", run.ruleset),
        ("Policy (SHA-256 of uses and purposes)", run.policy),
    )
    return Listing("The use and the policy", ("Setting", "Value"), rows)


def thresholds(facts: Facts) -> Listing:
    """Return the settings and measures of each stage's last run."""
    rows = facts.rows("""
        SELECT verb, parameters, counts FROM runs
        WHERE status = 'done' AND verb LIKE 'run %'
        QUALIFY row_number() OVER (PARTITION BY verb ORDER BY started_at DESC, run_id DESC) = 1
        ORDER BY verb""")
    cells = [
        (verb.removeprefix("run "), name, one_setting(value))
        for verb, *told in rows
        for name, value in {**parsed(told[0]), **parsed(told[1])}.items()
        if name not in ("by_group", "curves")
    ]
    return Listing("Thresholds and measures, by stage", ("Stage", "Setting", "Value"), tuple(cells))


def runs(facts: Facts) -> Listing:
    """Return the last runs that made what was judged, newest first.

    Audits, documents and releases change nothing of it: the same tables have the same page, however
    often they were judged.
    """
    total = facts.count(f"SELECT count(*) FROM runs WHERE {MADE}")
    rows = facts.rows(
        "SELECT verb, started_at, status, tool_version, versions, run_id, error FROM runs "
        f"WHERE {MADE} ORDER BY started_at DESC, run_id DESC LIMIT ?", MAX_RUNS,
    )  # fmt: skip
    shown = tuple(
        (verb, started, status if not error else f"{status}: {one_setting(error)}", tool,
         settings(versions, at_most=12), run_id)
        for verb, started, status, tool, versions, run_id, error in rows
    )  # fmt: skip
    head = ("Step", "Started", "Ended", "Curate", "Versions", "Run")
    return Listing(
        "Runs that made what was judged, the newest first", head, shown, total - len(rows)
    )
