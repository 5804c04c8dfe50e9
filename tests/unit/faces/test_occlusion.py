"""What hides eyes or mouth is seen, on pictures of real faces with coverings planted on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curate.faces.analyzer import FaceAnalyzer, Image
from curate.faces.occlusion import occlusion
from curate.faces.quality import MAX_OCCLUSION
from curate.faces.scan import find_faces, scan_image

from .conftest import read

# Middle from between the eyes, half width and half height in distances between the eyes, colour.
COVERS: dict[str, tuple[tuple[float, float], tuple[float, float], object]] = {
    "bar": ((0, 0), (1.1, 0.35), 15),
    "mask": ((0, 1.25), (1, 0.8), (200, 215, 225)),
    "hand on an eye": ((-0.5, 0), (0.5, 0.5), None),
    "hand on the mouth": ((0, 1.15), (0.9, 0.5), None),
}


def eyes_of(points: np.ndarray) -> np.ndarray:
    """Return the eyes' centres, left then right in the picture, by either scheme of landmarks."""
    pairs = [points[2:4].mean(axis=0), points[:2].mean(axis=0)]
    corners = np.linalg.norm(points[0] - points[1]) < 0.5 * np.linalg.norm(points[0] - points[2])
    return np.stack(pairs if corners else points[:2])


def covered(portrait: Image, eyes: np.ndarray, name: str) -> Image:
    """Return a portrait with a covering; a hand has the colour of the forehead."""
    (across, down), (half_width, half_height), colour = COVERS[name]
    apart = np.linalg.norm(eyes[1] - eyes[0])
    middle = eyes.mean(axis=0)
    brow_x, brow_y = (middle - np.array([0, 0.9 * apart])).astype(int)
    left, top = (middle + np.array([across - half_width, down - half_height]) * apart).astype(int)
    right, bottom = (middle + np.array([across + half_width, down + half_height]) * apart).astype(
        int
    )
    picture = portrait.copy()
    picture[top:bottom, left:right] = portrait[brow_y, brow_x] if colour is None else colour
    return picture


@pytest.fixture(scope="session")
def portraits(shared_data: Path) -> list[Image]:
    """Return every twentieth portrait of the London set."""
    folder = shared_data / "faces" / "london"
    return [read(path) for path in sorted(folder.glob("*_front/*.jpg"))[::20]]


@pytest.mark.parametrize("cover", COVERS)
def test_a_covered_face_scores_higher_than_the_same_face_bare(
    cover: str, analyzer: FaceAnalyzer, portraits: list[Image]
) -> None:
    template = np.array(analyzer.info.template, np.float32)
    for portrait in portraits:
        points = find_faces(portrait, analyzer).landmarks[:1]
        other = covered(portrait, eyes_of(points[0]), cover)

        bare, hidden = (
            occlusion(analyzer.align(picture, points), template)[0] for picture in (portrait, other)
        )

        assert hidden > MAX_OCCLUSION
        assert hidden - bare > 0.2


def test_bare_faces_stay_judgeable(
    analyzer: FaceAnalyzer, portraits: list[Image], shared_data: Path
) -> None:
    """Portraits in colour, and small grey ones with closed eyes, glasses and beards."""
    small = [read(path) for path in sorted((shared_data / "faces" / "orl").glob("*/*.pgm"))[::20]]
    for picture in portraits + small:
        scan = scan_image(picture, analyzer, sha256="0" * 64)

        assert all(face["occlusion"] <= MAX_OCCLUSION for face in scan.faces)
        assert "occluded" not in {face["poor_reason"] for face in scan.faces}


def test_a_covered_face_is_kept_and_marked(analyzer: FaceAnalyzer, portraits: list[Image]) -> None:
    """Where the detector still finds it, it is a row that is no evidence."""
    marked = found = 0
    for portrait in portraits:
        points = find_faces(portrait, analyzer).landmarks[0]
        masked = covered(portrait, eyes_of(points), "mask")
        for face in scan_image(masked, analyzer, sha256="0" * 64).faces:
            found += 1
            marked += not face["judgeable"]

    assert marked == found


def test_dark_pictures_say_the_same_as_light_ones(
    analyzer: FaceAnalyzer, portraits: list[Image]
) -> None:
    template = np.array(analyzer.info.template, np.float32)
    crops = analyzer.align(portraits[0], find_faces(portraits[0], analyzer).landmarks)

    assert occlusion((crops // 4).astype(np.uint8), template)[0] <= MAX_OCCLUSION


def test_no_crops_have_no_occlusion(analyzer: FaceAnalyzer) -> None:
    template = np.array(analyzer.info.template, np.float32)

    assert occlusion(np.empty((0, 112, 112, 3), np.uint8), template).shape == (0,)
