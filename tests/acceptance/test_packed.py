"""Media that never leave their archive until a release copies them out of it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import curate


def _pictures() -> dict[str, bytes]:
    found = {}
    for number, name in enumerate(("train/real/a.png", "train/real/b.png", "test/real/c.png")):
        file = io.BytesIO()
        Image.effect_noise((64, 48), 20 + 40 * number).save(file, "PNG")
        found[name] = file.getvalue()
    return found


def _pack(folder: Path, kind: str) -> Path:
    if kind == "zip":
        with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in PICTURES.items():
                packed.writestr(name, data)
        return folder / "set.zip"
    # Shards say of each sample what a manifest's row would.
    with tarfile.open(folder / "train-000.tar", "w") as tar:
        for name, data in PICTURES.items():
            for member, content in ((name, data), (f"{name[:-4]}.json", b'{"label": "real"}')):
                item = tarfile.TarInfo(member)
                item.size = len(content)
                tar.addfile(item, io.BytesIO(content))
    return folder / "train-000.tar"


PICTURES = _pictures()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_members_of_an_archive_are_copied_into_a_release(kind: str, tmp_path: Path) -> None:
    """What goes out is what was packed, found by the manifest's digests."""
    project = curate.init(tmp_path / "ws")
    project.ingest(_pack(tmp_path, kind))
    project.run(["probe"], jobs=1)
    project.audit()
    for who, name in (("ann", "Ann Lee"), ("bo", "Bo Berg")):
        project.add_reviewer(who, name=name)
    for row in project.catalog.read("media").to_pylist():
        for who in ("ann", "bo"):
            # Nothing is on record of these pictures but that two people let them pass.
            project.decide(row["locator"], "cleared", reviewer=who, reason="noise, no face")

    project.release("v1")

    folder = tmp_path / "ws" / "releases" / "v1"
    listed = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    media = [one for one in listed if one["path"].endswith(".png")]
    assert len(media) == len(PICTURES)
    for one in media:
        data = (folder / one["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        assert Image.open(io.BytesIO(data)).tobytes() in {
            Image.open(io.BytesIO(content)).tobytes() for content in PICTURES.values()
        }
