"""`curate review`: handing work out to reviewers, and bringing their decisions back."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.audits import Audited
from curate.catalog.views import unseen
from curate.errors import InputError
from curate.review.page import Handout, write_handout
from curate.review.queues import QUEUES, Queue, chosen
from curate.review.returned import Checked, check_returned, read_returned
from curate.review.viewer import Loaded, load
from curate.review.work import Work, make_work
from curate.verbs.correct import Corrections, contradictions
from curate.verbs.reviewers import check_signer, register, registered_keys, remark_on
from curate.verbs.tables import observations
from curate.workspace import DEFAULT_USE

if TYPE_CHECKING:
    from curate.audit.correct import Conflict
    from curate.signing import PublicKey, SigningKey
    from curate.verbs.context import Context

# Since when each finding of an audit has been known: the first audit that made it.
_HISTORY = """
SELECT f.finding_id, min(r.started_at) AS since
FROM findings f JOIN runs r USING (run_id)
WHERE f.finding_id IN (SELECT finding_id FROM now) GROUP BY ALL
"""


def waiting(
    context: Context,
    queues: Iterable[str] = (),
    *,
    use: str = DEFAULT_USE,
    limit: int = 500,
) -> Work:
    """Return what waits in queues by the last audit of a use, in the order to look at it.

    Args:
        context: The workspace.
        queues: Names of queues; all when empty.
        use: The use.
        limit: At most so many entries of a queue.

    Raises:
        InputError: No audit has run yet.
        UnknownNameError: There is no such queue.
    """
    return _work(context, use, chosen(list(queues)), limit=limit)


def unjudged(context: Context, *, use: str = DEFAULT_USE) -> int:
    """Return how many entries the last audit of a use did not judge: they came since.

    Raises:
        InputError: No audit has run yet.
    """
    connection = context.catalog.connect("media")
    connection.register("judged", context.latest_audit(use=use).verdicts.select(["media_id"]))
    found = connection.execute("SELECT count(*) FROM media ANTI JOIN judged USING (media_id)")
    (count,) = found.fetchone() or (0,)
    return int(count)


def _work(context: Context, use: str, queues: tuple[Queue, ...], *, limit: int) -> Work:
    audited = context.latest_audit(use=use)
    return make_work(_tables(context, audited), audited, queues, limit=limit)


def _tables(context: Context, audited: Audited) -> dict[str, pa.Table]:
    """Return the tables that queues and their evidence are made from."""
    catalog = context.catalog
    connection = catalog.connect("findings", "runs")
    connection.register("now", audited.findings.select(["finding_id"]))
    observed = observations(context, assignment=audited.assignment)
    return {
        **{name: observed[name] for name in ("labels", "depictions", "faces")},
        "entries": unseen(observed["entries"], observed["hash_matches"]),
        "rejections": catalog.read("rejections"),
        "decisions": context.ledger.read("decisions"),
        "findings": audited.findings,
        "verdicts": audited.verdicts,
        "history": connection.sql(_HISTORY).to_arrow_table(),
    }


def hand_out(
    context: Context,
    folder: str | Path,
    reviewer: str,
    queues: Iterable[str] = (),
    *,
    use: str = DEFAULT_USE,
    limit: int = 500,
) -> Handout:
    """Write a folder with one page that needs no server and no network, for one reviewer.

    Args:
        context: The workspace.
        folder: Where; it must not be there, or be empty.
        reviewer: The reviewer's name.
        queues: Names of queues; all when empty.
        use: The use whose last audit is reviewed.
        limit: At most so many entries of a queue.

    Raises:
        InputError: No audit has run yet, the name is empty, or the folder holds something or
            cannot be written.
        UnknownNameError: There is no such queue.
    """
    work = waiting(context, queues, use=use, limit=limit)
    if not reviewer.strip():
        raise InputError("a review needs its reviewer's name", where="--by")
    asked = {"by": reviewer, "use": work.audited.use.name, "audit": work.audited.run_id}
    with context.workspace.writing(), context.recorded("review export", asked) as record:
        made = write_handout(
            Path(folder), work, project=context.project_name, reviewer=reviewer.strip(),
            made_at=context.clock(),
            progress=lambda done, total: context.progress("pictures", done, total),
        )  # fmt: skip
        record["counts"] = {"entries": made.entries, "pictures": made.pictures}
    return made


def bring_back(context: Context, path: str | Path, key: PublicKey | None = None) -> Checked:
    """Record the decisions in a reviewer's file: those that hold, each with its evidence.

    Doing it again records nothing new. A look at a blurred picture is recorded as well.

    Args:
        context: The workspace.
        path: The JSON or CSV that the page saved, or an envelope around it.
        key: Whose signature it must bear; a signed file must bear that of a registered reviewer
            where it is None.

    Raises:
        InputError: The file cannot be read as one.
        VerificationError: It is signed and no key is known, the key did not sign it, or it is
            not that of the reviewer in whose name the file speaks.
    """
    path = Path(path)
    returned = read_returned(path, key, registered=registered_keys(context))
    check_signer(context, returned.reviewer, returned.key_id, where=str(path))
    now = context.clock()
    reviewed = context.latest_audit(use=returned.use, run_id=returned.audit_run_id)
    with context.workspace.writing():
        checked = check_returned(
            returned, reviewed, context.latest_audit(use=returned.use),
            observations(context)["entries"], context.ledger.read("decisions"),
            now=now, where=str(path), register=register(context),
        )  # fmt: skip
        asked: dict[str, Any] = {
            "by": returned.reviewer, "use": returned.use, "audit": returned.audit_run_id,
            "key": returned.key_id,
        }  # fmt: skip
        with context.recorded("review import", asked) as record:
            entries = context.ledger.record_all(
                {"decisions": checked.decisions, "accesses": checked.accesses}, recorded_at=now
            )
            record["counts"] = {**entries, "rejected": len(checked.rejected)}
    clears = any(row["verdict"] == "cleared" for row in checked.decisions)
    remark = remark_on(context, returned.reviewer, use=returned.use, key_id=returned.key_id)
    return replace(checked, recorded=entries["decisions"], remark=remark if clears else "")


def load_viewer(context: Context, folder: Path, use: str) -> Loaded:
    """Return what an audit judged as a dataset of FiftyOne, whose files are in `folder`.

    Raises:
        InputError: No audit has run yet.
        DependencyError: FiftyOne cannot be had.
    """
    audited = context.latest_audit(use=use)
    tables = _tables(context, audited)
    observed = observations(context, assignment=audited.assignment)
    tables |= {name: observed[name] for name in ("content", "groups", "identities")}
    work = make_work(tables, audited, QUEUES, limit=sys.maxsize)
    return load(
        tables, work, folder / "blurred", name=f"review-{audited.use.name}",
        progress=lambda done, total: context.progress("entries", done, total),
    )  # fmt: skip


def corrections(
    context: Context,
    reviewer: str,
    reason: str,
    *,
    use: str = DEFAULT_USE,
    seen: str | None = None,
    key_id: str | None = None,
) -> Corrections:
    """Return what records a reviewer's corrections of facts.

    Args:
        context: The workspace.
        reviewer: Who decides.
        reason: Why.
        use: The use whose audit was looked at.
        seen: That audit's run.
        key_id: The key that signs them.
    """
    looked_at = {"use": use, "audit_run_id": seen, "key_id": key_id}
    return Corrections(
        context.catalog, context.ledger, reviewer, reason, context.clock(), looked_at
    )


def conflicts(context: Context) -> list[Conflict]:
    """Return what reviewers decided differently of one thing, each by their last decision.

    What was decided of an entry on evidence that is no longer the last audit's is void.
    """
    from curate.audit.correct import VERDICT

    found = contradictions(context.catalog, context.ledger.read("decisions").to_pylist())
    uses = {one.decisions[0]["use"] for one in found if one.kind == VERDICT}
    rows = [context.latest_audit(use=use).verdicts for use in sorted(uses)]
    now = {(use, *pair) for use, table in zip(sorted(uses), rows, strict=True)
           for pair in zip(table["media_id"].to_pylist(), table["evidence"].to_pylist(),
                           strict=True)}  # fmt: skip
    return [
        one for one in found
        if one.kind != VERDICT
        or tuple(one.decisions[0][name] for name in ("use", "media_id", "evidence")) in now
    ]  # fmt: skip


def correct_subject(
    context: Context, locator: str, subject: str, value: str, *, reviewer: str, reason: str,
    role: str | None = None, use: str = DEFAULT_USE,
) -> str:  # fmt: skip
    """Record whether a subject is shown in an entry. See `curate.verbs.correct.Corrections`."""
    entry = context.entry(locator)
    return corrections(context, reviewer, reason, use=use).subject(entry, subject, value, role=role)


def correct_link(
    context: Context, faces: Iterable[str], value: str, *, reviewer: str, reason: str
) -> list[str]:
    """Record of faces, by their ids, that they are one person or that each is another."""
    return corrections(context, reviewer, reason).link(faces, value)


def correct_label(
    context: Context, locator: str, value: str, *, reviewer: str, reason: str,
    name: str = "authenticity",
) -> str:  # fmt: skip
    """Record what an entry's label is."""
    return corrections(context, reviewer, reason).label(context.entry(locator), value, name=name)


def keep(context: Context, locator: str, *, reviewer: str, reason: str) -> str:
    """Record that an entry is the copy to keep of its group."""
    return corrections(context, reviewer, reason).keep(context.entry(locator))


def waive(
    context: Context, locator: str, code: str, expires_at: datetime, *, reviewer: str, reason: str,
    key: SigningKey | None = None,
) -> str:  # fmt: skip
    """Record a waiver of a finding of an entry until an instant, in UTC.

    It holds once two people of the register have given it where the rule sends to review; for a
    use whose audience is wider than ``internal`` each of them signs with their `key`.

    Raises:
        CurateError: As `Corrections.waive` says, or the key is not the reviewer's.
    """
    key_id = None if key is None else key.public.keyid
    check_signer(context, reviewer, key_id)
    word = corrections(context, reviewer, reason, key_id=key_id)
    return word.waive(context.entry(locator), code, expires_at)


def undo(
    context: Context, reviewer: str, *, reason: str = "a slip", decision_id: str | None = None
) -> dict[str, Any]:
    """Take back a reviewer's last decision, or one by its id; return that one."""
    return corrections(context, reviewer, reason).undo(decision_id)
