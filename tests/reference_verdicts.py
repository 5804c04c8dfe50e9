"""Verdicts again, one entry at a time: the rules CON, DEP and SRC and the questions, plainly.

A second reading of STANDARDS section 9 and of what `curate explain` says of each rule, and no
translation of their queries, so that it can disagree with them. Tables come as lists of rows.

What people decided holds only for what they saw: `judge` takes, for each digest of evidence that
a decision names, the findings it stood for. An entry is given its ancestors' verdicts first;
decisions on entries that are said to be made from themselves are outside this reading.
The questions of clearance are read in `tests.reference_questions`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from curate.audit.facts import Question
from tests.reference_names import Names
from tests.reference_questions import OPEN, REVIEWED, Known, Questions
from tests.reference_standing import Row, asks_to_be_left_out, standing_codes

BY_REASON = {
    "no-consent": "CON001",
    "withdrawn": "CON002",
    "expired": "CON003",
    "purpose-not-granted": "CON004",
    "role-not-granted": "CON005",
    "operation-not-granted": "CON006",
    "revoked": "CON007",
    "refused": "CON008",
    "invalidated": "CON009",
    "not-yet-valid": "CON010",
    "pending": "CON011",
    "purpose-excluded": "CON012",
    "audience-exceeded": "CON013",
    "commercial-not-granted": "CON014",
    "commercial-unstated": "CON015",
    "manipulation-not-granted": "CON016",
    "territory-not-granted": "CON017",
    "territory-unstated": "CON018",
    "other-media": "CON019",
    "scope-unresolved": "CON020",
    "context-forbidden": "CON021",
    "legal-basis-not-consent": "CON022",
    "notice-mismatch": "CON023",
    "assurance-too-low": "CON024",
    "no-expiry": "CON025",
    "release-outlives-consent": "CON026",
    "claim-only": "CON027",
    "uninformed": "CON041",
    "legal-basis-unstated": "CON042",
}
# All other rules block.
REVIEWS = {
    *("CON011", "CON015", "CON018", "CON020", "CON022", "CON023", "CON024", "CON025", "CON026"),
    *("CON027", "CON028", "CON030", "CON031", "CON032", "CON041", "CON042", "CON044"),
    *("DEP001", "DEP002", "DEP003", "DEP004", "DEP005", "DEP006", "DEP007", "DEP008", "DEP009"),
    *("DEP012", "SRC004", "SRC005", "SRC006", "SRC007", "SRC009", "SRC010"),
    *("SRC011", "CON043"),
}
# How many people of each role a manipulation cannot do without.
NEEDS = {
    "face_swap": {"donor": 1, "target": 1},
    "reenactment": {"target": 1, "driver": 1},
    "lip_sync": {"target": 1},
    "attribute_edit": {"depicted": 1},
    "morph": {"donor": 2},
    "identity_conditioned_synthesis": {"donor": 1},
}
FORBIDS = {
    "no_training": {"train_detector", "train_generator"},
    "evaluation_only": {"train_detector", "train_generator"},
    "no_biometric_id": {"biometric_embed", "identity_link"},
    "no_redistribution": {"share", "publish"},
}
# What licences exclude; of others nothing is known.
EXCLUDES = {
    "CC-BY-4.0": set(),
    "MIT": set(),
    "CC BY-NC 4.0": {"commercial"},
    "CC-BY-ND-4.0": {"derivatives"},
    "CC-BY-NC-ND-4.0": {"commercial", "derivatives"},
}
AGREED = ("own_capture", "licensed_dataset", "user_donation", "third_party_private")
BETTER = ("blocked", "needs_review", "cleared")

Finding = tuple[str, str]
Tables = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Told:
    """What is said of one entry: its findings, those that count, its verdict, who spoke, answers.

    The answers are a letter for each question, after what reviewers decided.
    """

    findings: frozenset[Finding]
    codes: frozenset[str]
    verdict: str
    decided_by: str
    answers: str


@dataclass
class Judge:
    """One audit of one set of tables."""

    tables: Tables
    question: Question
    seen: Mapping[str, frozenset[Finding]] = field(default_factory=dict)
    complete: bool = True
    done: dict[str, Told] = field(default_factory=dict)

    @cached_property
    def entries(self) -> dict[str, Row]:
        """The entries by id."""
        return {e["media_id"]: e for e in self.tables["entries"]}

    @cached_property
    def notices(self) -> dict[str, Row]:
        """The notices by id."""
        return {n["notice_id"]: n for n in self.tables["notices"]}

    @cached_property
    def names(self) -> Names:
        """Which names are one person."""
        return Names(self.tables, self.question, self._registered)

    def _registered(self, row: Row) -> bool:
        """Tell whether somebody who spoke of names is on the register."""
        return self._on_register(row | {"key_id": None}, by_name=True)

    @cached_property
    def faced(self) -> Tables:
        """The tables, in which settled names are one person's."""
        found = self.names.settled_identities(lambda d: d["link_status"] == "rejected")
        return {**self.tables, "identities": found}

    @cached_property
    def questions(self) -> Questions:
        """The questions of clearance about these tables."""
        return Questions(
            self.faced, self.question, self.names.person, self.told_apart, self.restricted
        )

    def restricted(self, subject: str) -> bool:
        """Tell whether anything on record of a person, under any name, stands against a use."""
        names = {subject, *self.names.others(subject)}
        refusing = {
            "ConsentWithdrawn", "ConsentRefused", "ConsentRevoked", "ConsentInvalidated",
        }  # fmt: skip
        return (
            any(e["subject_id"] in names and e["state"] in refusing and e["annulled_at"] is None
                for e in self.tables["consent_events"])
            or any(r["subject_id"] in names and r["kind"] != "access"
                   for r in self.tables["requests"])
            or any(s["subject_id"] in names and s["status"] not in {"active", None}
                   for s in self.tables["subjects"])
        )  # fmt: skip

    def told_apart(self, media_id: str, row: Row) -> bool:
        """Tell whether two people say that a face is not that of whom it is like, and all do."""
        about = (
            (media_id, row["other_subject_id"]),
            frozenset((row["face_id"], row["other_face_id"])),
        )
        return any(self._apart.get(one, False) for one in about)

    @cached_property
    def _apart(self) -> dict[Any, bool]:
        """Return what is said of faces and of people in entries: whether they are ruled out."""
        words: dict[Any, dict[str, Row]] = {}
        spoken = [d for d in self.tables["decisions"] if d.get("kind") in {"link", "subject"}]
        for d in sorted(spoken, key=lambda d: (d["decided_at"], d["decision_id"])):
            if d["decided_at"] > self.question.as_of:
                continue
            faces = frozenset((d["face_id"], d["other_face_id"]))
            about = faces if d["kind"] == "link" else (d["media_id"], d["subject_id"])
            words.setdefault(about, {})[plain_name(d["reviewer"])] = d
        return {
            about: {d["value"] for d in said.values()} <= {"not_shown", "different_people"}
            and sum(map(self._on_register, said.values())) > 1
            for about, said in words.items()
        }

    def all(self) -> dict[str, Told]:
        """Return what is said of each entry."""
        return {media_id: self.told(media_id) for media_id in self.entries}

    def told(self, media_id: str) -> Told:
        """Return what is said of one entry, which its ancestors are asked about first."""
        if media_id not in self.done:
            found = frozenset({*self.own(media_id), *self.descent(media_id)})
            self.done[media_id] = self._decide(media_id, found)
        return self.done[media_id]

    def own(self, media_id: str) -> set[Finding]:
        """Return what is found about an entry, whatever it was made from."""
        entry = self.entries[media_id]
        codes = {
            *self._consent(entry),
            *standing_codes(
                entry, self._people(entry), self.tables, self.question, names=self.names
            ),
            *self._people_known(entry),
            *self._faces(entry),
            *self._source(entry),
        }
        return {(code, "") for code in codes}

    def descent(self, media_id: str) -> Iterable[Finding]:
        """Give a finding for the worst of what an entry was made from, however far."""
        parents = self.ancestors(media_id)
        said = {p: self._hands_down(p) for p in parents}
        circle = [self._name(media_id)] if self._circular(media_id) else []
        for code, verdict in (("DEP011", "blocked"), ("DEP012", "needs_review")):
            names = [self._name(p) for p in parents if said[p] == verdict]
            names += circle if code == "DEP012" else []
            if names:
                yield code, min(names)

    def ancestors(self, media_id: str) -> set[str]:
        """Return the ids of everything an entry was made from, itself not among them."""
        return self._line(media_id) - {media_id}

    def _circular(self, media_id: str) -> bool:
        """Tell whether an entry is said to be made from itself, by way of whatever."""
        return media_id in self._line(media_id)

    def _line(self, media_id: str) -> set[str]:
        found: set[str] = set()
        ahead = [media_id]
        while ahead:
            at = ahead.pop()
            for r in self.tables["relations"]:
                made = r["relation"] in ("derived_from", "crop_of", "frame_of")
                if made and r["left_kind"] == r["right_kind"] == "media" and r["left"] == at:
                    if r["right"] not in found:
                        ahead.append(r["right"])
                    found.add(r["right"])
        return found

    def _hands_down(self, media_id: str) -> str:
        """Return what an ancestor means for what was made from it.

        What it has from its own ancestors comes down from them. What was decided of it counts
        if it is a decision about all that is known of it.
        """
        if media_id not in self.entries:
            return "needs_review"
        if media_id in {d["media_id"] for d in self.tables["decisions"] if d.get("kind") is None}:
            told = self.told(media_id)
            if told.decided_by != "policy":
                return told.verdict
        own = self.own(media_id)
        return self._policy(media_id, own, self.answers(media_id, own, parents=()))

    def answers(self, media_id: str, found: Iterable[Finding], *, parents: Iterable[str]) -> str:
        """Return the letter of each question about an entry, before reviewers decide."""
        entry, codes = self.entries[media_id], {code for code, _ in found}
        known = Known(
            codes=codes,
            waived={code for code in codes if self._effect(media_id, code) == "none"},
            visible=visible(entry, self._people(entry)) if entry["state"] == "present" else 0,
            # What is made from itself rests on nothing, as on what nobody has.
            parents=[
                *(self._hands_down(p) if p in self.entries else None for p in parents),
                *([None] if self._circular(media_id) else []),
            ],
        )
        return self.questions.answers(entry, known)

    def _name(self, media_id: str) -> str:
        entry = self.entries.get(media_id)
        return str(entry["locator"]) if entry else media_id

    # Effects, waivers, reviewers.

    def _effect(self, media_id: str, code: str) -> str:
        if code not in REVIEWS:
            return "block"
        if code.startswith("CON") or code in ("DEP001", "DEP002", "DEP003", "DEP004", "DEP008"):
            return "review"
        locator, as_of = self.entries[media_id]["locator"], self.question.as_of
        people = set()
        for waiver in self.question.waivers:
            if waiver.code != code or (waiver.media and locator not in waiver.media):
                continue
            given = waiver.given_at or as_of
            if as_of < waiver.expires <= given + timedelta(days=366):
                said = {"decided_at": given, "key_id": waiver.key_id}
                people |= {
                    plain_name(one) for one in waiver.by
                    if self._on_register(said | {"reviewer": one})
                }  # fmt: skip
        return "none" if len(people) >= 2 else "review"

    def _policy(self, media_id: str, found: Iterable[Finding], answers: str) -> str:
        effects = {self._effect(media_id, code) for code, _ in found}
        if "block" in effects:
            return "blocked"
        doubted = "review" in effects or OPEN in answers or not self.complete
        return "needs_review" if doubted else "cleared"

    def _decide(self, media_id: str, found: frozenset[Finding]) -> Told:
        codes = frozenset(c for c, _ in found if self._effect(media_id, c) != "none")
        answers = self.answers(media_id, found, parents=self.ancestors(media_id))
        verdict, by = self._policy(media_id, found, answers), "policy"
        if verdict != "blocked" and self.complete:
            people = self._by_person(media_id).values()
            clears = sum(self._clears(words, found) for words in people)
            if any(self._says(words, "blocked", found) for words in people):
                verdict, by = "blocked", "reviewer"
            elif verdict == "needs_review" and clears >= 2:
                verdict, by = "cleared", "two_reviewers"
                answers = answers.replace(OPEN, REVIEWED)
        return Told(found, codes, verdict, by, answers)

    def _by_person(self, media_id: str) -> dict[str, list[Row]]:
        """Return what each person decided of an entry, for this use, the last word last."""
        by_person: dict[str, list[Row]] = {}
        for d in sorted(
            self.tables["decisions"], key=lambda d: (d["decided_at"], d["decision_id"])
        ):
            asked = d["media_id"] == media_id and d["use"] == self.question.use.name
            if asked and d.get("kind") is None and d["decided_at"] <= self.question.as_of:
                by_person.setdefault(plain_name(d["reviewer"]), []).append(d)
        return by_person

    def _says(self, words: list[Row], verdict: str, found: frozenset[Finding]) -> bool:
        """Tell whether somebody's last word, or their last that counts, is a verdict."""
        last = [words[-1], *[d for d in words if self._on_register(d)][-1:]]
        return any(d["verdict"] == verdict and self._fits(d, found) for d in last)

    def _clears(self, words: list[Row], found: frozenset[Finding]) -> bool:
        """Tell whether somebody on the register clears, and nobody in their name says else."""
        counted = [d for d in words if self._on_register(d)]
        return bool(counted) and all(
            d["verdict"] == "cleared" and self._fits(d, found) for d in (counted[-1], words[-1])
        )

    def _on_register(self, decision: Row, *, by_name: bool = False) -> bool:
        """Tell whether a decision was made, and where need be signed, by somebody registered."""
        at, first = decision["decided_at"], True
        for row in sorted(self.tables["reviewers"], key=lambda row: row["registered_at"]):
            if plain_name(row["reviewer_id"]) != plain_name(decision["reviewer"]):
                continue
            if row["registered_at"] > self.question.as_of:
                continue
            away = row["removed_at"] is not None and at >= row["removed_at"]
            early = not first and at < row["registered_at"]
            first = False
            signed = decision["key_id"] is not None and decision["key_id"] == row["key_id"]
            internal = by_name or self.question.use.audience == "internal"
            if not away and not early and (signed or internal):
                return True
        return False

    def _fits(self, decision: Row, found: frozenset[Finding]) -> bool:
        """Tell whether what the reviewer saw is what is found now."""
        return self.seen.get(decision["evidence"]) == found

    # CON: people and their consents.

    def _people(self, entry: Row) -> list[Row]:
        """Return who is in an entry, leaving out whom someone ruled out."""
        return [
            d
            for d in self.tables["depictions"]
            if d["media_id"] == entry["media_id"] and d["link_status"] != "rejected"
        ]

    def _consent(self, entry: Row) -> Iterable[str]:
        source = self._source_of(entry) or {}
        claimed = source.get("consent_claim") in ("dataset_statement", "batch_attestation")
        for person in self._people(entry):
            duty = person | {"manipulation_type": entry["manipulation_type"]}
            for reason in self.names.why(duty, self.notices):
                # A claim of the source's is less than a record, and more than nothing.
                only = claimed and reason == "no-consent"
                yield BY_REASON["claim-only" if only else reason]

    # DEP: it is known who is shown.

    def _people_known(self, entry: Row) -> Iterable[str]:
        people = self._people(entry)
        if not people and entry["state"] == "present" and entry["people"] != "none":
            yield "DEP002"
        for role, number in NEEDS.get(entry["manipulation_type"], {}).items():
            if len({p["subject_id"] for p in people if p["role"] == role}) < number:
                yield "DEP005"
        if entry["manipulation_type"] in ("unknown", "other"):
            yield "DEP006"
        if any(p["role"] == "unknown" for p in people):
            yield "DEP007"
        for status, code in (("proposed", "DEP009"), ("disputed", "DEP010")):
            if any(p["link_status"] == status for p in people):
                yield code

    def _faces(self, entry: Row) -> Iterable[str]:
        people = self._people(entry)
        by_frame: dict[Any, list[Row]] = {}
        for face in self.tables["faces"]:
            if face["sha256"] == entry["sha256"]:
                by_frame.setdefault((face["frame"], face["model_id"]), []).append(face)
        most = max(map(len, by_frame.values()), default=0)
        if entry["state"] == "present" and not self._scanned(entry["sha256"]):
            yield "DEP003"
        if entry["state"] == "present" and people and most > visible(entry, people):
            yield "DEP001"
        # Whom someone ruled out was spoken of, and is no news.
        spoken_of = {
            d["subject_id"] for d in self.tables["depictions"] if d["media_id"] == entry["media_id"]
        }
        for together in by_frame.values():
            linked = [self._identity(face["face_id"]) for face in together]
            if spoken_of and len(together) > 1 and any(i.get("subject_id") is None for i in linked):
                yield "DEP008"
            for i in linked:
                subject = i.get("subject_id")
                if subject and i["status"] != "disputed" and subject not in spoken_of:
                    yield "DEP004"
                    if i["status"] == "confirmed" and self._refuses(subject):
                        yield "DEP013"

    def _refuses(self, subject_id: str) -> bool:
        """Tell whether someone withdrew or refused, or asked to be left out of everything."""
        shown = False
        for entry in self.entries.values():
            for person in self._people(entry):
                if person["subject_id"] != subject_id:
                    continue
                shown = True
                duty = person | {"manipulation_type": entry["manipulation_type"]}
                # What they said of all that no consent lists is what they said of others, too.
                for asked_of in (duty, duty | {"media_id": None}):
                    why = self.names.why(asked_of, self.notices)
                    if {"withdrawn", "revoked", "refused"} & why:
                        return True
        names = (subject_id, *self.names.others(subject_id))
        known = [s for s in self.tables["subjects"] if s["subject_id"] in names]
        if shown and any(s["status"] == "erased" for s in known):
            return True
        return asks_to_be_left_out(
            subject_id,
            self.names.requests(),
            self.tables["consent_events"],
            self.question.as_of,
        )

    def _scanned(self, sha256: str) -> bool:
        """Tell whether one model looked at all it was given of a content, without failing."""
        scans = [s for s in self.tables["face_scans"] if s["sha256"] == sha256]
        models = {s["model_id"] for s in scans}
        return any(
            all(s["error"] is None for s in scans if s["model_id"] == model) for model in models
        )

    def _identity(self, face_id: str) -> Row:
        found = [i for i in self.faced["identities"] if i["face_id"] == face_id]
        return found[0] if found else {}

    # SRC: rights in the work.

    def _source_of(self, entry: Row) -> Row | None:
        found = [s for s in self.tables["sources"] if s["source_id"] == entry["source_id"]]
        return found[0] if found else None

    def _source(self, entry: Row) -> Iterable[str]:
        source = self._source_of(entry)
        yield from self._licences(entry, source)
        if entry["source_id"] is None:
            if self.question.source_required:
                yield "SRC010"
            return
        if source is None:
            yield "SRC006"
            return
        if source["status"] != "active":
            yield "SRC001" if source["status"] == "retracted" else "SRC007"
        flags = source["terms_flags"]
        if flags is None:
            yield "SRC005"
        if "untargeted_face_scrape" in (flags or []):
            yield "SRC002"
        if any(self._forbidden(flag) for flag in flags or []):
            yield "SRC003"
        if source["licence"] is None and entry["licence"] is None:
            yield "SRC004"

    def _licences(self, entry: Row, source: Row | None) -> Iterable[str]:
        """Give what stands against each licence that is stated."""
        use = self.question.use
        alters = bool({"likeness_synthesis", "likeness_alteration"} & set(use.operations))
        for licence in {entry["licence"], (source or {}).get("licence")} - {None}:
            excludes = EXCLUDES.get(licence)
            if excludes is None:
                agreed = (
                    licence.startswith("LicenseRef-")
                    and source is not None
                    and source["terms_flags"] is not None
                    and source["kind"] in AGREED
                )
                if not agreed:
                    yield "SRC009"
            elif ("commercial" in excludes and use.commercial) or (
                "derivatives" in excludes and alters
            ):
                yield "SRC008"

    def _forbidden(self, flag: str) -> bool:
        use = self.question.use
        if flag in ("non_commercial", "research_only", "sale_prohibited"):
            return use.commercial
        if flag == "no_redistribution" and use.audience != "internal":
            return True
        return bool(FORBIDS.get(flag, set()) & set(use.operations))


def plain_name(name: str) -> str:
    """Return a name without what tells no two people apart."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).lower() if c.isalnum())


def visible(entry: Row, people: list[Row]) -> int:
    """Return how many faces the people declared account for.

    A donor and a target meet in one face, and so do all donors of a morph; drivers, voices and
    contributors are not seen.
    """

    def number(*roles: str) -> int:
        return len({
            p["subject_id"]
            for p in people
            if p["role"] in roles and p.get("not_visible") is None
        })  # fmt: skip

    donors = number("donor")
    if entry["manipulation_type"] == "morph":
        donors = min(donors, 1)
    return number("depicted", "bystander") + max(donors, number("target"))
