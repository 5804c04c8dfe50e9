"""Leaks between splits: the matrix of splits and relations, drawn, and examples by id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from curate.report.charts.draw import Chart, matrix
from curate.report.overview import MAX_ROWS
from curate.report.pages import render_html
from curate.report.suppression import SMALLEST
from curate.report.words import Cell, Listing
from curate.splits.certificate import checked, result
from curate.splits.kinds import BY_NAME
from curate.splits.lint import Lint

# Columns that a chart holds and a telephone shows.
_WIDE = 5
# Characters of a locator.
_LONG = 160
# The kind of which each group is a person.
PEOPLE = "identity"


@dataclass(frozen=True)
class Leaks:
    """What a page tells of splits.

    Attributes:
        result: What it comes to, in words.
        charts: The matrix, in parts of few splits each.
        pairs: What is in two splits, by relation and pair.
        examples: Some of it, by the entries' ids.
        unchecked: Relations that could not be checked, and what it would take.
        in_part: Relations of which not every entry tells.
    """

    result: str
    charts: tuple[Chart, ...]
    pairs: Listing
    examples: Listing
    unchecked: Listing
    in_part: Listing


def read_leaks(found: Lint, *, exact: bool = True) -> Leaks | None:
    """Return what a page tells of a lint, or None where there are not two splits."""
    return leaks(found, exact=exact) if len(found.placed.splits) > 1 else None


def leaks(found: Lint, *, exact: bool = True) -> Leaks:
    """Return what a page tells of a lint.

    Args:
        found: The lint.
        exact: Whether to print small counts of people in two splits, and of their entries.
    """
    splits = found.placed.splits
    parts = [splits[i : i + _WIDE] for i in range(0, len(splits), _WIDE)]
    return Leaks(
        result(found),
        tuple(_chart(found, part, number, exact=exact) for number, part in enumerate(parts)),
        _pairs(found, exact=exact),
        _examples(found, exact=exact),
        _short_of(found, "not checked"),
        _short_of(found, "in part"),
    )


def leak_page(found: Lint, *, name: str, tool: str, created_at: datetime) -> str:
    """Return a lint as a page of HTML, whole in itself.

    Args:
        found: The lint.
        name: What the splits are of.
        tool: Name and version of what looked.
        created_at: When, in UTC.
    """
    return render_html(
        "leaks.html.j2", name=name, tool=tool, created_at=created_at, sizes=found.sizes,
        unplaced=found.unplaced, leaks=leaks(found),
    )  # fmt: skip


def _chart(found: Lint, splits: tuple[str, ...], number: int, *, exact: bool) -> Chart:
    title = "Entries of each split that are tied to another split"
    if len(found.placed.splits) > _WIDE:
        title += f": {splits[0]} to {splits[-1]}"
    rows = {
        kind: [_told(kind, found.tied.get(kind, {}).get(split, 0), "<", exact=exact)
               for split in splits]
        if kind in found.tied or (found.known(kind) and not found.dangling(kind)) else None
        for kind in found.kinds
    }  # fmt: skip
    return matrix(f"leaks-{number}", title, rows, {split: found.sizes[split] for split in splits})


def _told(kind: str, count: int, few: str = "fewer than ", *, exact: bool) -> int | str:
    """Return a count of groups or entries, unless it is small and each group is a person."""
    hidden = not exact and kind == PEOPLE and 0 < count < SMALLEST
    return f"{few}{SMALLEST}" if hidden else count


def _pairs(found: Lint, *, exact: bool) -> Listing:
    rows = tuple(
        (leak.kind, f"{leak.left} and {leak.right}",
         *(_told(leak.kind, n, exact=exact)
           for n in (leak.groups, leak.left_entries, leak.right_entries)))
        for leak in found.leaks
    )  # fmt: skip
    head = ("Relation", "Splits", "Groups", "Of first", "Of second")
    return _bounded("What stands in two splits", head, rows)


def _examples(found: Lint, *, exact: bool) -> Listing:
    place = {one: i for i, one in enumerate(found.ties.ids.to_pylist())} if found.leaks else {}
    locators = found.ties.entries["locator"]

    def shown(split: str, one: str) -> str:
        locator = locators[place[one]].as_py()
        return f"{split}: {one} ({locator if len(locator) <= _LONG else locator[:_LONG] + '…'})"

    rows = tuple(
        (leak.kind, shown(leak.left, one), shown(leak.right, other))
        for leak in found.leaks
        # As many examples as there are would be the count.
        for _, one, other in leak.examples[: None if exact or leak.kind != PEOPLE else 1]
    )
    return _bounded("Examples, by the ids of entries", ("Relation", "Entry", "Tied to"), rows)


def _bounded(caption: str, head: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]) -> Listing:
    return Listing(caption, head, rows[:MAX_ROWS], max(0, len(rows) - MAX_ROWS))


def _short_of(found: Lint, how: str) -> Listing:
    rows = tuple(
        (kind, BY_NAME[kind].needs.replace("`", ""), found.known(kind), found.dangling(kind))
        for kind in found.kinds
        if checked(found, kind) == how
    )
    caption = {"not checked": "Not checked", "in part": "Checked in part"}[how]
    head = ("Relation", "What it takes", "Entries", "Entries made from what is not listed")
    return Listing(caption, head, rows)
