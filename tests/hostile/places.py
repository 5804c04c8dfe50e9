"""What is no plain file with a plain name: links, pipes, folders, holes, and names that bite."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.pieces import drawing, encoded


@dataclass(frozen=True)
class Place:
    """Something that is put below the media root.

    Attributes:
        name: Its name, as the file system has it.
        put: Makes it at a path.
        outcome: The format that it is read as, the reason why it is not read, or
            ``rejected: reason``; ``nothing`` where nothing is listed.
    """

    name: bytes
    put: Callable[[Path], object]
    outcome: str


def _link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def _sparse(size: int, start: bytes = b"") -> Callable[[Path], object]:
    def put(path: Path) -> None:
        path.write_bytes(start)
        os.truncate(path, size)

    return put


def _socket(path: Path) -> None:
    # A socket's address has little room: bind it by its name alone.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(path.name)
    finally:
        os.chdir(here)


def _folder_of(inner: str) -> Callable[[Path], object]:
    def put(path: Path) -> None:
        path.mkdir()
        _picture(path / inner)

    return put


def _forbidden(path: Path) -> None:
    _picture(path)
    path.chmod(0)


def _picture(path: Path) -> None:
    # Each its own picture, so that no file's outcome hangs on another's.
    seed = sum(os.fsencode(path.name)) % 9973
    path.write_bytes(encoded(image=drawing(120, 90, seed)))


_JPEG_START = encoded()[:400]
_GIB = 1 << 30

_KINDS = (
    Place(b"link-out-of-the-root.jpg", _link("../outside.jpg"), "rejected: outside-root"),
    Place(b"link-to-passwords.jpg", _link("/etc/passwd"), "rejected: outside-root"),
    Place(b"link-to-a-device.jpg", _link("/dev/zero"), "rejected: outside-root"),
    Place(b"link-to-itself.jpg", _link("link-to-itself.jpg"), "rejected: symlink-loop"),
    Place(b"link-to-nothing.jpg", _link("nowhere.jpg"), "missing"),
    Place(b"link-inside.jpg", _link("exif-orientation-6.jpg"), "JPEG"),
    Place(b"link-to-the-root", _link("."), "rejected: linked-folder"),
    Place(b"link-to-above", _link(".."), "rejected: linked-folder"),
    Place(b"folder.jpg", Path.mkdir, "nothing"),
    Place(b"folder.png", _folder_of("inside.jpg"), "nothing"),
    Place(b"pipe.jpg", os.mkfifo, "rejected: not-a-file"),
    Place(b"socket.jpg", _socket, "rejected: not-a-file"),
    Place(b"holes-of-3-gib.jpg", _sparse(3 * _GIB, _JPEG_START), "too_large"),
    Place(b"holes-of-8-tib.mp4", _sparse(8192 * _GIB, b"\0\0\0\x0cftypisom"), "too_large"),
    Place(b"holes-of-200-mib.png", _sparse(200 << 20, b"\x89PNG\r\n\x1a\n"), "unreadable"),
)

_NAMES = (
    Place(b"new\nline.jpg", _picture, "JPEG"),
    Place(b"bell\a escape\x1b[31m.jpg", _picture, "JPEG"),
    Place(b"latin-1-\xe9\xff.jpg", _picture, "rejected: name-not-utf8"),
    Place(("n" * 251 + ".jpg").encode(), _picture, "JPEG"),
    Place("🎉 👩🏽‍🔬.jpg".encode(), _picture, "JPEG"),
    Place(b"-rf.jpg", _picture, "JPEG"),
    Place(b"--help.jpg", _picture, "JPEG"),
    Place(b" leading and trailing .jpg", _picture, "JPEG"),
    Place(b"quote'\"`;$(id)&|.jpg", _picture, "JPEG"),
    Place(b"back\\slash.jpg", _picture, "JPEG"),
    Place(b"percent%2e%2e%2fetc.jpg", _picture, "JPEG"),
    Place("gpj.\u202egnp.jpg".encode(), _picture, "JPEG"),
    Place("<script>alert(1)<\u2215script>.jpg".encode(), _picture, "JPEG"),
    Place("e\u0301.jpg".encode(), _picture, "JPEG"),
    Place("\u00e9.jpg".encode(), _picture, "JPEG"),
    Place(b"CON.jpg", _picture, "JPEG"),
    Place(b"manifest.csv.jpg", _picture, "JPEG"),
    Place(b"..jpg", _picture, "JPEG"),
    Place(b".hidden.jpg", _picture, "JPEG"),
    Place(b"=cmd|'calc'!A1.jpg", _picture, "JPEG"),
)

# Who may read everything may read this too.
_FORBIDDEN = () if os.geteuid() == 0 else (Place(b"no-permission.jpg", _forbidden, "permission"),)

PLACES = (*_KINDS, *_NAMES, *_FORBIDDEN)
