"""Random people with random consents, histories and obligations, from one number each."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pyarrow as pa

from curate.audit.facts import Question
from curate.consent.coverage import OBLIGATIONS, ConsentTables, coverage
from curate.model.config import UseProfile
from curate.schema import conform, json_schema, purpose_tree
from tests.factories import day

Row = dict[str, Any]

PEOPLE = 25
CONSENTS = json_schema("consents")["properties"]
STATES = (*json_schema("consent_events")["properties"]["state"]["enum"], "ConsentFromTheFuture")
ROLES = tuple(CONSENTS["roles_permitted"]["items"]["enum"])
KINDS = tuple(CONSENTS["manipulations_permitted"]["items"]["enum"])
OPERATIONS = tuple(CONSENTS["operations"]["items"]["enum"])
PURPOSES = ("Purpose", "deepfake-detection", "train-detector", "evaluate-detector",
            "train-generator")  # fmt: skip
AUDIENCES = ("internal", "consortium", "gated", "public")
PLACES = ("DE", "AT", "WORLD")
# Few instants, so that events often fall on one.
INSTANTS = (*map(day, (1, 2, 3, 4, 5, 6)), day(3) + timedelta(microseconds=1))


@dataclass(frozen=True)
class RandomWorld:
    """People, what they said, where they appear, and what is asked."""

    question: Question
    consents: list[Row]
    events: list[Row]
    notices: list[Row]
    obligations: list[Row]

    def covered(self) -> dict[tuple[Any, ...], Row]:
        """Return what the engine answers, by obligation."""
        table = coverage(
            pa.Table.from_pylist(self.obligations, schema=OBLIGATIONS),
            ConsentTables(
                conform(self.consents, "consents"),
                conform(self.events, "consent_events"),
                conform(self.notices, "notices"),
            ),
            use=self.question.use,
            purposes=self.question.purposes,
            as_of=self.question.as_of,
        )
        told = {key(row): row for row in table.to_pylist()}
        for row in told.values():
            asked = self.obligations[row.pop("obligation")]
            assert key(asked) == key(row)
        return told

    def shuffled(self, seed: int) -> RandomWorld:
        """Return the same world with its rows in another order."""
        rng = random.Random(seed)
        lists = {
            name: rng.sample(rows, len(rows))
            for name, rows in vars(self).items()
            if isinstance(rows, list)
        }
        return replace(self, **lists)


def key(row: Row) -> tuple[Any, ...]:
    """Return an obligation's key."""
    return tuple(row[name] for name in OBLIGATIONS.names)


def world(seed: int) -> RandomWorld:
    """Return the world of a number."""
    rng = random.Random(seed)
    people = [f"p{n}" for n in range(PEOPLE)]
    consents = [_consent(rng, person, f"{person}/{n}")
                for person in people for n in range(rng.choice((0, 1, 1, 1, 2, 3)))]  # fmt: skip
    events = [_event(rng, consent, n) for consent in consents
              for n in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 4)))]  # fmt: skip
    obligations = {key(row): row for row in (_obligation(rng, p) for p in people * 3)}
    question = Question(_use(rng), purpose_tree(), rng.choice(INSTANTS))
    return RandomWorld(question, consents, events, _notices(rng), list(obligations.values()))


def _often(rng: random.Random, usual: Any, *others: Any) -> Any:
    return usual if rng.random() < 0.8 else rng.choice((usual, *others))


def _some(rng: random.Random, items: tuple[str, ...], share: float) -> list[str]:
    return [item for item in items if rng.random() < share]


def _use(rng: random.Random) -> UseProfile:
    return UseProfile(
        "random",
        rng.choice(PURPOSES[1:4]),
        tuple(_some(rng, OPERATIONS, 0.1)) or ("include",),
        _often(rng, "internal", *AUDIENCES),
        commercial=rng.random() < 0.3,
        recipient_territories=rng.choice(((), ("DE",), ("DE", "AT"))),
        starts_at=_often(rng, None, *INSTANTS),
        ends_at=_often(rng, None, day(6), day(1, year=2027)),
        horizon_days=_often(rng, 30, 365),
        legal_basis=_often(rng, "A6-1-a", None, "A6-1-f"),
        contexts=_often(rng, (), ("politics",)),
    )


def _consent(rng: random.Random, person: str, consent_id: str) -> Row:
    return {
        "consent_id": consent_id,
        "subject_id": person,
        "purposes": _often(rng, ["deepfake-detection"], ["Purpose"], ["train-detector"],
                           ["train-generator"], []),
        "purposes_excluded": _often(rng, None, [], ["train-detector"], ["deepfake-detection"]),
        "operations": _some(rng, OPERATIONS, 0.95),
        "roles_permitted": _some(rng, ROLES, 0.9),
        "manipulations_permitted": _often(rng, _some(rng, KINDS, 0.9), None),
        "audience_max": _often(rng, "public", *AUDIENCES, "everyone"),
        "commercial_use": _often(rng, "yes", "no", "unstated", "perhaps"),
        "territories": _often(rng, ["WORLD"], None, [], ["DE"], ["DE", "AT"]),
        "territories_excluded": _often(rng, None, ["AT"]),
        "contexts_forbidden": _often(rng, None, ["politics"], ["news"]),
        "valid_from": _often(rng, None, *INSTANTS),
        "valid_until": _often(rng, day(1, year=2028), None, *INSTANTS),
        "legal_basis": _often(rng, "A9-2-a", None, "A6-1-f"),
        "consent_type": _often(rng, "explicit", None, "implied", "uninformed"),
        "notice_id": _often(rng, None, "n-whole", "n-part", "n-silent", "n-lost"),
        "assurance_level": _often(rng, 4, 0, 1, 2, 3),
        "scope_kind": _often(rng, "all_media", "listed_media", "session", "project", None, "moon"),
        "scope_media_ids": rng.choice((None, ["m1"], ["m1", "m2"])),
    }  # fmt: skip


def _event(rng: random.Random, consent: Row, number: int) -> Row:
    return {
        "event_id": f"{consent['consent_id']}/{number}",
        "consent_id": consent["consent_id"],
        "subject_id": consent["subject_id"],
        "state": "ConsentGiven" if rng.random() < 0.6 else rng.choice(STATES),
        "effective_at": rng.choice(INSTANTS),
        "purposes": _often(rng, None, [], ["train-detector"], ["train-generator"], ["Purpose"]),
        "stated_at": rng.choice((None, None, *INSTANTS)),
        "undated": rng.choice((None, None, None, False, True)),
        "method": rng.choice((None, "import")),
        "annulled_at": _often(rng, None, *INSTANTS),
    }


def _notices(rng: random.Random) -> list[Row]:
    whole = {"covers_purposes": ["Purpose"], "covers_operations": list(OPERATIONS)}
    part = {"covers_purposes": ["train-detector"],
            "covers_operations": _some(rng, OPERATIONS, 0.8)}  # fmt: skip
    names = {"n-whole": whole, "n-part": part, "n-silent": {}}
    return [{"notice_id": n, "text_sha256": "0" * 64, **said} for n, said in names.items()]


def _obligation(rng: random.Random, person: str) -> Row:
    return {
        "subject_id": person,
        "role": rng.choice(ROLES),
        "manipulation_type": rng.choice(("none", *KINDS)),
        "media_id": rng.choice((None, "m1", "m2")),
    }
