"""Texts: digests that are written in them, and files that are written as base64, hex or numbers."""

from __future__ import annotations

import base64
import binascii
import codecs
import mmap
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from curate.media.contents.piece import MENTION, VALUE, Event, Source, Unsearched, Walk, mentions

# Shorter than this nothing that is a picture or a video is written.
_LEAST = 48
_BREAK = rb"(?:(?:\\r\\n|\\[nr]|\r\n|[\r\n])[ \t]*+)"
_WORD = rb"(?:[A-Za-z0-9+/_-]++|\\/)++"
_RUN = re.compile(
    rb"(?<![A-Za-z0-9+/_-])(?=(?:[A-Za-z0-9+/_-]|\\/){32})" + _WORD
    + rb"(?:" + _BREAK + rb"{1,4}+" + _WORD + rb")*+"
)  # fmt: skip
_URL = re.compile(rb"base64,([A-Za-z0-9+/=%_-]{64,}+)")
_LINE_END, _BLANK = re.compile(_BREAK), re.compile(_BREAK + rb"{2,}+")
_ALL_HEX = re.compile(rb"[0-9A-Fa-f]+")
_HEX = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){96,}+(?![0-9A-Fa-f])")
_NUMBERS = re.compile(rb"\[(?:\s*+\d{1,3}+\s*+,){64,}+\s*+\d{1,3}+\s*+\]")
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a]")
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def is_text(head: bytes) -> bool:
    """Return whether a file that begins so is a text."""
    return head[:2] in _WIDE or (bool(head) and _CONTROL.search(head) is None)


def read_text(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the digests that a text mentions, and the files that are written in it."""
    if encoding := _WIDE.get(source.head[:2]):
        narrow = source.opened().read()[2:].decode(encoding, "replace").encode()
        yield from written_in(walk, narrow, part, depth)
        return
    with source.buffer() as text:
        if text and _CONTROL.search(text):
            yield Unsearched(part, "a text with other data in it")
        yield from written_in(walk, text, part, depth)


def written_in(
    walk: Walk, text: bytes | mmap.mmap, part: str, depth: int, *, kind: str = MENTION
) -> Iterator[Event]:
    """Yield the digests that a text mentions, and the files that are written in it.

    Args:
        walk: The search.
        text: The text, as UTF-8 or anything that goes on from ASCII.
        part: Where it lies.
        depth: How deep that is.
        kind: What it is part of: a text, or a row.
    """
    yield from mentions(text, part, kind)
    within = VALUE if kind == MENTION else kind
    for data in _encoded(text):
        yield from walk.look(Source.of(data), part, within, depth + 1)


def _encoded(text: bytes | mmap.mmap) -> Iterator[bytes]:
    """Yield what long runs of a text stand for."""
    for found in _RUN.finditer(text):
        for block in _BLANK.split(found.group().replace(b"\\/", b"/")):
            lines = _LINE_END.split(block)
            for run in dict.fromkeys((*lines, *_paragraphs(lines))):
                if not _ALL_HEX.fullmatch(run):
                    yield from _base64(run)
    for found in _URL.finditer(text):
        if b"%" in found.group():
            yield from _base64(unquote_to_bytes(found.group(1)))
    for found in _HEX.finditer(text):
        yield bytes.fromhex(found.group().decode("ascii"))
    for found in _NUMBERS.finditer(text):
        numbers = [int(one) for one in found.group()[1:-1].split(b",")]
        if max(numbers) < 256:
            yield bytes(numbers)


def _paragraphs(lines: list[bytes]) -> Iterator[bytes]:
    """Yield what stands in lines of one length and a shorter one behind them, put together."""
    held: list[bytes] = []
    for line in lines:
        if held and (len(line) > len(held[0]) or len(held[-1]) < len(held[0])):
            yield b"".join(held)
            held = []
        held.append(line)
    yield b"".join(held)


def _base64(run: bytes) -> Iterator[bytes]:
    """Yield what a run stands for in base64, if anything."""
    plain = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    if len(plain) * 3 // 4 < _LEAST or len(plain) % 4 == 1:
        return
    try:
        yield base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return
