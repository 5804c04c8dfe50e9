"""The context of a verb: one opened workspace, its settings, its tables, its ledger and a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from curate.catalog.audits import Audited, latest_audit
from curate.catalog.ledger import Ledger
from curate.catalog.ledger_file import LATEST_LATENESS
from curate.catalog.record import Record
from curate.catalog.tables import Catalog
from curate.engine.pipeline import Progress, silent
from curate.engine.records import recorded
from curate.errors import ConfigError, FormatError, InputError, UnknownNameError
from curate.model.config import Config, UseProfile, parse_config
from curate.model.instants import print_instant
from curate.workspace import Workspace, find


def utc_now() -> datetime:
    """Return the present instant in UTC: the one place where the clock is read."""
    return datetime.now(UTC)


@dataclass
class Context:
    """One opened workspace: what every verb works with.

    Attributes:
        workspace: Its places.
        clock: Gives the present instant.
        progress: Is called with how far a stage is.
    """

    workspace: Workspace
    clock: Callable[[], datetime] = utc_now
    progress: Progress = silent

    @cached_property
    def config(self) -> Config:
        """The settings in `curate.toml`.

        Raises:
            ConfigError: They are not what they should be.
        """
        return parse_config(self.workspace.config_text(), where=str(self.workspace.config))

    @property
    def catalog(self) -> Catalog:
        """The tables of observations."""
        return Catalog(self.workspace.catalog)

    @property
    def ledger(self) -> Ledger:
        """The statements."""
        return Ledger(self.workspace.ledger)

    @property
    def record(self) -> Record:
        """What went out, and what must not come back."""
        return Record(self.ledger)

    @property
    def project_name(self) -> str:
        """The project's name; its folder's when the settings give none."""
        return self.config.name or self.workspace.root.name

    def use(self, name: str) -> UseProfile:
        """Return the use profile called `name`.

        Raises:
            UnknownNameError: `curate.toml` has none of that name.
        """
        if name not in self.config.uses:
            known = ", ".join(sorted(self.config.uses)) or "none"
            raise UnknownNameError(
                f"no use is called {name!r}",
                where=str(self.workspace.config),
                hint=f"uses are: {known}; add one under [uses.{name}]",
            )
        return self.config.uses[name]

    def entry(self, locator: str) -> dict[str, Any]:
        """Return the row of an entry by its locator or id.

        Raises:
            UnknownNameError: No entry is called that.
        """
        from curate.audit.explain import find_entry
        from curate.catalog.views import read_entries

        return find_entry(locator, read_entries(self.catalog))

    def latest_audit(self, *, use: str | None = None, run_id: str | None = None) -> Audited:
        """Return the last audit that ran, of a use or with a run id when one is named.

        Raises:
            InputError: None has run yet.
            UnknownNameError: No audit has that run id.
        """
        return latest_audit(self.catalog, self.config.uses, use=use, run_id=run_id)

    def check_clock(self) -> None:
        """Refuse to go on by a clock that was set back.

        What happened since the instant that it says would count as not known yet: a withdrawal
        that is on record would be judged as if it were still to come.

        Raises:
            InputError: Something was recorded later than the present instant, by more than the
                minutes that a writer may have waited.
        """
        now = self.clock()
        aside = self.ledger.read("set_aside_runs")["run_id"].to_pylist()
        runs = self.catalog.connect("runs").execute(
            "SELECT greatest(started_at, ended_at) AS last, run_id FROM runs "
            "WHERE NOT list_contains(?::VARCHAR[], run_id) ORDER BY last DESC NULLS LAST LIMIT 1",
            [aside],
        )
        last_run, run_id = runs.fetchone() or (None, "")
        ahead = (
            "set the clock right; `--as-of` judges at an instant that is past. If the clock is "
            "right now and was ahead then, "
        )
        restore = (
            "what it recorded cannot be dated otherwise: restore the ledger and what belongs to it "
            "from a backup of before, and record again what was said since"
        )
        leave_out = (
            f"`curate set-aside {run_id} --by NAME --reason TEXT` records that nothing goes by "
            "that run"
        )
        times = {
            "ledger's": (self.ledger.last_recorded_at(), restore),
            "runs'": (last_run, leave_out),
        }
        for whose, (last, way_out) in times.items():
            if last is not None and last - now > LATEST_LATENESS:
                raise InputError(
                    f"the clock says {print_instant(now)}, and the {whose} last entry is of "
                    f"{print_instant(last)}",
                    where=str(self.workspace.root),
                    hint=ahead + way_out,
                )

    def recorded(self, verb: str, parameters: Mapping[str, Any]) -> recorded:
        """Return what keeps a record of a run of `verb` while it is entered.

        Raises:
            InputError: The clock was set back; an audit, which may be of an instant, asks itself.
        """
        if verb != "audit":
            self.check_clock()
        return recorded(self.catalog, self.clock, verb, parameters)


def open_to_hear(start: Path | None = None) -> Context:
    """Return the context of a workspace in which nothing but the ledger need be readable.

    A withdrawal must not be refused because the file that tells the workspace's format is broken:
    the ledger says itself whether it can be written.

    Raises:
        NoWorkspaceError: There is none.
        FormatError: It has another format than this version reads.
    """
    place = find(start)
    try:
        place.check_format()
    except ConfigError as error:
        if isinstance(error, FormatError):
            raise
    return Context(place)


def open_workspace(start: Path | None = None) -> Context:
    """Return the context of the workspace in `start` or above it; of the current folder when None.

    Raises:
        NoWorkspaceError: There is none.
        FormatError: It has another format than this version reads.
    """
    place = find(start)
    place.check_format()
    return Context(place)
