"""Opening untrusted media files: what they are, what they show, what they hash to.

Importing this package is cheap; the functions load their decoders when first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curate.media.limits import Limits
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    from curate.media.frames import numbered_frames, sampled_frames, searched_frames
    from curate.media.probe import PROBE_VERSION, probe_file, probe_media
    from curate.media.render import load_rgb, thumbnail_jpeg

__all__ = [
    "PROBE_VERSION",
    "Limits",
    "Reason",
    "UnreadableError",
    "load_rgb",
    "numbered_frames",
    "probe_file",
    "probe_media",
    "sampled_frames",
    "searched_frames",
    "thumbnail_jpeg",
]

_LAZY = {
    "PROBE_VERSION": "curate.media.probe",
    "probe_file": "curate.media.probe",
    "probe_media": "curate.media.probe",
    "numbered_frames": "curate.media.frames",
    "sampled_frames": "curate.media.frames",
    "searched_frames": "curate.media.frames",
    "load_rgb": "curate.media.render",
    "thumbnail_jpeg": "curate.media.render",
}


def __getattr__(name: str) -> Any:
    """Load the functions on first use."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    msg = f"module 'curate.media' has no attribute {name!r}"
    raise AttributeError(msg)
