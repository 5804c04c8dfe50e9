"""Rendering: templates of ``reports/``, with everything that comes from data made inert.

Autoescape guards HTML; `finalize` escapes control and bidirectional characters everywhere, so
that a file name cannot forge a line or turn the text around. A page may load nothing and run
nothing, and says so in a content security policy.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from curate.errors import printable
from curate.report.words import Listing, Share, cell_text, instant, number, share
from curate.schema import resource_folder

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")
_CODE = re.compile(r"`([^`]+)`")
_TIDY = re.compile(r"\n{3,}")


def render_html(template: str, **values: Any) -> str:
    """Return the HTML that a template of ``reports/`` gives."""
    css = Markup((resource_folder("reports") / "page.css").read_text(encoding="utf-8"))  # noqa: S704
    return _html().get_template(template).render(css=css, **values)


def render_markdown(template: str, **values: Any) -> str:
    """Return the Markdown that a template of ``reports/`` gives."""
    text = _markdown().get_template(template).render(**values)
    return _TIDY.sub("\n\n", text).strip() + "\n"


def as_json(document: Any) -> str:
    """Return a document for machines as JSON text, its keys in the order they were put."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


@cache
def _html() -> Environment:
    return _environment(Environment(
        loader=FileSystemLoader(resource_folder("reports")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    ))  # fmt: skip


@cache
def _markdown() -> Environment:
    environment = _environment(Environment(  # noqa: S701 - Markdown has its own escaping, below
        loader=FileSystemLoader(resource_folder("reports")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_marked_down,
    ))  # fmt: skip
    environment.filters["table"] = _table
    return environment


def _environment(environment: Environment) -> Environment:
    environment.filters |= {
        "cell_text": cell_text,
        "share": share,
        "instant": instant,
        "number": number,
    }
    environment.filters["prose"] = _prose
    environment.filters["verbatim"] = _verbatim if environment.autoescape else Markup
    environment.tests["quantity"] = is_quantity
    return environment


def is_quantity(value: object) -> bool:
    """Return whether a cell is a number, which tables set to the right."""
    return isinstance(value, int | float | Share) and not isinstance(value, bool)


def _verbatim(query: str) -> Markup:
    """Return our own SQL with its newlines kept, escaped all the same."""
    return Markup.escape(query)


def _prose(text: str) -> Markup:
    """Return a rule's own words with what stands in backticks as code, escaped all the same."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(Markup.escape(text))))  # noqa: S704


def _plain(value: Any) -> Any:
    # Markup is a str too: what is marked safe (charts, style, queries) keeps its newlines.
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _table(listing: Listing) -> Markup:
    """Return a table as Markdown, each cell on one line and escaped."""
    first = listing.rows[0] if listing.rows else (None,) * len(listing.head)
    lines = [
        [_marked_down(name) for name in listing.head],
        ["---:" if is_quantity(cell) else "---" for cell in first],
        *([_marked_down(cell_text(cell)) for cell in row] for row in listing.rows),
    ]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    more = f"\n\nand {cell_text(listing.more)} more" if listing.more else ""
    return Markup(f"**{_marked_down(listing.caption)}**\n\n{text}{more}\n")  # noqa: S704


def _marked_down(value: Any) -> Any:
    if isinstance(value, Markup):
        return str(value)
    return _SPECIAL.sub(r"\\\1", printable(value)) if isinstance(value, str) else value
