"""Small trees of known datasets, of files that hold their own name, and what becomes of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from curate.ingest.layout import Layout
from curate.ingest.listing import Listing, Target
from curate.model.config import Config
from curate.model.ids import media_id

Tables = dict[str, list[dict[str, Any]]]


def touch(root: Path, *names: str) -> None:
    """Make files that hold their own name."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def listed(layout: Layout, path: Path, *, root: Path | None = None) -> Tables:
    """Return the rows that a layout makes of a place, as tables hold them."""
    root = (root or (path if path.is_dir() else path.parent)).resolve()
    into = Listing("d", root, layout.name)
    layout.read(Target(path, "d", root, Config()), into)
    return {name: table.to_pylist() for name, table in into.tables().items()}


def entries(tables: Tables) -> dict[str, dict[str, Any]]:
    """Return the entries by locator."""
    return {row["locator"]: row for row in tables["media"]}


def labels(tables: Tables) -> dict[str, str]:
    """Return the label of each entry by locator."""
    names = _names(tables)
    return {names[row["media_id"]]: row["value"] for row in tables["labels"]}


def people(tables: Tables) -> set[tuple[str, str, str]]:
    """Return who is where: locator, subject and role."""
    names = _names(tables)
    return {(names[r["media_id"]], r["subject_id"], r["role"]) for r in tables["depictions"]}


def relations(tables: Tables, *kinds: str) -> set[tuple[str, str, str]]:
    """Return relations with locators in the place of ids; of all kinds when none is named."""
    names = _names(tables)
    return {
        (names[row["left"]], row["relation"], names.get(row["right"], row["right"]))
        for row in tables["relations"]
        if not kinds or row["relation"] in kinds
    }


def rejected(tables: Tables) -> dict[str, str]:
    """Return the reason of each rejection by its place."""
    return {row["place"]: row["reason"] for row in tables["rejections"]}


def _names(tables: Tables) -> dict[str, str]:
    assert all(row["media_id"] == media_id("d", row["locator"]) for row in tables["media"])
    return {row["media_id"]: row["locator"] for row in tables["media"]}
