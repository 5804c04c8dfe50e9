"""Frames of a video that stand for all of it: which they are, and rows of table ``frames``.

A frame is kept once a second, at a cut, and when the picture has moved more bits away from the
frame kept last than copies may differ by. The last is what makes matching complete: whatever
instant a copy was sampled at, some kept frame of the original lies within reach of it. A talking
head costs one frame a second, a shaking camera up to every frame.

Cuts are hard cuts; a dissolve is one shot that changes.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curate.media.animated import AnimationReader
from curate.media.decode import classified, decoder_version
from curate.media.glances import Shown, glances
from curate.media.hash_kinds import PDQ
from curate.media.kernels import default_kernels
from curate.media.limits import Limits
from curate.media.measures import tone
from curate.media.open import opened_media
from curate.media.pdq import Pdq, cells_pdq, reduced_cells
from curate.media.phash import hamming
from curate.media.unreadable import Reason, UnreadableError
from curate.media.video import Shown as VideoShown
from curate.media.video import VideoReader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from curate.media.open import FileBytes

    Bytes8 = npt.NDArray[np.uint8]
    Float32 = npt.NDArray[np.float32]

Row = dict[str, object]
Reader = VideoReader | AnimationReader

# ThreatExchange's radius for PDQ, and the quality below which it does not believe a hash.
_MOVED_BITS = PDQ.radius
_BELIEVED = PDQ.min_quality
# A cut changes what is there and how bright it is; shaking does the first, a flash the second.
_CUT_BITS = 60
_CUT_TONES = 0.35
_TONES = 32


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a frame is kept, and the shot that it is of."""

    reason: str
    """``second``, ``cut`` or ``change``."""
    shot: int


class Sampler:
    """Says of each frame in turn whether it is kept."""

    def __init__(self) -> None:
        self._shot = 0
        self._due = 0
        self._kept: Pdq | None = None
        self._before: Pdq | None = None
        self._tones: npt.NDArray[np.float64] | None = None

    def take(self, seconds: float, cells: Float32 | None, hashed: Pdq | None) -> Kept | None:
        """Return why the next frame is kept, or None.

        Args:
            seconds: When it is shown, after the first.
            cells: Its 64 x 64 reduction, 0 to 255; None for a frame too small to hash.
            hashed: The hash of these.
        """
        reason = "cut" if self._cut(cells, hashed) else None
        if reason is None and seconds >= self._due:
            reason = "second"
        if reason is None and self._moved(hashed):
            reason = "change"
        self._before = hashed
        if reason is None:
            return None
        self._shot += reason == "cut"
        self._due = max(self._due, int(seconds) + 1)
        self._kept = hashed
        return Kept(reason, self._shot)

    def _cut(self, cells: Float32 | None, hashed: Pdq | None) -> bool:
        if cells is None or hashed is None:
            return False
        tones = np.histogram(cells, _TONES, (0, 256))[0] / cells.size
        last, self._tones = self._tones, tones
        if last is None or self._before is None:
            return False
        apart = float(np.abs(tones - last).sum()) / 2
        return apart >= _CUT_TONES and hamming(hashed.hash, self._before.hash) >= _CUT_BITS

    def _moved(self, hashed: Pdq | None) -> bool:
        """Return whether a hash that is believed lies far from the last one kept."""
        if hashed is None or hashed.quality < _BELIEVED or self._kept is None:
            return False
        return self._kept.quality < _BELIEVED or hamming(hashed.hash, self._kept.hash) > _MOVED_BITS


def probe_frames(
    content: FileBytes, descriptor: int, limits: Limits
) -> tuple[Row, list[Row], VideoShown | None]:
    """Return what the frames of a video or animation tell.

    Args:
        content: Its bytes' facts.
        descriptor: The open file.
        limits: What the file may cost.

    Returns:
        Columns of table ``content``; rows of table ``frames`` but for the probe's version; and
        what of a video's stream was shown, None for an animation.

    Raises:
        UnreadableError: It has no frame that can be read.
    """
    kernels = default_kernels()
    rows: list[Row] = []
    with _decoder_errors(), closing(_reader(content, descriptor, limits)) as reader:
        for picture, kept, grey, hashed in _sampled(reader):
            height, width = grey.shape
            measured = tone(grey, (width, height), 1, kernels)
            rows.append(
                {
                    "sha256": content.sha256,
                    "frame": picture.frame,
                    "seconds": picture.seconds,
                    "shot": kept.shot,
                    "reason": kept.reason,
                    "pdq": hashed.hash if hashed else None,
                    "pdq_quality": hashed.quality if hashed else None,
                    "brightness": measured.brightness,
                    "sharpness": measured.sharpness,
                }
            )
        facts = reader.facts()
    return facts, rows, reader.shown if isinstance(reader, VideoReader) else None


def frame_method(package: str) -> str:
    """Return ``hash_method`` of frames that `package` decoded."""
    return (
        f"pdq=banded-1 kernels={default_kernels().name} decode={decoder_version(package)}/luma/1 "
        f"sampled=second+cut+change>{_MOVED_BITS}"
    )


def sampled_frames(
    path: Path,
    *,
    root: Path | None = None,
    limits: Limits | None = None,
    reasons: tuple[str, ...] = ("second", "cut"),
) -> Iterator[tuple[int, float, Bytes8]]:
    """Yield frames of a video or animation again, as the probe sampled them.

    Args:
        path: The file.
        root: The media root that links must not leave; by default the file's folder.
        limits: What the file may cost.
        reasons: Which frames are wanted, by the reason they were kept for.

    Yields:
        The frame's number as in table ``frames``, its time in seconds after the first, and its
        pixels, upright sRGB of shape (H, W, 3).

    Raises:
        UnreadableError: It is no video or animation, or cannot be read.
    """
    with _reading(path, root, limits) as reader:
        for picture, kept, _, _ in _sampled(reader):
            if kept.reason in reasons:
                yield picture.frame, picture.seconds, picture.rgb()
        reader.facts()


def searched_frames(
    path: Path,
    *,
    smallest: int,
    wanted: Collection[int] = (),
    root: Path | None = None,
    limits: Limits | None = None,
) -> Iterator[tuple[int, float, Bytes8]]:
    """Yield the frames of a video or animation in which faces are sought (see `glances`).

    Args:
        path: The file.
        smallest: The longer side of the smallest face that is looked for, in pixels.
        wanted: Numbers of frames that are taken in any case.
        root: The media root that links must not leave; by default the file's folder.
        limits: What the file may cost.

    Yields:
        The frame's number as in table ``frames``, for how many seconds before it frames had
        changed and were not searched, and its pixels, upright sRGB of shape (H, W, 3).

    Raises:
        UnreadableError: It is no video or animation, or cannot be read.
    """
    with _reading(path, root, limits) as reader:
        every = isinstance(reader, AnimationReader)
        for glance in glances(reader.pictures(), smallest=smallest, wanted=wanted, every=every):
            yield glance.picture.frame, glance.gap, glance.picture.rgb()
        reader.facts()


def numbered_frames(
    path: Path, numbers: Collection[int], *, root: Path | None = None, limits: Limits | None = None
) -> Iterator[tuple[int, Bytes8]]:
    """Yield the frames of a video or animation that have these numbers, in order.

    Args:
        path: The file.
        numbers: Numbers as in table ``frames``.
        root: The media root that links must not leave; by default the file's folder.
        limits: What the file may cost.

    Yields:
        The frame's number, and its pixels, upright sRGB of shape (H, W, 3).

    Raises:
        UnreadableError: It is no video or animation, or cannot be read.
    """
    last = max(numbers, default=-1)
    with _reading(path, root, limits) as reader:
        for picture in reader.pictures():
            if picture.frame in numbers:
                yield picture.frame, picture.rgb()
            if picture.frame >= last:
                return


@contextmanager
def _reading(path: Path, root: Path | None, limits: Limits | None) -> Iterator[Reader]:
    """Open the reader of a video or animation."""
    limits = limits or Limits()
    with (
        opened_media(path, root=root, limits=limits) as (content, descriptor),
        _decoder_errors(),
        closing(_reader(content, descriptor, limits)) as reader,
    ):
        yield reader


@contextmanager
def _decoder_errors() -> Iterator[None]:
    """Turn whatever a decoder raises about untrusted bytes into a reason."""
    try:
        yield
    except UnreadableError:
        raise
    except Exception as error:
        raise classified(error) from error


def _reader(content: FileBytes, descriptor: int, limits: Limits) -> Reader:
    found = content.format
    if found is None or not found.readable:
        raise UnreadableError(Reason.NOT_MEDIA, "not a video or animation that is read")
    if found.kind == "video":
        return VideoReader(descriptor, found, limits)
    return AnimationReader(content.data, found, limits)


def _sampled(reader: Reader) -> Iterator[tuple[Shown, Kept, Bytes8, Pdq | None]]:
    """Yield the frames that are kept, with their luma and hashes."""
    kernels = default_kernels()
    sampler = Sampler()
    for picture in reader.pictures():
        grey = picture.grey()
        height, width = grey.shape
        cells = reduced_cells(grey, (width, height), 1, kernels)
        hashed = None if cells is None else cells_pdq(cells)
        kept = sampler.take(picture.seconds, cells, hashed)
        if kept is not None:
            yield picture, kept, grey, hashed
