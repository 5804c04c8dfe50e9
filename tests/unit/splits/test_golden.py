"""What is known of published splits, from their own metadata."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from curate.catalog.numbered import Runs
from curate.splits.certificate import LEAKS, certificate, checked, result
from curate.splits.lint import Lint, lint
from curate.splits.placements import crossing
from tests.factories import AS_OF
from tests.unit.splits.golden import celeb_df_rearranged, deepfake_detection, faceforensics


def _shared(found: Lint, left: str, right: str) -> set[frozenset[str]]:
    """Return the original clips of each source video that two splits share."""
    groups = found.ties.groups["source"]
    runs = found.placed.runs(found.ties.entries.num_rows)
    mask = crossing(found.placed, runs, groups).mask
    both = sum(1 << found.placed.splits.index(name) for name in (left, right))
    locators = found.ties.entries["locator"].to_pylist()
    members = Runs.of(groups.group, groups.item, len(groups.names))
    return {
        frozenset(
            Path(locators[item]).stem
            for item in members.members[members.starts[g] : members.starts[g + 1]]
            if "original" in locators[item]
        )
        for g in range(len(mask))
        if mask[g] & both == both
    }


def test_faceforensics_official_splits_share_seven_source_videos(shared_data: Path) -> None:
    """Five pairs of clips are between train and val, two between train and test."""
    found = lint(faceforensics(shared_data / "metadata" / "faceforensics"))

    train_val = {"605 606", "639 640", "837 838", "875 876", "982 983"}
    assert _shared(found, "train", "val") == {frozenset(p.split()) for p in train_val}
    assert _shared(found, "train", "test") == {frozenset(p.split()) for p in ("755 756", "954 955")}
    assert [(leak.kind, leak.left, leak.right, leak.groups) for leak in found.leaks] == [
        ("source", "train", "val", 5),
        ("source", "train", "test", 2),
    ]


def test_faceforensics_leak_touches_four_of_140_test_videos_per_method(shared_data: Path) -> None:
    """Each leaked clip of the test set is target of one fake and donor of another."""
    found = lint(faceforensics(shared_data / "metadata" / "faceforensics"))
    placed, ties = found.placed, found.ties
    reach = crossing(placed, placed.runs(ties.entries.num_rows), ties.groups["source"]).reach
    methods = ties.entries["method"].to_pylist()
    test, train = (placed.splits.index(name) for name in ("test", "train"))
    in_test = [i for i, split in enumerate(placed.split.tolist()) if split == test]

    everything = Counter(methods[placed.item[i]] for i in in_test)
    leaked = Counter(methods[placed.item[i]] for i in in_test if reach[i] >> train & 1)

    fakes = [m for m in everything if m is not None]
    assert {(leaked[m], everything[m]) for m in fakes} == {(4, 140)}
    assert len(fakes) == 4


def test_faceforensics_is_repaired_by_one_side_of_each_shared_video(shared_data: Path) -> None:
    """Nine entries come from each clip: itself, and two fakes of each of four methods."""
    removal = lint(faceforensics(shared_data / "metadata" / "faceforensics")).removals["source"]

    assert removal.exact
    assert len(removal.placements) == 7 * 9


def test_dfd_actors_of_val_and_test_are_all_in_train(shared_data: Path) -> None:
    """28, 28 and 26 actors, and none of val or test is new."""
    file = shared_data / "metadata" / "deepfakebench" / "DFD_balanced.json"
    found = lint(deepfake_detection(file), kinds=("identity",))
    groups = found.ties.groups["identity"]
    runs = found.placed.runs(found.ties.entries.num_rows)
    mask = crossing(found.placed, runs, groups).mask

    assert found.placed.splits == ("train", "val", "test")
    assert [int((mask >> bit & 1).sum()) for bit in range(3)] == [28, 28, 26]
    shared = {(leak.left, leak.right): leak.groups for leak in found.leaks}
    assert shared["train", "val"] == 28
    assert shared["train", "test"] == 26


def _celeb_df(shared_data: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return a small Celeb-DF-v2: the official test videos, and as many others."""
    text = (shared_data / "metadata" / "celeb-df" / "List_of_testing_videos.txt").read_text("utf-8")
    test = [line.split(" ", 1)[1] for line in text.splitlines()]
    videos: dict[str, list[str]] = {"Celeb-real": [], "Celeb-synthesis": [], "YouTube-real": []}
    for name in test:
        folder, _, video = name.partition("/")
        videos[folder] += [video, f"other-{video}"]
    return videos, test


def test_celeb_df_rearranged_has_all_fake_test_videos_in_train(shared_data: Path) -> None:
    """Every fake of the test list is in train, and val is the test set."""
    videos, test = _celeb_df(shared_data)
    found = lint(celeb_df_rearranged(videos, test))

    fakes = [name for name in test if name.startswith("Celeb-synthesis")]
    leak = next(x for x in found.leaks if (x.kind, x.left, x.right) == ("entry", "train", "test"))
    assert len(test) - len(fakes) == 178
    kept = [name for name in test if not name.startswith("Celeb-real")]
    assert len(fakes) == 340
    assert leak.right_entries == len(kept) == found.sizes["test"]
    equal = [row for row in found.classes.inside if row["equal"]]
    assert [(r["inner_split"], r["outer_split"]) for r in equal] == [("test", "val")]
    assert [(r["folder"], r["entries"]) for r in found.classes.vanished] == [
        ("Celeb-real", len(videos["Celeb-real"]))
    ]


def test_celeb_df_rearranged_is_repaired_by_leaving_val_and_test_to_others(
    shared_data: Path,
) -> None:
    """Each test video is in three splits: two placements of each must go, and no fewer."""
    found = lint(celeb_df_rearranged(*_celeb_df(shared_data)))

    removal = found.removals["entry"]
    assert removal.exact
    assert len(removal.placements) == 2 * found.sizes["test"]


def test_certificate_counts_the_leaks_and_names_nobody(shared_data: Path) -> None:
    """What was not looked at is said to be unchecked, and only ids are told."""
    found = lint(faceforensics(shared_data / "metadata" / "faceforensics"))

    statement = certificate(found, name="ff", tool="curate test", created_at=AS_OF)

    told = {row["relation"]: row for row in statement["predicate"]["relations"]}
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert [s["name"] for s in statement["subject"]] == ["ff/train", "ff/val", "ff/test"]
    assert [leak["groups"] for leak in told["source"]["leaks"]] == [5, 2]
    assert told["near"]["checked"] == checked(found, "near") == "not checked"
    assert result(found) == statement["predicate"]["result"] == LEAKS
    ((one, other), *_) = told["source"]["leaks"][0]["examples"]
    assert {one, other} <= set(found.ties.ids.to_pylist())
    assert not any(name in str(statement) for name in found.ties.groups["source"].names.to_pylist())
