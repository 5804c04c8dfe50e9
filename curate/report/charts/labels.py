"""Charts of labels: how well each feature tells them, and where the worst one's values lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.charts.draw import BLUE, GREY, ORANGE, VERMILLION, Bar, Chart, bars
from curate.report.words import parsed

_MOST = 10
SAID = {"authenticity": "label", "method": "method"}
_COLOURS = (VERMILLION, BLUE, ORANGE, GREY)


def effect_chart(target: str, rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Return a bar per feature: the effect, in hundredths, shortcuts in another colour."""
    made = [
        Bar(
            row["feature"],
            ((max(0, round(100 * row["effect"])), VERMILLION if row["flagged"] else GREY),),
            f"{max(0.0, row['effect']):.2f}{' shortcut' if row['flagged'] else ''}",
        )
        for row in rows[:_MOST]
    ]
    title = f"How well the {SAID[target]} is told by what should not matter, 0 to 1"
    return bars(f"tells-{target}", title, made, whole=100)


def shape_chart(row: Mapping[str, Any]) -> Chart:
    """Return a bar per value of a feature, with the entries of each label."""
    shape = parsed(row["shape"])
    names = list(shape["labels"])[: len(_COLOURS)]
    colours = dict(zip(names, _COLOURS, strict=False))
    made = [
        Bar(value, tuple((shape["labels"][name][at], colours[name]) for name in names))
        for at, value in enumerate(shape["bins"][:_MOST])
    ]
    title = f"Entries by {row['feature']} and {SAID[row['target']]}"
    return bars(f"shape-{row['target']}", title, made, key=tuple(colours.items()))
