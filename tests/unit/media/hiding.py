"""Videos in which tests hide something: several films in one container, and patched boxes."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from curate.media import probe_media
from curate.media.remux import remuxed
from curate.media.sniff import Format, sniff
from tests.unit.media.videos import av, film, scene

SECRET = b"\x01\xfe\xff a face that nobody saw; \x9c\x80"
CONTAINERS = [
    *(("mp4", "libx264"), ("mov", "libx264"), ("matroska", "libx264"), ("webm", "libvpx-vp9")),
    *(("avi", "mpeg4"), ("mpegts", "mpeg2video"), ("mpeg", "mpeg1video"), ("flv", "flv")),
    *(("asf", "wmv2"), ("ogg", "libvpx")),
]


def clip(seed: int = 0, **options: Any) -> bytes:
    """Return a film of ten frames."""
    return film(scene(0.4, seed=seed, pan=2), **options)


def together(
    container: str,
    *films: bytes,
    shown: int | None = None,
    attached: tuple[tuple[str, str, bytes], ...] = (),
    chapter: str | None = None,
    tags: dict[str, str] | None = None,
    late: bool = False,
) -> bytes:
    """Return the first streams of films in one container.

    Args:
        container: FFmpeg's name of the muxer.
        films: Each with one stream.
        shown: Which of them is marked as the one to show.
        attached: Name, type and content of attached files.
        chapter: The title of one.
        tags: Of the container.
        late: Whether each begins when the one before has ended.
    """
    from av.stream import Disposition

    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        target.metadata.update(tags or {})
        sources = [av.open(io.BytesIO(one)) for one in films]
        made = []
        for number, source in enumerate(sources):
            stream = target.add_stream_from_template(source.streams[0])
            if shown is not None:
                stream.disposition = Disposition.default if number == shown else Disposition(0)
            made.append(stream)
        for name, mime, content in attached:
            target.add_attachment(name, mime, content)
        if chapter is not None:
            target.set_chapters([
                {"id": 1, "start": 0, "end": 300, "time_base": Fraction(1, 1000),
                 "metadata": {"title": chapter}},
            ])  # fmt: skip
        packets = []
        for number, (source, stream) in enumerate(zip(sources, made, strict=True)):
            for packet in source.demux(source.streams[0]):
                if packet.size:
                    at = float(packet.dts * packet.time_base) + 10 * number * late
                    packets.append((at, number, len(packets), packet, stream))
        for _, _, _, packet, stream in sorted(packets, key=lambda one: one[:3]):
            packet.stream = stream
            target.mux(packet)
        for source in sources:
            source.close()
    return out.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box of MP4."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def element(kind: str, content: bytes) -> bytes:
    """Return an element of Matroska whose id is given in hexadecimal."""
    return bytes.fromhex(kind) + struct.pack(">Q", 1 << 56 | len(content)) + content


def edited(video: bytes, *, skip: int = 0, keep: int = 5) -> bytes:
    """Return an MP4 of ten frames of which an edit list shows only some."""
    out = bytearray(video)
    at = out.index(b"elst")
    duration, start = struct.unpack(">Ii", out[at + 12 : at + 20])
    media = 512  # ticks of a frame at 25 frames a second, as FFmpeg writes them
    out[at + 12 : at + 20] = struct.pack(">Ii", duration * keep // 10, start + skip * media)
    return bytes(out)


def parts_of(video: bytes, folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return what the probe says of a video, and its parts by name."""
    path = folder / "video"
    path.write_bytes(video)
    probed = probe_media(path)
    named = {str(row["part"]): dict(row) for row in probed.parts}
    assert len(named) == len(probed.parts) == probed.content["part_count"]
    return probed.content, named


def not_looked_at(parts: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return kind and fate of the parts that nobody looked at."""
    return {
        name: (part["kind"], part["released"])
        for name, part in parts.items()
        if part["reading"] == "not"
    }


@contextmanager
def opened(video: bytes, folder: Path) -> Iterator[tuple[int, Format]]:
    """Yield a descriptor of a file with these bytes, and its format."""
    path = folder / "video"
    path.write_bytes(video)
    found = sniff(video[:4096])
    assert found is not None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor, found
    finally:
        os.close(descriptor)


def handed_on(video: bytes, folder: Path) -> bytes:
    """Return a video as a release has it."""
    with (
        opened(video, folder) as (descriptor, found),
        remuxed(descriptor, found) as copy,
        os.fdopen(os.dup(copy), "rb") as file,
    ):
        return file.read()


def streams(video: bytes) -> list[str]:
    """Return the kinds of the streams in a video."""
    with av.open(io.BytesIO(video)) as found:
        assert not found.chapters()
        return [stream.type for stream in found.streams]


def coded(video: bytes) -> list[bytes]:
    """Return the packets of the first video stream, edit lists left aside."""
    with av.open(io.BytesIO(video), container_options={"ignore_editlist": "1"}) as found:
        return [bytes(p) for p in found.demux(found.streams.video[0]) if p.size]


def nal(kind: int, content: bytes) -> bytes:
    """Return a unit of H.264 behind its length."""
    return struct.pack(">I", len(content) + 1) + bytes([kind]) + content


def in_matroska(video: bytes, hidden: bytes) -> bytes:
    """Return a Matroska with a further element at the end of its segment."""
    at = video.index(bytes.fromhex("18538067")) + 4
    (size,) = struct.unpack(">Q", video[at : at + 8])
    return video[:at] + struct.pack(">Q", size + len(hidden)) + video[at + 8 :] + hidden


def subtitled(container: str, codec: str, words: str) -> bytes:
    """Return a film with one subtitle."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target, av.open(io.BytesIO(clip())) as source:
        stream = target.add_stream_from_template(source.streams.video[0])
        titles = target.add_mux_stream(codec)
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
        packet = av.Packet(words.encode())
        packet.stream, packet.pts, packet.dts, packet.duration = titles, 0, 0, 300
        target.mux(packet)
    return out.getvalue()
