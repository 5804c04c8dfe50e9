"""How much of a face is hidden, by what should be seen and is not: two eyes and a mouth.

An aligned crop puts eyes and mouth in known places, and there a bare face has contrast: lids and
iris, lips and teeth. Where a bar, a dark lens, a mask, a hand or hair lies over one, its place is
plain. Contrast is taken relative to how bright the face is, so that it says the same of dark and
light skin and of pictures dark and light.

Measured on 594 bare faces of two public sets (closed eyes, glasses and beards among them), no eye
or mouth had a contrast below 0.08; under planted bars, lenses, masks and hands it was below 0.04
but for edges that reach in.

What this does not see: a covering with a pattern of its own, such as a printed scarf; hair that
lies in strands; a reflecting lens; what hides cheeks or chin and leaves eyes and mouth bare. A
picture with hardly any contrast at all, as in thick fog, passes for covered.
"""

from __future__ import annotations

import numpy as np

from curate.faces.analyzer import Floats, Image
from curate.faces.warp import grey, sampled

# Half the width and height of what is looked at, in distances between the eyes.
_EYE, _MOUTH, _FACE = (0.24, 0.14), (0.4, 0.22), (0.9, 0.8)
_GRID = (16, 24)
# Contrast at and above which nothing is hidden, and at and below which all is.
_BARE, _COVERED = 0.08, 0.035
# The face's brightness is that of its lighter skin; a little more than nothing in the dark.
_LIGHTER, _DARK = 70, 8.0


def occlusion(crops: Image, template: Floats) -> Floats:
    """Return the share of eyes and mouth that is hidden, 0 to 1, shape (n,).

    A third for each of the three; partly for what is partly hidden.

    Args:
        crops: Aligned RGB crops, shape (n, S, S, 3), dtype uint8.
        template: Where the eyes, the nose and the corners of the mouth lie in a crop, as shares
            of its side, shape (5, 2).
    """
    if len(crops) == 0:
        return np.empty(0, np.float32)
    values = grey(crops)
    eyes, mouth = template[:2], template[3:].mean(axis=0)
    apart = float(eyes[1, 0] - eyes[0, 0])
    middle = np.array([eyes[:, 0].mean(), (eyes[:, 1].mean() + mouth[1]) / 2])
    face = _around(values, middle, _FACE, apart)
    bright = np.percentile(face, _LIGHTER, axis=(1, 2)) + _DARK
    places = [(eyes[0], _EYE), (eyes[1], _EYE), (mouth, _MOUTH)]
    contrast = np.stack([_around(values, at, half, apart).std(axis=(1, 2)) for at, half in places])
    hidden = np.clip((_BARE - contrast / bright) / (_BARE - _COVERED), 0, 1)
    return hidden.mean(axis=0).astype(np.float32)


def _around(values: Floats, at: Floats, half: tuple[float, float], apart: float) -> Floats:
    """Return a grid of samples around a place of each crop, shape (n, 16, 24)."""
    side = values.shape[1]
    rows, columns = (
        (at[axis] + np.linspace(-reach, reach, count) * apart) * side - 0.5
        for axis, reach, count in ((1, half[1], _GRID[0]), (0, half[0], _GRID[1]))
    )
    return sampled(sampled(values, rows, axis=1), columns, axis=2)
