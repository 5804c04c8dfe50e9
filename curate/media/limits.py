"""How much one untrusted file may cost."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20
# What lies in an archive or elsewhere is copied before it is read: more than this is no single
# picture or clip.
MAX_MEMBER_BYTES = 8 << 30


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

    max_video_pixels: int = 1 << 26
    """Largest frame of a video, in pixels: a decoder holds up to seventeen of them."""

    max_decoded_pixels: int = 1 << 33
    """Pixels of a video's frames that are decoded in all, twenty minutes of 480 x 720; then only
    key frames are, and after as many again nothing is."""

    max_decoded_frames: int = 100_000
    """Frames of a video that are decoded, likewise."""
