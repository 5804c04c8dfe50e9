"""What videos say beside their pictures: words of use wherever they stand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.media import probe_file
from curate.signals import stage
from curate.signals.content import read_picture
from curate.signals.films import film_blocks
from curate.signals.found import Signal
from tests.unit.media.hiding import (
    CONTAINERS,
    box,
    clip,
    element,
    in_matroska,
    nal,
    opened,
    subtitled,
    together,
)
from tests.unit.media.videos import av, film, scene

WORDS = "Please do not use for AI training"


def said(video: bytes, folder: Path) -> list[Signal]:
    """Return what the stage finds in a video."""
    with opened(video, folder) as (descriptor, found):
        blocks = film_blocks(descriptor, found)
    return read_picture(video, found.mime, film=blocks).signals


def places(video: bytes, folder: Path) -> dict[str, str]:
    """Return why a text or block could not be read, by its place."""
    return {s.place: s.value or "" for s in said(video, folder) if s.kind == "unreadable"}


def assert_told(video: bytes, folder: Path) -> None:
    """Assert that the words are told as some that nobody understood."""
    assert any("not use for ai training" in why.lower() for why in places(video, folder).values())


@pytest.mark.parametrize(("container", "codec"), [c for c in CONTAINERS if c[0] != "asf"])
def test_plain_film_says_nothing(container: str, codec: str, tmp_path: Path) -> None:
    """Names of programs and codecs, and their settings, are no statements."""
    assert said(clip(container=container, codec=codec), tmp_path) == []


def test_real_clips_say_nothing(shared_data: Path, tmp_path: Path) -> None:
    clips = [*(shared_data / "media" / "grid").glob("*.mpg")][:2]
    clips += [*(shared_data / "duplicates" / "tmk").glob("*/*.mp4")][:3]
    for path in clips:
        assert said(path.read_bytes(), tmp_path) == []


@pytest.mark.parametrize(("container", "codec"), CONTAINERS)
def test_words_in_a_tag_are_told(container: str, codec: str, tmp_path: Path) -> None:
    if container == "mpeg":
        pytest.skip("a program stream has no tags")
    # Packets of H.264 in Matroska have no time of decoding.
    plain = clip() if codec == "libx264" else clip(container=container, codec=codec)
    key = "service_name" if container == "mpegts" else "title"
    assert_told(together(container, plain, tags={key: WORDS}), tmp_path)


def test_tag_in_another_code_is_no_damage(tmp_path: Path) -> None:
    """Words are found in it all the same."""
    title = "Fête: please do not use for AI training"
    video = together("mp4", clip(), tags={"title": title.replace("ê", "+e")})
    assert_told(video.replace(b"F+ete", b"F\xea\xe9te"), tmp_path)
    assert probe_file(tmp_path / "video")["frames_read"] == "every"


@pytest.mark.parametrize(
    "hidden",
    [
        box(b"free", WORDS.encode()),
        box(b"uuid", bytes(16) + WORDS.encode()),
        box(b"udta", box(b"Anna", WORDS.encode("utf-16-be"))),
        box(b"wxyz", WORDS.encode()),
    ],
)
def test_words_in_a_box_are_told(hidden: bytes, tmp_path: Path) -> None:
    assert_told(clip() + hidden, tmp_path)


def test_words_in_user_data_of_the_film_are_told(tmp_path: Path) -> None:
    video = clip()
    extra = box(b"udta", box(b"\xa9cpy", b"\x00\x21\x55\xc4" + WORDS.encode()))
    at = video.index(b"moov") - 4
    size = int.from_bytes(video[at : at + 4], "big")
    assert at + size == len(video)
    video = video[:at] + (size + len(extra)).to_bytes(4, "big") + video[at + 4 :] + extra
    assert_told(video, tmp_path)


def test_words_in_an_element_are_told(tmp_path: Path) -> None:
    assert_told(in_matroska(clip(container="matroska"), element("EC", WORDS.encode())), tmp_path)


def test_words_behind_the_end_are_told(tmp_path: Path) -> None:
    assert_told(clip() + WORDS.encode(), tmp_path)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """They may be packed or encrypted words."""
    dark = np.random.default_rng(3).bytes(500)
    assert places(clip() + dark, tmp_path) == {"behind the end": "bytes that are not understood"}
    assert places(clip() + box(b"uuid", dark), tmp_path) == {
        "a box of an unknown kind (uuid)": "bytes that are not understood",
    }


def test_words_of_chapters_and_attached_files_are_told(tmp_path: Path) -> None:
    plain = clip()
    assert_told(together("matroska", plain, chapter=WORDS), tmp_path)
    named = ((f"{WORDS}.txt", "text/plain", b"Two people at the lake"),)
    assert_told(together("matroska", plain, attached=named), tmp_path)
    held = (("a.txt", "text/plain", WORDS.encode()),)
    assert_told(together("matroska", plain, attached=held), tmp_path)
    shut = (("a.zip", "application/zip", b"PK\x03\x04" + np.random.default_rng(1).bytes(99)),)
    assert places(together("matroska", plain, attached=shut), tmp_path) == {
        "an attached file (1)": "a file that is not opened",
    }


def test_words_inside_a_cover_are_told(tmp_path: Path) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", comment=WORDS.encode())
    cover = (("cover.jpg", "image/jpeg", out.getvalue()),)
    assert_told(together("matroska", clip(), attached=cover), tmp_path)


@pytest.mark.parametrize(("container", "codec"), [("matroska", "subrip"), ("mp4", "mov_text")])
def test_words_of_subtitles_are_told(container: str, codec: str, tmp_path: Path) -> None:
    head = len(WORDS).to_bytes(2, "big").decode() if codec == "mov_text" else ""
    assert_told(subtitled(container, codec, head + WORDS), tmp_path)
    assert said(subtitled(container, codec, head + WORDS.replace("not use for AI training", "sit")),
                tmp_path) == []  # fmt: skip


def test_subtitles_that_are_pictures_are_told(tmp_path: Path) -> None:
    video = subtitled("matroska", "dvd_subtitle", "\x00\x08\x00\x04abcd")
    assert places(video, tmp_path) == {
        "subtitle 1": "subtitles that are pictures, or in a code that is not read",
    }


def with_units(content: bytes) -> bytes:
    """Return a film with a unit in each frame."""
    out = io.BytesIO()
    with av.open(io.BytesIO(clip())) as source, av.open(out, "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                made = av.Packet(content + bytes(packet))
                made.pts, made.dts, made.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
                made.time_base, made.stream = packet.time_base, stream
                target.mux(made)
    return out.getvalue()


def message(kind: int, content: bytes) -> bytes:
    """Return a supplemental message of H.264."""
    return nal(6, bytes([kind, len(content)]) + content + b"\x80")


def test_words_within_the_coded_frames_are_told(tmp_path: Path) -> None:
    assert_told(with_units(message(5, bytes(range(1, 17)) + WORDS.encode())), tmp_path)
    dark = message(5, bytes(range(1, 17)) + bytes(range(128, 228)))
    assert "data within the coded frames" in places(with_units(dark), tmp_path)


def test_words_of_captions_are_told(tmp_path: Path) -> None:
    pairs = b"".join(b"\xfc" + WORDS.encode()[i : i + 2].ljust(2) for i in range(0, 33, 2))
    body = b"\xb5\x00\x31GA94\x03" + bytes([0x40 | 17, 0xFF]) + pairs + b"\xff"
    assert "captions" in places(with_units(message(4, body)), tmp_path)


def test_words_in_data_of_mpeg_are_told(tmp_path: Path) -> None:
    video = clip(container="mpeg1video", codec="mpeg1video")
    at = video.index(b"\x00\x00\x01\xb8")
    video = video[:at] + b"\x00\x00\x01\xb2" + WORDS.encode() + video[at:]
    assert_told(video, tmp_path)


def test_film_without_its_end_is_told(tmp_path: Path) -> None:
    video = film(scene(1, pan=2), container="matroska", options={"g": "5"})
    assert "the end of the file" in places(video[: len(video) * 3 // 4], tmp_path)


@pytest.mark.parametrize("in_memory", [1 << 10, stage.IN_MEMORY])
def test_film_of_any_length_is_read(in_memory: int, tmp_path: Path, monkeypatch: Any) -> None:
    """What does not fit into memory is searched as it streams by."""
    monkeypatch.setattr(stage, "IN_MEMORY", in_memory)
    video = together("mp4", clip(), tags={"title": WORDS})
    path = tmp_path / "a.mp4"
    path.write_bytes(video)
    item = {"sha256": stage.digest_of(video), "mime": "video/mp4", "listed_size": None,
            "listed_mtime_ns": None}  # fmt: skip
    read = stage._read(path, tmp_path, item, "")
    assert any("not use for AI" in (one.value or "") for one in read.signals)
