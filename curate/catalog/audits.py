"""Audits that ran: findings and verdicts as they were kept, with what they judged for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate.catalog.tables import Catalog
from curate.errors import InputError, UnknownNameError
from curate.model.config import UseProfile
from curate.model.verdict import Verdict
from curate.schema import arrow_schema

if TYPE_CHECKING:
    import duckdb

_ORDERS = {"findings": "code, media_id, finding_id", "verdicts": "media_id"}


@dataclass(frozen=True)
class Audited:
    """An audit that ran.

    Attributes:
        run_id: The run's record.
        use: What it judged for.
        as_of: The instant it judged at.
        findings: Rows of the table `findings`.
        verdicts: Rows of the table `verdicts`.
        assignment: The splits it judged by; None for those declared.
        filtered: Whether rules were left out: such an audit shows findings, and clears nothing.
    """

    run_id: str
    use: UseProfile
    as_of: datetime
    findings: pa.Table
    verdicts: pa.Table
    assignment: str | None = None
    filtered: bool = False

    def counts(self) -> dict[str, int]:
        """Return how many entries have each verdict."""
        said = self.verdicts["verdict"].to_pylist()
        return {str(verdict): said.count(verdict) for verdict in Verdict}


def with_run(run_id: str, rows: pa.Table) -> pa.Table:
    """Return `rows` with the run that made them."""
    return rows.append_column("run_id", pa.array([run_id] * rows.num_rows, pa.string()))


def latest_run(
    catalog: Catalog, *, use: str | None = None, run_id: str | None = None
) -> dict[str, Any] | None:
    """Return what the last audit that ran was asked, with its ``run_id``; None where none ran.

    An audit from which rules were left out is never the last one.

    Args:
        catalog: Where audits are kept.
        use: The name of a use; any when None.
        run_id: An audit's run; any when None.

    Raises:
        UnknownNameError: No audit has that run id.
        InputError: Rules were left out of the audit with that run id.
    """
    rows = (
        catalog.connect("runs")
        .execute(
            "SELECT run_id, parameters FROM runs WHERE verb = 'audit' AND status = 'done' "
            "ORDER BY started_at DESC, run_id DESC"
        )
        .fetchall()
    )
    for found, parameters in rows:
        told: dict[str, Any] = json.loads(parameters) | {"run_id": found}
        if run_id == found and told.get("filtered", False):
            raise InputError(
                f"rules were left out of the audit {found}: it clears nothing, and nothing is "
                "decided on it",
                hint="name an audit that applied every rule",
            )
        if use in (None, told["use"]) and run_id in (None, found) and not told.get("filtered"):
            return told
    if run_id is not None:
        known = ", ".join(found for found, _ in rows[:5]) or "none"
        raise UnknownNameError(f"no audit is called {run_id!r}", hint=f"the last are: {known}")
    return None


def judged_of(
    catalog: Catalog, run_id: str, media_id: str, line: Iterable[str]
) -> tuple[pa.Table, pa.Table]:
    """Return the findings of an entry in an audit, and the verdicts of some entries.

    Args:
        catalog: Where audits are kept.
        run_id: The audit's run.
        media_id: The entry.
        line: Those of which the verdict is wanted.
    """
    connection = catalog.look_up(*_ORDERS)

    def rows(name: str, ids: list[str]) -> pa.Table:
        # Each id is a parameter: filters of row groups apply to a list that is written out.
        named = {f"id{place}": one for place, one in enumerate(ids)}
        found = connection.sql(
            f"SELECT * FROM {name} WHERE run_id = $run_id "
            f"AND media_id IN ({', '.join(f'${one}' for one in named)}) ORDER BY {_ORDERS[name]}",
            params={"run_id": run_id, **named},
        )
        return found.to_arrow_table().cast(arrow_schema(name))

    return rows("findings", [media_id]), rows("verdicts", sorted(line))


def latest_audit(
    catalog: Catalog,
    uses: Mapping[str, UseProfile],
    *,
    use: str | None = None,
    run_id: str | None = None,
) -> Audited:
    """Return the last audit that ran, of a use or with a run id when one is named.

    Args:
        catalog: Where audits are kept.
        uses: The use profiles there are now.
        use: The name of a use; any when None.
        run_id: An audit's run; any when None.

    Raises:
        InputError: None has run yet that applied every rule.
        UnknownNameError: No audit has that run id.
    """
    told = latest_run(catalog, use=use, run_id=run_id)
    if told is None:
        raise InputError("no audit of every rule has run yet", where=str(catalog.folder.parent),
                         hint="run `curate audit`")  # fmt: skip
    return _load(catalog.connect(*_ORDERS), told["run_id"], told, uses)


def _load(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    told: dict[str, Any],
    uses: Mapping[str, UseProfile],
) -> Audited:
    tables = {}
    for name, order in _ORDERS.items():
        found = connection.sql(
            f"SELECT * FROM {name} WHERE run_id = ? ORDER BY {order}", params=[run_id]
        )
        tables[name] = found.to_arrow_table().cast(arrow_schema(name))
    profile = uses.get(told["use"]) or UseProfile(told["use"], "unknown")
    moment = datetime.fromisoformat(told["as_of"])
    return Audited(
        run_id, profile, moment, tables["findings"], tables["verdicts"], told.get("assignment")
    )
