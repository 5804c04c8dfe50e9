"""Videos that tests make: drawn scenes, encoded by PyAV."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import numpy.typing as npt
import pytest

from tests.unit.media.conftest import draw

av = pytest.importorskip("av", reason="PyAV, the extra video, is not installed")

Pixels = npt.NDArray[np.uint8]


def scene(seconds: float, *, seed: int = 0, fps: int = 25, pan: float = 0.0) -> list[Pixels]:
    """Return frames of 160 x 120 px: one drawing, moved sideways by `pan` px a frame."""
    count = round(seconds * fps)
    wide = draw(160 + round(abs(pan) * count) + 1, 120, seed)
    return [wide[:, round(pan * i) : round(pan * i) + 160].copy() for i in range(count)]


def film(
    frames: Iterable[Pixels],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    fps: int = 25,
    turn: int = 0,
    times: list[int] | None = None,
    sound: npt.NDArray[np.float32] | None = None,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
) -> bytes:
    """Return frames encoded as a video.

    Args:
        frames: Each of shape (H, W, 3); H and W even.
        container: FFmpeg's name of the muxer.
        codec: FFmpeg's name of the encoder.
        fps: Frames per second.
        turn: Clockwise quarter turns by which players shall show it.
        times: Each frame's time stamp, in frames; else 0, 1, 2, ...
        sound: A mono track at 16 kHz, shape (T,).
        options: The encoder's.
        muxer: The muxer's.
    """
    with (
        NamedTemporaryFile() as file,  # a muxer may want to read again what it wrote
        av.open(file.name, "w", format=container, options=muxer or {}) as out,
    ):
        stream = None
        audio = out.add_stream("aac", rate=16000, layout="mono") if sound is not None else None
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = out.add_stream(codec, rate=fps, options=options or {})
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = Fraction(1, fps)
                if turn:
                    stream.set_display_rotation(-90 * turn)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = times[number] if times else number
            frame.time_base = Fraction(1, fps)
            out.mux(stream.encode(frame))
        if stream is not None:
            out.mux(stream.encode())
        if audio is not None and sound is not None:
            _speak(out, audio, sound)
        out.close()
        return Path(file.name).read_bytes()


def _speak(out: object, audio: object, sound: npt.NDArray[np.float32]) -> None:
    for start in range(0, len(sound) - 1023, 1024):
        piece = av.AudioFrame.from_ndarray(
            sound[None, start : start + 1024].astype(np.float32), format="fltp", layout="mono"
        )
        piece.sample_rate, piece.pts = 16000, start
        out.mux(audio.encode(piece))  # type: ignore[attr-defined]
    out.mux(audio.encode())  # type: ignore[attr-defined]


def cut_out(source: Path, start: float, end: float, **options: object) -> bytes:
    """Return the frames from `start` to `end` seconds of a video, encoded again."""
    with av.open(str(source)) as video:
        rate = round(float(video.streams.video[0].average_rate))
        frames = [
            frame.to_ndarray(format="rgb24")
            for frame in video.decode(video=0)
            if start <= frame.time < end
        ]
    return film(frames, fps=rate, **options)  # type: ignore[arg-type]
