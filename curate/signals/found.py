"""What a reader finds: statements as values, and their rows in the table `signals`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from curate.signals.normal import CATEGORIES, UNREADABLE, Uses

MOST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Signal:
    """One statement. Its fields are columns of the table `signals`, but for `uses`.

    Attributes:
        uses: What it says of each kind of use; None where it is not about use.
    """

    kind: str
    reader: str
    place: str
    digest: str
    tool: str
    value: str | None = None
    uses: Uses | None = None
    generative: bool | None = None
    ingredient: str | None = None
    against: str | None = None
    against_place: str | None = None
    codes: tuple[str, ...] = ()
    strength: str = "claimed"


def unreadable(reader: str, place: str, why: str, *, digest: str, tool: str) -> Signal:
    """Return that something at `place` could not be read: it may have been a refusal."""
    return Signal(
        kind="unreadable", reader=reader, place=place, value=why, uses=UNREADABLE,
        digest=digest, tool=tool,
    )  # fmt: skip


def digest_of(raw: bytes) -> str:
    """Return the SHA-256 of the raw bytes that a statement was read from."""
    return hashlib.sha256(raw).hexdigest()


def rows(
    signals: Iterable[Signal], *, about: str, about_kind: str, stage: str
) -> list[dict[str, Any]]:
    """Return rows of the table `signals`; statements at one place are counted."""
    seen: Counter[tuple[str, str]] = Counter()
    made = []
    for one in signals:
        field = f"{one.reader}/{one.place}"
        made.append({
            "about": about,
            "about_kind": about_kind,
            "kind": one.kind,
            "key": f"{field}/{seen[one.kind, field]}",
            "reader": one.reader,
            "place": clean(one.place),
            "value": clean(one.value),
            **(one.uses.as_row() if one.uses else dict.fromkeys(CATEGORIES)),
            "generative": one.generative,
            "ingredient": clean(one.ingredient),
            "against": clean(one.against),
            "against_place": one.against_place,
            "codes": list(one.codes) or None,
            "strength": one.strength,
            "digest": one.digest,
            "tool": one.tool,
            "stage": stage,
        })  # fmt: skip
        seen[one.kind, field] += 1
    return made


def clean(text: str | None) -> str | None:
    """Return text that a table can hold: of a bounded length, and without broken characters."""
    if text is None:
        return None
    return text[:MOST_TEXT].encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
