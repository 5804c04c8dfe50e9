"""What is to be sealed, and the journal that lets a sealing that was killed go on.

A plan is written, encrypted under the workspace's key, before anything is touched, and dropped
when all is done. It alone says in between which files and hashes a seal is of.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.record import Record
from curate.catalog.tables import Catalog
from curate.catalog.views import create_entries
from curate.model.instants import print_instant
from curate.safety.lists import CATEGORIES
from curate.vault.envelope import decrypt, encrypt, write_whole

if TYPE_CHECKING:
    import duckdb

_MATCHED = """
SELECT e.media_id, e.root, e.locator, e.sha256, m.list_id, m.ref, m.category
FROM entries e JOIN hash_matches m USING (sha256)
WHERE m.band = 'match' AND list_contains(?, m.category) AND e.state <> 'sealed'
ORDER BY e.sha256, e.media_id, m.list_id, m.ref
"""
_ENDING = ".intent"


@dataclass(frozen=True)
class Plan:
    """One content that is to be sealed, with all entries that have it and can be sealed alike.

    Attributes:
        seal_id: What it is called from now on: random.
        sha256: What it was called, hex.
        category: The gravest category of the lists it matched.
        lists: The lists.
        refs: Which hashes of theirs, as `curate.safety.lists.ListStore.ref` names them.
        media_ids: The entries.
        files: Where each entry's file is: its root and its locator.
        in_place: Whether the files stay where they lie.
        left: What is out of reach, in words that name nothing.
        record: What the officer gets to know: rows of the catalogue, by table.
        vouched: SHA-256 of the sealed file, hex, once it was read back and held; empty before.
    """

    seal_id: str
    sha256: str
    category: str
    lists: tuple[str, ...]
    refs: tuple[str, ...]
    media_ids: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    in_place: bool
    left: tuple[str, ...]
    record: dict[str, Any]
    vouched: str = ""


@dataclass(frozen=True)
class Journal:
    """Plans that are not done.

    Attributes:
        folder: Where they lie, beside the sealed files.
        key: What they are encrypted under, 32 bytes.
    """

    folder: Path
    key: bytes

    def put(self, plan: Plan) -> None:
        """Keep a plan, in the place of what was kept of it."""
        told = json.dumps(asdict(plan)).encode()
        write_whole(self._place(plan.seal_id), encrypt(self.key, told, plan.seal_id.encode()))

    def drop(self, plan: Plan) -> None:
        """Forget a plan that is done."""
        self._place(plan.seal_id).unlink(missing_ok=True)

    def all(self) -> list[Plan]:
        """Return the plans that are not done.

        Raises:
            VerificationError: One was changed, or the key is another.
        """
        return [self._read(path) for path in pending(self.folder)]

    def _place(self, seal_id: str) -> Path:
        return self.folder / f"{seal_id}{_ENDING}"

    def _read(self, path: Path) -> Plan:
        told = json.loads(decrypt(self.key, path.read_bytes(), path.stem.encode(), where=path))
        for name in ("lists", "refs", "media_ids", "left"):
            told[name] = tuple(told[name])
        return Plan(**{**told, "files": tuple((root, name) for root, name in told["files"])})


def pending(folder: Path) -> list[Path]:
    """Return the files of plans that are not done; their names need no key."""
    return sorted(folder.glob(f"*{_ENDING}"))


def make_plans(
    catalog: Catalog,
    record: Record,
    *,
    categories: Sequence[str],
    in_place: Sequence[str],
    planned: Iterable[Plan] = (),
) -> list[Plan]:
    """Return what is to be sealed, one plan for each content and way of sealing it.

    Args:
        catalog: Says what matches.
        record: What went out.
        categories: Categories of lists whose matches are sealed.
        in_place: Those of them whose files stay where they lie.
        planned: Plans there are already: their entries are in no other.
    """
    known = {media for plan in planned for media in plan.media_ids}
    connection = catalog.connect("media", "sightings", "hash_matches")
    create_entries(connection)
    rows = _rows(connection.sql(_MATCHED, params=[list(categories)]))
    by_content: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["media_id"] not in known:
            by_content.setdefault(row["sha256"], []).append(row)
    plans = []
    for sha256, matched in by_content.items():
        plan = _plan(sha256, matched, in_place)
        plans += [_recorded(catalog, record, one) for one in _apart(plan)]
    return plans


def _plan(sha256: str, matched: list[dict[str, Any]], in_place: Sequence[str]) -> Plan:
    entries = {row["media_id"]: (row["root"], row["locator"]) for row in matched}
    category = min((row["category"] for row in matched), key=CATEGORIES.index)
    return Plan(
        seal_id="",
        sha256=sha256,
        category=category,
        lists=tuple(sorted({row["list_id"] for row in matched})),
        refs=tuple(sorted({row["ref"] for row in matched})),
        media_ids=tuple(entries),
        files=tuple(entries.values()),
        in_place=category in in_place,
        left=(),
        record={},
    )


def _apart(plan: Plan) -> Iterable[Plan]:
    """Split a plan by what can be done: a file that cannot be taken away stays where it lies."""
    by_reach: dict[str, list[int]] = {}
    for place, (root, locator) in enumerate(plan.files):
        why = "" if plan.in_place else _out_of_reach(Path(root), locator)
        by_reach.setdefault(why, []).append(place)
    for why, places in sorted(by_reach.items()):
        mine = replace(
            plan,
            seal_id=f"s-{secrets.token_hex(8)}",
            media_ids=tuple(plan.media_ids[place] for place in places),
            files=tuple(plan.files[place] for place in places),
            in_place=plan.in_place or bool(why),
            left=(why,) if why else (),
        )
        yield mine if mine.in_place else replace(mine, left=_other_names(mine))


def _out_of_reach(root: Path, locator: str) -> str:
    """Return why a file cannot be taken away, in words that name nothing; empty when it can."""
    path = root / locator
    if not root.is_dir():
        return "it lies in an archive or at an address, and stays there"
    if path.is_symlink() or not path.resolve().is_relative_to(root.resolve()):
        return "its name is a link, and what it leads to stays there"
    if not path.is_file():
        return "it was not where it was listed"
    return ""


def _other_names(plan: Plan) -> tuple[str, ...]:
    """Return that a file has names on its disk that no entry lists."""
    stats = [(Path(root) / locator).stat() for root, locator in plan.files]
    listed: dict[tuple[int, int], int] = {}
    links: dict[tuple[int, int], int] = {}
    for one in stats:
        node = (one.st_dev, one.st_ino)
        listed[node] = listed.get(node, 0) + 1
        links[node] = one.st_nlink
    more = sum(max(0, links[node] - count) for node, count in listed.items())
    return (f"it has {more:,} other names on its disk, which stay",) if more else ()


def _recorded(catalog: Catalog, out: Record, plan: Plan) -> Plan:
    """Return a plan with what the catalogue knows of it, for the officer alone."""
    asked = {
        "media": ("media_id", list(plan.media_ids)),
        "sightings": ("media_id", list(plan.media_ids)),
        "content": ("sha256", [plan.sha256]),
        "hash_matches": ("sha256", [plan.sha256]),
    }
    connection = catalog.connect(*asked)
    record = {
        name: [
            {column: _plain(value) for column, value in row.items() if value is not None}
            for row in _rows(connection.sql(
                f"SELECT * FROM {name} WHERE list_contains(?, {column})", params=[values]
            ))
        ]
        for name, (column, values) in asked.items()
    }  # fmt: skip
    return replace(plan, record=record, left=(*plan.left, *_released(out, plan)))


def _released(out: Record, plan: Plan) -> list[str]:
    """Return what becomes of releases that hold what a plan is of."""
    if plan.in_place:
        said = "holds it, and stays as it lies: call it back, and take its folder out of use"
    else:
        said = "held it, and its folder is removed: call it back"
    return [f"the release {name} {said}" for name in released(out, plan.media_ids)]


def released(record: Record, media_ids: Iterable[str]) -> list[str]:
    """Return the names of releases that went out with any of some entries."""
    items = record.items()
    mine = pc.is_in(items["media_id"], pa.array(list(media_ids), pa.string()))
    ids = set(items.filter(mine)["release_id"].to_pylist())
    return sorted({row["name"] for row in record.releases() if row["release_id"] in ids})


def _rows(asked: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    """Return what a query gave, row by row."""
    found: pa.Table = asked.to_arrow_table()
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return print_instant(value) if isinstance(value, datetime) else value
