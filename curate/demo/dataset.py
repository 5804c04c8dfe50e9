"""The demo's dataset: media, manifest, consent records, and the problems planted in them.

People appear by pseudonym only, and every record is invented.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from curate.demo import pictures as make
from curate.model.ids import media_id

DATASET = "demo"
NOTICE = (
    "A demonstration: every consent record and label here is invented, people appear by "
    "pseudonym, and what is called fake is a plainly altered picture."
)

CONFIG = f"""\
[workspace]
name = "curate demo"
notice = {json.dumps(NOTICE)}

[uses.detector-training]
purpose = "train-detector"
operations = ["include", "train_detector"]
audience = "internal"
commercial = false
legal_basis = "A6-1-a"

[faces]
analyzer = "dlib"
"""


# Where the demo says that its pictures come from: invented, as all that it says is.
SOURCE = "studio"
SOURCES = f"""\
[[sources]]
source_id = "{SOURCE}"
name = "An invented studio"
kind = "own_capture"
acquisition_method = "direct_from_subject"
acquired_at = "2026-01-02T00:00:00Z"
licence = "CC-BY-4.0"
terms_flags = []
consent_claim = "individual_records"
"""


@dataclass(frozen=True)
class Entry:
    """One entry of the demo's manifest, and the rules that must find something in it."""

    path: str
    content: bytes
    subject: str = ""
    label: str = "real"
    manipulation: str = ""
    target: str = ""
    donor: str = ""
    planted: tuple[str, ...] = ()
    source: str = SOURCE

    @property
    def split(self) -> str:
        """The split that its folder names."""
        return self.path.split("/", 1)[0]


def entries(people: dict[str, Image.Image]) -> list[Entry]:
    """Return the entries: some that are clean, and at least one for each planted problem."""
    real = "train/real/"
    p01, p05 = people["p01"], people["p05"]
    truncated = make.jpeg(p01)[: len(make.jpeg(p01)) // 2]
    conflict = make.jpeg(make.brighter(p01, 0.9), 88)
    return [
        Entry(real + "p01_a.jpg", make.jpeg(p01), "p01", planted=("LAB001",)),
        Entry(real + "p01_view.jpg", make.jpeg(make.another_view(p01)), "p01"),
        Entry(real + "p01_view_small.jpg",
              make.jpeg(make.smaller(make.another_view(p01), 0.6), 85), "p01"),
        Entry("train/fake/p01_b.jpg", conflict, "p01", "fake", "attribute_edit",
              planted=("LAB001",)),
        Entry(real + "p01_cut_short.jpg", truncated, "p01", planted=("MED001",)),
        Entry(real + "p02_a.jpg", make.jpeg(people["p02"]), "p02", planted=("CON004",)),
        Entry("val/real/p03_a.jpg", make.jpeg(people["p03"]), "p03"),
        Entry("val/real/p03_view.jpg", make.jpeg(make.another_view(people["p03"])), "p03"),
        Entry("val/real/p04_a.jpg", make.jpeg(people["p04"]), "p04"),
        Entry("val/real/p04_bright.jpg", make.jpeg(make.brighter(people["p04"], 1.15)), "p04"),
        Entry("val/fake/donor_p04_target_p03.jpg", make.jpeg(make.altered(people["p04"])), "",
              "fake", "face_swap", target="p03", donor="p04", planted=("CON005",)),
        Entry("val/fake/donor_p03_target_p09.jpg", make.jpeg(make.altered(people["p03"])), "",
              "fake", "face_swap", target="p09", donor="p03", planted=("CON001",)),
        Entry("val/real/p03_and_someone.jpg", make.jpeg(people["p03+p04"]), "p03",
              planted=("DEP001", "DEP004")),
        Entry(real + "p05_a.jpg", make.jpeg(p05), "p05", planted=("SPL001", "SPL002")),
        Entry("test/real/p05_copy.jpg", make.jpeg(make.smaller(p05, 0.7), 80), "p05",
              planted=("SPL001", "SPL002")),
        Entry("test/real/p05_view.jpg", make.jpeg(make.another_view(p05)), "p05",
              planted=("SPL002",)),
        Entry(real + "p06_a.jpg", make.jpeg(people["p06"]), "p06", planted=("CON001",)),
        Entry(real + "p07_a.jpg", make.jpeg(people["p07"]), "p07", planted=("CON002",)),
        Entry(real + "p08_a.jpg", make.jpeg(people["p08"]), "p08", planted=("CON003", "CON026")),
    ]  # fmt: skip


_BASE = {
    "purposes": "train-detector",
    "operations": "include;train_detector;likeness_synthesis;likeness_alteration",
    "roles": "depicted",
    "manipulations": "face_swap;attribute_edit",
    "audience": "internal",
    "commercial": "no",
    "valid_from": "2024-01-01",
    "valid_until": "2100-01-01",
    "withdrawal_method": "write to the contact named in the notice",
}


def subjects() -> list[dict[str, str]]:
    """Return the rows of the list of subjects: all of them adults."""
    names = [f"p{number:02}" for number in range(1, 10)]
    return [{"subject": n, "subject_kind": "adult", "minor_at_capture": "no"} for n in names]


def consents() -> list[dict[str, str]]:
    """Return the rows of the consent spreadsheet; p06 and p09 have none."""
    return [
        {"subject": "p01", **_BASE},
        {"subject": "p02", **_BASE, "purposes": "evaluate-detector"},
        {"subject": "p03", **_BASE, "roles": "depicted;target;donor"},
        {"subject": "p04", **_BASE},
        {"subject": "p05", **_BASE},
        {"subject": "p07", **_BASE, "state": "withdrawn", "state_at": "2026-02-01"},
        {"subject": "p08", **_BASE, "valid_until": "2025-06-30"},
    ]


def write_dataset(folder: Path) -> list[Entry]:
    """Write media, manifest, consents and ``planted.json`` below `folder`; return the entries."""
    made = entries(make.subjects())
    media = folder / "media"
    for entry in made:
        place = media / entry.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(entry.content)
    columns = ("path", "label", "split", "subject", "manipulation", "target", "donor",
               "source")  # fmt: skip
    _write_csv(media / "manifest.csv", [{c: getattr(e, c) for c in columns} for e in made])
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    _write_csv(folder / "subjects.csv", subjects())
    _write_csv(folder / "consents.csv", consents())
    text = json.dumps(planted(made), indent=2)
    (folder / "planted.json").write_text(text + "\n", encoding="utf-8")
    return made


def planted(made: Iterable[Entry]) -> list[dict[str, str]]:
    """Return the planted problems: entry's id, rule and locator."""
    return [
        {"id": media_id(DATASET, entry.path), "rule": rule, "locator": entry.path}
        for entry in made
        for rule in entry.planted
    ]


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
