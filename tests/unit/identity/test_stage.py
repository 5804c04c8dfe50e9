"""The identity stage on a workspace's own tables: fakes, and names that faces contradict."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curate.catalog.tables import Catalog
from curate.engine.pipeline import Pipeline
from curate.faces.stage import embedding_table
from curate.identity.stage import identity_stage
from curate.schema import arrow_schema, conform

from .people import Floats, embed

MODEL = "made-up@000000000000"
DATASET = "made-up"


@dataclass
class World:
    """Pictures of made-up people, written to a workspace's tables.

    Attributes:
        catalog: The tables.
        faces_of: The embedding of each picture's one face, by locator.
    """

    catalog: Catalog
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faces_of: dict[str, Floats] = field(default_factory=dict)

    def picture(
        self,
        name: str,
        face: Floats,
        people: dict[str, str],
        *,
        made: str = "none",
        extra: str | None = None,
        judgeable: bool = True,
        visible: bool = True,
    ) -> None:
        """Add a picture of one face, with its people by role."""
        self._add("media", media_id=name, locator=name, manipulation_type=made, extra=extra)
        self._add("sightings", media_id=name, sha256=name, status="readable")
        self._add("content", sha256=name, kind="image")
        self._add("faces", face_id=name, sha256=name, model_id=MODEL, judgeable=judgeable)
        self._add("face_scans", sha256=name, model_id=MODEL, faces=1)
        self._add("labels", media_id=name, name="authenticity",
                  value="real" if made == "none" else "fake")  # fmt: skip
        for role, subject in people.items():
            self._add("depictions", media_id=name, subject_id=subject, role=role,
                      link_method="declared", link_status="confirmed",
                      not_visible=None if visible else "turned away")  # fmt: skip
        self.faces_of[name] = face

    def also(self, picture: str, name: str, face: Floats) -> None:
        """Add a further face to a picture."""
        self._add("faces", face_id=name, sha256=picture, model_id=MODEL, judgeable=True, ordinal=1)
        self.faces_of[name] = face

    def ruled_out(self, name: str, subject: str) -> None:
        """Say that somebody is not in a picture."""
        self._add("depictions", media_id=name, subject_id=subject, role="depicted",
                  link_method="reviewer", link_status="rejected")  # fmt: skip

    def reviewed(self, one: str, relation: str, other: str) -> None:
        """Say of two pictures' faces what a reviewer said."""
        self._add("relations", left=one, relation=relation, right=other, left_kind="face",
                  right_kind="face")  # fmt: skip

    def footage(self, fake: str, real: str) -> None:
        """Say whose footage a fake was made on."""
        self._add("relations", left=fake, relation="swap_target", right=real)

    def alike(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return whom each face is like by the last run: rows by face and by subject."""
        found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in self.faces_of}
        for row in self.catalog.read("resemblances").to_pylist():
            found.setdefault(row["face_id"], {})[row["other_subject_id"]] = row
        return found

    def gone(self, *names: str) -> None:
        """Take pictures away, as an erasure does."""
        for table, column in (("faces", "sha256"), ("identities", "face_id"),
                              ("sightings", "sha256")):  # fmt: skip
            rows = self.catalog.read(table)
            left = pc.invert(pc.is_in(rows[column], pa.array(names)))
            self.catalog.replace(table, rows.filter(left))
        for name in names:
            del self.faces_of[name]

    def named(self, name: str, people: dict[str, str]) -> None:
        """Change who is declared in a picture."""
        rows = self.catalog.read("depictions")
        self.catalog.replace("depictions", rows.filter(pc.not_equal(rows["media_id"], name)))
        for role, subject in people.items():
            self._add("depictions", media_id=name, subject_id=subject, role=role,
                      link_method="declared", link_status="confirmed")  # fmt: skip

    def identified(self) -> dict[str, dict[str, Any]]:
        """Run the stage on the tables, and return each face's row."""
        for name, rows in self.rows.items():
            self.catalog.append(name, conform(rows, name))
        self.rows.clear()
        pipeline = Pipeline(self.catalog, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        embeddings = np.stack([self.faces_of[name] for name in sorted(self.faces_of)])
        pipeline.memory.append(embedding_table(sorted(self.faces_of), embeddings))
        pipeline.run(
            identity_stage(
                model_id=MODEL,
                default_threshold=0.4,
                default_strict=0.5,
                default_basis="made up",
                false_match_rate=0.001,
            )
        )
        return {row["face_id"]: row for row in self.catalog.read("identities").to_pylist()}

    def identity_of(self, face: str) -> str | None:
        """Return the identity that the last run put a face in."""
        rows = self.catalog.read("identities").to_pylist()
        return next(row["identity_id"] for row in rows if row["face_id"] == face)

    def _add(self, table: str, **values: Any) -> None:
        schema = arrow_schema(table)
        row = {f.name: _least(f) for f in schema if not f.nullable}
        self.rows.setdefault(table, []).append(row | values)


def _least(column: pa.Field) -> Any:
    if pa.types.is_boolean(column.type):
        return False
    if pa.types.is_list(column.type):
        return []
    if pa.types.is_timestamp(column.type):
        return datetime(2026, 1, 1, tzinfo=UTC)
    return "x" if pa.types.is_string(column.type) else 0


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Catalog(tmp_path / "catalog"))


@pytest.fixture
def people() -> Floats:
    """Six faces each of p01 and p02, in turns of one person, shape (12, 64)."""
    return embed(np.repeat([0, 1], 6), seed=4)


def between(donor: Floats, target: Floats, share: float) -> Floats:
    """Return a swapped face: like its donor, and something of its target."""
    mixed = share * donor + (1 - share) * target
    return (mixed / np.linalg.norm(mixed)).astype(np.float32)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.95])
@pytest.mark.parametrize("told", ["both", "target", "footage", "nobody"])
def test_a_swap_never_merges_donor_and_target(
    told: str, share: float, world: World, people: Floats
) -> None:
    """However it is declared and however much of either it shows."""
    for i in range(3):
        world.picture(f"p01-{i}", people[i], {"depicted": "p01"})
        world.picture(f"p02-{i}", people[6 + i], {"depicted": "p02"})
    declared = {"both": {"donor": "p01", "target": "p02"}, "target": {"target": "p02"}}
    for i in range(3):
        mixed = between(people[3 + i], people[9 + i], share)
        world.picture(f"fake-{i}", mixed, declared.get(told, {}), made="face_swap")
        if told == "footage":
            world.footage(f"fake-{i}", f"p02-{i}")

    found = world.identified()

    one = {found[f"p01-{i}"]["identity_id"] for i in range(3)}
    other = {found[f"p02-{i}"]["identity_id"] for i in range(3)}
    assert len(one) == len(other) == 1
    assert one != other
    assert {found[f"p02-{i}"]["subject_id"] for i in range(3)} == {"p02"}
    fakes = {found[f"fake-{i}"]["identity_id"] for i in range(3)}
    if told == "both":
        assert fakes == one
    if told != "nobody":
        assert not fakes & other


def test_a_swap_is_evidence_of_its_donor_and_the_target_keeps_its_place(
    world: World, people: Floats
) -> None:
    """Its face is the donor's though only the target is declared; the target's relation stays."""
    for i in range(3):
        world.picture(f"p01-{i}", people[i], {"depicted": "p01"})
        world.picture(f"p02-{i}", people[6 + i], {"depicted": "p02"})
    world.picture("fake", between(people[3], people[9], 0.85), {"target": "p02"}, made="face_swap")
    world.footage("fake", "p02-0")

    found = world.identified()

    assert found["fake"]["identity_id"] == found["p01-0"]["identity_id"]
    assert found["fake"]["subject_id"] == "p01"
    said = world.catalog.read("depictions").to_pylist()
    assert [d["subject_id"] for d in said if d["media_id"] == "fake"] == ["p02"]


def test_a_reenacted_face_is_its_targets(world: World, people: Floats) -> None:
    """Where the target is made to move, the target's own face is seen."""
    for i in range(3):
        world.picture(f"p01-{i}", people[i], {"depicted": "p01"})
        world.picture(f"p02-{i}", people[6 + i], {"depicted": "p02"})
    declared = {"driver": "p01", "target": "p02"}
    world.picture("moved", people[9], declared, made="reenactment")

    found = world.identified()

    assert found["moved"]["identity_id"] == found["p02-0"]["identity_id"]


def test_a_wrong_name_merges_nobody_and_is_told(world: World, people: Floats) -> None:
    """p02's face declared as p01 stays p02's, takes no vote, and says what it is unlike."""
    for i in range(3):
        world.picture(f"p01-{i}", people[i], {"depicted": "p01"})
        world.picture(f"p02-{i}", people[6 + i], {"depicted": "p02"})
    world.picture("wrong", people[9], {"depicted": "p01"})

    found = world.identified()

    assert found["wrong"]["identity_id"] == found["p02-0"]["identity_id"]
    assert found["wrong"]["identity_id"] != found["p01-0"]["identity_id"]
    assert found["wrong"]["unlike_subject_id"] == "p01"
    assert {found[f"p01-{i}"]["unlike_subject_id"] for i in range(3)} == {None}
    # One wrong name does not put p02's own link in doubt.
    assert {row["status"] for row in found.values()} == {"confirmed"}
    assert found["wrong"]["subject_id"] == "p02"


def test_two_faces_of_one_name_that_are_unlike_are_both_told(world: World, people: Floats) -> None:
    """Nobody can tell which of the two is p01, so neither is."""
    world.picture("a", people[0], {"depicted": "p01"})
    world.picture("b", people[6], {"depicted": "p01"})
    stranger = embed(np.array([0, 1, 2]), seed=9)[2]
    world.picture("c", stranger, {"depicted": "p03"})

    found = world.identified()

    assert found["a"]["identity_id"] is None or (
        found["a"]["identity_id"] != found["b"]["identity_id"]
    )
    assert {found[name]["unlike_subject_id"] for name in "ab"} == {"p01"}
    assert {found[name]["subject_id"] for name in "ab"} == {None}


def two_names(world: World, people: Floats) -> None:
    """Tell of two pictures of pw, one of pw as q99, and two of p02."""
    for i in range(2):
        world.picture(f"w{i}", people[i], {"depicted": "pw"})
        world.picture(f"o{i}", people[6 + i], {"depicted": "p02"})
    world.picture("renamed", people[2], {"depicted": "q99"})


def test_one_person_under_two_names_is_told_of_both(world: World, people: Floats) -> None:
    two_names(world, people)
    world.picture("blurred", people[3], {"depicted": "q99"}, judgeable=False)

    found = world.identified()

    alike = world.alike()
    (row,) = alike["renamed"].values()
    assert row["other_subject_id"] == "pw"
    assert row["other_face_id"] in {"w0", "w1"}
    assert row["similarity"] == pytest.approx(
        float(people[2] @ people[int(row["other_face_id"][1])]), abs=1e-5
    )
    assert [list(alike[name]) for name in ("w0", "w1", "o0", "o1")] == [["q99"], ["q99"], [], []]
    # Nothing claims that a face too poor to judge was held against anybody.
    assert not alike["blurred"]
    assert {name: row["others"] for name, row in found.items()} == {
        "renamed": 1, "w0": 1, "w1": 1, "o0": 0, "o1": 0, "blurred": None,
    }  # fmt: skip
    assert {name for name, row in found.items() if not row["held"]} == {"blurred"}
    # Faces say that the two names are one person, and nobody knows yet whose name is right.
    both = [found[name] for name in ("w0", "w1", "renamed")]
    assert len({row["identity_id"] for row in both}) == 1
    assert {row["status"] for row in both} == {"disputed"}
    assert {found[name]["status"] for name in ("o0", "o1")} == {"confirmed"}


@pytest.mark.parametrize("said", ["parted", "ruled out"])
def test_a_reviewer_parts_two_names_and_the_likeness_stays(
    said: str, world: World, people: Floats
) -> None:
    """Whether enough of them said so is for the audit."""
    two_names(world, people)
    if said == "parted":
        world.reviewed("renamed", "different_people", "w0")
    else:
        world.ruled_out("renamed", "pw")

    found = world.identified()

    assert list(world.alike()["renamed"]) == ["pw"]
    assert found["renamed"]["held"]
    assert found["renamed"]["identity_id"] != found["w1"]["identity_id"]
    assert {found[name]["subject_id"] for name in ("w0", "w1")} == {"pw"}


def test_reviewers_confirm_that_two_names_are_one_person(world: World, people: Floats) -> None:
    """However unlike the two faces are."""
    two_names(world, people)
    world.reviewed("o0", "same_person", "w1")

    world.identified()

    alike = world.alike()
    assert alike["o0"]["pw"]["other_face_id"] == "w1"
    assert alike["w1"]["p02"]["other_face_id"] == "o0"


def test_a_likeness_stays_when_the_other_file_is_gone(world: World, people: Floats) -> None:
    """Nothing was settled by it, and who they are is still not known."""
    two_names(world, people)
    world.picture("third", people[3], {"depicted": "p08"})
    world.identified()
    before = world.alike()["renamed"]
    world.gone("w0", "w1")

    found = world.identified()

    after = world.alike()["renamed"]
    assert after["pw"] == before["pw"] | {"state": "gone"}
    assert after["p08"] == before["p08"]
    assert found["renamed"]["others"] == 2
    assert world.identified() == found

    # It ends where both can be compared again, and are not alike.
    for name in ("w0", "w1"):
        world.picture(name, people[9], {"depicted": "pw"})
    world.identified()
    assert list(world.alike()["renamed"]) == ["p08"]


@pytest.mark.parametrize("names", [{}, {"depicted": "q99"}, {"depicted": "p02"},
                                   {"depicted": "q99", "bystander": "pw"}])  # fmt: skip
def test_a_likeness_stays_when_the_other_file_gets_another_name(
    names: dict[str, str], world: World, people: Floats
) -> None:
    """Whoever writes the manifest settles nothing; the file itself is like whom it was named as."""
    world.picture("w", people[0], {"depicted": "pw"})
    world.picture("renamed", people[2], {"depicted": "q99"})
    world.identified()

    world.named("w", names)
    world.identified()

    alike = world.alike()
    assert alike["renamed"]["pw"]["state"] == ("unsure" if "bystander" in names else "renamed")
    if "bystander" not in names:
        assert alike["w"]["pw"]["state"] == "renamed"


def test_a_changed_name_stays_what_a_likeness_rests_on_when_the_file_goes(
    world: World, people: Floats
) -> None:
    """Of people who refused nothing it is no doubt, and losing the file makes it none."""
    world.picture("w", people[0], {"depicted": "pw"})
    world.picture("renamed", people[2], {"depicted": "q99"})
    world.identified()
    world.named("w", {"depicted": "q99"})
    world.identified()
    world.gone("w")

    world.identified()

    assert world.alike()["renamed"]["pw"]["state"] == "renamed"


def test_a_face_of_somebody_may_be_that_of_whom_no_face_is_known(
    world: World, people: Floats
) -> None:
    """Two are named and one is seen: other faces like this one may be either's."""
    world.picture("both", people[0], {"depicted": "p01", "bystander": "pw"})
    for i in range(2):
        world.picture(f"a{i}", people[1 + i], {"depicted": "p01"})

    world.identified()
    states = {name: {who: row["state"] for who, row in alike.items()}
              for name, alike in world.alike().items() if alike}  # fmt: skip
    assert states == {"a0": {"pw": "unsure"}, "a1": {"pw": "unsure"}}

    # Where pw is seen elsewhere, and is somebody else, nothing is unsure.
    world.picture("w", people[6], {"depicted": "pw"})
    world.identified()
    assert not {name for name, alike in world.alike().items() if alike}


def test_a_likeness_stays_when_no_face_is_left_to_compare(world: World, people: Floats) -> None:
    two_names(world, people)
    world.identified()
    world.gone("w0", "w1", "o0", "o1", "renamed")
    world.faces_of["nobody"] = people[0]

    world.identified()

    rows = world.catalog.read("resemblances").to_pylist()
    assert {row["face_id"] for row in rows} == {"renamed", "w0", "w1"}
    assert {row["state"] for row in rows} == {"gone"}


def test_whom_entries_named_when_faces_were_compared_is_on_record(
    world: World, people: Floats
) -> None:
    two_names(world, people)
    world.ruled_out("renamed", "pw")

    world.identified()

    rows = world.catalog.read("compared_names").to_pylist()
    assert {(row["sha256"], row["subject_id"]) for row in rows} == {
        ("w0", "pw"), ("w1", "pw"), ("o0", "p02"), ("o1", "p02"), ("renamed", "q99"),
    }  # fmt: skip


def test_a_declared_donor_whom_the_face_is_plainly_unlike_is_a_claim_that_fails(
    world: World, people: Floats
) -> None:
    """The face of a swap that is nobody's but p02's is not put with p01 by a declaration."""
    for i in range(3):
        world.picture(f"p01-{i}", people[i], {"depicted": "p01"})
        world.picture(f"p02-{i}", people[6 + i], {"depicted": "p02"})
    swap = {"donor": "p01", "target": "p03"}
    world.picture("false", people[9], swap, made="face_swap")

    row = world.identified()["false"]

    assert row["unlike_subject_id"] == "p01"
    assert list(world.alike()["false"]) == ["p02"]
    assert row["identity_id"] == world.identity_of("p02-0")


def test_looser_clusters_take_no_name_into_account(world: World, people: Floats) -> None:
    """What splits hold together is told by faces, whoever is declared and however wrongly."""
    for i in range(4):
        world.picture(f"a{i}", people[i], {"depicted": "p01"} if i % 2 else {})
        world.picture(f"b{i}", people[6 + i], {"depicted": f"p0{i}"})

    found = world.identified()

    ties = {name[0]: {found[f"{name[0]}{i}"]["tie_id"] for i in range(4)} for name in found}
    assert [len(ties["a"]), len(ties["b"])] == [1, 1]
    assert not ties["a"] & ties["b"]


def test_somebody_known_from_a_group_alone_is_held_against_a_second_name(
    world: World, people: Floats
) -> None:
    """A face of the group may be either of the two who are named, and no other face is known."""
    (stranger,) = embed(np.array([0, 1, 2]), seed=9)[2:]
    world.picture("group", people[0], {"depicted": "pw", "bystander": "p05"})
    world.also("group", "group-2", stranger)
    for i in range(2):
        world.picture(f"a{i}", people[1 + i], {"depicted": "q99"})

    world.identified()

    assert [set(world.alike()[f"a{i}"]) for i in range(2)] == [{"pw", "p05"}] * 2


def test_a_true_picture_among_many_wrong_ones_speaks_for_its_name(
    world: World, people: Floats
) -> None:
    """One picture of pw, three of somebody else under that name, and two of pw as q99."""
    world.picture("true", people[0], {"depicted": "pw"})
    for i in range(3):
        world.picture(f"wrong-{i}", people[6 + i], {"depicted": "pw"})
    for i in range(2):
        world.picture(f"renamed-{i}", people[1 + i], {"depicted": "q99"})

    world.identified()

    assert [list(world.alike()[f"renamed-{i}"]) for i in range(2)] == [["pw"]] * 2


@pytest.mark.parametrize("visible", [True, False])
def test_somebody_who_is_said_not_to_be_seen_is_held_against_a_face_that_is(
    world: World, people: Floats, *, visible: bool
) -> None:
    world.picture("w", people[0], {"depicted": "pw"}, visible=visible)
    for i in range(2):
        world.picture(f"a{i}", people[1 + i], {"depicted": "q99"})

    world.identified()

    assert [list(world.alike()[f"a{i}"]) for i in range(2)] == [["pw"]] * 2


def test_a_third_person_declared_as_a_swap_of_two_is_told(world: World, people: Floats) -> None:
    """The face in a swap is held against others like every face; its own two are no others."""
    p03, p04 = embed(np.array([0, 1, 2, 3]), seed=9)[2:]
    two_names(world, people)
    world.picture("t", p03, {"depicted": "p03"})
    world.picture("d", p04, {"depicted": "p04"})
    swap = {"donor": "p04", "target": "p03"}
    world.picture("false", people[3], swap, made="face_swap")
    world.picture("true", between(p04, p03, 0.6), swap, made="face_swap")

    found = world.identified()

    assert set(world.alike()["false"]) == {"pw", "q99"}
    assert found["true"]["held"]
    assert [world.alike()[name] for name in ("true", "t", "d")] == [{}, {}, {}]


def test_error_rates_are_told_by_declared_group(world: World) -> None:
    """Of those of enough people; a picture of two people declares nothing of either."""
    for i, face in enumerate(embed(np.repeat(np.arange(24), 2))):
        hand = "left" if i < 24 else "right" if i < 46 else "both"
        world.picture(f"m{i:02}", face, {"depicted": f"p{i // 2:02}"},
                      extra=json.dumps({"subject_hand": hand}))  # fmt: skip
    two = {"depicted": "p00", "bystander": "p01"}
    world.picture("two", embed(np.array([0, 99]))[1], two, extra='{"subject_hand": "right"}')

    world.identified()

    (run,) = world.catalog.read("runs").to_pylist()
    rates = json.loads(run["counts"])["by_group"]
    assert [(one["group"], one["people"]) for one in rates] == [("left", 12), ("right", 11)]


def test_many_people_declared_as_one_are_told_though_nobody_else_is_declared(
    world: World, people: Floats
) -> None:
    """Two pictures of p01, and ten other people under that name, in a dataset of p01 alone."""
    world.picture("p01-0", people[0], {"depicted": "p01"})
    world.picture("p01-1", people[1], {"depicted": "p01"})
    strangers = embed(np.arange(12), seed=17)[2:]
    for number, face in enumerate(strangers):
        world.picture(f"other-{number}", face, {"depicted": "p01"})

    found = world.identified()

    assert {row["unlike_subject_id"] for row in found.values()} == {"p01"}
    assert not any(row["alike"] and row["subject_id"] == "p01" for row in found.values())


def test_a_declaration_alone_confirms_and_matches_nothing(world: World, people: Floats) -> None:
    """A face between clearly alike and clearly unlike is p01's by its declaration only."""
    for i in range(3):
        world.picture(f"p01-{i}", people[i], {"depicted": "p01"})
        world.picture(f"p02-{i}", people[6 + i], {"depicted": "p02"})
    mean = people[:3].mean(axis=0)
    mean /= np.linalg.norm(mean)
    stranger = embed(np.array([0, 1, 2]), seed=9)[2]
    aside = stranger - (stranger @ mean) * mean
    aside /= np.linalg.norm(aside)
    share = 0.36 / float(np.median(people[:3] @ mean))
    world.picture("between", share * mean + np.sqrt(1 - share**2) * aside, {"depicted": "p01"})

    found = world.identified()

    row = found["between"]
    assert row["subject_id"] == "p01"
    assert row["unlike_subject_id"] is None
    others = [float(world.faces_of["between"] @ people[i]) for i in range(3)]
    assert row["similarity"] == pytest.approx(np.median(others), abs=1e-5)
    assert row["similarity"] < 0.4
    assert not row["alike"]
    assert row["status"] == "proposed"
    assert {found[f"p01-{i}"]["status"] for i in range(3)} == {"confirmed"}


def test_the_only_picture_of_somebody_is_like_nothing(world: World, people: Floats) -> None:
    world.picture("p01", people[0], {"depicted": "p01"})

    row = world.identified()["p01"]

    assert row["similarity"] is None
    assert not row["alike"]
