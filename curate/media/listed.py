"""Rows of table ``parts`` for a picture: its looks, and what else stands in its file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from curate.media.looks import SAME_BITS
from curate.media.part import Part, Released
from curate.media.strip import can_strip

if TYPE_CHECKING:
    from curate.media.looks import Look
    from curate.media.parts import Parts

# So many parts are named; what is more is told in one row.
_MOST_ROWS = 48
_OTHERS = "further blocks"
# What a part can be called: names of blocks, and no text of the file.
_NAME = re.compile(
    r"(?:a damaged picture in |a picture in |coded data in |a preview in |a second |property |"
    r"a private tag in |a gap in |a plain thumbnail in )*"
    r"(?:APP\d+|COM|XMP|EXIF|IPTC|MPF|Ducky|C2PA|8BIM(?: \d+)?|ICC profile|JF(?:IF|XX) thumbnail|"
    r"marker \w\w|extension \w\w|tag \d+|box \w{2,4}|item \w{4}|item without a name|moov|meta|"
    r"\w{4}|VP8 |XMP |tables|comment|plain text|graphic control|between two segments|"
    r"free space|the gap before the pixels|bytes [a-z ]+|an image that is not shown|"
    r"a tag that is there twice|the name of a profile|a chunk without a name|Photoshop)"
)
_TEXTS = re.compile(r"((?:[a-z ]+ in )?[tzi]TXt|(?:[a-z ]+ in )?tEXt) .*", re.DOTALL)


def of_looks(looks: Iterable[Look], *, behind: Released) -> Iterator[Part]:
    """Yield the rows of a still picture's looks.

    Args:
        looks: All but the first.
        behind: What a release without metadata does with further pictures of the file.
    """
    yield Part("the picture", "picture", "sought", frame=0, pictures=1)
    for look in looks:
        released: Released = behind if look.page else "kept"
        yield Part(look.name, look.kind, look.reading, released, look.number,
                   None if look.reading == "not" else 1, detail=look.detail)  # fmt: skip


def of_blocks(
    parts: Parts,
    previews: list[tuple[str, int, int | None]],
    *,
    format_name: str,
    tail: bytes | None,
) -> Iterator[Part]:
    """Yield the rows of what stands in a picture's file beside what is shown.

    Args:
        parts: What was found, with what previews hide counted in.
        previews: Of each preview the block it stands in, its length, and its distance from the
            picture in bits, None where it cannot be decoded.
        format_name: As `sniff` names it.
        tail: The bytes behind the end; None where it is not known where that is.
    """
    goes: Released = "taken_out" if can_strip(format_name) else "kept"
    if parts.surplus is None:
        yield Part("coded data behind what is shown", "unknown", "not",
                   detail="whether the coded picture goes on behind what is shown is not "
                          "established")  # fmt: skip
    elif parts.surplus:
        yield Part("coded data that no pixel needs", "surplus", "not", byte_size=parts.surplus,
                   detail="the coded picture goes on behind what is shown")  # fmt: skip
    for number, what in enumerate(dict.fromkeys(parts.hidden), 1):
        yield Part(f"hidden pixels {number}", "hidden", "not", detail=what)
    if tail is None:
        yield Part("bytes behind the end of the picture", "unknown", "not",
                   detail="where the picture ends in the file is not established")  # fmt: skip
    elif tail:
        empty = not tail.strip(b"\x00")
        yield Part("bytes behind the end of the picture", "tail", "read" if empty else "not", goes,
                   byte_size=len(tail),
                   detail="they are all zero" if empty else "nothing reads them")  # fmt: skip
    yield from _previews(parts, previews, goes)
    yield from _unread(parts, goes)


def _previews(
    parts: Parts, previews: list[tuple[str, int, int | None]], goes: Released
) -> Iterator[Part]:
    for number, (within, size, distance) in enumerate(previews[:_MOST_ROWS], 1):
        released: Released = "kept" if f"a preview in {within}" in parts.stay else goes
        name = f"preview {number}"
        if distance is not None and distance <= SAME_BITS:
            yield Part(name, "preview", "compared", released, pictures=1, byte_size=size,
                       detail="it shows what the picture shows")  # fmt: skip
        else:
            why = "cannot be decoded" if distance is None else "shows something else"
            yield Part(name, "preview", "not", released, pictures=1, byte_size=size,
                       detail=f"it {why}")  # fmt: skip
    if len(previews) > _MOST_ROWS:
        released = "kept" if any(name.startswith("a preview in") for name in parts.stay) else goes
        yield Part("further previews", "preview", "not", released,
                   pictures=len(previews) - _MOST_ROWS, detail="there are too many")  # fmt: skip


def _unread(parts: Parts, goes: Released) -> Iterator[Part]:
    """Yield a row for each kind of block that nothing reads."""
    if parts.unread is None:
        yield Part("what stands beside the picture", "unknown", "not",
                   detail="the structure of the file was not followed to its end")  # fmt: skip
        return
    rows: dict[tuple[str, Released], int] = {}
    for name, size in parts.unread.items():
        released: Released = "kept" if name in parts.stay else goes
        key = (_plain(name), released)
        if key not in rows and len(rows) >= _MOST_ROWS:
            key = (_OTHERS, released)
        rows[key] = rows.get(key, 0) + size
    names = [name for name, _ in rows]
    for (name, released), size in rows.items():
        # The same sort of block can stay in one place and go in another.
        more = ", which stay" if names.count(name) > 1 and released == "kept" else ""
        yield Part(f"unread: {name}{more}", "metadata", "not", released, byte_size=size,
                   detail="nothing reads it")  # fmt: skip


def _plain(name: str) -> str:
    """Return what a block may be called in a report: texts of the file are left out.

    >>> _plain("tEXt Jane Doe"), _plain("APP9"), _plain("JaneDoe1234")
    ('tEXt', 'APP9', 'a block')
    """
    if (text := _TEXTS.fullmatch(name)) is not None:
        return text[1]
    return name if _NAME.fullmatch(name) else "a block"
