"""`curate audit`: judge every entry for a use, and keep findings and verdicts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from curate.catalog.audits import Audited, with_run
from curate.catalog.digest import joined_digest, tables_digest
from curate.catalog.listings import listings_kept
from curate.model.config import Config, UseProfile, Waiver
from curate.verbs.correct import apply_corrections
from curate.verbs.gaps import demand_whole_ledger
from curate.verbs.tables import prepared, statements
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.audit.facts import Question
    from curate.audit.rule import Rule
    from curate.verbs.context import Context


def audit(
    context: Context,
    *,
    use: str = DEFAULT_USE,
    as_of: datetime | None = None,
    rules: Iterable[Rule] | None = None,
    assignment: str | None = None,
) -> Audited:
    """Judge every entry for a use, and keep findings and verdicts.

    Args:
        context: The workspace.
        use: The name of a use profile in `curate.toml`.
        as_of: The instant to judge at, by what was known then; now when None.
        rules: The rules to apply; all when None.
        assignment: Splits that `curate split` made, to judge by in the place of those declared.

    Raises:
        InputError: The clock was set back, and no instant is given.
        UnknownNameError: There is no such use or assignment.
        VerificationError: The ledger is not what was recorded, or does not know what lies beside
            it.
    """
    from curate.audit.facts import spoken_of
    from curate.audit.judge import judge
    from curate.audit.rules import ALL_RULES, RULESET_VERSION, check_waivers

    profile = context.use(use)
    now = context.clock()
    moment = as_of or now
    # What is judged as of a past instant is not refused for what was decided since.
    check_waivers(context.config.waivers, where=str(context.workspace.config), now=max(moment, now))
    if as_of is None:
        context.check_clock()
    chosen = tuple(ALL_RULES if rules is None else rules)
    asked = {"use": use, "as_of": moment, "rules": [rule.code for rule in chosen]}
    asked |= {} if assignment is None else {"assignment": assignment}
    asked |= {} if rules is None else {"filtered": True}
    waivers = (*context.config.waivers, *reviewed_waivers(context, known_at=moment))
    question = question_of(context, profile, moment, waivers)
    with context.workspace.writing(), context.recorded("audit", asked) as record:
        # A ledger that someone changed, or an older one, must not clear anything.
        context.ledger.verify().demand(where=str(context.workspace.ledger))
        demand_whole_ledger(context)
        with listings_kept(context.catalog, context.ledger, context.clock):
            apply_corrections(context.catalog, context.ledger)
        stated = statements(context, known_at=as_of)
        observed, digest = prepared(
            context, assignment=assignment, spoken=spoken_of(stated, question)
        )
        judged = judge(observed, stated, chosen, question, complete=rules is None)
        run_id = str(record["run_id"])
        findings = with_run(run_id, judged.findings)
        verdicts = with_run(run_id, judged.verdicts)
        context.catalog.append("findings", findings)
        context.catalog.append("verdicts", verdicts)
        result = Audited(
            run_id, profile, moment, findings, verdicts, assignment, filtered=rules is not None
        )
        record["counts"] = {**result.counts(), "findings": findings.num_rows}
        record["versions"] = {"ruleset": RULESET_VERSION, "policy": policy_digest(context.config)}
        record["inputs"] = joined_digest(digest, tables_digest(stated))
    return result


def question_of(
    context: Context, profile: UseProfile, moment: datetime, waivers: tuple[Waiver, ...] = ()
) -> Question:
    """Return what an audit for a use asks, by the settings.

    Args:
        context: The workspace.
        profile: The use.
        moment: The instant to judge at.
        waivers: Those that may hold.

    Raises:
        ConfigError: ``[clearance]`` accepts an answer that a question cannot have.
    """
    from curate.audit.facts import Question
    from curate.audit.questions import check_clearance

    config = context.config
    check_clearance(config.clearance, where=str(context.workspace.config))
    return Question(profile, config.purposes, moment, waivers,
                    enough=config.enough(profile.audience),
                    source_required=config.source_required)  # fmt: skip


def idle_waivers(context: Context, audited: Audited) -> list[str]:
    """Return a sentence for each waiver that an audit heard and that does not hold, and why."""
    from curate.audit.rules import BY_CODE
    from curate.audit.waivers import idle

    given = (*context.config.waivers, *reviewed_waivers(context, known_at=audited.as_of))
    reviewers = context.ledger.read("reviewers", known_at=audited.as_of)
    return idle(given, reviewers, BY_CODE, audience=audited.use.audience, as_of=audited.as_of)


def policy_digest(config: Config) -> str:
    """Return the SHA-256 of the settings that verdicts depend on."""
    return hashlib.sha256(policy_text(config).encode()).hexdigest()


def policy_text(config: Config) -> str:
    """Return the settings that verdicts depend on as JSON, in the one form that is digested."""
    return json.dumps(
        {"uses": {k: asdict(v) for k, v in config.uses.items()},
         "purposes": config.purposes,
         "clearance": config.clearance,
         "waivers": [asdict(waiver) for waiver in config.waivers]},
        sort_keys=True, default=str,
    )  # fmt: skip


def reviewed_waivers(context: Context, *, known_at: datetime | None = None) -> tuple[Waiver, ...]:
    """Return the waivers that reviewers gave, as known at an instant."""
    from curate.audit.correct import waivers_of

    decisions = context.ledger.read("decisions", known_at=known_at)
    given = decisions.filter(pc.equal(decisions["kind"], "waiver"))
    if not given.num_rows:
        return ()
    media = context.catalog.read("media")
    locators = dict(zip(*(media[n].to_pylist() for n in ("media_id", "locator")), strict=True))
    return waivers_of(given.to_pylist(), locators)
