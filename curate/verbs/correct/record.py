"""Recording corrections: what a reviewer says is checked against the catalogue, then recorded.

Nothing else happens then: a decision that was acknowledged is on disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

from curate.audit import correct
from curate.audit.correct import CONFIRMED, DIFFERENT, DISPUTED, NOT_SHOWN, SAME
from curate.audit.rules import BY_CODE, check_waivers
from curate.errors import InputError, UnknownNameError, printable
from curate.model.config import Waiver
from curate.schema import json_schema

if TYPE_CHECKING:
    from curate.catalog.ledger import Ledger
    from curate.catalog.tables import Catalog

_LABEL = ("value", "vocabulary", "origin", "raw")
_DEPICTION = ("role", "link_method", "link_status")
_FACES = """
SELECT f.face_id, f.sha256, f.frame, f.model_id, i.subject_id
FROM faces f LEFT JOIN identities i USING (face_id) WHERE f.face_id IN (SELECT unnest($ids))
"""


@dataclass(frozen=True)
class Corrections:
    """Records what reviewers say of facts in the ledger, once it is checked.

    Attributes:
        catalog: What the facts are checked against.
        ledger: Where they are recorded.
        reviewer: Who says them.
        reason: Why.
        now: When, in UTC.
        seen: What the reviewer looked at: ``use``, ``evidence`` and ``audit_run_id``, or some.
    """

    catalog: Catalog
    ledger: Ledger
    reviewer: str
    reason: str
    now: datetime
    seen: Mapping[str, str | None]

    def subject(
        self, entry: Mapping[str, Any], subject: str, value: str, *, role: str | None = None
    ) -> str:
        """Say whether a subject is shown in an entry; return the decision's id.

        Args:
            entry: The entry's row.
            subject: Who, by pseudonym.
            value: ``confirmed``, ``disputed``, or ``not_shown``: a face that is like theirs is
                not theirs.
            role: In which role, where the entry does not declare one.

        Raises:
            InputError: It is no such value or role; or the entry itself declares the subject,
                who can be disputed and not ruled out.
            UnknownNameError: Nobody declares the subject here, and no face is held to be theirs.
        """
        _check_one_of(value, (CONFIRMED, DISPUTED, NOT_SHOWN), "subject")
        roles = json_schema("depictions")["properties"]["role"]["enum"]
        if role is not None:
            _check_one_of(role, roles, "role")
        if not subject.strip():
            raise InputError("name the subject by their pseudonym")
        place = printable(entry["locator"])
        declared = self._declared("depictions", {
            "media_id": entry["media_id"], "subject_id": subject,
        }, _DEPICTION, "reviewer")  # fmt: skip
        said = [row for row in declared if row["link_status"] != "rejected"]
        if value == NOT_SHOWN and said:
            raise InputError(
                f"the entry itself declares {subject!r}", where=place,
                hint="correct the manifest or layout that names them, and ingest it again; or "
                "dispute it",
            )  # fmt: skip
        if value == DISPUTED and not said:
            raise UnknownNameError(f"nobody declares {subject!r} here", where=place)
        if value == NOT_SHOWN and not self._alike(entry, subject):
            raise UnknownNameError(f"no face here is held to be of {subject!r}", where=place)
        return self._record(
            correct.SUBJECT, value, media_id=entry["media_id"], subject_id=subject, role=role,
            replaced=json.dumps(said, sort_keys=True) if said else None,
        )  # fmt: skip

    def link(self, faces: Iterable[str], value: str) -> list[str]:
        """Say of faces that they are one person, or each another; return the decisions' ids.

        Args:
            faces: Their ids, two or more; of many that are one person, each is linked with the
                next.
            value: ``same_person`` or ``different_people``.

        Raises:
            InputError: There are fewer than two, they are of two models, or two of one picture
                are said to be one person.
            UnknownNameError: No face has such an id.
        """
        _check_one_of(value, (SAME, DIFFERENT), "link")
        ids = sorted(set(faces))
        if len(ids) < 2:
            raise InputError("choose two faces or more")
        found = {row["face_id"]: row for row in self._rows(_FACES, {"ids": ids})}
        if unknown := [one for one in ids if one not in found]:
            raise UnknownNameError(f"no face has the id {unknown[0]!r}")
        if len({row["model_id"] for row in found.values()}) > 1:
            raise InputError("these faces were found by two models, which are never compared")
        frames = [(row["sha256"], row["frame"]) for row in found.values()]
        if value == SAME and len(set(frames)) < len(frames):
            raise InputError("two faces of one picture are two people",
                             hint="choose faces of different pictures")  # fmt: skip
        pairs = pairwise(ids) if value == SAME else combinations(ids, 2)
        rows = [self._made(correct.LINK, value, face_id=one, other_face_id=other)
                for one, other in pairs]  # fmt: skip
        return self._record_all(rows)

    def label(self, entry: Mapping[str, Any], value: str, *, name: str = "authenticity") -> str:
        """Say what an entry's label is; return the decision's id.

        Args:
            entry: The entry's row.
            value: The label, of the vocabulary that the dataset's own is from.
            name: Which label.

        Raises:
            InputError: The vocabulary has no such value.
        """
        declared = self._declared(
            "labels", {"media_id": entry["media_id"], "name": name}, _LABEL, "reviewed"
        )
        words = (declared[0]["vocabulary"] if declared else None) or "real|fake"
        if name == "authenticity" or declared:
            _check_one_of(value, words.split("|"), name)
        elif not value.strip():
            raise InputError(f"name the {name}")
        return self._record(
            correct.LABEL, value, media_id=entry["media_id"], label=name,
            replaced=json.dumps(declared[0], sort_keys=True) if declared else None,
        )  # fmt: skip

    def keep(self, entry: Mapping[str, Any]) -> str:
        """Say that an entry's content is the copy to keep; return the decision's id.

        Raises:
            InputError: It is in no group of copies.
        """
        group = self._rows(
            "SELECT group_id FROM groups WHERE sha256 = $sha256", {"sha256": entry["sha256"]}
        )
        if not group:
            raise InputError("this entry is in no group of copies",
                             where=printable(entry["locator"]))  # fmt: skip
        return self._record(correct.KEEP, str(entry["sha256"]), media_id=entry["media_id"])

    def waive(self, entry: Mapping[str, Any], code: str, expires_at: datetime) -> str:
        """Answer for a finding of an entry until an instant; return the decision's id.

        Raises:
            InputError: The instant is past, or another entry has the same locator.
            ConfigError: There is no such rule, nobody waives it, or it ends after a year.
        """
        place = printable(entry["locator"])
        if expires_at <= self.now:
            raise InputError(f"{expires_at:%Y-%m-%d} is past", where=place,
                             hint="a waiver ends in the future")  # fmt: skip
        given = Waiver(code, self.reason, (self.reviewer,), expires_at, (entry["locator"],))
        check_waivers((given,), where=place, now=self.now)
        named = self._rows("SELECT media_id FROM media WHERE locator = $locator",
                           {"locator": entry["locator"]})  # fmt: skip
        if len(named) > 1:
            raise InputError("entries of two datasets have this locator, and a waiver goes by it",
                             where=place)  # fmt: skip
        return self._record(correct.WAIVER, correct.WAIVED, media_id=entry["media_id"],
                            code=BY_CODE[code].code, expires_at=expires_at)  # fmt: skip

    def undo(self, decision_id: str | None = None) -> dict[str, Any]:
        """Take back the reviewer's last decision, or one by its id; return that one.

        Raises:
            InputError: Somebody else made it, or there is nothing to take back.
            UnknownNameError: No decision that stands has that id.
        """
        said = self.ledger.read("decisions").to_pylist()
        if decision_id is None:
            before = correct.last_of(said, self.reviewer)
            if before is None:
                raise InputError(f"{self.reviewer} has decided nothing that stands")
        else:
            found = {row["decision_id"]: row for row in correct.standing(said)}
            if decision_id not in found:
                raise UnknownNameError(f"no decision that stands has the id {decision_id!r}")
            before = found[decision_id]
        row = correct.taken_back(before, reviewer=self.reviewer, reason=self.reason, now=self.now)
        self._record_all([row])
        return before

    def _declared(
        self, table: str, key: dict[str, str], columns: tuple[str, ...], ours: str
    ) -> list[dict[str, Any]]:
        """Return what was declared of a fact, whatever reviewers said of it since."""
        said = [
            row for row in self.ledger.read("decisions").to_pylist()
            if row["kind"] in (correct.SUBJECT, correct.LABEL) and row["withdraws"] is None
            and row["media_id"] == key["media_id"]
            and key.get("subject_id") == row["subject_id"] and key.get("name") == row["label"]
        ]  # fmt: skip
        where = " AND ".join(f"{name} = ${name}" for name in key)
        rows = self._rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", key)
        if said and any(ours in row.values() for row in rows):
            before = correct.declared_before(min(said, key=lambda row: row["decided_at"]))
            return before if isinstance(before, list) else [before] if before else []
        return rows

    def _alike(self, entry: Mapping[str, Any], subject: str) -> bool:
        found = self._rows(
            "SELECT 1 AS one FROM faces JOIN identities USING (face_id) "
            "WHERE sha256 = $sha256 AND subject_id = $subject "
            "UNION ALL SELECT 1 FROM resemblances "
            "WHERE sha256 = $sha256 AND other_subject_id = $subject LIMIT 1",
            {"sha256": entry["sha256"], "subject": subject},
        )
        return bool(found)

    def _rows(self, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        connection = self.catalog.connect(
            "depictions", "faces", "groups", "identities", "labels", "media", "resemblances"
        )
        return connection.sql(sql, params=values).to_arrow_table().to_pylist()

    def _made(self, kind: str, value: str, **about: Any) -> dict[str, Any]:
        return correct.correction(
            kind, value, reviewer=self.reviewer, reason=self.reason, decided_at=self.now,
            **self.seen, **about,
        )  # fmt: skip

    def _record(self, kind: str, value: str, **about: Any) -> str:
        return self._record_all([self._made(kind, value, **about)])[0]

    def _record_all(self, rows: list[dict[str, Any]]) -> list[str]:
        self.ledger.record("decisions", rows, recorded_at=self.now)
        return [str(row["decision_id"]) for row in rows]


def _check_one_of(value: str, known: Iterable[str], what: str) -> None:
    choices = list(known)
    if value not in choices:
        raise InputError(f"{what} {value!r}: expected one of {', '.join(choices)}")
