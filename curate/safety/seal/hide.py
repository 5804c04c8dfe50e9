"""Hiding: taking names, hashes and whatever was computed of sealed media out of a workspace.

The entry stays, under the seal's id, so that counts and verdicts hold. Tables are written anew
without history, documents that may show it are deleted (their verbs make them again), and its
faces leave the vault. Each step can be done again: a hiding that was killed goes on.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.forget import forget, purge
from curate.catalog.ledger import Ledger
from curate.catalog.record import Record
from curate.catalog.rowsums import with_sums
from curate.catalog.tables import Catalog
from curate.media.hash_kinds import BYTE_KINDS, KINDS
from curate.model.ids import media_id
from curate.safety.seal.plan import Plan, released
from curate.schema import arrow_schema, conform, table_names
from curate.vault import Vault
from curate.workspace import Workspace

REASON = "sealed"

# What stays of an entry: what it counts as, and nothing by which it could be found.
_STAYS = ("media_id", "dataset", "kind", "split", "source_id", "method", "compression",
          "manipulation_type", "licence", "status")  # fmt: skip
# Locators of other datasets may read alike; what went out is named as it went out.
_NOT_SEARCHED = ("media",)
# Documents that cannot be searched for a name, or may hold a picture without one.
_OPAQUE = (".pdf", ".zip", ".gz", ".parquet", ".png", ".jpg", ".jpeg", ".webp")
_PICTURE = b"data:image"
_QUOTED = re.compile(r"[^A-Za-z0-9]")
_AT_ONCE = 10_000
_DIGESTS = [kind.column for kind in BYTE_KINDS]


class Telling:
    """What tells of sealed media, as it may stand in a text.

    Attributes:
        plans: The seals.
    """

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plans = plans

    @cached_property
    def words(self) -> dict[str, str]:
        """By each text that tells of a seal, the seal's id."""
        found: dict[str, str] = {}
        for plan in self.plans:
            for root, locator in plan.files:
                for text in (locator, str(Path(root) / locator)):
                    found |= dict.fromkeys(_spelled(text), plan.seal_id)
            found |= dict.fromkeys(_hashes(plan), plan.seal_id)
        return found

    @cached_property
    def names(self) -> set[bytes]:
        """What a document that shows a seal has in it: a name, a hash, or most of a long path."""
        locators = [locator for plan in self.plans for _, locator in plan.files]
        short = [name for one in locators for name in (Path(one).name, one[:200])]
        spelled = {text for name in short for text in _spelled(name)}
        return {text.encode() for text in (*self.words, *spelled)}

    def hides(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return a column of texts in which seals stand under their ids."""
        maybe = pa.chunked_array([[False] * len(column)], pa.bool_())
        for some in self._some:
            hit = pc.fill_null(pc.match_substring_regex(column, some), False)  # noqa: FBT003
            maybe = pc.or_(maybe, hit)
        if not pc.any(maybe).as_py():
            return column
        pairs = zip(column.to_pylist(), maybe.to_pylist(), strict=True)
        told = [self._whole.sub(self._id, text) if hit else text for text, hit in pairs]
        return pa.chunked_array([pa.array(told, pa.string())])

    def _id(self, found: re.Match[str]) -> str:
        return self.words[found.group()]

    @cached_property
    def _some(self) -> list[str]:
        """Patterns of some words each: one of all of them may be too large to compile."""
        words = [_QUOTED.sub(lambda found: f"\\x{{{ord(found.group()):x}}}", word)
                 for word in sorted(self.words)]  # fmt: skip
        return ["|".join(words[i : i + _AT_ONCE]) for i in range(0, len(words), _AT_ONCE)]

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        # The longest first: a path before the locator it ends in.
        texts = sorted(self.words, key=lambda text: (-len(text), text))
        return re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, texts))})(?![\w/-])")


def hide(
    place: Workspace, plans: Sequence[Plan], *, key: bytes, tell: Callable[[], None]
) -> list[Path]:
    """Hide what was sealed; return files of the workspace that name it and are people's own.

    Args:
        place: The workspace.
        plans: What was sealed.
        key: The workspace's key, 32 bytes.
        tell: Called after each table, document or key.
    """
    catalog = Catalog(place.catalog)
    contents = {plan.sha256 for plan in plans}
    entries = {media for plan in plans for media in plan.media_ids}
    telling = Telling(plans)
    # Faces first: once they are forgotten, nothing says which of the vault's they are.
    faces = catalog.read("faces")
    theirs = faces.filter(pc.is_in(faces["sha256"], value_set=_texts(contents)))["face_id"]
    Vault(place.vault, key).forget(theirs.to_pylist())
    tell()
    _hide_entries(catalog, plans, contents)
    tell()
    forget(catalog, contents, entries)
    tell()
    _drop(catalog, "hash_matches", "sha256", contents)
    _drop(catalog, "hash_checks", "sha256", contents)
    # Findings of what it shows speak of what it shows.
    _drop(catalog, "findings", "media_id", entries)
    tell()
    datasets = {row["dataset"] for plan in plans for row in plan.record["media"]}
    for name in table_names("delta"):
        if name not in _NOT_SEARCHED:
            _hide_texts(catalog, name, telling, datasets)
    tell()
    _delete_documents(place.reports, telling)
    tell()
    _delete_releases(place, [plan for plan in plans if not plan.in_place])
    tell()
    purge(catalog)
    tell()
    return _own_files(place, telling)


def masked(
    catalog: Catalog, listed: Mapping[str, pa.Table], sealed_ids: Iterable[str] = ()
) -> dict[str, pa.Table]:
    """Return what a dataset lists as the catalogue may keep it: sealed entries stay hidden.

    Args:
        catalog: The tables.
        listed: Rows by table, ``media`` and ``rejections`` among them.
        sealed_ids: Ids of entries that the ledger says are sealed, whatever the catalogue knows.
    """
    sightings = catalog.read("sightings")
    marked = sightings.filter(pc.equal(sightings["reason"], REASON))["media_id"].to_pylist()
    sealed = _texts({*marked, *sealed_ids})
    if not len(sealed):
        return dict(listed)
    media, known = listed["media"], catalog.read("media")
    hidden, _ = _parted(known, known["media_id"], sealed)
    _, clear = _parted(media, media["media_id"], sealed)
    named, _ = _parted(hidden, hidden["dataset"], media["dataset"].combine_chunks())
    ids = set(sealed.to_pylist())
    rejections = [
        {**row, "locator": None, "place": REASON, "detail": REASON}
        if media_id(row["dataset"], row["locator"] or "") in ids else row
        for row in listed["rejections"].to_pylist()
    ]  # fmt: skip
    return {
        **listed,
        "media": pa.concat_tables([clear, named]),
        "rejections": conform(rejections, "rejections"),
    }


def _hide_entries(catalog: Catalog, plans: Sequence[Plan], contents: set[str]) -> None:
    """Put seals' ids in the place of entries' names, and unname their contents."""
    seal = {media: f"{plan.seal_id}/{number}" for plan in plans
            for number, media in enumerate(plan.media_ids)}  # fmt: skip
    folder = str(catalog.folder.parent / "sealed")
    named = _texts(seal)
    media, sightings = catalog.read("media"), catalog.read("sightings")
    mine, others = _parted(media, media["media_id"], named)
    masks = [
        {**{name: row[name] for name in _STAYS}, "locator": seal[row["media_id"]],
         "root": folder, "declared_in": REASON}
        for row in mine.to_pylist()
    ]  # fmt: skip
    seen, rest = _parted(sightings, sightings["media_id"], named)
    probes = dict(zip(seen["media_id"].to_pylist(), seen["probe_version"].to_pylist(), strict=True))
    sealed = [{"media_id": one, "probe_version": probes.get(one, "none"),
               "status": "unreadable", "reason": REASON} for one in seal]  # fmt: skip
    # Of a file as it was listed once: what it held then is not known any more.
    once, rest = _parted(rest, rest["sha256"], _texts(contents))
    once = once.drop_columns([name for name in _DIGESTS if name in once.column_names])
    # Sightings first: with them an entry is sealed, whatever its name.
    hidden = pa.concat_tables([conform(once, "sightings"), conform(sealed, "sightings")])
    catalog.replace(
        "sightings", pa.concat_tables([rest, with_sums({"sightings": hidden})["sightings"]])
    )
    catalog.replace("media", pa.concat_tables([others, conform(masks, "media")]))


def _parted(table: pa.Table, column: pa.ChunkedArray, values: pa.Array) -> tuple[pa.Table, ...]:
    """Return the rows in which a column has one of some values, and the other rows."""
    hit = pc.is_in(column, value_set=values)
    return table.filter(hit), table.filter(pc.invert(hit))


def _drop(catalog: Catalog, name: str, column: str, values: set[str]) -> None:
    stored = catalog.read(name)
    kept = stored.filter(pc.invert(pc.is_in(stored[column], value_set=_texts(values))))
    if kept.num_rows < stored.num_rows:
        catalog.replace(name, kept)


def _hide_texts(catalog: Catalog, name: str, telling: Telling, datasets: set[str]) -> None:
    """Put seals' ids in the place of names and hashes, wherever a table has them in a text."""
    columns = [f.name for f in arrow_schema(name) if pa.types.is_string(f.type)]
    if not columns or not catalog.count(name):
        return
    stored = catalog.read(name)
    # Another dataset's paths may read alike.
    here = pa.array([True] * stored.num_rows, pa.bool_())
    if "dataset" in columns:
        here = pc.is_in(stored["dataset"], value_set=_texts(datasets))
    mine = stored.filter(here)
    hidden = mine
    for column in columns:
        place = hidden.schema.get_field_index(column)
        hidden = hidden.set_column(place, hidden.schema.field(place), telling.hides(mine[column]))
    if not hidden.equals(mine):
        catalog.replace(name, pa.concat_tables([stored.filter(pc.invert(here)), hidden]))


def _delete_documents(folder: Path, telling: Telling) -> None:
    """Delete documents that name a seal, or that may show it and cannot be searched."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix.lower() in _OPAQUE or names_any(path, {*telling.names, _PICTURE}):
            path.unlink()


def documents_about(folder: Path, media_ids: Iterable[str]) -> list[Path]:
    """Return documents below a folder that may tell of entries.

    These are those that hold a picture, that name one of the entries by its id, as the tables
    beside an audit page do, or that cannot be searched.
    """
    names = {_PICTURE, *(one.encode() for one in media_ids)}
    return [
        path for path in sorted(p for p in folder.rglob("*") if p.is_file())
        if path.suffix.lower() in _OPAQUE or names_any(path, names)
    ]  # fmt: skip


def may_hold_picture(path: Path) -> bool:
    """Tell whether a document holds a picture, or cannot be searched for one."""
    return path.suffix.lower() in _OPAQUE or names_any(path, {_PICTURE})


def _delete_releases(place: Workspace, plans: Sequence[Plan]) -> None:
    """Remove releases that hold what was taken away, and builds that were not finished.

    A release is never changed, so it goes whole: what else is in it is still in the catalogue.
    """
    if not plans:
        return
    record = Record(Ledger(place.ledger))
    gone = released(record, (media for plan in plans for media in plan.media_ids))
    for folder in [*(place.releases / name for name in gone), *place.releases.glob(".*.partial")]:
        if folder.exists():
            shutil.rmtree(folder)


def _own_files(place: Workspace, telling: Telling) -> list[Path]:
    """Return files right in the workspace that name a seal: people's own, which are theirs."""
    return [path for path in sorted(place.root.iterdir())
            if path.is_file() and path != place.ledger
            and names_any(path, telling.names)]  # fmt: skip


def names_any(path: Path, names: Iterable[bytes]) -> bool:
    """Tell whether a file holds any of some bytes; it may be larger than memory."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as held:
        return any(held.find(name) >= 0 for name in names)


def _hashes(plan: Plan) -> set[str]:
    rows = [*plan.record["content"], *plan.record["sightings"]]
    known = [row.get(name) for row in rows
             for name in ("pixel_digest", *(kind.column for kind in KINDS))]  # fmt: skip
    return {plan.sha256, *(text for text in known if text)}


def _spelled(text: str) -> set[str]:
    """Return a text as documents may spell it."""
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1],
            html.escape(text), quote(text)}  # fmt: skip


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
