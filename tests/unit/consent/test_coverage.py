"""Coverage: what a lawyer expects of it, example by example, and over random worlds."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.consent.coverage import DOUBTS, OBLIGATIONS, ConsentTables, coverage, purpose_line
from curate.model.config import UseProfile
from curate.schema import conform, purpose_tree
from tests import reference_coverage
from tests.factories import AS_OF, USE, consent, day, event
from tests.unit.consent.random_worlds import INSTANTS, PEOPLE, Row, world

SEEDS = st.integers(0, 2**32 - 1)
# Worlds to hold against the reference; a person is a world of their own.
WORLDS = int(os.environ.get("CURATE_WORLDS", "500"))

INSTANT = timedelta(microseconds=1)


def ask(
    consents: list[Row],
    events: list[Row],
    *,
    role: str = "depicted",
    kind: str = "none",
    media_id: str | None = None,
    use: UseProfile = USE,
    as_of: datetime = AS_OF,
    notices: list[Row] | None = None,
) -> list[str]:
    """Return why p01 is not covered."""
    row = {"subject_id": "p01", "role": role, "manipulation_type": kind, "media_id": media_id}
    found = coverage(
        pa.Table.from_pylist([row], schema=OBLIGATIONS),
        ConsentTables(
            conform(consents, "consents"),
            conform(events, "consent_events"),
            conform(notices or [], "notices"),
        ),
        use=use,
        purposes=purpose_tree(),
        as_of=as_of,
    )
    assert found.num_rows == 1
    reasons: list[str] = found["reasons"][0].as_py()
    return reasons


GIVEN = [event(day(1))]


class TestState:
    """What happened to a consent, and when."""

    def test_given(self) -> None:
        assert ask([consent()], GIVEN) == []

    def test_nothing_on_record(self) -> None:
        assert ask([], []) == ["no-consent"]
        assert ask([consent(subject="p02")], GIVEN) == ["no-consent"]

    def test_consent_without_any_event(self) -> None:
        assert ask([consent()], []) == ["pending"]

    @pytest.mark.parametrize(
        ("state", "reason"),
        [
            ("ConsentWithdrawn", "withdrawn"),
            ("ConsentRevoked", "revoked"),
            ("ConsentRefused", "refused"),
            ("ConsentInvalidated", "invalidated"),
            ("ConsentExpired", "expired"),
            ("ConsentRequested", "pending"),
            ("ConsentRequestDeferred", "pending"),
            ("ConsentUnknown", "pending"),
            ("ConsentOfAnotherVersion", "pending"),
        ],
    )
    def test_later_state_counts(self, state: str, reason: str) -> None:
        assert ask([consent()], [*GIVEN, event(day(2), state)]) == [reason]

    def test_renewal_after_the_end(self) -> None:
        history = [*GIVEN, event(day(2), "ConsentExpired"), event(day(3), "RenewedConsentGiven")]
        assert ask([consent()], history) == []

    @pytest.mark.parametrize("state", ["ConsentUnknown", "ConsentRefused", "ConsentFromAfar"])
    def test_of_one_instant_the_restricting_state_counts(self, state: str) -> None:
        assert ask([consent()], [*GIVEN, event(day(1), state)]) != []

    def test_what_takes_effect_later_does_not_count_yet(self) -> None:
        history = [*GIVEN, event(AS_OF + timedelta(days=365), "ConsentWithdrawn")]
        assert ask([consent()], history) == []
        later = AS_OF + timedelta(days=365)
        assert "withdrawn" in ask([consent()], history, as_of=later)

    @pytest.mark.parametrize("state", ["ConsentWithdrawn", "ConsentRefused", "ConsentExpired"])
    def test_what_takes_effect_within_the_use_ends_the_consent(self, state: str) -> None:
        history = [*GIVEN, event(AS_OF + INSTANT, state)]
        assert ask([consent()], history) == ["release-outlives-consent"]

    def test_what_was_stated_later_is_not_undone_by_what_was_given_before(self) -> None:
        back = event(day(1), "ConsentWithdrawn") | {"stated_at": day(3)}
        renewed = event(day(2), consent_id="c2")
        assert ask([consent(), consent("c2")], [*GIVEN, renewed, back]) == ["withdrawn"]
        renewed = event(day(4), consent_id="c2")
        assert ask([consent(), consent("c2")], [*GIVEN, renewed, back]) == []


class TestWithdrawal:
    """A person's no beats what they said before, in any record."""

    def test_beats_an_older_grant_in_another_record(self) -> None:
        history = [event(day(2), consent_id="c2"), event(day(3), "ConsentWithdrawn")]
        assert ask([consent("c1"), consent("c2")], history) == ["withdrawn"]

    def test_grant_at_the_same_instant_does_not_count(self) -> None:
        history = [event(day(3), consent_id="c2"), event(day(3), "ConsentWithdrawn")]
        assert ask([consent("c1"), consent("c2")], history) == ["withdrawn"]

    def test_grant_after_it_counts(self) -> None:
        history = [event(day(3) + INSTANT, consent_id="c2"), event(day(3), "ConsentWithdrawn")]
        assert ask([consent("c1"), consent("c2")], history) == []

    def test_of_another_person_changes_nothing(self) -> None:
        history = [*GIVEN, event(day(3), "ConsentWithdrawn", "c2", "p02")]
        assert ask([consent(), consent("c2", "p02")], history) == []


class TestPurpose:
    """A grant covers what stands below it, and an exclusion too."""

    @pytest.mark.parametrize("granted", ["train-detector", "deepfake-detection", "Purpose"])
    def test_broader_purpose_covers(self, granted: str) -> None:
        assert ask([consent(purposes=[granted])], GIVEN) == []

    @pytest.mark.parametrize("granted", ["evaluate-detector", "train-generator", "AnyOther"])
    def test_other_purpose_does_not(self, granted: str) -> None:
        assert ask([consent(purposes=[granted])], GIVEN) == ["purpose-not-granted"]

    def test_narrower_purpose_does_not(self) -> None:
        use = replace(USE, purpose="deepfake-detection")
        assert ask([consent()], GIVEN, use=use) == ["purpose-not-granted"]

    @pytest.mark.parametrize("excluded", ["train-detector", "deepfake-detection", "Purpose"])
    def test_exclusion_above_wins(self, excluded: str) -> None:
        one = consent(purposes=["train-detector", "Purpose"], purposes_excluded=[excluded])
        assert ask([one], GIVEN) == ["purpose-excluded"]

    def test_line_ends_even_in_a_circle(self) -> None:
        assert purpose_line("a", {"a": "b", "b": "a"}) == ["a", "b"]


class TestRole:
    """A swap has two people, and each agrees to their own part."""

    SWAP = ("include", "train_detector", "likeness_synthesis", "likeness_alteration")

    @pytest.mark.parametrize(
        ("kind", "role", "operation"),
        [
            ("face_swap", "donor", "likeness_synthesis"),
            ("face_swap", "target", "likeness_alteration"),
            ("reenactment", "driver", "performance_transfer"),
            ("lip_sync", "voice_donor", "voice_synthesis"),
            ("attribute_edit", "depicted", "likeness_alteration"),
            ("morph", "donor", "likeness_synthesis"),
        ],
    )
    def test_own_operation_role_and_kind_are_all_needed(
        self, kind: str, role: str, operation: str
    ) -> None:
        whole = {
            "operations": [*USE.operations, operation],
            "roles_permitted": [role],
            "manipulations_permitted": [kind],
        }
        lacks = {
            "operations": ("operation-not-granted", list(USE.operations)),
            "roles_permitted": ("role-not-granted", ["bystander"]),
            "manipulations_permitted": ("manipulation-not-granted", None),
        }
        assert ask([consent(**whole)], GIVEN, role=role, kind=kind) == []
        for column, (reason, less) in lacks.items():
            found = ask([consent(**whole | {column: less})], GIVEN, role=role, kind=kind)
            assert found == [reason]

    def test_whoever_is_only_seen_agrees_to_no_manipulation(self) -> None:
        assert ask([consent()], GIVEN, kind="face_swap") == []

    def test_one_consent_must_meet_all_of_it(self) -> None:
        parts = [consent("c1", roles_permitted=[]), consent("c2", operations=["include"])]
        assert ask(parts, [event(day(1)), event(day(1), consent_id="c2")]) != []


@pytest.mark.parametrize(
    ("values", "use", "reasons"),
    [
        ({"valid_from": AS_OF}, {}, []),
        ({"valid_from": AS_OF + INSTANT}, {}, ["not-yet-valid"]),
        ({"valid_until": AS_OF + INSTANT}, {"ends_at": AS_OF + INSTANT}, []),
        ({"valid_until": AS_OF}, {"ends_at": AS_OF}, ["expired"]),
        ({"valid_until": day(6)}, {"starts_at": day(6), "ends_at": day(6)}, ["expired"]),
        ({"valid_until": day(6)}, {"horizon_days": 31}, []),
        ({"valid_until": day(6)}, {"horizon_days": 32}, ["release-outlives-consent"]),
        ({"consent_type": "uninformed"}, {}, ["uninformed"]),
        ({"legal_basis": None}, {}, ["legal-basis-unstated"]),
        ({"legal_basis": None}, {"legal_basis": "A9-2-a"}, []),
        ({"legal_basis": None}, {"legal_basis": "A6-1-f"}, ["legal-basis-not-consent"]),
        ({"valid_until": None}, {}, ["no-expiry"]),
        ({"valid_until": day(6)}, {"ends_at": day(6)}, []),
        ({"valid_until": day(6)}, {"ends_at": day(6) + INSTANT}, ["release-outlives-consent"]),
        ({"assurance_level": 2}, {"audience": "consortium"}, ["audience-exceeded"]),
        ({"audience_max": "everyone"}, {}, ["audience-exceeded"]),
        ({"audience_max": "public", "assurance_level": 1}, {"audience": "consortium"},
         ["assurance-too-low"]),
        ({"assurance_level": 0}, {}, ["assurance-too-low"]),
        ({"commercial_use": "yes"}, {"commercial": True}, []),
        ({"commercial_use": "no"}, {"commercial": True}, ["commercial-not-granted"]),
        ({"commercial_use": "unstated"}, {"commercial": True}, ["commercial-unstated"]),
        ({"commercial_use": "perhaps"}, {"commercial": True}, ["commercial-unstated"]),
        ({"commercial_use": "no"}, {}, []),
        ({"territories": None}, {}, []),
        ({"territories": None}, {"storage_territories": ("DE",)}, ["territory-unstated"]),
        ({"territories": ["AT"]}, {"storage_territories": ("DE",)}, ["territory-not-granted"]),
        ({"territories": ["WORLD"]}, {"storage_territories": ("DE",)}, []),
        ({"territories": ["WORLD"], "territories_excluded": ["DE"]},
         {"recipient_territories": ("DE",)}, ["territory-not-granted"]),
        ({"territories": ["WORLD"], "territories_excluded": ["DE"]},
         {"recipient_territories": ("FR",)}, []),
        ({"territories": ["WORLD"], "territories_excluded": ["DE"]},
         {"recipient_territories": ("WORLD",)}, ["territory-not-granted"]),
        ({"territories": ["WORLD"]}, {"recipient_territories": ("WORLD",)}, []),
        ({"territories": ["DE"]}, {"recipient_territories": ("WORLD",)},
         ["territory-not-granted"]),
        ({"contexts_forbidden": ["politics"]}, {"contexts": ("politics",)}, ["context-forbidden"]),
        ({"contexts_forbidden": ["politics"]}, {"contexts": ("news",)}, []),
        ({"scope_kind": "session"}, {}, ["scope-unresolved"]),
        ({"scope_kind": None}, {}, ["scope-unresolved"]),
        ({"scope_kind": "solar-system"}, {}, ["scope-unresolved"]),
        ({"scope_kind": "listed_media", "scope_media_ids": ["m1"]}, {}, ["other-media"]),
        ({"legal_basis": "A9-2-a"}, {}, []),
        ({"legal_basis": "A6-1-f"}, {}, ["legal-basis-not-consent"]),
        ({"notice_id": "lost"}, {}, ["notice-mismatch"]),
        ({"notice_id": "silent"}, {}, ["notice-mismatch"]),
        ({"notice_id": "whole"}, {}, []),
    ],
)  # fmt: skip
def test_limits(values: Row, use: Row, reasons: list[str]) -> None:
    """Each limit of a consent, with its edges; what is not known never passes."""
    notices = [
        {"notice_id": "silent", "text_sha256": "0" * 64},
        {"notice_id": "whole", "text_sha256": "0" * 64, "covers_purposes": ["train-detector"],
         "covers_operations": list(USE.operations)},
    ]  # fmt: skip

    assert ask([consent(**values)], GIVEN, use=replace(USE, **use), notices=notices) == reasons


def test_listed_media_cover_what_is_listed() -> None:
    """And nothing beside it."""
    one = consent(scope_kind="listed_media", scope_media_ids=["m1"])

    assert ask([one], GIVEN, media_id="m1") == []
    assert ask([one], GIVEN, media_id="m2") == ["other-media"]


def test_nearest_consent_speaks() -> None:
    """A doubt is nearer than a no, then fewer reasons are, then the latest is."""
    doubtful = consent("c1", assurance_level=0, legal_basis="other", scope_kind="session")
    refused = consent("c2", roles_permitted=[])
    given = [event(day(1)), event(day(2), consent_id="c2")]

    assert ask([doubtful, refused], given) == [
        "assurance-too-low", "legal-basis-not-consent", "scope-unresolved",
    ]  # fmt: skip


# --- over random worlds ---------------------------------------------------------------------


def level(row: Row) -> int:
    """Return 0 for covered, 1 for doubted, 2 for refused."""
    if not row["reasons"]:
        return 0
    return 1 if set(row["reasons"]) <= set(DOUBTS) else 2


@pytest.mark.parametrize("seed", range(-(-WORLDS // PEOPLE)))
def test_engine_equals_the_reference(seed: int) -> None:
    """Set-wise and one by one, the answers are the same."""
    made = world(seed)
    asked = reference_coverage.Asked(made.question.use, made.question.purposes, made.question.as_of)
    notices = {notice["notice_id"]: notice for notice in made.notices}

    found = made.covered()

    assert len(found) == len(made.obligations)
    for obligation, row in zip(found, found.values(), strict=True):
        said = dict(zip(OBLIGATIONS.names, obligation, strict=True))
        expected = reference_coverage.answer(said, made.consents, made.events, notices, asked)
        assert (row["consent_id"], row["reasons"]) == expected, said


def test_worlds_are_of_all_kinds() -> None:
    """Random worlds that are never covered, or never doubted, would prove nothing."""
    rows = [row for seed in range(12) for row in world(seed).covered().values()]

    assert {level(row) for row in rows} == {0, 1, 2}
    assert set(DOUBTS) <= {reason for row in rows for reason in row["reasons"]}
    assert sum(level(row) == 0 for row in rows) > 20


@settings(max_examples=5)
@given(SEEDS)
def test_order_of_rows_does_not_show(seed: int) -> None:
    """Nor does it in any fact beside the reasons."""
    made = world(seed)

    assert made.shuffled(seed).covered() == made.covered()


def _fewer(column: str) -> Callable[[random.Random, Row], Row]:
    def restrict(rng: random.Random, row: Row) -> Row:
        items = row[column] or []
        return {column: rng.sample(items, max(len(items) - 1, 0))}

    return restrict


def _earlier_end(rng: random.Random, row: Row) -> Row:
    end = row["valid_until"]
    # A first end is no restriction: a consent without one is doubted for that.
    return {} if end is None else {"valid_until": min(end, rng.choice(INSTANTS))}


def _later_start(rng: random.Random, row: Row) -> Row:
    moment = rng.choice(INSTANTS)
    return {"valid_from": max(row["valid_from"] or moment, moment)}


def _exclusion(rng: random.Random, row: Row) -> Row:
    more = rng.choice(("Purpose", "train-detector", "evaluate-detector"))
    return {"purposes_excluded": [*(row["purposes_excluded"] or []), more]}


RESTRICTIONS: dict[str, Callable[[random.Random, Row], Row]] = {
    "exclusion": _exclusion,
    "earlier end": _earlier_end,
    "later start": _later_start,
    "fewer operations": _fewer("operations"),
    "fewer roles": _fewer("roles_permitted"),
    "fewer purposes": _fewer("purposes"),
    "fewer kinds": _fewer("manipulations_permitted"),
    "smaller audience": lambda _, __: {"audience_max": "internal"},
    "no commerce": lambda _, __: {"commercial_use": "no"},
    "excluded territory": lambda _, row: {
        "territories_excluded": [*(row["territories_excluded"] or []), "DE"]
    },
    "forbidden context": lambda _, row: {
        "contexts_forbidden": [*(row["contexts_forbidden"] or []), "politics"]
    },
    "less sure": lambda _, row: {"assurance_level": max(row["assurance_level"] - 1, 0)},
}


@pytest.mark.parametrize("name", RESTRICTIONS)
@settings(max_examples=2)
@given(seed=SEEDS)
def test_restriction_never_improves(name: str, seed: int) -> None:
    """Less granted is never more allowed, and a person's only consent keeps its reasons."""
    made, rng = world(seed), random.Random(seed)
    restrict = RESTRICTIONS[name]
    tighter = [row | restrict(rng, row) if rng.random() < 0.5 else row for row in made.consents]
    only = {row["subject_id"] for row in made.consents if row["consent_id"].endswith("/0")} - {
        row["subject_id"] for row in made.consents if row["consent_id"].endswith("/1")
    }

    before, after = made.covered(), replace(made, consents=tighter).covered()

    for obligation, row in before.items():
        assert level(after[obligation]) >= level(row)
        if row["subject_id"] in only:
            lost = set(row["reasons"]) - set(after[obligation]["reasons"])
            # Saying no to commerce answers the doubt whether it was said.
            assert lost <= {"commercial-unstated"}


@settings(max_examples=10)
@given(SEEDS)
def test_withdrawal_never_improves(seed: int) -> None:
    """At whatever instant, of whatever consent."""
    made, rng = world(seed), random.Random(seed)
    said = [
        event(rng.choice(INSTANTS), "ConsentWithdrawn", row["consent_id"], row["subject_id"])
        for row in made.consents
        if rng.random() < 0.5
    ]

    before, after = made.covered(), replace(made, events=made.events + said).covered()

    assert all(level(after[obligation]) >= level(row) for obligation, row in before.items())


@settings(max_examples=10)
@given(SEEDS)
def test_another_record_that_says_no_never_improves(seed: int) -> None:
    """Whenever it is said, also from a day that is still to come."""
    made, rng = world(seed), random.Random(seed)
    states = ("ConsentWithdrawn", "ConsentRefused", "ConsentRevoked", "ConsentInvalidated")
    more = [
        row | {"consent_id": f"{row['consent_id']}-no", "scope_kind": "all_media"}
        for row in made.consents
        if rng.random() < 0.5
    ]
    said = [
        event(rng.choice((*INSTANTS, made.question.as_of + timedelta(days=1))),
              rng.choice(states), row["consent_id"], row["subject_id"])
        for row in more
    ]  # fmt: skip

    before = made.covered()
    after = replace(made, consents=made.consents + more, events=made.events + said).covered()

    assert all(level(after[obligation]) >= level(row) for obligation, row in before.items())


@settings(max_examples=5)
@given(SEEDS)
def test_withdrawal_now_leaves_nothing_covered(seed: int) -> None:
    """Whoever withdraws at the instant asked about is covered for nothing."""
    made = world(seed)
    said = [
        event(made.question.as_of, "ConsentWithdrawn", row["consent_id"], row["subject_id"])
        for row in made.consents
    ]

    after = replace(made, events=made.events + said).covered()

    assert {level(row) for row in after.values()} == {2}


@settings(max_examples=5)
@given(SEEDS)
def test_unknown_state_never_covers(seed: int) -> None:
    """A history that ends in a word of another version is doubted at best."""
    made = world(seed)
    said = [
        event(made.question.as_of, "ConsentFromTheFuture", row["consent_id"], row["subject_id"])
        for row in made.consents
    ]

    after = replace(made, events=made.events + said).covered()

    assert all(level(row) > 0 for row in after.values())
