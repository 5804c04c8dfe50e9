"""Migrations: which there are, what one would do, and doing it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from curate.catalog import ledger_file
from curate.catalog.derived import FOLDER as DERIVED
from curate.catalog.ledger import Ledger
from curate.catalog.listings import record_listings
from curate.catalog.tables import Catalog
from curate.errors import FormatError, VerificationError
from curate.files import write_whole
from curate.model.instants import print_instant
from curate.verbs.context import utc_now
from curate.verbs.migrate import to_format_2
from curate.verbs.migrate.step import Step
from curate.workspace import CONFIG_NAME, FORMAT, MIGRATING_NAME, Workspace

# By the format that they lead to.
MIGRATIONS: dict[int, tuple[Step, ...]] = {2: to_format_2.STEPS}
_LINKED = ("catalog", "record", "safety", "receipts")
_NOTHING = "nothing in the tables changes"


@dataclass(frozen=True)
class Plan:
    """What a migration would do, or did.

    Attributes:
        start: The format that the workspace has.
        end: The format that it gets.
        lines: What is done, a sentence each, in order.
        backup: Where the copy of it is; None before it is made.
        resumed: Whether one that was interrupted is gone on with.
        lost: What was there of the record and is gone, a sentence each.
    """

    start: int
    end: int
    lines: tuple[str, ...]
    backup: Path | None = None
    resumed: bool = False
    lost: tuple[str, ...] = ()


@dataclass
class _State:
    """How far a migration is, as it is kept in the workspace."""

    start: int
    backup: str
    lines: list[str]
    done: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, place: Path) -> _State | None:
        if not place.exists():
            return None
        kept: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        return cls(kept["start"], kept["backup"], kept["lines"], kept["done"])

    def keep(self, place: Path) -> None:
        write_whole(place, json.dumps(self.__dict__, indent=1) + "\n")


def plan_migration(place: Workspace) -> Plan:
    """Return what a migration of a workspace would do; no lines where it has the format.

    Raises:
        FormatError: A newer version wrote it.
        CatalogError: A table cannot be read.
        InvalidFileError: Its ledger is gone.
    """
    state = _State.read(place.root / MIGRATING_NAME)
    if state is not None:
        return Plan(state.start, FORMAT, tuple(state.lines), Path(state.backup), resumed=True)
    start = place.format
    if start > FORMAT:
        place.check_format()
    lines = [
        line
        for number in range(start + 1, FORMAT + 1)
        for step in MIGRATIONS[number]
        for line in step.preview(place)
    ]
    if start >= FORMAT:
        return Plan(start, FORMAT, ())
    if not ledger_file.is_there(place.ledger):
        lines.append("there is no ledger: an empty one is made, in which nobody said anything")
    lost = to_format_2.lost(place)
    return Plan(start, FORMAT, tuple(lines or [_NOTHING]), lost=tuple(lost))


def migrate(
    place: Workspace, *, clock: Callable[[], datetime] = utc_now, accept_loss: bool = False
) -> Plan:
    """Bring a workspace up to the present format; return what was done.

    Args:
        place: The workspace.
        clock: Gives the present instant, in UTC.
        accept_loss: Go on although something of the record is gone; what, is kept in the backup.

    Raises:
        CatalogError: A table cannot be read.
        InvalidFileError: Its ledger is gone.
        FormatError: It has the present format already, or a newer version wrote it.
        VerificationError: Its ledger is not what was recorded, or something of the record is gone.
        WorkspaceBusyError: Another process writes to it.
    """
    plan = plan_migration(place)
    if plan.start >= FORMAT and not plan.resumed:
        raise FormatError(
            f"the workspace has format {FORMAT} already", where=str(place.root),
            hint="nothing is to do",
        )  # fmt: skip
    if plan.lost and not accept_loss:
        raise VerificationError(
            f"something of the record is gone: {plan.lost[0]}",
            where=str(place.root),
            hint="restore the folder catalog/ from a backup and migrate then. If there is none, "
            "`curate migrate --accept-loss` goes on without; move releases and receipts that "
            "nothing tells of any more out of the workspace afterwards",
        )
    with place.writing():
        Ledger(place.ledger).create()
        Ledger(place.ledger).verify().demand(where=str(place.ledger))
        now = clock()
        kept = place.root / MIGRATING_NAME
        state = _State.read(kept)
        if state is None:
            backup = place.backups / f"format-{plan.start}-{now:%Y%m%dT%H%M%SZ}"
            back_up(place, backup)
            state = _State(
                plan.start, str(backup), [*plan.lines, *(f"lost: {one}" for one in plan.lost)]
            )
            state.keep(kept)
        for number in range(state.start + 1, FORMAT + 1):
            for step in MIGRATIONS[number]:
                name = f"{number}/{step.name}"
                if name not in state.done:
                    step.run(place, now)
                    state.done.append(name)
                    state.keep(kept)
        # What an earlier version declared is as it is: nobody wrote down what it was.
        record_listings(Catalog(place.catalog), Ledger(place.ledger), clock())
        place.keep_format()
        kept.unlink()
    told = {"from": state.start, "to": FORMAT, "at": print_instant(now), "did": state.lines}
    write_whole(Path(state.backup) / "migrated.json", json.dumps(told, indent=1) + "\n")
    return Plan(state.start, FORMAT, tuple(state.lines), Path(state.backup), resumed=plan.resumed)


def back_up(place: Workspace, target: Path) -> None:
    """Copy a workspace's tables, ledger, settings and small files, whole or not at all.

    Files that are never changed in place are linked and take no room. Kept embeddings and sealed
    files are not copied: no migration touches them, and a copy would outlive their destruction.
    """
    waiting = target.with_name(f".{target.name}.partial")
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir(parents=True)
    for name in _LINKED:
        if (place.root / name).is_dir():
            shutil.copytree(
                place.root / name, waiting / name, copy_function=_link,
                ignore=shutil.ignore_patterns(DERIVED),
            )  # fmt: skip
    if place.ledger.exists():
        Ledger(place.ledger).copy_to(waiting / place.ledger.name)
    for path in sorted(place.root.iterdir()):
        if path.is_file() and (path.name == CONFIG_NAME or path.suffix in (".toml", ".key")):
            shutil.copy2(path, waiting / path.name)
    waiting.rename(target)


def _link(source: str, target: str) -> None:
    # Parquet files and entries of Delta's log are written once; what is written anew has a new
    # file under its name, so that the link keeps the old one.
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
