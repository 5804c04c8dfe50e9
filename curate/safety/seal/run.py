"""Sealing: media that a hash list names are put under the safety officer's key and taken away.

For each content, in this order, and each step only when the one before is on disk:

===========  ======================================================================
step         afterwards
===========  ======================================================================
intended     the plan is in the journal: a run that is killed is finished by the next
copied       the sealed file has all its bytes, under a name of its own
named        it has its name
verified     it was read back, opened, and held to the media's SHA-256
vouched      the journal knows so, and the sealed file's digest
removed      one file more is gone; told once for each
logged       the chain of custody says that it is sealed
hidden       one table, document or key more tells nothing; told once for each
finished     the plan is dropped
===========  ======================================================================

A file goes only after ``vouched``, and is called sealed only after all of them are gone: what is
killed between is still whole, still blocked, and not called sealed. Where files stay as they lie,
the sealed file holds names and hashes alone, and nothing is copied or removed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.catalog.tables import Catalog
from curate.errors import CurateError, VerificationError
from curate.model.config import Config
from curate.safety.seal.box import Box
from curate.safety.seal.custody import Custody
from curate.safety.seal.hide import hide
from curate.safety.seal.keys import SealingKey
from curate.safety.seal.places import digest_of, journal_of, officer_of, sealed_file
from curate.safety.seal.plan import Journal, Plan, make_plans
from curate.safety.stage import open_lists
from curate.workspace import Workspace

STEPS = ("intended", "copied", "named", "verified", "vouched", "removed", "logged", "hidden",
         "finished")  # fmt: skip


def _go_on(step: str) -> None:
    """Do nothing after a step."""


@dataclass(frozen=True)
class Sealed:
    """What a sealing did.

    Attributes:
        sealed: Ids of what was put under the officer's key and taken away.
        in_place: Ids of what stays where it lies, its name and hashes hidden.
        left: By id, what is out of reach, in words that name nothing.
        problems: By id, why a seal could not be finished; it stays blocked, and is tried again.
        beside: Files right in the workspace that name it: people's own, which are theirs to change.
    """

    sealed: list[str] = field(default_factory=list)
    in_place: list[str] = field(default_factory=list)
    left: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    beside: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Sealer:
    """Seals what matches in one workspace; whoever calls it holds the workspace for writing.

    Attributes:
        place: The workspace.
        officer: Whose key opens what is sealed.
        key: The workspace's key, 32 bytes.
        now: The present instant, in UTC.
        after: Called after each of `STEPS`, which is where tests kill it.
    """

    place: Workspace
    officer: SealingKey
    key: bytes
    now: datetime
    after: Callable[[str], None] = _go_on

    def run(self, *, categories: tuple[str, ...], in_place: tuple[str, ...]) -> Sealed:
        """Finish what was begun, and seal what matches.

        Args:
            categories: Categories of lists whose matches are sealed.
            in_place: Those of them whose files stay where they lie.

        Raises:
            VerificationError: The journal was changed, or the workspace's key is another.
        """
        plans = self.journal.all()
        fresh = make_plans(
            Catalog(self.place.catalog), Record(Ledger(self.place.ledger)),
            categories=categories, in_place=in_place, planned=plans,
        )  # fmt: skip
        for plan in fresh:
            self.journal.put(plan)
            self.after("intended")
        done = Sealed()
        began = self.custody.began(plan.seal_id for plan in (*plans, *fresh))
        ready = [self._take(plan, done, logged=plan.seal_id in began) for plan in (*plans, *fresh)]
        taken = [plan for plan in ready if plan is not None]
        if taken:
            done.beside.extend(
                hide(self.place, taken, key=self.key, tell=lambda: self.after("hidden"))
            )
        for plan in taken:
            self.journal.drop(plan)
            self.after("finished")
        return done

    @cached_property
    def journal(self) -> Journal:
        """Plans that are not done."""
        return journal_of(self.place, self.key)

    @cached_property
    def custody(self) -> Custody:
        """The chain of custody."""
        return Custody(Ledger(self.place.ledger))

    def _take(self, plan: Plan, done: Sealed, *, logged: bool) -> Plan | None:
        """Seal one content up to its statement; return its plan, or None where that failed."""
        try:
            if not logged:
                plan = self._vouched(plan)
                left = plan.left if plan.in_place else (*plan.left, *self._remove(plan))
                self._log(plan, left)
                plan = replace(plan, left=left)
        except (CurateError, OSError) as error:
            # An error's own words may hold the file's name.
            done.problems[plan.seal_id] = (
                error.problem if isinstance(error, CurateError) else str(error.strerror)
            )
            return None
        (done.in_place if plan.in_place else done.sealed).append(plan.seal_id)
        if plan.left:
            done.left[plan.seal_id] = plan.left
        return plan

    def _vouched(self, plan: Plan) -> Plan:
        """Return a plan whose sealed file is known to be whole."""
        path = sealed_file(self.place, plan.seal_id)
        if plan.vouched:
            if digest_of(path) != plan.vouched:
                raise VerificationError("the sealed file changed since it was verified: nothing "
                                        "was removed")  # fmt: skip
            return plan
        if not plan.in_place and (gone := self._unlike(plan)):
            # Nothing was done yet, and what is there is not what matched.
            self.journal.drop(plan)
            raise VerificationError(gone)
        plan = replace(plan, vouched=self._seal(plan, path))
        self.journal.put(plan)
        self.after("vouched")
        return plan

    @staticmethod
    def _unlike(plan: Plan) -> str:
        """Return why a plan is of files that are not there as they were; empty when they are."""
        for place in range(len(plan.files)):
            if not _file(plan, place).is_file():
                return "the file is gone: ingest again"
            if digest_of(_file(plan, place)) != plan.sha256:
                return _CHANGED
        return ""

    def _seal(self, plan: Plan, path: Path) -> str:
        """Write a sealed file, read it back, and return its SHA-256, hex."""
        # A copy that a killed run left cannot be verified: its key is gone. It is made again.
        box = Box.new(plan.seal_id, self.officer, media=not plan.in_place)
        record = {"sha256": plan.sha256, "files": [list(one) for one in plan.files], **plan.record}
        waiting = path.with_name(f".{path.name}.partial")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as sink:
            if plan.in_place:
                box.write(sink, record, None)
            else:
                with _file(plan, 0).open("rb") as media:
                    _demand(box.write(sink, record, media), plan, _CHANGED)
            sink.flush()
            os.fsync(sink.fileno())
        self.after("copied")
        waiting.replace(path)
        _sync(path.parent)
        self.after("named")
        with path.open("rb") as stream:
            stream.readline()
            same = box.record(stream, where=path) == record
            if not plan.in_place:
                _demand(box.media(stream, _drop, where=path), plan, _UNLIKE)
        if not same:
            raise VerificationError(_UNLIKE)
        self.after("verified")
        return digest_of(path)

    def _remove(self, plan: Plan) -> tuple[str, ...]:
        """Remove the files of a plan; return what stayed, in words that name nothing."""
        stayed = []
        for place in range(len(plan.files)):
            path = _file(plan, place)
            if not os.path.lexists(path):
                continue
            if digest_of(path) != plan.sha256:
                stayed.append("a file of its entries holds other bytes now, and stays")
                continue
            path.unlink()
            _sync(path.parent)
            self.after("removed")
        return tuple(stayed)

    def _log(self, plan: Plan, left: tuple[str, ...]) -> None:
        self.custody.add(
            plan.seal_id,
            "left_in_place" if plan.in_place else "sealed",
            at=self.now,
            category=plan.category,
            lists=list(plan.lists),
            refs=list(plan.refs),
            media_ids=list(plan.media_ids),
            object_sha256=plan.vouched,
            officer=self.officer.keyid,
            left=list(left),
        )
        self.after("logged")


_CHANGED = "the file changed since it was probed: ingest and run again"
_UNLIKE = "the sealed file does not give back what went in: nothing was removed"


def sealer_of(
    place: Workspace, config: Config, now: datetime, *, after: Callable[[str], None] = _go_on
) -> Sealer:
    """Return what seals in a workspace.

    Args:
        place: The workspace.
        config: Its settings: whose key seals, and where its own key lies.
        now: The present instant, in UTC.
        after: Called after each of `STEPS`.

    Raises:
        InputError: No officer is named, or what is named is no key.
        MissingKeyError: The workspace's key is not where it should be.
    """
    key = open_lists(place, config).key
    return Sealer(place, officer_of(place, config.officer), key, now, after)


def seal_matches(place: Workspace, config: Config, now: datetime) -> Sealed:
    """Seal at once what lists name, where an officer's key is there to seal with.

    Args:
        place: The workspace, held for writing.
        config: Its settings.
        now: The present instant, in UTC.

    Raises:
        InputError: The officer's key cannot be read.
        MissingKeyError: The workspace's key is not where it should be.
    """
    if not config.officer:
        return Sealed()
    done = sealer_of(place, config, now)
    return done.run(categories=config.seal, in_place=config.in_place)


def _file(plan: Plan, place: int) -> Path:
    root, locator = plan.files[place]
    return Path(root) / locator


def _demand(digest: str, plan: Plan, otherwise: str) -> None:
    if digest != plan.sha256:
        raise VerificationError(otherwise)


def _drop(block: bytes) -> None:
    """Keep nothing of what is only read to be verified."""


def _sync(folder: Path) -> None:
    """Make sure that names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
