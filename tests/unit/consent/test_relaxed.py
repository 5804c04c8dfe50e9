"""What a statement permits more than the one that stands under its id."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from curate.consent.merge import merged_events
from curate.consent.relaxed import relaxations
from tests.factories import consent, day, event, source, subject

Row = dict[str, Any]


@pytest.mark.parametrize(
    ("kind", "before", "more", "said"),
    [
        ("consents", consent(), {"operations": ["include", "train_detector", "share"]}, "share"),
        ("consents", consent(), {"audience_max": "public"}, "audience_max"),
        ("consents", consent(), {"commercial_use": "yes"}, "commercial_use"),
        ("consents", consent(), {"valid_until": day(1, year=2040)}, "valid_until"),
        ("consents", consent(), {"valid_until": None}, "valid_until"),
        ("consents", consent(valid_from=day(2)), {"valid_from": day(1)}, "valid_from"),
        ("consents", consent(scope_kind="listed_media", scope_media_ids=["a"]),
         {"scope_kind": "all_media", "scope_media_ids": None}, "scope"),
        ("consents", consent(scope_kind="listed_media", scope_media_ids=["a", "b"]),
         {"scope_media_ids": ["a"]}, "scope"),
        ("consents", consent(purposes_excluded=["publish"]), {"purposes_excluded": None},
         "purposes_excluded"),
        ("consents", consent(), {"subject_id": "p02"}, "subject_id"),
        ("subjects", subject(is_minor_at_capture="yes"), {"is_minor_at_capture": "no"}, "minor"),
        ("subjects", subject(subject_kind="minor"), {"subject_kind": "adult"}, "subject_kind"),
        ("subjects", subject(destroy_by=day(1)), {"destroy_by": day(2)}, "destroy_by"),
        ("subjects", subject(majority_on=date(2030, 1, 1)), {"majority_on": date(2026, 1, 1)},
         "majority_on"),
        ("consent_events", event(day(1)), {"effective_at": day(2)}, "effective_at"),
        ("consent_events", event(day(2), "ConsentWithdrawn"), {"state": "ConsentGiven"}, "state"),
        ("consent_events", event(day(2), "ConsentWithdrawn"), {"purposes": ["publish"]},
         "purposes"),
        ("sources", source(status="retracted"), {"status": "active"}, "status"),
        ("sources", source(licence="CC-BY-NC-4.0"), {"licence": "CC-BY-4.0"}, "licence"),
        ("sources", source(terms_flags=["no_training"]), {"terms_flags": []}, "terms_flags"),
    ],
)  # fmt: skip
def test_permitting_more_is_named_and_the_other_way_round_is_not(
    kind: str, before: Row, more: Row, said: str
) -> None:
    """Each way in which an import could relax what stands."""
    (told, *_) = relaxations(kind, before, {**before, **more})

    assert said in told
    assert relaxations(kind, before, before) == []


@pytest.mark.parametrize(
    ("kind", "before", "more"),
    [
        ("consents", consent(), {"operations": ["include"]}),
        ("consents", consent(valid_until=None), {"valid_until": day(1, year=2027)}),
        ("consents", consent(legal_basis=None), {"legal_basis": "A6-1-a"}),
        ("consents", consent(), {"audience_max": "internal", "valid_until": day(5)}),
        ("subjects", subject(is_minor_at_capture="unknown"), {"is_minor_at_capture": "no"}),
        ("subjects", subject(), {"subject_kind": "minor"}),
        ("consent_events", event(day(1)) | {"undated": True},
         {"effective_at": day(2), "undated": False}),
        ("sources", source(terms_flags=None), {"terms_flags": []}),
        ("sources", source(licence="CC-BY-4.0"), {"licence": "CC-BY-NC-ND-4.0"}),
    ],
)  # fmt: skip
def test_permitting_less_and_completing_is_free(kind: str, before: Row, more: Row) -> None:
    """Nobody needs a reason to restrict, nor to say what nobody had said."""
    assert relaxations(kind, before, {**before, **more}) == []


def test_an_annulled_event_stays_annulled() -> None:
    """Its sheet may be imported again."""
    gone = event(day(2), "ConsentWithdrawn")
    known = {gone["event_id"]: {**gone, "annulled_at": day(3)}}

    merged, notes = merged_events([gone], known)

    assert merged == []
    assert "was annulled, and stays so" in notes[0]


def test_when_it_was_given_is_not_forgotten() -> None:
    """An older sheet that does not say it takes nothing back, and adds nothing."""
    dated = {**event(day(2)), "undated": False}
    silent = {**dated, "effective_at": day(1), "undated": True}

    assert merged_events([silent], {dated["event_id"]: dated})[0] == [dated]
    assert merged_events([dated], {dated["event_id"]: silent})[0] == [dated]
