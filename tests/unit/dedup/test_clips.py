"""Shared footage: shares both ways, offsets, and bounds on frames that everybody has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.clips import Footage, Overlaps, overlaps
from curate.errors import InputError

RADIUS = 31


def scene(seed: int, seconds: int, per_second: int = 1) -> np.ndarray:
    """Return one random code per frame, shape (frames, 4)."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**64, (seconds * per_second, 4), dtype=np.uint64)


def blurred(codes: np.ndarray, bits: int, seed: int = 0) -> np.ndarray:
    """Return codes with `bits` of each flipped."""
    rng = np.random.default_rng(seed)
    noisy = codes.copy()
    for row in noisy:
        for bit in rng.choice(256, bits, replace=False):
            row[bit >> 6] ^= np.uint64(1) << np.uint64(bit & 63)
    return noisy


def footage(*videos: np.ndarray, fps: float = 1.0) -> Footage:
    """Return videos whose frames stand at equal distances."""
    lengths = [len(video) for video in videos]
    return Footage(
        np.repeat(np.arange(len(videos)), lengths),
        np.concatenate(videos),
        np.concatenate([np.arange(n) / fps for n in lengths]),
        np.full(sum(lengths), 1 / fps),
    )


def only(found: Overlaps) -> tuple[int, int, float, float, float]:
    """Return the one overlap there is."""
    assert len(found) == 1
    columns = vars(found).values()
    left, right, *rest = (column[0] for column in columns)
    return int(left), int(right), *(float(value) for value in rest)  # type: ignore[return-value]


def test_clip_is_found_inside_a_longer_video_at_its_offset() -> None:
    whole = scene(1, 60)
    clip = blurred(whole[20:30], 12)
    assert only(overlaps(footage(clip, whole), RADIUS)) == (0, 1, 1.0, 10 / 60, 20.0)


def test_offset_is_told_from_the_left_video() -> None:
    whole = scene(1, 60)
    assert only(overlaps(footage(whole, whole[20:30]), RADIUS)) == (0, 1, 10 / 60, 1.0, -20.0)


def test_frames_beyond_the_radius_do_not_match() -> None:
    whole = scene(1, 10)
    assert len(overlaps(footage(whole, blurred(whole, RADIUS)), RADIUS)) == 1
    assert len(overlaps(footage(whole, blurred(whole, RADIUS + 1)), RADIUS)) == 0


def test_different_videos_share_nothing() -> None:
    assert len(overlaps(footage(scene(1, 50), scene(2, 50), scene(3, 50)), RADIUS)) == 0


def test_video_alone_shares_nothing_with_itself() -> None:
    still = np.repeat(scene(1, 1), 50, axis=0)
    assert len(overlaps(footage(still), RADIUS)) == 0


def test_no_video_shares_nothing() -> None:
    empty = Footage(np.empty(0, np.int64), np.empty((0, 4), np.uint64), np.empty(0), np.empty(0))
    assert len(overlaps(empty, RADIUS)) == 0


def test_shares_are_of_time_and_not_of_frames() -> None:
    codes = scene(1, 4)
    one = Footage(np.zeros(4, np.int64), codes, np.arange(4.0), np.array([1.0, 1.0, 1.0, 7.0]))
    two = footage(codes[3:])
    both = Footage(
        np.append(one.video, 1),
        np.concatenate((one.codes, two.codes)),
        np.append(one.seconds, 0.0),
        np.append(one.span, 1.0),
    )
    assert only(overlaps(both, RADIUS))[2:4] == (0.7, 1.0)


def test_scene_that_hardly_moves_lies_where_it_matches_best() -> None:
    still = np.repeat(scene(1, 1), 40, axis=0)
    moving = np.concatenate([blurred(still[i : i + 1], 8, seed=i) for i in range(40)])
    offset = only(overlaps(footage(moving[13:25], moving), RADIUS))[4]
    assert offset == 13


def test_footage_that_runs_backwards_has_no_offset() -> None:
    whole = scene(1, 30)
    _, _, left, right, offset = only(overlaps(footage(whole, whole[::-1]), RADIUS))
    assert (left, right) == (1, 1)
    assert np.isnan(offset)


def test_footage_at_another_rate_still_overlaps() -> None:
    whole = scene(1, 30)
    fast = footage(whole, whole)
    fast.seconds[30:] /= 2
    assert only(overlaps(fast, RADIUS))[2:4] == (1, 1)


def test_title_that_thousands_share_is_not_compared_each_with_each() -> None:
    title = scene(0, 1)
    videos = [np.concatenate((title, scene(seed, 2))) for seed in range(1, 2001)]
    twins = [videos[1500], videos[1700]]
    found = overlaps(footage(*videos, *twins), RADIUS)
    assert len(found) < 20_000
    whole = np.minimum(found.left_share, found.right_share) == 1
    assert set(zip(found.left[whole], found.right[whole], strict=True)) == {
        (1500, 2000),
        (1700, 2001),
    }


def test_copies_of_one_still_meet_at_the_first() -> None:
    still = scene(0, 1)
    found = overlaps(footage(*[still] * 500), RADIUS)
    ends = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert {(0, other) for other in range(1, 500)} <= ends
    assert len(ends) < 3000


def test_copies_meet_where_too_many_frames_match_to_list(monkeypatch) -> None:
    monkeypatch.setattr("curate.dedup.clips._MOST_PAIRS", 10)
    still = scene(0, 1)
    copies = [blurred(still, 6, seed) for seed in range(50)]
    found = overlaps(footage(*copies, scene(1, 1)), RADIUS)
    linked = set(found.left.tolist()) | set(found.right.tolist())
    assert linked == set(range(50))


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_overlaps_are_those_of_every_two_frames(seed: int, videos: int) -> None:
    rng = np.random.default_rng(seed)
    pool = scene(seed, 6)
    made = [
        blurred(pool[rng.integers(0, 6, rng.integers(1, 8))], int(rng.integers(0, 20)), seed + v)
        for v in range(videos)
    ]
    found = overlaps(footage(*made), RADIUS)
    shares = {
        (left, right): (a, b)
        for left, right, a, b in zip(
            found.left, found.right, found.left_share, found.right_share, strict=True
        )
    }
    for left in range(videos):
        for right in range(left + 1, videos):
            apart = np.bitwise_count(made[left][:, None] ^ made[right][None]).sum(axis=2)
            hit = apart <= RADIUS
            expected = (hit.any(axis=1).mean(), hit.any(axis=0).mean())
            assert shares.get((left, right), (0, 0)) == pytest.approx(expected)


def test_frames_out_of_order_are_refused() -> None:
    with pytest.raises(InputError, match="in order of videos"):
        Footage(np.array([1, 0]), scene(1, 2), np.arange(2.0), np.ones(2))
