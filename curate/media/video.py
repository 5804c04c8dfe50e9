"""Read videos with PyAV: facts of container and streams, and frames in the order of display.

Rules kept here:

- One thread and no accelerator: the same frames on every machine.
- Damage inside a stream costs the frames it hits, and is counted.
- What one file may cost is bounded in pixels and frames, never in time, which no two runs share.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from curate.engine.watch import alive
from curate.media.audio import Silence
from curate.media.container import chosen, open_container
from curate.media.decode import check_size
from curate.media.pace import Pace
from curate.media.unreadable import Reason, UnreadableError

if TYPE_CHECKING:
    import numpy.typing as npt

    from curate.media.limits import Limits
    from curate.media.sniff import Format

    Bytes8 = npt.NDArray[np.uint8]

Extent = Literal["every", "key", "part"]

_MOST_ERRORS = 1000


@dataclass(slots=True)
class Shown:
    """What reading the frames showed beside columns of table ``content``."""

    packets: int = 0
    """Coded pictures of the stream, as edit lists leave them."""
    left_out: int = 0
    """How many of them stand at the end and are left out, so that no frame needs them."""
    frames: int = 0
    cropped: int = 0
    """By how many pixels frames are coded larger than they are shown, at most."""
    stretch: Fraction = Fraction(1)
    """How many times as wide as high a pixel is shown, where that is farthest from one."""
    transparent: bool = False
    """Whether a frame has a plane of transparency that is not opaque."""
    tilted: bool = False
    """Whether a frame is shown turned by no quarter of a circle, or bent."""

    def add(self, packet: Any) -> None:
        """Count a packet of the stream."""
        if packet.size:
            self.packets += 1
            self.left_out = self.left_out + 1 if packet.is_discard else 0


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded frame."""

    frame: int
    """Its number in the order of display; an estimate where only key frames were decoded."""
    seconds: float
    """When it is shown, after the first."""
    decoded: Any
    """PyAV's frame."""

    def grey(self) -> Bytes8:
        """Return its luma from 0 to 255, upright: shape (H, W)."""
        return self._upright(self.decoded.reformat(format="gray").to_ndarray())

    def rgb(self) -> Bytes8:
        """Return its colours, upright: shape (H, W, 3)."""
        return self._upright(self.decoded.to_ndarray(format="rgb24"))

    def _upright(self, pixels: Bytes8) -> Bytes8:
        standing, mirrored = orientation(self.decoded)
        if mirrored:
            pixels = pixels[:, ::-1]
        return np.ascontiguousarray(np.rot90(pixels, standing))


def orientation(decoded: Any) -> tuple[int, bool]:
    """Return how a frame is shown: quarter turns against the clock, after being mirrored or not."""
    matrix = _matrix(decoded)
    if matrix is None:
        return round(decoded.rotation / 90) % 4, False
    across, down, left, right = matrix
    mirrored = across * right - down * left < 0
    if mirrored:
        # Mirrored from left to right first, so that the first column changes its sign.
        across, down = -across, -down
    # The matrix takes x to (across, down), with y counted downwards.
    quarters = round(math.atan2(-down, across) / (math.pi / 2)) % 4
    return quarters, mirrored


def _matrix(decoded: Any) -> tuple[int, int, int, int] | None:
    """Return the four numbers of a display matrix that turn, stretch and mirror."""
    for data in decoded.side_data:
        if data.type.name == "DISPLAYMATRIX":
            told = struct.unpack("<9i", bytes(data)[:36])
            return told[0], told[1], told[3], told[4]
    return None


def _is_tilted(decoded: Any) -> bool:
    """Return whether a frame is turned by no quarter, stretched, or bent."""
    matrix = _matrix(decoded)
    if matrix is None:
        return False
    across, down, left, right = (abs(number) for number in matrix)
    upright = across and right and not down and not left and across == right
    lying = down and left and not across and not right and down == left
    return not (upright or lying)


@dataclass
class _Tally:
    """What decoding has shown so far."""

    frames: int = 0
    pixels: int = 0
    errors: int = 0
    size: int = 0
    """Bytes of the video stream's packets."""
    start: Fraction | None = None
    """The first frame's time stamp, in seconds."""
    pace: Pace = field(default_factory=Pace)
    longest_run: int = 0
    """Most frames from a key frame to the next."""
    run: int = 0
    last: Picture | None = None
    turns: int = 0
    """Quarter turns against the clock by which the last frame is shown."""
    shown: Shown = field(default_factory=Shown)


class VideoReader:
    """Reads one video from an open descriptor, once.

    Args:
        descriptor: An open file; its position is moved.
        found: The sniffed format.
        limits: What the file may cost.

    Raises:
        UnreadableError: ``unsupported`` without PyAV or a decoder, ``no_video`` for sound alone,
            ``bomb`` for frames that are too large, else ``corrupt``.
    """

    def __init__(self, descriptor: int, found: Format, limits: Limits) -> None:
        self._limits = limits
        self._tally = _Tally()
        self._silence = Silence()
        self.extent: Extent = "every"
        self._container = open_container(descriptor, found)
        self._video, self._audio = chosen(self._container)
        _bound(self._video, limits)

    def pictures(self) -> Iterator[Picture]:
        """Yield the frames in the order of display."""
        for packet in self._packets():
            if packet.stream.type == "audio":
                self._listen(packet)
                continue
            self._tally.size += packet.size
            self._tally.shown.add(packet)
            self._tally.errors += bool(packet.is_corrupt)
            for decoded in self._decoded(packet):
                picture = self._numbered(decoded)
                self._count(picture)
                yield picture
            if not self._within_limits():
                return

    def facts(self) -> dict[str, object]:
        """Return columns of table ``content``, once the frames have been read.

        Raises:
            UnreadableError: Not one frame could be decoded.
        """
        tally, last = self._tally, self._tally.last
        if last is None:
            detail = f"no frame can be decoded ({tally.errors} errors)"
            raise UnreadableError(Reason.CORRUPT, detail)
        # An index that promises more, together with an error, means that the end is missing;
        # alone it may mean that an edit list leaves frames out.
        if tally.errors and self._video.frames > last.frame + 1:
            self.extent = "part"
        every = self.extent == "every"
        length = last.seconds + tally.pace.typical
        width, height = last.decoded.width, last.decoded.height
        if tally.turns % 2:
            width, height = height, width
        return {
            "width": width,
            "height": height,
            "frame_count": tally.frames if every else None,
            "duration_ms": round(1000 * length) if self.extent != "part" else None,
            "bit_depth": max(c.bits for c in last.decoded.format.components),
            "video_codec": _codec_name(self._video),
            "video_profile": self._video.profile or None,
            "video_bitrate": round(8 * tally.size / length) if every and length else None,
            "fps": round((tally.frames - 1) / last.seconds, 4) if every and last.seconds else None,
            "fps_variable": not tally.pace.steady if every else None,
            "gop_frames": max(tally.longest_run, tally.run) if every else None,
            "rotation": -90 * tally.turns % 360,
            "audio_codec": _codec_name(self._audio),
            "leading_silence_ms": self._silence.milliseconds,
            "frames_read": self.extent,
            "decode_errors": tally.errors,
        }

    @property
    def shown(self) -> Shown:
        """What of the stream was shown, and how, once the frames have been read."""
        return self._tally.shown

    def close(self) -> None:
        """Let go of the decoders."""
        self._container.close()

    def _packets(self) -> Iterator[Any]:
        import av

        streams = [self._video] + ([self._audio] if self._audio else [])
        source = self._container.demux(*streams)
        while True:
            try:
                packet = next(source)
            except StopIteration:
                return
            except av.FFmpegError as error:
                self._failed(error)
                self.extent = "part"
                return
            alive()
            yield packet

    def _decoded(self, packet: Any) -> list[Any]:
        import av

        try:
            found: list[Any] = packet.decode()
        except av.FFmpegError as error:
            self._failed(error)
            return []
        return found

    def _failed(self, error: Exception) -> None:
        if isinstance(error, MemoryError):
            raise error
        self._tally.errors += 1

    def _listen(self, packet: Any) -> None:
        if not self._silence.over:
            for sound in self._decoded(packet):
                self._silence.add(sound)

    def _numbered(self, decoded: Any) -> Picture:
        """Return a frame with its number and time; clocks that run back stand still."""
        tally, last = self._tally, self._tally.last
        rate = float(self._video.average_rate or self._video.guessed_rate or 25)
        stamp = None if decoded.pts is None else decoded.pts * Fraction(decoded.time_base)
        if last is None:
            tally.start = stamp
            return Picture(0, 0.0, decoded)
        if stamp is None or tally.start is None:
            seconds = last.seconds + 1 / rate
        else:
            seconds = round(float(stamp - tally.start), 6)
        seconds = max(seconds, last.seconds)
        # Key frames alone do not say how many frames lie between them.
        step = 1 if self.extent == "every" else max(1, round((seconds - last.seconds) * rate))
        return Picture(last.frame + step, seconds, decoded)

    def _count(self, picture: Picture) -> None:
        tally, decoded = self._tally, picture.decoded
        if tally.last is not None:
            tally.pace.add(picture.seconds - tally.last.seconds)
        if decoded.key_frame:
            tally.longest_run, tally.run = max(tally.longest_run, tally.run), 0
        tally.run += 1
        tally.frames += 1
        tally.errors += bool(decoded.is_corrupt)
        tally.pixels += decoded.width * decoded.height
        tally.turns, _ = orientation(decoded)
        tally.last = picture
        self._note(decoded)

    def _note(self, decoded: Any) -> None:
        """Note what other programs may show of a frame otherwise."""
        shown, codec = self._tally.shown, self._video.codec_context
        shown.frames += 1
        for coded, seen in (
            (codec.coded_width, decoded.width),
            (codec.coded_height, decoded.height),
        ):
            shown.cropped = max(shown.cropped, (coded or 0) - seen)
        for stretch in (self._video.sample_aspect_ratio, codec.sample_aspect_ratio):
            if stretch and max(stretch, 1 / stretch) > max(shown.stretch, 1 / shown.stretch):
                shown.stretch = Fraction(stretch)
        shown.tilted = shown.tilted or _is_tilted(decoded)
        shown.transparent = shown.transparent or not _is_opaque(decoded)

    def _within_limits(self) -> bool:
        """Return whether to go on; what costs too much goes on with key frames alone."""
        tally, limits = self._tally, self._limits
        if tally.errors > _MOST_ERRORS:
            self.extent = "part"
            return False
        if tally.pixels <= limits.max_decoded_pixels and tally.frames <= limits.max_decoded_frames:
            return True
        if self.extent == "every":
            self.extent = "key"
            self._video.codec_context.skip_frame = "NONKEY"
            tally.pixels = tally.frames = 0
            return True
        self.extent = "part"
        return False


def _is_opaque(decoded: Any) -> bool:
    """Return whether a frame hides nothing of itself."""
    kind = decoded.format
    if not kind.has_palette and not any(part.is_alpha for part in kind.components):
        return True
    # The last plane of this format is the transparency alone.
    plane = decoded.reformat(format="yuva444p").planes[3]
    alpha = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width]
    return bool(alpha.min() == 255)


def _bound(video: Any, limits: Limits) -> None:
    """Bound what a stream may cost to decode."""
    codec = video.codec_context
    if codec.width and codec.height:
        check_size(codec.width, codec.height, limits, most=limits.max_video_pixels)
    # Frames may grow inside a stream, too.
    codec.options = {"max_pixels": str(limits.max_video_pixels)}
    codec.thread_type = "NONE"


def _codec_name(stream: Any) -> str | None:
    if stream is None:
        return None
    name: str = stream.codec_context.codec.canonical_name
    return name
