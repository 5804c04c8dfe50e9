"""The page of an export of identities: for each a sheet with its faces, cut out of the pictures.

It opens from the file system, loads nothing else and runs nothing. A face is cut out of the file as
it was when it was searched; of a file that changed since, or is withheld, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from curate.files import new_folder
from curate.media import UnreadableError, load_rgb
from curate.media.frames import numbered_frames
from curate.media.open import read_media
from curate.report.pages import render_html
from curate.review.named import FACES, PAGE, TABLE, Identity, draft
from curate.review.page import LIMITS

SIDE_PX = 112
# Beside the box, so that hair and ears are seen.
_MARGIN = 0.3
_THREADS = 4


def write_sheets(
    folder: Path,
    identities: list[Identity],
    *,
    project: str,
    limit: int,
    answered: Mapping[str, str],
    progress: Callable[[int, int], None],
) -> int:
    """Write the folder, whole or not at all; return how many faces cannot be shown.

    The faces that are shown are put into `Identity.shown`.

    Args:
        folder: Where; it must not be there, or be empty.
        identities: Whose faces.
        project: What the project is called.
        limit: At most so many faces of an identity, one for each content.
        answered: What was answered before, as `curate.review.named.answers_on_record` gives it.
        progress: Told how many identities are done, of how many.

    Raises:
        InputError: The folder holds something, or cannot be written.
    """
    lost = 0
    with new_folder(folder) as waiting:
        (waiting / "faces").mkdir(parents=True)
        with ThreadPoolExecutor(_THREADS) as pool:
            for number, one in enumerate(identities, 1):
                wanted = one.best()[:limit]
                for row, data in zip(wanted, pool.map(cut_out, wanted), strict=True):
                    if data is None:
                        lost += 1
                        continue
                    name = f"{number:05d}-{len(one.shown) + 1:03d}.jpg"
                    (waiting / "faces" / name).write_bytes(data)
                    one.shown.append({**row, "file": f"faces/{name}"})
                progress(number, len(identities))
        table, faces = draft([one for one in identities if one.shown], answered)
        (waiting / TABLE).write_text(table, encoding="utf-8")
        (waiting / FACES).write_text(faces, encoding="utf-8")
        told = [_told(one, limit, answered) for one in identities]
        text = render_html("identify.html.j2", project=project, identities=told, side=SIDE_PX)
        (waiting / PAGE).write_text(text, encoding="utf-8")
    return lost


def _told(one: Identity, limit: int, answered: Mapping[str, str]) -> dict[str, Any]:
    contents = len(one.best())
    return {
        "identity_id": one.identity_id,
        "entries": one.entries,
        "faces": len({row["face_id"] for row in one.faces}),
        "contents": contents,
        "beyond": max(contents - limit, 0),
        "lost": min(contents, limit) - len(one.shown),
        "answered": answered.get(one.seen, ""),
        "shown": [{"file": row["file"], "locator": row["locator"]} for row in one.shown],
    }


def cut_out(face: Mapping[str, Any]) -> bytes | None:
    """Return a face as a small JPEG, upright and without metadata; None when it cannot be shown.

    Args:
        face: ``root``, ``locator``, ``sha256``, ``kind``, ``frame``, and the box in pixels of the
            upright picture.
    """
    import simplejpeg

    try:
        pixels = _pixels(face)
        if pixels is None:
            return None
        return bytes(simplejpeg.encode_jpeg(_square(pixels, face), quality=85, colorspace="RGB"))
    except (UnreadableError, OSError, ValueError):
        return None


def _pixels(face: Mapping[str, Any]) -> Any:
    root = Path(face["root"])
    path = root / face["locator"]
    file = read_media(path, root=root, limits=LIMITS)
    if file.sha256 != face["sha256"]:
        return None
    if face["kind"] == "video":
        for _, picture in numbered_frames(path, {face["frame"]}, root=root, limits=LIMITS):
            return picture
        return None
    # Another look at a picture, such as a second page, is not what a viewer shows.
    return load_rgb(file.data, limits=LIMITS) if face["frame"] == 0 else None


def _square(pixels: Any, face: Mapping[str, Any]) -> Any:
    """Return the face's box with a margin, as a square of `SIDE_PX`; black beyond the picture."""
    from PIL import Image

    side = max(face["x2"] - face["x1"], face["y2"] - face["y1"], 1) * (1 + 2 * _MARGIN)
    left = (face["x1"] + face["x2"] - side) / 2
    top = (face["y1"] + face["y2"] - side) / 2
    box = tuple(round(edge) for edge in (left, top, left + side, top + side))
    square = Image.fromarray(pixels).crop(box)
    return np.ascontiguousarray(square.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS))
