"""Files that show a person who is erased: where they lie, and what of it can be deleted.

Beside the files that datasets list there are copies in the workspace's own releases and in builds
that were not finished, and documents of the workspace with pictures in them. An erasure that is
asked for again finds them too, though nothing else in the workspace knows them any more: by what
the guard keeps of each erased content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.catalog.tables import Catalog
from curate.catalog.views import read_entries
from curate.media.archive import archive_of
from curate.media.refuse import REASON, Guard
from curate.release.check_copy import held_in
from curate.release.manifest import digest_file
from curate.safety.seal.hide import documents_about

Places = dict[str, list[Path]]
KINDS = ("files", "release_files", "documents")


@dataclass(frozen=True)
class ErasedFiles:
    """The files of one erasure.

    Attributes:
        catalog: The tables.
        ledger: The statements; the workspace is the folder that it lies in.
        ids: The entries that show the person.
        releases: The names of releases that hold what shows them.
        request_id: The erasure request.
    """

    catalog: Catalog
    ledger: Ledger
    ids: frozenset[str]
    releases: frozenset[str]
    request_id: str

    def places(self) -> Places:
        """Return the files that can be deleted, by kind: see `KINDS`."""
        return {"files": self.files(), "release_files": self.copies(),
                "documents": self.documents()}  # fmt: skip

    def files(self) -> list[Path]:
        """Return the plain files that datasets list, as far as they are there."""
        return [path for _, path in self.listed() if path.is_file()]

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
        contents = _Contents(self.contents()[0] | self.released(), self._guard, self._again)
        return sorted({path for one in asked for path in held_in(one, contents)})

    def documents(self) -> list[Path]:
        """Return documents of the workspace that name the entries, or hold pictures of anybody."""
        if not self.ids and not self._again:
            return []
        return documents_about(self.ledger.path.parent / "reports", self.ids)

    def listed(self) -> Iterator[tuple[str, Path]]:
        """Yield the entries that show the person, and where each lies."""
        for row in self.catalog.read("media").to_pylist():
            if row["media_id"] in self.ids | self._refused_before:
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


def delete(places: Places) -> Places:
    """Delete files; return those that could not be deleted, by kind."""
    return {kind: list(_stuck(some)) for kind, some in places.items()}


def _stuck(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            yield path
