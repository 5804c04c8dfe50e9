"""Words of records that nobody decides by: what a source says of itself, and columns kept.

A source's record and a table of consents have fields for free text. They are read by the
rules of texts in files (`curate.signals.describing`): somebody reads what may refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from curate.signals.describing import limiting
from curate.signals.words import leaves, quoted, refusing

# Sentences, and names that describe: a dataset may be called after what it is for.
_SENTENCES = ("consent_statement", "original_purpose")
_NAMES = ("name", "origin_url", "version")
_SOURCES = pa.schema([("source_id", pa.string()), ("field", pa.string()), ("words", pa.string())])
_CONSENTS = pa.schema([("consent_id", pa.string()), ("words", pa.string())])


def source_words(sources: pa.Table) -> pa.Table:
    """Return the fields of sources whose words may limit a use, each with these words.

    Args:
        sources: The table ``sources``.
    """
    found = [
        {"source_id": row["source_id"], "field": field, "words": words}
        for row in sources.to_pylist()
        for field, words in _of_source(row)
    ]
    return pa.Table.from_pylist(found, schema=_SOURCES)


def _of_source(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in _SENTENCES:
        if words := limiting(row.get(field) or "")[0]:
            yield field, words
    for field in _NAMES:
        if words := refusing(re.sub(r"[/._?=&#-]+", " ", row.get(field) or "")):
            yield field, words


def consent_words(consents: pa.Table) -> pa.Table:
    """Return the records of consent with columns that were kept and whose words may limit a use.

    Args:
        consents: The table ``consents``.
    """
    found = []
    for consent_id, extra in zip(*(consents[n].to_pylist() for n in ("consent_id", "extra")),
                                 strict=True):  # fmt: skip
        told = json.loads(extra) if extra else {}
        # A receipt is read as such, field by field.
        free = {name: value for name, value in told.items() if name != "kantara"}
        words = next(filter(None, (quoted(one.words) for one in leaves(free, "column"))), None)
        if free and words:
            found.append({"consent_id": consent_id, "words": words})
    return pa.Table.from_pylist(found, schema=_CONSENTS)
