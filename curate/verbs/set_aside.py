"""`curate set-aside`: let nothing go by a run that a clock which was ahead dated in the future.

Verbs stop where a run is later than the clock, since a clock that was set back would hide the last
withdrawals. Where the clock is right and was ahead before, somebody has to say so: who, why and of
which run is an entry of the ledger. The run's rows stay, and it is the last of its kind no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from curate.catalog.ledger_file import LATEST_LATENESS
from curate.errors import InputError, UnknownNameError
from curate.model.instants import print_instant
from curate.schema import conform

if TYPE_CHECKING:
    from curate.verbs.context import Context

TABLE = "set_aside_runs"
STATUS = "set_aside"


def set_aside(context: Context, run_id: str, *, reason: str, by: str) -> dict[str, Any]:
    """Set a run of the future aside, and return what is recorded of it.

    Args:
        context: The workspace.
        run_id: The run.
        reason: Why, in words.
        by: Who decides it.

    Raises:
        UnknownNameError: There is no such run.
        InputError: The run is not later than the clock, the reason or the name is empty, or the
            ledger itself is later than the clock.
    """
    if not reason.strip() or not by.strip():
        raise InputError("a run is set aside by somebody and for a reason", where=run_id,
                         hint="give both --by and --reason")  # fmt: skip
    with context.workspace.writing():
        now = context.clock()
        runs = context.catalog.read("runs")
        rows = runs.filter(pc.equal(runs["run_id"], run_id)).to_pylist()
        if not rows:
            raise UnknownNameError(f"no run is called {run_id!r}", hint="the error names it")
        row = rows[0]
        last = max(row["started_at"], row["ended_at"] or row["started_at"])
        if last - now <= LATEST_LATENESS:
            raise InputError(
                f"the run is of {print_instant(last)}, and the clock says {print_instant(now)}: "
                "only a run that is later than the clock can be set aside",
                where=run_id,
                hint="run `curate audit` again: the last audit is the one that counts",
            )
        said = {name: row[name] for name in ("run_id", "verb", "started_at", "ended_at")}
        said |= {"reason": reason, "by": by, "set_aside_at": now}
        # The ledger first: a run that is set aside without a word of it would look like a lost one.
        context.ledger.record(TABLE, [said], recorded_at=now)
        context.catalog.upsert("runs", conform([{**row, "status": STATUS}], "runs"))
    return said
