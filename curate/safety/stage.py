"""The stage hashlists: what the catalogue's hashes match, without opening a file again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curate.dedup.codes import pack_codes
from curate.engine.stage import WholeStage
from curate.media.hash_kinds import BYTE_KINDS
from curate.model.config import Config
from curate.safety.entries import EXACT
from curate.safety.listed_digests import ListedBytes
from curate.safety.lists import ListInfo, ListStore, infos, lists_digest
from curate.safety.match import match
from curate.safety.matches import Items
from curate.schema import conform
from curate.workspace import Workspace

if TYPE_CHECKING:
    from curate.catalog.tables import Catalog
    from curate.engine.stage import Tables

VERSION = "3"

# Digests of the bytes beside the content's own name.
_NAMED = [kind.column for kind in BYTE_KINDS if kind.column != "sha256"]

# What could not be read as media still has a digest of its bytes.
ITEMS = """
    SELECT DISTINCT e.sha256, {digests}, coalesce(c.kind, 'image') AS kind,
           c.pdq, c.pdq_quality, c.pdq_dihedral
    FROM entries e LEFT JOIN content c USING (sha256)
    LEFT JOIN (SELECT sha256, {sighted} FROM sightings GROUP BY ALL) s USING (sha256)
    WHERE e.sha256 IS NOT NULL AND e.state IN ('present', 'unreadable', 'withheld')
    ORDER BY e.sha256
""".format(
    digests=", ".join(f"coalesce(c.{name}, s.{name}) AS {name}" for name in _NAMED),
    sighted=", ".join(f"min({name}) AS {name}" for name in _NAMED),
)
FRAMES = """
    SELECT f.sha256, f.frame, f.pdq, f.pdq_quality
    FROM frames f JOIN content c
        ON c.sha256 = f.sha256 AND starts_with(c.probe_version || '/', f.probe_version || '/')
    WHERE f.pdq IS NOT NULL
    AND f.sha256 IN (SELECT sha256 FROM entries WHERE state IN ('present', 'withheld'))
    ORDER BY f.sha256, f.frame
"""


def open_lists(place: Workspace, config: Config, *, create: bool = False) -> ListStore:
    """Return the lists of a workspace.

    Args:
        place: The workspace.
        config: Its settings: where the vault's key lies.
        create: Make a key where nothing was sealed or encrypted with one yet.

    Raises:
        MissingKeyError: The key is not where it should be.
    """
    from curate.vault import vault_key

    key, salt = vault_key(place, config.vault_key, create=create)
    return ListStore(place.lists, key, salt)


def listed_bytes(place: Workspace, config: Config) -> ListedBytes | None:
    """Return what tells which bytes the lists of a workspace name; None without a list.

    Raises:
        MissingKeyError: The vault's key is not where it should be.
    """
    folder = place.lists
    if not any(folder.glob("*.bin")):
        return None
    store = open_lists(place, config)
    return ListedBytes(folder, store.key, store.salt, lists_digest(folder))


def publish(catalog: Catalog, place: Workspace, *, dropped: str = "") -> list[ListInfo]:
    """Say in the catalogue which lists there are; return them.

    A list whose file is gone without having been dropped stays there, and keeps releases shut.

    Args:
        catalog: The catalogue.
        place: Its workspace.
        dropped: The name of a list that was dropped.
    """
    known = infos(place.lists)
    state = lists_digest(place.lists)
    rows = [
        {"list_id": one.list_id, "provider": one.provider, "category": one.category,
         "negative": one.negative, "fetched_at": one.fetched_at, "stale_after": one.stale_after,
         "terms": one.terms or None, "state": state}
        for one in known
    ]  # fmt: skip
    told = {one.list_id for one in known} | {dropped}
    rows += [{**row, "state": state} for row in catalog.read("hash_lists").to_pylist()
             if row["list_id"] not in told]  # fmt: skip
    catalog.replace("hash_lists", conform(rows, "hash_lists"))
    return known


def hashlists_stage(place: Workspace, config: Config) -> WholeStage:
    """Return the stage: it runs again when the lists or what is catalogued changed.

    Raises:
        MissingKeyError: The vault's key is not where it should be.
    """
    state = lists_digest(place.lists)
    return WholeStage(
        name="hashlists",
        version=VERSION,
        reads={"items": ITEMS, "frames": FRAMES},
        work=partial(_work, store=open_lists(place, config), state=state),
        writes=("hash_matches", "hash_checks"),
        parameters={"lists": state},
    )


def _work(tables: Tables, *, store: ListStore, state: str) -> dict[str, pa.Table]:
    items = items_of(tables["items"], tables["frames"])
    lists = store.all()
    by_name = {one.info.list_id: one for one in lists}
    found = match(items, lists)
    names = tables["items"]["sha256"].to_pylist()
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    active = {one.info.list_id: one.active for one in lists}
    for row in found.matches.to_pylist():
        entry = active[row["list_id"]].slice(row.pop("entry"), 1).to_pylist()[0]
        ref = store.ref(entry["signal"], entry["value"])
        sha256 = names[row.pop("item")]
        category = by_name[row["list_id"]].info.category
        # A list may name one hash twice: what it says for sure comes before what it doubts.
        key = (sha256, row["list_id"], ref)
        if key not in rows or row["band"] < rows[key]["band"]:
            rows[key] = {**row, "sha256": sha256, "ref": ref, "category": category}
    checks = [
        {"sha256": name, "lists": state, "checked": place not in found.unchecked,
         "reason": found.unchecked.get(place),
         "asked": [kind for kind, asked in found.asked.items() if asked[place]],
         "not_asked": [kind for kind, without in found.missing.items() if without[place]]}
        for place, name in enumerate(names)
    ]  # fmt: skip
    notes = {
        "lists": len(lists),
        "matched": len({r["sha256"] for r in rows.values() if r["band"] == "match"}),
        "near": len({r["sha256"] for r in rows.values() if r["band"] == "near"}),
        "not_checkable": len(found.unchecked),
        "contents": len(names),
        "kinds": {kind: int(asked.sum()) for kind, asked in found.asked.items()},
        "floods": _named(found.floods, active, store),
    }
    return {
        "hash_matches": conform(list(rows.values()), "hash_matches"),
        "hash_checks": conform(checks, "hash_checks"),
        "notes": pa.table({"note": [json.dumps(notes)]}),
    }


def _named(
    floods: Mapping[str, Mapping[int, int]], active: Mapping[str, pa.Table], store: ListStore
) -> list[str]:
    """Return the listed hashes that match far too much, by reference."""
    told = []
    for list_id, entries in sorted(floods.items()):
        for entry, count in entries.items():
            row = active[list_id].slice(entry, 1).to_pylist()[0]
            told.append(f"{list_id} {store.ref(row['signal'], row['value'])}: {count} items")
    return told


def items_of(items: pa.Table, frames: pa.Table) -> Items:
    """Return hashes in the form that matching takes.

    Args:
        items: ``sha256, kind, pdq, pdq_quality, pdq_dihedral`` and each kind of hash of the bytes
            that is known, sorted by ``sha256``.
        frames: ``sha256, pdq, pdq_quality``, sorted by ``sha256``.
    """
    count = items.num_rows
    turned = items["pdq_dihedral"].to_pylist()
    codes = np.zeros((count, 8, 4), np.uint64)
    known = [row for row, value in enumerate(turned) if value is not None]
    if known:
        codes[known] = pack_codes([turned[row] for row in known]).reshape(len(known), 8, 4)
    quality = np.full(count, -1, np.int16)
    quality[known] = items["pdq_quality"].fill_null(0).to_numpy()[known]
    place = {name: row for row, name in enumerate(items["sha256"].to_pylist())}
    digests = {
        signal: pa.array([None if text is None else bytes.fromhex(text)
                          for text in items[signal].to_pylist()], pa.binary())
        for signal in EXACT if signal in items.column_names
    }  # fmt: skip
    held = frames["pdq"].to_pylist()
    return Items(
        digests=digests,
        codes=codes,
        quality=quality,
        moving=np.array([kind == "video" for kind in items["kind"].to_pylist()], bool),
        frame_item=np.array([place[name] for name in frames["sha256"].to_pylist()], np.int64),
        frame_codes=pack_codes(held) if held else np.empty((0, 4), np.uint64),
        frame_quality=frames["pdq_quality"].fill_null(0).to_numpy().astype(np.int16),
    )
