"""Media roots that are no folder: what fsspec opens, such as ``s3://`` or ``https://``.

A root is named by a person at ingest, and nothing else makes curate reach one. A file of a remote
root has the path ``Path(root) / locator`` like any other; as local roots are absolute, a path that
begins with ``s3:`` can only be one of these. Files are copied before they are read, so that a
stranger's bytes are opened in one way only.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from curate.errors import DependencyError, InputError
from curate.media.archive import copy_up_to, refuse_large
from curate.media.limits import MAX_MEMBER_BYTES
from curate.media.unreadable import Reason, UnreadableError

URL = re.compile(r"[a-z][a-z0-9+.-]+://")
_COLLAPSED = re.compile(r"(^|::)([a-z][a-z0-9+.-]+):/+")
_GONE = (404, 410)


class Found(NamedTuple):
    """What a remote place says of a file: its length in bytes and when it changed, where told."""

    size: int | None
    mtime_ns: int | None


class Remote(NamedTuple):
    """A remote root.

    Attributes:
        files: The filesystem, of the package fsspec.
        base: Where the root begins in it.
        web: Whether it is reached by HTTP, which lists nothing and knows each file alone.
    """

    files: Any
    base: str
    web: bool

    def place(self, locator: str) -> str:
        """Return where a file is. A locator never names another filesystem: it is not parsed."""
        name = quote(locator) if self.web else locator
        return f"{self.base.rstrip('/')}/{name}" if self.base else name

    def look(self, locator: str) -> Found | None:
        """Return what the place says of a file, or None where it says that there is none.

        A place that does not answer says nothing: reading the file will tell why.
        """
        try:
            return found(self.files.info(self.place(locator)))
        except Exception as error:  # noqa: BLE001 - each filesystem has errors of its own
            return None if _is_gone(error) else Found(None, None)


def is_remote(root: Path) -> bool:
    """Return whether a root is none on disk."""
    return not root.is_absolute() and bool(_COLLAPSED.match(f"{root}/"))


def remote(root: Path | str) -> Remote:
    """Return the filesystem that a root names.

    Raises:
        InputError: fsspec knows no such protocol, or the root is no address of it.
        DependencyError: A package that the protocol needs is not installed.
    """
    url = _COLLAPSED.sub(r"\1\2://", str(root))
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise _missing(url, error) from error
    try:
        files, base = url_to_fs(url)
    except ImportError as error:
        raise _missing(url, error) from error
    except Exception as error:
        hint = "name a folder, an archive, or what fsspec opens"
        raise InputError(f"this cannot be opened: {error}", where=url, hint=hint) from error
    return Remote(files, base, url.startswith(("http://", "https://")))


@contextmanager
def open_remote(root: Path, locator: str) -> Iterator[int]:
    """Yield a descriptor of a copy of a file, which nobody else can reach.

    Raises:
        UnreadableError: The file is not there, is too large, or the place did not give it.
        DependencyError: A package that the protocol needs is not installed.
    """
    place = remote(root)
    with tempfile.TemporaryFile() as copy:
        try:
            with place.files.open(place.place(locator), "rb", **_whole(place)) as source:
                size = copy_up_to(source, copy, MAX_MEMBER_BYTES + 1)
        except MemoryError:
            raise
        except Exception as error:
            raise _unreadable(error) from error
        refuse_large(size)
        copy.flush()
        copy.seek(0)
        yield copy.fileno()


def found(told: dict[str, Any]) -> Found:
    """Return what a filesystem told of a file, in one form."""
    when = next((told[k] for k in ("mtime", "LastModified", "last_modified", "created")
                 if told.get(k) is not None), None)  # fmt: skip
    if isinstance(when, datetime):
        when = when.timestamp()
    mtime = round(when * 1_000_000_000) if isinstance(when, int | float) else None
    return Found(told.get("size"), mtime)


def _whole(place: Remote) -> dict[str, Any]:
    # One request for the file, where ranges would take many.
    return {"block_size": 0} if place.web else {}


def _missing(url: str, error: ImportError) -> DependencyError:
    kind = url.partition("://")[0]
    hint = {"s3": "pip install 'curate[s3]'"}.get(kind, "pip install 'curate[remote]'")
    return DependencyError(f"reading {kind}:// needs a package: {error}", where=url, hint=hint)


def _is_gone(error: Exception) -> bool:
    # By HTTP every failure is "not found", and its cause is what happened.
    status = getattr(error.__cause__, "status", None)
    return isinstance(error, FileNotFoundError) and (
        error.__cause__ is None or status in _GONE or isinstance(error.__cause__, KeyError)
    )


def _unreadable(error: Exception) -> UnreadableError:
    if _is_gone(error):
        return UnreadableError(Reason.VANISHED, "the media root holds no such file")
    if isinstance(error, PermissionError):
        return UnreadableError(Reason.PERMISSION, "the media root does not give this file")
    if isinstance(error, TimeoutError):
        return UnreadableError(Reason.TIMEOUT, "the media root does not answer")
    cause = error.__cause__ or error
    said = str(cause) or type(cause).__name__
    return UnreadableError(Reason.REMOTE, f"the media root did not give it: {said}")
