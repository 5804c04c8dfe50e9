"""Letters: every state of a request has one, in words that everybody reads."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from curate.report import letters, letters_erased
from curate.report.letters import Copies, Letter, page
from curate.report.letters_access import access
from curate.safety.requests import KINDS, NOTICE, OPEN, due

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ABOUT = {"sender": "Example University", "contact": "privacy@lab.example", "officer": "",
         "reference": "p07", "request": "q-1"}  # fmt: skip
# Words of the record, dates for machines, ids and digests: nothing of it belongs in a letter.
INTERNAL = re.compile(r"\d{4}-\d\d-\d\d|[a-z]_[a-z]|[a-z][A-Z]|[0-9a-f]{16}|\bNone\b|\b[A-Z]{3}\d")


def request(kind: str = "access", **facts: Any) -> dict[str, Any]:
    """Return a request as the ledger has it."""
    received = NOW - timedelta(days=3)
    return {
        "request_id": "q-1", "kind": kind, "received_at": received,
        "due_at": due(kind, received), "subject_id": "p07", "media_ids": None,
        "state": "received", "closed_at": None, "outcome": None, "notice_lacks": None,
        "nonfulfilment_reason": None, "identified_by": None,
    } | facts  # fmt: skip


def text_of(letter: Letter) -> str:
    """Return what is read of a letter as it is printed, without its style."""
    body = page(letter, day=NOW, about=ABOUT).partition("<body>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def copies(**facts: Any) -> Copies:
    told: dict[str, Any] = {"media": 2, "maybe": 0, "searched": True, "handed_out": ()}
    return Copies(**(told | facts))


def receipt(**facts: Any) -> dict[str, Any]:
    """Return what the receipt of an erasure says."""
    gone = {"rows": {"faces": 2}, "ledger": {"entries": 3}, "vault_keys": 1, "backups": 0,
            "files": [], "release_files": []}  # fmt: skip
    left = {"files": [], "release_files": [], "unknown": []}
    return {
        "erased_at": "2026-05-03T12:00:00Z",
        "destroyed": gone | facts.get("gone", {}),
        "not_destroyed": left | facts.get("left", {}),
    }


@pytest.mark.parametrize("kind", [*KINDS, "withdrawal"])
def test_every_request_has_a_letter_in_plain_words(kind: str) -> None:
    closed = {"closed_at": NOW, "outcome": "left out of the next dataset"}
    made = [letters.received(request(kind, state=state), now=NOW) for state in OPEN]
    made += [letters.received(request(kind, notice_lacks=list(NOTICE)), now=NOW)]
    made += [letters.received(request(kind, due_at=None), now=NOW)]
    made += [
        letters.refused(request(kind, **closed, state=state, nonfulfilment_reason=reason))
        for state in ("refused", "expired")
        for reason in ("IdentityVerificationFailure", "SomeOtherReason", "in words", None)
    ]
    made += [letters.fulfilled(request(kind, **closed, state="fulfilled"), "it was left out.")]
    for letter in made:
        text = text_of(letter)
        assert not INTERNAL.search(text), INTERNAL.search(text)
        assert "On 1 May 2026 you asked us" in text
        assert ".." not in text


def test_the_day_by_which_it_is_answered_is_written_out() -> None:
    assert "We will answer by 1 June 2026." in text_of(letters.received(request(), now=NOW))
    late = text_of(letters.received(request(), now=NOW + timedelta(days=60)))
    assert "should have answered by 1 June 2026" in late
    at_once = text_of(letters.received(request("takedown_ncii"), now=NOW - timedelta(days=2)))
    assert "by 3 May 2026, 12:00 UTC" in at_once


def test_a_withdrawal_says_what_it_means() -> None:
    text = text_of(letters.withdrawn(NOW, copies(media=1), now=NOW))
    assert "It counts from 4 May 2026 on." in text
    assert "1 picture or video that shows you or was made from one that does" in text
    assert "Nobody has received a copy" in text
    part = text_of(letters.withdrawn(NOW, copies(), now=NOW, purposes=["train-generator"]))
    assert "for training programs that make pictures and videos. For anything else" in part
    later = text_of(letters.withdrawn(NOW + timedelta(days=30), copies(), now=NOW))
    assert "It will count from 3 June 2026 on." in later
    for found in (text, part, later):
        assert not INTERNAL.search(found), INTERNAL.search(found)


def test_a_doubt_is_told_and_nothing_counts_as_clean() -> None:
    text = text_of(letters.withdrawn(NOW, copies(media=0, maybe=3, searched=False), now=NOW))
    assert "As far as we know" in text
    assert "3 further ones may show you. They are held back" in text
    assert "could not look into everything" in text


def test_who_received_copies_is_told_with_what_they_answered() -> None:
    rows = [
        {"recipient": "lab-a", "delivered_at": NOW, "told": True, "outcome": None},
        {"recipient": "lab-b", "delivered_at": NOW, "told": True, "outcome": "deleted",
         "acknowledged_at": NOW},
        {"recipient": "lab-c", "delivered_at": NOW, "told": False, "outcome": None},
    ]  # fmt: skip
    text = text_of(letters.withdrawn(NOW, copies(handed_out=rows), now=NOW))
    assert "lab-a, on 4 May 2026. We have listed for them which files these are" in text
    assert "lab-c, on 4 May 2026. We have yet to list for them which files these are." in text
    assert "lab-b, on 4 May 2026. They told us on 4 May 2026 that they have deleted" in text


def test_who_agreed_again_is_told_so() -> None:
    text = text_of(letters.withdrawn(NOW, copies(), now=NOW, again=NOW + timedelta(days=1)))
    assert "you agreed again on 5 May 2026" in text


def test_a_mistake_is_called_one() -> None:
    event = {"state": "ConsentWithdrawn", "effective_at": NOW, "annulled_at": NOW,
             "annulled_by": ["r.meyer", "s.okafor"]}  # fmt: skip
    text = text_of(letters.annulled(event))
    assert "That was our mistake" in text
    assert "meyer" not in text


def test_an_erasure_never_claims_more_than_was_erased() -> None:
    files = {"files": ["/data/a.jpg"], "release_files": ["/ws/x.tar", "/ws/y.tar"]}
    whole = text_of(letters_erased.erased(request("erasure"), [receipt(gone=files)], ()))
    assert "We have erased what we held about you" in whole
    assert "1 file with pictures or videos that show you." in whole
    assert "2 files in datasets that we keep" in whole
    assert "not been deleted" not in whole
    some = letters_erased.erased(request("erasure"), [receipt(left=files | {"unknown": ["x"]})], ())
    assert some.title == "We have erased our records about you, and some files are left"
    told = text_of(some)
    assert "1 file with pictures or videos that show you has not been deleted yet" in told
    assert "could not look into everything" in told
    assert "a.jpg" not in told


def test_who_asks_again_is_told_of_the_erasure_after_that() -> None:
    first = receipt() | {"erased_at": "2026-04-01T12:00:00Z"}
    again = text_of(letters_erased.erased(request("erasure"), [first, receipt()], ()))
    assert "We did so on 3 May 2026." in again


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"media_ids": ["m"]}, "1 picture or video in our records is blocked"),
        ({}, "All pictures and videos in our records that we know to show you are blocked"),
        ({"subject_id": None, "identified_by": ["file"]}, "None of them is the same"),
        ({"subject_id": None}, "As far as we know, nothing in our records is what you named"),
    ],
)
def test_a_takedown_says_what_is_blocked(facts: dict[str, Any], says: str) -> None:
    made = request("takedown_likeness", state="fulfilled", closed_at=NOW, **facts)
    assert says in text_of(letters.fulfilled(made, "blocked"))


def test_files_that_two_receipts_name_are_counted_once() -> None:
    files = {"files": ["/data/a.jpg"]}
    told = text_of(
        letters_erased.erased(request("erasure"), [receipt(left=files), receipt(gone=files)], ())
    )
    assert "1 file with pictures or videos that show you." in told
    assert "not been deleted" not in told


def held(**facts: Any) -> dict[str, Any]:
    day = "2026-01-01T00:00:00Z"
    consent = {
        "consent_id": "c", "purposes": ["train-detector", "own-purpose"],
        "purposes_excluded": ["train-generator"], "audience_max": "internal", "valid_from": day,
        "valid_until": "2030-01-01T00:00:00Z",
    }  # fmt: skip
    event = {"consent_id": "c", "state": "ConsentGiven", "effective_at": day, "undated": None,
             "purposes": None, "annulled_at": None}  # fmt: skip
    asked = {"request_id": "q-0", "kind": "objection", "received_at": day, "closed_at": day,
             "state": "refused"}  # fmt: skip
    role = {"role": "donor", "link_method": "declared", "link_status": "confirmed"}
    return {
        "subjects": [{"destroy_by": None}], "consents": [consent],
        "consent_events": [
            event, event | {"state": "ConsentWithdrawn", "annulled_at": "2026-02-01T00:00:00Z"}
        ],
        "requests": [asked], "faces": {"confirmed": 2, "proposed": 1}, "faces_alike": 1,
        "media": [{"kind": "image", "roles": [role]}, {"kind": "video", "roles": [role, role]}],
        "releases": [{"recipients": [{"recipient": "lab-a", "delivered_at": day}]}],
    } | facts  # fmt: skip


LABS = [{"recipient": "lab-a", "delivered_at": NOW, "told": False, "outcome": None}]


def test_what_is_held_is_told_in_plain_words() -> None:
    text = text_of(access(request(), held(), now=NOW, copies=LABS, sources=["Our studio"],
                          keeping="", erased_at=None))  # fmt: skip
    for said in (
        "name you in 1 picture and 1 video",
        "2 pictures or videos in which your face was put onto somebody else",
        "took 3 faces",
        "1 further face, in pictures or videos that do not name you, looks like yours",
        "but not for training programs that make pictures and videos",
        "On 1 January 2026, you gave this consent",
        "we recorded that you withdrew this consent. That was our mistake",
        "and was set right on 1 February 2026",
        "lab-a, on 4 May 2026",
        "No consent of yours is used after 1 January 2030",
        "We did not do it, and told you why on 1 January 2026",
        "complain to your data protection authority",
    ):
        assert said in text, said
    assert "which files they have to delete" not in text
    assert not INTERNAL.search(text), INTERNAL.search(text)


def test_who_withdrew_is_not_told_that_their_consent_is_used() -> None:
    text = text_of(access(request(), held(guardian_of=1), now=NOW, copies=(), sources=[],
                          keeping="", erased_at=None, ended=["c"], doubted=True))  # fmt: skip
    assert "We do not use this consent any more." in text
    assert "No consent of yours is used any more" in text
    assert "1 January 2030" not in text.partition("How long")[2]
    assert "all that we have on record" not in text
    assert "further records that may be about you" in text
    assert "as the guardian of 1 person" in text


def test_the_erased_are_told_what_is_left() -> None:
    nothing = held(consents=[], consent_events=[], media=[], faces={}, faces_alike=0, releases=[])
    text = text_of(access(request(), nothing, now=NOW, copies=(), sources=[], keeping="Two years.",
                          erased_at=NOW))  # fmt: skip
    assert "name you in no picture or video" in text
    assert "We erased our records of what you agreed to on 4 May 2026" in text
    assert "Two years." in text


def test_what_comes_from_data_is_inert() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    made = letters.fulfilled(request(state="fulfilled", closed_at=NOW), hostile)
    about = ABOUT | {"reference": hostile, "sender": hostile}
    assert "<img" not in page(made, day=NOW, about=about)


def test_a_sender_who_is_not_named_leaves_a_blank() -> None:
    about = dict.fromkeys(ABOUT, "")
    text = page(letters.received(request(), now=NOW), day=NOW, about=about)
    assert "Name and address of the sender" in text
    assert "reference" not in text
