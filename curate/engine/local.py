"""The local engine: a pool of worker processes that a hostile file can kill but not stop.

A file may crash, hang or exhaust its worker. The pool is then built again, and what was in
flight is run one item at a time, so that the one at fault is reported as lost with its reason;
every other item is done.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Generic, Protocol, TypeVar

from curate.engine.watch import watched


class Batch(Protocol):
    """What can be halved: an Arrow table, or a list."""

    def __len__(self) -> int: ...

    def slice(self, offset: int, length: int, /) -> Batch:
        """Return `length` items from `offset` on."""
        ...


B = TypeVar("B", bound=Batch)
R = TypeVar("R")

CRASHED = "worker-died"
HUNG = "timeout"

# A worker that makes progress may take longer than its items' time; one that cannot even be
# ended by its own watch is ended from outside.
_LATE = 20


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    Attributes:
        memory: Address space, bytes; 0 for no limit.
        item_seconds: The longest that an item may go on without a sign of life.
    """

    memory: int = 6 << 30
    item_seconds: float = 60.0


@dataclass(frozen=True)
class Done(Generic[B, R]):
    """A batch and what the function returned for it."""

    batch: B
    result: R


@dataclass(frozen=True)
class Lost(Generic[B]):
    """A batch of one item whose worker died, had no memory left, or hung."""

    batch: B
    reason: str


def default_jobs() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_batches(
    work: Callable[[B], R],
    batches: Iterable[B],
    *,
    jobs: int,
    limits: Limits,
    preload: Sequence[str] = (),
) -> Iterator[Done[B, R] | Lost[B]]:
    """Yield the result of `work` for each batch as it finishes, in no fixed order.

    Args:
        work: A picklable function; an exception it raises is raised here, but for a
            `MemoryError`, which is taken for the item's doing.
        batches: The batches, taken only as workers become free.
        jobs: How many worker processes.
        limits: What a worker may use.
        preload: Modules that workers import once, before they are forked.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["curate.engine.local", *preload])
    start = partial(
        ProcessPoolExecutor,
        mp_context=context,
        initializer=_limit_worker,
        initargs=(limits.memory,),
    )
    source = iter(batches)
    suspects: list[B] = []
    while True:
        alone = bool(suspects)
        # Of several in flight nobody knows which one it was: those under suspicion fly alone.
        supply, workers, ahead = (_drained(suspects), 1, 0) if alone else (source, jobs, jobs)
        with start(max_workers=workers) as pool:
            flight = _Flight(pool, partial(watched, work, limits.item_seconds), limits)
            broken = yield from flight.drain(supply, workers + ahead)
        if not broken and not alone:
            return
        if broken and alone:
            yield Lost(flight.batches()[0], flight.reason())
        elif broken:
            suspects.extend(one for batch in flight.batches() for one in _items(batch))


class _Flight(Generic[B, R]):
    """What a pool is doing, until it is done or breaks."""

    def __init__(self, pool: ProcessPoolExecutor, work: Callable[[B], R], limits: Limits) -> None:
        self._pool = pool
        self._work = work
        self._limits = limits
        self._flying: dict[Future[R], tuple[B, float]] = {}
        self._workers: list[BaseProcess] = []
        self._killed = False

    def drain(self, source: Iterator[B], most: int) -> Generator[Done[B, R], None, bool]:
        """Feed the pool from `source`, and return whether it broke."""
        while True:
            if not all(self._submit(batch) for batch in _take(source, most - len(self._flying))):
                return True
            if not self._flying:
                return False
            ready, _ = wait(self._flying, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in ready:
                # A worker without memory left lives on; its item is as hostile as one that kills.
                if isinstance(future.exception(), BrokenProcessPool | MemoryError):
                    return True
                batch, _ = self._flying.pop(future)
                yield Done(batch, future.result())
            if not ready and self._silent():
                self._kill()

    def batches(self) -> list[B]:
        """Return what was in flight when the pool broke."""
        return [batch for batch, _ in self._flying.values()]

    def reason(self) -> str:
        """Return why the pool broke; known once its workers have ended."""
        rang = any(worker.exitcode == -signal.SIGALRM for worker in self._workers)
        return HUNG if self._killed or rang else CRASHED

    def _submit(self, batch: B) -> bool:
        future: Future[R] = Future()
        broken = False
        try:
            with _workers_leave_main_alone():
                future = self._pool.submit(self._work, batch)
        except BrokenProcessPool:
            broken = True
        self._flying[future] = (batch, time.monotonic())
        # The executor has no public way to ask after its workers.
        self._workers = list((self._pool._processes or {}).values()) or self._workers  # noqa: SLF001
        return not broken

    def _silent(self) -> bool:
        """Whether a worker is so late that its own watch must have failed."""
        now, most = time.monotonic(), self._limits.item_seconds
        # Two batches may queue for one worker, so each is given the time of two.
        return any(now - began > _LATE * 2 * len(b) * most for b, began in self._flying.values())

    def _kill(self) -> None:
        self._killed = True
        for worker in self._workers:
            worker.kill()


@contextmanager
def _workers_leave_main_alone() -> Iterator[None]:
    """Keep new workers from importing the program that started them.

    They would run a script that has no ``if __name__ == "__main__"`` guard again, and need
    nothing of it: what they call is a function of a module.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _take(source: Iterator[B], count: int) -> Iterator[B]:
    for _ in range(count):
        try:
            yield next(source)
        except StopIteration:
            return


def _drained(suspects: list[B]) -> Iterator[B]:
    while suspects:
        yield suspects.pop(0)


def _items(batch: B) -> Iterator[B]:
    yield from (batch.slice(place, 1) for place in range(len(batch)))  # type: ignore[misc]


def _limit_worker(memory: int) -> None:
    # The parent decides what an interrupt means; a worker that prints a traceback helps nobody.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A crash is a result here, and its memory is the file's.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory, hard))
