"""What an audit page tells: counts and tables over the entries that an audit judged."""

from __future__ import annotations

from dataclasses import dataclass

from curate.audit.rule import Rule
from curate.audit.rules import ALL_RULES, BY_CODE
from curate.model.verdict import Effect, Verdict
from curate.report.facts import Facts
from curate.report.suppression import (
    SMALLEST,
    count_people,
    count_some,
    few_of,
    of_people,
    withheld,
    withheld_each,
)
from curate.report.words import Cell, Listing, number, part_of

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
        exact: Whether to print small counts of what tells of people.
    """

    rule: Rule
    effect: Effect
    findings: int
    entries: int
    exact: bool = True

    @property
    def hidden(self) -> bool:
        """Whether so few entries are not counted out."""
        return not self.exact and of_people(self.rule.code) and 0 < self.entries < SMALLEST

    @property
    def entries_shown(self) -> Cell:
        """The number of entries as it is printed."""
        return few_of(self.rule.code, self.entries) if self.hidden else self.entries

    @property
    def findings_shown(self) -> Cell:
        """The number of findings as it is printed."""
        return few_of(self.rule.code, self.findings) if self.hidden else self.findings

    @property
    def entries_words(self) -> str:
        """The number of entries with its noun."""
        if self.hidden:
            return f"{self.entries_shown} entries"
        return number(self.entries, "entry", "entries")

    @property
    def rank(self) -> int:
        """What lists are ordered by: of hidden counts the order tells nothing."""
        return SMALLEST - 1 if self.hidden else self.entries


def verdict_counts(facts: Facts) -> Verdicts:
    """Return how many entries have each verdict."""
    counts = dict(facts.rows("SELECT verdict, count(*) FROM verdicts GROUP BY verdict"))
    return Verdicts(*(counts.get(str(verdict), 0) for verdict in Verdict))


def found_by_rule(facts: Facts, *, exact: bool = True) -> list[Found]:
    """Return what each rule found: what blocks first, then by number of entries.

    Args:
        facts: The tables.
        exact: Whether to print small counts of what tells of people.
    """
    rows = facts.rows(
        "SELECT code, effect, count(*), count(DISTINCT media_id) FROM findings "
        "GROUP BY code, effect ORDER BY code, effect"
    )
    found = [Found(rule_of(c), Effect(e), n, entries, exact) for c, e, n, entries in rows]
    return sorted(found, key=lambda f: (_EFFECTS[f.effect], -f.rank, f.rule.code))


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


def by_rule_and_source(facts: Facts, *, exact: bool = True) -> Listing:
    """Return where each rule found something, each with the id of one of its findings.

    Args:
        facts: The tables.
        exact: Whether to print small counts of what tells of people.
    """
    rows = facts.rows(
        """
        SELECT f.code, j.dataset, coalesce(j.source_id, 'not declared') AS source,
               count(DISTINCT f.media_id) AS entries, count(*) AS findings,
               min(f.finding_id) AS evidence, count(*) OVER () AS rows
        FROM findings f JOIN judged j USING (media_id)
        GROUP BY 1, 2, 3 ORDER BY f.code, j.dataset, source LIMIT ?""",
        MAX_ROWS,
    )
    head = ("Rule", "Dataset", "Source", "Entries", "Findings", "For example")
    more = rows[0][-1] - len(rows) if rows else 0
    shown = [row[:-1] for row in rows]
    if not exact:
        shown = [row for code in dict.fromkeys(row[0] for row in shown)
                 for row in _kept_apart([row for row in shown if row[0] == code])]  # fmt: skip
    return Listing("Findings by rule and source", head, tuple(shown), more)


def _kept_apart(rows: list[tuple[Cell, ...]]) -> list[tuple[Cell, ...]]:
    """Return the rows of one rule without small counts of people, nor what would give them away."""
    if not of_people(str(rows[0][0])):
        return rows
    counts = withheld([(str(i), int(str(row[3]))) for i, row in enumerate(rows)])
    words = dict(counts) if len(counts) == len(rows) else {}
    return [
        row if (entries := words.get(str(i), "withheld")) == row[3]
        else (*row[:3], entries, "withheld", row[5])
        for i, row in enumerate(rows)
    ]  # fmt: skip


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
        exact: Whether to print small counts.
    """

    declared: int
    covered: int
    reasons: tuple[tuple[Rule, int], ...]
    exact: bool = True

    @property
    def sentence(self) -> str:
        """How many are declared, and of how many every use is covered."""
        if not self.declared:
            return "Nobody is declared to be shown."
        if self.exact:
            who = number(self.declared, "person is", "people are")
            covered = f"{self.covered:,} of them"
        else:
            who = f"{count_people(self.declared).capitalize()} are"
            covered = f"{self.covered_shown} of them"
        return f"{who} declared to be shown; the consents on record cover every use of {covered}."

    @property
    def declared_shown(self) -> Cell:
        """How many are declared, as it is printed."""
        if self.exact:
            return self.declared
        return _number_of(count_people(self.declared), self.declared)

    @property
    def covered_shown(self) -> Cell:
        """Of how many every use is covered, as it is printed."""
        if self.exact:
            return self.covered
        words = count_some(self.covered, self.declared)
        return "none" if not self.covered else _number_of(words, self.covered)

    @property
    def reasons_shown(self) -> tuple[tuple[Rule, Cell], ...]:
        """Reasons and counts, as they are printed."""
        if self.exact:
            return self.reasons
        counts = withheld_each([(rule.code, n) for rule, n in self.reasons], self.declared)
        return tuple((rule_of(str(code)), n) for code, n in counts)


def _number_of(words: str, count: int) -> Cell:
    return count if words == f"{count:,} people" else words.removesuffix(" people")


def people(facts: Facts, *, exact: bool = True) -> People:
    """Return how far consents cover people, by what the rules on consent found.

    Args:
        facts: The tables.
        exact: Whether to print small counts.
    """
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
    ordered = rows if exact else sorted(rows, key=lambda row: (-max(row[1], SMALLEST - 1), row[0]))
    return People(total, covered, tuple((rule_of(code), n) for code, n in ordered), exact)
