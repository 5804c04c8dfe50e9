"""The catalogue: one Delta Lake table per observation schema, under one folder.

Tables are created when first written; until then they read as empty. Rows are always in the
shape their schema declares. SQL runs on DuckDB over Arrow datasets, out of core.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curate.catalog.damage import damaged, reading, writing
from curate.catalog.memory import in_memory
from curate.catalog.opened import Opened, check_files, dataset_of, read_log, state_of
from curate.errors import CatalogError
from curate.schema import arrow_schema, conform, key_of, table_names

if TYPE_CHECKING:
    import duckdb
    from deltalake import DeltaTable, WriterProperties

# A chunk is a commit, and a commit is a file: past this many, reading them costs more than
# writing them again as few.
COMPACT_AT = 24

_LOG = "_delta_log"
# What Delta Lake's library takes for something else in the path of a table.
_NO_PLACE = re.compile(r"[\[\]\\]|%[0-9A-Fa-f]{2}")
# Lies in a table's folder while it is written for the first time.
_BEGUN = ".begun"
# Whoever looks up few rows decodes whole groups of them, but for groups whose Bloom filters say
# that they hold none; of fewer rows than these no filters are worth their size.
_GROUP_ROWS, _MANY_ROWS = 1 << 17, 1 << 14
_LOOKED_UP = frozenset(
    ("about", "face_id", "finding_id", "left", "locator", "media_id", "right", "sha256")
)
_NO_HISTORY = {
    "delta.logRetentionDuration": "interval 0 days",
    "delta.deletedFileRetentionDuration": "interval 0 days",
}


@dataclass(frozen=True)
class Catalog:
    """The tables under `folder`."""

    folder: Path

    def _open(self, name: str) -> Opened | None:
        """Return a table to be read, or None where it was never written.

        Raises:
            CatalogError: It cannot be opened, or a file of it is missing or damaged.
        """
        place = self.folder / name
        if not self._is_written(place):
            return None
        with reading(name):
            log = state_of(place / _LOG)
            delta, listed = read_log(str(place), log)
            return Opened(delta, str(place), log, check_files(listed, place))

    def _is_written(self, place: Path) -> bool:
        """Tell whether a table was written: what is there without a log was not, but lost it."""
        if wrong := _NO_PLACE.search(str(self.folder)):
            raise CatalogError(
                f"no table can be kept below a folder whose name holds {wrong.group()!r}",
                where=str(self.folder),
                hint="give the folder another name, or move the workspace; nothing in it is lost",
            )
        where = f"{self.folder.name}/{place.name}"
        for folder in (self.folder, place):
            if folder.exists() and not folder.is_dir():
                raise damaged("this is a file, and a folder is expected", folder.name)
        try:
            inside = {path.name for path in place.iterdir()}
        except FileNotFoundError:
            return False
        except OSError as error:
            raise damaged(f"the folder cannot be read: {error.strerror}", where) from error
        log = place / _LOG
        if _LOG in inside and not log.is_dir():
            raise damaged("this is a file, and a folder is expected", f"{where}/{_LOG}")
        if any(log.glob("*.json")) or any(log.glob("*.parquet")):
            return True
        # A first write that was killed leaves files and no log yet.
        if _BEGUN in inside or not inside - {_LOG}:
            return False
        raise damaged("the table's log is gone, and its files are there", where)

    def stored(self, name: str) -> DeltaTable | None:
        """Return a table as it lies there, whatever its columns; None where it was never written.

        Raises:
            CatalogError: It cannot be opened, or a file of it is missing or damaged.
        """
        from deltalake import DeltaTable

        return None if (opened := self._open(name)) is None else DeltaTable(opened.place)

    def dataset(self, name: str) -> pa.Table | pa.dataset.Dataset:
        """Return table `name` as something DuckDB can scan without loading it.

        Raises:
            CatalogError: The table cannot be opened, or its columns are not those that this
                version declares.
        """
        opened = self._open(name)
        return arrow_schema(name).empty_table() if opened is None else dataset_of(opened, name)

    def load(self, name: str) -> pa.Table:
        """Return table `name` whole, its rows in whatever order.

        Raises:
            CatalogError: It cannot be read.
        """
        stored = self.dataset(name)
        if isinstance(stored, pa.Table):
            return stored
        with reading(name):
            return stored.to_table()

    def read(self, name: str) -> pa.Table:
        """Return table `name` whole, sorted by its key, so that files' order never shows.

        Raises:
            CatalogError: It cannot be read.
        """
        order = [(column, "ascending") for column in key_of(name)]
        with reading(name):
            return conform(self.load(name), name).sort_by(order).combine_chunks()

    def append(self, name: str, rows: pa.Table) -> int:
        """Add `rows`, whose keys are new, in one commit; return how many."""
        if rows.num_rows:
            self._write(name, conform(rows, name), mode="append")
        return rows.num_rows

    def _write(self, name: str, rows: pa.Table, **how: Any) -> None:
        from deltalake import write_deltalake

        how["writer_properties"] = _for_looking_up(rows)
        place = self.folder / name
        begun = None if self._is_written(place) else place / _BEGUN
        with writing(name):
            if begun is not None:
                place.mkdir(parents=True, exist_ok=True)
                begun.touch()
            write_deltalake(str(place), rows, **how)
            if begun is not None:
                begun.unlink()

    def upsert(self, name: str, rows: pa.Table) -> int:
        """Add rows with new keys and replace those that differ; return how many did either."""
        return self.put(name, self.changed(name, conform(rows, name)))

    def put(self, name: str, changed: pa.Table) -> int:
        """Keep what `changed` gave, new rows and others in the place of known; return how many."""
        if not changed.num_rows:
            return 0
        fresh, known = self.split_by_key(name, changed)
        if not known.num_rows:
            return self.append(name, fresh)
        connection = self.connect(name)
        # A merge would write text in a form that later reads cannot filter by.
        connection.register("stored", self.load(name))
        connection.register("known", known.select(key_of(name)))
        rest = connection.sql(f"SELECT * FROM stored ANTI JOIN known USING ({_columns(name)})")
        self.replace(name, pa.concat_tables([conform(rest.to_arrow_table(), name), changed]))
        return changed.num_rows

    def replace(self, name: str, rows: pa.Table, *, stage: str = "") -> int:
        """Put `rows` in the place of the table, or of one stage's rows of it; return how many."""
        rows = conform(rows, name)
        if self._open(name) is None:
            return self.append(name, rows)
        predicate = f"starts_with(stage, '{stage}/')" if stage else None
        self._write(name, rows, mode="overwrite", predicate=predicate)
        return rows.num_rows

    def drop(self, name: str, where: str, **views: pa.Table) -> int:
        """Take rows out of a table in one commit; return how many.

        Args:
            name: The table.
            where: SQL that is true of the rows to take out.
            views: Tables that the SQL may name, beside those of the catalogue.
        """
        if not self.count(name):
            return 0
        connection = self.connect()
        for view, table in views.items():
            connection.register(view, table)
        kept = connection.sql(f"SELECT * FROM {name} WHERE NOT coalesce({where}, FALSE)")
        rest = conform(kept.to_arrow_table(), name)
        gone = self.count(name) - rest.num_rows
        if gone:
            self.replace(name, rest)
        return gone

    def split_by_key(
        self, name: str, rows: pa.Table, *, held: str = "FALSE"
    ) -> tuple[pa.Table, pa.Table]:
        """Return those of `rows` whose keys are new, and those whose keys the table has.

        Args:
            name: The table.
            rows: Rows with distinct keys.
            held: SQL that is true of stored rows that stay: rows with their keys are in neither.
        """
        places = pa.array(range(rows.num_rows), pa.int64())
        connection = self.connect(name)
        connection.register("new_rows", rows.append_column("at row", [places]))
        found = connection.sql(
            f'SELECT n."at row", bool_or(coalesce(o.held, FALSE)) AS held FROM new_rows n '
            f"JOIN (SELECT {_columns(name)}, ({held}) AS held FROM {name}) o "
            f"USING ({_columns(name)}) GROUP BY ALL ORDER BY ALL"
        ).to_arrow_table()
        known = found["at row"].to_numpy()
        replaced = known[~found["held"].to_numpy(zero_copy_only=False)]
        fresh = np.setdiff1d(places, known, assume_unique=True)
        return rows.take(fresh), rows.take(replaced)

    def changed(self, name: str, rows: pa.Table) -> pa.Table:
        """Return those of `rows` that the table does not hold exactly so."""
        connection = self.connect(name)
        connection.register("new_rows", rows)
        found = connection.sql(f"SELECT * FROM new_rows EXCEPT SELECT * FROM {name}")
        return conform(found.to_arrow_table(), name)

    def connect(self, *names: str) -> duckdb.DuckDBPyConnection:
        """Return an in-memory DuckDB connection with the tables (all by default) as views."""
        connection = in_memory()
        for name in names or table_names("delta"):
            connection.register(name, self.dataset(name))
        return connection

    def look_up(self, *names: str) -> duckdb.DuckDBPyConnection:
        """Return a connection with tables as views from which few rows are to be read.

        DuckDB opens the files itself: it decodes the columns that a condition asks for, and of
        the others no more than the rows that meet it.

        Raises:
            CatalogError: A table cannot be opened, or its columns are not those that this version
                declares.
        """
        connection = in_memory()
        for name in names:
            opened = self._open(name)
            files = [] if opened is None else [_literally(path) for path in opened.paths]
            if not files:
                connection.register(name, arrow_schema(name).empty_table())
                continue
            with reading(name):
                found = connection.read_parquet(files, union_by_name=True)
                found.create_view(name)
            if found.columns != arrow_schema(name).names:
                self.dataset(name)  # says what is wrong
        return connection

    def state(self, names: Iterable[str]) -> list[tuple[str, str, str, int, tuple[Any, ...]]]:
        """Return what tells tables, as they are now, from those of any other time.

        Returns:
            For each its name, its columns, its id, its version, and the files that it is read
            from, each with its size and last change.

        Raises:
            CatalogError: A table cannot be opened, its columns are not those that this version
                declares, or a file is missing or damaged.
        """
        found: list[tuple[str, str, str, int, tuple[Any, ...]]] = []
        for name in names:
            opened = self._open(name)
            if opened is None:
                found.append((name, str(arrow_schema(name)), "", -1, ()))
                continue
            columns, delta = str(dataset_of(opened, name).schema), opened.delta
            found.append((name, columns, str(delta.metadata().id), delta.version(), opened.files))
        return found

    def files_digest(self, name: str) -> str:
        """Return a SHA-256 over the bytes of the files that a table is read from now."""
        opened = self._open(name)
        if opened is None:
            return ""
        delta = opened.delta
        shape = (delta.schema().to_json(), delta.metadata().partition_columns)
        with ThreadPoolExecutor() as pool:
            digests = sorted(pool.map(_file_digest, opened.paths))
        return hashlib.sha256(repr((shape, digests)).encode()).hexdigest()

    def compact(self, name: str) -> None:
        """Write a table of many small files again as few; readers of old files go on."""
        from deltalake import DeltaTable

        opened = self._open(name)
        if opened is not None and len(opened.files) >= COMPACT_AT:
            with writing(name):
                DeltaTable(opened.place).optimize.compact()

    def purge(self, name: str) -> None:
        """Destroy a table's history: old files, and the log, which tells least and largest values.

        Each step leaves a table that can be read, so that one that is killed can be done again.
        """
        if (delta := self.stored(name)) is None:
            return
        with writing(name):
            delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
            delta.alter.set_table_properties(_NO_HISTORY)
            delta.create_checkpoint()
            delta.cleanup_metadata()

    def count(self, name: str) -> int:
        """Return how many rows table `name` has."""
        stored = self.dataset(name)
        with reading(name):
            return stored.num_rows if isinstance(stored, pa.Table) else stored.count_rows()


def _for_looking_up(rows: pa.Table) -> WriterProperties:
    """Return how rows are written so that few of them are found without decoding the others."""
    from deltalake import BloomFilterProperties, ColumnProperties, WriterProperties

    columns: dict[str, ColumnProperties] = {}
    if rows.num_rows >= _MANY_ROWS:
        distinct = min(rows.num_rows, _GROUP_ROWS)
        tells = BloomFilterProperties(set_bloom_filter_enabled=True, fpp=0.01, ndv=distinct)
        names = _LOOKED_UP.intersection(rows.column_names)
        columns = {name: ColumnProperties(bloom_filter_properties=tells) for name in sorted(names)}
    return WriterProperties(max_row_group_size=_GROUP_ROWS, column_properties=columns or None)


def _literally(path: Path) -> str:
    """Return a path as DuckDB reads it: characters that stand for others stand for themselves."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        # Reading the table says what is wrong with it.
        return ""


def _columns(name: str) -> str:
    return ", ".join(f'"{column}"' for column in key_of(name))
