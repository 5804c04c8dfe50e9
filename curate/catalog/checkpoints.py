"""Checkpoints: what someone keeps of a ledger, to prove later that it was only added to.

The text is the body of a transparency-log checkpoint (C2SP ``tlog-checkpoint``, as Go's
checksum database and Rekor print them): the log's origin, its size, its root in base64, then
extension lines. Ours is the digest of the quiescent file, which covers even bytes that no
entry uses. A signed note adds a blank line and signatures, which are kept by whoever signs.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path

from curate.catalog.merkle import HASH_SIZE
from curate.errors import InvalidFileError, PathNotFoundError
from curate.files import write_whole

ORIGIN = "curate-ledger"
_FILE_LINE = "file-sha256 "


@dataclass(frozen=True)
class Checkpoint:
    """A ledger's state at an instant; it names no one and may be published.

    Attributes:
        origin: Which ledger: ``curate-ledger/`` and the first 16 hex digits of its first leaf.
        size: How many entries it had.
        root: The Merkle root over them, 32 bytes.
        file_sha256: The digest of its file when no write was under way, hex; None if not taken.
    """

    origin: str
    size: int
    root: bytes
    file_sha256: str | None = None

    def __str__(self) -> str:
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        if self.file_sha256:
            lines.append(_FILE_LINE + self.file_sha256)
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> Checkpoint:
        """Return the checkpoint that `text` is; signatures below a blank line are not read.

        Args:
            text: The text form.
            where: The file it came from, for errors.

        Raises:
            InvalidFileError: It is no checkpoint of a ledger.
        """
        lines = text.split("\n\n", 1)[0].splitlines()
        try:
            origin, size, encoded = lines[:3]
            root = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise InvalidFileError(
                "this is no checkpoint: expected an origin, a size and a root in base64",
                where=where,
            ) from None
        if not _is_number(size) or len(root) != HASH_SIZE or not origin.startswith(ORIGIN):
            raise InvalidFileError("this is no checkpoint of a ledger", where=where)
        digests = [x.removeprefix(_FILE_LINE) for x in lines[3:] if x.startswith(_FILE_LINE)]
        return cls(origin, int(size), root, digests[0] if digests else None)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Return the checkpoint in a file.

        Raises:
            PathNotFoundError: There is no such file.
            InvalidFileError: It holds no checkpoint of a ledger.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise PathNotFoundError("there is no such checkpoint", where=str(path)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidFileError(f"no checkpoint can be read: {error}", where=str(path)) from None
        return cls.parse(text, where=str(path))

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        write_whole(path, str(self))


def origin_of(first_leaf: bytes | None) -> str:
    """Return the origin of the ledger whose first leaf hash this is; None for an empty one.

    A leaf is salted: no two ledgers share their first.
    """
    return ORIGIN if first_leaf is None else f"{ORIGIN}/{first_leaf.hex()[:16]}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")
