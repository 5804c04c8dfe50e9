"""A workspace: the folder that holds one project's settings, catalogue, ledger and output.

Only places are known here; what lies in them is the business of the rooms above.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import (
    ConfigError,
    FormatError,
    InputError,
    NoWorkspaceError,
    WorkspaceBusyError,
)
from curate.files import write_whole
from curate.version import TOOL

CONFIG_NAME = "curate.toml"
# The version of the workspace's format, raised whenever a table's columns change or move.
FORMAT = 2
FORMAT_NAME = "format.json"
MIGRATING_NAME = "migration.json"
CONTINUED_NAME = "continued.json"
LOCK_NAME = ".lock"
# The field of format.json that says that there is a ledger.
_HAS_LEDGER = "ledger"

# The use that the template declares, and that commands take when none is named.
DEFAULT_USE = "detector-training"

CONFIG_TEMPLATE = """\
# Settings of this workspace. schemas/config.schema.json describes every field.

[workspace]
name = {name}

# What the dataset is wanted for. `curate audit --use detector-training` judges by it.
[uses.detector-training]
purpose = "train-detector"
operations = ["include", "train_detector"]
audience = "internal"
commercial = false
horizon_days = 365           # for how long, where ends_at does not say
legal_basis = "A6-1-a"       # what a person's record rests on where it names no legal basis

[faces]
analyzer = "dlib"            # or "insightface" or "openmodelzoo", with model = "FOLDER"

[dedup]
radius = 31                  # bits between two PDQ hashes

[identity]
false_match_rate = 0.001
"""


@dataclass(frozen=True)
class Workspace:
    """The places of one workspace, all below `root`."""

    root: Path

    @property
    def config(self) -> Path:
        """The settings people edit."""
        return self.root / CONFIG_NAME

    @property
    def catalog(self) -> Path:
        """The folder of Delta Lake tables."""
        return self.root / "catalog"

    @property
    def ledger(self) -> Path:
        """The SQLite file of statements."""
        return self.root / "ledger.sqlite"

    @property
    def vault(self) -> Path:
        """The folder of sealed embeddings."""
        return self.root / "vault"

    @property
    def lists(self) -> Path:
        """The folder of hash lists."""
        return self.root / "safety" / "lists"

    @property
    def reports(self) -> Path:
        """The folder of rendered documents."""
        return self.root / "reports"

    @property
    def releases(self) -> Path:
        """The folder of built releases."""
        return self.root / "releases"

    @property
    def record(self) -> Path:
        """The folder of lists of what went out, each proved by the ledger."""
        return self.root / "record"

    @property
    def backups(self) -> Path:
        """The folder of copies that migrations made."""
        return self.root / "backups"

    @property
    def format(self) -> int:
        """The version of the format that it is written in.

        Raises:
            ConfigError: What should say so does not.
        """
        said = self._said_of_format()
        if said is not None:
            return int(said["format"])
        # The first format said nothing of itself; a folder with settings alone has none yet.
        written = self.ledger.exists() or any(self.catalog.glob("*/_delta_log"))
        return 1 if written else FORMAT

    def _said_of_format(self) -> dict[str, Any] | None:
        """Return what the workspace says of its format; None where it says nothing."""
        place = self.root / FORMAT_NAME
        said = _fields(place)
        # JSON's true is an int to Python, and no number of a format.
        if said is not None and type(said.get("format")) is not int:
            raise ConfigError(
                "this file does not say which format the workspace has",
                where=str(place),
                hint=f'restore it; this version of curate writes {{"format": {FORMAT}}}',
            )
        return said

    def ledger_must_be_there(self) -> bool:
        """Tell whether this workspace has had a ledger, so that one that is missing is lost.

        A workspace says so since its ledger was made. One that an earlier version wrote does not,
        and is known by what only comes with a ledger.

        Raises:
            ConfigError: What should say which format it has does not.
        """
        said = self._said_of_format() or {}
        if said.get(_HAS_LEDGER) is True:
            return True
        left = (self.root / f"{self.ledger.name}-wal", self.root / "guard.key")
        if any(place.exists() for place in left):
            return True
        kept = (
            *self.record.glob("items-*.parquet"),
            *(self.root / "receipts").glob("*"),
            *(self.root / "safety" / "receipts").glob("*"),
            *self.releases.glob("[!.]*"),
        )
        # Since the second format an ingest records in the ledger what it declares.
        return bool(kept) or (bool(said) and any(self.catalog.glob("*/_delta_log")))

    def continued_in(self) -> str | None:
        """Return which workspace goes on from this one; None where none does.

        Raises:
            ConfigError: The file that says so cannot be read.
        """
        place = self.root / CONTINUED_NAME
        said = _fields(place)
        if said is None:
            return None
        if not isinstance(said.get("in"), str):
            raise ConfigError(
                "this file says that another workspace goes on from this one, and not which",
                where=str(place),
                hint="restore it from a backup. Nothing is written here until it can be read: two "
                "records of what people said would part. Remove it only if no other workspace "
                "was made from this one",
            )
        return str(said["in"])

    def refuse_continued(self) -> None:
        """Refuse to write to a workspace that another one goes on from.

        Raises:
            InputError: It is such a one.
            ConfigError: The file that says so cannot be read.
        """
        other = self.continued_in()
        if other is not None:
            raise InputError(
                f"this workspace is continued in {other}, and nothing was recorded here: no "
                "withdrawal or other statement either",
                where=str(self.root),
                hint=f"run the same command there, with `-w {shlex.quote(other)}`: two records of "
                "what people said would part. If that one was only a trial and is gone, remove "
                f"{CONTINUED_NAME} here",
            )

    def check_format(self) -> None:
        """Refuse a workspace of another format, or one whose migration was interrupted.

        Raises:
            FormatError: It is.
        """
        found = self.format
        if (self.root / MIGRATING_NAME).exists():
            raise FormatError(
                "a migration of this workspace was interrupted",
                where=str(self.root),
                hint="run `curate migrate`: it goes on from there",
            )
        if found < FORMAT:
            raise FormatError(
                f"this workspace has format {found}, and this version of curate reads {FORMAT}",
                where=str(self.root),
            )
        if found > FORMAT:
            raise FormatError(
                f"this workspace has format {found}, and this version of curate reads {FORMAT}",
                where=str(self.root),
                hint="a newer version of curate wrote it: install that one",
            )

    def keep_format(self) -> None:
        """Write which format it has, and whether it has a ledger, once it has one."""
        said: dict[str, Any] = {"format": FORMAT, "tool": TOOL}
        if self.ledger.exists() or (self._said_of_format() or {}).get(_HAS_LEDGER) is True:
            said[_HAS_LEDGER] = True
        write_whole(self.root / FORMAT_NAME, json.dumps(said) + "\n")

    def config_text(self) -> str:
        """Return the text of the settings.

        Raises:
            ConfigError: It is not UTF-8.
        """
        try:
            return self.config.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"byte {error.start} is not UTF-8 text",
                where=str(self.config),
                hint="save the file as UTF-8",
            ) from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for writing; the kernel frees it even after SIGKILL.

        Raises:
            WorkspaceBusyError: Another process holds it.
            InputError: Another workspace goes on from it.
            ConfigError: Something else stands where its lock or its format should be.
        """
        place = self.root / LOCK_NAME
        try:
            handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
        except IsADirectoryError:
            raise ConfigError(
                "a folder stands where the workspace's lock should be",
                where=str(place),
                hint="remove that folder: curate makes the file again",
            ) from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WorkspaceBusyError(
                    "another curate command is writing to this workspace", where=str(self.root)
                ) from None
            self.refuse_continued()
            self._complete_format()
            yield
        finally:
            os.close(handle)

    def _complete_format(self) -> None:
        """Say what a workspace that an earlier version made, or settings alone, do not say yet."""
        said = self._said_of_format()
        if said is None:
            if self.format == FORMAT:
                self.keep_format()
        elif said["format"] == FORMAT and _HAS_LEDGER not in said and self.ledger.exists():
            self.keep_format()


def create(root: Path, *, config: str | None = None) -> Workspace:
    """Make a workspace in `root`, which is created if it is not there.

    Args:
        root: The folder.
        config: Text of `curate.toml`; a commented template when None.

    Raises:
        InputError: The folder already holds a workspace, or is a file.
    """
    if root.exists() and not root.is_dir():
        raise InputError("this is a file, and a workspace is a folder", where=str(root))
    workspace = Workspace(root.resolve())
    if workspace.config.exists():
        raise InputError(
            "this folder already holds a workspace",
            where=str(root),
            hint="use it as it is, or name another folder",
        )
    try:
        for folder in (workspace.root, workspace.catalog, workspace.reports, workspace.releases):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"no workspace can be made here: {error.strerror}; a file stands in the way, or the "
            "folder above is not yours to write to",
            where=str(root),
        ) from None
    text = config if config is not None else template(workspace.root.name)
    workspace.keep_format()
    # Last of all: a folder with settings is a workspace.
    write_whole(workspace.config, text)
    return workspace


def template(name: str) -> str:
    """Return the text of a `curate.toml` for a workspace called `name`."""
    return CONFIG_TEMPLATE.format(name=_toml(name))


def find(start: Path | None = None) -> Workspace:
    """Return the workspace in `start` or the nearest folder above it.

    Raises:
        NoWorkspaceError: There is none.
    """
    place = (start or Path.cwd()).resolve()
    for folder in (place, *place.parents):
        if (folder / CONFIG_NAME).is_file():
            return Workspace(folder)
    raise NoWorkspaceError("no curate.toml here or in any folder above", where=str(place))


def _toml(text: str) -> str:
    """Return `text` as a TOML basic string; what is no UTF-8 text becomes a question mark."""
    # JSON escapes the same way, but for DEL.
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def _fields(place: Path) -> dict[str, Any] | None:
    """Return the fields of a JSON file: None where it is not there, empty where it is broken."""
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
