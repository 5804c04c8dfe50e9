"""Who is in a picture: undeclared people, people who withdrew, and pictures made of others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import Curate
from tests.acceptance.story import Story


def _told(story: Story, curate: Curate, **faces: str) -> Path:
    """Write it all down, run everything on it, and return the workspace."""
    ws = story.written(curate, **faces)
    curate("run", "-w", ws)
    curate("audit", "-w", ws, "--fail-on", "never")
    return ws


def _explained(curate: Curate, locator: str, ws: Path) -> tuple[str, set[str], str]:
    told = json.loads(curate("explain", locator, "-w", ws, "--json").out)
    words = curate("explain", locator, "-w", ws).out
    return told["verdict"], {row["code"] for row in told["findings"]}, words


@pytest.mark.slow
def test_group_photo_is_blocked_for_the_undeclared_and_the_withdrawn(
    story: Story, curate: Curate
) -> None:
    """Both reasons stand, whether or not the person who withdrew is declared there."""
    story.person("001")
    story.person("002", withdrew=True)
    one, other = ("neutral_front", "smiling_front"), ("smiling_front", "neutral_front")
    for name, poses, subjects in (("declared", one, "p001;p002"), ("hidden", other, "p001")):
        seen = [(poses[0], "001"), (poses[1], "002"), (poses[0], "003")]
        story.picture(f"{name}.jpg", seen, subject=subjects)
    ws = _told(story, curate)

    verdict, codes, words = _explained(curate, "declared.jpg", ws)
    assert verdict == "blocked"
    assert {"CON002", "DEP001"} <= codes
    assert "consent-withdrawn (block)" in words
    assert "faces visible in one frame: 3; people declared: 2" in words

    verdict, codes, words = _explained(curate, "hidden.jpg", ws)
    assert verdict == "blocked"
    assert {"DEP013", "DEP001"} <= codes
    assert "a face here is that of p002, who is not declared here" in " ".join(words.split())
    assert _explained(curate, "001_03.jpg", ws)[0] == "cleared"

    # Whoever is declared is corrected where they are declared; a likeness can be ruled out.
    ruled = ("not-shown", "--subject", "p002", "--by", "r.meyer", "--reason", "a twin", "-w", ws)
    assert (
        "the entry itself declares 'p002'" in curate("decide", "declared.jpg", *ruled, status=2).err
    )
    curate("decide", "hidden.jpg", *ruled)
    curate("audit", "-w", ws, "--fail-on", "never")
    verdict, codes, _ = _explained(curate, "hidden.jpg", ws)
    assert verdict == "needs_review"
    assert "DEP001" in codes
    assert not {"DEP004", "DEP013"} & codes


@pytest.mark.slow
def test_withdrawal_of_one_contributor_blocks_the_composite(story: Story, curate: Curate) -> None:
    """It shows one face of three donors; a withdrawal reaches it by its donors and by descent."""
    three = ("025", "062", "099")
    for name in three:
        story.person(name)
    parents = ";".join(f"{name}_03.jpg" for name in three)
    donors = ";".join(f"p{name}" for name in three)
    story.composite(
        "f_african.jpg", derived_from=parents, subject=donors, role=";".join("donor" for _ in three)
    )
    ws = _told(story, curate, analyzer="dlib")
    before, _, first = _explained(curate, "f_african.jpg", ws)

    curate("consent", "withdraw", "p062", "--yes", "-w", ws)
    curate("audit", "-w", ws, status=1)
    verdict, codes, words = _explained(curate, "f_african.jpg", ws)

    assert before == "cleared", first
    assert (verdict, codes) == ("blocked", {"CON002", "DEP011"})
    assert "made from 062_03.jpg, which is blocked" in words
    assert _explained(curate, "025_03.jpg", ws)[0] == "cleared"


@pytest.mark.slow
def test_clips_of_people_who_agreed_are_cleared(story: Story, curate: Curate) -> None:
    """Frames near each change were searched, and nothing else is there; who withdrew is blocked."""
    pytest.importorskip("av", reason="PyAV, the extra video, is not installed")
    story.media.mkdir()
    grid = story.shared / "media" / "grid"
    for clip, person in (("pwij3p", "g2"), ("id2_vcd_swwp2s", "g2"), ("lwbsza", "g3")):
        shutil.copy(grid / f"{clip}.mpg", story.media)
        story.declare(f"{clip}.mpg", subject=f"p{person}")
    story.says("g2", withdrew=False)
    story.says("g3", withdrew=True)
    ws = _told(story, curate, analyzer="dlib")

    for clip in ("pwij3p.mpg", "id2_vcd_swwp2s.mpg"):
        verdict, codes, words = _explained(curate, clip, ws)
        assert (verdict, codes) == ("cleared", set()), words
        assert "frames, one of them within 0.2 seconds of each change" in " ".join(words.split())
    verdict, codes, words = _explained(curate, "lwbsza.mpg", ws)
    assert (verdict, codes) == ("blocked", {"CON002"})
    assert "pg3 as depicted (declared by the dataset)" in words, words
