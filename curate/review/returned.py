"""What reviewers hand back: a file of decisions, read and checked as `curate decide` checks.

Each decision stands on its own: one that does not hold is told with its place and the reason, and
the others count. A decision holds while the evidence it names is that of the audit it names and of
the last audit too, and nobody clears what is blocked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from curate.audit.decide import decision
from curate.audit.register import removed_at
from curate.catalog.audits import Audited
from curate.errors import InputError, InvalidFileError, VerificationError
from curate.model.ids import stable_id
from curate.model.instants import parse_instant, print_instant
from curate.rows import read_rows
from curate.schema import json_schema, problems
from curate.signing import PublicKey, SigningKey, read_envelope, sign, statement, verify

FORMAT = "curate-review/1"
PREDICATE = "curate:review/v1"
DECIDED, UNBLURRED = "decided", "unblurred"
# Of the whole file, and of each row of its CSV form.
_HEAD = ("project", "use", "audit_run_id", "reviewer")
_HINT = "name the JSON or CSV that the review page saved"
# How far a reviewer's clock may be ahead of ours.
_AHEAD = timedelta(minutes=10)


@dataclass(frozen=True)
class Returned:
    """A file that a reviewer handed back, nothing of it checked but its form.

    Attributes:
        use: The use it was decided for.
        audit_run_id: The audit whose findings were reviewed.
        reviewer: Who decided.
        decisions: Each with its place, as it stands.
        unblurred: Each look at a blurred picture with its place, as it stands.
        key_id: The key that signed the file; None where nobody did.
    """

    use: str
    audit_run_id: str
    reviewer: str
    decisions: tuple[tuple[str, Any], ...]
    unblurred: tuple[tuple[str, Any], ...]
    key_id: str | None = None


@dataclass(frozen=True)
class Rejected:
    """A decision that does not count.

    Attributes:
        where: Its place in the file.
        reason: Why.
        hint: What to do.
    """

    where: str
    reason: str
    hint: str


@dataclass(frozen=True)
class Checked:
    """What became of a file.

    Attributes:
        decisions: Records of decisions that hold.
        accesses: Records of looks at blurred pictures.
        rejected: What does not count.
        recorded: How many decisions are new to the ledger.
        remark: Why what it clears does not count; empty where it does.
    """

    decisions: list[dict[str, Any]]
    accesses: list[dict[str, Any]]
    rejected: list[Rejected]
    recorded: int = 0
    remark: str = ""


def read_returned(
    path: Path, key: PublicKey | None = None, *, registered: Iterable[PublicKey] = ()
) -> Returned:
    """Return what a reviewer's file says.

    Args:
        path: JSON or CSV as the page saves it, or a signed envelope around it.
        key: Whose signature it must bear.
        registered: The keys of registered reviewers: a signed file must bear the signature of
            one of them where `key` is None.

    Raises:
        InputError: It is no such file.
        VerificationError: It is signed and no key is known, or none of the keys signed it.
    """
    where = str(path)
    said = _document(path)
    signed = isinstance(said, dict) and "payloadType" in said
    keys = list(registered) if key is None else [key]
    if signed and not keys:
        raise VerificationError(
            "this file is signed", where=where, hint="name the reviewer's public key with --key, "
            "or put it on the register: `curate review reviewers add`",
        )  # fmt: skip
    key_id = None
    if signed or key is not None:
        said, key_id = _verified(said, keys, where)
    if found := problems(said, "review"):
        raise InvalidFileError(f"this is no file of a review: {found[0]}", where=where,
                               hint=_HINT)  # fmt: skip
    return Returned(
        said["use"], said["audit_run_id"], said["reviewer"].strip(),
        _placed(said["decisions"], where, "decisions"),
        _placed(said["unblurred"], where, "unblurred"),
        key_id,
    )  # fmt: skip


def _verified(envelope: Any, keys: list[PublicKey], where: str) -> tuple[Any, str]:
    """Return what an envelope states, and the id of the key that signed it."""
    said = verify(envelope, keys, predicate_type=PREDICATE, where=where)["predicate"]
    signers = [key.keyid for key in keys if _signed_by(envelope, key)]
    return said, signers[0]


def _signed_by(envelope: Any, key: PublicKey) -> bool:
    try:
        verify(envelope, [key], predicate_type=PREDICATE)
    except VerificationError:
        return False
    return True


def signed_review(path: Path, key: SigningKey) -> dict[str, Any]:
    """Return a reviewer's file in an envelope that `key` signed.

    Raises:
        InputError: It is no such file.
    """
    said = _document(path)
    if found := problems(said, "review"):
        raise InvalidFileError(f"this is no file of a review: {found[0]}", where=str(path),
                               hint=_HINT)  # fmt: skip
    digest = hashlib.sha256(rfc8785.dumps(said)).hexdigest()
    return sign(statement([(path.name, digest)], PREDICATE, said), key)


def check_returned(
    said: Returned,
    reviewed: Audited,
    last: Audited,
    entries: pa.Table,
    known: pa.Table,
    *,
    now: datetime,
    where: str,
    register: Iterable[dict[str, Any]] = (),
) -> Checked:
    """Return the records that follow from a reviewer's file, and what does not count.

    Args:
        said: The file.
        reviewed: The audit that it names.
        last: The last audit of that use.
        entries: All entries.
        known: The decisions that are on record.
        now: The present instant, in UTC.
        where: The file, for messages.
        register: The register of reviewers.

    Raises:
        InputError: The file names an audit of another use, or nobody as its reviewer.
    """
    if not said.reviewer:
        raise InputError("the file names no reviewer", where=where)
    if reviewed.use.name != said.use:
        raise InputError(
            f"audit {reviewed.run_id} is of use {reviewed.use.name!r}, and the file says "
            f"{said.use!r}", where=where)  # fmt: skip
    ids = [item.get("media_id") for _, item in (*said.decisions, *said.unblurred)
           if isinstance(item, dict)]  # fmt: skip
    wanted = pa.array([one for one in ids if isinstance(one, str)], pa.string())
    check = _Check(
        said=said,
        last=_only(last, wanted),
        run_id=reviewed.run_id,
        seen=_evidence(reviewed, wanted),
        known=_by("decision_id", _of(known, wanted)),
        entries=_by("media_id", _of(entries, wanted)),
        now=now,
        removed_at=removed_at(register, said.reviewer, now),
    )
    decisions, first = _sorted_out(said.decisions, check.decision)
    accesses, second = _sorted_out(said.unblurred, check.access)
    return Checked(decisions, accesses, first + second)


@dataclass(frozen=True)
class _Check:
    said: Returned
    last: Audited
    run_id: str
    seen: dict[str, str]
    known: dict[str, dict[str, Any]]
    entries: dict[str, dict[str, Any]]
    now: datetime
    removed_at: datetime | None

    def decision(self, item: Any) -> dict[str, Any]:
        if found := problems(item, "review_decision"):
            raise InputError(found[0])
        entry = self._entry(item)
        if item["evidence"] != self.seen.get(item["media_id"]):
            raise InputError(f"this is not the evidence of audit {self.run_id}",
                             hint="nobody saw that evidence; review the entry again")  # fmt: skip
        row = decision(entry, item["verdict"], self.last, reviewer=self.said.reviewer,
                       reason=item["reason"], key_id=self.said.key_id,
                       decided_at=self._instant(item["decided_at"]))  # fmt: skip
        if row["evidence"] != item["evidence"]:
            raise InputError("the evidence has changed since it was reviewed",
                             hint="export the review again, and look at what is new")  # fmt: skip
        before = self.known.get(row["decision_id"], row)
        if any(before[name] != row[name] for name in ("verdict", "reason", "evidence")):
            raise InputError("another decision of that very instant is on record",
                             hint="the file was changed after it was imported; ask its reviewer"
                             )  # fmt: skip
        if row["verdict"] == "cleared" and row["decision_id"] not in self.known:
            self._check_on_register(row)
        return row | {"audit_run_id": self.run_id}

    def _check_on_register(self, row: dict[str, Any]) -> None:
        # The file says itself when it was decided.
        if self.removed_at is not None and row["decided_at"] < self.removed_at:
            raise InputError(
                f"{self.said.reviewer} was taken off the register at "
                f"{print_instant(self.removed_at)}, before this was handed in",
                hint="let somebody on the register decide",
            )

    def access(self, item: Any) -> dict[str, Any]:
        if not isinstance(item, dict) or not isinstance(item.get("at"), str):
            raise InputError("expected media_id and at")
        media_id, at = self._entry(item)["media_id"], self._instant(item["at"])
        return {
            "access_id": stable_id("access", media_id, self.said.reviewer, at.isoformat()),
            "media_id": media_id,
            "reviewer": self.said.reviewer,
            "accessed_at": at,
            "audit_run_id": self.run_id,
        }

    def _entry(self, item: dict[str, Any]) -> dict[str, Any]:
        found = self.entries.get(str(item.get("media_id")))
        if found is None:
            raise InputError(f"no entry has the id {item.get('media_id')!r}",
                             hint="import it into the workspace that it was exported from"
                             )  # fmt: skip
        return found

    def _instant(self, text: str) -> datetime:
        try:
            at = parse_instant(text)
        except ValueError as error:
            raise InputError(str(error)) from None
        if at > self.now + _AHEAD:
            raise InputError(f"{text} has not come yet",
                             hint="set the reviewer's clock")  # fmt: skip
        return at


def _sorted_out(
    items: Iterable[tuple[str, Any]], check: Callable[[Any], dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[Rejected]]:
    good: list[dict[str, Any]] = []
    bad: list[Rejected] = []
    for place, item in items:
        try:
            good.append(check(item))
        except InputError as error:
            about = f"{error.where}: " if error.where else ""
            bad.append(Rejected(place, about + error.problem, error.hint))
    return good, bad


def _document(path: Path) -> Any:
    if path.suffix.lower() == ".csv":
        return _from_csv(path)
    try:
        return read_envelope(path)
    except VerificationError:
        raise InvalidFileError("this is no JSON", where=str(path), hint=_HINT) from None


def _from_csv(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = {"format": FORMAT, DECIDED: [], UNBLURRED: []}
    known = json_schema("review_decision")["properties"]
    heads: set[tuple[Any, ...]] = set()
    for row in read_rows(path):
        if row.problem:
            raise InvalidFileError(row.problem, where=row.place)
        act = row.values.get("act")
        if act not in (DECIDED, UNBLURRED):
            raise InvalidFileError(f"act is {act!r}; expected {DECIDED} or {UNBLURRED}",
                                   where=row.place)  # fmt: skip
        heads.add(tuple(row.values.get(name) for name in _HEAD))
        item = {name: row.values[name] for name in known if name in row.values}
        said[act].append(item if act == DECIDED else
                         {"media_id": item.get("media_id"), "at": item.get("decided_at")}
                         )  # fmt: skip
    if len(heads) != 1:
        raise InvalidFileError("its rows are of several reviews" if heads else "it has no row",
                               where=str(path))  # fmt: skip
    said["decisions"] = said.pop(DECIDED)
    return said | {k: v for k, v in zip(_HEAD, heads.pop(), strict=True) if v is not None}


def _placed(items: list[Any], where: str, name: str) -> tuple[tuple[str, Any], ...]:
    return tuple((f"{where}: {name}[{i}]", item) for i, item in enumerate(items))


def _of(table: pa.Table, ids: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table["media_id"], ids))


def _only(audited: Audited, ids: pa.Array) -> Audited:
    return replace(audited, verdicts=_of(audited.verdicts, ids))


def _evidence(audited: Audited, ids: pa.Array) -> dict[str, str]:
    rows = _of(audited.verdicts, ids)
    return dict(zip(rows["media_id"].to_pylist(), rows["evidence"].to_pylist(), strict=True))


def _by(key: str, table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in table.to_pylist()}
