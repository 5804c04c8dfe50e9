"""FakeAVCeleb: ten columns under nine names, and dirt in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.ingest.run import find_layout
from tests.unit.ingest.trees import (
    Tables,
    entries,
    labels,
    listed,
    people,
    rejected,
    relations,
    touch,
)

RELEASED = "source,target1,target2,method,category,type,race,gender,path,"
NAMED = "source,target1,target2,method,category,type,race,gender,filename,path"
REAL = "RealVideo-RealAudio/African/men/id00076/00109.mp4"
FAKE = "FakeVideo-FakeAudio/African/men/id00076"


def table(root: Path, *rows: str, header: str = RELEASED) -> Tables:
    """Return what the layout makes of a table with these rows."""
    (root / "meta_data.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    return listed(find_layout(root, "auto"), root)


def row(start: str, place: str) -> str:
    """Return a row: the first six cells, and the place of its file."""
    folder, _, name = place.rpartition("/")
    return f"{start},African,men,{name},FakeAVCeleb/{folder}"


ROWS = (
    row("id00076,-,-,real,A,RealVideo-RealAudio", REAL),
    row("id00076,id00476,-,faceswap-wav2lip,D,FakeVideo-FakeAudio", f"{FAKE}/00109_1.mp4"),
    row("id00076,-,-,wav2lip,D,FakeVideo-FakeAudio", f"{FAKE}/00109_2_wavtolip.mp4"),
)


@pytest.mark.parametrize("header", [RELEASED, NAMED])
def test_rows(tmp_path: Path, header: str) -> None:
    """Both headers read alike: file name and folder are told by their place."""
    touch(tmp_path, REAL)

    tables = table(tmp_path, *ROWS, header=header)

    swap, sync = f"{FAKE}/00109_1.mp4", f"{FAKE}/00109_2_wavtolip.mp4"
    assert labels(tables) == {REAL: "real", swap: "fake", sync: "fake"}
    assert {k: (r["manipulation_type"], r["status"]) for k, r in entries(tables).items()} == {
        REAL: ("none", "present"), swap: ("face_swap", "missing"), sync: ("lip_sync", "missing"),
    }  # fmt: skip
    assert people(tables) == {
        (REAL, "fakeavceleb:id00076", "depicted"),
        (swap, "fakeavceleb:id00076", "unknown"),
        (swap, "fakeavceleb:id00476", "unknown"),
        (sync, "fakeavceleb:id00076", "target"),
    }
    assert relations(tables) == {(swap, "derived_from", REAL), (sync, "derived_from", REAL)}
    assert find_layout(tmp_path / "meta_data.csv", "auto").name == "fakeavceleb"


@pytest.mark.parametrize(
    ("dirt", "reason"),
    [
        (row("-,-,-,real,A,RealVideo-RealAudio", "x/1.mp4"), "bad-person"),
        (row("id00076,-,-,real,A,FakeVideo-RealAudio", "x/1.mp4"), "label-conflict"),
        (row("id00076,-,-,fsgan,A,RealVideo-RealAudio", "x/1.mp4"), "label-conflict"),
        (row("id00076,-,-,magic,C,FakeVideo-RealAudio", "x/1.mp4"), "unknown-method"),
        (row("id00076,-,-,real,A,RealVideo-RealAudio", "x/1.txt"), "bad-name"),
        (row("id00076,-,-,real,A,RealVideo-RealAudio", "../../1.mp4"), "outside-root"),
        ("id00076,-,-,real,A,RealVideo-RealAudio,African,men", "bad-row"),
        (ROWS[0], "duplicate-row"),
    ],
)
def test_dirt(tmp_path: Path, dirt: str, reason: str) -> None:
    """It is rejected with its line, and the rest goes on."""
    tables = table(tmp_path, ROWS[0], dirt)

    assert rejected(tables) == {"meta_data.csv:3": reason}
    assert list(entries(tables)) == [REAL]


VOICE = "RealVideo-FakeAudio/African/men/id00076/00109_fake.mp4"


@pytest.mark.parametrize("scrap", ["fake.mp4", "2", "0.mp4", "nobody"])
def test_scraps_in_the_place_of_a_target(tmp_path: Path, scrap: str) -> None:
    """The entry is kept: who the other is stays unknown, and so do the roles."""
    dirt = row(f"id00076,{scrap},-,rtvc,B,RealVideo-FakeAudio", VOICE)

    tables = table(tmp_path, ROWS[0], dirt, row("id00076,-,-,rtvc,B,RealVideo-FakeAudio",
                                                VOICE.replace("109", "110")))  # fmt: skip

    assert rejected(tables) == {}
    assert labels(tables)[VOICE] == "fake"
    assert {who for who in people(tables) if who[0] != REAL} == {
        (VOICE, "fakeavceleb:id00076", "unknown"),
        (VOICE.replace("109", "110"), "fakeavceleb:id00076", "depicted"),
    }
    assert entries(tables)[VOICE]["extra"] == f'{{"target1": "{scrap}"}}'


@pytest.mark.parametrize("top", ["FakeAVCeleb_v1.2/", "FakeAVCeleb/", "data/FakeAVCeleb_v1.2/", ""])
@pytest.mark.parametrize("unpacked", [False, True])
@pytest.mark.parametrize("slash", ["/", "\\"])
def test_folder_of_the_release(tmp_path: Path, top: str, slash: str, *, unpacked: bool) -> None:
    """Paths begin with it, whether the media lie below it or beside the table: parents resolve."""
    beside = top if unpacked else ""
    touch(tmp_path, f"{beside}{REAL}")
    rows = [text.replace("FakeAVCeleb/", top).replace("/", slash) for text in ROWS]

    tables = table(tmp_path, *rows)

    assert {k for k, r in entries(tables).items() if r["status"] == "present"} == {beside + REAL}
    fakes = {f"{beside}{FAKE}/00109_1.mp4", f"{beside}{FAKE}/00109_2_wavtolip.mp4"}
    assert relations(tables) == {(fake, "derived_from", beside + REAL) for fake in fakes}


def test_clips_of_two_people_are_two(tmp_path: Path) -> None:
    """Their videos are numbered alike."""
    other = REAL.replace("76", "77")
    tables = table(tmp_path, ROWS[0], row("id00077,-,-,real,A,RealVideo-RealAudio", other))

    assert {r["group"] for r in entries(tables).values()} == {"id00076/00109", "id00077/00109"}


def test_files_that_no_row_names(tmp_path: Path) -> None:
    """They have no label, and are told."""
    touch(tmp_path, "FakeVideo-RealAudio/x.mp4", "readme.txt", REAL)

    assert rejected(table(tmp_path, ROWS[0])) == {
        "FakeVideo-RealAudio/x.mp4": "not-in-metadata",
        "readme.txt": "not-media",
    }
