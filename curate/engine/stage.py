"""What a stage is: a name, a version, what it reads and writes, and a function.

A **map stage** turns a batch of pending rows into rows of tables, item by item; its commits are
chunks, so a killed run loses at most the chunks in flight. A **whole stage** turns whole tables
into whole tables; it is skipped while what it reads has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

Tables = Mapping[str, pa.Table]
# What stands in a required column until the pipeline marks the row with its stage.
UNMARKED = "unmarked"


@dataclass(frozen=True)
class MapStage:
    """A function from a batch of pending rows to rows of tables.

    Attributes:
        name: The stage's name on the command line.
        version: Raised whenever the function's result changes: rows of older versions are
            pending again.
        pending: SQL over the catalogue's views that returns the rows still to do, in a
            stable order.
        work: The function; it is pickled to workers, so it is a module's own or a partial.
        lost: Rows for a batch of one whose worker died or hung, given the reason.
        writes: The tables written, in order: the last one marks the item as done.
        chunk: Rows per batch.
        item_seconds: How long an item may go on without a sign of life before its worker is
            taken for hung; `curate.engine.watch.alive` gives one.
        memory: Address space of a worker, bytes; 0 for no limit.
        preload: Modules that workers import before they are forked.
        holds: By table, SQL that is true of stored rows which this stage does not replace.
        marks: By table, the column that says which stage and version made a row, and what it
            says; it is filled in where rows are kept, so that workers need not know it.
        drops: By table, SQL that is true of stored rows which are out of date for `pending`, a
            view of what is to be done: they go before anything is written, so that none of an
            older version stays among those of a newer one.
        parameters: What else the result depends on, for the run's record.
    """

    name: str
    version: str
    pending: str
    work: Callable[[pa.Table], Tables]
    lost: Callable[[pa.Table, str], Tables]
    writes: tuple[str, ...]
    chunk: int = 64
    item_seconds: float = 60.0
    memory: int = 6 << 30
    preload: tuple[str, ...] = ()
    holds: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    drops: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class WholeStage:
    """A function from whole tables to whole tables.

    Attributes:
        name: The stage's name on the command line.
        version: Part of what the rows it writes are marked with.
        reads: SQL over the catalogue's views, by the name under which `work` gets the result.
        work: The function. Beside tables it may return ``notes``, one column of JSON text that
            goes into the run's record.
        writes: The tables written; a table with a ``stage`` column keeps other stages' rows.
        recalls: SQL like `reads` for what an earlier run of the stage left to go on from: no
            input, so a change of it makes nothing run.
        parameters: Thresholds and models; a change of them makes the stage run again.
    """

    name: str
    version: str
    reads: Mapping[str, str]
    work: Callable[[Tables], Tables]
    writes: tuple[str, ...]
    recalls: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
