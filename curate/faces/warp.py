"""Moving pixels: alignment by five points, resizing and padding.

The similarity transform is the least-squares one of Umeyama (1991), in closed form for the
plane, the same as scikit-image's that insightface aligns with. OpenCV is imported here and
nowhere else in this room.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from curate.errors import DependencyError, MissingModelError
from curate.faces.analyzer import Floats, Image


def opencv() -> Any:  # OpenCV has no types that mypy could read
    """Return the module cv2.

    Raises:
        DependencyError: OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise DependencyError("OpenCV is not installed") from error
    return cv2


def similarity_matrices(
    landmarks: Floats, template: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return the matrices that bring each face's points closest to `template`.

    Rotation, uniform scale and shift, without mirroring; degenerate points (all in one place)
    give a matrix of zeros and so a black crop.

    Args:
        landmarks: Points in the picture, shape (n, k, 2).
        template: Points in the crop, shape (k, 2).

    Returns:
        Affine matrices, shape (n, 2, 3), dtype float64.
    """
    points = np.asarray(landmarks, np.float64)
    target = np.asarray(template, np.float64)
    mean, goal = points.mean(axis=1), target.mean(axis=0)
    p, q = points - mean[:, None], target - goal
    spread = (p**2).sum(axis=(1, 2))
    a = np.einsum("nki,ki->n", p, q)
    b = (p[..., 0] * q[:, 1] - p[..., 1] * q[:, 0]).sum(axis=1)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    a, b = a * scale, b * scale
    linear = np.stack([np.stack([a, -b], -1), np.stack([b, a], -1)], axis=1)
    shift = goal - np.einsum("nij,nj->ni", linear, mean)
    return np.concatenate([linear, shift[..., None]], axis=2)


def aligned(image: Image, landmarks: Floats, template: Floats, size: int) -> Image:
    """Return bilinear crops of `image`, black outside it.

    Args:
        image: RGB, shape (H, W, 3), dtype uint8.
        landmarks: Points of each face, shape (n, k, 2), in pixels of `image`.
        template: Where they go in the crop, shape (k, 2).
        size: Side of the crop, in pixels.

    Returns:
        Crops, shape (n, size, size, 3), dtype uint8.
    """
    crops = np.empty((len(landmarks), size, size, 3), np.uint8)
    if len(landmarks):
        cv2 = opencv()
        for crop, matrix in zip(crops, similarity_matrices(landmarks, template), strict=True):
            crop[...] = cv2.warpAffine(image, matrix, (size, size))
    return crops


def fitted(image: Image, longer_side: int) -> tuple[Image, float]:
    """Return `image` resized so that its longer side is `longer_side`, and the scale used."""
    height, width = image.shape[:2]
    scale = longer_side / max(height, width)
    if scale == 1.0:
        return np.ascontiguousarray(image), 1.0
    cv2 = opencv()
    # INTER_AREA alone keeps small faces free of aliasing when shrinking.
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8), scale


def shrunk(image: Image, scale: float) -> Image:
    """Return `image` resized by `scale`."""
    if scale == 1.0:
        return image
    height, width = image.shape[:2]
    return fitted(image, max(1, round(max(height, width) * scale)))[0]


def cut(image: Image, middles: Floats, scales: Floats, size: int) -> Image:
    """Return square crops around places, each at a scale of its own, edge pixels repeated.

    Args:
        image: RGB, shape (H, W, 3), dtype uint8.
        middles: x and y in pixels of `image`, shape (n, 2).
        scales: Pixels of the crop for one of `image`, shape (n,).
        size: Side of the crop, in pixels.

    Returns:
        Crops, shape (n, size, size, 3), dtype uint8.
    """
    crops = np.empty((len(middles), size, size, 3), np.uint8)
    cv2 = opencv()
    for crop, (x, y), scale in zip(crops, middles, scales, strict=True):
        # One pixel in several would alias: those are averaged first.
        step = max(1, int(1 / float(scale)))
        reach = size / 2 / float(scale)
        left, top = (max(0, int(v - reach) // step * step - step) for v in (x, y))
        part = image[top : int(y + reach) + 2 * step, left : int(x + reach) + 2 * step]
        if not part.size:
            crop[...] = 0
            continue
        if step > 1:
            smaller = (max(1, part.shape[1] // step), max(1, part.shape[0] // step))
            part = part[: smaller[1] * step, : smaller[0] * step]
            part = cv2.resize(part, smaller, interpolation=cv2.INTER_AREA)
        by = float(scale) * step
        # Middles of pixels, not their corners, fall on one another.
        matrix = np.array(
            [[by, 0, size / 2 - 0.5 + by * (0.5 - (x - left) / step)],
             [0, by, size / 2 - 0.5 + by * (0.5 - (y - top) / step)]]
        )  # fmt: skip
        crop[...] = cv2.warpAffine(part, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    return crops


def planes(image: Image, size: tuple[int, int], mean: float, out: Floats) -> float:
    """Fill `out` with `image` less `mean`, channel by channel, and return the scale used.

    The picture is resized to lie whole in the upper left corner; the rest stands for black.
    Rounding is insightface's, so that boxes are the same.

    Args:
        image: RGB, shape (H, W, 3), dtype uint8.
        size: Width and height to fill.
        mean: What is taken from each value.
        out: Where to, shape (3, height, width); reused from call to call, as memory that is
            fresh each time costs more than the numbers in it.
    """
    cv2 = opencv()
    width, height = size
    ratio = image.shape[0] / image.shape[1]
    tall = ratio > height / width
    across, down = (int(height / ratio), height) if tall else (width, int(width * ratio))
    across, down = max(1, across), max(1, down)
    small = image if image.shape[:2] == (down, across) else cv2.resize(image, (across, down))
    out[:, down:], out[:, :, across:] = -mean, -mean
    for channel, plane in zip(cv2.split(small), out, strict=True):
        np.subtract(channel, np.float32(mean), out=plane[:down, :across], dtype=np.float32)
    return down / image.shape[0]


def swapped(image: Image) -> Image:
    """Return `image` with its first and last channel exchanged: RGB to OpenCV's BGR."""
    cv2 = opencv()
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)


def padded(image: Image, margin: float) -> tuple[Image, int]:
    """Return `image` with its edge pixels repeated outwards, and the width of that rim in pixels.

    Args:
        image: RGB, shape (H, W, 3), dtype uint8.
        margin: Width of the rim as a share of the longer side.
    """
    rim = max(1, round(max(image.shape[:2]) * margin))
    return np.pad(image, ((rim, rim), (rim, rim), (0, 0)), mode="edge"), rim


def grey(crops: Image) -> Floats:
    """Return the brightness of RGB crops, 0 to 255, shape (n, S, S)."""
    return crops.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def sampled(values: Floats, at: npt.NDArray[np.float64], *, axis: int) -> Floats:
    """Return `values` sampled at the places `at` along `axis`, linearly."""
    low = np.clip(np.floor(at).astype(np.int64), 0, values.shape[axis] - 2)
    weight = np.clip(at - low, 0, 1).astype(np.float32)
    weight = weight.reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    left, right = np.take(values, low, axis=axis), np.take(values, low + 1, axis=axis)
    return np.asarray(left * (1 - weight) + right * weight, np.float32)


def yunet(path: str, *, threshold: float) -> Any:  # as above
    """Return OpenCV's YuNet detector, whose input size is set per picture.

    Raises:
        MissingModelError: OpenCV cannot read the model.
    """
    cv2 = opencv()
    try:
        return cv2.FaceDetectorYN.create(path, "", (320, 320), threshold, 0.3, 5000)
    except cv2.error as error:
        raise MissingModelError("not a YuNet model that OpenCV reads", where=path) from error
