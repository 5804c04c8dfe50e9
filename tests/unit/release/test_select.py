"""Selection: what was cleared, each content once, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.media.part import Part
from curate.release.select import Selection, select
from curate.schema import conform
from tests.factories import content, digest, entries, label, media, sighting, verdict

VERDICTS = ("cleared", "needs_review", "blocked")


def chosen(
    rows: list[dict[str, Any]],
    verdicts: list[dict[str, Any]],
    *,
    sightings: list[dict[str, Any]] | None = None,
    labels: list[dict[str, Any]] | None = None,
    sizes: dict[str, int] | None = None,
    groups: list[dict[str, Any]] | None = None,
    relations: list[dict[str, Any]] | None = None,
    faces: list[dict[str, Any]] | None = None,
    parts: list[dict[str, Any]] | None = None,
    keep_duplicates: bool = False,
    called_back: Sequence[str] = (),
) -> Selection:
    """Return the selection from entries with verdicts."""
    listed = entries(rows, sightings)
    held = sorted({d for d in listed["sha256"].to_pylist() if d})
    contents = [content(d, byte_size=(sizes or {}).get(d, 3)) for d in held]
    return select({
        "entries": listed,
        "content": conform(contents, "content"),
        "parts": conform(parts or [], "parts"),
        "labels": conform(labels or [], "labels"),
        "groups": conform(groups or [], "groups"),
        "relations": conform(relations or [], "relations"),
        "faces": conform(faces or [], "faces"),
        "verdicts": conform(verdicts, "verdicts"),
    }, keep_duplicates=keep_duplicates, called_back=called_back)  # fmt: skip


def test_cleared_entries_go_out_with_what_is_known_of_them() -> None:
    """Split, label and measures; an entry without a split is in `all`."""
    rows = [media("a.jpg", split="train"), media("b.jpg")]

    found = chosen(rows, [verdict(row) for row in rows], labels=[label(rows[0], "fake")])

    items = found.items.select(["locator", "split", "label", "sha256", "byte_size"]).to_pylist()
    assert items == [
        {"locator": "b.jpg", "split": "all", "label": None, "sha256": digest("b.jpg"),
         "byte_size": 3},
        {"locator": "a.jpg", "split": "train", "label": "fake", "sha256": digest("a.jpg"),
         "byte_size": 3},
    ]  # fmt: skip
    assert (found.left_out, found.excluded) == ({}, 0)


def test_subjects_are_no_column() -> None:
    """Who is in a picture does not leave with it."""
    row = media()

    columns = chosen([row], [verdict(row)]).items.column_names

    assert not {"subject_id", "subject", "declared_in", "extra", "group"} & set(columns)


def test_what_nobody_looked_at_and_is_taken_out_is_named() -> None:
    """A file is handed on without it, also where metadata are kept; all else is no matter."""
    rows = [media("a.mp4"), media("b.mp4")]
    sha256 = digest("a.mp4")
    parts = [
        Part("video stream 1", "video", "not", "taken_out"),
        Part("attached file 1", "attachment", "not", "taken_out"),
        Part("the chapters", "metadata", "read", "taken_out"),
        Part("data within the coded frames", "surplus", "not"),
    ]

    found = chosen(
        rows, [verdict(row) for row in rows], parts=[p.row(sha256, "probe/6") for p in parts]
    )

    named = dict(zip(*(found.items[c].to_pylist() for c in ("locator", "taken_out")), strict=True))
    assert named == {"a.mp4": "attached file 1; video stream 1", "b.mp4": None}


def test_what_is_left_out_is_counted_by_each_reason() -> None:
    """An entry with two reasons stands in both."""
    rows = [media(f"{n}.jpg") for n in range(3)]
    said = [
        verdict(rows[0], "blocked", ["CON001", "CON003"]),
        verdict(rows[1], "needs_review", ["CON001"]),
        verdict(rows[2]),
    ]

    found = chosen(rows, said)

    assert found.left_out == {"CON001": 2, "CON003": 1}
    assert found.excluded == 2
    assert found.items.num_rows == 1


def test_same_content_goes_out_once() -> None:
    """The first by name is taken, and the others are counted."""
    rows = [media("b.jpg"), media("a.jpg"), media("c.jpg")]
    seen = [sighting(row, sha256=digest("same")) for row in rows]

    found = chosen(rows, [verdict(row) for row in rows], sightings=seen)

    assert found.items["locator"].to_pylist() == ["a.jpg"]
    assert found.left_out == {"same-content": 2}


def test_bytes_that_are_blocked_elsewhere_do_not_go_out() -> None:
    """A copy under another name shows the same person, whatever is declared of the copy."""
    rows = [media("a.jpg"), media("copy.jpg"), media("c.jpg")]
    seen = [sighting(row, sha256=digest("same")) for row in rows[:2]] + [sighting(rows[2])]
    said = [verdict(rows[0]), verdict(rows[1], "blocked", ["CON002"]), verdict(rows[2])]

    found = chosen(rows, said, sightings=seen)

    assert found.items["locator"].to_pylist() == ["c.jpg"]
    assert found.left_out == {"CON002": 1, "copy-blocked": 1}


def test_what_a_feed_called_back_is_left_out() -> None:
    """Under another entry too: whoever follows the feed would delete it."""
    rows = [media("a.jpg"), media("copy.jpg"), media("c.jpg")]
    seen = [sighting(row, sha256=digest("same")) for row in rows[:2]] + [sighting(rows[2])]

    found = chosen(
        rows, [verdict(row) for row in rows], sightings=seen, called_back=[rows[0]["media_id"]]
    )

    assert found.items["locator"].to_pylist() == ["c.jpg"]
    assert found.left_out == {"called-back": 2}


def test_file_that_is_not_there_is_left_out() -> None:
    """A verdict does not make a file appear."""
    rows = [media("a.jpg", status="missing"), media("b.jpg")]

    found = chosen(rows, [verdict(row) for row in rows], sightings=[])

    assert found.items.num_rows == 0
    assert found.left_out == {"not-present": 2}


def test_entry_without_a_verdict_is_left_out() -> None:
    """What the audit did not judge was not cleared."""
    rows = [media("a.jpg"), media("b.jpg")]

    found = chosen(rows, [verdict(rows[0])])

    assert found.items["locator"].to_pylist() == ["a.jpg"]
    assert found.left_out == {"not-judged": 1}
    assert found.excluded == 1


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(VERDICTS),
            st.integers(0, 3),  # which content
            st.sampled_from(["present", "missing"]),
        ),
        max_size=8,
    )
)
def test_nothing_goes_out_that_was_not_cleared(said: list[tuple[str, int, str]]) -> None:
    """Whatever the verdicts, contents and files are."""
    rows = [media(f"{n}.jpg", status=status) for n, (_, _, status) in enumerate(said)]
    seen = [
        sighting(row, sha256=digest(str(which)))
        for row, (_, which, _) in zip(rows, said, strict=True)
    ]
    verdicts = [verdict(row, word) for row, (word, _, _) in zip(rows, said, strict=True)]

    found = chosen(rows, verdicts, sightings=seen)

    cleared = {r["media_id"] for r, (w, _, s) in zip(rows, said, strict=True)
               if (w, s) == ("cleared", "present")}  # fmt: skip
    blocked = {digest(str(which)) for word, which, _ in said if word == "blocked"}
    out = found.items.to_pylist()
    assert {item["media_id"] for item in out} <= cleared
    assert not {item["sha256"] for item in out} & blocked
    assert len({item["sha256"] for item in out}) == len(out)
    assert found.excluded == len(rows) - len(out)
    if not blocked:
        held = {digest(str(which)) for word, which, status in said
                if (word, status) == ("cleared", "present")}  # fmt: skip
        assert {item["sha256"] for item in out} == held


@settings(max_examples=10)
@given(st.permutations(range(6)))
def test_order_of_rows_does_not_show(order: list[int]) -> None:
    """The same entries, verdicts and labels give the same items."""
    rows = [media(f"{n}.jpg", split="train" if n % 2 else None) for n in range(6)]
    turned = [rows[n] for n in order]

    one, two = (
        chosen(some, [verdict(row) for row in some], labels=[label(row) for row in some])
        for some in (rows, turned)
    )

    assert isinstance(one.items, pa.Table)
    assert one.items.equals(two.items)


def _alike(*names: str, keep: str) -> list[dict[str, Any]]:
    """Return rows of one group of near duplicates."""
    return [{"sha256": digest(name), "group_id": "g", "medoid": digest(keep), "tier": "near",
             "distance": 3.0, "keep": digest(keep), "keep_reason": "larger"}
            for name in names]  # fmt: skip


def test_of_near_duplicates_the_kept_one_goes_out() -> None:
    """The others are counted, or go out as well when asked for."""
    rows = [media("a.jpg"), media("b.jpg"), media("c.jpg")]
    said, groups = [verdict(row) for row in rows], _alike("a.jpg", "b.jpg", keep="b.jpg")

    found = chosen(rows, said, groups=groups)
    every = chosen(rows, said, groups=groups, keep_duplicates=True)

    assert sorted(found.items["locator"].to_pylist()) == ["b.jpg", "c.jpg"]
    assert found.left_out == {"near-duplicate": 1}
    assert every.items.num_rows == 3


def test_another_near_duplicate_goes_out_where_the_kept_one_may_not() -> None:
    """What was kept in the catalogue is no reason to lose the picture."""
    rows = [media("a.jpg"), media("b.jpg")]
    said = [verdict(rows[0]), verdict(rows[1], "needs_review", ["CON001"])]

    found = chosen(rows, said, groups=_alike("a.jpg", "b.jpg", keep="b.jpg"))

    assert found.items["locator"].to_pylist() == ["a.jpg"]


def test_a_fake_is_no_duplicate_of_what_it_was_made_from() -> None:
    """However alike they look: their labels differ, or their methods."""
    rows = [media("a.jpg"), media("b.jpg", method="Deepfakes"), media("c.jpg", method="FaceSwap")]
    labels = [label(rows[0]), label(rows[1], "fake"), label(rows[2], "fake")]
    groups = _alike("a.jpg", "b.jpg", "c.jpg", keep="a.jpg")

    found = chosen(rows, [verdict(row) for row in rows], labels=labels, groups=groups)

    assert found.items.num_rows == 3


def test_of_near_duplicates_the_best_that_is_cleared_goes_out() -> None:
    """Not the first by name of those that are left, once the one kept in the catalogue is not."""
    rows = [media("a.jpg"), media("b.jpg"), media("c.jpg")]
    said = [verdict(rows[0]), verdict(rows[1]), verdict(rows[2], "blocked", ["CON002"])]
    sizes = {digest("a.jpg"): 10, digest("b.jpg"): 30, digest("c.jpg"): 90}

    found = chosen(rows, said, groups=_alike("a.jpg", "b.jpg", "c.jpg", keep="c.jpg"), sizes=sizes)

    assert found.items["locator"].to_pylist() == ["b.jpg"]
    assert found.left_out == {"CON002": 1, "near-duplicate": 1}


def test_an_unclear_label_keeps_no_copy() -> None:
    """A copy without a label, or a fake of a method unknown, is no other picture."""
    rows = [media("a.jpg"), media("b.jpg", method="Deepfakes"), media("c.jpg")]
    labels = [label(rows[1], "fake"), label(rows[2], "fake")]
    groups = _alike("a.jpg", "b.jpg", "c.jpg", keep="a.jpg")

    found = chosen(rows, [verdict(row) for row in rows], labels=labels, groups=groups)

    assert found.items["locator"].to_pylist() == ["b.jpg"]
    assert found.left_out == {"near-duplicate": 2}


def test_of_the_same_bytes_the_entry_with_a_clear_label_goes_out() -> None:
    """Whatever the names."""
    rows = [media("a.jpg"), media("b.jpg")]
    seen = [sighting(row, sha256=digest("same")) for row in rows]

    found = chosen(rows, [verdict(row) for row in rows], sightings=seen, labels=[label(rows[1])])

    assert found.items["locator"].to_pylist() == ["b.jpg"]
