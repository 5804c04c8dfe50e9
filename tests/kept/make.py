"""Make the workspace that is kept of a format: ``python -m tests.kept.make FOLDER OUT.tar.xz``.

It is made by the command line of the version whose format is kept, once, before that format
changes; tests/acceptance/test_migrate.py migrates each of them. All pictures are noise.
FOLDER must be new, and appears in the tables: choose one that says nothing of this machine.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

PEOPLE = ("p01", "p02", "p03", "p04", "p05", "p06")
SOURCES = """
[[sources]]
source_id = "own"
name = "Recorded by the project"
kind = "own_capture"
acquisition_method = "direct_from_subject"
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
text = "Your photos train detectors."
covers_purposes = ["train-detector"]
covers_operations = ["include", "train_detector"]
"""
DOCUMENT = "0" * 63 + "{}"
# 2026-01-02, whatever day the workspace is made on: an unchanged file is not read again.
STAMP = 1_767_312_000


def main(folder: Path, out: Path) -> None:
    """Make a workspace with what can be in one, and pack it with its media."""
    folder.mkdir(parents=True)
    _media(folder / "media")
    _consents(folder)
    lists = folder / "list.txt"
    lists.write_text("sha256 " + "ab" * 32 + "\n", encoding="utf-8")
    os.environ["XDG_CONFIG_HOME"] = str(folder / "settings")
    place = ["-w", str(folder / "ws")]
    for line in _commands(folder):
        where = [] if line[0] in ("init", "keys") else place
        done = subprocess.run(
            [sys.executable, "-m", "curate", *line, *where], check=False, cwd=folder
        )
        sys.stdout.write(f"{done.returncode}: curate {' '.join(line)}\n")
    shutil.rmtree(folder / "ws" / "catalog" / ".derived", ignore_errors=True)
    with tarfile.open(out, "w:xz", preset=9) as archive:
        for name in ("media", "ws", "settings/curate/keys"):
            archive.add(folder / name, name, filter=_nobody)


def _commands(folder: Path) -> list[list[str]]:
    return [
        ["init", "ws"],
        ["keys", "new", "desk"],
        ["ingest", str(folder / "media"), "--dataset", "kept"],
        ["consent", "import", "sources.toml"],
        ["consent", "import", "notices.toml"],
        ["consent", "import", "consents.csv"],
        [
            "lists",
            "add",
            "deny",
            "list.txt",
            "--provider",
            "office",
            "--category",
            "ncii",
            "--stale-after",
            "2100-01-01",
        ],
        ["run", "--jobs", "1"],
        ["audit"],
        ["decide", "a4.jpg", "blocked", "--by", "ana", "--reason", "another person is shown"],
        ["decide", "a5.jpg", "cleared", "--by", "ana", "--reason", "looked at"],
        ["decide", "a5.jpg", "cleared", "--by", "ben", "--reason", "looked at too"],
        [
            "split",
            "--name",
            "parts",
            "--ratios",
            "0.5,0.5",
            "--names",
            "train,test",
            "--tolerance",
            "0.5",
        ],
        ["release", "build", "v1", "--key", "desk"],
        ["release", "deliver", "v1", "--to", "lab"],
        ["requests", "open", "takedown_likeness", "--subject", "p03"],
        ["consent", "withdraw", "p02", "--yes"],
        ["consent", "withdraw", "p01", "--yes"],
        ["consent", "erase", "p01", "--yes"],
        ["audit"],
        ["release", "recall", "p02", "--key", "desk"],
        ["release", "acknowledge", "v1", "--from", "lab", "--outcome", "deleted"],
    ]


def _media(folder: Path) -> None:
    folder.mkdir()
    rows = []
    for place, who in enumerate((*PEOPLE, *PEOPLE)):
        name = f"{'ab'[place // len(PEOPLE)]}{place % len(PEOPLE)}.jpg"
        noise = np.random.default_rng(place).integers(0, 255, (9, 9, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((64, 64), Image.Resampling.BICUBIC)
        picture.save(folder / name, quality=90)
        rows.append({"path": name, "label": "real", "subject": who, "source": "own",
                     "split": ("train", "test")[place % 2]})  # fmt: skip
    shutil.copy(folder / "b5.jpg", folder / "copy.jpg")
    rows.append({"path": "copy.jpg", "label": "real", "subject": "p06", "source": "own",
                 "split": "train"})  # fmt: skip
    _table(folder / "manifest.csv", rows)
    for path in folder.iterdir():
        os.utime(path, (STAMP, STAMP))


def _consents(folder: Path) -> None:
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    (folder / "notices.toml").write_text(NOTICES, encoding="utf-8")
    _table(folder / "consents.csv", [
        {"subject": who, "subject_kind": "adult", "minor_at_capture": "no",
         "consent": f"form-{who}", "purposes": "train-detector",
         "operations": "include;train_detector", "roles": "depicted", "notice": "notice-1",
         "valid_from": "2024-01-01", "valid_until": "2100-01-01",
         "document_sha256": DOCUMENT.format(place),
         "withdrawal_method": "write to the contact in the notice"}
        for place, who in enumerate(PEOPLE)
    ])  # fmt: skip


def _table(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
