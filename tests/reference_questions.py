"""Questions again, one entry at a time: what must be known of an entry before it is cleared.

A second reading of DESIGN section 10 and of STANDARDS sections 2 and 9, and no translation of the
judge's queries, so that it can disagree with them. Tables come as lists of rows. What rules say of
consents, roles and sources is read in `tests.reference_verdicts`, and is given here as codes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from curate.audit.facts import Question

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]

NAMES = (
    *("whole", "readable", "sought", "accounted", "seen", "one_name"),
    *("consent", "role", "origin", "said", "listed", "descent"),
)
SEEN, MATCHED, DECLARED, REVIEWED, STRIPPED = "s", "m", "d", "r", "x"
OPEN, NOT_RAISED = "?", "-"
# The letter of each basis that settings may name.
LETTERS = {"seen": "s", "matched": "m", "declared": "d", "reviewed": "r", "stripped": "x"}

# STANDARDS section 2: who may take part in what. Bystanders are besides.
CELLS = {
    "none": {"depicted"},
    "face_swap": {"donor", "target"},
    "reenactment": {"target", "driver"},
    "lip_sync": {"target", "voice_donor"},
    "attribute_edit": {"depicted"},
    "morph": {"donor"},
    "identity_conditioned_synthesis": {"donor"},
    "full_synthesis": set(),
    "other": set(),
    "unknown": set(),
}
WITHOUT_BYSTANDERS = ("full_synthesis", "unknown", "other")
TEXTS_READ = {
    *("JPEG", "PNG", "GIF", "WEBP", "TIFF", "PPM", "BMP"),
    *("MP4", "Matroska", "AVI", "MPEG", "MPEG-TS", "FLV", "Ogg", "ASF"),
}


@dataclass(frozen=True)
class Known:
    """What else is known of an entry when its questions are asked.

    Attributes:
        codes: The codes of all that is found about it, waived or not.
        waived: Those of them that somebody answers for.
        visible: How many people who are declared can be visible.
        parents: What each of its ancestors hands down, and of what is not listed, nothing.
    """

    codes: Collection[str]
    waived: Collection[str]
    visible: int
    parents: Collection[str | None]


class Questions:
    """The questions of one set of tables."""

    def __init__(
        self,
        tables: Tables,
        question: Question,
        person: Callable[[str | None], str | None],
        told_apart: Callable[[str, Row], bool],
        restricted: Callable[[str], bool],
    ) -> None:
        self.tables = tables
        self.question = question
        self.person = person
        self.told_apart = told_apart
        self.restricted = restricted

    def answers(self, entry: Row, known: Known) -> str:
        """Return the letter of each question, in order."""
        said = (
            self._whole(entry),
            self._readable(entry),
            self._sought(entry),
            self._accounted(entry, known.visible),
            self._seen(entry, known.visible),
            self._one_name(entry),
            self._consent(entry, known.codes),
            self._role(entry, known.codes),
            self._origin(entry, known),
            self._said(entry),
            self._listed(entry),
            self._descent(known.parents),
        )
        return "".join(map(self._if_enough, NAMES, said))

    def _if_enough(self, name: str, letter: str) -> str:
        """Return an answer, or that there is none where its basis is not enough."""
        bases = self.question.enough.get(name, tuple(LETTERS))
        enough = {LETTERS[str(basis)] for basis in bases}
        return letter if letter in (NOT_RAISED, *enough) else OPEN

    # What counts now.

    def _stage(self, name: str) -> Row:
        found = [s for s in self.tables["stages"] if s["stage"] == name]
        return found[0] if found else {}

    def _counts(self, scan: Row, stage: str) -> bool:
        """Tell whether a scan was made by a stage as it is now."""
        mark = self._stage(stage).get("mark")
        return mark is not None and scan["stage"] == mark

    def _face_scans(self, entry: Row) -> list[Row]:
        return [
            s
            for s in _of_content(self.tables["face_scans"], entry)
            if self._counts(s, "faces") and s["model_id"] == self._stage("faces").get("model_id")
        ]

    @cached_property
    def _counting_faces(self) -> list[Row]:
        model = self._stage("faces").get("model_id")
        return [f for f in self.tables["faces"] if model is not None and f["model_id"] == model]

    def _faces(self, entry: Row) -> list[Row]:
        return _of_content(self._counting_faces, entry)

    def _content(self, entry: Row) -> Row | None:
        found = _of_content(self.tables["content"], entry)
        return found[0] if found else None

    @cached_property
    def _identities(self) -> dict[str, Row]:
        return {i["face_id"]: i for i in self.tables["identities"]}

    def _identity(self, face: Row) -> Row:
        return self._identities.get(face["face_id"], {})

    def _linked_to(self, face: Row) -> str | None:
        """Return whom a face is held to be, where nobody disputes it."""
        said = self._identity(face)
        return None if said.get("status") == "disputed" else said.get("subject_id")

    def _named(self, entry: Row) -> dict[str, list[Row]]:
        """Return the depictions of each person who is named in an entry, and not ruled out."""
        people: dict[str, list[Row]] = {}
        for d in self.tables["depictions"]:
            if d["media_id"] == entry["media_id"] and d["link_status"] != "rejected":
                people.setdefault(d["subject_id"], []).append(d)
        return people

    # Looking.

    def _whole(self, entry: Row) -> str:
        """Was every part of the content looked at?"""
        content = self._content(entry)
        if entry["state"] != "present" or content is None:
            return OPEN
        parts = _of_content(self.tables["parts"], entry)
        untouched = [part for part in parts if part["reading"] == "not"]
        basis = STRIPPED if any(p["released"] == "taken_out" for p in untouched) else SEEN
        sought = {s["frame"] for s in self._face_scans(entry) if s["error"] is None}
        wanted = {part["frame"] for part in parts} - {None}
        return _answered(
            basis,
            not parts or len(parts) != content["part_count"],
            any(part["released"] == "kept" for part in untouched),
            self._scan_worked(entry) and not wanted <= sought,
            content["kind"] == "video" and not self._whole_video(entry, content),
        )

    def _whole_video(self, entry: Row, content: Row) -> bool:
        """Tell whether all of it was decoded, and searched so that nobody passes unseen."""
        if content["frames_read"] != "every" or content["decode_errors"]:
            return False
        if not self._scan_worked(entry):
            return True
        scans = self._face_scans(entry)
        looks, gaps = {s["looks"] for s in scans}, [s["gap_ms"] for s in scans]
        if None in looks or None in gaps:
            return False
        return max(looks) == len({s["frame"] for s in scans}) and max(gaps) <= 200

    def _readable(self, entry: Row) -> str:
        """Is what was decoded a picture, and the right way up?"""
        if entry["state"] != "present":
            return NOT_RAISED
        content = self._content(entry)
        if content is None or content["kind"] is None:
            return OPEN
        contrast, brightness = content["contrast"], content["brightness"]
        blank = contrast is not None and contrast < 0.02
        dark = brightness is not None and not 0.02 <= brightness <= 0.98
        if content["kind"] == "video":
            return _answered(SEEN, blank, dark)
        return _answered(
            SEEN,
            blank,
            dark,
            content["width"] is None,
            contrast is None,
            content["exif_orientation"] is None and not self._upright(entry),
        )

    def _upright(self, entry: Row) -> bool:
        """Tell whether faces were sought in all turns, or one is there that can be judged."""
        turns = [s["turns"] for s in self._face_scans(entry)]
        sought = bool(turns) and all(t is not None and t >= 4 for t in turns)
        return sought or any(f["judgeable"] for f in self._faces(entry))

    def _sought(self, entry: Row) -> str:
        """Were faces sought, now, and down to the size that is asked for?"""
        scans = self._face_scans(entry)
        sizes = [s["smallest_px"] for s in scans]
        asked = self._stage("faces").get("smallest_px")
        if not scans or asked is None or None in sizes:
            return OPEN
        return _answered(SEEN, any(s["error"] is not None for s in scans), max(sizes) > asked)

    def _scan_worked(self, entry: Row) -> bool:
        """Tell whether faces were sought, now, and no part of the search failed."""
        scans = self._face_scans(entry)
        return bool(scans) and all(s["error"] is None for s in scans)

    def _same_bytes(self, entry: Row) -> list[Row]:
        """Return the other entries of the same content."""
        return [
            other
            for other in _of_content(self.tables["entries"], entry)
            if other["media_id"] != entry["media_id"]
        ]

    # People.

    def _shown_otherwise(self, entry: Row) -> bool:
        """Tell whether the same bytes are said to show nobody, and somebody."""
        return any(
            one["people"] == "none" and bool(self._named(two))
            for other in self._same_bytes(entry)
            for one, two in ((entry, other), (other, entry))
        )

    def _persons(self, entry: Row) -> int:
        """Return how many different people are seen over the whole content."""
        together: dict[int, int] = {}
        for face in self._faces(entry):
            together[face["frame"]] = together.get(face["frame"], 0) + 1
        apart = {
            self._identity(f).get("identity_id") or f["track_id"] or f["face_id"]
            for f in self._faces(entry)
        }
        return max([len(apart), *together.values()])

    def _each_person(self, entry: Row) -> list[Row]:
        """Return the best face of each track; a face without a track is one of its own."""
        tracks: dict[str, list[Row]] = {}
        for face in self._faces(entry):
            key = f"face {face['face_id']}" if face["track_id"] is None else face["track_id"]
            tracks.setdefault(key, []).append(face)
        return [
            min(some, key=lambda f: (not f["judgeable"], -f["quality"], f["face_id"]))
            for some in tracks.values()
        ]

    def _accounted(self, entry: Row, visible: int) -> str:
        """Is each person who is seen a declared one?"""
        named, nobody = self._named(entry), entry["people"] == "none"
        faces = self._faces(entry)
        synthetic = entry["manipulation_type"] == "full_synthesis" and nobody and not named
        basis = self._matched(entry) or (DECLARED if faces or named else SEEN)
        return _answered(
            basis,
            not self._scan_worked(entry),
            bool(entry["declared_again"]),
            self._shown_otherwise(entry),
            not named and entry["people"] is None,
            bool(named) and nobody,
            any(not _confirmed(said) for said in named.values()),
            self._persons(entry) > visible and not synthetic,
            any(self._linked_to(f) not in (None, *named) for f in faces),
        )

    def _matched(self, entry: Row) -> str | None:
        """Return that all faces are matched with named people, or nothing."""
        faces, named = self._each_person(entry), self._named(entry)
        sure = faces and all(self._linked_to(f) in named and self._supported(f) for f in faces)
        return MATCHED if sure else None

    def _supported(self, face: Row) -> bool:
        """Tell whether a face is like its person's others, and theirs in two that are no copies."""
        if self._identity(face).get("alike") is not True:
            return False
        mine, subject = self._identity(face).get("identity_id"), self._linked_to(face)
        if mine is None or subject is None:
            return False
        contents = {
            f["sha256"]
            for f in self._counting_faces
            if self._identity(f).get("identity_id") == mine and self._linked_to(f) == subject
        }
        group = {g["sha256"]: g["group_id"] for g in self.tables["groups"]}
        return len({group.get(sha256, sha256) for sha256 in contents}) >= 2

    def _seen(self, entry: Row, visible: int) -> str:
        """Is each declared person who should be visible one of the faces?"""
        said = [d for some in self._named(entry).values() for d in some]
        unseen = any(d["not_visible"] is not None for d in said)
        if not unseen and (visible == 0 or entry["state"] != "present"):
            return NOT_RAISED
        return _answered(
            DECLARED if unseen else self._matched(entry) or SEEN,
            not self._scan_worked(entry),
            self._persons(entry) < visible,
            self._shown_elsewhere(entry),
            self._second_identity(entry),
            any(self._identity(f).get("unlike_subject_id") for f in self._faces(entry)),
        )

    def _shown_elsewhere(self, entry: Row) -> bool:
        """Tell whether a declared person's face is known, and all here are other subjects'.

        A face that is linked to nobody may be theirs.
        """
        here = {self._linked_to(f) for f in self._faces(entry)}
        if not here or None in here:
            return False
        known = {i["subject_id"] for i in self._known_faces}
        return bool((self._to_be_seen(entry) & known) - here)

    @cached_property
    def _known_faces(self) -> list[Row]:
        """Return what is held of faces that are somebody's, whatever else is lost of them."""
        model = self._stage("faces").get("model_id")
        return [
            i for i in self.tables["identities"]
            if i["subject_id"] is not None and i["status"] != "disputed" and i["model_id"] == model
        ]  # fmt: skip

    def _to_be_seen(self, entry: Row) -> set[str]:
        """Return whose own face is to be seen; the donors of a morph meet in one."""
        roles = {"depicted", "bystander", "donor"}
        if entry["manipulation_type"] == "morph":
            roles.remove("donor")
        named = self._named(entry).items()
        return {person for person, said in named if any(
            d["role"] in roles and d["not_visible"] is None for d in said
        )}  # fmt: skip

    def _second_identity(self, entry: Row) -> bool:
        """Tell whether a subject's face here is not the one of most contents they are in."""
        said = [self._identity(f) for f in self._faces(entry)]
        return any(i.get("identity_id") in self._others(i.get("subject_id")) for i in said)

    def _others(self, subject: str | None) -> set[str]:
        """Return the identities of a subject but the one in most contents, which is their own."""
        contents: dict[str, set[str]] = {}
        for said in self._known_faces:
            if said["subject_id"] == subject and said["identity_id"] is not None:
                content = said["face_id"].rsplit("/", 3)[0]
                contents.setdefault(said["identity_id"], set()).add(content)
        usual = min(contents, key=lambda i: (-len(contents[i]), i), default=None)
        return set(contents) - {usual}

    def _one_name(self, entry: Row) -> str:
        """Has nobody else of the catalogue such a face?"""
        said = [self._identity(f) for f in self._each_person(entry)]
        if not said:
            return NOT_RAISED
        return _answered(
            MATCHED,
            any(i.get("held") is not True for i in said),
            any(self._short(i) for i in said),
            self._like_another(entry),
            any(i.get("status") == "disputed" for i in said),
            self._declared_otherwise(entry),
            bool(self.tables["uncompared"]),
        )

    def _short(self, said: Row) -> bool:
        """Tell whether a face is like more people, or fewer, than there are rows for it."""
        rows = [r for r in self.tables["resemblances"] if r["face_id"] == said.get("face_id")]
        return said.get("held") is True and said["others"] != len(rows)

    def _like_another(self, entry: Row) -> bool:
        """Tell whether a face is like somebody's who is not named here, and was not ruled out."""
        here = {
            self.person(d["subject_id"])
            for d in self.tables["depictions"]
            if d["media_id"] == entry["media_id"] and d["link_status"] != "rejected"
        }
        return any(
            row["sha256"] == entry["sha256"]
            and self.person(row["other_subject_id"]) not in here
            and not self.told_apart(entry["media_id"], row)
            and (row["state"] in {"compared", "gone"} or self.restricted(row["other_subject_id"]))
            for row in self.tables["resemblances"]
        )

    def _declared_otherwise(self, entry: Row) -> bool:
        """Tell whether the same bytes are declared under names of which none is this one's."""
        mine = set(map(self.person, self._named(entry)))
        return bool(mine) and any(
            theirs and not mine & theirs
            for theirs in (
                set(map(self.person, self._named(other)))
                for other in _of_content(self.tables["entries"], entry)
                if other["media_id"] != entry["media_id"]
            )
        )

    def _consent(self, entry: Row, codes: Collection[str]) -> str:
        """Does each person agree? A request may speak of an entry in which nobody is named."""
        against = any(code.startswith("CON") for code in codes)
        if not self._named(entry) and not against:
            return NOT_RAISED
        return _answered(DECLARED, against)

    def _role(self, entry: Row, codes: Collection[str]) -> str:
        """Is it a manipulation, and are they roles, that the standard knows?"""
        done, named = entry["manipulation_type"], self._named(entry)
        method = (entry["method"] or "").strip()
        if method.lower() in ("none", "real", "original", "pristine"):
            method = ""
        others = {other["manipulation_type"] for other in self._same_bytes(entry)}
        contradicted = bool(others - {done, "unknown"})
        if not named and done == "none" and not method and not contradicted:
            return NOT_RAISED
        cells = CELLS[done] | (set() if done in WITHOUT_BYSTANDERS else {"bystander"})
        labels = {
            x["value"]
            for x in self.tables["labels"]
            if x["media_id"] == entry["media_id"] and x["name"] == "authenticity"
        }
        synthetic = done == "full_synthesis"
        return _answered(
            DECLARED,
            done in ("unknown", "other"),
            done == "none" and "fake" in labels,
            done == "none" and bool(method),
            contradicted,
            synthetic and bool(named),
            synthetic and entry["people"] is None,
            any(d["role"] not in cells for said in named.values() for d in said),
            "DEP005" in codes,
        )

    # Rights, statements, lists, descent.

    def _origin(self, entry: Row, known: Known) -> str:
        """Is it from a source on record whose rights admit the use?"""
        if entry["source_id"] is None:
            if self.question.source_required:
                return OPEN
            if entry["licence"] is None:
                return NOT_RAISED
        found = {code for code in known.codes if code.startswith("SRC")}
        if found and found <= set(known.waived):
            return REVIEWED
        return _answered(DECLARED, bool(found))

    def _said(self, entry: Row) -> str:
        """Was what the file says of itself, and what is said beside it, read and understood?"""
        scans = [
            s for s in _of_content(self.tables["signal_scans"], entry) if self._counts(s, "signals")
        ]
        beside = [
            s
            for s in self.tables["beside_scans"]
            if s["media_id"] == entry["media_id"] and self._counts(s, "signals-beside")
        ]
        about = {entry["media_id"], entry["sha256"]} - {None}
        content = self._content(entry)
        return _answered(
            SEEN,
            not scans,
            any(s["error"] is not None for s in scans),
            not beside,
            content is not None and content["format"] not in TEXTS_READ,
            "://" in entry["root"],
            any(s["kind"] == "unreadable" and s["about"] in about for s in self.tables["signals"]),
        )

    def _listed(self, entry: Row) -> str:
        """Was it held against every list as it is now?"""
        lists = [x["state"] for x in self.tables["hash_lists"]]
        if not lists:
            return NOT_RAISED
        now = max(state or "" for state in lists)
        checks = _of_content(self.tables["hash_checks"], entry)
        return _answered(SEEN, not any(c["checked"] is True and c["lists"] == now for c in checks))

    def _descent(self, parents: Collection[str | None]) -> str:
        if not parents:
            return NOT_RAISED
        return _answered(DECLARED, any(said != "cleared" for said in parents))


def _answered(basis: str, *problems: bool) -> str:
    """Return the basis of an answer, or that there is none where there is a problem."""
    return OPEN if any(problems) else basis


def _confirmed(said: list[Row]) -> bool:
    return any(d["link_status"] == "confirmed" for d in said)


def _of_content(rows: list[Row], entry: Row) -> list[Row]:
    """Return the rows that speak of an entry's content."""
    sha256 = entry["sha256"]
    return [] if sha256 is None else [row for row in rows if row["sha256"] == sha256]
