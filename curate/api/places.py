"""What every verb of a project works with: its places, settings, tables and last audit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from curate import workspace
from curate.catalog.audits import Audited, latest_audit
from curate.catalog.ledger import Ledger
from curate.catalog.tables import Catalog
from curate.errors import UnknownNameError
from curate.model.config import Config, UseProfile, Waiver, parse_config
from curate.pipeline import Progress, recorded, silent
from curate.reading import Reading
from curate.version import __version__

if TYPE_CHECKING:
    from curate.keeping import Keeper


TOOL = f"curate {__version__}"
STAGES = ("probe", "hashlists", "signals", "faces", "identity", "dedup", "labels")
# Those that make hashes and hold them against lists.
HASHING = ("probe", "hashlists")


def utc_now() -> datetime:
    """Return the present instant in UTC: the one place where the clock is read."""
    return datetime.now(UTC)


@dataclass
class Places:
    """One workspace, and what is known of it.

    Attributes:
        workspace: Its places.
        clock: Gives the present instant.
        progress: Told how far a stage is.
    """

    workspace: workspace.Workspace
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
    def reading(self) -> Reading:
        """The tables that audits and documents are made from."""
        return Reading(self.catalog, self.ledger, self.clock)

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

    def policy_digest(self) -> str:
        """Return the SHA-256 of the settings that verdicts depend on."""
        text = json.dumps(
            {"uses": {k: asdict(v) for k, v in self.config.uses.items()},
             "purposes": self.config.purposes,
             "waivers": [asdict(waiver) for waiver in self.config.waivers]},
            sort_keys=True, default=str,
        )  # fmt: skip
        return hashlib.sha256(text.encode()).hexdigest()

    def facts(
        self, *, known_at: datetime | None = None, assignment: str | None = None
    ) -> dict[str, pa.Table]:
        """Return the tables an audit reads, each sorted by its key.

        Args:
            known_at: For statements: the instant whose knowledge counts; now when None.
            assignment: Splits that were made, in the place of those declared.
        """
        observed = self.reading.observations(assignment=assignment)
        return observed | self.reading.statements(known_at=known_at)

    def entry(self, locator: str) -> dict[str, Any]:
        """Return the row of an entry by its locator or id.

        Raises:
            UnknownNameError: No entry is called that.
        """
        from curate.audit.explain import find_entry
        from curate.catalog.views import read_entries

        return find_entry(locator, read_entries(self.catalog))

    def heed(self) -> dict[str, int]:
        """Make the catalogue follow what reviewers said of facts; the workspace is held."""
        from curate.correcting import heed

        return heed(self.catalog, self.ledger)

    def reviewed_waivers(self, *, known_at: datetime | None = None) -> tuple[Waiver, ...]:
        """Return the waivers that reviewers gave, as known at an instant."""
        from curate.audit.correct import waivers_of

        said = self.ledger.read("decisions", known_at=known_at)
        given = said.filter(pc.equal(said["kind"], "waiver"))
        if not given.num_rows:
            return ()
        media = self.catalog.read("media")
        locators = dict(zip(*(media[n].to_pylist() for n in ("media_id", "locator")), strict=True))
        return waivers_of(given.to_pylist(), locators)

    def latest_audit(self, *, use: str | None = None, run_id: str | None = None) -> Audited:
        """Return the last audit that ran, of a use or with a run id when one is named.

        Raises:
            InputError: None has run yet.
            UnknownNameError: No audit has that run id.
        """
        return latest_audit(self.catalog, self.config.uses, use=use, run_id=run_id)

    def keeper(self) -> Keeper:
        """Return what keeps embeddings in the vault, once what has come to its date is gone.

        Raises:
            MissingKeyError: The vault's key is not where it should be.
        """
        from curate.keeping import Keeper

        return Keeper.of(self.workspace, self.config, self.clock())

    def shred(self, subject: str) -> int:
        """Destroy the keys of a subject's embeddings for good; return how many there were.

        Raises:
            UnknownNameError: No record or entry names the subject.
            MissingKeyError: The vault's key is not where it should be.
        """
        with self.workspace.writing():
            return self.keeper().shred(subject)

    def _record(self, verb: str, parameters: dict[str, Any]) -> recorded:
        return recorded(self.catalog, self.clock, verb, parameters)
