"""Read videos with PyAV: facts of container and streams, and frames in the order of display.

Rules kept here:

- One thread and no accelerator: the same frames on every machine.
- Damage inside a stream costs the frames it hits, and is counted.
- What one file may cost is bounded in pixels and frames, never in time, which no two runs share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from curate.engine.watch import alive
from curate.media.audio import Silence
from curate.media.container import open_container
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
        return np.ascontiguousarray(np.rot90(pixels, round(self.decoded.rotation / 90)))


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
    rotation: int = 0


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
        self._video = _video_stream(self._container, limits)
        sound = (s for s in self._container.streams.audio if s.codec_context is not None)
        self._audio = next(sound, None)

    def pictures(self) -> Iterator[Picture]:
        """Yield the frames in the order of display."""
        for packet in self._packets():
            if packet.stream.type == "audio":
                self._listen(packet)
                continue
            self._tally.size += packet.size
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
        if tally.rotation % 180:
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
            "rotation": -tally.rotation % 360,
            "audio_codec": _codec_name(self._audio),
            "leading_silence_ms": self._silence.milliseconds,
            "frames_read": self.extent,
            "decode_errors": tally.errors,
        }

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
        tally.rotation = round(decoded.rotation / 90) * 90
        tally.last = picture

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


def _video_stream(container: Any, limits: Limits) -> Any:
    from av.stream import Disposition

    # A cover is a picture that comes with sound.
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        kinds = sorted({stream.type for stream in container.streams})
        detail = f"no video stream; found: {', '.join(kinds) or 'no stream'}"
        raise UnreadableError(Reason.NO_VIDEO, detail)
    video = streams[0]
    codec = video.codec_context
    if codec is None:
        raise UnreadableError(Reason.UNSUPPORTED, "no decoder for the video stream")
    if codec.width and codec.height:
        check_size(codec.width, codec.height, limits, most=limits.max_video_pixels)
    # Frames may grow inside a stream, too.
    codec.options = {"max_pixels": str(limits.max_video_pixels)}
    codec.thread_type = "NONE"
    return video


def _codec_name(stream: Any) -> str | None:
    if stream is None:
        return None
    name: str = stream.codec_context.codec.canonical_name
    return name
