"""The manifest of a release: every file with its digest, and one root over them all.

Files that are made from the manifest cannot be in its list; it names them as `beside`, so that
one that was taken away is missed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785

from curate.catalog import merkle
from curate.errors import VerificationError
from curate.model.files import FileDigest
from curate.model.instants import print_instant

NAME = "manifest.json"
_HINT = "this is no release, or its manifest was changed: ask who made it for another copy"


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read.

    Attributes:
        sha256: Of the file, hex.
        said: All that it says.
        files: Its list.
        beside: Paths of the files that were made from it.
    """

    sha256: str
    said: Mapping[str, Any]
    files: tuple[FileDigest, ...]
    beside: tuple[str, ...]


def digest_file(path: Path, folder: Path) -> FileDigest:
    """Return the digest of a file below `folder`."""
    with path.open("rb", buffering=0) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileDigest(path.relative_to(folder).as_posix(), digest, file.tell())


def merkle_root(files: Iterable[FileDigest]) -> str:
    """Return the RFC 6962 root over the files in order of path, hex."""
    ordered = sorted(files, key=lambda file: file.path)
    return merkle.root([merkle.leaf_hash(rfc8785.dumps(f.as_json())) for f in ordered]).hex()


def write_manifest(folder: Path, files: list[FileDigest], facts: dict[str, Any]) -> str:
    """Write the manifest of `files` with `facts` beside them; return its Merkle root."""
    ordered = sorted(files, key=lambda file: file.path)
    root = merkle_root(ordered)
    document = {**facts, "merkle_root": root, "files": [file.as_json() for file in ordered]}
    (folder / NAME).write_bytes(printed(document))
    return root


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the release in a folder; that its files are there is not checked.

    Raises:
        VerificationError: There is none, or it is not as curate writes it.
    """
    path = folder / NAME
    try:
        data = path.read_bytes()
        said = json.loads(data)
        files = tuple(FileDigest(f["path"], f["sha256"], f["size"]) for f in said["files"])
        beside = tuple(said.get("beside", ()))
        whole = printed(said) == data and said["merkle_root"] == merkle_root(files)
    except OSError as error:
        raise VerificationError(
            f"there is no manifest: {error.strerror}", where=NAME, hint=_HINT
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise VerificationError("this is no manifest as it was written", where=NAME, hint=_HINT)
    return Manifest(hashlib.sha256(data).hexdigest(), said, files, beside)


def printed(document: Mapping[str, Any]) -> bytes:
    """Return a document of a release in the one form that it is written in."""
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, default=_printed)
    return (text + "\n").encode()


def _printed(value: object) -> str:
    if isinstance(value, datetime):
        return print_instant(value)
    raise TypeError(f"{type(value).__name__} has no place in a manifest")
