"""What a picture's file holds beside the picture: idle coded data, unread parts, and previews.

A picture can go on below the height that its header declares, and a chunk that no program knows can
hold another picture. A part counts as read where a reader of Curate understands it: the coded
picture, colour and size, EXIF, XMP, IPTC and Photoshop's settings, C2PA, and texts. Pictures inside
such a part (previews of cameras and editors) are handed out, to be held against the picture.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from curate.media.parts.bitmap import walk_anymap, walk_bmp
from curate.media.parts.blocks import Parts, is_text
from curate.media.parts.boxes import walk_avif, walk_heif
from curate.media.parts.gif import walk_gif
from curate.media.parts.jpeg import walk_jpeg
from curate.media.parts.png import walk_png
from curate.media.parts.tiff import walk_tiff
from curate.media.parts.webp import walk_webp

if TYPE_CHECKING:
    from curate.media.jpeg import JpegFacts

__all__ = ["Parts", "find_parts", "is_text"]


def find_parts(data: bytes, format_name: str, jpeg: JpegFacts | None = None) -> Parts:
    """Return what stands in a picture's file.

    Args:
        data: The file.
        format_name: As `sniff` names it.
        jpeg: Of a JPEG, its markers, with what its decoder counted.
    """
    parts = Parts()
    if jpeg is not None:
        walk_jpeg(data, jpeg, parts)
        return parts
    walk = _WALKS.get(format_name)
    try:
        if walk is not None:
            walk(data, parts)
            return parts
    except (
        IndexError,
        ValueError,
        struct.error,
    ):  # cut short: what stands in the rest is not known
        pass
    return Parts(unread=None)


_WALKS: dict[str, Callable[[bytes, Parts], None]] = {
    "PNG": walk_png,
    "GIF": walk_gif,
    "WEBP": walk_webp,
    "TIFF": walk_tiff,
    "BMP": walk_bmp,
    "PPM": walk_anymap,
    "HEIF": walk_heif,
    "AVIF": walk_avif,
}
