"""Letters to people who asked for something: what became of it, in words that everybody reads.

Pure: from what is on record to the parts of a letter. A letter says nothing that is not on record,
names no rule, digest or table, and nobody but its reader and those who received copies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from curate.model.plural import counted, verb
from curate.report.pages import render_html
from curate.report.vocabulary import PURPOSES
from curate.schema import resource_folder

Record = Mapping[str, Any]
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_IDENTITY = (
    "Before we answer, we have to be sure that the request comes from you, or from somebody who "
    "may act for you. We will get in touch with you about it."
)
COMPLAIN = (
    "If you think that this answer is wrong, you can complain to your data protection authority, "
    "or go to court."
)


@dataclass(frozen=True)
class Part:
    """A part of a letter.

    Attributes:
        heading: Its heading; empty for none.
        paragraphs: Its paragraphs.
        points: The items of a list after them.
    """

    heading: str = ""
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """What a letter says between its address and its signature."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Copies:
    """What shows a person, and who received it.

    Attributes:
        media: How many pictures, videos and other media show them, or were made from such.
        maybe: How many further ones may show them.
        searched: Whether it is known of everything on record whom it shows.
        handed_out: Rows with ``recipient``, ``delivered_at``, ``name`` of the release, ``told``,
            whether a feed named every such file to them, and ``outcome`` with
            ``acknowledged_at`` where they answered since.
    """

    media: int
    maybe: int
    searched: bool
    handed_out: Sequence[Record]


def page(letter: Letter, *, day: datetime, about: Mapping[str, str]) -> str:
    """Return a letter as a page of HTML that can be printed.

    Args:
        letter: The letter.
        day: Its date.
        about: ``sender``, ``contact``, ``officer``, ``reference`` and ``request``; empty where
            there is none.
    """
    return render_html("letter.html.j2", letter=letter, day=day_of(day), **about)


def day_of(moment: datetime | date) -> str:
    """Return a day written out.

    >>> day_of(date(2026, 5, 4))
    '4 May 2026'
    """
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def word(kind: str, name: str) -> str:
    """Return what letters say for a word of the record.

    >>> word("purposes", "train-detector")
    'training programs that detect manipulated pictures and videos'
    >>> word("purposes", "my-own_purpose"), word("reasons", "DataNotHeld")
    ('my own purpose', 'data not held')
    """
    found = words()[kind].get(name) or (PURPOSES.get(name) if kind == "purposes" else None)
    if found is not None:
        return str(found)
    plain = name if " " in name else _CAMEL.sub(" ", name.replace("-", " ").replace("_", " "))
    return plain if " " in name else plain.lower()


@cache
def words() -> dict[str, dict[str, str]]:
    """Return what letters say for words of the record, by kind of word."""
    text = (resource_folder("reports") / "letter_words.json").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = json.loads(text)
    return words


def joined(texts: Iterable[str]) -> str:
    """Return texts as a list within a sentence.

    >>> joined(["a", "b", "c"]), joined(["a"]), joined([])
    ('a, b and c', 'a', '')
    """
    *first, last = [*texts] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def asked(request: Record) -> str:
    """Return a sentence that says what somebody asked, and when."""
    return f"On {day_of(request['received_at'])} you asked us {word('kinds', request['kind'])}."


def received(request: Record, *, now: datetime) -> Letter:
    """Return the letter that a request has arrived, what is missing, and by when it is answered."""
    due, lacks = request["due_at"], request["notice_lacks"] or ()
    parts = [Part(paragraphs=(f"{asked(request)} We have received this request.",))]
    if _names_nothing_held(request):
        parts.append(Part("What we found", tuple(_not_found(request))))
    if lacks:
        parts.append(Part("What we still need from you",
                          ("Your notice is not complete yet. Please send us:",),
                          tuple(word("lacks", name) for name in lacks)))  # fmt: skip
    elif request["state"] == "id_check":
        parts.append(Part("What we still need from you", (_IDENTITY,)))
    parts.append(Part("What happens now", tuple(_next(request, due, now))))
    return Letter("We have received your request", tuple(parts))


def _next(request: Record, due: datetime | None, now: datetime) -> Iterable[str]:
    takedown = request["kind"].startswith("takedown") and not _names_nothing_held(request)
    if takedown or request["kind"] in ("objection", "restriction"):
        yield "Until we have answered, what your request is about goes into no new dataset of ours."
    if due is None:
        yield "We are working on it, and will write to you when it is done."
    elif due < now:
        yield (f"We should have answered by {day_of(due)}. We apologise for the delay, and will "
               "answer as soon as we can.")  # fmt: skip
    elif request["kind"].startswith("takedown"):
        yield f"We will answer by {day_of(due)}, {due:%H:%M} UTC."
    else:
        yield f"We will answer by {day_of(due)}."


def refused(request: Record) -> Letter:
    """Return the letter that what somebody asked is not done, or has lapsed, and why."""
    closed, lapsed = day_of(request["closed_at"]), request["state"] == "expired"
    reason = word("reasons", request["nonfulfilment_reason"] or "").rstrip(".")
    what = f"On {closed} we closed the request without doing it" if lapsed else (
        f"On {closed} we decided that we do not do this"
    )  # fmt: skip
    why = f"{what}. The reason is: {reason}." if reason else f"{what}."
    again = "You can ask again at any time."
    return Letter(
        "Your request has lapsed" if lapsed else "We have not done what you asked",
        (Part(paragraphs=(f"{asked(request)} {why}", again, COMPLAIN)),),
    )


def fulfilled(request: Record, outcome: str, copies: Sequence[Record] | None = None) -> Letter:
    """Return the letter that a request was dealt with.

    Args:
        request: The request.
        outcome: What was done, in words for its reader; empty where nothing can be told.
        copies: Who received what it is about, as `Copies.handed_out`; None where that is not
            asked.
    """
    said = [f"{asked(request)} On {day_of(request['closed_at'])} we finished dealing with it."]
    if outcome:
        said.append(f"What we did: {outcome.rstrip('.')}.")
    if request["kind"].startswith("takedown"):
        said += _blocked(request)
    if request["kind"] == "restriction":
        said.append("What your request is about goes into no new dataset of ours until the "
                    "restriction is lifted. We will tell you before we lift it.")  # fmt: skip
    parts = [Part(paragraphs=tuple(said))]
    if copies is not None:
        parts.append(handed_out(copies))
    return Letter("We have dealt with your request", (*parts, Part(paragraphs=(COMPLAIN,))))


def lifted(request: Record, reason: str) -> Letter:
    """Return the letter that a restriction no longer holds, or will not from a day on.

    Args:
        request: The request.
        reason: Why, in words for its reader; empty where nothing can be told.
    """
    said = f"{asked(request)} We did so. From {day_of(request['lifted_at'])} on this ends."
    why = f" The reason is: {reason.rstrip('.')}." if reason else ""
    means = ("From then on, what your request is about may be used again as far as you agreed to "
             "it. If you do not want this, please tell us.")  # fmt: skip
    return Letter("The restriction that you asked for ends",
                  (Part(paragraphs=(said + why, means, COMPLAIN)),))  # fmt: skip


def _names_nothing_held(request: Record) -> bool:
    """Tell whether a takedown is about something of which nothing was found."""
    takedown = request["kind"].startswith("takedown")
    return takedown and not (request["media_ids"] or request["subject_id"])


def _blocked(request: Record) -> Iterable[str]:
    count = len(request["media_ids"] or ())
    if count:
        yield (
            f"{counted(count, 'picture or video', 'pictures and videos')} in our records "
            f"{verb(count, 'is', 'are')} blocked: no new dataset of ours will hold "
            f"{verb(count, 'it', 'them')}. {_LATER}"
        )
    elif request["subject_id"]:
        yield (
            "All pictures and videos in our records that we know to show you are blocked: no new "
            "dataset of ours will hold them."
        )
    else:
        yield from _not_found(request)


def _not_found(request: Record) -> Iterable[str]:
    """Yield what a takedown was compared with to no avail, and what can be recognised later."""
    by = set(request["identified_by"] or ())
    if not by:
        yield "As far as we know, nothing in our records is what you named."
    if by & {"file", "perceptual_hash"}:
        what = "what you sent us" if "file" in by else "the code that you sent us"
        yield (f"We compared {what} with the pictures and videos in our records that we could "
               "open. None of them is the same. What is similar waits until somebody has looked "
               "at it.")  # fmt: skip
        yield _LATER
    elif "byte_hash" in by:
        yield (
            "We compared the code that you sent us with the files in our records. None of them is "
            "the same. By this code we can recognise only a copy that is the same to the last "
            "byte. If you send us the picture or video itself, we can look for more."
        )
    if "url" in by:
        yield ("We compared the address that you gave us with the addresses in our records, and "
               "found none that is the same.")  # fmt: skip
    if by == {"url"}:
        yield ("We cannot recognise a picture or video by its address, so nothing has been "
               "blocked. Please send us the picture or video itself. Then we can look for it and "
               "block it.")  # fmt: skip


_LATER = (
    "We keep codes by which copies that come to us later are recognised and blocked. A copy that "
    "was changed a lot may not be recognised, for example one that was cut to a small part."
)


def withdrawn(
    since: datetime, copies: Copies, *, now: datetime, purposes: Sequence[str] = (),
    again: datetime | None = None,
) -> Letter:  # fmt: skip
    """Return the letter that confirms a withdrawal.

    Args:
        since: From when it holds.
        copies: What it touches.
        now: The date of the letter.
        purposes: The purposes that it is about; everything when empty.
        again: When the person agreed again since; None where they did not.
    """
    what = joined(word("purposes", name) for name in purposes)
    first = "You withdrew your consent to the use of pictures and videos of you"
    first += f" for {what}. For anything else nothing changes." if what else "."
    counts = "It counts" if since <= now else "It will count"
    start = [f"{first} We have recorded this. {counts} from {day_of(since)} on."]
    if again is not None:
        start.append(f"Our records say that you agreed again on {day_of(again)}. What you agreed "
                     "to then counts from that day on.")  # fmt: skip
    limited = f" for {what}" if what else ""
    means = [
        f"Our records have {counted(copies.media, 'picture or video', 'pictures and videos')} "
        f"that {verb(copies.media, 'shows you or was', 'show you or were')} made from one that "
        f"does. From that day on, none of them goes into a new dataset of ours{limited}."
        if copies.media else
        "As far as we know, our records have no picture or video that shows you."
    ]  # fmt: skip
    means += _doubts(copies)
    means.append("What was done with your consent before that day remains lawful.")
    means.append("A withdrawal does not delete the files. If you want us to erase them and what we "
                 "hold about you, please ask us to.")  # fmt: skip
    parts = (Part(paragraphs=tuple(start)), Part("What this means", tuple(means)),
             handed_out(copies.handed_out))  # fmt: skip
    return Letter("We have recorded that you withdrew your consent", parts)


def _doubts(copies: Copies) -> Iterable[str]:
    if copies.maybe:
        n = copies.maybe
        yield (f"{counted(n, 'further one', 'further ones')} may show you. "
               f"{verb(n, 'It is', 'They are')} held back until somebody has looked at "
               f"{verb(n, 'it', 'them')}.")  # fmt: skip
    if not copies.searched:
        yield ("We could not look into everything that we have on record yet. What we find to "
               "show you later is treated in the same way.")  # fmt: skip


def annulled(event: Record) -> Letter:
    """Return the letter that something was recorded of a person by mistake, and is set right."""
    what = {"ConsentWithdrawn": "withdrawn your consent", "ConsentRefused": "refused consent"}.get(
        event["state"], "ended your consent"
    )
    mistake = (
        f"Our records said that you had {what}, from {day_of(event['effective_at'])} on. That was "
        "our mistake: you had not said so."
    )
    right = (
        f"On {day_of(event['annulled_at'])} two of us set the record right. What you agreed to "
        "counts as if the mistake had not been made. Our records keep that there was a mistake, "
        "and that it was ours."
    )
    still = "If you do want to withdraw your consent, please tell us. You can do so at any time."
    part = Part(paragraphs=(mistake, right, still))
    return Letter("We have corrected a mistake in our records", (part,))


def handed_out(rows: Sequence[Record], *, must_go: bool = True) -> Part:
    """Return the part that says who received what shows a person, and what they answered.

    Args:
        rows: As `Copies.handed_out`.
        must_go: Whether they have to delete it.
    """
    first = "We tell everybody who received a copy which files they have to delete. " * must_go
    if not rows:
        return Part("Who received copies", (
            "Nobody has received a copy of what shows you, as far as our records say.",
        ))  # fmt: skip
    return Part(
        "Who received copies",
        (f"{first}Copies were handed to:",),
        tuple(_recipient(row, must_go=must_go) for row in rows),
    )


def _recipient(row: Record, *, must_go: bool) -> str:
    told = f"{row['recipient']}, on {day_of(row['delivered_at'])}"
    if row.get("outcome"):
        day = day_of(row["acknowledged_at"])
        return f"{told}. They {words()['answers'][row['outcome']].format(day=day)}."
    if row.get("told"):
        return f"{told}. We have listed for them which files these are. They have not answered yet."
    if must_go:
        return f"{told}. We have yet to list for them which files these are."
    return f"{told}."
