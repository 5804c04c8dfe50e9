"""Small pictures of entries, for the eyes of an auditor.

One that is not cleared is reduced to a few pixels before it is encoded: what is not in the file
cannot be brought back. Nothing is shown of a file that changed since it was judged.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

from curate.media import Limits, UnreadableError, load_rgb, thumbnail_jpeg
from curate.media.open import read_media

SIDE_PX = 160
# So many pixels along the longer side tell light from dark, and not one person from another.
BLURRED_PX = 8
_LIMITS = Limits(max_bytes=64 << 20, max_pixels=60_000_000)


def thumbnail_uri(root: str, locator: str, sha256: str, *, blurred: bool) -> str | None:
    """Return a picture as a ``data:`` URI, or None when there is none to show.

    Args:
        root: The media root.
        locator: The file below it.
        sha256: What the file held when it was judged.
        blurred: Whether to keep no more than its light and shade.
    """
    try:
        file = read_media(Path(root) / locator, root=Path(root), limits=_LIMITS)
        if file.sha256 != sha256:
            return None
        shown = blurred_jpeg(file.data) if blurred else thumbnail_jpeg(
            file.data, SIDE_PX, 72, limits=_LIMITS
        )  # fmt: skip
    except (UnreadableError, OSError, ValueError):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(shown).decode()


def blurred_jpeg(data: bytes) -> bytes:
    """Return a picture's light and shade: `BLURRED_PX` pixels, drawn out to `SIDE_PX`.

    Raises:
        UnreadableError: It cannot be read as a picture.
    """
    from PIL import Image

    few = Image.fromarray(load_rgb(data, max_side=BLURRED_PX, limits=_LIMITS))
    scale = SIDE_PX / max(few.size)
    size = (max(1, round(few.width * scale)), max(1, round(few.height * scale)))
    drawn = io.BytesIO()
    few.resize(size, Image.Resampling.BICUBIC).save(drawn, "JPEG", quality=60)
    return drawn.getvalue()
