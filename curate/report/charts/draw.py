"""Charts: bars and a matrix as inline SVG, the same bytes for the same numbers.

Each bar's words stand above it and its number beside them, and each cell has its number in it, so
nothing is told by colour alone and a chart is as legible on a telephone as on paper. Text is text,
in the page's own font and ink; colours are Okabe and Ito's, which people with any colour vision can
tell apart.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from curate.errors import printable
from curate.model.verdict import Effect, Verdict
from curate.report.words import cell_text, listed
from curate.schema import resource_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito, Color Universal Design (2008).
GREEN, ORANGE, VERMILLION, BLUE, GREY = "#009e73", "#e69f00", "#d55e00", "#56b4e9", "#999999"

COLOUR_OF_VERDICT = {
    Verdict.CLEARED: GREEN,
    Verdict.NEEDS_REVIEW: ORANGE,
    Verdict.BLOCKED: VERMILLION,
}
COLOUR_OF_EFFECT = {Effect.BLOCK: VERMILLION, Effect.REVIEW: ORANGE, Effect.NONE: BLUE}
WORD_OF_VERDICT = {
    Verdict.CLEARED: "cleared",
    Verdict.NEEDS_REVIEW: "needs review",
    Verdict.BLOCKED: "blocked",
}

# In the SVG's own units, which are pixels at its natural size.
WIDTH, _ROW, _BAR, _GAP = 320, 36, 9, 1.5
# No chart uses these two: the page's ink, and the faint ground of a bar, are put in their place.
INK, GROUND = "#010203", "#040506"
_MAX_LABEL = 34
# Of a matrix: room for the names of rows and of columns, and the height of a row.
_LABELS, _HEAD, _CELL = 66, 20, 22


@dataclass(frozen=True)
class Bar:
    """One bar: parts of it in their colours, one after the other.

    Attributes:
        label: What it is of.
        parts: Number and colour of each part.
        number: What is printed at its end; the sum of the parts when empty.
    """

    label: str
    parts: tuple[tuple[int, str], ...]
    number: str = ""

    @property
    def total(self) -> int:
        """The sum of the parts."""
        return sum(n for n, _ in self.parts)

    @property
    def words(self) -> str:
        """The number printed."""
        return self.number or cell_text(self.total)


@dataclass(frozen=True)
class Chart:
    """A chart on a page.

    Attributes:
        name: Its name among the page's ids.
        title: What it shows.
        svg: The drawing, safe to put into a page.
        alternative: The same in words.
        key: Words for its colours, where there is more than one to a bar.
    """

    name: str
    title: str
    svg: Markup
    alternative: str
    key: tuple[tuple[str, str], ...] = ()


def bars(
    name: str,
    title: str,
    rows: Sequence[Bar],
    *,
    whole: int = 0,
    key: Sequence[tuple[str, str]] = (),
) -> Chart:
    """Return a chart of horizontal bars.

    Args:
        name: Letters and hyphens; the chart's name among the page's ids.
        title: What it shows.
        rows: The bars, from the top.
        whole: What a full bar stands for; the largest bar when 0.
        key: Word and colour, for a chart whose bars have parts.
    """
    alternative = f"{title}: " + listed(
        [f"{printable(bar.label)} {bar.words}" for bar in rows], at_most=len(rows)
    )
    most = max(whole, *(bar.total for bar in rows), 1) if rows else 1

    def draw(axes: Axes) -> None:
        for i, bar in enumerate(rows):
            _draw_bar(axes, bar, i * _ROW, most)

    svg = drawing(max(1, len(rows)) * _ROW, draw)
    return Chart(name, title, inline(svg, name, title, alternative), alternative, tuple(key))


def matrix(
    name: str,
    title: str,
    rows: Mapping[str, Sequence[int | str] | None],
    columns: Mapping[str, int],
) -> Chart:
    """Return a chart of numbers by row and column, each shaded by its share of the column's whole.

    Args:
        name: Letters, digits and hyphens; the chart's name among the page's ids.
        title: What it shows.
        rows: The numbers of each row, from the top, or words in the place of one; None where
            nothing is known of it.
        columns: The columns, from the left, with the whole of each.
    """
    told = [
        f"{label} not known" if row is None
        else f"{label} " + ", ".join(
            f"{printable(column)} {cell_text(n)}" for column, n in zip(columns, row, strict=True)
        )
        for label, row in rows.items()
    ]  # fmt: skip
    alternative = f"{title}: " + "; ".join(told)
    width = (WIDTH - _LABELS) / max(1, len(columns))

    def draw(axes: Axes) -> None:
        for i, column in enumerate(columns):
            place = _LABELS + (i + 0.5) * width
            axes.text(place, 13, _short(column, int(width / 7)), color=INK, ha="center", size=11)
        for number, (label, row) in enumerate(rows.items()):
            top = _HEAD + number * _CELL
            axes.text(0, top + 15, label, color=INK, ha="left", size=12)
            for i, whole in enumerate(columns.values()):
                n = None if row is None else row[i]
                _draw_cell(axes, (_LABELS + i * width, top, width), n, whole)

    svg = drawing(_HEAD + len(rows) * _CELL, draw)
    return Chart(name, title, inline(svg, name, title, alternative), alternative)


def _draw_cell(
    axes: Axes, place: tuple[float, float, float], n: int | str | None, whole: int
) -> None:
    from matplotlib.patches import Rectangle

    left, top, width = place
    plain: dict[str, Any] = {"linewidth": 0, "clip_on": False}
    box = (left + _GAP, top + _GAP), width - 2 * _GAP, _CELL - 2 * _GAP
    if n is not None:
        axes.add_patch(Rectangle(*box, facecolor=GROUND, **plain))
    if n:
        # Never so dark that ink on it is hard to read, nor so light that it is taken for none.
        shade = 0.15 + (0.3 * min(1.0, n / max(1, whole)) if isinstance(n, int) else 0)
        axes.add_patch(Rectangle(*box, facecolor=VERMILLION, alpha=round(shade, 3), **plain))
    long = isinstance(n, int) and n >= 100_000
    words = "?" if n is None else f"{int(n) // 1000:,}k" if long else cell_text(n)
    axes.text(left + width / 2, top + 15, words, color=INK, ha="center", size=11)


def drawing(height: float, draw: Callable[[Axes], None]) -> str:
    """Return matplotlib's SVG of what `draw` draws, so high, as wide as every chart."""
    from matplotlib import rc_context, rc_params_from_file
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style = rc_params_from_file(
        resource_folder("reports") / "charts.mplstyle", use_default_template=False
    )
    drawn = io.StringIO()
    # A label may hold letters that matplotlib's font lacks: the reader's fonts will have them.
    with rc_context(dict(style)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout=None)
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        draw(axes)
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()


def _draw_bar(axes: Axes, bar: Bar, top: float, whole: int) -> None:
    from matplotlib.patches import Rectangle

    base = top + 14
    axes.text(0, base, _short(bar.label), color=INK, va="baseline", ha="left")
    axes.text(WIDTH, base, bar.words, color=INK, va="baseline", ha="right")
    plain: dict[str, Any] = {"linewidth": 0, "clip_on": False}
    axes.add_patch(Rectangle((0, base + 5), WIDTH, _BAR, facecolor=GROUND, **plain))
    left = 0.0
    for n, colour in bar.parts:
        # What is there is seen, however little of the whole it is.
        width = max(n / whole * WIDTH, 2.0) if n else 0.0
        right = min(left + width, float(WIDTH))
        if n:
            shown = max(right - left - (_GAP if len(bar.parts) > 1 else 0), 1.0)
            axes.add_patch(
                Rectangle((left, base + 5), shown, _BAR, facecolor=colour, **plain)
            )  # fmt: skip
        left = right


def _short(label: str, most: int = _MAX_LABEL) -> str:
    text = printable(label)
    return text if len(text) <= most else text[: most - 1] + "…"


def inline(svg: str, name: str, title: str, alternative: str) -> Markup:
    """Return matplotlib's SVG as an element of a page: no prolog, no links, ids of its own."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = re.sub(r" font-family: [^;\"]*;", "", body)
    body = re.sub(r' transform="rotate\(-0 [^"]*"', "", body)
    body = re.sub(r' id="([^"]*)"', rf' id="{name}-\1"', body)
    body = body.replace(INK, "currentColor").replace(GROUND, "var(--ground)")
    view = re.search(r'viewBox="([^"]*)"', body)
    assert view is not None
    head = (
        f'<svg viewBox="{view[1]}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{Markup.escape(title)}</title>'
        f'<desc id="{name}-desc">{Markup.escape(alternative)}</desc>'
    )
    return Markup(head + body[body.index(">") + 1 :].strip())  # noqa: S704 - escaped above
