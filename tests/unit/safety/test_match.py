"""Matching: bands, turns, statuses, floods and videos, on random hashes."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from curate.dedup.codes import unpack_codes
from curate.safety.entries import SCHEMA
from curate.safety.lists import HashList, ListInfo
from curate.safety.match import match
from curate.safety.matches import Items
from curate.safety.perceptual import FLOOD_ITEMS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def codes(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


def flipped(code: np.ndarray, bits: int) -> np.ndarray:
    """Return a code with its first `bits` bits changed."""
    raw = np.unpackbits(np.frombuffer(unpack_codes(code[None])[0], np.uint8))
    raw[:bits] ^= 1
    return np.packbits(raw).view(">u8").astype(np.uint64)


def items(own: np.ndarray, **given) -> Items:
    count = len(own)
    turned = codes(8 * count, 99).reshape(count, 8, 4)
    turned[:, 0] = own
    return Items(**{
        "digests": {"md5": pa.array([bytes([n % 256]) * 16 for n in range(count)], pa.binary())},
        "codes": turned,
        "quality": np.full(count, 90, np.int16),
        "moving": np.zeros(count, bool),
        "frame_item": np.empty(0, np.int64),
        "frame_codes": np.empty((0, 4), np.uint64),
        "frame_quality": np.empty(0, np.int16),
        **given,
    })  # fmt: skip


def listed(rows: list[dict], **info) -> HashList:
    plain = {"status": "active", "case_ref": None, "quality": 100, "video": -1}
    table = pa.Table.from_pylist([{**plain, **row} for row in rows], schema=SCHEMA)
    return HashList(ListInfo("l", "p", "ncii", NOW, NOW, **info), table)


def pdq(code: np.ndarray, **more) -> dict:
    return {"signal": "pdq", "value": unpack_codes(code[None])[0], **more}


def bands(found) -> dict[int, str]:
    return {row["item"]: row["band"] for row in found.matches.to_pylist()}


@pytest.mark.parametrize(
    ("bits", "quality", "band"),
    [(0, 50, "match"), (31, 50, "match"), (31, 49, "near"), (32, 50, "near"), (40, 90, "near"),
     (41, 90, None), (32, 10, None)],
)  # fmt: skip
def test_bands(bits: int, quality: int, band: str | None) -> None:
    own = codes(3)
    given = items(own, quality=np.array([90, quality, 90], np.int16))
    found = match(given, [listed([pdq(flipped(own[1], bits))])])
    assert bands(found) == ({} if band is None else {1: band})
    assert found.unchecked.keys() == ({1} if quality < 50 else set())


@pytest.mark.parametrize("turn", range(8))
def test_turned(turn: int) -> None:
    given = items(codes(3))
    rows = match(given, [listed([pdq(flipped(given.codes[2, turn], 9))])]).matches.to_pylist()
    assert [(row["item"], row["distance"], row["band"]) for row in rows] == [(2, 9, "match")]


def test_exact_digests_need_no_picture() -> None:
    given = items(codes(2), quality=np.array([-1, -1], np.int16))
    found = match(given, [listed([{"signal": "md5", "value": b"\1" * 16}])])
    assert bands(found) == {1: "match"}
    assert found.unchecked == {}  # no perceptual list was asked


@pytest.mark.parametrize(("status", "band"), [("withdrawn", None), ("disputed", "near")])
def test_status_decides(status: str, band: str | None) -> None:
    given = items(codes(2))
    rows = [pdq(given.codes[0, 0], status=status),
            {"signal": "md5", "value": b"\0" * 16, "status": status}]  # fmt: skip
    assert bands(match(given, [listed(rows)])) == ({} if band is None else {0: band})


def test_known_good_takes_back_what_is_alike_and_never_what_is_the_same() -> None:
    given = items(codes(2))
    good = listed([{"signal": "md5", "value": bytes([n]) * 16} for n in (0, 1)], negative=True)
    bad = listed([pdq(given.codes[0, 0]), {"signal": "md5", "value": b"\1" * 16}])
    assert bands(match(given, [bad, good])) == {1: "match"}


def test_a_hash_that_matches_far_too_much_is_named_and_held_for_review() -> None:
    own = codes(FLOOD_ITEMS + 50)
    own[: FLOOD_ITEMS + 1] = own[0]
    rows = [pdq(own[0]), pdq(own[-1])]
    found = match(items(own), [listed(rows)])
    assert found.floods == {"l": {0: FLOOD_ITEMS + 1}}
    expected = dict.fromkeys(range(FLOOD_ITEMS + 1), "near")
    assert bands(found) == {**expected, len(own) - 1: "match"}


def video(shown: np.ndarray, quality: int = 90) -> Items:
    count = len(shown)
    return items(
        codes(1), quality=np.array([-1], np.int16), moving=np.array([True]),
        frame_item=np.zeros(count, np.int64), frame_codes=shown,
        frame_quality=np.full(count, quality, np.int16),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("held", "query", "band"),
    [(10, 0, "match"), (8, 0, "match"), (7, 0, "near"), (3, 0, None), (10, 90, "near")],
)
def test_videos_by_both_percentages(held: int, query: float, band: str | None) -> None:
    theirs = codes(10)
    ours = np.concatenate([theirs[:held], codes(10, 5)])
    rows = [{**pdq(c), "signal": "vpdq", "video": 0} for c in theirs]
    found = match(video(ours), [listed(rows, query=float(query))])
    assert bands(found) == ({} if band is None else {0: band})
    for row in found.matches.to_pylist():
        assert row["compared"] == pytest.approx(10 * held)
        assert row["query"] == pytest.approx(100 * held / (held + 10))


def test_a_listed_picture_is_found_as_a_frame_and_dark_frames_say_nothing() -> None:
    shown = codes(4)
    rows = [pdq(flipped(shown[2], 20))]
    assert bands(match(video(shown), [listed(rows)])) == {0: "match"}
    dark = match(video(shown, quality=10), [listed(rows)])
    assert bands(dark) == {}
    assert dark.unchecked == {0: "no frame says enough to a hash"}


def test_what_a_list_asks_by_a_digest_that_was_never_computed_is_not_checked() -> None:
    """Only where a list names files that way: the others lack nothing."""
    given = items(codes(2))
    sha1 = [{"signal": "sha1", "value": b"\1" * 20}]

    assert match(given, [listed(sha1)]).unchecked == dict.fromkeys(
        (0, 1), "its sha1 was never computed"
    )
    assert match(given, [listed(sha1, negative=True)]).unchecked == {}
    assert match(given, [listed([{**sha1[0], "status": "withdrawn"}])]).unchecked == {}
