"""Wrong labels: planted flips in London photos and altered copies, beside cleanlab used plainly.

Each photo is there as it is and altered by one of two methods, each in three encodings, as frames
of a clip would be. Labels of whole clips are flipped: 2, 5 and 10 in 100, evenly or of one method
alone. Ours scores each picture by a classifier that saw nothing of the person; plainly, folds are
drawn over pictures (cleanlab's own advice is `cross_val_predict`), with the same classifier and
features. Both give as many suspects as they estimate. Printed are precision and recall, and the
accuracy that either sees of its own scores: what ungrouped folds add to it is inflation.
With --quick, 40 people and one draw each: too few to say which is better, so nothing is judged.

    python -m bench labels [--quick]
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageFilter

from curate.labels.looks import measure
from curate.labels.noise import out_of_fold, ranked

Ints = npt.NDArray[np.int64]
RATES = (0.02, 0.05, 0.10)
SEEDS, QUICK_SEEDS = 5, 1
ENCODINGS = ((95, 1.0), (80, 1.0), (90, 0.8))


def data_folder() -> Path:
    """Return the folder of shared test data."""
    return Path(os.environ.get("CURATE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def altered(picture: Image.Image, method: int) -> Image.Image:
    """Return a picture softened and blended with itself, or recoloured and resampled: plainly."""
    if method == 1:
        soft = picture.filter(ImageFilter.GaussianBlur(0.8))
        return Image.blend(picture, soft, 0.7)
    width, height = picture.size
    small = picture.resize((round(width * 0.9), round(height * 0.9)), Image.Resampling.BILINEAR)
    return ImageEnhance.Color(small.resize((width, height), Image.Resampling.BICUBIC)).enhance(1.1)


def pictures(people: int) -> tuple[npt.NDArray[np.float64], Ints, Ints, Ints]:
    """Return features, methods (0 for real), clips and people of all pictures."""
    folder = data_folder() / "faces" / "london"
    photos = sorted([*folder.glob("neutral_front/*.jpg"), *folder.glob("smiling_front/*.jpg")])
    names = sorted({photo.name[:3] for photo in photos})[:people]
    rows, method, clip, person = [], [], [], []
    for photo in (photo for photo in photos if photo.name[:3] in names):
        picture = Image.open(photo).convert("RGB")
        fake = 1 + len(clip) // len(ENCODINGS) // 2 % 2
        for kind in (0, fake):
            made = picture if kind == 0 else altered(picture, kind)
            number = len(clip) // len(ENCODINGS)
            for quality, scale in ENCODINGS:
                size = (round(made.width * scale), round(made.height * scale))
                out = io.BytesIO()
                made.resize(size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=quality)
                rows.append(measure(np.array(Image.open(out))))
                method.append(kind)
                clip.append(number)
                person.append(names.index(photo.name[:3]))
    return np.array(rows, float), np.array(method), np.array(clip), np.array(person)


def flipped(method: Ints, clip: Ints, rate: float, seed: int, *, one_method: bool) -> Ints:
    """Return labels (1 for fake) with whole clips flipped.

    Args:
        method: Each picture's method.
        clip: Each picture's clip.
        rate: Share of all clips.
        seed: Of the draw.
        one_method: Only fakes by method 2 are called real.
    """
    rng = np.random.default_rng(seed)
    clips = np.unique(clip[method == 2] if one_method else clip)
    chosen = rng.choice(clips, max(1, round(rate * len(np.unique(clip)))), replace=False)
    return np.where(np.isin(clip, chosen), method == 0, method > 0).astype(np.int64)


def run(*, quick: bool) -> dict[str, Any]:
    """Return precision and recall of both, and the inflation of ungrouped folds."""
    features, method, clip, person = pictures(40 if quick else 102)
    truth = (method > 0).astype(np.int64)
    print(f"{len(truth):,} pictures in {clip.max() + 1:,} clips of {person.max() + 1} people")
    print("flips            rate   ours: precision recall   plain: precision recall   "
          "accuracy seen: ours  plain  inflation")  # fmt: skip
    cells, met = [], True
    for one_method in (False, True):
        for rate in RATES:
            told = np.mean([
                _one(features, method, clip, person, truth, rate, seed, one_method=one_method)
                for seed in range(QUICK_SEEDS if quick else SEEDS)
            ], axis=0)  # fmt: skip
            name = "of one method" if one_method else "even"
            ours, plain = told[:3], told[3:]
            better = _f1(ours) >= _f1(plain) - 1e-9
            met &= better
            print(f"{name:<16} {rate:4.0%}         {ours[0]:9.3f} {ours[1]:6.3f}"
                  f"          {plain[0]:9.3f} {plain[1]:6.3f}                  "
                  f"{ours[2]:.3f}  {plain[2]:.3f}  {plain[2] - ours[2]:+.3f}"
                  f"{'' if better else '   below'}")  # fmt: skip
            cells.append({"flips": name, "rate": rate, "ours": ours.tolist(),
                          "plain": plain.tolist()})  # fmt: skip
    figures = {"cells": cells, "targets": {"f1": "at least plain cleanlab's"}}
    if quick:
        print("a look only: one draw of 40 people says nothing of the target; run it in full")
        return figures
    return {**figures, "met": bool(met)}


def _f1(cell: npt.NDArray[np.float64]) -> float:
    return float(2 * cell[0] * cell[1] / max(cell[0] + cell[1], 1e-9))


def _one(
    features: npt.NDArray[np.float64],
    method: Ints,
    clip: Ints,
    person: Ints,
    truth: Ints,
    rate: float,
    seed: int,
    *,
    one_method: bool,
) -> list[float]:
    label = flipped(method, clip, rate, seed, one_method=one_method)
    found = []
    for group in (person, np.arange(len(label))):
        scores = out_of_fold(features, label, group, seed=seed)
        suspects = ranked(label, scores)
        right = int((label[suspects] != truth[suspects]).sum())
        accuracy = float((scores.argmax(axis=1) == label).mean())
        found += [right / max(len(suspects), 1), right / int((label != truth).sum()), accuracy]
    return found
