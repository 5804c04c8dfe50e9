"""`curate init`: make a workspace, empty or as the continuation of another one.

What goes on from an old workspace is its record: the ledger, what went out, the settings and the
keys that belong to them. The catalogue does not: it is made again by ingesting and running.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from curate import workspace
from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.errors import InputError, VerificationError
from curate.files import write_whole
from curate.media.refuse import KEY as GUARD_KEY
from curate.model.authored import NAME as AUTHORED
from curate.model.config import parse_config
from curate.model.instants import print_instant
from curate.release.feed import KEY as FEED_KEY
from curate.verbs.context import Context
from curate.workspace import CONTINUED_NAME, Workspace

# Beside ledger and record: what people wrote, and keys without which the record says less.
_FILES = (AUTHORED, GUARD_KEY, FEED_KEY)
_FOLDERS = ("safety", "receipts")


def init(root: Path, *, config: str | None = None) -> Context:
    """Make a workspace in `root`, with an empty ledger, and open it.

    Args:
        root: The folder.
        config: Text of `curate.toml`; a commented template when None.

    Raises:
        InputError: The folder already holds a workspace, or is a file.
    """
    made = Context(workspace.create(root, config=config))
    made.ledger.create()
    made.workspace.keep_format()
    return made


def continue_from(root: Path, old: Path) -> Context:
    """Make a workspace in `root` that goes on from the one in `old`, and open it.

    Afterwards the old one can be read and not written to: two ledgers would part. Sealed files
    and kept embeddings stay where they are; who had theirs shredded stays shredded.

    Raises:
        InputError: `root` already holds a workspace, or `old` holds none or was continued.
        ConfigError: The old one's settings are not what they should be.
        InvalidFileError: Its ledger is gone.
        FormatError: The old one is of another format.
        VerificationError: Its ledger is not what was recorded, or a list of what went out is
            missing or changed.
    """
    if not (old / workspace.CONFIG_NAME).is_file():
        raise InputError("there is no workspace here to go on from", where=str(old))
    before = Workspace(old.resolve())
    before.check_format()
    parse_config(before.config_text(), where=str(before.config))
    with before.writing():
        ledger = Ledger(before.ledger)
        # Nobody may say anything in the old one between the copy and the note that it goes on.
        with ledger.held():
            ledger.verify().demand(where=str(before.ledger))
            if problems := Record(ledger).problems():
                raise VerificationError(problems[0], where=str(before.record))
            fresh = not root.exists()
            try:
                made = Context(workspace.create(root, config=before.config_text()))
                _take_along(before, made.workspace)
                made.workspace.keep_format()
                continued = {"in": str(made.workspace.root), "at": print_instant(made.clock())}
                write_whole(before.root / CONTINUED_NAME, json.dumps(continued) + "\n")
            except BaseException:
                # Half a workspace must not be taken for one that goes on from the old one.
                if fresh:
                    shutil.rmtree(root, ignore_errors=True)
                raise
    return made


def _take_along(old: Workspace, new: Workspace) -> None:
    ledger = Ledger(old.ledger)
    ledger.copy_to(new.ledger)
    if Ledger(new.ledger).root() != ledger.root():
        raise VerificationError("the ledger's copy is not the ledger", where=str(new.ledger))
    if old.record.is_dir():
        shutil.copytree(old.record, new.record)
    for name in _FILES:
        if (old.root / name).exists():
            shutil.copy2(old.root / name, new.root / name)
    for name in _FOLDERS:
        if (old.root / name).is_dir():
            shutil.copytree(old.root / name, new.root / name)
    for place in (old.vault / "salt", *(old.vault / "keys").glob("*.shredded")):
        if place.exists():
            target = new.vault / place.relative_to(old.vault)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copy2(place, target)
