"""Chain of custody: what was done to sealed media, as statements of the ledger.

The ledger is a Merkle log: nothing of it can be changed or taken back without verification
telling, and a checkpoint that is kept elsewhere holds the log to it. A statement names a seal by
its random id, never a file or a hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curate.catalog.ledger import Ledger
from curate.errors import UnknownNameError

STARTS = ("sealed", "left_in_place")
NOTES = ("report_reference", "preserve_until", "destroy_order")


@dataclass(frozen=True)
class Held:
    """One seal, as its statements say it stands.

    Attributes:
        first: The statement by which it began.
        acts: Every statement, in the order of their instants.
    """

    first: dict[str, Any]
    acts: tuple[dict[str, Any], ...]

    @property
    def seal_id(self) -> str:
        """What it is called."""
        return str(self.first["seal_id"])

    @property
    def state(self) -> str:
        """``sealed``, ``left_in_place`` or ``restored``."""
        back = any(act["event"] == "restored" for act in self.acts)
        return "restored" if back else str(self.first["event"])

    def noted(self, name: str) -> Any:
        """Return the last note of a name in `NOTES`; None where there is none."""
        said = [act[name] for act in self.acts if act[name] is not None]
        return said[-1] if said else None

    @property
    def opened(self) -> int:
        """How often it was opened."""
        return sum(act["event"] == "opened" for act in self.acts)


@dataclass(frozen=True)
class Custody:
    """The chain of custody of a workspace.

    Attributes:
        ledger: Keeps it.
    """

    ledger: Ledger

    def add(self, seal_id: str, event: str, *, at: datetime, **told: Any) -> None:
        """State an act.

        Args:
            seal_id: The seal.
            event: What was done; a seal begins once, and ends once.
            at: When, in UTC.
            told: Further columns of the table ``custody``; what is None or empty is left out.
        """
        acts = sum(row["seal_id"] == seal_id for row in self._rows())
        once = event in (*STARTS, "restored")
        row = {
            "custody_id": f"{seal_id}/{event}" if once else f"{seal_id}/{acts}-{event}",
            "seal_id": seal_id,
            "event": event,
            "happened_at": at,
            **{name: value for name, value in told.items() if value not in (None, "", [], ())},
        }
        self.ledger.record("custody", [row], recorded_at=at)

    def all(self) -> list[Held]:
        """Return every seal, in the order in which they began."""
        by_seal: dict[str, list[dict[str, Any]]] = {}
        for row in self._rows():
            by_seal.setdefault(row["seal_id"], []).append(row)
        held = [Held(acts[0], tuple(acts)) for acts in by_seal.values()]
        return sorted(held, key=lambda one: (one.first["happened_at"], one.seal_id))

    def sealed_entries(self) -> set[str]:
        """Return the ids of entries that are sealed, or left in place with their names hidden."""
        return {
            media for held in self.all() if held.state != "restored"
            for media in held.first["media_ids"] or ()
        }  # fmt: skip

    def find(self, seal_id: str) -> Held:
        """Return one seal.

        Raises:
            UnknownNameError: There is none of that id.
        """
        for held in self.all():
            if held.seal_id == seal_id:
                return held
        raise UnknownNameError(f"no seal is called {seal_id!r}", hint="see `curate seal list`")

    def began(self, seal_ids: Iterable[str]) -> set[str]:
        """Return those of `seal_ids` of which it is stated that they began."""
        wanted = set(seal_ids)
        return {r["seal_id"] for r in self._rows() if r["event"] in STARTS} & wanted

    def _rows(self) -> list[dict[str, Any]]:
        """Return all statements, a seal's beginning before all else of it, then by instant."""
        rows: list[dict[str, Any]] = self.ledger.read("custody").to_pylist()
        return sorted(rows, key=lambda row: (row["event"] not in STARTS, row["happened_at"],
                                             row["custody_id"]))  # fmt: skip
