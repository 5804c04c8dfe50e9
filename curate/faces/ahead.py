"""Reading ahead: the next pictures are decoded while this one is searched for faces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

# So many decoded pictures wait at most: enough to even out large and small ones.
WAITING = 2
_LOOK_UP_S = 0.1


def read_ahead(items: Iterable[T], *, waiting: int = WAITING) -> Iterator[T]:
    """Yield `items` in their order, taken by a thread of their own.

    Decoders and networks let go of the interpreter while they compute, so the two go on at once.
    Whoever stops early should close the iterator, or the thread ends when it is collected.

    Args:
        items: Taken in one thread, from first to last; what it raises is raised here, in its place.
        waiting: How many may be taken before they are asked for.
    """
    queue: Queue[tuple[T] | Exception | None] = Queue(maxsize=waiting)
    stop = Event()
    thread = Thread(target=_fill, args=(items, queue, stop), name="read-ahead", daemon=True)
    thread.start()
    try:
        while (got := queue.get()) is not None:
            if isinstance(got, Exception):
                raise got
            yield got[0]
    finally:
        stop.set()
        while thread.is_alive():
            _emptied(queue)
            thread.join(_LOOK_UP_S)


def _fill(items: Iterable[T], queue: Queue[tuple[T] | Exception | None], stop: Event) -> None:
    last: Exception | None = None
    try:
        for item in items:
            _put(queue, (item,), stop)
            if stop.is_set():
                break
    except Exception as error:  # noqa: BLE001 - raised where the item is asked for
        last = error
    _put(queue, last, stop)


def _put(
    queue: Queue[tuple[T] | Exception | None], item: tuple[T] | Exception | None, stop: Event
) -> None:
    while not stop.is_set():
        try:
            queue.put(item, timeout=_LOOK_UP_S)
        except Full:
            continue
        return


def _emptied(queue: Queue[tuple[T] | Exception | None]) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        return
