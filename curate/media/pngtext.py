"""How texts stand in a PNG (third edition, 11.3.3), and blocks that ImageMagick writes as texts."""

from __future__ import annotations

TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PROFILE = b"Raw profile type "


def split_text(kind: bytes, value: bytes) -> tuple[bytes, bytes, bool]:
    """Return the keyword of a text, the text as it is stored, and whether that is compressed.

    Args:
        kind: The chunk's, one of `TEXTS`.
        value: The chunk's content.
    """
    keyword, _, rest = value.partition(b"\x00")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:]
        rest = rest.partition(b"\x00")[2].partition(b"\x00")[2]
    elif packed:
        rest = rest[1:]
    return keyword, rest, packed


def profile_kind(keyword: bytes) -> bytes | None:
    """Return which block a text with this keyword holds; None where it is a text.

    >>> profile_kind(b"Raw profile type exif"), profile_kind(b"Comment")
    (b'exif', None)
    """
    return keyword.removeprefix(_PROFILE) if keyword.startswith(_PROFILE) else None


def unwritten(text: bytes) -> bytes:
    """Return the block that a text holds: a name, a length, and hexadecimal digits.

    Raises:
        ValueError: These are no digits.
    """
    return bytes.fromhex(b"".join(text.strip().split(b"\n")[2:]).decode("ascii"))
