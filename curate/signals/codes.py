"""Texts as bytes: in whichever code they are written, and in whatever block they stand."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator

from curate.signals.words import quoted

# Codes of texts that do not say which one they are in.
_CODES = (
    *("latin-1", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1254", "cp1255", "cp1256", "gb18030"),
    *("big5", "shift_jis", "euc_jp", "euc_kr"),
)
_ESCAPED = {b"\x1b$B": "iso2022_jp", b"\x1b$@": "iso2022_jp", b"\x1b$)C": "iso2022_kr"}


def decoded(value: bytes) -> str:
    """Return a text in whichever code it is.

    UTF-8, and UTF-16 and UTF-32 with or without their marks, are known by their bytes. Of other
    codes none is: the first in which the text has words of use is taken, else Latin-1.
    """
    value = unpacked(value)
    wide = _wide(value)
    if wide is not None:
        return wide
    for escape, code in _ESCAPED.items():
        if escape in value:
            return value.decode(code, "replace")
    try:
        return value.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    for code in _CODES:
        text = value.decode(code, "replace")
        if quoted(text):
            return text
    return value.decode("latin-1")


_PACKED = (b"\x1f\x8b\x08", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_MOST_PACKED = 1 << 20


def unpacked(value: bytes) -> bytes:
    """Return what is packed by gzip or zlib, up to 1 MiB of it; other bytes as they are."""
    if not value.startswith(_PACKED):
        return value
    try:
        return zlib.decompressobj(47).decompress(value, _MOST_PACKED) or value
    except zlib.error:
        return value


_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def readings(value: bytes) -> list[str]:
    """Return a text in each code that it may be in; in one where its bytes tell which."""
    try:
        unpacked(value).decode("utf-8")
    except UnicodeDecodeError:
        return [decoded(value), *(value.decode(code, "replace") for code in _CODES)]
    return [decoded(value)]


def _wide(value: bytes) -> str | None:
    """Return a text of two or four bytes a sign; None where it is none."""
    for mark, code in _MARKS:
        if value.startswith(mark):
            return value.decode(code, "replace")
    inner = value.rstrip(b"\x00")
    if len(inner) < 8 or inner.count(0) * 3 < len(inner):
        return None
    for code, size, zeros in (("utf-32-le", 4, (2, 3)), ("utf-32-be", 4, (0, 1)),
                              ("utf-16-le", 2, (1,)), ("utf-16-be", 2, (0,))):  # fmt: skip
        whole = value[: len(value) - len(value) % size]
        if not any(whole[place::size].strip(b"\x00") for place in zeros):
            return whole.decode(code, "replace")
    return None


# Signs of one text in a block that holds others as well: fewer are no sentence.
_PLAIN_RUN = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]{4,}")


def runs(content: bytes) -> Iterator[str]:
    """Yield the texts in a block of bytes, in whichever Unicode they are written."""
    seen = set()
    for code in ("utf-8", "utf-16-le", "utf-16-be"):
        # UTF-16 may begin at any byte.
        for start in (0, 1) if code != "utf-8" else (0,):
            if code != "utf-8" and b"\x00" not in content:
                continue
            for run in _PLAIN_RUN.findall(content[start:].decode(code, "replace")):
                if run not in seen and (code == "utf-8" or _is_likely(run) or quoted(run)):
                    seen.add(run)
                    yield run


# Six signs of one alphabet, as UTF-16 writes them in either order of its bytes.
_MAY_BE_WIDE = re.compile(
    rb"(?:[\x20-\x7e]\x00){6}|(?:\x00[\x20-\x7e]){6}"
    rb"|(?:[^\x00][\x03-\x06](?: \x00)?){6}|(?:[\x03-\x06][^\x00](?:\x00 )?){6}",
    re.DOTALL,
)
_ALPHABETS = re.compile("[\x20-\x7e\xa0-\u052f\u0590-\u06ff]{6,}")


def wide_texts(value: bytes) -> Iterator[str]:
    """Yield the texts in alphabets that a block holds in UTF-16, whatever stands around them."""
    if not _MAY_BE_WIDE.search(value):
        return
    for code in ("utf-16-le", "utf-16-be"):
        for start in (0, 1):
            yield from _ALPHABETS.findall(value[start:].decode(code, "replace"))


def _is_likely(run: str) -> bool:
    """Return whether a run of UTF-16 is a text, and not numbers that are read as one."""
    return len(run) > 3 and sum(sign.isascii() for sign in run) > 0.7 * len(run)
