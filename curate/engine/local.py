"""The local engine: a pool of worker processes that a hostile file can kill but not stop.

A file may crash, hang or exhaust its worker. The pool is then built again, and what was in
flight is run one batch at a time, halved until the item at fault stands alone and is reported
as lost with its reason; every other item is done.
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
from types import ModuleType
from typing import Generic, Protocol, TypeVar


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


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    Attributes:
        memory: Address space, bytes; 0 for no limit.
        item_seconds: Wall time per item of a batch.
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
        supply = _one(suspects.pop()) if alone else source
        with start(max_workers=1 if alone else jobs) as pool:
            outcome = yield from _drain(pool, work, supply, 1 if alone else jobs, limits)
        if outcome is None:
            if not alone:
                return
            continue
        reason, in_flight = outcome
        if not alone:
            suspects.extend(in_flight)
        elif len(in_flight[0]) > 1:
            suspects.extend(_halves(in_flight[0]))
        else:
            yield Lost(in_flight[0], reason)


def _drain(
    pool: ProcessPoolExecutor,
    work: Callable[[B], R],
    source: Iterator[B],
    jobs: int,
    limits: Limits,
) -> Generator[Done[B, R], None, tuple[str, list[B]] | None]:
    """Feed the pool from `source`; when it breaks, return why and what was in flight."""
    flying: dict[Future[R], tuple[B, float]] = {}
    reason = CRASHED
    while True:
        for batch in _take(source, 2 * jobs - len(flying)):
            try:
                with _workers_leave_main_alone():
                    flying[pool.submit(work, batch)] = (batch, time.monotonic())
            except BrokenProcessPool:
                return reason, [batch, *(b for b, _ in flying.values())]
        if not flying:
            return None
        ready, _ = wait(flying, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in ready:
            # A worker without memory left lives on, and its item is as hostile as one that kills.
            if isinstance(future.exception(), BrokenProcessPool | MemoryError):
                return reason, [b for b, _ in flying.values()]
            batch, _ = flying.pop(future)
            yield Done(batch, future.result())
        if not ready and _any_hung(flying.values(), limits):
            reason = HUNG
            _kill(pool)


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


def _any_hung(flying: Iterable[tuple[B, float]], limits: Limits) -> bool:
    now = time.monotonic()
    # Two batches may queue for one worker, so each is given the time of two.
    return any(now - began > 2 * len(batch) * limits.item_seconds for batch, began in flying)


def _kill(pool: ProcessPoolExecutor) -> None:
    # The executor has no public way to end a worker that does not return.
    for process in list((pool._processes or {}).values()):  # noqa: SLF001
        process.kill()


def _take(source: Iterator[B], count: int) -> Iterator[B]:
    for _ in range(count):
        try:
            yield next(source)
        except StopIteration:
            return


def _one(batch: B) -> Iterator[B]:
    return iter((batch,))


def _halves(batch: B) -> list[B]:
    middle = len(batch) // 2
    parts = (batch.slice(0, middle), batch.slice(middle, len(batch) - middle))
    return list(parts)  # type: ignore[arg-type]


def _limit_worker(memory: int) -> None:
    # The parent decides what an interrupt means; a worker that prints a traceback helps nobody.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory, hard))
