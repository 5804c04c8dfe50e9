"""Importing an old file again takes nothing back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.consent.merge import merged_consents, merged_subjects

KNOWN = {"subject_id": "p01", "subject_kind": "adult", "is_minor_at_capture": "no",
         "destroy_by": "2030-01-01", "status": "restricted"}  # fmt: skip
SILENT = {"subject_id": "p01", "subject_kind": "unknown", "is_minor_at_capture": "unknown",
          "destroy_by": None, "status": "active"}  # fmt: skip


def test_silence_leaves_what_is_known() -> None:
    """A file that knows nothing of a person changes nothing."""
    assert merged_subjects([SILENT], {"p01": KNOWN}) == [KNOWN]


def test_news_of_a_person_is_taken() -> None:
    """A file that says something new of a person is heard, and no restriction is lifted."""
    said = SILENT | {"is_minor_at_capture": "yes"}

    (merged,) = merged_subjects([said], {"p01": KNOWN})

    assert merged == KNOWN | {"is_minor_at_capture": "yes"}


def test_new_subject_is_kept_as_said() -> None:
    """A subject whom the ledger does not know is recorded as the file says."""
    assert merged_subjects([SILENT], {}) == [SILENT]


@pytest.mark.parametrize("status", ["restricted", "erased"])
def test_status_is_never_lifted_by_a_file(status: str) -> None:
    """Restricted and erased stay."""
    (merged,) = merged_subjects([SILENT], {"p01": KNOWN | {"status": status}})

    assert merged["status"] == status


@given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
def test_exclusions_only_grow(before: set[str], said: set[str]) -> None:
    """A purpose that was excluded stays excluded, whatever the file says."""
    known = {"c": {"consent_id": "c", "purposes_excluded": sorted(before)}}

    (merged,) = merged_consents([{"consent_id": "c", "purposes_excluded": sorted(said)}], known)

    assert set(merged["purposes_excluded"] or ()) == before | said
