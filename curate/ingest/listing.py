"""A listing: what a layout says a dataset holds, row by row, and what it could not take.

Every input row or file ends as an entry or as a rejection with its place and reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from curate.errors import printable
from curate.ingest.locators import Rejected, is_litter, kind_of, litter, safe_locator
from curate.model.config import Config
from curate.model.ids import media_id, stable_id
from curate.model.pseudonyms import cleaned
from curate.schema import conform

TABLES = ("media", "depictions", "labels", "relations", "rejections")


@dataclass(frozen=True)
class Target:
    """What is being ingested, and how its words are read.

    Attributes:
        path: What was named on the command line.
        dataset: The dataset's name.
        root: The media root: every file lies below it.
        config: The workspace's settings.
    """

    path: Path
    dataset: str
    root: Path
    config: Config


class Member(NamedTuple):
    """A file that is none on disk: its length in bytes and when it was written, where told."""

    st_size: int | None
    st_mtime_ns: int | None


class _Declared(NamedTuple):
    """An entry as it was first listed: where, what was declared of it, and its row of media."""

    place: str
    values: dict[str, Any]
    row: dict[str, Any]


@dataclass
class Listing:
    """Rows of the tables that a layout fills, without doubles.

    Attributes:
        dataset: The dataset's name.
        root: Where layouts look: the media root, or an outline of it.
        layout: The layout's name.
        kept_as: The media root as entries keep it; `root` when empty.
        look: Asks a media root that lists nothing of one file.
        rows: The rows, by table.
    """

    dataset: str
    root: Path
    layout: str
    kept_as: str = ""
    look: Callable[[str], Member | None] | None = None
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in TABLES}
    )
    _declared: dict[str, _Declared] = field(default_factory=dict)
    _inside: dict[str, bool] = field(default_factory=dict)
    """Whether no link stands in the way from the root to a folder."""

    def reject(self, place: str, reason: str, detail: str, *, locator: str | None = None) -> None:
        """Keep a row or file that did not become an entry, with its place and reason."""
        # A name that is no text is no part of an id or of a table either.
        place, locator = _as_text(place), None if locator is None else _as_text(locator)
        self.rows["rejections"].append({
            "rejection_id": stable_id("rejection", self.dataset, place, reason, locator or ""),
            "dataset": self.dataset,
            "place": printable(place),
            "locator": locator,
            "reason": reason,
            "detail": printable(detail),
        })  # fmt: skip

    @contextmanager
    def attempt(self, place: str, *, locator: str | None = None) -> Iterator[None]:
        """Do what is within, or keep why `place` became no entry."""
        try:
            yield
        except Rejected as rejected:
            self.reject(place, rejected.reason, rejected.detail, locator=locator)

    def lists(self, locator: str) -> bool:
        """Return whether an entry is listed at `locator`, which is in normal form."""
        return locator in self._declared

    def add(
        self,
        place: str,
        locator: str,
        *,
        on_disk: bool = True,
        member: Member | None = None,
        told: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> str:
        """Keep an entry, and return its id.

        Args:
            place: Where it is declared.
            locator: Its path below the root.
            on_disk: Whether a file may be there; False for a clip of which only frames are.
            member: What an archive says of the file, where the locator leads into one.
            told: What else is declared of it, by the name of what says it: whoever is declared
                once more and otherwise is contradicted, which the entry keeps.
            values: Columns of ``media``.

        Raises:
            Rejected: The locator was listed already, leaves the media root, names something that
                is no regular file, or what a file manager left behind.
        """
        clean = safe_locator(locator)
        if clean in self._declared:
            raise Rejected("duplicate-row", self._doubled(place, clean, {**values, **(told or {})}))
        if is_litter(clean):
            raise litter()
        ask = self.look or self._stat
        found = member or (ask(clean) if on_disk else None)
        entry = media_id(self.dataset, clean)
        row = {
            "media_id": entry,
            "dataset": self.dataset,
            "locator": clean,
            "root": self.kept_as or str(self.root),
            "kind": kind_of(clean),
            "manipulation_type": "unknown",
            **{k: v for k, v in values.items() if v is not None},
            "status": "missing" if found is None else "present",
            "listed_size": None if found is None else found.st_size,
            "listed_mtime_ns": None if found is None else found.st_mtime_ns,
            "declared_in": printable(place),
        }  # fmt: skip
        self.rows["media"].append(row)
        self._declared[clean] = _Declared(place, {**values, **(told or {})}, row)
        return entry

    def label(self, entry: str, value: str, *, raw: str | None = None) -> None:
        """Keep that `entry` is declared real or fake."""
        self.rows["labels"].append({
            "media_id": entry,
            "name": "authenticity",
            "value": value,
            "vocabulary": "real|fake",
            "origin": "declared",
            "raw": raw,
        })  # fmt: skip

    def depict(
        self,
        entry: str,
        subject: str,
        role: str,
        *,
        method: str = "declared",
        not_visible: str | None = None,
    ) -> None:
        """Keep that `subject` is in `entry` in a role, and why they are not to be seen, if so."""
        self.rows["depictions"].append({
            "media_id": entry,
            "subject_id": cleaned(subject),
            "role": role,
            "link_method": method,
            "link_status": "confirmed" if method == "declared" else "proposed",
            "not_visible": not_visible,
        })  # fmt: skip

    def relate(
        self, left: str, relation: str, right: str, *, basis: str, right_kind: str = "media"
    ) -> None:
        """Keep a relation of an entry to another, or to a source or a split."""
        self.rows["relations"].append({
            "left": left,
            "relation": relation,
            "right": right,
            "left_kind": "media",
            "right_kind": right_kind,
            "measure": None,
            "basis": basis,
            "stage": f"ingest:{self.dataset}/{self.layout}",
        })  # fmt: skip

    def tables(self) -> dict[str, pa.Table]:
        """Return the rows as tables of the catalogue, without doubles."""
        # An entry that is listed again is rejected, so entries are distinct already.
        return {
            name: conform(rows if name == "media" else _distinct(rows), name)
            for name, rows in self.rows.items()
        }

    def _stat(self, locator: str) -> os.stat_result | None:
        place = f"{self.root}/{locator}"
        if self._has_no_links(locator.rpartition("/")[0]):
            try:
                found = os.lstat(place)
            except FileNotFoundError:
                return None
            except OSError:
                return self._stat_through_links(Path(place))
            if stat.S_ISREG(found.st_mode):
                return found
        return self._stat_through_links(Path(place))

    def _has_no_links(self, folder: str) -> bool:
        if folder not in self._inside:
            place = self.root / folder
            self._inside[folder] = os.path.realpath(place) == str(place)
        return self._inside[folder]

    def _stat_through_links(self, place: Path) -> os.stat_result | None:
        try:
            real = place.resolve(strict=True)
            found = real.stat()
        except FileNotFoundError:
            return None
        except RuntimeError:
            raise Rejected("symlink-loop", "the link leads back to itself") from None
        except OSError as error:
            loops = error.errno == 40  # ELOOP
            reason = "symlink-loop" if loops else "not-readable"
            raise Rejected(reason, error.strerror or str(error)) from None
        if not real.is_relative_to(self.root):
            raise Rejected("outside-root", "the link leads out of the media root")
        if not stat.S_ISREG(found.st_mode):
            raise Rejected("not-a-file", "this is no regular file")
        return found

    def _doubled(self, place: str, locator: str, values: dict[str, Any]) -> str:
        first = self._declared[locator]
        # Columns that nothing is decided by may differ from row to row.
        names = sorted({*first.values, *values} - {"extra", "group"})
        differ = [name for name in names if first.values.get(name) != values.get(name)]
        how = ""
        if differ:
            how = f" and differs in {', '.join(differ)}"
            # The entry keeps it: a rejected row may be the one that is right.
            before = first.row.get("declared_again")
            now = printable(f"{place} differs in {', '.join(differ)}")
            first.row["declared_again"] = f"{before}; {now}" if before else now
        return f"{locator!r} is listed at {first.place} already{how}"


def _as_text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _distinct(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Rows of one table are made in one place each: their fields stand in one order.
    return list({tuple(row.items()): row for row in rows}.values())


def walk_files(root: Path, into: Listing) -> Iterator[str]:
    """Yield the locator of every file below `root`, sorted; never leave it through a link."""
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(root / folder) as found:
                items = sorted(found, key=lambda item: item.name)
        except OSError as error:
            into.reject(folder or ".", "not-readable", error.strerror or str(error))
            continue
        below = []
        for item in items:
            locator = f"{folder}/{item.name}" if folder else item.name
            if item.is_symlink() and (root / locator).is_dir():
                into.reject(locator, "linked-folder", "links to folders are not followed")
            elif item.is_dir(follow_symlinks=False):
                below.append(locator)
            else:
                yield locator
        pending.extend(reversed(below))
