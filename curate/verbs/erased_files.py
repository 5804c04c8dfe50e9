"""Files that show a person who is erased: where they lie, and what of it can be deleted.

Beside the files that datasets list there are copies in the workspace's own releases and in builds
that were not finished, and documents of the workspace with pictures in them. An erasure that is
asked for again finds them too, though nothing else in the workspace knows them any more: by what
the guard keeps of each erased content.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.catalog.tables import Catalog
from curate.catalog.views import read_entries
from curate.media.archive import archive_of
from curate.media.refuse import REASON, Guard
from curate.release.check_copy import held_in, holds
from curate.release.manifest import digest_file
from curate.review.named import FACES
from curate.safety.seal.hide import documents_about, may_hold_picture, names_any

Places = dict[str, list[Path]]
KINDS = ("files", "release_files", "documents", "exports")
# What curate keeps in a workspace, where no copy of a file lies or where others look.
_OWN = {"catalog", "vault", "record", "receipts", "safety", "reports", "releases", "backups"}


@dataclass(frozen=True)
class ErasedFiles:
    """The files of one erasure.

    Attributes:
        catalog: The tables.
        ledger: The statements; the workspace is the folder that it lies in.
        ids: The entries that show the person.
        releases: The names of releases that hold what shows them.
        request_id: The erasure request.
        names: All pseudonyms of the person.
    """

    catalog: Catalog
    ledger: Ledger
    ids: frozenset[str]
    releases: frozenset[str]
    request_id: str
    names: tuple[str, ...] = ()

    def places(self) -> Places:
        """Return the files that can be deleted, by kind: see `KINDS`."""
        exported, _ = self._elsewhere
        return {"files": sorted({*self.files(), *self.beside()}), "release_files": self.copies(),
                "documents": self.documents(), "exports": exported}  # fmt: skip

    def files(self) -> list[Path]:
        """Return the plain files that datasets list, as far as they are there."""
        return [path for _, path in self.listed() if path.is_file()]

    def beside(self) -> list[Path]:
        """Return copies to the byte that lie below the folders of datasets, and that none lists."""
        sizes = {path.stat().st_size for path in self.files()}
        if not sizes:
            return []
        roots = {Path(row["root"]) for row in self._mine() if row["root"]}
        workspace = self.ledger.path.parent
        found = {
            path for root in roots if root.is_dir() for path, _ in _files_below(root)
            if path not in self._every and not path.is_relative_to(workspace)
            and path.stat().st_size in sizes
        }  # fmt: skip
        return sorted(path for path in found if digest_file(path, path.parent).sha256 in self._held)

    def may_show(self) -> list[str]:
        """Return pictures and pages in the workspace of which nobody can tell whom they show.

        Drafts and handouts that curate wrote there are among them; they are not deleted.
        """
        return sorted(map(str, self._elsewhere[1]))

    def manifests(self) -> list[str]:
        """Return the files that declare the entries and give a pseudonym of the person."""
        names = [name.encode() for name in self.names if name]
        # An entry says in which row of which file it is declared.
        places = {
            Path(row["root"] or "") / row["declared_in"].rpartition(":")[0]
            for row in self._mine() if row["declared_in"]
        }  # fmt: skip
        return sorted(str(path) for path in places if path.is_file() and names_any(path, names))

    @cached_property
    def _media(self) -> list[dict[str, Any]]:
        columns = ["media_id", "root", "locator", "declared_in"]
        return self.catalog.read("media").select(columns).to_pylist()

    @cached_property
    def _every(self) -> set[Path]:
        """Where each entry of anybody lies."""
        return {Path(row["root"] or "") / row["locator"] for row in self._media}

    def _mine(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of entries that show the person."""
        ids = self.ids | self._refused_before
        return (row for row in self._media if row["media_id"] in ids)

    @cached_property
    def _elsewhere(self) -> tuple[list[Path], list[Path]]:
        """Return files that hold what shows the person, and pictures that may.

        They lie in the workspace, and not where it keeps releases and documents: exports of
        releases, and drafts of names with cut-out faces.
        """
        workspace = self.ledger.path.parent
        if not self._held:
            return [], []
        holding, doubted = [], []
        crops, of_others = _drawn(workspace, self._held)
        for path, top in _files_below(workspace):
            if top in _OWN or path in self._every or (path.parent == workspace and _is_own(path)):
                continue
            if path in crops or holds(path, self._held):
                holding.append(path)
            elif path not in of_others and may_hold_picture(path):
                doubted.append(path)
        return sorted(holding), sorted(doubted)

    @cached_property
    def _held(self) -> _Contents:
        """The contents that show the person, as listed and as released."""
        return _Contents(self.contents()[0] | self.released(), self._guard, self._again)

    def packed(self) -> list[str]:
        """Return what lies in archives or at addresses: nothing of it is deleted."""
        return sorted(
            str(path) for _, path in self.listed()
            if not path.is_file() and (archive_of(path) is not None or ":/" in str(path))
        )  # fmt: skip

    def copies(self) -> list[Path]:
        """Return files of the workspace's own releases that hold what shows the person.

        An archive or a table that holds it beside others' is among them whole. Builds that were
        not finished, and folders of which the record does not know what they hold, are looked
        into, too.
        """
        folder = self.ledger.path.parent
        known = {(folder / row["path"]).resolve(): row["name"]
                 for row in Record(self.ledger).releases()}  # fmt: skip
        there = [*known, *(one.resolve() for one in (folder / "releases").glob("*"))]
        asked = [
            one for one in dict.fromkeys(there)
            if one.is_dir() and (self._again or known.get(one, "") in {"", *self.releases})
        ]  # fmt: skip
        if not asked:
            return []
        return sorted({path for one in asked for path in held_in(one, self._held)})

    def documents(self) -> list[Path]:
        """Return documents of the workspace that name the entries, or hold pictures of anybody."""
        if not self.ids and not self._again:
            return []
        return documents_about(self.ledger.path.parent / "reports", self.ids)

    def listed(self) -> Iterator[tuple[str, Path]]:
        """Yield the entries that show the person, and where each lies."""
        for row in self._mine():
            yield row["media_id"], Path(row["root"] or "") / row["locator"]

    def contents(self) -> tuple[set[str], set[str]]:
        """Return contents of the entries, and entries of which nothing was and can be read."""
        rows = read_entries(self.catalog).to_pylist()
        known = {
            r["media_id"]: r["sha256"] for r in rows if r["media_id"] in self.ids and r["sha256"]
        }
        unread = set()
        for media, path in self.listed():
            if media not in known and path.is_file():
                known[media] = digest_file(path, path.parent).sha256
            elif media not in known:
                unread.add(media)
        return set(known.values()), unread

    def released(self) -> set[str]:
        """Return the contents of released files, which have other bytes than what was listed."""
        items = Record(self.ledger).items()
        named = pa.array(sorted(self.ids | self._refused_before), pa.string())
        mine = items.filter(pc.is_in(items["media_id"], value_set=named))
        return {
            sha256 for row in mine.to_pylist() for sha256 in (row["sha256"], *(row["crops"] or ()))
        }

    @property
    def _guard(self) -> Guard:
        return Guard(self.ledger)

    @cached_property
    def _again(self) -> frozenset[str]:
        """What the guard keeps of the contents that this request erased before."""
        rows = self._guard.refusals
        mine = rows.filter(pc.equal(rows["request_id"], self.request_id))
        return frozenset(mine["digest"].to_pylist())

    @cached_property
    def _refused_before(self) -> frozenset[str]:
        """Return entries that an earlier erasure of this request refused, by their files."""
        if not self._again:
            return frozenset()
        rows = self.catalog.read("sightings").to_pylist()
        refused = {row["media_id"] for row in rows if row["reason"] == REASON} - self.ids
        found = set()
        for row in self.catalog.read("media").to_pylist():
            path = Path(row["root"] or "") / row["locator"]
            if row["media_id"] in refused and path.is_file():
                sha256 = digest_file(path, path.parent).sha256
                if self._guard.digest(sha256) in self._again:
                    found.add(row["media_id"])
        return frozenset(found)


class _Contents(Collection[str]):
    """Contents by their SHA-256: those that are known, and those that were erased before."""

    def __init__(self, known: set[str], guard: Guard, before: frozenset[str]) -> None:
        self._known, self._guard, self._before = known, guard, before

    def __contains__(self, sha256: object) -> bool:
        if sha256 in self._known:
            return True
        return bool(self._before) and self._guard.digest(str(sha256)) in self._before

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known) + len(self._before)


def _files_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the plain files below a folder, each with the first part of its path from there."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path, path.relative_to(folder).parts[0]


def _is_own(path: Path) -> bool:
    return path.suffix in {".toml", ".key"} or path.name.startswith(("ledger.sqlite", "."))


def _drawn(workspace: Path, contents: Collection[str]) -> tuple[set[Path], set[Path]]:
    """Return the cut-out faces of contents, and those of others, in drafts of names.

    `curate.review.sheet` writes them: faces are called by the number of their identity and their
    own, in the order of the table. In a draft whose faces are not those of its table nobody can
    tell which is whose: none of it is returned.
    """
    found: tuple[set[Path], set[Path]] = set(), set()
    for table in workspace.rglob(FACES):
        try:
            with table.open(encoding="utf-8", newline="") as file:
                rows = [(row["identity_id"], row["sha256"]) for row in csv.DictReader(file)]
        except (OSError, ValueError, KeyError, csv.Error):
            continue
        drawn = sorted((table.parent / "faces").glob("*.jpg"))
        numbers = list(dict.fromkeys(path.name.partition("-")[0] for path in drawn))
        identities = list(dict.fromkeys(identity for identity, _ in rows))
        if len(drawn) == len(rows) and len(numbers) == len(identities):
            order = sorted(rows, key=lambda row: identities.index(row[0]))
            for path, (_, sha256) in zip(drawn, order, strict=True):
                found[sha256 not in contents].add(path)
    return found


def delete(places: Places) -> Places:
    """Delete files; return those that could not be deleted, by kind."""
    return {kind: list(_stuck(some)) for kind, some in places.items()}


def _stuck(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            yield path
