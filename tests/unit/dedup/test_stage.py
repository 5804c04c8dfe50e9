"""The dedup stage: rows that do not depend on when or in which order contents came."""

import json

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup.stage import dedup_stage
from curate.schema import arrow_schema
from tests.unit.dedup.test_turned import turned_codes
from tests.unit.dedup.test_videos import NO_VIDEOS

RADIUS = 10
STAGE = dedup_stage(radius=RADIUS, min_quality=50, turned=True)
NOTHING = arrow_schema("compared").empty_table()


def contents(seed: int, n: int) -> pa.Table:
    """Return contents: copies, turned copies, equal pixels, bad hashes and none."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(turned_codes(seed, n), 4, axis=2)
    codes[:, :, 1:] = 0  # what differs is in the first word, so that distances stay small
    hashes = [bytes(c.astype(">u8").tobytes()) for c in codes]
    quality = rng.choice([0, 49, 50, 100], n, p=[0.05, 0.05, 0.4, 0.5])
    twin = rng.integers(0, max(n, 1), n)
    table = pa.table({
        "sha256": pa.array([f"{number:064x}" for number in rng.permutation(n)], pa.string()),
        "pixel_digest": pa.array([None if t % 9 == 0 else f"{t:064x}" for t in twin], pa.string()),
        "hashes": pa.array([None if t % 11 == 0 else h for t, h in zip(twin, hashes, strict=True)],
                           pa.binary()),
        "pdq_quality": pa.array(quality, pa.int8()),
        "byte_size": pa.array(rng.integers(1, 1000, n), pa.int64()),
        "fingerprint": pa.array([f"{number:032x}" for number in range(n)], pa.string()),
        "pixels": pa.array(rng.integers(1, 1000, n), pa.int64()),
        "quality": pa.array(rng.integers(1, 100, n), pa.float64()),
        "name": pa.array([f"{number}.jpg" for number in range(n)], pa.string()),
        "derivative": pa.array(rng.random(n) < 0.2),
        "chosen": pa.array(rng.random(n) < 0.1),
    })  # fmt: skip
    return table.sort_by("sha256")


NOBODY = pa.table({"sha256": pa.array([], pa.string()), "person": pa.array([], pa.string())})


def ran(
    table: pa.Table, compared: pa.Table = NOTHING, people: pa.Table = NOBODY
) -> dict[str, pa.Table]:
    """Return what the stage makes of contents, knowing what it compared before."""
    made = STAGE.work({"contents": table, "compared": compared, "people": people, **NO_VIDEOS})
    return {name: made[name].combine_chunks() for name in (*STAGE.writes, "notes")}


@settings(max_examples=80)
@given(st.integers(0, 10**6), st.integers(0, 60), st.lists(st.integers(0, 100), max_size=4))
def test_contents_that_come_piece_by_piece_end_as_if_they_came_at_once(seed, n, steps) -> None:
    """Contents are added, taken away and changed between the runs."""
    rng = np.random.default_rng(seed)
    table = contents(seed, n)
    before = NOTHING
    for percent in steps:
        part = table.take(np.flatnonzero(rng.random(n) * 100 < percent))
        stale = np.where(rng.random(len(part)) < 0.2, "stale", part["fingerprint"].to_pylist())
        place = part.schema.get_field_index("fingerprint")
        part = part.set_column(place, "fingerprint", pa.array(stale, pa.string()))
        shuffled = part["hashes"].take(rng.permutation(len(part)))
        odd = part.set_column(part.schema.get_field_index("hashes"), "hashes", shuffled)
        mask = pa.array(stale == "stale")
        part = pa.concat_tables([odd.filter(mask), part.filter(pa.compute.invert(mask))])
        before = ran(part.sort_by("sha256"), before)["compared"]

    assert ran(table, before) == ran(table)


def test_every_kind_of_copy_is_in_the_worlds_that_are_drawn() -> None:
    """Otherwise the property above says little."""
    made = ran(contents(7, 200))

    assert set(made["groups"]["tier"].to_pylist()) == {"pixels", "near", "dihedral"}
    assert set(made["relations"]["relation"].to_pylist()) == {"same_pixels", "near_duplicate"}
    assert any("right mirrored" in basis for basis in made["relations"]["basis"].to_pylist())
    assert json.loads(made["notes"]["note"][0].as_py())["chains_split"] > 0


@given(st.integers(0, 10**6), st.integers(0, 60))
def test_near_relations_lie_within_the_radius_and_join_the_group(seed, n) -> None:
    """Each member's evidence is its distance to the medoid."""
    made = ran(contents(seed, n))

    group = {row["sha256"]: row for row in made["groups"].to_pylist()}
    for row in made["relations"].to_pylist():
        assert row["left"] < row["right"]
        if row["relation"] == "near_duplicate":
            left, right = group[row["left"]], group[row["right"]]
            assert row["measure"] <= RADIUS
            assert left["medoid"] == right["medoid"]
            assert left["medoid"] in (row["left"], row["right"])


def test_pictures_as_they_are_need_one_hash() -> None:
    """Without turns, a mirrored copy is none."""
    table = contents(7, 200)
    plain = [None if h is None else h[:32] for h in table["hashes"].to_pylist()]
    place = table.schema.get_field_index("hashes")
    stage = dedup_stage(radius=RADIUS, min_quality=50, turned=False)

    made = stage.work({
        **NO_VIDEOS,
        "people": NOBODY,
        "contents": table.set_column(place, "hashes", pa.array(plain, pa.binary())),
        "compared": NOTHING,
    })  # fmt: skip

    assert set(made["groups"]["tier"].to_pylist()) == {"pixels", "near"}


def people(table: pa.Table, seed: int) -> pa.Table:
    """Return who is in some of the contents; equal pixels show one person."""
    rng = np.random.default_rng(seed)
    drawn = {digest: rng.integers(0, 3) for digest in table["pixel_digest"].to_pylist()}
    rows = [
        {"sha256": sha256, "person": f"p{drawn[digest]}"}
        for sha256, digest in zip(*(table[c].to_pylist() for c in ("sha256", "pixel_digest")),
                                  strict=True)
        if digest is not None and drawn[digest] < 2
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=NOBODY.schema)


@given(st.integers(0, 10**6), st.integers(0, 60))
def test_look_alikes_of_different_people_are_in_different_groups(seed, n) -> None:
    """Whoever is not known stays with somebody, and groups of one person stay as they are."""
    table = contents(seed, n)
    known = people(table, seed)
    who = dict(zip(*(known[c].to_pylist() for c in ("sha256", "person")), strict=True))

    plain, made = ran(table), ran(table, people=known)

    before = {row["sha256"]: row["group_id"] for row in plain["groups"].to_pylist()}
    after = {row["sha256"]: row["group_id"] for row in made["groups"].to_pylist()}
    held = {}
    for sha256, group in after.items():
        assert before[sha256] == before[group], "what was apart stays apart"
        held.setdefault(group, set()).add(who.get(sha256))
    assert all(len(persons - {None}) <= 1 for persons in held.values())
    one = {g for s, g in before.items() if not {who.get(o) for o, h in before.items() if h == g}
           - {None, who.get(s)}}  # fmt: skip
    assert {s: g for s, g in after.items() if before[s] in one} == {
        s: g for s, g in before.items() if g in one
    }


def test_worlds_that_are_drawn_hold_look_alikes_of_different_people() -> None:
    """Otherwise the property above says little."""
    table = contents(7, 200)

    made = ran(table, people=people(table, 7))

    assert json.loads(made["notes"]["note"][0].as_py())["people_apart"] > 0
