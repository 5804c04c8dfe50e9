"""How much one untrusted file may cost."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that hold before anything is allocated or decoded.

    Time and memory of a whole process are bounded by whoever runs the worker; these bounds
    keep a single file from needing that.
    """

    max_bytes: int = 256 * MEBIBYTE
    """Largest picture held in memory, in bytes."""

    max_stream_bytes: int = 64 * 1024 * MEBIBYTE
    """Largest file of any kind that is read for its digests, in bytes."""

    max_pixels: int = 150_000_000
    """Largest picture decoded, in pixels of one frame, from the header."""

    max_scans: int = 128
    """Most scans of a progressive JPEG: each costs a pass over the whole picture."""

    max_frames: int = 100_000
    """Most frames of an animation that are counted."""
