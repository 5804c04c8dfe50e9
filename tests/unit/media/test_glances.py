"""Whoever is on screen for a fifth of a second is on a frame that is searched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.media import numbered_frames, searched_frames
from curate.media.glances import CHANGED_LUMA, WITHIN_SECONDS, Glance, glances
from curate.media.video import Picture
from tests.unit.media.conftest import draw
from tests.unit.media.videos import film, scene

Write = Callable[..., Path]
Grey = npt.NDArray[np.uint8]
SMALLEST = 24


class Drawn(Picture):
    """A frame whose luma is given."""

    def grey(self) -> Grey:
        """Return it."""
        luma: Grey = self.decoded
        return luma


def _drawn(frames: list[Grey], fps: float) -> Iterator[Picture]:
    for number, luma in enumerate(frames):
        yield Drawn(number, number / fps, luma)


def _searched(frames: list[Grey], fps: float = 25, **wanted: frozenset[int]) -> list[Glance]:
    return list(glances(_drawn(frames, fps), smallest=SMALLEST, **wanted))  # type: ignore[arg-type]


def _plain(count: int, luma: int = 90) -> list[Grey]:
    return [np.full((120, 160), luma, np.uint8) for _ in range(count)]


def _numbers(found: list[Glance]) -> list[int]:
    return [glance.picture.frame for glance in found]


def test_nothing_that_moves_is_searched_once_a_second_and_at_the_end() -> None:
    assert _numbers(_searched(_plain(60))) == [0, 25, 50, 59]


def test_coding_noise_is_no_change() -> None:
    noise = np.random.default_rng(1)
    frames = [
        (luma + noise.integers(0, CHANGED_LUMA, luma.shape)).astype(np.uint8) for luma in _plain(60)
    ]
    assert _numbers(_searched(frames)) == [0, 25, 50, 59]


@pytest.mark.parametrize("frames_shown", [1, 2, 5])
@pytest.mark.parametrize("begin", [1, 12, 23, 26, 40])
def test_somebody_who_passes_a_still_scene_is_searched(begin: int, frames_shown: int) -> None:
    """Even on a single frame, and beside whole seconds: nothing else changes there."""
    frames = _plain(60)
    for luma in frames[begin : begin + frames_shown]:
        luma[33 : 33 + SMALLEST, 71 : 71 + SMALLEST] = 140
    found = _numbers(_searched(frames))
    assert set(range(begin, begin + frames_shown)) & set(found), found


@given(
    fps=st.sampled_from([5, 12, 24, 25, 30, 50, 60]),
    begin=st.integers(0, 90),
    left=st.integers(0, 160 - SMALLEST),
    top=st.integers(0, 120 - SMALLEST),
    light=st.sampled_from([40, 200]),
    seed=st.integers(0, 5),
    still=st.booleans(),
)
def test_a_fifth_of_a_second_is_enough(
    fps: int, begin: int, left: int, top: int, light: int, seed: int, *, still: bool
) -> None:
    """Whatever else moves, and wherever the person stands."""
    moves = np.random.default_rng(seed)
    frames = _plain(110)
    if not still:
        for number, luma in enumerate(frames):
            x = int(moves.integers(0, 100))
            luma[:20, x : x + 40] = 30 + number % 200
    length = -(-round(WITHIN_SECONDS * fps * 1000) // 1000)
    shown = range(begin, min(begin + length, len(frames)))
    for number in shown:
        frames[number][top : top + SMALLEST, left : left + SMALLEST] = light
    found = _searched(frames, fps)
    assert set(shown) & set(_numbers(found))
    assert _numbers(found) == sorted(set(_numbers(found)))
    assert max(glance.gap for glance in found) <= max(WITHIN_SECONDS, 1 / fps) + 1e-6


def test_steady_motion_costs_few_frames_a_second() -> None:
    wide = draw(600, 120, 3)[:, :, 0]
    frames = [np.ascontiguousarray(wide[:, 4 * i : 4 * i + 160]) for i in range(100)]
    assert 5 * 4 <= len(_searched(frames)) <= 8 * 4


@pytest.mark.parametrize("visits", [{1}, {2}, {1, 2, 3}])
@pytest.mark.parametrize("kinds", [1, 2, 30])
def test_flashes_draw_no_attention_from_whoever_comes_between(visits: set[int], kinds: int) -> None:
    """Every fifth frame is a flash, of a few kinds or each of another."""
    frames = _plain(75)
    for number, luma in enumerate(frames):
        if number % 5 == 4:
            luma[:] = 10 + 240 * (number // 5 % kinds) // max(kinds - 1, 1)
        elif number % 5 in visits:
            luma[7 : 7 + SMALLEST, 90 : 90 + SMALLEST] = 150
    found = _numbers(_searched(frames))
    assert [number for number in found if number % 5 in visits], found


def test_first_frames_of_shots_are_searched_and_what_flashed_before() -> None:
    frames = _plain(20) + _plain(20, 160)
    frames[17][:40, :40] = 200
    assert _numbers(_searched(frames, wanted=frozenset({20}))) == [0, 17, 20, 25, 39]


def test_frames_of_changing_size_are_searched() -> None:
    frames = _plain(10) + [np.full((90, 160), 90, np.uint8) for _ in range(10)]
    assert any(10 <= number < 15 for number in _numbers(_searched(frames)))


def test_searched_frames_of_a_file_can_be_had_again_by_number(write: Write) -> None:
    path = write(film(scene(2, pan=3)))
    found = {frame: pixels for frame, _, pixels in searched_frames(path, smallest=SMALLEST)}
    again = dict(numbered_frames(path, set(found)))
    assert found.keys() == again.keys()
    assert all((found[frame] == again[frame]).all() for frame in found)
    assert len(found) > 8


def test_every_frame_of_an_animation_that_differs_is_searched(write: Write) -> None:
    import io

    from PIL import Image

    pictures = [Image.fromarray(draw(80, 60, seed)) for seed in (1, 1, 2, 3)]
    out = io.BytesIO()
    pictures[0].save(
        out, "WEBP", save_all=True, append_images=pictures[1:], duration=20, lossless=True,
        minimize_size=False,
    )  # fmt: skip
    path = write(out.getvalue(), "short.webp")
    shown = [pixels for _, _, pixels in searched_frames(path, smallest=SMALLEST)]
    for picture in pictures:
        assert any((np.asarray(picture) == pixels).all() for pixels in shown)
