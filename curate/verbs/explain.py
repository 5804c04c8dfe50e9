"""`curate explain LOCATOR`: what is known of one entry, and why it was judged as it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.audits import judged_of, latest_run
from curate.catalog.neighbourhood import neighbourhood
from curate.catalog.uncompared import uncompared
from curate.errors import UnknownNameError
from curate.schema import arrow_schema
from curate.verbs.audit import question_of
from curate.verbs.tables import stages_now, statements_about
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.audit.explain import Explanation
    from curate.verbs.context import Context

# Each by itself: filters of row groups apply to a condition of one column.
_NAMED = """
SELECT media_id, locator, dataset FROM media WHERE locator = $what
UNION
SELECT media_id, locator, dataset FROM media WHERE media_id = $what
"""


def explain(context: Context, what: str, *, use: str | None = None) -> Explanation:
    """Return what is known of an entry, and how the last audit of every rule judged it.

    Args:
        context: The workspace.
        what: The entry's locator or id, or the id of a finding.
        use: The use; that of the last audit when None, whatever it was.

    Raises:
        UnknownNameError: No entry is called that, or there is no such use.
    """
    from curate.audit.answered import answers_in_words
    from curate.audit.explain import explain_entry, find_entry
    from curate.audit.prepare import CATALOG_INPUTS
    from curate.audit.questions import BASIS_OF, NAMES, REVIEWED

    catalog = context.catalog
    media_id = find_entry(*_named(context, what))["media_id"]
    tables = neighbourhood(catalog, media_id, CATALOG_INPUTS)
    # Of what is not as it was written the audit's findings tell; no answer rests on that table.
    stages = stages_now(context)
    tables |= {"stages": stages, "changed": arrow_schema("changed").empty_table()}
    # Not its own files alone, but anybody's that no face was held against.
    tables["uncompared"] = uncompared(catalog, stages)
    run = latest_run(catalog, use=use)
    profile = context.use(use or (run["use"] if run else DEFAULT_USE))
    (entry,) = (e for e in tables["entries"].to_pylist() if e["media_id"] == media_id)
    # Of what it was made from the verdicts count, and of nothing else in its neighbourhood.
    line = {media_id, *tables["relations"]["left"].to_pylist(),
            *tables["relations"]["right"].to_pylist()}  # fmt: skip
    line &= set(tables["entries"]["media_id"].to_pylist())
    findings, verdicts = judged_of(catalog, run["run_id"] if run else "", media_id, line)
    by_id = {row["media_id"]: row for row in verdicts.to_pylist()}
    own: dict[str, Any] = by_id.get(media_id, {})
    letters = own.get("answers") or ""
    questions = answers_in_words(
        media_id,
        tables,
        statements_about(context, tables),
        question_of(context, profile, context.clock()),
        verdicts={other: row["verdict"] for other, row in by_id.items()},
        reviewed=[name for name, letter in zip(NAMES, letters, strict=False)
                  if BASIS_OF.get(letter) == REVIEWED],
    )  # fmt: skip
    return explain_entry(
        entry,
        tables,
        questions=questions,
        findings=findings,
        verdict=own,
    )


def _named(context: Context, what: str) -> tuple[str, pa.Table]:
    """Return the locator or id that `what` names, and the entries that are called so.

    The id of a finding names the entry in which it was found.
    """
    named = what
    if re.fullmatch("[0-9a-f]{32}", what):
        rows = context.catalog.look_up("findings").execute(
            "SELECT media_id FROM findings WHERE finding_id = ? LIMIT 1", [what]
        )
        if found := rows.fetchone():
            (named,) = found
    found_ = context.catalog.look_up("media").sql(_NAMED, params={"what": named}).to_arrow_table()
    if not found_.num_rows:
        raise UnknownNameError(
            f"{what!r} is neither a rule, nor an entry, nor a finding",
            hint="name a rule such as CON003, an entry by its path below the media root, or a "
            "finding by its id",
        )
    return named, found_
