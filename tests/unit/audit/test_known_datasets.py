"""Sources on record and the registry: what each can say, and what wins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from curate.audit.known_datasets import with_known
from curate.schema import conform

AT = datetime(2026, 5, 1, tzinfo=UTC)


def joined(stated: list[dict[str, Any]], *named: str | None) -> dict[str, dict[str, Any]]:
    """Return the joined sources by id."""
    found = with_known(conform(stated, "sources"), named, AT)
    return {row["source_id"]: row for row in found.to_pylist()}


def source(source_id: str, **values: Any) -> dict[str, Any]:
    """Return a source on record."""
    said = {"kind": "unknown", "consent_claim": "none", "status": "active"}
    return {"source_id": source_id, **said, **values}


def test_named_dataset_is_a_source() -> None:
    """Without anybody recording it; one that no entry names is none."""
    found = joined([], "dfdc", None, "studio-a")

    assert list(found) == ["dfdc"]
    assert found["dfdc"]["consent_claim"] == "dataset_statement"
    assert found["dfdc"]["terms_flags"] is None


def test_record_stands_where_the_registry_is_not_stricter() -> None:
    """A person may know more: records of consent, another licence."""
    stated = source("dfdc", consent_claim="individual_records", licence="own", kind="user_donation")

    found = joined([stated], "dfdc")["dfdc"]

    assert (found["consent_claim"], found["licence"], found["kind"]) == (
        "individual_records", "own", "user_donation",
    )  # fmt: skip


def test_nobody_declares_a_withdrawn_dataset_active() -> None:
    """Its status and its terms are the stricter of both."""
    stated = source("ms-celeb-1m", terms_flags=["gated"])

    found = joined([stated])["ms-celeb-1m"]

    assert found["status"] == "retracted"
    assert set(found["terms_flags"]) >= {"gated", "untargeted_face_scrape"}


def test_recorded_restriction_stays() -> None:
    """A person may know of a withdrawal that the registry does not."""
    assert joined([source("dfdc", status="retracted")], "dfdc")["dfdc"]["status"] == "retracted"


def test_other_sources_are_left_alone() -> None:
    """What the registry does not know is as it was recorded."""
    stated = source("studio-a", terms_flags=[])

    assert joined([stated])["studio-a"] == conform([stated], "sources").to_pylist()[0]
