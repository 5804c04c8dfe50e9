"""The pipeline: stages in order, what each still has to do, commits, and a record of each run.

A map stage's pending rows come from an anti-join, so a run that was killed goes on where its
last commit left it. A whole stage runs when what it reads has changed. A stage with nothing to
do leaves no trace.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from curate.catalog.rowsums import with_sums
from curate.catalog.tables import Catalog
from curate.catalog.views import create_withheld
from curate.engine.changed import Output, as_outputs, recorded_outputs, written_by
from curate.engine.local import Limits, Lost, default_jobs, map_batches
from curate.engine.records import Clock, recorded
from curate.engine.stage import MapStage, WholeStage
from curate.schema import conform, key_of

if TYPE_CHECKING:
    import duckdb

# A commit is a file: results are gathered for this long, and a kill loses no more than that.
COMMIT_SECONDS = 2.0
# And for this many times as long as the last commit took.
COMMIT_SHARE = 8


class Progress(Protocol):
    """Told how far a stage is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take that `done` of `total` items of `stage` are finished."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class StageRun:
    """What a stage did: rows by table, or nothing when there was nothing to do."""

    stage: str
    done: int
    rows: dict[str, int]
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Pipeline:
    """Runs stages over a catalogue.

    Attributes:
        catalog: Where rows are read and kept.
        clock: Gives the instants of the runs' records, in UTC.
        jobs: Worker processes; 0 for one per processor.
        progress: Told how far a stage is.
        memory: Embeddings of this run, by face: never written.
    """

    catalog: Catalog
    clock: Clock
    jobs: int = 0
    progress: Progress = silent
    memory: list[pa.Table] = field(default_factory=list)

    def run(self, stage: MapStage | WholeStage) -> StageRun:
        """Run what `stage` still has to do."""
        return self._map(stage) if isinstance(stage, MapStage) else self._whole(stage)

    def _map(self, stage: MapStage) -> StageRun:
        pending = self._query(stage.pending)
        if not pending.num_rows:
            return StageRun(stage.name, 0, {})
        with recorded(self.catalog, self.clock, f"run {stage.name}", stage.parameters) as record:
            for name, sql in stage.drops.items():
                self.catalog.drop(name, sql, pending=pending)
            rows = self._commit_all(stage, pending)
            record["counts"] = {"items": pending.num_rows, **rows}
            record["versions"] = {stage.name: stage.version}
        for name in stage.writes:
            self.catalog.compact(name)
        return StageRun(stage.name, pending.num_rows, rows)

    def _commit_all(self, stage: MapStage, pending: pa.Table) -> dict[str, int]:
        writer = Writer(self.catalog, stage)
        done, total = 0, pending.num_rows
        self.progress(stage.name, 0, total)
        limits = Limits(memory=stage.memory, item_seconds=stage.item_seconds)
        outcomes = map_batches(
            stage.work,
            _batches(pending, stage.chunk),
            jobs=self.jobs or default_jobs(),
            limits=limits,
            preload=stage.preload,
        )
        for outcome in outcomes:
            if isinstance(outcome, Lost):
                tables = stage.lost(outcome.batch, outcome.reason)
            else:
                tables = outcome.result
            if "embeddings" in tables:
                self.memory.append(tables["embeddings"])
            writer.add(tables)
            done += len(outcome.batch)
            self.progress(stage.name, done, total)
        writer.flush()
        return writer.counts

    def _whole(self, stage: WholeStage) -> StageRun:
        connection = self._connect()
        inputs = self._digest(stage, connection)
        if self._is_current(stage, inputs):
            return StageRun(stage.name, 0, {})
        read = {**stage.reads, **stage.recalls}
        tables = {name: connection.sql(sql).to_arrow_table() for name, sql in read.items()}
        tables["embeddings"] = self.embeddings()
        size = sum(tables[name].num_rows for name in stage.reads)
        self.progress(stage.name, 0, 1)
        with recorded(self.catalog, self.clock, f"run {stage.name}", stage.parameters) as record:
            made = stage.work(tables)
            rows = {name: self._put(stage, name, made[name]) for name in stage.writes}
            record["outputs"] = as_outputs(self._written(stage))
            notes = json.loads(made["notes"]["note"][0].as_py()) if "notes" in made else {}
            record["counts"] = {"items": size, **rows, **notes}
            record["versions"] = {stage.name: stage.version}
            record["inputs"] = inputs
        self.progress(stage.name, 1, 1)
        return StageRun(stage.name, size, rows, notes)

    def _put(self, stage: WholeStage, name: str, rows: pa.Table) -> int:
        own = "stage" in conform([], name).column_names
        return self.catalog.replace(name, rows, stage=stage.name if own else "")

    def _written(self, stage: WholeStage) -> dict[Output, dict[str, Any]]:
        return {(stage.name, n): written_by(self.catalog, stage.name, n) for n in stage.writes}

    def embeddings(self) -> pa.Table:
        """Return this run's embeddings: face_id, vector."""
        if not self.memory:
            return pa.table(
                {
                    "face_id": pa.array([], pa.string()),
                    "vector": pa.array([], pa.list_(pa.float32())),
                }
            )
        return pa.concat_tables(self.memory)

    def is_current(self, stage: WholeStage) -> bool:
        """Return whether `stage` ran on what there is now, and what it wrote is still there."""
        return self._is_current(stage, self.input_digest(stage))

    def _is_current(self, stage: WholeStage, inputs: str) -> bool:
        if self._last_inputs(stage) != inputs:
            return False
        kept = recorded_outputs(self.catalog)
        return all(kept.get(key) == sums for key, sums in self._written(stage).items())

    def input_digest(self, stage: WholeStage) -> str:
        """Return a digest of what `stage` reads and how, whatever the rows' order."""
        return self._digest(stage, self._connect())

    def _digest(self, stage: WholeStage, connection: duckdb.DuckDBPyConnection) -> str:
        parts = [
            f"{stage.name}/{stage.version}",
            json.dumps(dict(stage.parameters), sort_keys=True),
        ]
        for sql in stage.reads.values():
            # Sum and xor of row hashes do not depend on order, and stream.
            found = connection.execute(
                f"SELECT count(*), sum(hash(t)::HUGEINT), bit_xor(hash(t)) FROM ({sql}) t"
            ).fetchall()
            parts.append(repr(found))
        return str(uuid.uuid5(uuid.NAMESPACE_OID, "|".join(parts)))

    def _last_inputs(self, stage: WholeStage) -> str | None:
        found = self.catalog.connect("runs").execute(
            "SELECT inputs FROM runs WHERE verb = ? AND status = 'done' "
            "ORDER BY started_at DESC, run_id DESC LIMIT 1",
            [f"run {stage.name}"],
        )
        rows = found.fetchall()
        return rows[0][0] if rows else None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = self.catalog.connect()
        create_withheld(connection)
        connection.register("held", self.embeddings().select(["face_id"]))
        return connection

    def _query(self, sql: str) -> pa.Table:
        return self._connect().sql(sql).to_arrow_table()


class Writer:
    """Commits a map stage's rows: new keys are appended, older rows of a key replaced."""

    def __init__(self, catalog: Catalog, stage: MapStage) -> None:
        self._catalog = catalog
        self._stage = stage
        self._written: dict[str, set[tuple[Any, ...]]] = {name: set() for name in stage.writes}
        self._waiting: list[Mapping[str, pa.Table]] = []
        self._since = time.monotonic()
        self._pause = COMMIT_SECONDS
        self.counts = dict.fromkeys(stage.writes, 0)

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """Take a chunk's rows, and commit when it is time."""
        self._waiting.append(tables)
        if time.monotonic() - self._since >= self._pause:
            self.flush()

    def flush(self) -> None:
        """Commit what is waiting, table by table: the last one marks the items as done."""
        began = time.monotonic()
        whole = {}
        for name in self._stage.writes:
            if parts := [tables[name] for tables in self._waiting if name in tables]:
                whole[name] = self._fresh(name, pa.concat_tables(parts))
        whole = with_sums(whole)
        for name in self._stage.writes:
            if name in whole:
                self._commit(name, whole[name])
        self._waiting.clear()
        self._since = time.monotonic()
        # A large table takes long to look keys up in: it is asked less often.
        self._pause = max(COMMIT_SECONDS, COMMIT_SHARE * (self._since - began))

    def _fresh(self, name: str, rows: pa.Table) -> pa.Table:
        """Return those rows whose keys this run has not written yet, marked with the stage."""
        fresh = rows.take(pa.array(self._first_of_key(name, rows), pa.int64()))
        if name not in self._stage.marks:
            return fresh
        column, mark = self._stage.marks[name]
        place = fresh.schema.get_field_index(column)
        return fresh.set_column(place, fresh.field(place), pa.repeat(mark, fresh.num_rows))

    def _commit(self, name: str, rows: pa.Table) -> None:
        fresh, known = self._catalog.split_by_key(
            name, rows, held=self._stage.holds.get(name, "FALSE")
        )
        self.counts[name] += self._catalog.append(name, fresh)
        if known.num_rows:
            self.counts[name] += self._catalog.upsert(name, known)

    def _first_of_key(self, name: str, rows: pa.Table) -> list[int]:
        """Return the places of keys that this run has not written yet, each once."""
        written = self._written[name]
        places = []
        keys = zip(*(rows[column].to_pylist() for column in key_of(name)), strict=True)
        for place, key in enumerate(keys):
            if key not in written:
                written.add(key)
                places.append(place)
        return places


def _batches(pending: pa.Table, size: int) -> Iterator[pa.Table]:
    for start in range(0, pending.num_rows, size):
        end = min(start + size, pending.num_rows)
        # A copy: a slice is pickled with the whole of the buffers that it looks into.
        yield pending.take(pa.array(range(start, end), pa.int64()))
