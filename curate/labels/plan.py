"""How a shortcut is removed by making all items alike, feature by feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Of each label, so many have to reach what all are brought down to.
REACHED = 0.95


@dataclass(frozen=True)
class Feature:
    """A feature that should not matter, and what takes it away.

    Attributes:
        column: Its column among the items.
        title: What it is called.
        action: What makes all items alike in it; ``{at}`` is the value all are brought to.
        brings_down: Whether items can be brought down to a value and not up.
    """

    column: str
    title: str
    action: str
    brings_down: bool = False


_ENCODE = "encode all pictures as JPEG again, with one encoder, tables and subsampling"
_TRANSCODE = "transcode all videos to one container, codec and profile"
_STRIP = "take metadata out of all files: curate release build does"
_MATCH = "no encoding takes this away: keep the matched subset"

FEATURES = (
    Feature("kind", "picture or video", "train on frames of videos and on pictures apart"),
    Feature("format", "container", _ENCODE),
    Feature("video_codec", "video codec", _TRANSCODE),
    Feature("video_profile", "video profile", _TRANSCODE),
    Feature("gop_frames", "group of pictures", _TRANSCODE),
    Feature("fps", "frames per second", "sample all videos at {at} frames per second",
            brings_down=True),
    Feature("duration_ms", "duration", "cut all videos to {at} ms", brings_down=True),
    Feature("video_bitrate", "bitrate", "transcode all videos to {at} bit/s", brings_down=True),
    Feature("audio_codec", "audio codec", "take the sound out of all videos, or encode it again"),
    Feature("leading_silence_ms", "leading silence", "cut silence at the beginning of all"),
    Feature("jpeg_qtable_digest", "quantisation tables", _ENCODE),
    Feature("jpeg_quality", "JPEG quality", _ENCODE + " at quality {at}", brings_down=True),
    Feature("jpeg_subsampling", "chroma subsampling", _ENCODE),
    Feature("jpeg_progressive", "progressive coding", _ENCODE),
    Feature("mode", "pixel mode", _ENCODE),
    Feature("byte_size", "file size", _ENCODE),
    Feature("bits_per_pixel", "bits per pixel", _ENCODE),
    Feature("width", "width", "scale all to {at} px in width", brings_down=True),
    Feature("height", "height", "scale all to {at} px in height", brings_down=True),
    Feature("aspect", "aspect", "cut all to one aspect"),
    Feature("face_share", "crop margin", "cut all faces again with one margin"),
    Feature("has_exif", "EXIF", _STRIP),
    Feature("has_icc", "ICC profile", _STRIP),
    Feature("exif_orientation", "orientation tag", "turn all pictures upright; " + _STRIP),
    Feature("trailing_bytes", "trailing bytes", _STRIP),
    Feature("brightness", "brightness", _MATCH),
    Feature("contrast", "contrast", _MATCH),
    Feature("sharpness", "sharpness", _MATCH),
    Feature("redness", "redness", _MATCH),
    Feature("blueness", "blueness", _MATCH),
    Feature("saturation", "saturation", _MATCH),
    Feature("source_id", "source", _MATCH),
    Feature("compression", "declared compression", "use one compression of each clip"),
    Feature("name_shape", "file name", "name all files by their digest"),
    Feature("extension", "file extension", "name all files by their digest and format"),
)  # fmt: skip
BY_TITLE = {feature.title: feature for feature in FEATURES}


def plan_of(
    title: str,
    values: npt.NDArray[np.float64] | None,
    label: npt.NDArray[np.int64],
) -> tuple[str, int]:
    """Return what makes all items alike in a feature, and how many items cannot be brought there.

    Args:
        title: The feature.
        values: Its numbers, shape (N,), nan where there is none; None for words.
        label: Each item's label.
    """
    feature = BY_TITLE.get(title)
    if feature is None:
        return "remove the shortcuts above one by one, or keep the matched subset", 0
    if not feature.brings_down or values is None:
        return feature.action, 0
    known = np.isfinite(values)
    tops = [
        float(np.quantile(values[known & (label == value)], 1 - REACHED, method="lower"))
        for value in np.unique(label[known])
    ]
    target = min(tops)
    below = int((known & (values < target)).sum())
    return feature.action.replace("{at}", f"{target:g}"), below
