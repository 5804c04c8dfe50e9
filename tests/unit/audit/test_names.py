"""Names that are one person: a merge restricts, and permits nothing."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pyarrow as pa
import pytest

from curate.audit.facts import INPUTS, Question
from curate.audit.judge import audit
from curate.audit.rules import ALL_RULES, BY_CODE
from curate.schema import conform, purpose_tree
from tests.factories import (
    AS_OF,
    STAGES,
    USE,
    Row,
    consent,
    day,
    depiction,
    digest,
    entries,
    event,
    face,
    identity,
    media,
    registered,
    resemblance,
    sighting,
    subject,
)
from tests.random_worlds import random_question, random_world, tables_of

ORDER = ("blocked", "needs_review", "cleared")
QUESTION = Question(USE, purpose_tree(), AS_OF)


def _merge(one: str, other: str, *by: str, state: str = "merged", at: int = 2) -> list[Row]:
    return [
        {
            "merge_id": f"{one}-{other}-{who}-{state}", "subject_id": min(one, other),
            "other_subject_id": max(one, other), "state": state, "reviewer": who,
            "reason": "one form", "decided_at": day(at),
        }
        for who in by
    ]  # fmt: skip


REGISTER = registered("ana", "ben")


def _codes(rules: tuple[str, ...] = (), **rows: list[Row]) -> dict[str, tuple[str, set[str]]]:
    """Return verdict and codes by entry, of rules on people's consents or those named."""
    known = {name: conform(rows.get(name, []), name) for name in INPUTS if name != "entries"}
    known["stages"] = conform(list(STAGES), "stages")
    tables = {"entries": entries([A, B], [sighting(A, sha256=CONTENTS[0]),
                                          sighting(B, sha256=CONTENTS[1])]), **known}  # fmt: skip
    chosen = [r for r in ALL_RULES if r.family == "CON"] + [BY_CODE[code] for code in rules]
    found = audit(tables, chosen, QUESTION).verdicts.to_pylist()
    return {row["media_id"]: (row["verdict"], set(row["codes"])) for row in found}


A, B = media("a.jpg"), media("b.jpg")
CONTENTS = digest("a"), digest("b")
GIVEN = [event(day(1), "ConsentGiven", name, who) for name, who in (("c1", "p01"), ("c2", "P-1"))]
SHOWN = [depiction(A, "p01"), depiction(B, "P-1")]
SUBJECTS = [subject("p01"), subject("P-1")]


def _both(**rows: list[Row]) -> dict[str, set[str]]:
    said = {"depictions": SHOWN, "subjects": SUBJECTS, **rows}
    found = _codes(**said)
    return {"p01": found[A["media_id"]][1], "P-1": found[B["media_id"]][1]}


@pytest.mark.parametrize("seed", range(4))
def test_a_merge_makes_no_verdict_better(seed: int) -> None:
    """One reviewer's merge leaves every verdict as it was, or makes it worse."""
    random = Random(seed)
    question = random_question(random)
    worlds = [random_world(random, f"w{n}") | {"decisions": []} for n in range(40)]
    for world in worlds:
        people = sorted({d["subject_id"] for d in world["depictions"]})
        name = world["media"][0]["dataset"]
        world["merges"] = [
            {**row, "merge_id": f"{name}-{row['merge_id']}"}
            for one, other in pairwise(people)
            for row in _merge(one, other, f"{name}-ana", at=random.choice((1, 2)))
        ]
    after = _verdicts(tables_of(worlds), question)
    before = _verdicts(tables_of([world | {"merges": []} for world in worlds]), question)

    worse = [m for m in before if ORDER.index(after[m]) < ORDER.index(before[m])]
    assert not [m for m in before if ORDER.index(after[m]) > ORDER.index(before[m])]
    assert worse, "no merge restricted anything: the worlds ask nothing"


def _verdicts(tables: dict[str, pa.Table], question: Question) -> dict[str, str]:
    rows = audit(tables, ALL_RULES, question).verdicts.to_pylist()
    return {row["media_id"]: row["verdict"] for row in rows}


def test_a_withdrawal_reaches_the_other_name() -> None:
    grants = [consent("c1", "p01"), consent("c2", "P-1")]
    events = [*GIVEN, event(day(3), "ConsentWithdrawn", "c2", "P-1")]  # fmt: skip
    apart = _both(consents=grants, consent_events=events)
    merged = _both(consents=grants, consent_events=events, merges=_merge("p01", "P-1", "ana"))

    assert apart == {"p01": set(), "P-1": {"CON002"}}
    assert merged == {"p01": {"CON002"}, "P-1": {"CON002"}}


def test_a_grant_reaches_no_other_name() -> None:
    grants, events = [consent("c1", "p01")], [event(day(1), "ConsentGiven", "c1", "p01")]
    by_both = _merge("p01", "P-1", "ana", "ben")

    assert _both(consents=grants, consent_events=events, merges=by_both, reviewers=REGISTER) == {
        "p01": set(), "P-1": {"CON001"},
    }  # fmt: skip


@pytest.mark.parametrize(("granted", "expected"), [(3, set()), (2, {"CON008"}), (1, {"CON008"})])
def test_a_later_grant_of_ones_own_answers_what_another_name_refused(
    granted: int, expected: set[str]
) -> None:
    """One that was given with the refusal, or before it, does not."""
    grants = [consent("c1", "p01"), consent("c2", "P-1")]
    events = [event(day(granted), "ConsentGiven", "c1", "p01"),
              event(day(2), "ConsentRefused", "c2", "P-1")]  # fmt: skip
    found = _both(consents=grants, consent_events=events, merges=_merge("p01", "P-1", "ana"))

    assert found == {"p01": expected, "P-1": {"CON008"}}


def test_what_stands_against_a_person_stands_under_each_name() -> None:
    grants = [consent("c1", "p01"), consent("c2", "P-1")]
    events = GIVEN
    asked = [{"request_id": "r", "kind": "objection", "received_at": day(2), "subject_id": "P-1",
              "state": "received"}]  # fmt: skip
    restricted = [SUBJECTS[0] | {"status": "restricted"}, SUBJECTS[1]]
    merges = _merge("p01", "P-1", "ana")
    found = _both(consents=grants, consent_events=events, requests=asked, subjects=restricted,
                  merges=merges)  # fmt: skip

    assert found == {"p01": {"CON034", "CON036"}, "P-1": {"CON034", "CON036"}}


def test_a_merge_holds_from_its_instant_until_whoever_made_it_takes_it_back() -> None:
    grants = [consent("c1", "p01"), consent("c2", "P-1")]
    events = [*GIVEN, event(day(2), "ConsentWithdrawn", "c2", "P-1")]  # fmt: skip
    said = {"consents": grants, "consent_events": events}
    merged = _merge("p01", "P-1", "ana")
    by_ana = _merge("p01", "P-1", "Ana", state="parted", at=3)
    by_ben = _merge("p01", "P-1", "ben", state="parted", at=3)
    by_eva = _merge("p01", "P-1", "eva", state="parted", at=3)
    both = registered("ana", "ben", "eva")

    def holds(*more: Row, register: list[Row] = REGISTER) -> bool:
        found = _both(**said, merges=[*merged, *more], reviewers=register)
        return "CON002" in found["p01"]

    assert holds()
    assert not holds(*by_ana)
    assert holds(*by_ben)
    assert holds(*by_ben, *by_eva)
    assert not holds(*by_ben, *by_eva, register=both)
    later = _merge("p01", "P-1", "ana", at=6)
    assert "CON002" not in _both(**said, merges=later)["p01"]


def test_two_reviewers_settle_that_two_faces_are_one_persons() -> None:
    """One of them does not: what may be somebody else's face stays a question."""
    faces = [face(sha256) for sha256 in CONTENTS]
    identities = [
        identity(own, "p01", identity_id="i1", status="disputed", others=1) for own in faces
    ]
    alike = [
        resemblance(own, name, other_face_id=theirs["face_id"])
        for own, theirs, name in zip(faces, faces[::-1], ("P-1", "p01"), strict=True)
    ]
    said = {"depictions": SHOWN, "subjects": SUBJECTS, "faces": faces, "identities": identities,
            "resemblances": alike}  # fmt: skip
    rules = ("IDN001", "IDN005", "DEP004", "SPL002")

    def codes(*by: str) -> set[str]:
        found = _codes(rules, **said, merges=_merge("p01", "P-1", *by), reviewers=REGISTER)
        return {c for _, some in found.values() for c in some if not c.startswith("CON")}

    assert codes() == codes("ana") == codes("ana", "eva") == {"IDN001", "IDN005"}
    assert codes("ana", "ben") == set()
