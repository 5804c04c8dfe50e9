"""What to do when something matches: printed when it happens, and in docs/safety.md at length."""

from __future__ import annotations

from collections.abc import Iterable

_ALWAYS = (
    "Stop. Do not open the file, do not make a picture of it, do not send it to a colleague.",
    "Tell your safety officer, and ask your counsel at once: curate does not know what binds you.",
)
_GRAVE = (
    (
        "Child sexual abuse material is suspected. Do not copy it and do not delete it. Take the "
        "machine or the share out of use for others."
    ),
    (
        "Report it to your country's hotline, or to NCMEC's CyberTipline where you must; then "
        "`curate seal note ID --report REFERENCE --preserve-until DATE`. Ask your counsel how fast."
    ),
)
_ELSE = (
    "What was released before must be called back: `curate release recall --all`.",
    "Documents and audits were of what is no longer there: run `curate audit` again.",
)
_WHERE = "docs/safety.md has the whole runbook."


def runbook(categories: Iterable[str]) -> list[str]:
    """Return what to do, in order, for matches of these categories."""
    grave = _GRAVE if "csam" in set(categories) else ()
    steps = (*_ALWAYS, *grave, *_ELSE)
    return [*(f"{number}. {text}" for number, text in enumerate(steps, 1)), _WHERE]
