"""`curate audit`: judge every entry for a use."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.options import UseOption, WorkspaceOption, instant
from curate.cli.output import note, open_context, say, say_json, table
from curate.errors import ExitStatus, InputError, UnknownNameError
from curate.model.plural import verb
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.audit.rule import Rule
    from curate.catalog.audits import Audited
    from curate.verbs.context import Context


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class FailOn(StrEnum):
    """From which effect on the exit status is 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


def command(
    use: UseOption = DEFAULT_USE,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Judge at this instant, by what was known then.")
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(help="Only these rules: codes or families, joined by commas; repeatable."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Not these rules: codes or families, joined by commas; repeatable."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit 1 on what blocks (error), on doubt too (warning).")
    ] = FailOn.ERROR,
    against: Annotated[
        str | None,
        typer.Option(help="Print what changed since this audit's run, or `last`, and why."),
    ] = None,
    assignment: Annotated[
        str | None, typer.Option(help="Judge by the splits that `curate split` made, by name.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Findings shown per rule, in text.")] = 3,
    workspace: WorkspaceOption = None,
) -> int:
    """Judge every entry for a use: cleared, needs_review or blocked, and why.

    Raises:
        InputError: --against with --select or --ignore.
    """
    from curate.verbs.audit import audit

    context = open_context(workspace)
    rules = _rules(select, ignore)
    if against is not None and rules is not None:
        raise InputError(
            "an audit from which rules were left out cannot be compared with another: what they "
            "did not ask would look like a change",
            where="--against",
            hint="leave out --select and --ignore",
        )
    before = _before(context, against, use)
    audited = audit(
        context,
        use=use,
        as_of=instant(as_of, "--as-of"),
        rules=rules,
        assignment=assignment,
    )
    if before is not None:
        _print_difference(context, before, audited, as_json=output is Format.JSON)
    elif output is Format.JSON:
        say_json(_document(context, audited))
    elif output is Format.SARIF:
        say_json(_sarif(context, audited))
    else:
        _print(context, audited, limit)
    return _status(audited.counts(), fail_on)


def _before(context: Context, against: str | None, use: str) -> Audited | None:
    """Return the audit to compare with, found before this one runs."""
    if against is None:
        return None
    if against == "last":
        return context.latest_audit(use=use)
    return context.latest_audit(run_id=against)


def _print_difference(context: Context, before: Audited, after: Audited, *, as_json: bool) -> None:
    from curate.catalog.difference import difference

    locators = _locators(context)
    rows = [
        {"locator": locators.get(row["media_id"], row["media_id"]), **row}
        for row in difference(before, after).rows.to_pylist()
    ]
    if as_json:
        say_json({"before": before.run_id, "after": after.run_id, "changed": rows})
        return
    told = [
        {**row, "why": " ".join([*(f"+{c}" for c in row["appeared"]),
                                 *(f"-{c}" for c in row["vanished"]),
                                 *([row["decided_by"]] if row["decided_by"] != "policy" else [])])}
        for row in rows
    ]  # fmt: skip
    if told:
        table(told, ["locator", "before", "after", "why"])
        say()
    say(f"{len(rows):,} entries changed since {before.run_id}")


def _rules(select: list[str] | None, ignore: list[str] | None) -> list[Rule] | None:
    from curate.audit.rules import ALL_RULES

    wanted, unwanted = _codes(select), _codes(ignore)
    if wanted is None and unwanted is None:
        return None
    return [
        rule
        for rule in ALL_RULES
        if (wanted is None or rule.code.startswith(wanted))
        and not (unwanted and rule.code.startswith(unwanted))
    ]


def _codes(texts: list[str] | None) -> tuple[str, ...] | None:
    from curate.audit.rules import ALL_RULES, EVERY_RULE

    if not texts:
        return None
    codes = tuple(code.strip().upper() for code in ",".join(texts).split(",") if code.strip())
    for code in codes:
        if not any(rule.code.startswith(code) for rule in ALL_RULES):
            families = ", ".join(sorted({rule.family for rule in ALL_RULES}))
            hint = f"families are: {families}"
            if any(rule.code.startswith(code) for rule in EVERY_RULE):
                hint += "; rules DOC are about documents, and belong to `curate report lint`"
            raise UnknownNameError(f"an audit has no rule that is called {code!r}", hint=hint)
    return codes


def _print(context: Context, audited: Audited, limit: int) -> None:
    from curate.audit.rules import BY_CODE
    from curate.verbs.gaps import gaps

    locators = _locators(context)
    findings = audited.findings.select(["code", "media_id", "params"]).to_pylist()
    shown: Counter[str] = Counter()
    for row in findings:
        shown[row["code"]] += 1
        if shown[row["code"]] <= limit:
            rule = BY_CODE[row["code"]]
            from curate.errors import printable

            place = printable(locators.get(row["media_id"], row["media_id"]))
            say(f"{rule.code} {place}: {printable(rule.say(json.loads(row['params'])))}")
    if shown:
        say()
        rows = [
            {"rule": code, "findings": count, "effect": str(BY_CODE[code].effect),
             "what": BY_CODE[code].title}
            for code, count in sorted(shown.items())
        ]  # fmt: skip
        table(rows, ["rule", "findings", "effect", "what"])
        say()
    for gap in gaps(context):
        say(f"warning: {gap}")
    counts = audited.counts()
    doubted = counts["needs_review"]
    say(f"for {audited.use.name}, as of {audited.as_of:%Y-%m-%d %H:%M} UTC: "
        f"{counts['cleared']:,} cleared, {doubted:,} {verb(doubted, 'needs', 'need')} review, "
        f"{counts['blocked']:,} blocked")  # fmt: skip
    if audited.filtered:
        say("rules were left out: these are findings only, nothing is cleared by them, and this is "
            "not the last audit that decisions, reports and releases go by")  # fmt: skip
    say_answers(audited)
    say_waivers(context, audited)
    if shown:
        say("`curate explain CODE` teaches a rule; `curate explain LOCATOR` tells of one entry")


def say_answers(audited: Audited) -> None:
    """Print what is not answered, and on what clearances rest."""
    from curate.audit.tally import in_words, tally

    open_ = [
        {"question": one.question.name, "not answered for": one.open, "asks": one.question.asks}
        for one in tally(audited.verdicts)
        if one.open
    ]
    if open_:
        say()
        say("questions without an answer, each of which keeps an entry from being cleared:")
        table(open_, ["question", "not answered for", "asks"])
        say()
    for sentence in in_words(audited.verdicts):
        say(sentence)


def say_waivers(context: Context, audited: Audited) -> None:
    """Print how much rests on waivers, and which do not hold."""
    from curate.audit.rules import BY_CODE
    from curate.audit.waivers import resting
    from curate.errors import printable
    from curate.verbs.audit import idle_waivers

    found = resting(audited.findings, audited.verdicts, BY_CODE)
    if found.waivers:
        say(str(found))
    for text in idle_waivers(context, audited):
        note(f"waiver {printable(text)}")


def _locators(context: Context) -> dict[str, str]:
    rows = context.catalog.connect("media").execute("SELECT media_id, locator FROM media")
    return dict(rows.fetchall())


def _sarif(context: Context, audited: Audited) -> dict[str, Any]:
    from curate.audit.sarif import sarif

    rows = context.catalog.connect("media").execute(
        "SELECT media_id, dataset, locator, root FROM media"
    ).fetchall()  # fmt: skip
    roots: dict[str, set[str]] = {}
    for _, dataset, _, root in rows:
        roots.setdefault(dataset, set()).add(root or "")
    return sarif(
        audited.findings,
        {media: (dataset, locator) for media, dataset, locator, _ in rows},
        use=audited.use.name,
        as_of=audited.as_of,
        complete=not audited.filtered,
        # Where a dataset's media lie below two roots, no one address is right for all of them.
        roots={dataset: min(found) for dataset, found in roots.items() if len(found) == 1},
    )


def _document(context: Context, audited: Audited) -> dict[str, Any]:
    from curate.audit.tally import tally
    from curate.verbs.gaps import gaps

    findings = audited.findings.to_pylist()
    return {
        "run_id": audited.run_id,
        "use": audited.use.name,
        "as_of": audited.as_of.isoformat(),
        "counts": audited.counts(),
        "complete": not audited.filtered,
        "gaps": gaps(context),
        "questions": [
            {"name": one.question.name, "not_answered": one.open, "cleared_by_basis": one.cleared}
            for one in tally(audited.verdicts)
        ],
        "findings": [{**row, "params": json.loads(row["params"])} for row in findings],
        "verdicts": audited.verdicts.select(
            ["media_id", "verdict", "codes", "answers"]
        ).to_pylist(),
    }


def _status(counts: dict[str, int], fail_on: FailOn) -> int:
    bad = {
        FailOn.NEVER: 0,
        FailOn.ERROR: counts["blocked"],
        FailOn.WARNING: counts["blocked"] + counts["needs_review"],
    }[fail_on]
    return ExitStatus.FINDINGS if bad else ExitStatus.GOOD
