"""Why a file could not be read as media: a closed list of reasons and one exception.

An unreadable file is a fact about a dataset, not a fault of the program: callers turn the
exception into a row. It carries the digests of the bytes whenever these could be read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        digests: Of the bytes, lowercase hex, by name of the kind of hash, when they could be
            read.
        byte_size: Length of the file in bytes, when known.
    """

    def __init__(
        self,
        reason_code: Reason,
        detail: str,
        *,
        digests: Mapping[str, str] | None = None,
        byte_size: int | None = None,
    ) -> None:
        super().__init__(f"{reason_code}: {detail}")
        self.reason_code = Reason(reason_code)
        self.detail = detail
        self.digests = dict(digests or {})
        self.byte_size = byte_size

    @property
    def sha256(self) -> str | None:
        """The content's name, when its bytes could be read."""
        return self.digests.get("sha256")

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary whole: probes run in workers."""
        state = (self.reason_code, self.detail, self.digests, self.byte_size)
        return _rebuild, state


def _rebuild(
    reason: Reason, detail: str, digests: Mapping[str, str], byte_size: int | None
) -> UnreadableError:
    return UnreadableError(reason, detail, digests=digests, byte_size=byte_size)
