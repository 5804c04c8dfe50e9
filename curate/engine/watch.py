"""The watch on a worker: one that is silent for too long is ended by the kernel.

A decoder that hangs inside compiled code hears no exception and no handler, so the worker arms a
timer whose signal nobody handles. Whatever goes on for long says now and then that it is alive.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sized
from typing import TypeVar

B = TypeVar("B", bound=Sized)
R = TypeVar("R")

_seconds = 0.0


def alive() -> None:
    """Say that an item begins, or that the one at hand makes progress.

    Outside a worker this does nothing.
    """
    if _seconds:
        signal.setitimer(signal.ITIMER_REAL, _seconds)


def watched(work: Callable[[B], R], seconds: float, batch: B) -> R:
    """Return ``work(batch)``, or end this process if it is silent for too long.

    Args:
        work: The function; until it first says that it is alive it has the time of all items.
        seconds: The longest silence that is no hang; 0 for no watch.
        batch: Its argument.
    """
    global _seconds  # noqa: PLW0603 - the timer is the process's own
    _seconds = seconds
    signal.setitimer(signal.ITIMER_REAL, seconds * len(batch))
    try:
        return work(batch)
    finally:
        _seconds = 0.0
        signal.setitimer(signal.ITIMER_REAL, 0)
