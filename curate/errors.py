"""The errors that curate raises on purpose, and the exit statuses they end in.

Families are told apart by who is at fault: the input (2), the configuration (2),
the machine (3), a broken proof (4), or curate itself (70). Every class has a code that is
never reused, and a hint that says what to do. Printed form, the same everywhere::

    E102 consents.csv:812: expires_at: '2024-13-01' is not an RFC 3339 date-time
      hint: correct the row, or set it aside with --quarantine-invalid
"""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import ClassVar


class ExitStatus(IntEnum):
    """What a command's exit status means."""

    GOOD = 0
    FINDINGS = 1
    USAGE = 2
    MISSING = 3
    # Nothing was found, and not everything could be looked at: what for is missing.
    NOT_KNOWN = 3
    UNVERIFIED = 4
    BUG = 70
    INTERRUPTED = 130


class CurateError(Exception):
    """Base of every error raised on purpose.

    Args:
        problem: What was found and what was expected, one sentence without a full stop.
        where: The place: a file, ``file:line``, a table, a locator.
        hint: What to do, when the class's own hint is not specific enough.
    """

    code: ClassVar[str] = "E000"
    default_hint: ClassVar[str] = "see `curate --help`"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    def __init__(self, problem: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = where
        self.hint = hint or self.default_hint

    def __str__(self) -> str:
        place = f"{printable(self.where)}: " if self.where else ""
        return f"{self.code} {place}{printable(self.problem)}"

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary whole: the default would drop place and hint."""
        return _rebuild, (type(self), self.problem, self.where, self.hint)


def _rebuild(kind: type[CurateError], problem: str, where: str, hint: str) -> CurateError:
    return kind(problem, where=where, hint=hint)


def printable(text: str) -> str:
    r"""Return `text` with control and bidirectional characters escaped.

    File names come from strangers; one with a newline or an escape sequence must not
    forge a line of a log or move a terminal's cursor.

    >>> printable("a\nb.jpg")
    'a\\nb.jpg'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class InputError(CurateError):
    """What was handed in cannot be read as what it should be."""

    code = "E100"
    default_hint = "correct the input and run the command again"


class PathNotFoundError(InputError):
    """A path that was named does not exist."""

    code = "E101"
    default_hint = "check the spelling; paths are taken from the current folder"


class InvalidRowError(InputError):
    """A row or field of a file breaks its schema."""

    code = "E102"
    default_hint = "correct the row; the file's columns are described in docs/manifest.md"


class EmptyInputError(InputError):
    """A place that should hold media holds none."""

    code = "E103"
    default_hint = "name a folder with media in it, or a manifest that lists some"


class InvalidFileError(InputError):
    """A file people wrote cannot be parsed."""

    code = "E104"
    default_hint = "correct the file; the message says where parsing stopped"


class UnknownNameError(InputError):
    """A name (a rule, a use, a subject, a stage, a locator) is not known here."""

    code = "E105"
    default_hint = "check the spelling"


class ManyErrors(InputError):
    """Several places of one input are wrong; each is told.

    Args:
        errors: The errors, in the order of their places.
    """

    code = "E106"
    default_hint = "correct these places; nothing of the file was recorded"
    SHOWN: ClassVar[int] = 20

    def __init__(self, errors: list[CurateError], *, hint: str = "") -> None:
        super().__init__(f"{len(errors)} places are wrong", hint=hint)
        self.errors = errors

    def __str__(self) -> str:
        lines = [str(error) for error in self.errors[: self.SHOWN]]
        if len(self.errors) > self.SHOWN:
            lines.append(f"... and {len(self.errors) - self.SHOWN} more")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return ManyErrors, (self.errors,)


class ConfigError(CurateError):
    """`curate.toml` does not say what it should."""

    code = "E200"
    default_hint = "correct curate.toml; schemas/config.schema.json describes it"


class NoWorkspaceError(ConfigError):
    """No workspace was found upwards from where the command ran."""

    code = "E201"
    default_hint = "run `curate init` first, or name the workspace with -w"


class WorkspaceBusyError(ConfigError):
    """Another process holds the workspace for writing."""

    code = "E202"
    default_hint = "wait for the other command to end"


class CatalogError(ConfigError):
    """The catalogue's tables do not have the shape this version writes."""

    code = "E203"
    default_hint = (
        "run `curate migrate`; or make a workspace that goes on from this one with "
        "`curate init NEW --from OLD`, then ingest and run again: people's statements, releases "
        "and erasures come along"
    )


class FormatError(ConfigError):
    """The workspace was written in another format than this version of curate reads."""

    code = "E204"
    default_hint = "run `curate migrate` to bring the workspace up to this version"


class DependencyError(CurateError):
    """A package or program that this step needs is not installed."""

    code = "E300"
    default_hint = "install the named extra, for example: pip install 'curate[faces]'"
    exit_status = ExitStatus.MISSING


class MissingModelError(DependencyError):
    """A face model's files are not where they should be."""

    code = "E301"
    default_hint = "name a pack folder in curate.toml under [faces], or use analyzer = 'dlib'"


class MissingKeyError(DependencyError):
    """The workspace's key, which opens what the vault keeps, is not where it should be."""

    code = "E302"
    default_hint = (
        "name its place in curate.toml: [vault] key = 'file:PATH', 'env:NAME' or 'keyring:NAME'"
    )


class StorageError(CurateError):
    """The disk is full, or a place on it cannot be written to."""

    code = "E303"
    default_hint = "make room, or make the place writable, and run the command again"
    exit_status = ExitStatus.MISSING


_STORAGE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is mounted for reading alone",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
}
# Of an error of a library that gives no number, the words of the system are left.
_STORAGE_WORDS = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
}


def storage_error(error: BaseException, *, where: str = "") -> StorageError | None:
    """Return what kept something from being written, as an error of ours; None for another error.

    Args:
        error: What was raised.
        where: The place; that of the error when left out.
    """
    number = getattr(error, "errno", None)
    if number not in _STORAGE:
        words = str(error)
        number = next((n for said, n in _STORAGE_WORDS.items() if said in words), None)
    if number is None:
        return None
    place = where or str(getattr(error, "filename", None) or "")
    return StorageError(f"this cannot be written: {_STORAGE[number]}", where=place)


class VerificationError(CurateError):
    """A proof does not hold: something was changed after it was written."""

    code = "E400"
    default_hint = "restore the file from a backup, and find out who changed it"
    exit_status = ExitStatus.UNVERIFIED


class InvariantError(CurateError):
    """Curate broke a promise that it makes to itself."""

    code = "E700"
    default_hint = "this is a bug in curate: report it with the output of --traceback"
    exit_status = ExitStatus.BUG
