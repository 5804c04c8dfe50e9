"""Videos without their metadata: the same packets in a fresh container."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.media.unreadable import Reason, UnreadableError
from tests.unit.media.hiding import handed_on
from tests.unit.media.videos import av, film, scene

SECRET = "51.5007N 0.1246W Anna Example"
CONTAINERS = [
    *(("mp4", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4"), ("mpegts", "mpeg2video")),
    *(("flv", "flv"), ("asf", "wmv2"), ("ogg", "libvpx"), ("mpeg", "mpeg1video")),
]


def tagged(video: bytes, container: str) -> bytes:
    """Return a video with the secret in tags of its container and its stream."""
    out = io.BytesIO()
    with av.open(io.BytesIO(video)) as source, av.open(out, "w", format=container) as target:
        target.metadata["title"] = target.metadata["comment"] = SECRET
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.metadata["title"] = SECRET
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()


def packets(video: bytes) -> list[bytes]:
    """Return the coded pictures."""
    with av.open(io.BytesIO(video)) as source:
        return [bytes(p) for p in source.demux(source.streams.video[0]) if p.size]


def shown(video: bytes) -> list[tuple[int, Any]]:
    """Return how each frame is turned, and its luma."""
    with av.open(io.BytesIO(video)) as source:
        return [(f.rotation, f.to_ndarray(format="gray")) for f in source.decode(video=0)]


@pytest.mark.parametrize(("container", "codec"), CONTAINERS)
def test_tags_go_and_every_frame_stays(container: str, codec: str, tmp_path: Path) -> None:
    """In each kind of container; and the same video gives the same bytes."""
    video = tagged(film(scene(0.6), container=container, codec=codec), container)

    after = handed_on(video, tmp_path)

    assert SECRET.encode() not in after
    assert not re.search(rb"Lavf\d", after)
    assert handed_on(video, tmp_path) == after
    before = shown(video)
    assert len(before) == len(shown(after)) >= 14
    for (_, left), (_, right) in zip(before, shown(after), strict=True):
        assert (left == right).all()


def test_packets_are_copied_as_they_are(tmp_path: Path) -> None:
    """Nothing is coded anew: traces of compression are what detectors learn from."""
    video = film(scene(1.0), sound=np.zeros(16_000, np.float32))
    assert packets(handed_on(video, tmp_path)) == packets(video)


def test_a_turned_video_stays_turned(tmp_path: Path) -> None:
    """How it is to be turned is no metadata of people."""
    video = film(scene(0.4), turn=1)
    turns = {turn for turn, _ in shown(video)}
    assert turns == {turn for turn, _ in shown(handed_on(video, tmp_path))} != {0}


def test_subtitles_chapters_and_data_go(shared_data: Path, tmp_path: Path) -> None:
    """Of real clips only pictures and sound are left."""
    clip = min((shared_data / "media" / "grid").glob("*.mpg"))
    after = handed_on(clip.read_bytes(), tmp_path)
    with av.open(io.BytesIO(after)) as found:
        assert [stream.type for stream in found.streams] == ["video", "audio"]


def test_a_broken_container_is_refused(tmp_path: Path) -> None:
    """It is told, and nothing half made is handed on."""
    video = film(scene(0.4))
    with pytest.raises(UnreadableError) as caught:
        handed_on(video[:64], tmp_path)
    assert caught.value.reason_code in (Reason.CORRUPT, Reason.UNSUPPORTED)


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "GIF"])
def test_animation_keeps_its_frames_and_loses_its_metadata(tmp_path: Path, kind: str) -> None:
    """It is a file of pictures, which no container of videos takes."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x010E] = SECRET
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "teal", "navy")]
    out = io.BytesIO()
    about: dict[str, Any] = {"comment": SECRET} if kind == "GIF" else {"exif": exif}
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], **about)
    assert SECRET.encode() in out.getvalue()

    copy = handed_on(out.getvalue(), tmp_path)

    assert SECRET.encode() not in copy
    with Image.open(io.BytesIO(copy)) as image:
        assert image.n_frames == 3


def test_animation_loses_chunks_inside_its_frames(tmp_path: Path) -> None:
    """A frame of WebP is a list of chunks again, and may hold one that nothing reads."""
    from PIL import Image

    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "teal")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    data = out.getvalue()
    at = data.rindex(b"ANMF")
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    extra = b"JUNK" + (len(SECRET) + 1 & ~1).to_bytes(4, "little") + SECRET.encode()
    extra += b"\0" * (len(extra) % 2)
    body = data[12 : at + 4] + (size + len(extra)).to_bytes(4, "little")
    body += data[at + 8 : at + 8 + size] + extra + data[at + 8 + size :]
    whole = b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body

    assert SECRET.encode() not in handed_on(whole, tmp_path)
