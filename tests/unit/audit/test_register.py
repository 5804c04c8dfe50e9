"""The register of reviewers: forms of one name are one person, and only registered ones clear."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.audit.facts import Question
from curate.audit.judge import audit
from curate.audit.register import entry_of, registration, remark, removal
from curate.audit.rule import Rule
from curate.errors import InputError, UnknownNameError
from curate.model.people import person_of, skeleton
from curate.model.verdict import Effect
from curate.schema import conform, purpose_tree
from curate.signing import new_key
from tests import factories
from tests.factories import AS_OF, USE, day, media, registered

DOUBT = Rule("TST1", "t", "T.", Effect.REVIEW, "B", "", "E.", "R.", "SELECT media_id FROM entries")
NOW = datetime.fromisoformat("2026-04-01T00:00:00+00:00")


def verdict(
    *said: dict[str, Any], register: list[dict[str, Any]], audience: str = "internal"
) -> str:
    """Return the verdict of one doubted entry, given what reviewers said of it."""
    entry = media("a")
    use = factories.USE.__class__(USE.name, USE.purpose, audience=audience)
    question = Question(use, purpose_tree(), AS_OF)
    (before,) = audit(factories.facts([entry]), [DOUBT], question).verdicts.to_pylist()
    rows = [
        {"decision_id": f"d{n}", "media_id": entry["media_id"], "use": use.name,
         "verdict": "cleared", "reason": "seen", "evidence": before["evidence"],
         "decided_at": day(4, n + 1), **one}
        for n, one in enumerate(said)
    ]  # fmt: skip
    tables = factories.facts([entry], decisions=rows, reviewers=register)
    (after,) = audit(tables, [DOUBT], question).verdicts.to_pylist()
    return str(after["verdict"])


def by(name: str, **values: Any) -> dict[str, Any]:
    """Return what somebody says."""
    return {"reviewer": name, **values}


TWO = registered("ana", "bo")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("ana", "bo"), "cleared"),
        (("Ana ", "B.O."), "cleared"),
        (("ana", "Ana"), "needs_review"),
        (("ana", "a n a"), "needs_review"),
        (("ana", "\uff21\uff4e\uff41"), "needs_review"),
        (("ana", "an\u200ba"), "needs_review"),
        (("ana", "cy"), "needs_review"),
        (("cy", "dee"), "needs_review"),
    ],
)
def test_two_registered_people_clear(names: tuple[str, ...], expected: str) -> None:
    assert verdict(*map(by, names), register=TWO) == expected


def test_whoever_blocks_is_heard() -> None:
    """On the register or not, signed or not."""
    said = [by("ana"), by("bo"), by("nobody", verdict="blocked")]
    assert verdict(*said, register=TWO) == "blocked"


def test_a_clearance_ends_with_a_word_in_their_name() -> None:
    """Unsigned words take back what was signed, and lift no block that was signed."""
    register = [registered(n, key_id=n)[0] for n in ("ana", "bo")]
    signed = [by(n, key_id=n) for n in ("ana", "bo")]
    for_others = {"register": register, "audience": "public"}
    assert verdict(*signed, **for_others) == "cleared"  # type: ignore[arg-type]
    assert verdict(by("ana"), by("bo"), **for_others) == "needs_review"  # type: ignore[arg-type]
    assert verdict(*signed, by("ana"), **for_others) == "cleared"  # type: ignore[arg-type]
    late = [*signed, by("ana", verdict="undecided")]
    assert verdict(*late, **for_others) == "needs_review"  # type: ignore[arg-type]
    block = [*signed, by("ana", verdict="blocked", key_id="ana"), by("ana")]
    assert verdict(*block, **for_others) == "blocked"  # type: ignore[arg-type]
    wrong = [by("ana", key_id="ana"), by("bo", key_id="ana")]
    assert verdict(*wrong, **for_others) == "needs_review"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"removed_at": day(4, 2)}, "cleared"),
        ({"removed_at": day(4, 1)}, "needs_review"),
        ({"removed_at": day(6)}, "cleared"),
        ({"registered_at": day(4, 20)}, "cleared"),
        ({"registered_at": day(6)}, "needs_review"),
    ],
)
def test_the_register_counts_as_it_was(values: dict[str, Any], expected: str) -> None:
    """What was decided before a removal remains; what is registered later is not known yet."""
    register = [*registered("ana", **values), *registered("bo")]
    assert verdict(by("ana"), by("bo"), register=register) == expected


def test_coming_back_does_not_bring_back_what_was_said_meanwhile() -> None:
    away = registered("ana", removed_at=day(3))
    back = registered("ana", registered_at=day(4, 10), registration_id="again")
    register = [*away, *back, *registered("bo")]
    assert verdict(by("ana"), by("bo"), register=register) == "needs_review"
    late = by("ana", decided_at=day(4, 10))
    assert verdict(late, by("bo"), register=register) == "cleared"


FORMS = st.lists(
    st.sampled_from([
        str.upper, str.title, lambda n: f" {n} ", ". ".join, lambda n: n + "\u200b",
        lambda n: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in n),
        lambda n: unicodedata.normalize("NFD", n), lambda n: f"-{n}!",
    ]),
    max_size=4,
)  # fmt: skip


@settings(max_examples=10)
@given(FORMS, FORMS, st.sampled_from(["ana", "r.meyer", "\u00e9va", "\u00dfam"]))
def test_no_form_of_a_name_is_a_second_person(one: Any, other: Any, name: str) -> None:
    """Case, blanks, punctuation, width and composition give nobody a second voice."""
    names = []
    for forms in (one, other):
        form = name
        for change in forms:
            form = change(form)
        names.append(form)
    assert person_of(names[0]) == person_of(names[1]) == person_of(name)
    register = [conformed(registration([], name, name, None, NOW))]
    assert verdict(*map(by, (name, *names)), register=register) == "needs_review"
    with pytest.raises(InputError):
        registration(register, names[0], "another", None, AS_OF)
    with pytest.raises(InputError, match="this name is that of"):
        registration(register, "another", names[1], None, AS_OF)


@given(st.text())
def test_a_skeleton_is_its_own(name: str) -> None:
    assert skeleton(skeleton(name)) == skeleton(name)
    assert all(letter.isalnum() for letter in skeleton(name))


def conformed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the ledger gives it."""
    made: dict[str, Any] = conform([row], "reviewers").to_pylist()[0]
    return made


def test_a_key_is_of_one_person() -> None:
    key = new_key().public
    rows = [conformed(registration([], "ana", "Ana Silva", key, NOW))]
    with pytest.raises(InputError, match="this key is that of Ana Silva"):
        registration(rows, "bo", "Bo", key, AS_OF)
    with pytest.raises(InputError, match="this name is that of Ana Silva"):
        registration(rows, "ana.silva", "Somebody", None, AS_OF)
    with pytest.raises(InputError, match="letters or digits"):
        registration(rows, "...", "Bo", None, AS_OF)
    # Gone is not forgotten: another person has no use of her name or key.
    rows = [conformed(removal(rows, "ana", day(4, 5)))]
    with pytest.raises(InputError, match="this key"):
        registration(rows, "bo", "Bo", key, AS_OF)
    again = conformed(registration(rows, "Ana", "Ana Silva", key, AS_OF))
    assert entry_of([*rows, again], "ana", AS_OF) == again
    with pytest.raises(UnknownNameError, match="no reviewer is called 'bo'"):
        removal(rows, "bo", AS_OF)


def test_remarks_say_why_a_word_does_not_count() -> None:
    key = new_key().public
    rows = [
        conformed(registration([], "ana", "Ana Silva", key, NOW)),
        *map(conformed, registered("bo")),
    ]
    asked = {"at": AS_OF, "key_id": None}
    assert remark(rows, "ana", audience="internal", **asked) == ""  # type: ignore[arg-type]
    assert "only decisions signed by ana's key" in remark(rows, "ana", audience="gated", **asked)  # type: ignore[arg-type]
    assert "has no key of bo" in remark(rows, "bo", audience="gated", **asked)  # type: ignore[arg-type]
    assert "cy is not on the register" in remark(rows, "cy", audience="internal", **asked)  # type: ignore[arg-type]


SAME_TO_THE_EYE = {
    "a Cyrillic e": ("r.m\u0435yer", "Robin M\u0435yer"),
    "an accent": ("other", "R\u00f3bin Meyer"),
    "words in another order": ("other", "Meyer, Robin"),
    "a Greek capital": ("other", "ROBI\u039d MEYER"),
    "a capital i for an l": ("other", "Robln Meyer"),
    "a digit": ("r.meyer.", "R0bin Meyer"),
}


@pytest.mark.parametrize("way", SAME_TO_THE_EYE)
def test_a_name_that_looks_like_another_reviewers_is_refused(way: str) -> None:
    first = registration([], "robin", "Robin Meyer", None, NOW) | {"removed_at": None,
                                                                   "key_id": None}  # fmt: skip
    reviewer_id, name = SAME_TO_THE_EYE[way]

    with pytest.raises(InputError, match="Robin Meyer, who is registered as 'robin'"):
        registration([first], reviewer_id, name, None, NOW)


@pytest.mark.parametrize("name", ["Robin Mayer", "Ana Ruiz", "\u041c\u0430\u0440\u0438\u044f"])
def test_another_name_is_registered(name: str) -> None:
    first = registration([], "robin", "Robin Meyer", None, NOW) | {"removed_at": None,
                                                                   "key_id": None}  # fmt: skip

    assert registration([first], "second", name, None, NOW)["name"] == name
