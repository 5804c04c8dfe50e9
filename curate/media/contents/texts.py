"""Texts: digests that are written in them, and files that are written as base64, hex or numbers."""

from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
import json
import mmap
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from curate.media.contents.carve import carved
from curate.media.contents.piece import (
    MENTION,
    VALUE,
    Event,
    Piece,
    Source,
    Unsearched,
    Walk,
    mentions,
)
from curate.media.sniff import sniff

# Shorter than this nothing that is a picture or a video is written.
_LEAST = 48
_BREAK = rb"(?:[ \t]|(?:\\r\\n|\\[nr]|\r\n|[\r\n])[ \t]*+)"
_WORD = rb"(?:[A-Za-z0-9+/_-]++|\\/)++"
_RUN = re.compile(
    rb"(?<![A-Za-z0-9+/_-])(?=[A-Za-z0-9+/_\\-]{32})" + _WORD
    + rb"(?:" + _BREAK + rb"{1,4}+" + _WORD + rb")*+"
)  # fmt: skip
_URL = re.compile(rb"base64,([A-Za-z0-9+/=%_-]{64,}+)")
_LINE_END = re.compile(_BREAK)
_BLANK = re.compile(rb"(?:\r?\n[ \t]*+){2,}+|(?:\\n){2,}+|(?:\\r\\n){2,}+")
_ALL_HEX = re.compile(rb"[0-9A-Fa-f]+")
_HEX = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){96,}+(?![0-9A-Fa-f])")
_NUMBERS = re.compile(rb"\[(?:\s*+-?+\d{1,3}+\s*+,){48,}+\s*+-?+\d{1,3}+\s*+\]")
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a]")
_LOOSE_HEX = re.compile(rb"(?<![0-9A-Fa-f])(?:(?:\\x|0x)?+[0-9A-Fa-f]{2}[ \t\r\n:;,]{0,9}+){64,}+")
_NO_HEX = re.compile(rb"0x|[^0-9A-Fa-f]")
_INDEXED = re.compile(rb'\{(?:\s*+"\d{1,9}"\s*+:\s*+\d{1,3}\s*+,?+){48,}+\s*+\}')
_VALUE_OF = re.compile(rb":\s*(\d+)")
_WIDER = re.compile(rb"[!-~]{60,}+(?:\r?\n[!-~]{20,}+)*+")
_QUOTED = re.compile(rb'"((?:[^"\\]++|\\.)*+)"' + rb"|'((?:[^'\\]++|\\.)*+)'", re.DOTALL)
_PYTHON = re.compile(rb"\\(x[0-9A-Fa-f]{2}|[abfnrtv0\\'\"])")
_SIMPLE = dict(zip(
    (b"a", b"b", b"f", b"n", b"r", b"t", b"v", b"0", b"\\", b"'", b'"'),
    (b"\a", b"\b", b"\f", b"\n", b"\r", b"\t", b"\v", b"\0", b"\\", b"'", b'"'),
    strict=True,
))  # fmt: skip
_ESCAPE = re.compile(rb"\\u00([0-9A-Fa-f]{2})")
_STRANGE = (
    ("quoted-printable", re.compile(rb"(?:=[0-9A-F]{2}[^=\n]{0,20}){24,}+")),
    ("uuencode", re.compile(rb"^begin [0-7]{3,4} \S", re.MULTILINE)),
    ("yEnc", re.compile(rb"^=ybegin ", re.MULTILINE)),
)
# How pictures, zips and gzip files begin in base64.
_IN_BASE64 = re.compile(rb"iVBORw0KGgo|/9j/[24]|UklGR|R0lGOD|UEsDB|H4sIA")
_MAGIC = (b"PK\x03\x04", b"\x1f\x8b\x08", b"\x93NUMPY", b"PAR1", b"ARROW1", b"SQLite format 3")
_COUNTED = 1024
# Of fewer characters is no digest, and nothing that stands for a picture.
_SHORTEST = 64
_MOST = 256 << 20
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def is_text(head: bytes) -> bool:
    """Return whether a file that begins so is a text."""
    return _wide(head) is not None or (bool(head) and _CONTROL.search(head) is None)


def _wide(head: bytes) -> tuple[bytes, str] | None:
    return next(((mark, name) for mark, name in _WIDE if head.startswith(mark)), None)


def is_known(data: bytes) -> bool:
    """Return whether bytes begin as a picture, a video, or something that holds such."""
    return sniff(data[:4096]) is not None or data.startswith(_MAGIC)


def small_numbers(numbers: Sequence[Any]) -> bytes | None:
    r"""Return numbers as the bytes that they may stand for, signed or not; None for others.

    >>> small_numbers([137, 80]), small_numbers([-119, 80]), small_numbers([300])
    (b'\x89P', b'\x89P', None)
    """
    try:
        if min(numbers) >= -128 and max(numbers) <= 255:
            return bytes(number & 0xFF for number in numbers)
    except TypeError:
        pass
    return None


def read_text(walk: Walk, source: Source, part: str, depth: int) -> Iterator[Event]:
    """Yield the digests that a text mentions, and the files that are written in it."""
    if (wide := _wide(source.head)) is not None:
        mark, encoding = wide
        narrow = source.opened().read()[len(mark) :].decode(encoding, "replace").encode()
        yield from written_in(walk, narrow, part, depth)
        return
    with source.buffer() as text:
        if text and _CONTROL.search(text):
            yield Unsearched(part, "a text with other data in it")
            yield from _pictures_in(text, part)
        for name, found in _STRANGE:
            if text and found.search(text):
                yield Unsearched(part, f"a text with what may be files in {name}")
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
    if len(text) < _SHORTEST:
        return
    yield from mentions(text, part, kind)
    within = VALUE if kind == MENTION else kind
    for data in _encoded(text):
        # What is short, and begins as nothing that is known, is a name or a number.
        if len(data) >= _COUNTED or is_known(data):
            yield from walk.look(Source.of(data), part, within, depth + 1)
    for data in _loose(text):
        if is_known(data):
            yield from walk.look(Source.of(data), part, within, depth + 1)
    if text and len(text) <= _MOST and text.find(b"\\u00") >= 0:
        plain = _ESCAPE.sub(lambda one: bytes.fromhex(one.group(1).decode()), text[:])
        for data in filter(is_known, _encoded(plain)):
            yield from walk.look(Source.of(data), part, within, depth + 1)
    elif text and len(text) > _MOST and text.find(b"\\u00") >= 0:
        yield Unsearched(part, "a large text with escaped characters")


def _pictures_in(text: bytes | mmap.mmap, part: str) -> Iterator[Event]:
    for begin, end in carved(text):
        yield Piece(part, VALUE, Source.of(bytes(text[begin:end])))


def _loose(text: bytes | mmap.mmap) -> Iterator[bytes]:
    """Yield what parts of a text may stand for that often stand for nothing."""
    for found in _LOOSE_HEX.finditer(text):
        digits = _NO_HEX.sub(b"", found.group())
        yield bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    for found in _INDEXED.finditer(text):
        numbers = [
            int(pair.split(b":")[1]) for pair in found.group()[1:-1].split(b",") if b":" in pair
        ]
        yield small_numbers(numbers) or b""
    for found in _WIDER.finditer(text):
        run = found.group().replace(b"\n", b"").replace(b"\r", b"")
        for decode in (base64.b85decode, base64.a85decode):
            with contextlib.suppress(ValueError):
                # The libraries are slow: what does not begin as something known is not decoded.
                if is_known(decode(run[:75])):
                    yield decode(run)
        for start in _IN_BASE64.finditer(run):
            yield from _base64(re.split(rb"[^A-Za-z0-9+/_-]", run[start.start() :], maxsplit=1)[0])
    if text.find(b"\\x") >= 0 or text.find(b"\\u00") >= 0:
        for found in _QUOTED.finditer(text):
            yield from _unescaped(found.group(1) or found.group(2) or b"")


def _unescaped(quoted: bytes) -> Iterator[bytes]:
    """Yield what a text in quotes stands for in JSON, and in Python."""
    if len(quoted) < _LEAST or b"\\" not in quoted:
        return
    with contextlib.suppress(ValueError):
        yield json.loads(b'"' + quoted + b'"', strict=False).encode("latin-1")
    if b"\\x" in quoted:
        yield _PYTHON.sub(_escape, quoted)


def _escape(found: re.Match[bytes]) -> bytes:
    word = found.group(1)
    return bytes.fromhex(word[1:].decode("ascii")) if word[:1] == b"x" else _SIMPLE[word]


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
        data = small_numbers([int(one) for one in found.group()[1:-1].split(b",")])
        if data is not None:
            yield data


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
