"""Who is in a picture: undeclared people, people who withdrew, and pictures made of others."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.conftest import Curate

SOURCES = """
[[sources]]
source_id = "london"
kind = "public_dataset"
licence = "CC-BY-4.0"
terms_flags = []
consent_claim = "individual_records"
"""
SIDE = 480


class Story:
    """Photos with a manifest, and what the people in them said.

    Attributes:
        folder: Where `media` and the statements are written.
        london: The photos of the London set.
    """

    def __init__(self, folder: Path, london: Path) -> None:
        self.folder, self.london = folder, london
        self.rows: list[dict[str, str]] = []
        self.consents: list[dict[str, str]] = []
        (folder / "media").mkdir()

    def person(self, name: str, *, withdrew: bool = False) -> None:
        """Take two photos of someone, and what they said."""
        for pose, number in (("neutral_front", "03"), ("smiling_front", "08")):
            self.picture(f"{name}_{number}.jpg", [(pose, name)], subject=f"p{name}")
        self.says(name, withdrew=withdrew)

    def says(self, name: str, *, withdrew: bool) -> None:
        """Take what someone said of being used."""
        self.consents.append({
            "subject": f"p{name}", "subject_kind": "adult", "minor_at_capture": "no",
            "purposes": "train-detector", "roles": "depicted;donor", "manipulations": "morph",
            "operations": "include;train_detector;likeness_synthesis", "valid_from": "2020-01-01",
            "valid_until": "2100-01-01", "state": "withdrawn" if withdrew else "given",
            "state_at": "2026-01-05" if withdrew else "",
        })  # fmt: skip

    def picture(self, name: str, people: list[tuple[str, str]], **declared: str) -> None:
        """Put photos side by side into one picture, and declare it."""
        canvas = Image.new("RGB", (SIDE * len(people), SIDE))
        for place, (pose, person) in enumerate(people):
            (photo,) = (self.london / pose).glob(f"{person}*.jpg")
            with Image.open(photo) as opened:
                canvas.paste(opened.resize((SIDE, SIDE)), (SIDE * place, 0))
        canvas.save(self.folder / "media" / name, quality=95)
        self.rows.append({"path": name, "label": "real", "source": "london", **declared})

    def composite(self, name: str, **declared: str) -> None:
        """Take one of the set's composites as it is, and declare it."""
        shutil.copy(self.london / "composite" / name, self.folder / "media" / name)
        said = {"label": "fake", "manipulation": "morph", "source": "london"}
        self.rows.append({"path": name, **said, **declared})

    def told(self, curate: Curate, **settings: str) -> Path:
        """Write it all down, run everything on it, and return the workspace."""
        _write(self.folder / "media" / "manifest.csv", self.rows)
        _write(self.folder / "consents.csv", self.consents)
        (self.folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
        ws = self.folder / "ws"
        curate("init", ws)
        config = (ws / "curate.toml").read_text(encoding="utf-8")
        faces = "\n".join(f'{key} = "{value}"' for key, value in settings.items())
        config = config.replace('analyzer = "dlib"', faces or 'analyzer = "dlib"')
        (ws / "curate.toml").write_text(config, encoding="utf-8")
        curate("ingest", self.folder / "media", "-w", ws)
        for name in ("sources.toml", "consents.csv"):
            curate("consent", "import", self.folder / name, "-w", ws)
        curate("run", "-w", ws)
        curate("audit", "-w", ws, "--fail-on", "never")
        return ws


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def story(shared_data: Path, tmp_path: Path) -> Story:
    """Return an empty story to be told with London photos."""
    return Story(tmp_path, shared_data / "faces" / "london")


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
    pack = story.london.parent.parent / "models" / "insightface" / "dev_mobile"
    ws = story.told(curate, analyzer="insightface", model=str(pack))

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
    """Two of the four are declared as donors; the withdrawal of another reaches it by descent."""
    four = ("025", "062", "099", "126")
    for name in four:
        story.person(name)
    parents = ";".join(f"{name}_03.jpg" for name in four)
    story.composite("f_african.jpg", derived_from=parents, subject="p062;p099", role="donor;donor")
    ws = story.told(curate)
    before, _, first = _explained(curate, "f_african.jpg", ws)

    curate("consent", "withdraw", "p126", "--yes", "-w", ws)
    curate("audit", "-w", ws, status=1)
    verdict, codes, words = _explained(curate, "f_african.jpg", ws)

    assert before == "cleared", first
    assert (verdict, codes) == ("blocked", {"DEP011"})
    assert "made from 126_03.jpg, which is blocked" in words
    assert _explained(curate, "025_03.jpg", ws)[0] == "cleared"


@pytest.mark.slow
def test_videos_are_cleared_once_their_frames_were_searched(story: Story, curate: Curate) -> None:
    """Clips of people who agreed leave review; one of a person who withdrew is blocked."""
    pytest.importorskip("av", reason="PyAV, the extra video, is not installed")
    grid = story.london.parent.parent / "media" / "grid"
    for clip, person in (("pwij3p", "g2"), ("id2_vcd_swwp2s", "g2"), ("lwbsza", "g3")):
        shutil.copy(grid / f"{clip}.mpg", story.folder / "media")
        declared = {"label": "real", "source": "london", "subject": f"p{person}"}
        story.rows.append({"path": f"{clip}.mpg", **declared})
    story.says("g2", withdrew=False)
    story.says("g3", withdrew=True)
    ws = story.told(curate)

    assert _explained(curate, "pwij3p.mpg", ws)[0] == "cleared"
    assert _explained(curate, "id2_vcd_swwp2s.mpg", ws)[0] == "cleared"
    verdict, codes, words = _explained(curate, "lwbsza.mpg", ws)
    assert (verdict, codes) == ("blocked", {"CON002"})
    assert "linked to pg3" in words
