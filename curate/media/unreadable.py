"""Why a file could not be read as media: a closed list of reasons and one exception.

An unreadable file is a fact about a dataset, not a fault of the program: callers turn the
exception into a row. It carries the digests of the bytes whenever these could be read.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Every reason for which a file is not read."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    NOT_MEDIA = "not_media"
    NO_VIDEO = "no_video"
    BOMB = "bomb"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    VANISHED = "vanished"
    OUTSIDE_ROOT = "outside_root"
    NOT_A_FILE = "not_a_file"
    PERMISSION = "permission"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    REMOTE = "remote"
    LISTED = "listed"


class UnreadableError(Exception):
    """A file cannot be read as media.

    Args:
        reason_code: One of the closed list of reasons.
        detail: What was found, one sentence without a full stop.
        sha256: SHA-256 of the bytes, when they could be read.
        md5: MD5 of the bytes, likewise.
        byte_size: Length of the file in bytes, when known.
    """

    def __init__(
        self,
        reason_code: Reason,
        detail: str,
        *,
        sha256: str | None = None,
        md5: str | None = None,
        byte_size: int | None = None,
    ) -> None:
        super().__init__(f"{reason_code}: {detail}")
        self.reason_code = Reason(reason_code)
        self.detail = detail
        self.sha256 = sha256
        self.md5 = md5
        self.byte_size = byte_size

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary whole: probes run in workers."""
        state = (self.reason_code, self.detail, self.sha256, self.md5, self.byte_size)
        return _rebuild, state


def _rebuild(
    reason: Reason, detail: str, sha256: str | None, md5: str | None, byte_size: int | None
) -> UnreadableError:
    return UnreadableError(reason, detail, sha256=sha256, md5=md5, byte_size=byte_size)
