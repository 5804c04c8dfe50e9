"""Pickles, read and never run: the opcodes are gone through, and what they carry is collected."""

from __future__ import annotations

import pickletools
from collections.abc import Iterator

from curate.media.contents.piece import VALUE, Event, Source, Unsearched, Walk, joined
from curate.media.contents.texts import small_numbers, written_in

_NUMBERS = {"BININT", "BININT1", "BININT2", "INT"}
# What stands between the numbers of one list.
_BETWEEN = {"APPEND", "APPENDS", "MARK", "FRAME"}
_NAMES = (".pkl", ".pickle", ".p", ".joblib")
# How lists, dictionaries, tuples and bytes begin in protocols 0 and 1.
_STARTS = (b"(lp", b"(dp", b"(ip", b"c_codecs\n", b"ccopy", b"]q\x00", b"}q\x00", b"(c_codecs\n")


def is_pickle(head: bytes, name: str) -> bool:
    """Return whether a file that begins so is a pickle.

    Those of protocols 0 and 1 have no mark: the name or the first words tell them.
    """
    if head[:1] == b"\x80" and head[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}:
        return True
    return name.lower().endswith(_NAMES) or head.startswith(_STARTS)


def read_pickle(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield bytes and texts that pickles carry, one pickle after another."""
    file = source.opened()
    while file.tell() < source.size:
        numbers: list[int] = []
        for code, value, position in pickletools.genops(file):
            if isinstance(value, int) and code.name in _NUMBERS:
                numbers.append(value)
                continue
            if code.name not in _BETWEEN:
                yield from _of_numbers(walk, numbers, joined(part, f"byte {position}"), depth)
                numbers = []
            if code.name == "NEXT_BUFFER":
                yield Unsearched(part, "a pickle whose data lie elsewhere")
            place = joined(part, f"byte {position}")
            if isinstance(value, (bytes, bytearray)):
                yield from walk.look(Source.of(bytes(value)), place, VALUE, depth + 1)
            elif isinstance(value, str) and code.name not in {"GLOBAL", "INST"}:
                yield from _text(walk, value, place, depth)


def _of_numbers(walk: Walk, numbers: list[int], place: str, depth: int) -> Iterator[Event]:
    """Yield what a list of small numbers stands for."""
    if len(numbers) >= 48 and (data := small_numbers(numbers)) is not None:
        yield from walk.look(Source.of(data), place, VALUE, depth + 1)


def _text(walk: Walk, value: str, place: str, depth: int) -> Iterator[Event]:
    """Yield what a text stands for: below protocol 3, bytes are written as one."""
    yield from written_in(walk, value.encode("utf-8", "surrogatepass"), place, depth)
    if len(value) >= 48 and not value.isascii():
        try:
            data = value.encode("latin-1")
        except UnicodeEncodeError:
            return
        yield from walk.look(Source.of(data), place, VALUE, depth + 1)
