"""The manifest layout: a table with one row per entry (CSV, TSV, JSON Lines, JSON, Parquet).

Columns are those of ``schemas/manifest.schema.json``; `curate.toml` maps other names under
``[ingest.columns]``. Columns that are not known are kept with the entry.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from curate.errors import InvalidFileError
from curate.ingest.listing import SPLITS, Listing, Rejected, Target, authenticity, safe_locator
from curate.model.config import Config
from curate.model.ids import media_id
from curate.model.instants import parse_instant
from curate.rows import SUFFIXES, Row, read_rows
from curate.schema import json_schema

_STEMS = ("manifest", "metadata", "index")


class ManifestLayout:
    """A manifest, named itself or lying in a folder as ``manifest.csv`` or the like."""

    name = "manifest"

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
        for number, row in enumerate(read_rows(file)):
            values = {names.get(k, k): v for k, v in row.values.items()}
            if number == 0 and "path" not in values and not row.problem:
                _refuse_columns(file, values)
            try:
                _add(Row(row.place, values, row.problem), target, into)
            except Rejected as rejected:
                locator = values.get("path")
                into.reject(
                    row.place,
                    rejected.reason,
                    rejected.detail,
                    locator=None if locator is None else str(locator),
                )


def manifest_in(folder: Path) -> Path | None:
    """Return the manifest that lies in `folder`, or None."""
    for stem in _STEMS:
        for suffix in SUFFIXES:
            if (folder / f"{stem}{suffix}").is_file():
                return folder / f"{stem}{suffix}"
    return None


def _refuse_columns(file: Path, values: dict[str, Any]) -> None:
    raise InvalidFileError(
        f"columns are {', '.join(sorted(values))}; expected one called path",
        where=str(file),
        hint='map yours in curate.toml: [ingest.columns] path = "file_name"',
    )


def _add(row: Row, target: Target, into: Listing) -> None:
    if row.problem:
        raise Rejected("bad-row", row.problem)
    declared = json_schema("manifest")["properties"]
    known = {k: str(v) if not isinstance(v, datetime) else v.isoformat()
             for k, v in row.values.items() if k in declared}  # fmt: skip
    if "path" not in known:
        raise Rejected("no-path", "the row has no path")
    label = _label(known.get("label"), target.config)
    people = _people(known)
    entry = into.add(
        row.place,
        known["path"],
        split=_split(known.get("split")),
        method=known.get("method"),
        manipulation_type=_manipulation(known.get("manipulation"), label),
        source_id=known.get("source"),
        licence=known.get("licence"),
        group=known.get("group"),
        captured_at=_instant(known.get("captured_at")),
        extra=_extra({k: v for k, v in row.values.items() if k not in declared}),
        **({"kind": _kind(known["kind"])} if "kind" in known else {}),
    )
    if label:
        into.label(entry, label, raw=known["label"])
    for subject, role in people:
        into.depict(entry, subject, role)
    for parent in _cells(known.get("derived_from")):
        clean = safe_locator(parent)
        into.relate(entry, "derived_from", media_id(into.dataset, clean), basis="declared")


def _people(known: dict[str, str]) -> list[tuple[str, str]]:
    """Return subjects with their roles."""
    roles = json_schema("depictions")["properties"]["role"]["enum"]
    subjects, given = _cells(known.get("subject")), _cells(known.get("role"))
    if len(given) not in (0, 1, len(subjects)):
        raise Rejected(
            "bad-role", f"{len(given)} roles for {len(subjects)} subjects; expected 1 or as many"
        )
    for role in given:
        if role not in roles:
            raise Rejected("bad-role", f"role {role!r}; expected one of {', '.join(roles)}")
    each = given if len(given) == len(subjects) else (given or ["depicted"]) * len(subjects)
    people = list(zip(subjects, each, strict=True))
    for role in ("target", "donor"):
        people += [(subject, role) for subject in _cells(known.get(role))]
    return people


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


def _cells(text: str | None) -> list[str]:
    return [cell.strip() for cell in (text or "").split(";") if cell.strip()]


def _extra(values: dict[str, Any]) -> str | None:
    return json.dumps(values, sort_keys=True, default=str) if values else None
