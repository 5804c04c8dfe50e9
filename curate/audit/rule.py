"""What a rule is: one value that carries everything about it.

The command line, the reports, SARIF and the documentation are derived from it, and so is the
judging: `query` is SQL over the views of `curate.audit.facts`, and gives one row per finding
with the column ``media_id`` and the facts that `message` speaks of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from curate.model.verdict import Effect


@dataclass(frozen=True)
class Rule:
    """A rule of the audit.

    Attributes:
        code: Family and number, never reused: ``CON003``.
        symbol: The field's short name for it: ``consent-expired``.
        title: One sentence that says what is wrong.
        effect: What a finding does to the verdict.
        basis: The standard, law or source it rests on.
        message: The finding in words, with the query's columns in braces.
        explanation: Why it matters and how it is judged, for a reader new to it.
        remedy: What to do about a finding.
        query: SQL that finds it.
        stage: 1; 2 for a rule that asks the verdicts of other entries (`judged`); 3 for one that
            asks what all verdicts came to (`judged`, `kept`) and changes none.
    """

    code: str
    symbol: str
    title: str
    effect: Effect
    basis: str
    message: str
    explanation: str
    remedy: str
    query: str
    stage: int = 1

    @property
    def never_waived(self) -> str:
        """Why nobody waives what it finds; empty where it can be waived."""
        if self.effect is Effect.BLOCK:
            return "blocks, and nobody waives what blocks"
        why = next((w for start, w in _NEVER_WAIVED.items() if self.code.startswith(start)), "")
        return f"{why}, which nobody waives" if why else ""

    @property
    def waivable(self) -> bool:
        """Whether people may answer for what it finds, for many entries and until a day."""
        return not self.never_waived

    @property
    def family(self) -> str:
        """The code's letters: the room of the house the rule belongs to."""
        return self.code[:3]

    def say(self, params: dict[str, object]) -> str:
        """Return the finding in words; a fact that is not known is said to be so."""
        known = {name: _printed(params.get(name)) for name in placeholders(self.message)}
        return self.message.format(**known)


# Of several consents another could come to count when one gets worse, and a waiver would then
# clear what it was never meant for. Whether anybody looked, and who is seen, is answered of each
# entry, by people who looked at it.
_UNSEEN = "asks whether anybody looked at the entry and who is seen there"
_NEVER_WAIVED = {
    "CON": "doubts a consent",
    "DUP005": "doubts a consent",
    "HSH": "is about hash lists",
    "IDN": _UNSEEN,
    "MED": _UNSEEN,
    **dict.fromkeys(("DEP001", "DEP002", "DEP003", "DEP004", "DEP008"), _UNSEEN),
}

FAMILIES = {
    "CON": "consent",
    "DEP": "depictions",
    "DOC": "documents",
    "DUP": "duplicates",
    "HSH": "hash lists",
    "IDN": "identity",
    "LAB": "labels",
    "MED": "media",
    "SHC": "shortcuts",
    "SIG": "signals",
    "SPL": "splits",
    "SRC": "sources and rights",
}


def placeholders(message: str) -> list[str]:
    """Return the names in braces in `message`, in order."""
    return re.findall(r"{(\w+)}", message)


def _printed(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    # DuckDB prints an instant as 2026-05-04 12:00:00+00; of a midnight people need the day.
    text = str(value)
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d+)?)\+00(?::00)?", text)
    if found is None:
        return text
    return found[1] if found[2] == "00:00:00" else f"{found[1]}T{found[2]}Z"
