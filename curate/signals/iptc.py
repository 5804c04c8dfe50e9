"""IPTC-IIM: who wrote a picture and which rights they state, from the records that JPEGs carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curate.signals.codes import decoded
from curate.signals.found import Signal, digest_of, unreadable
from curate.signals.words import Text

TOOL = "curate IPTC-IIM reader 3"

# Which code texts are in: programs write it and do not keep to it.
_CODE = (1, 90)
_CREATOR, _INSTRUCTIONS, _COPYRIGHT = (2, 80), (2, 40), (2, 116)
# IIM cuts these at so many bytes.
LIMITS = {_CREATOR: 32, _COPYRIGHT: 128}


@dataclass(frozen=True, slots=True)
class Rights:
    """Creator and copyright as one block states them; None where it does not."""

    creator: str | None = None
    copyright: str | None = None


class BrokenError(Exception):
    """The records end in the middle, or are none."""


def read_iptc(block: bytes) -> tuple[list[Signal], Rights]:
    """Return what an IPTC block says, and its rights for comparison."""
    digest = digest_of(block)
    try:
        records = _records(block)
    except BrokenError as error:
        return [unreadable("iptc", "IPTC-IIM", str(error), digest=digest, tool=TOOL)], Rights()
    text = {key: _text(values) for key, values in records.items()}
    rights = Rights(text.get(_CREATOR), text.get(_COPYRIGHT))
    said = (("By-line", rights.creator), ("CopyrightNotice", rights.copyright))
    signals = [
        Signal("rights", "iptc", f"iptc:{name}", digest, TOOL, value=value)
        for name, value in said
        if value
    ]
    if instructions := text.get(_INSTRUCTIONS):
        place = "iptc:SpecialInstructions"
        signals.append(Signal("terms", "iptc", place, digest, TOOL, value=instructions))
    return signals, rights


def read_texts(block: bytes) -> Iterator[Text]:
    """Yield the texts of an IPTC block: captions, headlines, keywords and all others."""
    try:
        records = _records(block)
    except BrokenError:
        return
    for (record, number), values in records.items():
        if (record, number) != _CODE and (text := _text(values)):
            yield Text("iptc", f"iptc:{record}:{number}", text)
            if len(values) > 1:
                one = " ".join(decoded(value) for value in values)
                yield Text("iptc", f"iptc:{record}:{number}", one)


def _records(block: bytes) -> dict[tuple[int, int], list[bytes]]:
    found: dict[tuple[int, int], list[bytes]] = {}
    at, end = 0, len(block.rstrip(b"\x00"))
    while at < end:
        if block[at] != 0x1C or at + 5 > len(block):
            raise BrokenError(f"no record starts at byte {at}")
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        if size & 0x8000:
            raise BrokenError("a record of more than 32,767 bytes")
        value = block[at + 5 : at + 5 + size]
        if len(value) < size:
            raise BrokenError("the last record is cut short")
        found.setdefault((block[at + 1], block[at + 2]), []).append(value)
        at += 5 + size
    return found


def _text(values: list[bytes]) -> str | None:
    joined = "; ".join(text for value in values if (text := decoded(value).strip("\x00 ")))
    return joined or None
