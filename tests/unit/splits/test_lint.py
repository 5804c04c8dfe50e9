"""What a lint says of small worlds, kind by kind."""

from __future__ import annotations

import pyarrow as pa

from curate.schema import conform
from curate.splits.certificate import IN_PART, LEAKS, result, split_digest
from curate.splits.crossings import crossings
from curate.splits.lint import Lint, lint
from tests.factories import Row, depiction, digest, label, media, sighting, source
from tests.unit.splits.golden import related, tables_of

A, B, C = (
    media(f"{name}.jpg", split=split)
    for name, split in (("a", "train"), ("b", "train"), ("c", "test"))
)


def _near(left: str, right: str) -> Row:
    one, other = sorted((digest(left), digest(right)))
    return {"left": one, "relation": "near_duplicate", "right": other, "left_kind": "content",
            "right_kind": "content", "basis": "pdq<=31", "stage": "dedup/3"}  # fmt: skip


def _seen(*rows: Row, **tables: list[Row]) -> Lint:
    return lint(tables_of(list(rows), sightings=[sighting(row) for row in rows], **tables))


def test_far_pair_of_three_on_an_arc_is_reported() -> None:
    """A and b are near, b and c are near, a and c are not: only b and c cross splits."""
    near = [_near("a.jpg", "b.jpg"), _near("b.jpg", "c.jpg")]

    found = _seen(A, B, C, relations=near)

    (leak,) = found.leaks
    assert (leak.kind, leak.left, leak.right, leak.groups) == ("near", "train", "test", 1)
    assert leak.examples[0][1:] == (B["media_id"], C["media_id"])
    assert len(found.removals["near"].placements) == 1


def test_group_that_hangs_together_by_its_middle_is_reported_whole() -> None:
    """In one group of copies the first and the last are copies too."""
    groups = [
        {"sha256": digest(name), "group_id": digest("a.jpg"), "medoid": digest("b.jpg"),
         "tier": "near", "keep": digest("a.jpg"), "keep_reason": "x"}
        for name in ("a.jpg", "b.jpg", "c.jpg")
    ]  # fmt: skip

    found = _seen(A, B, C, groups=groups)

    (leak,) = found.leaks
    assert (leak.kind, leak.left_entries, leak.right_entries) == ("near", 2, 1)


def test_chain_that_was_split_into_groups_is_told_apart_from_groups() -> None:
    """What no group joins is still linked by a chain of look-alikes."""
    compared = [
        {"sha256": digest(name), "fingerprint": "f", "chain": digest("a.jpg"), "basis": "b"}
        for name in ("a.jpg", "c.jpg")
    ]

    found = _seen(A, B, C, compared=compared)

    assert [leak.kind for leak in found.leaks] == ["chain"]
    assert found.known("near") == 2


def test_nothing_known_is_never_a_clean_bill() -> None:
    """Splits of which nobody knows anything do not pass as leak-free."""
    assert result(lint(tables_of([A, B, C]))) == IN_PART


def test_equal_splits_are_leaks_even_where_entries_differ() -> None:
    """The same bytes under two names make test equal to val."""
    rows = [media("v.jpg", split="val"), media("t.jpg", split="test"), A]
    seen = [sighting(row, sha256=digest(s)) for row, s in zip(rows, "xxy", strict=True)]

    found = lint(tables_of(rows, sightings=seen), kinds=("identity",))

    assert [row["equal"] for row in found.classes.inside] == [True]
    assert result(found) == LEAKS


def test_digest_of_a_split_changes_with_its_entries_alone() -> None:
    """What else is in other splits does not show."""
    whole, part = lint(tables_of([A, B, C])), lint(tables_of([A, B]))

    assert split_digest(whole, "train") == split_digest(part, "train")
    assert split_digest(whole, "train") != split_digest(whole, "test")


def test_frames_swaps_and_sources_are_followed_through_what_is_not_listed() -> None:
    """A frame of an unlisted swap has its donor's source."""
    relations = [
        related(A["media_id"], "frame_of", "swap"),
        related("swap", "swap_donor", "donor"),
        related("donor", "from_source", "yt", "source"),
        related(C["media_id"], "from_source", "yt", "source"),
    ]

    told = crossings(tables_of([A, B, C], relations=relations)).to_pylist()

    assert {(row["kind"], row["split"], row["other"], row["name"]) for row in told} == {
        ("source", "train", "c.jpg", "yt"),
        ("source", "test", "a.jpg", "yt"),
    }


def test_what_an_entry_was_made_from_and_is_not_listed_is_not_checked() -> None:
    """Its original may stand in another split under another name."""
    real = media("real.jpg", split="test")
    relations = [
        related(A["media_id"], "derived_from", "gone"),
        related(B["media_id"], "derived_from", C["media_id"]),
        related(B["media_id"], "swap_target", "gone too"),
    ]
    rows = [A, B | {"split": "test"}, C, real]

    found = lint(tables_of(rows, relations=relations, labels=[label(real, "real")]))

    assert not found.leaks
    assert (found.known("derived"), found.dangling("derived")) == (2, 1)
    # A real picture of which no swap is known is not checked for swaps.
    assert (found.known("swap"), found.dangling("swap")) == (0, 1)
    assert found.dangling("frames") == 0
    assert result(found) == IN_PART


def test_circle_of_derivations_ends() -> None:
    """What is said to be made from itself ties what it names, once."""
    relations = [
        related(A["media_id"], "derived_from", C["media_id"]),
        related(C["media_id"], "derived_from", A["media_id"]),
    ]

    found = lint(tables_of([A, B, C], relations=relations))

    assert {(leak.kind, leak.left_entries) for leak in found.leaks} == {("derived", 1)}


def test_most_labels_against_the_dataset_is_an_inverted_convention() -> None:
    """Real and fake are swapped in both entries that tell."""
    fake = media("f.jpg", split="train", manipulation_type="face_swap")
    rows = [A, fake]

    found = lint(tables_of(rows, labels=[label(A, "fake"), label(fake, "real")]))

    assert found.classes.inverted == [{"dataset": "d", "labelled": 2, "contradicted": 2}]


def test_footage_that_is_shared_in_part_ties_like_a_clip() -> None:
    shared = {**_near("a.jpg", "c.jpg"), "relation": "shares_footage"}

    found = _seen(A, B, C, relations=[shared])

    assert {(leak.kind, leak.left, leak.right) for leak in found.leaks} == {
        ("footage", "train", "test")
    }


def test_pairs_of_entries_tie_as_pairs_of_contents_do() -> None:
    """What is known of two entries without their bytes is known all the same."""
    pair = {**_near("a.jpg", "c.jpg"), "left": A["media_id"], "right": C["media_id"],
            "left_kind": "media", "right_kind": "media"}  # fmt: skip
    mixed = {**pair, "right": digest("c.jpg"), "right_kind": "content"}

    for relation in (pair, mixed):
        found = _seen(A, B, C, relations=[relation])
        assert {(leak.kind, leak.left, leak.right) for leak in found.leaks} == {
            ("near", "train", "test")
        }


def test_who_was_found_not_to_be_in_an_entry_does_not_tie_it() -> None:
    """A link that reviewers rejected says that the entry shows somebody else."""
    links = [depiction(A), depiction(C, link_status="rejected")]

    assert not _seen(A, B, C, depictions=links).leaks
    links[1] |= {"link_status": "proposed"}
    assert {leak.kind for leak in _seen(A, B, C, depictions=links).leaks} == {"identity"}


def _sources(*ids: str) -> pa.Table:
    return conform([source(one) for one in ids], "sources")


def test_entries_of_one_declared_source_are_tied_where_it_is_no_collection() -> None:
    """A session that nobody described ties; a source with terms on record is a collection."""
    rows = [media("a.jpg", split="train", source_id="session-1"),
            media("b.jpg", split="test", source_id="session-1"),
            media("c.jpg", split="test", source_id="studio-a"),
            media("d.jpg", split="train", source_id="studio-a"),
            media("e.jpg", split="train", source_id="celeba"),
            media("f.jpg", split="test", source_id="celeba"),
            media("g.jpg", split="test")]  # fmt: skip

    found = lint(tables_of(rows) | {"sources": _sources("studio-a")}, kinds=("source",))

    (leak,) = found.leaks
    assert (leak.kind, leak.groups, leak.examples[0][0]) == ("source", 1, "session-1")


def test_the_only_source_of_a_dataset_ties_nothing() -> None:
    """It is where the whole dataset comes from, and parts nothing."""
    rows = [media(f"{name}.jpg", split=split, source_id="lab")
            for name, split in (("a", "train"), ("b", "test"))]  # fmt: skip

    assert not lint(tables_of(rows) | {"sources": _sources()}, kinds=("source",)).leaks


def test_what_is_made_from_a_frame_of_a_source_is_tied_by_it() -> None:
    """The source is followed however far back."""
    rows = [media("a.jpg", split="train", source_id="session-1"),
            media("fake.jpg", split="test"), media("b.jpg", source_id="session-2")]  # fmt: skip
    made = related(rows[1]["media_id"], "derived_from", rows[0]["media_id"])

    found = lint(tables_of(rows, relations=[made]) | {"sources": _sources()}, kinds=("source",))

    assert [leak.kind for leak in found.leaks] == ["source"]
