"""Members of archives: read as files, refused like files."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from curate.media import archive, probe_media
from curate.media.open import open_regular
from curate.media.unreadable import UnreadableError


def picture() -> bytes:
    """Return a PNG."""
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "PNG")
    return file.getvalue()


def pack(path: Path, name: str, content: bytes) -> Path:
    """Write a tar or a zip with one member and return the member's path."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(name, content)
    else:
        with tarfile.open(path, "w") as tar:
            item = tarfile.TarInfo(name)
            item.size = len(content)
            tar.addfile(item, io.BytesIO(content))
    return path / name


@pytest.mark.parametrize("ending", [".tar", ".zip", ".TAR"])
def test_member_is_read(tmp_path: Path, ending: str) -> None:
    """Its content is what was packed, however deep it lies."""
    (tmp_path / "p.png").write_bytes(picture())

    member = pack(tmp_path / f"a{ending}", "deep/p.png", picture())

    found = probe_media(member, root=tmp_path).content
    assert found == probe_media(tmp_path / "p.png", root=tmp_path).content


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_what_is_not_there(tmp_path: Path, ending: str) -> None:
    """A member of another name has vanished, like a file."""
    path = pack(tmp_path / f"a{ending}", "p.png", picture()).parent

    with pytest.raises(UnreadableError, match="vanished"):
        probe_media(path / "q.png", root=tmp_path)


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_broken_archive(tmp_path: Path, ending: str) -> None:
    """It is corrupt, and no error of ours."""
    member = pack(tmp_path / f"a{ending}", "p.png", picture())
    whole = member.parent.read_bytes()
    member.parent.write_bytes(whole[: len(whole) // 2] if ending == ".zip" else whole[:600])

    with pytest.raises(UnreadableError, match="corrupt"):
        probe_media(member, root=tmp_path)


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_large_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """It is refused before it fills the disk."""
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 10)

    with pytest.raises(UnreadableError, match="too_large"):
        probe_media(pack(tmp_path / f"a{ending}", "p.png", picture()), root=tmp_path)


def test_archive_outside_the_root(tmp_path: Path) -> None:
    """A link to an archive elsewhere leads nowhere."""
    root = tmp_path / "root"
    root.mkdir()
    pack(tmp_path / "a.tar", "p.png", picture())
    (root / "a.tar").symlink_to(tmp_path / "a.tar")

    with pytest.raises(UnreadableError, match="outside_root"):
        probe_media(root / "a.tar" / "p.png", root=root)


def test_archive_that_changed_is_indexed_anew(tmp_path: Path) -> None:
    """What was known of the old one is not believed of the new."""
    member = pack(tmp_path / "a.tar", "p.png", picture())
    probe_media(member, root=tmp_path)
    pack(tmp_path / "a.tar", "other.png", picture() + bytes(2000))

    with pytest.raises(UnreadableError, match="vanished"):
        probe_media(member, root=tmp_path)


def test_folder_called_like_an_archive(tmp_path: Path) -> None:
    """It is a folder."""
    (tmp_path / "a.tar").mkdir()
    (tmp_path / "a.tar" / "p.png").write_bytes(picture())

    with open_regular(tmp_path / "a.tar" / "p.png", root=tmp_path) as descriptor:
        assert descriptor > 2
