"""The letter that answers what is held about a person: GDPR Art. 15, in plain words.

It says in short what `curate.consent.export.everything_held` has in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from curate.model.instants import parse_instant
from curate.model.plural import counted, verb
from curate.report.letters import (
    COMPLAIN,
    Letter,
    Part,
    Record,
    asked,
    day_of,
    handed_out,
    joined,
    word,
)

_RIGHTS = (
    "You can ask us to correct what is wrong, to erase it, to stop using it, or to give it to you "
    "for use elsewhere. You can withdraw your consent at any time; what was done before remains "
    "lawful."
)
_DOUBTED = (
    "There are further records that may be about you. We have not settled yet whether they are, "
    "and will write to you about them."
)
_CLOSED = {"fulfilled": "We dealt with it on {day}.", "refused": "We did not do it, and told you "
           "why on {day}.", "expired": "We closed it on {day}."}  # fmt: skip


def access(
    request: Record, held: Mapping[str, Any], *, now: datetime, copies: Sequence[Record],
    sources: Sequence[str], keeping: str, erased_at: datetime | None,
    ended: Collection[str] = (), doubted: bool = False,
) -> Letter:  # fmt: skip
    """Return the letter that tells a person what is held about them.

    Args:
        request: The request that it answers.
        held: What `curate.consent.export.everything_held` returned.
        now: The date of the letter.
        copies: Who received what shows the person, as `curate.report.letters.Copies.handed_out`.
        sources: Where the media of the person come from, by name.
        keeping: How long it is kept, in the words of those responsible; empty where they say
            nothing.
        erased_at: When the person's records were erased; None where they were not.
        ended: The ids of consents that are not used any more, whatever else they say.
        doubted: Whether more is on record that may be theirs, under a name of which it is not
            settled that it is.
    """
    about = "all that we have on record about you" if not doubted else (
        "what we have on record about you under the reference above"
    )  # fmt: skip
    first = (
        f"{asked(request)} This letter says it in short, as of {day_of(now)}. With it comes a copy "
        f"of {about}: a list of the pictures and videos that show you, and a file that a computer "
        "can read."
    )
    more = [_DOUBTED] * doubted
    if texts := held.get("not_told", {}).get("texts_by_staff"):
        left = (
            f"{counted(texts, 'remark')} on record {verb(texts, 'is', 'are')} left out of this copy"
        )
        more.append(f"{left}, because {verb(texts, 'it', 'they')} may speak of other people.")
    parts = [
        Part(paragraphs=(first, *more)),
        _media(held, sources, erased_at),
        _agreed(held, erased_at, ended),
        handed_out(copies, must_go=False),
        *_asked_before(held, request["request_id"]),
        Part("How long we keep it", (keeping or _keeping(held, ended),)),
        Part("What you can ask of us", (_RIGHTS, COMPLAIN)),
    ]
    return Letter("What we hold about you", tuple(parts))


def _media(held: Mapping[str, Any], sources: Sequence[str], erased_at: datetime | None) -> Part:
    rows = held["media"]
    said = []
    if rows:
        videos = sum(row.get("kind") == "video" for row in rows)
        others = len(rows) - videos
        kinds = [counted(others, "picture")] * bool(others) + [counted(videos, "video")] * bool(
            videos
        )
        said.append(f"Our records name you in {joined(kinds)}.")
    else:
        said.append("Our records name you in no picture or video.")
    if sources:
        said.append(f"Where this comes from: {joined(sources)}.")
    if rows and erased_at is not None:
        said.append("Of these we keep the names of the files, so that they are not used again.")
    faces, alike = sum(held["faces"].values()), held["faces_alike"]
    if faces:
        said.append(f"A program that compares faces took {counted(faces, 'face')} in them, or in "
                    f"others, for yours.")  # fmt: skip
    if alike:
        said.append(
            f"{counted(alike, 'further face')}, in pictures or videos that do not name you, "
            f"{verb(alike, 'looks', 'look')} like yours. Nobody has settled yet whose "
            f"{verb(alike, 'it is', 'they are')}."
        )
    if wards := held.get("guardian_of"):
        said.append(
            f"Our records name you as the guardian of {counted(wards, 'person', 'people')}."
        )
    # One role counts once in a medium, whatever it was linked by.
    roles = Counter(role for row in rows for role in {one["role"] for one in row["roles"]})
    points = tuple(
        f"{counted(n, 'picture or video', 'pictures or videos')} {word('roles', role)}."
        for role, n in sorted(roles.items())
    )
    return Part("Pictures and videos", tuple(said), points)


def _agreed(held: Mapping[str, Any], erased_at: datetime | None, ended: Collection[str]) -> Part:
    heading = "What you agreed to"
    consents = held["consents"]
    if not consents and erased_at is not None:
        when = day_of(erased_at)
        said = f"We erased our records of what you agreed to on {when}, because you asked us to."
        return Part(heading, (said,))
    if not consents:
        return Part(heading, ("We have no record of anything that you agreed to.",))
    return Part(
        heading, ("Our records say:",), tuple(_consent(row, held, ended) for row in consents)
    )


def _consent(row: Record, held: Mapping[str, Any], ended: Collection[str]) -> str:
    purposes = joined(word("purposes", name) for name in row["purposes"])
    said = [f"A consent for {purposes}"]
    if row["purposes_excluded"]:
        said[0] += f", but not for {joined(word('purposes', n) for n in row['purposes_excluded'])}"
    said[0] += f"; for {word('audiences', row['audience_max'])}"
    for name, phrase in (("valid_from", "from"), ("valid_until", "until")):
        if row[name]:
            said[0] += f", {phrase} {_day(row[name])}"
    events = sorted(
        (one for one in held["consent_events"] if one["consent_id"] == row["consent_id"]),
        key=lambda one: one["effective_at"],
    )
    said += [_event(one) for one in events]
    if row["consent_id"] in ended:
        said.append("We do not use this consent any more")
    return ". ".join(said) + "."


def _event(event: Record) -> str:
    if event["annulled_at"]:
        return (f"On {_day(event['effective_at'])}, we recorded that "
                f"{word('states', event['state'])}. That was our mistake, and was set right on "
                f"{_day(event['annulled_at'])}: it does not count")  # fmt: skip
    told = f"On {_day(event['effective_at'])}, {word('states', event['state'])}"
    if event.get("undated"):
        told = f"It counts from {_day(event['effective_at'])} on; no record says when you gave it"
    if event["purposes"]:
        told += f" for {joined(word('purposes', name) for name in event['purposes'])}"
    return told


def _asked_before(held: Mapping[str, Any], answered: str) -> Iterable[Part]:
    others = [row for row in held["requests"] if row["request_id"] != answered]
    if others:
        yield Part("What else you asked us", (), tuple(_request(row) for row in others))


def _request(row: Record) -> str:
    told = f"On {_day(row['received_at'])}: {word('kinds', row['kind'])}."
    if row["closed_at"]:
        return f"{told} {_CLOSED[row['state']].format(day=_day(row['closed_at']))}"
    return told if row["kind"] == "withdrawal" else f"{told} We are still working on it."


def _keeping(held: Mapping[str, Any], ended: Collection[str]) -> str:
    days = [row["destroy_by"] for row in held["subjects"] if row.get("destroy_by")]
    if days:
        return f"Until {_day(min(days))} at the latest."
    used = [row for row in held["consents"] if row["consent_id"] not in ended]
    if held["consents"] and not used:
        return ("No consent of yours is used any more. A day on which everything is deleted is not "
                "on record; ask us, and we will tell you.")  # fmt: skip
    ends = [row["valid_until"] for row in used]
    if ends and all(ends):
        return (f"No consent of yours is used after {_day(max(ends))}. A day on which everything "
                "is deleted is not on record; ask us, and we will tell you.")  # fmt: skip
    return "A day on which it is deleted is not on record; ask us, and we will tell you."


def _day(text: str) -> str:
    return day_of(parse_instant(text))
