"""A dataset told with real photos: files, a manifest, and what the people in them said."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from tests.acceptance.conftest import Curate

POSES = {"neutral_front": "03", "smiling_front": "08"}
SOURCES = """
[[sources]]
source_id = "london"
name = "Face Research Lab London Set"
kind = "public_dataset"
acquisition_method = "via_publisher"
acquired_at = "2026-01-02T00:00:00Z"
licence = "CC-BY-4.0"
terms_flags = []
consent_claim = "individual_records"
"""
NOTICES = """
[[notices]]
notice = "notice-1"
version = "1"
language = "en"
text_file = "notice.txt"
covers_purposes = ["train-detector"]
covers_operations = ["include", "train_detector"]
"""
NOTICED = {"notice": "notice-1", "withdrawal_method": "write to the contact in the notice"}
RECORDS = ("sources.toml", "notices.toml", "consents.csv")
SIDE = 480


class Story:
    """Photos with a manifest, and what the people in them said.

    Attributes:
        folder: Where `media` and the statements are written.
        shared: The shared test data.
        london: The photos of the London set.
        rows: The manifest's rows.
        consents: The consent spreadsheet's rows.
    """

    def __init__(self, folder: Path, shared: Path) -> None:
        self.folder, self.shared, self.london = folder, shared, shared / "faces" / "london"
        self.rows: list[dict[str, str]] = []
        self.consents: list[dict[str, str]] = []

    @property
    def media(self) -> Path:
        """Return the folder of what is told."""
        return self.folder / "media"

    def people(self) -> list[str]:
        """Return the names of everybody in the set: three digits."""
        return sorted(photo.name[:3] for photo in (self.london / "neutral_front").glob("*.jpg"))

    def photo(self, person: str, pose: str, **declared: str) -> None:
        """Take a photo as it is, in its pose's folder."""
        name = f"{pose}/{person}_{POSES[pose]}.jpg"
        self._copy(name, name)
        self.declare(name, subject=f"p{person}", **declared)

    def person(self, name: str, *, withdrew: bool = False) -> None:
        """Take two small photos of someone, and what they said."""
        for pose, number in POSES.items():
            self.picture(f"{name}_{number}.jpg", [(pose, name)], subject=f"p{name}")
        self.says(name, withdrew=withdrew)

    def picture(self, name: str, people: list[tuple[str, str]], **declared: str) -> None:
        """Put photos side by side into one picture, and declare it."""
        canvas = Image.new("RGB", (SIDE * len(people), SIDE))
        for place, (pose, person) in enumerate(people):
            with Image.open(self.london / pose / f"{person}_{POSES[pose]}.jpg") as opened:
                canvas.paste(opened.resize((SIDE, SIDE)), (SIDE * place, 0))
        self.media.mkdir(parents=True, exist_ok=True)
        canvas.save(self.media / name, quality=95)
        self.declare(name, **declared)

    def composite(self, name: str, **declared: str) -> None:
        """Take one of the set's composites as it is, and declare it."""
        self._copy(f"composite/{Path(name).name}", name)
        self.declare(name, **{"label": "fake", "manipulation": "morph", **declared})

    def declare(self, name: str, **declared: str) -> None:
        """Write a line of the manifest: a real picture of the set unless said otherwise."""
        self.rows.append({"path": name, "label": "real", "source": "london", **declared})

    def says(self, person: str, *, withdrew: bool = False, **said: str) -> None:
        """Take what someone said of being used: all that a detector needs."""
        self.consents.append({
            "subject": f"p{person}", "subject_kind": "adult", "minor_at_capture": "no",
            "purposes": "train-detector", "roles": "depicted;donor", "manipulations": "morph",
            "operations": "include;train_detector;likeness_synthesis", "valid_from": "2020-01-01",
            "valid_until": "2100-01-01", "state": "withdrawn" if withdrew else "given",
            "state_at": "2026-01-05" if withdrew else "", **said,
        })  # fmt: skip

    def written(self, curate: Curate, **faces: str) -> Path:
        """Write it all down, catalogue it, and return the workspace.

        Args:
            curate: Runs the command line.
            **faces: Settings of `[faces]`; by default insightface with a small pack.
        """
        pack = self.shared / "models" / "insightface" / "dev_mobile"
        faces = faces or {"analyzer": "insightface", "model": str(pack)}
        write_csv(self.media / "manifest.csv", self.rows)
        ws = self.folder / "ws"
        curate("init", ws)
        config = (ws / "curate.toml").read_text(encoding="utf-8")
        settings = "\n".join(f'{key} = "{value}"' for key, value in faces.items())
        config = config.replace('analyzer = "dlib"', settings)
        (ws / "curate.toml").write_text(config, encoding="utf-8")
        curate("ingest", self.media, "-w", ws)
        if self.consents:
            write_csv(self.folder / "consents.csv", self.consents)
            write_records(self.folder)
            said = [self.folder / name for name in RECORDS]
            curate("consent", "import", *said, "-w", ws)
        return ws

    def _copy(self, photo: str, name: str) -> None:
        (self.media / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.london / photo, self.media / name)


def write_records(folder: Path) -> None:
    """Write what is on record beside consents: the source, and the notice that people read."""
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    (folder / "notices.toml").write_text(NOTICES, encoding="utf-8")
    (folder / "notice.txt").write_text("Your photos train detectors.", encoding="utf-8")


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows under every column that any of them has."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
