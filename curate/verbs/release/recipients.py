"""`curate release deliver|acknowledge|list`: who has which release, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.errors import InputError
from curate.model.ids import stable_id


@dataclass(frozen=True)
class Recipients:
    """What is known of who has what.

    Attributes:
        ledger: Where releases, deliveries and acknowledgements are.
    """

    ledger: Ledger

    def deliver(self, name: str, recipient: str, *, now: datetime, note: str | None = None) -> int:
        """Record that a recipient was given a release; return how many entries that took.

        Raises:
            UnknownNameError: There is no such release.
        """
        row = self._release(name)
        said = {**_of("delivery", row, recipient, note), "delivered_at": now}
        if any(r["delivery_id"] == said["delivery_id"] for r in self._deliveries()):
            return 0
        return self.ledger.record("deliveries", [said], recorded_at=now)

    def acknowledge(
        self, name: str, recipient: str, outcome: str, *, now: datetime, note: str | None = None
    ) -> int:
        """Record what a recipient said of a release; return how many entries that took.

        Raises:
            UnknownNameError: There is no such release.
            InputError: The recipient was given no release of that use.
        """
        row = self._release(name)
        uses = {r["release_id"]: r["use"] for r in self._releases()}
        known = {d["recipient"] for d in self._deliveries() if uses[d["release_id"]] == row["use"]}
        if recipient not in known:
            raise InputError(
                f"{recipient!r} was given no release of {row['use']}",
                where=name,
                hint="`curate release deliver NAME --to RECIPIENT` records that they were",
            )
        said = {
            **_of("acknowledgement", row, recipient, note),
            "outcome": outcome,
            "acknowledged_at": now,
        }
        return self.ledger.record("acknowledgements", [said], recorded_at=now)

    def overview(
        self,
        *,
        due: Mapping[str, int] | None = None,
        alone: Mapping[str, datetime] | None = None,
    ) -> list[dict[str, Any]]:
        """Return each release with its recipients and those of them who are behind.

        A recipient is behind on a release that they have while a newer one of the same use is
        there of which they said neither that they have it nor that they deleted what must go,
        and they did not say either that they deleted the one they have since the newer is there;
        while a feed that went out alone names files of it and they have not said since that they
        deleted them; and while it holds files that must go and no feed names yet.

        Args:
            due: How many items of a release must go and are in no feed, by id of the release.
            alone: Since when a feed that went out alone names files of a release.
        """
        rows = sorted(self._releases(), key=lambda row: (row["use"], row["built_at"]))
        newest = {row["use"]: row["release_id"] for row in rows}
        built = {row["release_id"]: row["built_at"] for row in rows}
        uses = {row["release_id"]: row["use"] for row in rows}
        deliveries = self._deliveries()
        said = self.ledger.read("acknowledgements").to_pylist()
        current = {(d["release_id"], d["recipient"]) for d in deliveries} | {
            (a["release_id"], a["recipient"]) for a in said if a["outcome"] != "refused"
        }
        answers: dict[tuple[str, str], dict[str, Any]] = {
            (a["release_id"], a["recipient"]): a for a in said
        }
        deleted: dict[tuple[str, str], datetime] = {}
        for one in said:
            key = (uses.get(one["release_id"], ""), one["recipient"])
            if one["outcome"] == "deleted":
                deleted[key] = max(deleted.get(key, one["acknowledged_at"]), one["acknowledged_at"])
        told = []
        for row in rows:
            release, use = row["release_id"], row["use"]
            last, since = newest[use], (alone or {}).get(release)
            waiting = (due or {}).get(release, 0)
            mine = sorted(d["recipient"] for d in deliveries if d["release_id"] == release)
            behind = [
                who for who in mine
                if waiting
                or (last != release and (last, who) not in current
                    and not _deleted_since(answers.get((release, who)), built[last]))
                or (since is not None and ((use, who) not in deleted or deleted[use, who] < since))
            ]  # fmt: skip
            answered = {
                who: {"outcome": one["outcome"], "at": one["acknowledged_at"]}
                for (about, who), one in sorted(answers.items()) if about == release
            }  # fmt: skip
            told.append({**row, "recipients": mine, "answered": answered, "behind": behind,
                         "due": waiting})  # fmt: skip
        return told

    def _release(self, name: str) -> dict[str, Any]:
        return Record(self.ledger).release(name)

    def _releases(self) -> list[dict[str, Any]]:
        return Record(self.ledger).releases()

    def _deliveries(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ledger.read("deliveries").to_pylist()
        return rows


def _deleted_since(answer: Mapping[str, Any] | None, moment: datetime) -> bool:
    """Tell whether somebody said, at that moment or later, that they deleted what they have."""
    return (
        answer is not None
        and answer["outcome"] == "deleted"
        and bool(answer["acknowledged_at"] >= moment)
    )


def _of(kind: str, row: Mapping[str, Any], recipient: str, note: str | None) -> dict[str, Any]:
    """Return what a record of a release and a recipient says, whatever its kind."""
    release = row["release_id"]
    return {
        f"{kind}_id": stable_id(kind, release, recipient),
        "release_id": release,
        "recipient": recipient,
        "note": note,
    }
