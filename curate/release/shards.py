"""Shards: a release is written in parts, each whole before the next is counted as done.

What goes into which part depends on the selection alone, so that a build that was killed goes on
where it stopped, and the same selection gives the same files.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.catalog.digest import tables_digest
from curate.errors import CurateError
from curate.files import write_whole
from curate.model.files import FileDigest
from curate.release.body import CannotStripError, opened_body
from curate.release.export import parquet
from curate.release.export.format import ShardFormat, Writer
from curate.release.export.sink import plain

MOST_ITEMS = 2_000
MOST_BYTES = 256 << 20
# Reason of an item that goes out in no form.
METADATA_STAYS = "metadata-stays"
SAME_CONTENT = "same-content"
_MARKS = ".done"
_ROWS = 256

Tick = Callable[[int], None]


@dataclass(frozen=True)
class Shard:
    """A part of one split.

    Attributes:
        folder_name: The split's name, as a folder's.
        number: Which part it is, from 0.
        count: How many parts the split has.
        selected: The whole selection.
        rows: Which rows of it are in this part.
    """

    folder_name: str
    number: int
    count: int
    selected: pa.Table
    rows: pa.Array

    @property
    def items(self) -> pa.Table:
        """Its rows of the selection; a copy, if any, lasts no longer than it is asked for."""
        first, last = self.rows[0].as_py(), self.rows[-1].as_py()
        span = self.selected.slice(first, last - first + 1)
        if span.num_rows == len(self.rows):
            return span
        return span.take(pc.subtract(self.rows, pa.scalar(first, self.rows.type)))

    @property
    def stem(self) -> str:
        """Its name in files, as Hugging Face names parts."""
        return f"{self.folder_name}-{self.number:05d}-of-{self.count:05d}"


@dataclass(frozen=True)
class Done:
    """What came of a shard.

    Attributes:
        files: Its files, the table of its items last.
        left_out: Items that go out in no form, by reason.
        items: How many went out.
    """

    files: list[FileDigest]
    left_out: dict[str, int]
    items: int


def shards_of(items: pa.Table) -> list[Shard]:
    """Return the parts of a selection, split by split, in its order."""
    found = []
    names = folder_names(pc.unique(items["split"]).to_pylist())
    for split, name in names.items():
        rows = pc.indices_nonzero(pc.equal(items["split"], split))
        ends = _ends(items["byte_size"].take(rows).to_pylist())
        starts = [0, *ends[:-1]]
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            found.append(Shard(name, number, len(ends), items, rows.slice(start, end - start)))
    return found


def _ends(sizes: list[int]) -> list[int]:
    ends, count, total = [], 0, 0
    for at, size in enumerate(sizes):
        if count and (count == MOST_ITEMS or total + size > MOST_BYTES):
            ends.append(at)
            count = total = 0
        count, total = count + 1, total + size
    return [*ends, len(sizes)]


def plan_digest(tables: dict[str, pa.Table], options: dict[str, Any]) -> str:
    """Return what tells builds apart that may not go on with each other's parts."""
    told = json.dumps([tables_digest(tables), MOST_ITEMS, MOST_BYTES, options])
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class Shards:
    """Where and how shards are written.

    Attributes:
        folder: The release's folder.
        formats: The first says where an item lies in the table of items.
        keep_metadata: Hand files on as they are.
        tick: Told of items that are done, as they are.
    """

    folder: Path
    formats: tuple[ShardFormat, ...]
    keep_metadata: bool
    tick: Tick

    def write(self, shard: Shard) -> Done:
        """Write a shard in every format, and mark it as done; return at once when it is.

        Raises:
            InputError: A file cannot be read.
            VerificationError: A file changed since it was probed.
        """
        mark = marks_folder(self.folder) / f"{shard.stem}.json"
        if mark.exists():
            said = json.loads(mark.read_text(encoding="utf-8"))
            done = Done([FileDigest(**f) for f in said["files"]], said["left_out"], said["items"])
            if all(_lies(self.folder, file) for file in done.files):
                self.tick(len(shard.rows))
                return done
        done = self._written(shard)
        write_whole(mark, json.dumps(asdict(done)))
        return done

    def _written(self, shard: Shard) -> Done:
        writers = [f.writer(self.folder, shard.stem, shard.folder_name) for f in self.formats]
        schema = parquet.schema_of(shard.items.schema)
        tables, left_out, seen = [schema.empty_table()], Counter[str](), set[str]()
        try:
            # A few rows at a time: as Python has them, they take much more memory.
            for batch in shard.items.to_batches(max_chunksize=_ROWS):
                rows = list(self._out(batch, writers, left_out, seen))
                tables.append(pa.Table.from_pylist(rows, schema))
            files = [file for writer in writers for file in writer.close()]
        except CurateError:
            for writer in writers:
                writer.abandon()
            raise
        table = pa.concat_tables(tables).combine_chunks()
        listed = parquet.write_items(table, self.folder, shard.stem)
        return Done([*files, listed], dict(left_out), table.num_rows)

    def _out(
        self, batch: pa.RecordBatch, writers: list[Writer], left_out: Counter[str], seen: set[str]
    ) -> Iterator[dict[str, Any]]:
        """Write items, and yield what the table says of each; count those that are left out.

        Args:
            batch: Rows of the selection.
            writers: Write an item each in its format.
            left_out: Items that go out in no form, by reason.
            seen: Digests of what was written of this shard.
        """
        for item in batch.to_pylist():
            self.tick(1)
            try:
                with opened_body(item, keep_metadata=self.keep_metadata) as body:
                    # Two files may differ in nothing but their metadata.
                    if body.sha256 in seen:
                        left_out[SAME_CONTENT] += 1
                        continue
                    public = _public(item, body.sha256, body.size)
                    places = [writer.add(public, body) for writer in writers]
            except CannotStripError:
                left_out[METADATA_STAYS] += 1
                continue
            seen.add(body.sha256)
            yield {**public, "path": places[0]}


def marks_folder(folder: Path) -> Path:
    """Return the folder in which finished shards are marked; it is no part of a release."""
    return folder / _MARKS


def _lies(folder: Path, file: FileDigest) -> bool:
    path = folder / file.path
    return path.is_file() and path.stat().st_size == file.size


def _public(item: dict[str, Any], sha256: str, size: int) -> dict[str, Any]:
    """Return what is told of an item: where it lay is not, since a path may tell who it shows."""
    told = {k: v for k, v in item.items() if k not in parquet.WITHHELD}
    return {**told, "sha256": sha256, "byte_size": size, "ending": _ending(item["locator"])}


_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


def _ending(locator: str) -> str:
    ending = Path(locator).suffix.lower()
    return ending if _SUFFIX.fullmatch(ending) else ""


def folder_names(splits: list[str]) -> dict[str, str]:
    """Return a name that can be a folder's for each split, no two the same in any case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    # Names that need no change go first, so that they keep theirs.
    for split in sorted(splits, key=lambda split: (plain(split) != split, split)):
        name, number = plain(split), 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain(split)}-{number}"
        taken.add(name.casefold())
        names[split] = name
    return names


def read_items(folder: Path) -> Iterator[pa.Table]:
    """Yield the tables of a release's items, part by part."""
    for path in sorted((folder / parquet.FOLDER).glob("*.parquet")):
        yield parquet.read_items(path)
