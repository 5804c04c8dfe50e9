"""Names that are one person, one entry at a time: a second reading of docs/consent.md.

Restrictions of one name reach the other, permissions do not; what two reviewers on the register
settled takes away that faces of the two names are taken for two people's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from curate.audit.facts import Question
from tests.reference_coverage import GRANTS, Asked, answer, heard

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]
OnRegister = Callable[[Row], bool]


def plain(name: str) -> str:
    """Return a reviewer's name without what tells no two people apart."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).lower() if c.isalnum())


class Names:
    """Which names are one person, at the instant of a question."""

    def __init__(self, tables: Tables, question: Question, on_register: OnRegister) -> None:
        """Read what reviewers said.

        Args:
            tables: The tables as rows.
            question: What is asked.
            on_register: Tells of a row with reviewer, decided_at and key_id whether it counts.
        """
        self.tables, self.question = tables, question
        internal = question.use.audience == "internal"
        self.tied: list[set[str]] = []
        self.sure: list[set[str]] = []
        for pair, words in self._last_words().items():
            said = {state: [w for w in words if w["state"] == state] for state in
                    ("merged", "parted")}  # fmt: skip
            counted = {state: [w for w in some if on_register(w)] for state, some in said.items()}
            if not said["merged"] or len(counted["parted"]) >= 2:
                continue
            self._join(self.tied, pair)
            # Nobody signs what they say of names, so nothing is settled for a wider audience.
            if internal and not said["parted"] and len(counted["merged"]) >= 2:
                self._join(self.sure, pair)

    def _last_words(self) -> dict[frozenset[str], list[Row]]:
        words: dict[frozenset[str], dict[str, Row]] = {}
        for row in sorted(self.tables.get("merges", []),
                          key=lambda r: (r["decided_at"], r["merge_id"])):  # fmt: skip
            if row["decided_at"] <= self.question.as_of:
                pair = frozenset((row["subject_id"], row["other_subject_id"]))
                words.setdefault(pair, {})[plain(row["reviewer"])] = row
        return {pair: list(by.values()) for pair, by in words.items()}

    @staticmethod
    def _join(groups: list[set[str]], pair: frozenset[str]) -> None:
        touched = [g for g in groups if g & pair]
        for group in touched:
            groups.remove(group)
        groups.append(set(pair).union(*touched))

    def others(self, subject: str) -> list[str]:
        """Return the other names of a person."""
        return sorted(n for g in self.tied if subject in g for n in g if n != subject)

    def person(self, subject: str | None) -> str | None:
        """Return one name for all that are settled to be one person."""
        return next((min(g) for g in self.sure if subject in g), subject)

    # Consents.

    def why(self, duty: Row, notices: Mapping[str, Row]) -> set[str]:
        """Return all reasons for which a person's consents do not cover an obligation."""
        asked = Asked(self.question.use, self.question.purposes, self.question.as_of)
        consents, events = self.tables["consents"], self.tables["consent_events"]
        spoken = [*events]
        for event in events:
            if event["state"] == "ConsentWithdrawn":
                spoken += [event | {"subject_id": n} for n in self.others(event["subject_id"])]
        covering, own = answer(duty, consents, spoken, notices, asked)
        found = set(own)
        given = [
            e["effective_at"] for e in heard(events, asked)
            if e["consent_id"] == covering and e["state"] in GRANTS and e["dated"]
        ]  # fmt: skip
        for other in self.others(duty["subject_id"]):
            if not any(c["subject_id"] == other for c in consents):
                continue
            nearest, short = answer(duty | {"subject_id": other}, consents, spoken, notices, asked)
            if nearest is None:
                continue
            last = [max(e["effective_at"], e.get("stated_at") or e["effective_at"])
                    for e in events
                    if e["subject_id"] == other and e["effective_at"] <= asked.as_of]  # fmt: skip
            later = not own and last and given and max(given) > max(last)
            if not later:
                found |= set(short)
        return found

    # People.

    def requests(self) -> list[Row]:
        """Return requests, those about all media of a person under each of their names."""
        found = list(self.tables["requests"])
        for row in self.tables["requests"]:
            if row["subject_id"] and not row["media_ids"]:
                found += [row | {"subject_id": n} for n in self.others(row["subject_id"])]
        return found

    # Faces.

    def settled_identities(self, rejected: Callable[[Row], bool]) -> list[Row]:
        """Return identities without what settled names are accused of.

        Args:
            rejected: Tells of a depiction whether somebody ruled it out.
        """
        by_content: dict[Any, list[set[str]]] = {}
        for entry in self.tables["entries"]:
            said = {d["subject_id"] for d in self.tables["depictions"]
                    if d["media_id"] == entry["media_id"] and not rejected(d)}  # fmt: skip
            if entry["sha256"] is not None:
                by_content.setdefault(entry["sha256"], []).append(said)
        content = {f["face_id"]: f["sha256"] for f in self.tables["faces"]}
        every = {i["face_id"]: by_content.get(content.get(i["face_id"]), [])
                 for i in self.tables["identities"]}  # fmt: skip
        together: dict[Any, set[str]] = {}
        for i in self.tables["identities"]:
            together.setdefault(i["identity_id"], set()).update(*every[i["face_id"]])
        sure = set().union(*self.sure) if self.sure else set()
        return [self._settle(i, every[i["face_id"]], together, sure)
                for i in self.tables["identities"]]  # fmt: skip

    def _settle(
        self, row: Row, entries: list[set[str]], together: Mapping[Any, set[str]], sure: set[str]
    ) -> Row:
        new = dict(row)
        shown = together[row["identity_id"]] if row["identity_id"] is not None else set()
        people = {self.person(name) for name in shown}
        if row["status"] == "disputed" and len(people) == 1 and shown & sure:
            new["status"] = "proposed"
        own = row["subject_id"]
        if self._everywhere(own, entries, sure) and not any(own in said for said in entries):
            alike = {n for said in entries for n in said if self.person(n) == self.person(own)}
            new["subject_id"] = min(alike)
        return new

    def _everywhere(self, subject: str | None, entries: Iterable[set[str]], sure: set[str]) -> bool:
        """Tell whether each entry names a settled person, under whatever name."""
        person, listed = self.person(subject), list(entries)
        return (
            subject in sure
            and bool(listed)
            and all(any(self.person(n) == person for n in said) for said in listed)
        )
