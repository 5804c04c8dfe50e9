"""How many people may be in two splits: what is counted, and when nothing can be said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from curate.splits.expected import Expected, expected_people
from curate.splits.lint import lint
from curate.splits.ties import read_ties
from tests.factories import Row, depiction, digest, face, identity, media, resemblance, sighting
from tests.unit.splits.golden import tables_of


class World:
    """Pictures of one face each, in splits."""

    def __init__(self) -> None:
        self.media: list[Row] = []
        names = ("depictions", "faces", "identities", "resemblances")
        self.tables: dict[str, list[Row]] = {name: [] for name in names}

    def picture(
        self,
        split: str | None,
        *,
        person: str | None = None,
        tie: str | None,
        like: str | None = None,
        **said: object,
    ) -> Row:
        """Add a picture; `tie` is its looser cluster, and its identity unless another is said.

        Its face is like that of the subject `like`, whom nobody declares there.
        """
        entry = media(f"{len(self.media):04}.jpg", split=split)
        self.media.append(entry)
        if person is not None:
            self.tables["depictions"].append(depiction(entry, person))
        if tie is not None:
            found = face(digest(entry["locator"]))
            self.tables["faces"].append(found)
            values = {"identity_id": tie, "tie_id": tie, "subject_id": None, "status": None, **said}
            self.tables["identities"].append(identity(found, **values))
            if like is not None:
                self.tables["resemblances"].append(resemblance(found, like))
        return entry

    def made(self) -> dict[str, pa.Table]:
        return tables_of(
            self.media, sightings=[sighting(entry) for entry in self.media], **self.tables
        )

    def expected(self, *, made: bool) -> Expected:
        placed = pa.table({
            "media_id": [entry["media_id"] for entry in self.media],
            "split": pa.array([entry["split"] for entry in self.media], pa.string()),
        })  # fmt: skip
        return expected_people(self.made(), placed.drop_null(), made=made)


def declared(world: World, people: int, *, clusters: int = 1) -> None:
    """Add declared people of four pictures each, in one split, in so many clusters."""
    for number in range(people):
        for place in range(4):
            tie = f"p{number}-{place % clusters}"
            world.picture("train", person=f"p{number}", tie=tie)


def test_of_few_declared_people_nothing_is_concluded() -> None:
    world = World()
    declared(world, 9)
    world.picture("test", tie="free")

    found = world.expected(made=True)

    assert (found.declared, found.people, found.interval) == (9, None, None)


def test_everybody_declared_is_nobody_expected() -> None:
    world = World()
    declared(world, 9)

    found = world.expected(made=True)

    assert (found.undeclared, found.people, found.interval) == (0, 0.0, (0, 0))


def test_people_whom_likeness_would_miss_are_expected_of_the_others() -> None:
    """Half of the declared people are in two clusters, and so half of the others are held to be."""
    world = World()
    declared(world, 20)
    for number in range(20, 40):
        for place in range(4):
            world.picture("train", person=f"p{number}", tie=f"p{number}-{place % 2}")
    for number in range(60):
        world.picture(("train", "test")[number % 2], tie=f"free-{number}")

    found = world.expected(made=True)

    # 60 clusters at 60 for 40 people; half of 40 are missed, and every second such pair parts.
    assert (found.declared, found.missed, found.undeclared) == (40, 20, 40)
    assert found.people == pytest.approx(10, abs=0.1)
    assert found.interval is not None
    low, high = found.interval
    assert 0 < low < 10 < high < 25


@pytest.mark.parametrize("tells", [True, False])
def test_of_declared_splits_those_count_of_whom_no_cluster_tells(*, tells: bool) -> None:
    world = World()
    declared(world, 20)
    for split in ("train", "test"):
        world.picture(split, person="both", tie="both" if tells else f"both-{split}")
    world.picture("train", tie="free")

    found = world.expected(made=False)

    assert (found.declared, found.missed) == (21, 0 if tells else 1)


def test_entries_that_may_show_anybody_are_named() -> None:
    """Not those with a declared person, with a face that was compared, or declared without any."""
    world = World()
    declared(world, 1)
    world.picture("test", tie="somebody")
    unknown = world.picture("test", tie=None)
    world.picture(None, tie=None)
    world.media.append({**media("wall.jpg", split="test"), "people": "none"})

    found = world.expected(made=True)

    assert found.without == 1
    assert found.examples == ((unknown["media_id"], unknown["locator"]),)


def test_the_interval_covers_what_it_says() -> None:
    """People drawn from the same world as those who are declared, in forty draws."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(40):
        share = rng.uniform(0, 0.5)
        world, truth = World(), 0
        for number in range(60):
            known = number % 2 == 0
            splits = rng.choice(["train", "test"], 2, p=[0.7, 0.3])
            apart = rng.random() < share
            for place, split in enumerate(splits if apart else splits[:1].repeat(2)):
                where = str(splits[0]) if known else str(split)
                tie = f"{number}-{place if apart else 0}"
                world.picture(where, person=f"p{number}" if known else None, tie=tie)
            truth += bool(not known and apart and splits[0] != splits[1])
        low, high = world.expected(made=True).interval or (0, -1)
        covered += low <= truth <= high
    assert covered >= 38


def test_one_person_under_two_names_ties_splits_and_look_alikes_only_when_splits_are_made() -> None:
    world = World()
    values = {"identity_id": "one", "status": "disputed"}
    world.picture("train", person="pw", tie="t1", subject_id="pw", **values)
    world.picture("test", person="q99", tie="t1", subject_id="pw", **values)
    world.picture("train", person="a", tie="t2", identity_id="i1", subject_id="a")
    world.picture("test", person="b", tie="t2", identity_id="i2", subject_id="b")
    world.picture("train", person="c", tie="t3", subject_id="c", status="confirmed")
    world.picture("test", person="d", tie="t4", subject_id="d", like="c")

    (leak,) = lint(world.made(), kinds=["identity"]).leaks

    assert (leak.left_entries, leak.right_entries) == (2, 2)
    groups = read_ties(world.made(), ["identity"], looser=True).groups["identity"]
    assert "look-alikes t2" in groups.names.to_pylist()
