"""Files that change where they lie are read again by the next run."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from PIL import Image

import curate
from curate.api import Project
from curate.catalog.views import read_entries
from curate.cli.main import main


def picture(shade: int) -> bytes:
    """Return a PNG."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


def write(path: Path, content: bytes, time: int) -> None:
    """Write a file as of an instant."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(time, time))


def seen(project: Project) -> dict[str, str | None]:
    """Return the digest of each entry's bytes, as they are known."""
    rows = read_entries(project.catalog).to_pylist()
    return {row["locator"]: row["sha256"] for row in rows}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a workspace of two pictures that were read."""
    for number, name in enumerate("ab"):
        write(tmp_path / "media" / f"{name}.png", picture(number), 1000)
    made = curate.init(tmp_path / "ws")
    made.ingest(tmp_path / "media")
    made.run(["probe"], jobs=1)
    return made


def test_changed_file_is_read_again(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its bytes are others, and nothing that was known of the old ones is said of it."""
    before = seen(project)
    write(tmp_path / "media" / "a.png", picture(9), 2000)

    status = main(["run", "probe", "-j", "1", "-w", str(tmp_path / "ws")])

    after = seen(project)
    assert status == 0
    assert (
        "1 file changed in place since the last listing, and was read again"
        in capsys.readouterr().out
    )
    assert after["a.png"] not in (None, before["a.png"])
    assert before["b.png"] == after["b.png"]
    assert main(["run", "probe", "-j", "1", "-w", str(tmp_path / "ws")]) == 0
    assert "nothing to do" in capsys.readouterr().out
    # The catalogue was changed by us, and is not taken for tampered with.
    assert project.ingest(tmp_path / "media").changed == 0


def test_file_that_is_gone_is_left_to_ingest(project: Project, tmp_path: Path) -> None:
    """A folder that is not mounted is no reason to forget what was read."""
    before = seen(project)
    (tmp_path / "media").rename(tmp_path / "elsewhere")

    project.run(["probe"], jobs=1)

    assert seen(project) == before


def test_archive_that_changed_is_read_again(tmp_path: Path) -> None:
    """Its members have its time."""

    def pack(shade: int, time: int) -> None:
        tar_path = tmp_path / "media" / "s.tar"
        tar_path.parent.mkdir(exist_ok=True)
        with tarfile.open(tar_path, "w") as tar:
            item = tarfile.TarInfo("a.png")
            item.size = len(picture(shade))
            tar.addfile(item, io.BytesIO(picture(shade)))
        os.utime(tar_path, ns=(time, time))

    pack(1, 1000)
    project = curate.init(tmp_path / "ws")
    project.ingest(tmp_path / "media")
    project.run(["probe"], jobs=1)
    before = seen(project)
    project.run(["probe"], jobs=1)
    assert seen(project) == before
    pack(2, 2000)

    project.run(["probe"], jobs=1)

    assert seen(project).keys() == before.keys()
    assert seen(project) != before
