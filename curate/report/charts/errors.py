"""A chart of both kinds of error in comparing faces, at one threshold after another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from curate.report.charts.draw import GROUND, INK, VERMILLION, WIDTH, Chart, drawing, inline
from curate.report.words import rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = list[tuple[float, float]]

# Okabe and Ito's darker blue: the lighter one is hard to see as a thin line.
_DEEP_BLUE = "#0072b2"
_LINES = {
    "non_mated": ("Two people, at or above it", VERMILLION, "-"),
    "mated": ("One person, below it", _DEEP_BLUE, (0, (4, 1.5))),
}
_PAIRS = {
    "non_mated": "two people are at or above it",
    "mated": "one person are below it",
}
# Of the plot, in the SVG's own units: left of it stand shares, above it the threshold.
_LEFT, _RIGHT, _KEY, _HEIGHT, _FOOT = 54, 6, 18, 150, 36
# Shares run over powers of ten, since thresholds are chosen where one is a thousandth.
_LEAST = 1e-4
_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_TOLD = 7


def error_chart(name: str, title: str, curves: dict[str, Any], threshold: float) -> Chart | None:
    """Return a chart of the curves that are known; None where neither is.

    Args:
        name: Letters, digits and hyphens; the chart's name among the page's ids.
        title: What it shows.
        curves: ``cosine``, ``non_mated`` and ``mated``, as the run's record has them.
        threshold: The cosine that was used, drawn as a vertical line.
    """
    known = {kind: curves[kind] for kind in _LINES if curves.get(kind)}
    cosines = curves.get("cosine", [])
    if not known or len(cosines) < 2:
        return None
    low, high = cosines[0], cosines[-1]
    top = _KEY * (len(known) + 1) + 4

    def across(cosine: float) -> float:
        return _LEFT + (cosine - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    def down(share: float) -> float:
        return top + math.log10(max(share, _LEAST)) / math.log10(_LEAST) * _HEIGHT

    def draw(axes: Axes) -> None:
        _draw_ground(axes, [down(10**power) for power in range(0, -5, -1)])
        step = next((one for one in _STEPS if (high - low) / one <= 7), _STEPS[-1])
        for count in range(math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6) + 1):
            axes.text(across(count * step), top + _HEIGHT + 15, f"{count * step:.4g}",
                      color=INK, ha="center", size=11)  # fmt: skip
        middle = (WIDTH + _LEFT) / 2
        axes.text(middle, top + _HEIGHT + 31, "cosine of the pair", color=INK, ha="center", size=11)
        _draw_threshold(axes, across(min(max(threshold, low), high)), top, threshold)
        for row, (kind, shares) in enumerate(known.items()):
            words, colour, dashes = _LINES[kind]
            _draw_line(axes, [(0, row * _KEY + 9), (26, row * _KEY + 9)], colour, dashes)
            axes.text(32, row * _KEY + 14, words, color=INK, ha="left", size=12)
            points = [(across(c), down(share)) for c, share in _steep(cosines, shares)]
            _draw_line(axes, points, colour, dashes)

    alternative = f"{title}: {_in_words(cosines, known, threshold)}"
    svg = drawing(top + _HEIGHT + _FOOT, draw)
    return Chart(name, title, inline(svg, name, title, alternative), alternative)


def _draw_ground(axes: Axes, rows: Sequence[float]) -> None:
    for words, row in zip(("100 %", "10 %", "1 %", "0.1 %", "0.01 %"), rows, strict=True):
        _draw_line(axes, [(_LEFT, row), (WIDTH - _RIGHT, row)], GROUND, "-", 1.0)
        axes.text(_LEFT - 6, row + 4, words, color=INK, ha="right", size=11)


def _draw_threshold(axes: Axes, place: float, top: float, threshold: float) -> None:
    _draw_line(axes, [(place, top), (place, top + _HEIGHT)], INK, "-", 1.0)
    # Words stay within the drawing wherever the line is.
    middle = min(max(place, _LEFT + 46), WIDTH - 50)
    axes.text(middle, top - 6, f"threshold {threshold:.4g}", color=INK, ha="center", size=11)


def _draw_line(axes: Axes, points: Points, colour: str, dashes: Any, width: float = 2.2) -> None:
    from matplotlib.lines import Line2D

    x, y = zip(*points, strict=True)
    axes.add_line(Line2D(x, y, color=colour, linestyle=dashes, linewidth=width, clip_on=False))


def _steep(cosines: Sequence[float], shares: Sequence[float]) -> Points:
    """Return the points of a curve that the plot holds, and one beyond where it leaves it."""
    held = [place for place, share in enumerate(shares) if share > _LEAST]
    first, last = max(min(held) - 1, 0), min(max(held) + 1, len(shares) - 1)
    return list(zip(cosines[first : last + 1], shares[first : last + 1], strict=True))


def _in_words(cosines: Sequence[float], known: dict[str, Sequence[float]], threshold: float) -> str:
    """Return a few points of the curves, and what was used."""
    told = []
    for place in sorted({round(n * (len(cosines) - 1) / (_TOLD - 1)) for n in range(_TOLD)}):
        said = [f"{rate(shares[place])} of pairs of {_PAIRS[kind]}"
                for kind, shares in known.items()]  # fmt: skip
        told.append(f"at {cosines[place]:.4g}, {' and '.join(said)}")
    return f"{'; '.join(told)}. The threshold is {threshold:.4g}."
