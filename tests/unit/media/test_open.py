"""Opening: only regular files under the root, each byte read once."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from curate.media.limits import Limits
from curate.media.open import read_media
from curate.media.unreadable import Reason, UnreadableError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def reason(path: Path, root: Path | None = None, limits: Limits | None = None) -> Reason:
    """Return why `path` is not opened."""
    with pytest.raises(UnreadableError) as caught:
        read_media(path, root=root, limits=limits or Limits())
    return caught.value.reason_code


def test_bytes_and_digests_are_those_of_the_file(write: Callable[..., Path]) -> None:
    content = read_media(write(PNG), root=None, limits=Limits())
    assert content.data == PNG
    assert content.byte_size == len(PNG)
    assert content.sha256 == hashlib.sha256(PNG).hexdigest()
    assert content.digests["md5"] == hashlib.md5(PNG).hexdigest()
    assert content.digests["sha1"] == hashlib.sha1(PNG).hexdigest()


def test_large_file_that_is_no_picture_is_hashed_but_not_held(write: Callable[..., Path]) -> None:
    data = b"\x1aE\xdf\xa3" + bytes(3_000_000)
    content = read_media(write(data, "a.mkv"), root=None, limits=Limits())
    assert content.sha256 == hashlib.sha256(data).hexdigest()
    assert len(content.data) < 10_000


def test_empty_file_is_empty_and_has_the_digest_of_nothing(write: Callable[..., Path]) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_media(write(b""), root=None, limits=Limits())
    assert caught.value.reason_code is Reason.EMPTY
    assert caught.value.sha256 == hashlib.sha256().hexdigest()


def test_picture_over_the_byte_limit_is_too_large_and_still_hashed(
    write: Callable[..., Path],
) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_media(write(PNG), root=None, limits=Limits(max_bytes=50))
    assert caught.value.reason_code is Reason.TOO_LARGE
    assert caught.value.sha256 == hashlib.sha256(PNG).hexdigest()


def test_any_file_over_the_stream_limit_is_too_large(write: Callable[..., Path]) -> None:
    assert reason(write(PNG), limits=Limits(max_stream_bytes=50)) is Reason.TOO_LARGE


def test_missing_file_has_vanished(tmp_path: Path) -> None:
    assert reason(tmp_path / "gone.jpg") is Reason.VANISHED


def test_name_with_a_null_byte_has_vanished(tmp_path: Path) -> None:
    assert reason(tmp_path / "a\0b.jpg") is Reason.VANISHED


def test_directory_named_like_a_picture_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    assert reason(tmp_path / "x.jpg") is Reason.NOT_A_FILE


def test_pipe_without_a_writer_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "pipe.jpg") is Reason.NOT_A_FILE


def test_socket_is_not_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's whole path may have 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.jpg")
        assert reason(tmp_path / "s.jpg") is Reason.NOT_A_FILE


def test_link_loop_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    assert reason(tmp_path / "a.jpg") is Reason.NOT_A_FILE


def test_link_out_of_the_root_is_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    root = tmp_path / "media"
    root.mkdir()
    (root / "a.png").symlink_to(tmp_path / "secret.png")
    assert reason(root / "a.png", root) is Reason.OUTSIDE_ROOT
    assert reason(root / "a.png") is Reason.OUTSIDE_ROOT


def test_dots_out_of_the_root_are_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "media").mkdir()
    assert reason(tmp_path / "media" / ".." / "secret.png", tmp_path / "media") is (
        Reason.OUTSIDE_ROOT
    )


def test_folder_that_shares_the_roots_prefix_is_outside(tmp_path: Path) -> None:
    for name in ("media", "media2"):
        (tmp_path / name).mkdir()
    (tmp_path / "media2" / "a.png").write_bytes(PNG)
    assert reason(tmp_path / "media2" / "a.png", tmp_path / "media") is Reason.OUTSIDE_ROOT


def test_link_inside_the_root_is_followed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "b" / "real.png").write_bytes(PNG)
    (tmp_path / "a" / "link.png").symlink_to("../b/real.png")
    assert read_media(tmp_path / "a" / "link.png", root=tmp_path, limits=Limits()).data == PNG


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_mode_is_permission(write: Callable[..., Path]) -> None:
    path = write(PNG)
    path.chmod(0)
    assert reason(path) is Reason.PERMISSION
