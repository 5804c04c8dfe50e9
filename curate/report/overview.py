"""What an audit page tells: counts and tables over the entries that an audit judged."""

from __future__ import annotations

from dataclasses import dataclass

from curate.audit.rule import Rule
from curate.audit.rules import ALL_RULES, BY_CODE
from curate.model.verdict import Effect, Verdict
from curate.report.facts import Facts
from curate.report.words import Cell, Listing, part_of

# Rows of one table: a page over a million entries stays small.
MAX_ROWS = 60

_EFFECTS = {Effect.BLOCK: 0, Effect.REVIEW: 1, Effect.NONE: 2}


@dataclass(frozen=True)
class Verdicts:
    """How many entries have each verdict."""

    cleared: int
    needs_review: int
    blocked: int

    @property
    def total(self) -> int:
        """All entries judged."""
        return self.cleared + self.needs_review + self.blocked

    def by_verdict(self) -> dict[Verdict, int]:
        """Return the counts, from the best verdict to the worst."""
        return {
            Verdict.CLEARED: self.cleared,
            Verdict.NEEDS_REVIEW: self.needs_review,
            Verdict.BLOCKED: self.blocked,
        }


@dataclass(frozen=True)
class Found:
    """What one rule found.

    Attributes:
        rule: The rule; a stand-in when this version does not know the code.
        effect: What its findings do.
        findings: How many.
        entries: In how many entries.
    """

    rule: Rule
    effect: Effect
    findings: int
    entries: int


def verdict_counts(facts: Facts) -> Verdicts:
    """Return how many entries have each verdict."""
    counts = dict(facts.rows("SELECT verdict, count(*) FROM verdicts GROUP BY verdict"))
    return Verdicts(*(counts.get(str(verdict), 0) for verdict in Verdict))


def found_by_rule(facts: Facts) -> list[Found]:
    """Return what each rule found: what blocks first, then by number of entries."""
    rows = facts.rows(
        "SELECT code, effect, count(*), count(DISTINCT media_id) FROM findings "
        "GROUP BY code, effect ORDER BY code, effect"
    )
    found = [Found(rule_of(c), Effect(e), n, entries) for c, e, n, entries in rows]
    return sorted(found, key=lambda f: (_EFFECTS[f.effect], -f.entries, f.rule.code))


def rule_of(code: str) -> Rule:
    """Return the rule with a code, or one that says it is not known here."""
    unknown = "This version of curate does not know the rule."
    return BY_CODE.get(code) or Rule(code, "unknown", unknown, Effect.REVIEW, "", "", "", "", "")


def silent_rules(found: list[Found], applied: list[str]) -> list[Rule]:
    """Return the rules that were applied and found nothing."""
    spoke = {one.rule.code for one in found}
    return [rule for rule in ALL_RULES if rule.code in applied and rule.code not in spoke]


_BY = """
SELECT {columns}, count(*) AS entries,
       count(*) FILTER (verdict = 'cleared') AS cleared,
       count(*) FILTER (verdict = 'needs_review') AS review,
       count(*) FILTER (verdict = 'blocked') AS blocked,
       count(*) OVER () AS rows
FROM judged GROUP BY {columns} ORDER BY entries DESC, {columns} LIMIT {limit}
"""
_COUNTED = ("Entries", "Cleared", "Review", "Blocked", "Cleared share")


def _by(facts: Facts, caption: str, columns: dict[str, str]) -> Listing:
    """Return verdicts by `columns`, each with the words for one that is not declared."""
    names = ", ".join(columns)
    rows = facts.rows(_BY.format(columns=names, limit=MAX_ROWS))
    shown = tuple(_counted(row[:-1], tuple(columns.values())) for row in rows)
    head = tuple(name.removesuffix("_id").capitalize() for name in columns)
    return Listing(caption, head + _COUNTED, shown, (rows[0][-1] - len(rows)) if rows else 0)


def _counted(row: tuple[Cell, ...], absent: tuple[str, ...]) -> tuple[Cell, ...]:
    names = tuple(value if value is not None else absent[i]
                  for i, value in enumerate(row[: len(absent)]))  # fmt: skip
    entries, cleared, review, blocked = (int(str(n)) for n in row[len(absent) :])
    return (*names, entries, cleared, review, blocked, part_of(cleared, entries))


def by_source(facts: Facts) -> Listing:
    """Return verdicts by dataset and source."""
    return _by(facts, "Verdicts by dataset and source",
               {"dataset": "", "source_id": "not declared"})  # fmt: skip


def by_split(facts: Facts) -> Listing:
    """Return verdicts by declared split."""
    return _by(facts, "Verdicts by split", {"split": "not declared"})


def by_label(facts: Facts) -> Listing:
    """Return verdicts by authenticity label and kind of manipulation."""
    rows = facts.rows(
        _BY.replace(
            "FROM judged",
            """FROM (
            SELECT j.*, l.value AS label FROM judged j
            LEFT JOIN labels l ON l.media_id = j.media_id AND l.name = 'authenticity'
        )""",
        ).format(columns="label, manipulation_type", limit=MAX_ROWS)
    )
    shown = tuple(_counted(row[:-1], ("not declared", "")) for row in rows)
    more = (rows[0][-1] - len(rows)) if rows else 0
    head = ("Label", "Manipulation", *_COUNTED)
    return Listing("Verdicts by label and manipulation", head, shown, more)


def by_rule_and_source(facts: Facts) -> Listing:
    """Return where each rule found something, each with the id of one of its findings."""
    rows = facts.rows(
        """
        SELECT f.code, j.dataset, coalesce(j.source_id, 'not declared') AS source,
               count(DISTINCT f.media_id) AS entries, count(*) AS findings,
               min(f.finding_id) AS evidence, count(*) OVER () AS rows
        FROM findings f JOIN judged j USING (media_id)
        GROUP BY 1, 2, 3 ORDER BY f.code, entries DESC, j.dataset, source LIMIT ?""",
        MAX_ROWS,
    )
    head = ("Rule", "Dataset", "Source", "Entries", "Findings", "For example")
    more = rows[0][-1] - len(rows) if rows else 0
    return Listing("Findings by rule and source", head, tuple(row[:-1] for row in rows), more)


def rejections(facts: Facts) -> Listing:
    """Return input rows and files that did not become entries."""
    total = facts.count("SELECT count(*) FROM rejections")
    rows = facts.rows(
        "SELECT dataset, place, locator, reason, detail FROM rejections "
        "ORDER BY reason, dataset, place, rejection_id LIMIT ?", MAX_ROWS
    )  # fmt: skip
    shown = tuple((d, p if n in (None, p) else f"{p} ({n})", r, t) for d, p, n, r, t in rows)
    head = ("Dataset", "Place", "Reason", "What was found")
    return Listing("Rejected rows and files", head, shown, total - len(rows))


@dataclass(frozen=True)
class People:
    """How far the consents on record cover the people declared.

    Attributes:
        declared: People declared to be in the entries judged.
        covered: Of them, whom no rule on consent speaks of.
        reasons: Rule, and of how many people it speaks; one with two reasons is in both.
    """

    declared: int
    covered: int
    reasons: tuple[tuple[Rule, int], ...]


def people(facts: Facts) -> People:
    """Return how far consents cover people, by what the rules on consent found."""
    declared = """
        SELECT DISTINCT subject_id FROM depictions
        WHERE link_status <> 'rejected' AND media_id IN (SELECT media_id FROM judged)
    """
    spoken = """
        SELECT DISTINCT code, json_extract_string(params, '$.subject') AS subject_id
        FROM findings WHERE code LIKE 'CON%'
    """
    total, covered = facts.row(
        f"SELECT count(*), count(*) FILTER (subject_id NOT IN (SELECT subject_id FROM ({spoken}) "
        f"WHERE subject_id IS NOT NULL)) FROM ({declared})"
    )
    rows = facts.rows(
        f"SELECT code, count(*) AS n FROM ({spoken}) SEMI JOIN ({declared}) USING (subject_id) "
        "GROUP BY code ORDER BY n DESC, code"
    )
    return People(total, covered, tuple((rule_of(code), n) for code, n in rows))
