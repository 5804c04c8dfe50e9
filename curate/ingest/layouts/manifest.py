"""The manifest layout: a table with one row per entry (CSV, TSV, JSON Lines, JSON, Parquet).

Columns are those of ``schemas/manifest.schema.json``; `curate.toml` maps other names under
``[ingest.columns]``. Columns that are not known are kept with the entry.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from curate.errors import InvalidFileError
from curate.ingest.layout import About
from curate.ingest.listing import Listing, Target, walk_files
from curate.ingest.locators import (
    SPLITS,
    Rejected,
    authenticity,
    is_litter,
    kind_of,
    litter,
    safe_locator,
)
from curate.model.config import Config
from curate.model.ids import media_id
from curate.model.instants import parse_instant
from curate.rows import SUFFIXES, Row, cells, kept, read_rows
from curate.schema import json_schema

_STEMS = ("manifest", "metadata", "index")


class ManifestLayout:
    """A manifest, named itself or lying in a folder as ``manifest.csv`` or the like."""

    name = "manifest"
    about = About(
        title="A manifest",
        shape="a CSV, TSV, JSON, JSON Lines or Parquet file, or a folder with `manifest`, "
        "`metadata` or `index` in one of these forms",
        reads=(
            (
                "one entry per row; the columns are in [manifest.md](manifest.md), and "
                "`[ingest.columns]` in `curate.toml` maps other names"
            ),
        ),
        traps=(
            "a path that stands in two rows is one entry: the second row is rejected",
            (
                "of a folder with a manifest, media that no row names are rejected; of a manifest "
                "that is named itself, nothing else in its folder is looked at"
            ),
        ),
    )

    def recognises(self, path: Path) -> bool:
        """Return whether `path` is a table, or a folder with a manifest in it."""
        return (path.is_file() and path.suffix.lower() in SUFFIXES) or (
            path.is_dir() and manifest_in(path) is not None
        )

    def read(self, target: Target, into: Listing) -> None:
        """List every row; one that cannot be an entry is rejected with its place.

        Raises:
            InvalidFileError: The manifest has no column for the path.
        """
        file = target.path if target.path.is_file() else manifest_in(target.path)
        if file is None:
            raise InvalidFileError("no manifest in this folder", where=str(target.path))
        names = {v: k for k, v in target.config.columns.items()}
        columns: set[str] = set()
        refused: set[str] = set()
        for row in read_rows(file):
            values = renamed(row.values, names)
            columns.update(values)
            named = values.get("path")
            try:
                add_row(Row(row.place, values, row.problem), target, into)
            except Rejected as rejected:
                into.reject(row.place, rejected.reason, rejected.detail,
                            locator=None if named is None else str(named))  # fmt: skip
                refused.add(str(named))
        if columns and "path" not in columns:
            _refuse_columns(file, columns)
        if target.path.is_dir():
            _reject_unnamed(file, refused, target, into)


def _reject_unnamed(file: Path, refused: set[str], target: Target, into: Listing) -> None:
    """Reject the media of a folder that its manifest does not name, so that they are counted."""
    for locator in walk_files(target.root, into):
        if into.lists(locator) or locator in refused or target.root / locator == file:
            continue
        if is_litter(locator):
            into.reject(locator, "litter", litter().detail, locator=locator)
        elif kind_of(locator) != "unknown":
            into.reject(locator, "not-in-manifest", f"no row of {file.name} names this file",
                        locator=locator)  # fmt: skip


def renamed(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return a row under curate's names; a column that the settings map wins over its namesake."""
    as_they_are = {k: v for k, v in values.items() if k not in names}
    return as_they_are | {names[k]: v for k, v in values.items() if k in names}


def manifest_in(folder: Path) -> Path | None:
    """Return the manifest that lies in `folder`, or None."""
    for stem in _STEMS:
        for suffix in SUFFIXES:
            if (folder / f"{stem}{suffix}").is_file():
                return folder / f"{stem}{suffix}"
    return None


def _refuse_columns(file: Path, columns: set[str]) -> None:
    raise InvalidFileError(
        f"columns are {', '.join(sorted(columns))}; expected one called path",
        where=str(file),
        hint='map yours in curate.toml: [ingest.columns] path = "file_name"; or let '
        "`curate ingest FOLDER --write-recipe FILE.toml` write a recipe to start from",
    )


def add_row(row: Row, target: Target, into: Listing, **about_file: Any) -> str:
    """List what one row of a manifest declares, and return the entry.

    Args:
        row: The row, under curate's names for its columns.
        target: What is being ingested.
        into: The listing.
        about_file: What else is known of the file, as `Listing.add` takes it.

    Raises:
        Rejected: The row cannot be an entry.
    """
    if row.problem:
        raise Rejected("bad-row", row.problem)
    declared = json_schema("manifest")["properties"]
    known = {k: _text(v) for k, v in row.values.items() if k in declared}
    if "path" not in known:
        raise Rejected("no-path", "the row has no path")
    label = _label(known.get("label"), target.config)
    people = _people(known)
    # Read before anything is kept: a row is an entry or a rejection, never both.
    parents = {
        relation: [safe_locator(below_root(p, target)) for p in cells(known.get(relation))]
        for relation in ("derived_from", "frame_of")
    }
    if "kind" in known:
        about_file["kind"] = _kind(known["kind"])
    entry = into.add(
        row.place,
        below_root(known["path"], target),
        split=_split(known.get("split")),
        method=known.get("method"),
        manipulation_type=_manipulation(known.get("manipulation"), label),
        source_id=known.get("source"),
        licence=known.get("licence"),
        people=_nobody(known.get("people"), people),
        group=known.get("group"),
        captured_at=_instant(known.get("captured_at")),
        extra=kept({k: v for k, v in row.values.items() if k not in declared}),
        told={
            "label": label,
            "subject": sorted(people, key=str),
            **{relation: sorted(named) for relation, named in parents.items()},
        },
        **about_file,
    )
    if label:
        into.label(entry, label, raw=known["label"])
    for person in people:
        into.depict(entry, person.subject, person.role, not_visible=person.not_visible)
    for relation, named in parents.items():
        for parent in named:
            into.relate(entry, relation, media_id(into.dataset, parent), basis="declared")
    if "group" in known:
        # Names of groups are the dataset's own: two datasets may both have a clip-7.
        into.relate(entry, "from_source", f"{into.dataset}:{known['group']}",
                    basis="column group", right_kind="source")  # fmt: skip
    return entry


def _text(value: Any) -> str:
    """Return a value as a CSV cell would say it: lists joined by semicolons."""
    if isinstance(value, list):
        return ";".join(_text(item) for item in value if item is not None)
    return value.isoformat() if isinstance(value, datetime) else str(value)


_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def below_root(path: str, target: Target) -> str:
    """Return a path as written, from the media root on.

    A prefix that the settings name is taken off, and so is the root itself. A path written on
    Windows gets forward slashes, unless a file is called so.

    Raises:
        Rejected: It begins with a drive, which is nowhere below the root.
    """
    root = target.root
    if "\0" in path:
        return path
    if "\\" in path and not os.path.lexists(root / path):
        forward = path.replace("\\", "/")
        windows = "/" not in path or _DRIVE.match(path) is not None
        # A path of both slashes is Windows' where its file is there by it.
        path = forward if windows or os.path.lexists(root / forward) else path
    for prefix in (*target.config.strip, str(root)):
        above = prefix.replace("\\", "/").rstrip("/") + "/"
        if path.startswith(above):
            return path[len(above) :]
    if _DRIVE.match(path) and not os.path.lexists(root / path):
        raise Rejected(
            "outside-root", f"{path!r} begins with a drive; expected a path below the root"
        )
    return path


class _Person(NamedTuple):
    subject: str
    role: str
    not_visible: str | None = None
    """Why they are not to be seen."""


def _people(known: dict[str, str]) -> list[_Person]:
    """Return subjects with their roles."""
    roles = json_schema("depictions")["properties"]["role"]["enum"]
    subjects, given = cells(known.get("subject")), cells(known.get("role"))
    if len(given) not in (0, 1, len(subjects)):
        raise Rejected(
            "bad-role", f"{len(given)} roles for {len(subjects)} subjects; expected 1 or as many"
        )
    for role in given:
        if role not in roles:
            raise Rejected("bad-role", f"role {role!r}; expected one of {', '.join(roles)}")
    each = given if len(given) == len(subjects) else (given or ["depicted"]) * len(subjects)
    people = list(map(_Person, subjects, each, _unseen(known, len(subjects))))
    for role in ("target", "donor", "driver", "voice_donor"):
        people += [_Person(subject, role) for subject in cells(known.get(role))]
    twice = Counter((person.subject, person.role) for person in dict.fromkeys(people))
    for (subject, role), count in twice.items():
        if count > 1:
            raise Rejected("bad-visible", f"{subject} as {role} is visible and is not visible")
    return people


_SEEN = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _unseen(known: dict[str, str], count: int) -> list[str | None]:
    """Return of each of `count` subjects why they are not to be seen, None where they are."""
    given, reason = cells(known.get("visible")), (known.get("visible_reason") or "").strip()
    if len(given) not in (0, 1, count):
        raise Rejected(
            "bad-visible", f"{len(given)} in visible for {count} subjects; expected 1 or as many"
        )
    for word in given:
        if word.casefold() not in _SEEN:
            raise Rejected("bad-visible", f"visible {word!r}; expected yes or no")
    seen = [_SEEN[word.casefold()] for word in given] or [True]
    seen = seen if len(seen) == count else seen * count
    if not all(seen) and not reason:
        raise Rejected("bad-visible", "visible is no, and visible_reason does not say why")
    return [None if one else reason for one in seen]


def _nobody(word: str | None, people: list[_Person]) -> str | None:
    """Return what is declared of whether anybody is shown.

    Raises:
        Rejected: The word is another than none, or somebody is named all the same.
    """
    if word is None or not word.strip():
        return None
    if word.strip().casefold() != "none":
        raise Rejected("bad-people", f"people {word!r}; expected none, or nothing")
    if people:
        named = ", ".join(sorted({person.subject for person in people}))
        raise Rejected("bad-people", f"people is none, and {named} is named")
    return "none"


def _label(word: str | None, config: Config) -> str | None:
    if word is None:
        return None
    label = authenticity(word, config)
    if label is None:
        raise Rejected(
            "bad-label",
            f"label {word!r} is not mapped to real or fake; see [ingest] in curate.toml",
        )
    return label


def _split(word: str | None) -> str | None:
    # Other names, such as fold-3, are splits too and are kept as written.
    return SPLITS.get(word.casefold(), word) if word else None


def _manipulation(word: str | None, label: str | None) -> str:
    known = json_schema("media")["properties"]["manipulation_type"]["enum"]
    if word is None:
        return "none" if label == "real" else "unknown"
    if word not in known:
        raise Rejected(
            "bad-manipulation", f"manipulation {word!r}; expected one of {', '.join(known)}"
        )
    return word


def _kind(word: str) -> str:
    if word not in ("image", "video"):
        raise Rejected("bad-kind", f"kind {word!r}; expected image or video")
    return word


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except ValueError as error:
        raise Rejected("bad-date", f"captured_at: {error}") from None
