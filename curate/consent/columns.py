"""What each column of ``consents`` is in spreadsheets and in linked data, read from its schema.

A column is declared once, in ``schemas/consents.schema.json``; readers and writers go by these
keywords of it, so that a new column needs no code but the step that judges it:

===============  =================================================================================
keyword          says
===============  =================================================================================
``x-row``        the column of a spreadsheet that it comes from
``x-words``      its words are ``purposes`` or ``territories``; else those of its ``enum``
``x-term``       the key of linked data under which its words stand
``x-prohibits``  the key of a dpv:Prohibition under which its words stand
``x-judged``     ``terms``: coverage judges it once for all consents that say the same
``default``      what holds where nothing is stated
===============  =================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from curate.schema import json_schema


@dataclass(frozen=True)
class Column:
    """A column of ``consents``.

    Attributes:
        name: Its name.
        row: The column of a spreadsheet; empty where there is none.
        several: Whether it holds a list.
        words: ``purposes``, ``territories``, or empty.
        term: The key under which its words stand in linked data; empty where it has its own code.
        prohibits: The key of a prohibition; empty where it is none.
        judged: ``terms``, or empty.
        default: What holds where nothing is stated.
    """

    name: str
    row: str
    several: bool
    words: str
    term: str
    prohibits: str
    judged: str
    default: str | None


@cache
def columns() -> tuple[Column, ...]:
    """Return the columns, in the order of the schema."""
    declared = json_schema("consents")["properties"]
    return tuple(_column(name, spec) for name, spec in declared.items())


def _column(name: str, spec: dict[str, Any]) -> Column:
    return Column(
        name,
        spec.get("x-row", ""),
        spec["type"] == "array",
        spec.get("x-words", ""),
        spec.get("x-term", ""),
        spec.get("x-prohibits", ""),
        spec.get("x-judged", ""),
        spec.get("default"),
    )


def from_rows() -> tuple[Column, ...]:
    """Return the columns that spreadsheets have."""
    return tuple(column for column in columns() if column.row)


def with_terms() -> tuple[Column, ...]:
    """Return the columns whose words stand under a key of their own in linked data."""
    return tuple(column for column in columns() if column.term)


def prohibitions() -> dict[str, Column]:
    """Return the columns that are prohibitions, by the key of the rule."""
    return {column.prohibits: column for column in columns() if column.prohibits}


def judged_as_terms() -> tuple[str, ...]:
    """Return the names of the columns that are a consent's terms."""
    return tuple(column.name for column in columns() if column.judged == "terms")
