"""The audit page: what was judged, what was found, what was not looked at, on one page of HTML.

It loads nothing, runs nothing, and says the same of the same tables byte for byte: it knows no
other instant than the one judged at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.report.audit_figures import audit_figures
from curate.report.inputs import ReportInputs
from curate.report.pages import render_html


def audit_page(inputs: ReportInputs, *, pictures: bool = False) -> str:
    """Return the audit page: HTML, whole in itself, and of bounded size.

    Args:
        inputs: The audit and the tables it judged.
        pictures: Whether to show small pictures of examples, read from the media roots that
            entries name, and small counts of people. Such a page is not to be handed over: it
            cannot be recalled.
    """
    return page_of(inputs, audit_figures(inputs, pictures=pictures))


def page_of(inputs: ReportInputs, figures: Mapping[str, Any]) -> str:
    """Return the page that says what `curate.report.audit_figures.audit_figures` computed."""
    return render_html("audit.html.j2", inputs=inputs, **figures)
