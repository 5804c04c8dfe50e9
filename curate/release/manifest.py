"""The manifest of a release: every file with its digest, and one root over them all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785

from curate.catalog import merkle
from curate.model.files import FileDigest
from curate.model.instants import print_instant

NAME = "manifest.json"
_BLOCK = 1 << 20


def digest_file(path: Path, folder: Path) -> FileDigest:
    """Return the digest of a file below `folder`."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return FileDigest(path.relative_to(folder).as_posix(), digest.hexdigest(), size)


def merkle_root(files: Iterable[FileDigest]) -> str:
    """Return the RFC 6962 root over the files in order of path, hex."""
    ordered = sorted(files, key=lambda file: file.path)
    return merkle.root([merkle.leaf_hash(rfc8785.dumps(f.as_json())) for f in ordered]).hex()


def write_manifest(folder: Path, files: list[FileDigest], facts: dict[str, Any]) -> str:
    """Write the manifest of `files` with `facts` beside them; return its Merkle root."""
    ordered = sorted(files, key=lambda file: file.path)
    root = merkle_root(ordered)
    document = {**facts, "merkle_root": root, "files": [file.as_json() for file in ordered]}
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, default=_printed)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")
    return root


def _printed(value: object) -> str:
    if isinstance(value, datetime):
        return print_instant(value)
    raise TypeError(f"{type(value).__name__} has no place in a manifest")
