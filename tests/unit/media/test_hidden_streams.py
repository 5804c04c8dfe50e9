"""What is hidden in a video is named as a part that was not looked at, and does not go out."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.media.unreadable import UnreadableError
from tests.unit.media.hiding import (
    CONTAINERS,
    SECRET,
    box,
    clip,
    coded,
    edited,
    element,
    handed_on,
    in_matroska,
    nal,
    not_looked_at,
    parts_of,
    streams,
    subtitled,
    together,
)
from tests.unit.media.videos import av, film, scene

TAIL = {"bytes behind the end of the video": ("tail", "taken_out")}
# WMV fills its packets up, and what stands there is not looked at.
UNKNOWN_CODEC = {"what stands behind the coded frames": ("unknown", "kept")}
ALWAYS = {
    "asf": {"filling of packets": ("unknown", "taken_out"), **UNKNOWN_CODEC},
    "flv": UNKNOWN_CODEC,
    "ogg": UNKNOWN_CODEC,
}


@pytest.mark.parametrize(("container", "codec"), CONTAINERS)
def test_plain_film_has_its_frames_and_nothing_else(container, codec, tmp_path: Path) -> None:
    """Or every film would need review."""
    facts, parts = parts_of(clip(container=container, codec=codec), tmp_path)
    assert (facts["frames_read"], facts["frame_count"]) == ("every", 10)
    assert not_looked_at(parts) == ALWAYS.get(container, {})
    assert set(parts) - set(not_looked_at(parts)) == {"the frames"}


def test_real_clips_have_pictures_and_sound_and_nothing_else(
    shared_data: Path, tmp_path: Path
) -> None:
    clips = [*(shared_data / "media" / "grid").glob("*.mpg")]
    clips += (shared_data / "duplicates" / "tmk").glob("*/doorknob-hd-no-bar.mp4")
    for path in [min(clips), max(clips)]:
        facts, parts = parts_of(path.read_bytes(), tmp_path)
        assert facts["frames_read"] == "every"
        assert set(parts) == {"the frames", "the sound"}


@pytest.mark.parametrize(("container", "codec"), CONTAINERS)
def test_bytes_behind_the_end_are_a_part_and_go(container, codec, tmp_path: Path) -> None:
    video = clip(container=container, codec=codec) + SECRET * 40
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == TAIL | ALWAYS.get(container, {})
    assert parts["bytes behind the end of the video"]["byte_size"] == len(SECRET) * 40
    assert SECRET not in handed_on(video, tmp_path)


def test_bytes_behind_a_bare_stream_are_not_known_to_be_none(tmp_path: Path) -> None:
    _, parts = parts_of(clip(container="mpeg1video", codec="mpeg1video"), tmp_path)
    assert not_looked_at(parts) == {"the end": ("unknown", "kept")}


def cut(name: str) -> bytes:
    """Return a film of which the second half is missing."""
    container, codec, options = {
        "mp4": ("mp4", "libx264", {"movflags": "faststart"}),
        "fragments": ("mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        "matroska": ("matroska", "libx264", {}),
        "avi": ("avi", "mpeg4", {}),
        "mpeg": ("mpeg", "mpeg1video", {}),
        "mpegts": ("mpegts", "mpeg2video", {}),
        "flv": ("flv", "flv", {}),
        "asf": ("asf", "wmv2", {}),
        "ogg": ("ogg", "libvpx", {}),
    }[name]
    video = film(scene(2, pan=2), container=container, codec=codec, muxer=options,
                 options={"g": "5"})  # fmt: skip
    return video[: len(video) * 2 // 3 + 7]


@pytest.mark.parametrize(
    "name",
    ["mp4", "fragments", "matroska", "avi", "mpeg", "mpegts", "flv", "asf", "ogg"],
)
def test_film_of_which_the_end_is_missing_is_read_in_part(name: str, tmp_path: Path) -> None:
    """A demuxer gives what is there, and says nothing."""
    facts, parts = parts_of(cut(name), tmp_path)
    assert (facts["frames_read"], facts["frame_count"]) == ("part", None)
    missing = parts["what is missing of the file"]
    assert (missing["kind"], missing["reading"]) == ("unknown", "not")
    assert missing["detail"]


def test_header_that_promises_a_longer_film_is_believed(tmp_path: Path) -> None:
    """An unknown length hides that the end was cut off, and the duration does not."""
    video = film(scene(4, pan=2), container="matroska", options={"g": "5"})
    at = video.index(bytes.fromhex("18538067")) + 4
    clusters = [m.start() for m in re.finditer(bytes.fromhex("1F43B675"), video)]
    cluster = clusters[len(clusters) // 2]
    live = video[:at] + b"\x01" + b"\xff" * 7 + video[at + 8 : cluster]
    facts, parts = parts_of(live, tmp_path)
    assert len(clusters) > 3
    assert facts["frames_read"] == "part"
    assert "lasts 4.0 seconds" in parts["what is missing of the file"]["detail"]


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_second_video_stream_is_a_part_and_goes(container: str, tmp_path: Path) -> None:
    first, second = clip(), clip(seed=5)
    video = together(container, first, second)
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {"video stream 1": ("video", "taken_out")}
    copy = handed_on(video, tmp_path)
    assert streams(copy) == ["video"]
    assert len(coded(copy)) == 10


@pytest.mark.parametrize("shown", [0, 1])
def test_stream_that_is_released_is_the_one_that_was_searched(shown: int, tmp_path: Path) -> None:
    """Players go by the mark of the container; so do the search and the copy."""
    from curate.media import sampled_frames

    small, large = film(scene(0.4)), film([np.zeros((240, 320, 3), np.uint8)] * 10)
    video = together("matroska", small, large, shown=shown)
    facts, _ = parts_of(video, tmp_path)
    size = [(160, 120), (320, 240)][shown]
    assert (facts["width"], facts["height"]) == size
    searched = [frame.shape[1::-1] for _, _, frame in sampled_frames(tmp_path / "video")]
    assert set(searched) == {size}
    with av.open(io.BytesIO(handed_on(video, tmp_path))) as copy:
        (stream,) = copy.streams
        assert (stream.width, stream.height) == size


def test_stream_that_begins_late_is_a_part(tmp_path: Path) -> None:
    """Of a transport stream the head need not name what comes."""
    first = film(scene(0.4), container="mpegts", codec="mpeg2video")
    second = film(scene(0.4, seed=3), container="mpegts", codec="mpeg2video")
    moved = bytearray(second)
    for at in range(0, len(moved), 188):
        pid = (moved[at + 1] & 31) << 8 | moved[at + 2]
        if pid == 0x100:
            moved[at + 1] = moved[at + 1] & 0xE0 | 0x01
            moved[at + 2] = 0x55
        elif pid in (0, 0x1000):
            moved[at + 1], moved[at + 2] = moved[at + 1] | 0x1F, 0xFF
            moved[at + 4 : at + 188] = b"\xff" * 184
    _, parts = parts_of(first + bytes(moved), tmp_path)
    assert {fate for _, fate in not_looked_at(parts).values()} == {"taken_out"}
    assert "packets of no stream (155)" in not_looked_at(parts)


def test_stream_of_a_program_that_comes_later_is_a_part(tmp_path: Path) -> None:
    video = together("mpegts", clip(), clip(seed=4), late=True)
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts)
    assert {fate for _, fate in not_looked_at(parts).values()} == {"taken_out"}


def test_second_stream_of_a_program_stream_that_begins_late_is_a_part(tmp_path: Path) -> None:
    """FFmpeg adds it as it comes, so a look at the head does not show it."""
    first = film(scene(4, pan=3), container="mpeg", codec="mpeg1video", options={"b": "3000000"})
    second = bytearray(clip(seed=3, container="mpeg", codec="mpeg1video"))
    at = second.find(b"\x00\x00\x01\xe0")
    while at >= 0:
        second[at + 3] = 0xE1
        at = second.find(b"\x00\x00\x01\xe0", at + 4)
    video = first.removesuffix(b"\x00\x00\x01\xb9") + bytes(second)
    facts, parts = parts_of(video, tmp_path)
    assert facts["frame_count"] == 100
    (one,) = not_looked_at(parts).values()
    assert one[1] == "taken_out"
    assert streams(handed_on(video, tmp_path)) == ["video"]


def test_covers_attachments_and_chapters_go(tmp_path: Path) -> None:
    attached = (("anna.jpg", "image/jpeg", b"\xff\xd8" + SECRET * 9),
                ("x.bin", "application/octet-stream", SECRET * 9))  # fmt: skip
    video = together("matroska", clip(), attached=attached, chapter="Anna Example",
                     tags={"title": "Anna Example"})  # fmt: skip
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {
        "cover 1": ("cover", "taken_out"),
        "attached file 1": ("attachment", "taken_out"),
    }
    assert parts["attached file 1"]["byte_size"] == len(SECRET) * 9
    assert (parts["the chapters"]["reading"], parts["the chapters"]["released"]) == (
        *("read", "taken_out"),
    )
    assert not any(
        "anna" in str(value).lower() for part in parts.values() for value in part.values()
    )
    copy = handed_on(video, tmp_path)
    assert streams(copy) == ["video"]
    assert SECRET not in copy
    assert b"Anna" not in copy


def test_film_whose_first_stream_is_a_cover_is_searched_all_the_same(tmp_path: Path) -> None:
    from av.stream import Disposition

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as target, av.open(io.BytesIO(clip())) as source:
        cover = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        stream = target.add_stream_from_template(source.streams.video[0])
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 99, np.uint8))
        packets = [*cover.encode(frame), *cover.encode()]
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                packets.append(packet)
        target.mux(packets)
    video = out.getvalue()
    facts, parts = parts_of(video, tmp_path)
    assert (facts["width"], facts["frame_count"]) == (160, 10)
    assert not_looked_at(parts) == {"cover 1": ("cover", "taken_out")}
    assert streams(handed_on(video, tmp_path)) == ["video"]


def test_one_sound_goes_out_and_further_ones_do_not(tmp_path: Path) -> None:
    sound = np.sin(np.arange(8000) * 0.3).astype(np.float32)
    video = together("matroska", clip(), film([], sound=sound), film([], sound=-sound))
    _, parts = parts_of(video, tmp_path)
    told = {n: (p["kind"], p["reading"], p["released"]) for n, p in parts.items()}
    assert told["the sound"] == ("audio", "heard", "kept")
    assert told["sound stream 1"] == ("audio", "heard", "taken_out")
    assert streams(handed_on(video, tmp_path)) == ["video", "audio"]


def test_subtitles_that_are_text_are_read_and_go(tmp_path: Path) -> None:
    video = subtitled("matroska", "subrip", "Anna Example speaks")
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {}
    titles = parts["subtitles 1"]
    assert (titles["kind"], titles["reading"], titles["released"]) == (
        *("subtitles", "read", "taken_out"),
    )
    assert b"Anna" not in handed_on(video, tmp_path)


@pytest.mark.parametrize(
    ("hidden", "name"),
    [
        (box(b"free", SECRET * 9), "filling (free)"),
        (box(b"uuid", bytes(range(16)) + SECRET * 9), "a box of an unknown kind (uuid)"),
        (box(b"mdat", SECRET * 9), "media data that no track uses"),
        (box(b"moov", SECRET * 9), "a second index"),
    ],
)
def test_boxes_that_nothing_reads_are_parts_and_go(hidden, name, tmp_path: Path) -> None:
    video = clip() + hidden
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {name: ("metadata", "taken_out")}
    assert SECRET not in handed_on(video, tmp_path)


def test_filling_that_is_empty_is_no_part(tmp_path: Path) -> None:
    _, parts = parts_of(clip() + box(b"free", bytes(999)), tmp_path)
    assert not_looked_at(parts) == {}


def test_elements_that_nothing_reads_are_parts_and_go(tmp_path: Path) -> None:
    hidden = element("EC", SECRET * 9)
    video = in_matroska(clip(container="matroska"), hidden)
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {"filling (Void)": ("metadata", "taken_out")}
    assert SECRET not in handed_on(video, tmp_path)
    empty = in_matroska(clip(container="matroska"), element("EC", bytes(99)))
    assert not_looked_at(parts_of(empty, tmp_path)[1]) == {}


def test_parts_of_other_files_are_a_part_and_their_names_go(tmp_path: Path) -> None:
    """Some players look for other files in the same folder, and show them within this one."""
    link = element("1549A966", element("3EB923", bytes(range(16))))
    video = in_matroska(clip(container="matroska"), link)
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {"links to other files": ("unknown", "taken_out")}
    assert bytes(range(16)) not in handed_on(video, tmp_path)


def test_track_that_the_demuxer_passes_over_is_a_part(tmp_path: Path) -> None:
    """Its samples belong to something, so they are no idle bytes."""
    video = together("matroska", clip(), clip(seed=5))
    at = video.rindex(b"\x83\x81\x01")  # the type of the second track
    _, parts = parts_of(video[: at + 2] + b"\x20" + video[at + 3 :], tmp_path)
    assert not_looked_at(parts) == {"tracks that are not understood": ("unknown", "taken_out")}


def test_second_segment_of_a_film_is_searched(tmp_path: Path) -> None:
    """Matroska may hold several, and FFmpeg reads on."""
    video = clip(container="matroska") + clip(seed=7, container="matroska")
    facts, parts = parts_of(video, tmp_path)
    assert facts["frame_count"] == 20
    assert not_looked_at(parts) == {}
    # Their clocks begin anew, which no fresh container takes.
    with pytest.raises(UnreadableError, match="cannot be put into a fresh Matroska"):
        handed_on(video, tmp_path)


def test_film_chained_behind_a_film_is_no_secret(tmp_path: Path) -> None:
    video = clip(container="ogg", codec="libvpx") + clip(seed=7, container="ogg", codec="libvpx")
    facts, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) or facts["frame_count"] == 20


def test_chunks_of_an_avi_that_nothing_reads_are_parts_and_go(tmp_path: Path) -> None:
    video = clip(container="avi", codec="mpeg4")
    junk = SECRET * 10
    for name in (b"JUNK", b"07dc", b"Anna"):
        video += name + struct.pack("<I", len(junk)) + junk
    video = video[:4] + struct.pack("<I", len(video) - 8) + video[8:]
    _, parts = parts_of(video, tmp_path)
    assert {kind for kind, _ in not_looked_at(parts).values()} <= {"metadata"}
    assert {"filling (JUNK)", "chunks of no stream"} <= set(not_looked_at(parts))
    assert SECRET not in handed_on(video, tmp_path)


def test_null_packets_with_something_in_them_are_a_part(tmp_path: Path) -> None:
    video = clip(container="mpegts", codec="mpeg2video")
    full = b"\x47\x1f\xff\x10" + (SECRET * 9)[:184]
    empty = b"\x47\x1f\xff\x10" + b"\xff" * 184
    assert not_looked_at(parts_of(video + empty, tmp_path)[1]) == {}
    _, parts = parts_of(video + full, tmp_path)
    assert not_looked_at(parts) == {"null packets": ("metadata", "taken_out")}
    assert SECRET not in handed_on(video + full, tmp_path)


def test_padding_of_a_program_stream_with_something_in_it_is_a_part(tmp_path: Path) -> None:
    video = clip(container="mpeg", codec="mpeg1video")
    hidden = b"\x00\x00\x01\xbe" + struct.pack(">H", len(SECRET)) + SECRET
    video = video.removesuffix(b"\x00\x00\x01\xb9") + hidden
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {"filling of packets": ("metadata", "taken_out")}
    assert SECRET not in handed_on(video, tmp_path)


def test_heads_of_packets_with_something_in_them_are_a_part(tmp_path: Path) -> None:
    """Up to 255 bytes each, in every packet."""
    video = clip(container="vob", codec="mpeg2video")
    at = video.index(b"\x00\x00\x01\xe0")
    length, head = int.from_bytes(video[at + 4 : at + 6], "big"), video[at + 8]
    hidden = SECRET * 4
    more = video[: at + 4] + (length + len(hidden)).to_bytes(2, "big") + video[at + 6 : at + 8]
    more += bytes([head + len(hidden)]) + video[at + 9 : at + 9 + head] + hidden
    more += video[at + 9 + head :]
    _, parts = parts_of(more, tmp_path)
    assert not_looked_at(parts) == {"filling of packet heads": ("metadata", "taken_out")}
    assert SECRET not in handed_on(more, tmp_path)


def test_file_in_a_script_is_a_part_and_goes(tmp_path: Path) -> None:
    video = clip(container="flv", codec="flv")
    hidden = b"\x02\x00\x02on" + b"\xff\xd8\xff" + SECRET * 9
    size = len(hidden).to_bytes(3, "big")
    video += b"\x12" + size + bytes(7) + hidden + (len(hidden) + 11).to_bytes(4, "big")
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts)["data of a script"] == ("metadata", "taken_out")
    assert SECRET not in handed_on(video, tmp_path)


def test_frames_behind_the_edit_list_are_a_part_and_go(tmp_path: Path) -> None:
    """A fresh container without the list would show them."""
    video = edited(clip(), keep=5)
    facts, parts = parts_of(video, tmp_path)
    assert facts["frame_count"] == 5
    assert not_looked_at(parts) == {"frames outside the edit list": ("hidden", "taken_out")}
    assert parts["frames outside the edit list"]["pictures"] == 5
    assert len(coded(handed_on(video, tmp_path))) == 5


def test_frames_before_the_edit_list_are_a_part_that_stays(tmp_path: Path) -> None:
    """The frames that are shown need them, so they cannot be taken out."""
    video = edited(clip(), skip=4, keep=6)
    facts, parts = parts_of(video, tmp_path)
    assert facts["frame_count"] == 6
    assert not_looked_at(parts) == {"frames that are decoded and not shown": ("hidden", "kept")}
    assert len(coded(handed_on(video, tmp_path))) == 10


def test_frames_of_which_no_frame_in_the_edit_list_has_need_go(tmp_path: Path) -> None:
    video = edited(clip(options={"g": "5", "bf": "0"}), skip=5, keep=5)
    facts, parts = parts_of(video, tmp_path)
    assert facts["frame_count"] == 5
    assert not_looked_at(parts) == {"frames outside the edit list": ("hidden", "taken_out")}
    assert len(coded(handed_on(video, tmp_path))) == 5


def test_frames_before_the_first_key_frame_are_a_part(tmp_path: Path) -> None:
    video = film(scene(1, pan=2), container="mpegts", options={"g": "10", "bf": "0"})
    with av.open(io.BytesIO(video)) as source:
        places = [p.pos for p in source.demux(video=0) if p.size]
    late = video[: 188 * 3] + video[places[3] :]
    _, parts = parts_of(late, tmp_path)
    assert parts["frames that are decoded and not shown"]["pictures"] == 7


def patched(video: bytes, kind: bytes, place: int, value: bytes) -> bytes:
    """Return a video of which a box says something else."""
    at = video.index(kind) + 4 + place
    return video[:at] + value + video[at + len(value) :]


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((-1, 0, 0, 1), (0, -1)),  # mirrored from left to right
        ((1, 0, 0, -1), (-1, 0)),  # upside down
        ((0, 1, 1, 0), (0, 0)),  # along the diagonal
        ((0, -1, -1, 0), (-1, -1)),
    ],
)
def test_film_that_players_mirror_is_searched_mirrored(matrix, corner, tmp_path: Path) -> None:
    from curate.media import sampled_frames

    marked = np.zeros((120, 160, 3), np.uint8)
    marked[:40, :40] = 255
    a, b, c, d = (number << 16 for number in matrix)
    whole = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    video = patched(film([marked] * 5), b"tkhd", 40, whole)
    facts, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {}
    _, _, shown = next(iter(sampled_frames(tmp_path / "video")))
    assert shown.shape[:2] == (facts["height"], facts["width"])
    assert shown[corner].min() > 200
    assert sorted(int(shown[y, x].min() > 200) for y in (0, -1) for x in (0, -1)) == [0, 0, 0, 1]


def test_film_that_players_turn_by_no_quarter_is_not_looked_at_so(tmp_path: Path) -> None:
    whole = struct.pack(">9i", 46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30)
    _, parts = parts_of(patched(clip(), b"tkhd", 40, whole), tmp_path)
    assert not_looked_at(parts) == {"the frames as players turn them": ("reading", "kept")}


def test_film_that_players_stretch_is_not_looked_at_so(tmp_path: Path) -> None:
    """Pixels ten times as wide as high hide a face from whoever looks at them as they are."""
    from fractions import Fraction

    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(10, 1)
        for pixels in scene(0.2):
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        target.mux(stream.encode())
    video = out.getvalue()
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {"the frames as players stretch them": ("reading", "kept")}


def test_plane_of_transparency_is_a_part(tmp_path: Path) -> None:
    def film_of(alpha: int) -> bytes:
        out = io.BytesIO()
        with av.open(out, "w", format="mov") as target:
            stream = target.add_stream("png", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "rgba"
            for shade in (0, 90):
                pixels = np.full((48, 64, 4), shade, np.uint8)
                pixels[..., 3] = 255
                pixels[9:20, 9:20, 3] = alpha
                target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
            target.mux(stream.encode())
        return out.getvalue()

    _, parts = parts_of(film_of(0), tmp_path)
    assert not_looked_at(parts) == {"the transparency": ("hidden", "kept"), **UNKNOWN_CODEC}
    assert not_looked_at(parts_of(film_of(255), tmp_path)[1]) == UNKNOWN_CODEC


@pytest.mark.parametrize(
    ("crop", "name"),
    [("54CC8140", "pixels that are cropped away"), ("53C08101", "the transparency")],
)
def test_what_a_player_does_with_the_frames_is_a_part(crop, name, tmp_path: Path) -> None:
    """Matroska says how much of each edge not to show, and whether something is transparent."""
    video = clip(container="matroska")
    crop = bytes.fromhex(crop)
    at = video.index(b"\xb0\x81\xa0")  # the width of 160 pixels
    grown = bytearray(video[:at] + crop + video[at:])
    # The first place is that of the index; the head of the list ends with a check of six bytes.
    tracks = video.rindex(bytes.fromhex("1654AE6B"), 0, at)
    entry = video.index(b"\xae", tracks + 12)
    for place in (video.index(bytes.fromhex("18538067")) + 4, tracks + 4, entry + 1, at - 1):
        width = 9 - grown[place].bit_length()
        size = int.from_bytes(grown[place : place + width], "big") + len(crop)
        grown[place : place + width] = size.to_bytes(width, "big")
    _, parts = parts_of(bytes(grown), tmp_path)
    assert not_looked_at(parts) == {name: ("hidden", "kept")}


@pytest.mark.parametrize("kind", [19, 20, 24, 31])
def test_coded_data_that_a_decoder_passes_over_are_a_part(kind: int, tmp_path: Path) -> None:
    """Such as a plane beside the picture, another view, or what no standard names."""
    out = io.BytesIO()
    with av.open(io.BytesIO(clip())) as source, av.open(out, "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                made = av.Packet(bytes(packet) + nal(kind, SECRET))
                made.pts, made.dts, made.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
                made.time_base, made.stream = packet.time_base, stream
                target.mux(made)
    facts, parts = parts_of(out.getvalue(), tmp_path)
    assert facts["frame_count"] == 10
    assert not_looked_at(parts) == {"data within the coded frames": ("surplus", "kept")}
    assert parts["data within the coded frames"]["byte_size"] == 10 * (len(SECRET) + 1)


def test_same_video_gives_the_same_copy(tmp_path: Path) -> None:
    video: Any = together("mp4", clip(), clip(seed=2)) + SECRET
    assert handed_on(video, tmp_path) == handed_on(video, tmp_path)


def grown(video: bytes, kind: bytes, extra: bytes) -> bytes:
    """Return an MP4, with its index at the end, of which a box has more behind its content."""
    out = bytearray(video)
    inside = out.index(kind, out.index(b"moov")) - 4
    end = inside + int.from_bytes(out[inside : inside + 4], "big")
    at = out.index(b"moov") - 4
    while True:
        size = int.from_bytes(out[at : at + 4], "big")
        assert size >= 8
        if at <= inside and end <= at + size:
            out[at : at + 4] = (size + len(extra)).to_bytes(4, "big")
            if at == inside:
                break
            # Boxes of settings stand behind numbers.
            at += {b"stsd": 16, b"avc1": 86}.get(bytes(out[at + 4 : at + 8]), 8)
        else:
            at += size
    return bytes(out[:end] + extra + out[end:])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (b"stts", "behind a table of numbers"),
        (b"stco", "behind a table of numbers"),
        (b"stsz", "behind a table of numbers"),
        (b"mvhd", "behind a table of numbers"),
        (b"tkhd", "behind a table of numbers"),
        (b"avc1", "settings of a track"),
        (b"stbl", "boxes that are not known"),
    ],
)
def test_what_stands_behind_the_content_of_a_box_is_a_part(kind, name, tmp_path: Path) -> None:
    hidden = SECRET * 40
    extra = box(b"wxyz", hidden) if kind in (b"avc1", b"stbl") else hidden
    video = grown(clip(), kind, extra)
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {name: ("metadata", "taken_out")}
    assert SECRET not in handed_on(video, tmp_path)


def test_what_stands_behind_the_settings_of_a_decoder_is_a_part_that_stays(tmp_path: Path) -> None:
    """The copy needs the settings, and has what stands behind them."""
    video = grown(clip(), b"avcC", SECRET * 40)
    _, parts = parts_of(video, tmp_path)
    assert not_looked_at(parts) == {"data within the coded frames": ("surplus", "kept")}


def test_frame_that_is_coded_twice_over_is_a_part() -> None:
    """One program shows the first scan, another the last."""
    from PIL import Image

    from curate.media.coded import Coded
    from tests.unit.media.conftest import draw

    frames = []
    for seed in (1, 2):
        out = io.BytesIO()
        Image.fromarray(draw(64, 48, seed)).save(out, "JPEG")
        frames.append(out.getvalue())
    begin, end = frames[1].index(b"\xff\xda"), frames[1].rindex(b"\xff\xd9")
    at = frames[0].index(b"\xff\xda")
    plain, both = Coded("mjpeg"), Coded("mjpeg")
    plain.take(frames[0])
    both.take(frames[0][:at] + frames[1][begin:end] + frames[0][at:])

    assert (plain.surplus, both.surplus > 0) == (0, True)
