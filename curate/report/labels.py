"""Labels on the audit page: shortcuts with what removes them, and how many labels are doubted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curate.report.charts.draw import Chart
from curate.report.charts.labels import SAID, effect_chart, shape_chart
from curate.report.facts import Facts
from curate.report.words import Cell, Listing, Share, number

_MOST_ROWS = 12
# A chart of what all features say together has no values that a reader knows.
_JOINT = "all together"


@dataclass(frozen=True)
class Labels:
    """What the stage of labels found.

    Attributes:
        summary: Sentences.
        charts: Charts.
        shortcuts: Features that tell labels, and what takes each away.
        noise: Estimated shares of wrong labels; without rows where nothing was estimated.
    """

    summary: tuple[str, ...]
    charts: tuple[Chart, ...]
    shortcuts: Listing
    noise: Listing


def labels(facts: Facts) -> Labels | None:
    """Return the section of labels, or None where the stage did not run or tested nothing."""
    rows = facts.records("SELECT * FROM shortcuts ORDER BY target, rank")
    noise = facts.records("SELECT * FROM label_noise ORDER BY kind, name")
    if not rows and not noise:
        return None
    doubted = facts.count("SELECT count(*) FROM doubts")
    targets = list(dict.fromkeys(row["target"] for row in rows))
    summary = [_sentence(target, [row for row in rows if row["target"] == target])
               for target in targets]  # fmt: skip
    if noise:
        summary.append(f"Labels doubted by confident learning: {doubted:,}.")
    held = facts.rows("SELECT basis FROM shortcuts UNION SELECT held_together FROM label_noise "
                      "ORDER BY ALL")  # fmt: skip
    summary += [f"Held together as no independent witnesses: {one}." for (one,) in held]
    charts: list[Chart] = []
    for target in targets:
        mine = [row for row in rows if row["target"] == target]
        charts.append(effect_chart(target, mine))
        worst = next((row for row in mine if row["flagged"] and row["feature"] != _JOINT), None)
        if worst is not None:
            charts.append(shape_chart(worst))
    return Labels(tuple(summary), tuple(charts), _shortcuts(rows), _noise(noise))


def _sentence(target: str, rows: list[dict[str, Any]]) -> str:
    found = [row for row in rows if row["flagged"] and row["feature"] != _JOINT]
    asked = (
        f"{number(rows[0]['items'], 'entry', 'entries')} in {number(rows[0]['groups'], 'group')}"
    )
    what = f"the {SAID[target]}"
    if not rows[0]["exchangeable"]:
        return f"Of {what} nothing could be tested: no labels can be exchanged among {asked}."
    if not found:
        return f"Nothing that should not matter was found to tell {what}, of {asked}."
    return (
        f"{number(len(found), 'feature')} that should not matter tell {what}, of {asked}; "
        f"the worst is {found[0]['feature']}."
    )


def _shortcuts(rows: list[dict[str, Any]]) -> Listing:
    found = [row for row in rows if row["flagged"]]
    cells: list[tuple[Cell, ...]] = [
        (row["feature"], SAID[row["target"]], f"{row['auc']:.3f}", f"{row['p_adjusted']:.3f}",
         row["match_loses"], _plan(row))
        for row in found[:_MOST_ROWS]
    ]  # fmt: skip
    head = ("Feature", "Tells", "Area", "p", "Matched subset leaves out", "Or")
    return Listing(
        "Shortcuts, and what takes them away",
        head,
        tuple(cells),
        more=max(0, len(found) - _MOST_ROWS),
    )


def _plan(row: dict[str, Any]) -> str:
    lost = row["plan_loses"]
    return f"{row['plan']}; {number(lost, 'entry', 'entries')} cannot" if lost else row["plan"]


def _noise(rows: list[dict[str, Any]]) -> Listing:
    cells: list[tuple[Cell, ...]] = [
        (row["name"], row["items"], *(None if row[name] is None else Share(row[name])
                                      for name in ("wrong", "low", "high")))
        for row in rows
    ]  # fmt: skip
    head = ("Label or method", "Entries", "Estimated wrong", "At least", "At most")
    return Listing("Labels estimated to be wrong", head, tuple(cells))
