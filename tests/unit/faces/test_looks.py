"""An image is searched in every way in which programs show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import curate
from curate.faces.looks import join_looks
from curate.faces.scan import Scan
from tests.unit.faces.conftest import read

SHA = "a" * 64


def scan_of(*faces: tuple[int, float, list[float]], frames: int = 3, good: bool = True) -> Scan:
    """Return a scan of one image: of each face its frame, where it begins, and its embedding."""
    rows = [
        {
            "face_id": f"{frame}-{place}",
            "sha256": SHA,
            "frame": frame,
            "x1": left,
            "y1": 0.0,
            "x2": left + 40,
            "y2": 40.0,
            "judgeable": good,
            "track_id": None,
        }
        for place, (frame, left, _) in enumerate(faces)
    ]
    scans = [{"sha256": SHA, "frame": frame} for frame in range(frames)]
    return Scan(rows, scans, np.array([vector for *_, vector in faces], np.float32))


def tracks_of(scan: Scan, pages: dict[int, int]) -> list[str | None]:
    join_looks(scan, {(SHA, frame): page for frame, page in pages.items()}, threshold=0.5)
    return [face["track_id"] for face in scan.faces]


@pytest.mark.parametrize("good", [True, False])
def test_face_that_several_looks_show_is_one(*, good: bool) -> None:
    """It stands in the same place and is like itself, well or badly seen."""
    scan = scan_of((0, 10, [1, 0]), (1, 12, [1, 0]), (2, 11, [1, 0]), good=good)

    first, *others = tracks_of(scan, {0: 0, 1: 0, 2: 0})

    assert first is not None
    assert others == [first, first]


@pytest.mark.parametrize("good", [True, False])
def test_another_face_in_the_same_place_is_another(*, good: bool) -> None:
    """What transparency hides can stand just where somebody else is shown."""
    scan = scan_of((0, 10, [1, 0]), (1, 10, [0, 1]), good=good)

    assert tracks_of(scan, {0: 0, 1: 0, 2: 0}) == [None, None]


def test_faces_of_different_pages_are_not_joined() -> None:
    """Whether they are one person is for the stage identity to say."""
    scan = scan_of((0, 10, [1, 0]), (1, 10, [1, 0]))

    assert tracks_of(scan, {0: 0, 1: 1, 2: 2}) == [None, None]


def test_image_of_one_look_stays_as_it_was() -> None:
    """Two faces in it are two people."""
    scan = scan_of((0, 10, [1, 0]), (0, 90, [1, 0]), frames=1)

    assert tracks_of(scan, {0: 0}) == [None, None]


@pytest.mark.slow
def test_face_under_transparency_is_found_and_embedded_again(
    shared_data: Path, tmp_path: Path
) -> None:
    """It has a frame of its own, and a later run opens the picture there."""
    (tmp_path / "media").mkdir()
    face = Image.fromarray(read(shared_data / "faces" / "london" / "neutral_front" / "001_03.jpg"))
    face = face.resize((400, 400))
    face.putalpha(0)
    face.save(tmp_path / "media" / "clear.png")
    made = curate.init(tmp_path / "ws")
    made.ingest(tmp_path / "media")

    made.run(["probe", "faces", "identity"], jobs=1)

    parts = {row["frame"]: row["part"] for row in made.catalog.read("parts").to_pylist()}
    scans = {row["frame"]: row["faces"] for row in made.catalog.read("face_scans").to_pylist()}
    assert parts == {0: "the picture", 1: "the picture, without its transparency"}
    assert scans == {0: 0, 1: 1}
    before = made.catalog.read("identities")
    assert before.num_rows == 1
    made.catalog.replace("identities", before.slice(0, 0), stage="")
    text = made.workspace.config.read_text(encoding="utf-8").replace("0.001", "0.002")
    made.workspace.config.write_text(text, encoding="utf-8")

    curate.open(made.workspace.root).run(["identity"], jobs=1)

    again = made.catalog.read("identities")
    assert again["face_id"].to_pylist() == before["face_id"].to_pylist()


@pytest.mark.slow
def test_page_that_cannot_be_decoded_hides_no_other(tmp_path: Path) -> None:
    """The others are searched; the broken one is a part that was not looked at."""
    import struct

    import pyarrow as pa

    from curate.faces.analyzer import AnalyzerSpec
    from curate.faces.stage import scan_batch
    from curate.media import probe_media

    pages = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    for page in pages:
        page.paste((9, 9, 9), (0, 0, 9, 9))
    path = tmp_path / "pages.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_lzw")
    from curate.media.tiff import parse_tiff

    data = path.read_bytes()
    coding = parse_tiff(data, most=9).directories[1].tags[259]
    path.write_bytes(data[: coding.at] + struct.pack("<H", 9999) + data[coding.at + 2 :])

    rows = {row["part"]: (row["reading"], row["frame"]) for row in probe_media(path).parts}
    item = {"sha256": SHA, "kind": "image", "root": str(tmp_path), "locator": "pages.tif",
            "cuts": None, "frames": None, "shots": None}  # fmt: skip
    made = scan_batch(pa.Table.from_pylist([item]), spec=AnalyzerSpec())

    assert rows["page 2"] == ("not", None)
    assert rows["page 3"] == ("sought", 2)
    scans = [(row["frame"], row["error"]) for row in made["face_scans"].to_pylist()]
    assert scans == [(0, None), (2, None)]
