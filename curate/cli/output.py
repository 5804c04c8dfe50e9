"""Output: results on stdout, everything else on stderr, in words or as JSON."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import CurateError, InputError, printable
from curate.model.plural import counted, verb

if TYPE_CHECKING:
    import pyarrow as pa

    from curate.verbs.context import Context


def say(text: str = "") -> None:
    """Print a line of a result."""
    sys.stdout.write(text + "\n")


def say_json(value: Any) -> None:
    """Print a result as JSON, with keys in order."""
    say(json.dumps(value, indent=2, sort_keys=True, default=str, ensure_ascii=False))


def note(text: str) -> None:
    """Print on stderr something that is not the result."""
    sys.stderr.write(text + "\n")


def print_error(error: CurateError) -> None:
    """Print what went wrong, where, and what to do."""
    note(f"{error}\n  hint: {error.hint}")


def write_text(path: Path, text: str) -> None:
    """Write a file that a person named.

    Raises:
        InputError: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows under a heading, in columns as wide as they need."""
    cells = [[printable(_cell(row.get(c))) for c in columns] for row in rows]
    widths = [
        max([len(c), *(len(row[i]) for row in cells)], default=0) for i, c in enumerate(columns)
    ]
    right = [all(isinstance(row.get(c), int) for row in rows) for c in columns]
    for line in [list(columns), *cells]:
        parts = [
            cell.rjust(w) if r else cell.ljust(w)
            for cell, w, r in zip(line, widths, right, strict=True)
        ]
        say("  ".join(parts).rstrip())


def table_of_entries(entries: pa.Table, limit: int) -> None:
    """Print which entries something touches, and how; of many, the first."""
    table(entries.slice(0, limit).to_pylist(), ["locator", "how"])
    if entries.num_rows > limit:
        say(f"... and {entries.num_rows - limit:,} more (--limit)")


def say_maybe(entries: pa.Table, subject: str, limit: int) -> None:
    """Print the entries that may show somebody under another name; nothing where there are none."""
    count = entries.num_rows
    if not count:
        return
    say(
        f"{counted(count, 'further entry', 'further entries')} {verb(count, 'has', 'have')} a face "
        f"like that of {subject} under another name, or under none. Look in review whose "
        f"{verb(count, 'it is', 'they are')}:"
    )
    for locator in entries["locator"].slice(0, limit).to_pylist():
        say(f"  {printable(locator)}")
    if count > limit:
        say(f"... and {count - limit:,} more (--limit)")


def say_not_searched(count: int | None, subject: str) -> None:
    """Print of how many files it is not known whether they show somebody; nothing of none.

    Args:
        count: How many; None where the settings cannot be read.
        subject: Who.
    """
    if count is None:
        note("curate.toml cannot be read, so it is not known how many files have not been "
             f"searched for faces, and may show {subject}.")  # fmt: skip
    elif count:
        shows, them = verb(count, "it shows", "they show"), verb(count, "it", "them")
        note(
            f"{counted(count, 'file')} {verb(count, 'has', 'have')} not been searched for faces, "
            f"or not been compared since people were named: whether {shows} {subject} is not "
            f"known. `curate run` searches {them}, and the next audit holds back what may show "
            f"{subject}."
        )


def counts_of(entries: Mapping[str, int]) -> str:
    """Return what was recorded in words, such as ``2 consents, 1 consent event``."""
    counts = ((n, kind.replace("_", " ").removesuffix("s")) for kind, n in entries.items() if n)
    return ", ".join(counted(n, kind) for n, kind in counts)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def open_context(workspace: Path | None) -> Context:
    """Open the workspace that a command works in."""
    from curate.verbs.context import open_workspace

    return open_workspace(workspace)


def open_context_to_hear(workspace: Path | None) -> Context:
    """Open the workspace for a command that records what a person says, whatever is broken."""
    from curate.verbs.context import open_to_hear

    return open_to_hear(workspace)


@contextmanager
def showing_progress(context: Context) -> Iterator[None]:
    """Show how far stages are, on a terminal; elsewhere say when each begins and ends."""
    if not sys.stderr.isatty():
        context.progress = _plain_progress()
        yield
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """How many items are finished in a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else _rate(speed), style="progress.data.speed")

    bar = Progress(
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
    )
    tasks: dict[str, Any] = {}
    with bar:

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        context.progress = show
        yield


# Seconds before a rate is worth telling.
_SHORTEST = 0.5


class _plain_progress:  # noqa: N801 - it stands in for a function
    """Say on stderr when a stage begins and ends, and each tenth between, with what is left."""

    def __init__(self) -> None:
        self._tenths: dict[str, int] = {}
        self._began: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 10
        began = self._began.setdefault(stage, time.monotonic())
        if self._tenths.get(stage) == tenth:
            return
        self._tenths[stage] = tenth
        spent = time.monotonic() - began
        rest = ""
        # Of what takes no time there is nothing to estimate.
        if 0 < done < total and spent >= _SHORTEST:
            left = counted(math.ceil(spent / done * (total - done)), "second")
            rest = f", {_rate(done / spent)}, about {left} left"
        note(f"{stage}: {done:,} of {total:,}{rest}")


def _rate(speed: float) -> str:
    """Return how many items a second are finished, or a minute where they are few."""
    return f"{speed:,.1f} a second" if speed >= 1 else f"{60 * speed:,.1f} a minute"
