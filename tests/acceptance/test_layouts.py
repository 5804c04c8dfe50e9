"""Known datasets from disk to audit, as a person runs it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from curate.model.ids import media_id
from tests.acceptance.conftest import Curate
from tests.unit.ingest.trees import touch, write_json


def codes(audit: str) -> Counter[str]:
    """Return how often each rule spoke."""
    return Counter(finding["code"] for finding in json.loads(audit)["findings"])


def test_faceforensics_tree(curate: Curate, tmp_path: Path) -> None:
    """Clips, official split and sources go in; dirt is told; a swap without people is doubted."""
    root = tmp_path / "ff"
    for compression in ("c23", "c40"):
        touch(root, *(f"original_sequences/youtube/{compression}/videos/{n:03}.mp4"
                      for n in range(2)))  # fmt: skip
        touch(root, f"manipulated_sequences/Deepfakes/{compression}/videos/000_001.mp4")
    touch(root, "manipulated_sequences/Deepfakes/c23/videos/000_0x1.mp4")
    write_json(root / "splits" / "train.json", [["000", "001"]])
    write_json(root / "conversion_dict.json", {"000": "aaaaaaaaaaa 0", "001": "aaaaaaaaaaa 1"})
    curate("init", "ws")

    (found,) = json.loads(curate("ingest", "ff", "-w", "ws", "--json").out)
    told = json.loads(curate("status", "-w", "ws", "--json").out)
    rejections = json.loads(curate("status", "--rejections", "--json", "-w", "ws").out)
    audit = curate("audit", "-w", "ws", "--format", "json", status=0).out

    assert (found["layout"], found["entries"], found["missing"]) == ("faceforensics", 8, 2)
    # Two clips behind each of four fakes, eight sources, and four clips in two compressions.
    assert told["rows"]["relations"] == 4 * 4 + 8 + 4
    assert [row["place"] for row in rejections] == [
        "manipulated_sequences/Deepfakes/c23/videos/000_0x1.mp4"
    ]
    spoken = codes(audit)
    assert spoken["DEP005"] == 2 * 4
    assert spoken["SRC004"] == 8
    assert spoken["SRC006"] == 0


def test_withdrawn_dataset_is_blocked(curate: Curate, tmp_path: Path) -> None:
    """A copy under one of its names needs no record of anybody to be known."""
    touch(tmp_path / "MS1MV2", "m.0001/1.jpg", "m.0001/2.jpg")
    curate("init", "ws")
    curate("ingest", "MS1MV2", "-w", "ws")

    now = curate("audit", "-w", "ws", "--format", "json", status=1).out
    before = curate("audit", "-w", "ws", "--as-of", "2019-01-01", "--format", "json", status=None)

    assert (codes(now)["SRC001"], codes(now)["SRC002"]) == (2, 2)
    assert {v["verdict"] for v in json.loads(now)["verdicts"]} == {"blocked"}
    assert codes(before.out)["SRC001"] == 0


def test_claims_of_datasets_reach_the_audit(curate: Curate, tmp_path: Path) -> None:
    """People of a dataset that says they agreed are doubted, those of one that does not blocked."""
    folder = "manipulated_sequences/DeepFakeDetection/c23/videos"
    actors = f"{folder}/12_13__podium_speech_happy__WCPCP2TD.mp4"
    celebrities = "Celeb-synthesis/id1_id0_0007.mp4"
    touch(tmp_path / "dfd", actors)
    touch(tmp_path / "Celeb-DF-v2", celebrities)
    curate("init", "ws")
    curate("ingest", "dfd", "Celeb-DF-v2", "-w", "ws")

    verdicts = json.loads(curate("audit", "-w", "ws", "--format", "json", status=1).out)["verdicts"]

    assert {v["media_id"]: v["verdict"] for v in verdicts} == {
        media_id("dfd", actors): "needs_review",
        media_id("Celeb-DF-v2", celebrities): "blocked",
    }


@pytest.mark.parametrize(
    ("folder", "layout", "entries"),
    [
        ("faceforensics", "faceforensics", 5000),
        ("celeb-df", "celebdf", 518),
        ("dfdc_sample", "dfdc", 5),
        ("deepfakebench", "deepfakebench", 997 * 33),
    ],
)
def test_official_metadata(
    curate: Curate, shared_data: Path, folder: str, layout: str, entries: int
) -> None:
    """Metadata alone is a dataset: every entry missing, and a second time nothing changes."""
    curate("init", "ws")
    path = shared_data / "metadata" / folder

    (first,) = json.loads(curate("ingest", path, "-w", "ws", "--json").out)
    (second,) = json.loads(curate("ingest", path, "-w", "ws", "--json").out)

    assert (first["layout"], first["entries"], first["missing"]) == (layout, entries, entries)
    assert (first["changed"], second["changed"]) == (entries, 0)
