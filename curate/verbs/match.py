"""`curate match`: what of a folder or catalogue is on a hash list, or in another's fingerprint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from curate.errors import InputError
from curate.safety.fingerprint import as_list, read_fingerprint
from curate.safety.folder import Hashed, hash_catalogue, hash_folder
from curate.safety.lists import HashList
from curate.vault import workspace_key
from curate.verbs.context import open_workspace
from curate.workspace import Workspace


@dataclass(frozen=True)
class Matched:
    """What of some contents is on lists or in fingerprints.

    Attributes:
        summary: Counts: ``contents``, ``match``, ``near``, ``not_checkable``, ``unreadable``,
            ``not_looked_into`` (archives, tables and links),
            ``not_compared`` by list, and ``floods``.
        rows: One for each match: ``sha256``, ``list``, ``band``, ``basis``, ``distance``,
            ``why``, and ``path`` where paths were asked for.
    """

    summary: dict[str, Any]
    rows: list[dict[str, Any]]

    @property
    def found(self) -> bool:
        """Whether anything matches or is near."""
        return bool(self.summary["match"] or self.summary["near"])

    @property
    def known(self) -> bool:
        """Whether every file was asked by every hash, so that no match means something."""
        told = self.summary
        left = any(told["not_compared"].values())
        unknown = ("not_checkable", "unreadable", "not_looked_into")
        return not left and not any(told[name] for name in unknown)


def match(
    folder: Path,
    lists: Sequence[HashList] = (),
    *,
    fingerprints: Sequence[Path] = (),
    key: str = "",
    paths: bool = False,
) -> Matched:
    """Hold files against hash lists or fingerprints. Shows nothing, copies and sends nothing.

    Args:
        folder: The folder to check; a workspace is checked by its catalogue.
        lists: Hash lists.
        fingerprints: Files of other catalogues' fingerprints.
        key: The key that these were made with: ``file:PATH``, ``env:NAME`` or ``keyring:NAME``.
        paths: Whether to name the files.

    Raises:
        InputError: There is neither a list nor a fingerprint, or no key to one.
        MissingKeyError: There is no such key.
        PathNotFoundError: The folder or a fingerprint is not there.
        VerificationError: A fingerprint does not open.
    """
    if not lists and not fingerprints:
        raise InputError("there is nothing to hold the files against", where=str(folder),
                         hint="name a --list or a --fingerprint")  # fmt: skip
    theirs = _opened(fingerprints, key)
    hashed = _catalogue(folder) if _is_workspace(folder) else hash_folder(folder, lists)
    read = [*lists, *(as_named(hashed.digests) for as_named in theirs)]
    found = hashed.match(read)
    rows = found.matches.to_pylist()
    bands = dict.fromkeys((row["item"] for row in rows), "near")
    bands |= {row["item"]: "match" for row in rows if row["band"] == "match"}
    counts = Counter(bands.values())
    summary = {
        "contents": len(hashed.digests),
        "match": counts["match"],
        "near": counts["near"],
        "not_checkable": len(found.unchecked),
        "unreadable": hashed.unreadable,
        "not_looked_into": hashed.closed,
        "not_compared": {one.info.list_id: dict(one.info.skipped) for one in read},
        "floods": sum(len(entries) for entries in found.floods.values()),
    }
    return Matched(summary, [
        {"sha256": hashed.digests[row["item"]], "list": row["list_id"], "band": row["band"],
         "basis": row["basis"], "distance": row["distance"], "why": row["why"],
         **({"path": ", ".join(hashed.paths[row["item"]])} if paths else {})}
        for row in rows
    ])  # fmt: skip


def _opened(paths: Sequence[Path], key: str) -> list[Callable[[list[str]], HashList]]:
    """Return what gives each fingerprint as a list, once it is known what there is to hold."""
    if not paths:
        return []
    if not key:
        raise InputError("a fingerprint opens with the key that it was made with",
                         where=str(paths[0]), hint="--key file:PATH")  # fmt: skip
    secret = workspace_key(key)
    return [
        partial(as_list, read_fingerprint(path, secret), key=secret, name=path.name)
        for path in paths
    ]


def _is_workspace(folder: Path) -> bool:
    return Workspace(folder).config.is_file()


def _catalogue(folder: Path) -> Hashed:
    return hash_catalogue(open_workspace(folder).catalog)
