"""Pictures for the demo: faces that installed packages carry, and plain changes of them.

Nothing here makes a manipulated face: what the demo calls fake is a declared label on a picture
whose colours were plainly altered.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageOps

from curate.errors import DependencyError, InvariantError
from curate.faces.analyzer import AnalyzerSpec
from curate.faces.load import load
from curate.faces.scan import find_faces
from curate.media import load_rgb

SIDE = 320
_PEOPLE_IN_GROUP = 6


def subjects() -> dict[str, Image.Image]:
    """Return a portrait of each of eight people by pseudonym, and ``p06+p07`` of two together.

    They come from scikit-image's astronaut (NASA), insightface's group picture, cut apart, and
    its single portrait. Nothing is downloaded.

    Raises:
        DependencyError: A package that carries them is not installed.
    """
    insightface = _folder("insightface") / "data" / "images"
    group = load_rgb(insightface / "t1.jpg")
    boxes = _faces(group)
    singles = [_portrait(group, box) for box in boxes]
    astronaut = load_rgb(_folder("skimage") / "data" / "astronaut.png")
    portrait = load_rgb(insightface / "Tom_Hanks_54745.png")
    framed = ImageOps.expand(Image.fromarray(portrait), border=28, fill=(96, 96, 96))
    people = [Image.fromarray(astronaut[:400, 40:440]), framed, *singles]
    named = {f"p{i:02}": picture for i, picture in enumerate(people, 1)}
    left, right = boxes[0], boxes[1]
    both = np.array([*np.minimum(left[:2], right[:2]), *np.maximum(left[2:], right[2:])])
    named["p03+p04"] = _cut(group, both + np.array([-60, -60, 60, 60]))
    return named


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DependencyError(
            f"the demo takes pictures from the package {package}, which is not installed"
        )
    return Path(spec.origin).parent


def _faces(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    found = find_faces(picture, load(AnalyzerSpec(kind="dlib")))
    if len(found.boxes) < _PEOPLE_IN_GROUP:
        raise InvariantError(
            f"{len(found.boxes)} faces in the group picture; expected {_PEOPLE_IN_GROUP}"
        )
    # A picture on the wall behind the six people shows a face too, and a much smaller one.
    largest = np.argsort(found.boxes[:, 1] - found.boxes[:, 3])[:_PEOPLE_IN_GROUP]
    boxes: npt.NDArray[np.float32] = found.boxes[largest]
    in_order: npt.NDArray[np.float32] = boxes[np.argsort(boxes[:, 0])]
    return in_order


def _portrait(picture: npt.NDArray[np.uint8], box: npt.NDArray[np.float32]) -> Image.Image:
    margin = 0.45 * float(box[2] - box[0])
    cut = _cut(picture, box + np.array([-margin, -margin, margin, margin]))
    return cut.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _cut(picture: npt.NDArray[np.uint8], box: npt.NDArray[np.floating]) -> Image.Image:
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = np.clip(box, 0, [width, height, width, height]).astype(int)
    return Image.fromarray(picture[y1:y2, x1:x2])


def jpeg(picture: Image.Image, quality: int = 92) -> bytes:
    """Return the picture as JPEG."""
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def brighter(picture: Image.Image, factor: float) -> Image.Image:
    """Return the picture brighter (factor above 1) or darker."""
    return ImageEnhance.Brightness(picture).enhance(factor)


def smaller(picture: Image.Image, factor: float) -> Image.Image:
    """Return the picture scaled by `factor`."""
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)


def another_view(picture: Image.Image) -> Image.Image:
    """Return a picture of the same face that no perceptual hash takes for the same picture."""
    width, height = picture.size
    box = (round(0.08 * width), round(0.03 * height), round(0.97 * width), round(0.9 * height))
    return ImageOps.mirror(picture).crop(box)


def altered(picture: Image.Image) -> Image.Image:
    """Return the picture plainly altered: cropped, posterised and tinted.

    A real fake of this kind is no copy of a picture that is in the dataset, and this one is none
    that a perceptual hash could find either, mirrored or not.
    """
    width, height = picture.size
    box = (round(0.03 * width), round(0.12 * height), round(0.88 * width), round(0.99 * height))
    flat = ImageOps.posterize(picture.convert("RGB").crop(box), 3)
    return ImageOps.colorize(ImageOps.grayscale(flat), black=(40, 0, 60), white=(255, 240, 190))
