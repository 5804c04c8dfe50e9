import base64
import io
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.report.thumbnails import BLURRED_PX, SIDE_PX, blurred_jpeg, thumbnail_uri
from tests.unit.report.conftest import picture

PREFIX = "data:image/jpeg;base64,"


def shown(uri) -> Image.Image:
    assert uri.startswith(PREFIX)
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix(PREFIX)))).convert("L")


@pytest.fixture
def file(tmp_path) -> tuple[Path, str]:
    data = picture(1)
    (tmp_path / "a.jpg").write_bytes(data)
    return tmp_path, sha256(data).hexdigest()


def test_a_cleared_picture_is_shown(file) -> None:
    root, digest = file
    assert shown(thumbnail_uri(str(root), "a.jpg", digest, blurred=False)).size == (64, 48)


def test_a_large_picture_is_made_small(tmp_path) -> None:
    Image.new("RGB", (900, 600), "teal").save(tmp_path / "a.png")
    digest = sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    small = shown(thumbnail_uri(str(tmp_path), "a.png", digest, blurred=False))
    assert max(small.size) == SIDE_PX


def test_a_blurred_picture_keeps_no_detail() -> None:
    board = np.indices((64, 64)).sum(0) % 2 * 255
    sharp = io.BytesIO()
    Image.fromarray(board.astype(np.uint8)).save(sharp, "PNG")
    blurred = np.asarray(Image.open(io.BytesIO(blurred_jpeg(sharp.getvalue()))).convert("L"))
    assert blurred.shape == (SIDE_PX, SIDE_PX)
    assert np.ptp(blurred) <= 8


def test_blurring_cannot_be_undone() -> None:
    """What differs only below the blurred grid gives the very same bytes."""
    flat = np.full((BLURRED_PX * 16, BLURRED_PX * 16), 128, np.uint8)
    fine = flat.copy()
    fine[::2, ::2], fine[1::2, 1::2], fine[::2, 1::2], fine[1::2, ::2] = 148, 148, 108, 108
    files = []
    for pixels in (flat, fine):
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, "PNG")
        files.append(blurred_jpeg(written.getvalue()))
    assert files[0] == files[1]


def test_a_file_that_changed_is_not_shown(file) -> None:
    root, _ = file
    assert thumbnail_uri(str(root), "a.jpg", "0" * 64, blurred=True) is None


@pytest.mark.parametrize("locator", ["b.jpg", "../a.jpg", ".", "a.jpg/b"])
def test_what_is_not_there_is_not_shown(file, locator) -> None:
    root, digest = file
    assert thumbnail_uri(str(root), locator, digest, blurred=True) is None


def test_a_link_out_of_the_root_is_not_followed(file, tmp_path) -> None:
    _, digest = file
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.jpg").symlink_to(tmp_path / "a.jpg")
    assert thumbnail_uri(str(inner), "link.jpg", digest, blurred=True) is None


def test_what_is_no_picture_is_not_shown(tmp_path) -> None:
    (tmp_path / "a.jpg").write_text("no picture")
    digest = sha256(b"no picture").hexdigest()
    assert thumbnail_uri(str(tmp_path), "a.jpg", digest, blurred=True) is None
