"""Workspaces of made pictures: people with a real and a fake one each."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image

import curate

PEOPLE = 24


def picture(seed: int, quality: int) -> bytes:
    """Return a JPEG of soft noise that no two seeds share."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (12, 12, 3), np.uint8))
    out = io.BytesIO()
    small.resize((96, 96), Image.Resampling.BICUBIC).save(out, "JPEG", quality=quality)
    return out.getvalue()


def project(
    folder: Path,
    fake_quality: int,
    *,
    people: int = PEOPLE,
    flipped: Collection[int] = (),
    tied: bool = False,
) -> curate.api.Project:
    """Return a workspace with the pictures listed; ``media/a000.jpg`` is a real one.

    Args:
        folder: Where it is made.
        fake_quality: What fakes are encoded with; real ones with 90.
        people: How many.
        flipped: Numbers of pictures whose label is the other one.
        tied: Whether everybody is in a picture with the next person.
    """
    rows = []
    for number in range(2 * people):
        fake = number % 2 == 1
        path = f"a{number:03}.jpg"
        place = folder / "media" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture(number, fake_quality if fake else 90))
        who = number // 2
        rows.append({
            "path": path, "label": "fake" if fake != (number in flipped) else "real",
            "subject": f"p{who:02};p{(who + 1) % people:02}" if tied else f"p{who:02}",
        })  # fmt: skip
    with (folder / "media" / "manifest.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    made = curate.init(folder / "ws")
    made.ingest(folder / "media")
    return made
