"""What the engine's tests let workers do: functions of a module, since they are pickled."""

from __future__ import annotations

import os
import signal
import time

import pyarrow as pa


def double(batch: pa.Table) -> list[int]:
    """Return twice each number."""
    return [2 * number for number in batch["n"].to_pylist()]


def hostile(batch: pa.Table, *, deed: str, at: int) -> list[int]:
    """Do what a hostile file would when the batch holds the number `at`."""
    numbers = batch["n"].to_pylist()
    if at in numbers:
        _do(deed)
    return numbers


def _do(deed: str) -> None:
    if deed == "exit":
        os._exit(3)
    elif deed == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif deed == "hang":
        time.sleep(600)
    elif deed == "raise":
        raise ValueError("the item is odd")
    elif deed == "allocate":
        bytearray(8 << 30)


def slow(batch: pa.Table, *, alive: bool) -> list[int]:
    """Take longer than an item may be silent, and say so or not."""
    from curate.engine import watch

    for _ in range(6):
        time.sleep(0.3)
        if alive:
            watch.alive()
    numbers: list[int] = batch["n"].to_pylist()
    return numbers


def claim(batch: pa.Table, *, size: int) -> int:
    """Take memory for the batch, and return how much."""
    del batch
    return len(bytearray(size))


def main_name(batch: pa.Table) -> str:
    """Return the file of the worker's main module, if it has one."""
    import sys

    del batch
    return str(getattr(sys.modules["__main__"], "__file__", ""))
