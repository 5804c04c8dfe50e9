"""Which frames stand for a video, and that they hash as the reference hashes them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.media import UnreadableError, probe_media, sampled_frames
from curate.media.kernels import default_kernels
from curate.media.limits import Limits
from curate.media.open import opened_media
from curate.media.pdq import Pdq, pdq
from curate.media.phash import hamming
from curate.media.video import VideoReader
from curate.schema import conform
from tests.unit.media.conftest import draw, encode
from tests.unit.media.videos import cut_out, film, scene

Write = Callable[..., Path]
Rows = list[dict[str, object]]


def frames(path: Path) -> Rows:
    """Return a file's frames, after they were held against the schema."""
    rows = probe_media(path).frames
    return conform(rows, "frames").to_pylist()


def column(rows: Rows, name: str) -> list[object]:
    """Return one value of each row."""
    return [row[name] for row in rows]


def every_hash(path: Path) -> Iterator[Pdq]:
    """Yield the hash of every frame of a video, by the way that the probe takes."""
    with opened_media(path, root=None, limits=Limits()) as (content, descriptor):
        assert content.format is not None
        for picture in VideoReader(descriptor, content.format, Limits()).pictures():
            grey = picture.grey()
            hashed = pdq(grey, grey.shape[::-1], 1, default_kernels())
            assert hashed is not None
            yield hashed


def test_still_scene_is_kept_once_a_second(write: Write) -> None:
    rows = frames(write(film(scene(3))))
    assert column(rows, "frame") == [0, 25, 50]
    assert column(rows, "seconds") == [0, 1, 2]
    assert column(rows, "reason") == ["second"] * 3
    assert column(rows, "shot") == [0, 0, 0]


def test_cut_begins_a_shot_at_its_frame(write: Write) -> None:
    rows = frames(write(film([*scene(1.4), *(255 - p // 3 for p in scene(1.6, seed=7))])))
    cuts = [row for row in rows if row["reason"] == "cut"]
    assert column(cuts, "frame") == [35]
    assert column(rows, "shot") == [0, 0, 1, 1]


def test_camera_that_pans_is_one_shot_of_many_frames(write: Write) -> None:
    rows = frames(write(film(scene(3, pan=4))))
    assert set(column(rows, "shot")) == {0}
    assert "change" in column(rows, "reason")


def test_every_frame_lies_within_reach_of_one_kept_before(write: Write) -> None:
    path = write(film(scene(3, pan=3)))
    kept = {row["frame"]: row["pdq"] for row in frames(path)}
    last = b""
    for number, hashed in enumerate(every_hash(path)):
        last = bytes(kept.get(number, last))  # type: ignore[call-overload]
        assert hashed.quality < 50 or hamming(hashed.hash, last) <= 31


def test_black_frames_are_kept_once_a_second(write: Write) -> None:
    rng = np.random.default_rng(0)
    dark = [rng.integers(0, 3, (120, 160, 3)).astype(np.uint8) for _ in range(50)]
    rows = frames(write(film(dark)))
    assert column(rows, "frame") == [0, 25]
    assert max(int(str(q)) for q in column(rows, "pdq_quality")) < 50


def test_frames_come_again_for_others_as_they_were_sampled(write: Write) -> None:
    path = write(film(scene(3, pan=4)))
    again = list(sampled_frames(path, reasons=("second", "cut", "change")))
    rows = frames(path)
    assert [(number, seconds) for number, seconds, _ in again] == [
        (row["frame"], row["seconds"]) for row in rows
    ]
    for row, (_, _, pixels) in zip(rows, again, strict=True):
        hashed = pdq(pixels, (160, 120), 1, default_kernels())
        assert hashed is not None
        assert hamming(hashed.hash, bytes(row["pdq"])) <= 31  # type: ignore[call-overload]


def test_frames_that_others_ask_for_are_one_a_second_and_cuts(write: Write) -> None:
    numbers = [number for number, _, _ in sampled_frames(write(film(scene(3, pan=4))))]
    assert numbers == [0, 25, 50]


def test_picture_has_no_frames(write: Write) -> None:
    path = write(encode(draw()))
    assert probe_media(path).frames == []


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animation_is_sampled_like_a_video(write: Write, kind: str) -> None:
    images = [Image.fromarray(p) for p in scene(3, fps=5)]
    for image in images[::2]:  # neighbours that are equal would be joined
        image.paste((255, 255, 255), (0, 0, 6, 6))
    buffer = io.BytesIO()
    images[0].save(buffer, kind, save_all=True, append_images=images[1:], duration=200)
    probed = probe_media(write(buffer.getvalue()))
    assert (probed.content["kind"], probed.content["frames_read"]) == ("video", "every")
    assert column(probed.frames, "frame") == [0, 5, 10]
    assert column(probed.frames, "seconds") == [0, 1, 2]


def test_animation_that_breaks_off_keeps_what_it_has(write: Write) -> None:
    images = [Image.fromarray(p) for p in scene(2, fps=5, pan=5)]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=200)
    probed = probe_media(write(buffer.getvalue()[: len(buffer.getvalue()) * 2 // 3]))
    assert probed.content["frames_read"] == "part"
    assert probed.content["decode_errors"] == 1
    assert probed.frames


def test_frames_of_a_picture_are_refused(write: Write) -> None:
    with pytest.raises(UnreadableError):
        next(iter(sampled_frames(write(b"hello", "a.txt"))))


def test_frames_hash_as_the_reference_does(shared_data: Path) -> None:
    """Every frame of quality 80 or more lies within 10 bits; of all that there are, within 6."""
    folder = shared_data / "duplicates"
    worst, compared = 0, 0
    for path in sorted((folder / "tmk" / "sample-videos").glob("*.mp4")):
        lines = (folder / "vpdq-sample-hashes" / f"{path.stem}.txt").read_text().split()
        hashes = list(every_hash(path))
        assert len(hashes) == len(lines), path.name
        for hashed, line in zip(hashes, lines, strict=True):
            _, quality, expected, _ = line.split(",")
            assert abs(hashed.quality - int(quality)) <= 1, path.name
            if int(quality) >= 80:
                worst = max(worst, hamming(hashed.hash, bytes.fromhex(expected)))
                compared += 1
    assert compared > 5000
    assert worst <= 6


def test_clip_that_was_cut_out_keeps_its_hashes(shared_data: Path, write: Write) -> None:
    source = shared_data / "duplicates" / "tmk" / "sample-videos" / "chair-orig-22-sd-bar.mp4"
    clip = list(every_hash(write(cut_out(source, 5, 6))))
    whole = list(every_hash(source))[150:180]
    assert max(hamming(a.hash, b.hash) for a, b in zip(clip, whole, strict=True)) <= 31
