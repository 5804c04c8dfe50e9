"""Facts of videos, by the probe: from files that PyAV wrote a moment before."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.media import Limits, Reason, UnreadableError, probe_file, probe_media
from curate.schema import conform
from tests.unit.media.videos import film, scene

Write = Callable[..., Path]


def failure(path: Path, limits: Limits | None = None) -> UnreadableError:
    """Return the error that a file ends in."""
    with pytest.raises(UnreadableError) as caught:
        probe_file(path, limits=limits)
    return caught.value


@pytest.mark.parametrize(
    ("container", "codec", "name", "profile"),
    [
        ("mp4", "libx264", "h264", "High"),
        ("matroska", "libx264", "h264", "High"),
        ("webm", "libvpx-vp9", "vp9", "Profile 0"),
        ("avi", "mpeg4", "mpeg4", "Simple Profile"),
        ("mpegts", "mpeg2video", "mpeg2video", "Main"),
        ("vob", "mpeg2video", "mpeg2video", "Main"),
        ("flv", "flv", "flv1", None),
        ("mpeg1video", "mpeg1video", "mpeg1video", None),
    ],
)
def test_every_container_gives_stream_facts(write: Write, container, codec, name, profile) -> None:
    row = probe_file(write(film(scene(2), container=container, codec=codec), "a.bin"))
    assert (row["kind"], row["video_codec"], row["video_profile"]) == ("video", name, profile)
    assert (row["width"], row["height"], row["frame_count"]) == (160, 120, 50)
    assert (row["frames_read"], row["decode_errors"]) == ("every", 0)
    assert row["fps"] == pytest.approx(25, rel=0.03)  # a bare stream has no clock
    assert row["duration_ms"] == pytest.approx(2000, abs=45)
    assert row["audio_codec"] is None


def test_group_of_pictures_is_as_long_as_the_encoder_made_it(write: Write) -> None:
    options = {"g": "10", "keyint_min": "10", "sc_threshold": "0"}
    assert probe_file(write(film(scene(2), options=options)))["gop_frames"] == 10


def test_bitrate_counts_the_packets_of_the_video_alone(write: Write) -> None:
    row = probe_file(write(data := film(scene(2, pan=2))))
    assert 0 < float(str(row["video_bitrate"])) <= 8 * len(data) / 2


def test_rate_is_variable_where_a_frame_stays_longer(write: Write) -> None:
    times = [*range(20), *range(30, 60)]
    steady = probe_file(write(film(scene(2)), "a.mp4"))
    uneven = probe_file(write(film(scene(2), times=times), "b.mp4"))
    assert (steady["fps_variable"], uneven["fps_variable"]) == (False, True)
    assert uneven["duration_ms"] == 2400


def test_clock_in_milliseconds_is_no_variable_rate(write: Write) -> None:
    row = probe_file(write(film(scene(2, fps=30), fps=30, container="matroska")))
    assert row["fps_variable"] is False
    assert row["duration_ms"] == pytest.approx(2000, abs=2)


@pytest.mark.parametrize(("turn", "corner"), [(0, (0, 0)), (1, (0, -1)), (2, (-1, -1))])
def test_rotation_beside_the_stream_is_applied(write: Write, turn, corner) -> None:
    marked = np.zeros((120, 160, 3), np.uint8)
    marked[:40, :40] = 255
    path = write(film([marked] * 5, turn=turn))
    row = probe_file(path)
    assert row["rotation"] == 90 * turn
    assert (row["width"], row["height"]) == ((120, 160) if turn % 2 else (160, 120))
    from curate.media import sampled_frames

    _, _, shown = next(iter(sampled_frames(path)))
    assert shown[corner].min() > 200
    assert shown.shape == (row["height"], row["width"], 3)


@pytest.mark.parametrize("silent", [0.0, 0.5])
def test_silence_at_the_head_is_measured(write: Write, silent: float) -> None:
    tone = np.sin(np.arange(32000) * 0.3).astype(np.float32)
    tone[: round(16000 * silent)] = 0
    row = probe_file(write(film(scene(2), sound=tone)))
    assert row["audio_codec"] == "aac"
    # AAC smears an onset over its windows of 1024 samples.
    assert row["leading_silence_ms"] == pytest.approx(1000 * silent, abs=130)


def test_sound_alone_is_no_video(write: Write) -> None:
    error = failure(write(film([], sound=np.zeros(16000, np.float32)), "a.m4a"))
    assert error.reason_code is Reason.NO_VIDEO
    assert error.detail == "no video stream; found: audio"
    assert error.sha256 is not None


@pytest.mark.parametrize(
    "head", [b"\x1aE\xdf\xa3", b"\x00\x00\x00\x18ftypmp42", b"RIFF\0\0\0\0AVI ", b"OggS"]
)
def test_head_without_a_stream_is_corrupt(write: Write, head: bytes) -> None:
    assert failure(write(head + bytes(5000))).reason_code in {Reason.CORRUPT, Reason.NO_VIDEO}


def test_video_cut_off_before_its_index_is_corrupt(write: Write) -> None:
    data = film(scene(2, pan=2))
    assert failure(write(data[: len(data) // 2])).reason_code is Reason.CORRUPT


def test_video_cut_off_after_its_index_is_read_in_part(write: Write) -> None:
    data = film(scene(4, pan=2), options={"g": "10"}, muxer={"movflags": "faststart"})
    row = probe_file(write(data[: len(data) // 2]))
    assert row["frames_read"] == "part"
    assert (row["duration_ms"], row["frame_count"]) == (None, None)
    assert int(str(row["decode_errors"])) > 0


def test_damage_inside_a_stream_is_counted(write: Write) -> None:
    data = bytearray(film(scene(4, pan=2), container="mpegts"))
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    row = probe_file(write(bytes(data)))
    assert int(str(row["decode_errors"])) > 0
    assert int(str(row["frame_count"])) > 0


def test_stream_without_a_frame_that_decodes_is_unreadable(write: Write) -> None:
    data = bytearray(film(scene(1, pan=2), container="avi", codec="mpeg4"))
    start, end = data.index(b"movi") + 4, data.index(b"idx1")
    data[start + 8 : end] = bytes(end - start - 8)
    assert failure(write(bytes(data))).reason_code in {Reason.CORRUPT, Reason.NO_VIDEO}


def test_frames_beyond_the_limit_are_a_bomb(write: Write) -> None:
    error = failure(write(film(scene(1))), Limits(max_video_pixels=160 * 119))
    assert error.reason_code is Reason.BOMB


def test_long_video_goes_on_with_key_frames_and_then_stops(write: Write) -> None:
    options = {"g": "5", "keyint_min": "5", "sc_threshold": "0"}
    path = write(film(scene(8), options=options))
    key = probe_media(path, limits=Limits(max_decoded_frames=40))
    part = probe_media(path, limits=Limits(max_decoded_frames=20))
    assert (key.content["frames_read"], part.content["frames_read"]) == ("key", "part")
    assert key.content["duration_ms"] is not None
    assert (key.content["frame_count"], part.content["duration_ms"]) == (None, None)
    assert [row["frame"] for row in key.frames] == [25 * second for second in range(8)]
    assert part.frames == key.frames[: len(part.frames)]


def test_limits_hold_in_pixels_too(write: Write) -> None:
    path = write(film(scene(4)))
    row = probe_file(path, limits=Limits(max_decoded_pixels=160 * 120 * 10))
    assert row["frames_read"] != "every"


def test_two_probes_give_the_same_rows(write: Write) -> None:
    path = write(film(scene(3, pan=3)))
    assert probe_media(path) == probe_media(path)


def test_importing_the_room_imports_no_pyav() -> None:
    code = (
        "import sys, curate.media.probe, curate.media.stage as s; s.probe_stage();"
        "sys.exit('av' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@cache
def seeds() -> dict[str, bytes]:
    """Return one small video of each kind of container."""
    kinds = [("mp4", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4"),
             ("mpegts", "mpeg2video"), ("vob", "mpeg2video"), ("flv", "flv"), ("webm", "libvpx"),
             ("asf", "mpeg4")]  # fmt: skip
    tone = np.sin(np.arange(8000) * 0.3).astype(np.float32)
    made = {kind: film(scene(0.5), container=kind, codec=codec) for kind, codec in kinds}
    return made | {"sound": film(scene(0.5), sound=tone)}


@settings(max_examples=150)
@given(st.sampled_from(sorted(seeds())), st.data())
def test_damaged_videos_give_a_row_or_a_reason(tmp_path_factory, kind, data) -> None:
    seed = seeds()[kind]
    damaged = bytearray(seed[: data.draw(st.integers(len(seed) // 4, len(seed)))])
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + 4] = data.draw(st.binary(min_size=1, max_size=8))
    path = tmp_path_factory.getbasetemp() / "damaged.bin"
    path.write_bytes(bytes(damaged))
    try:
        probed = probe_media(path, limits=Limits(max_decoded_frames=200))
    except UnreadableError:
        return
    assert conform([probed.content], "content").num_rows == 1
    assert conform(probed.frames, "frames").num_rows == len(probed.frames)
