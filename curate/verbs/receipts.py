"""Receipts: what is given for an erasure or a closed request, and `curate requests receipt verify`.

The ledger keeps the SHA-256 of what each receipt says, so that an edited one is known without a
signature. A receipt of consents says what was on record when it was made: it is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rfc8785

from curate.consent.export import receipt as consent_receipt
from curate.consent.jsonld import file_bytes, parse_json
from curate.consent.vocabulary import GDPR_PROFILE
from curate.errors import CurateError, VerificationError
from curate.model.instants import parse_instant, print_instant
from curate.release.manifest import printed
from curate.safety.requests import RECEIPT, receipt_of
from curate.signing import PublicKey, SigningKey, sign, statement
from curate.signing.dsse import open_envelope, payload_of
from curate.signing.statement import problem_of

if TYPE_CHECKING:
    from curate.verbs.context import Context

ERASURE = "curate:erasure/v1"
REQUEST, CONSENTS = RECEIPT, "dpv:ConsentReceipt"
# Beyond what a workspace can reach: said in every receipt of an erasure.
_BEYOND = (
    "copies of files that were made elsewhere, and backups",
    "blocks that a disk keeps after they were overwritten",
    "the request, paths of entries, declared pseudonyms and findings: they are what keeps it out",
)
_LIMIT = 64 << 20
# An entry of the ledger may be dated by this much after the clock of whoever wrote it.
_LATE = timedelta(minutes=5)
_PARTS = ("notices", "consents", "consent_events", "subjects")

Said = Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """A receipt that was held against the ledger.

    Attributes:
        kind: `ERASURE`, `REQUEST` or `CONSENTS`.
        about: The id of the request, or the receipt's own.
        signed: Whether a key that is trusted signed it.
        failures: What does not hold, in sentences; it is as it was issued when there is none.
        notes: What was not checked.
    """

    kind: str
    about: str
    signed: bool
    failures: tuple[str, ...]
    notes: tuple[str, ...]


def whole_receipt(told: Said) -> dict[str, Any]:
    """Return what the receipt of an erasure says: what was done, and what is beyond its reach."""
    return {**told, "beyond_reach": list(_BEYOND)}


def digest_of(said: Said) -> str:
    """Return the SHA-256 of what a receipt says, as canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(dict(said))).hexdigest()


def receipt_bytes(said: Said, keys: Sequence[SigningKey]) -> bytes:
    """Return the receipt of an erasure as it is written: a statement, signed where there is a key.

    Args:
        said: What it says.
        keys: The first signs it.
    """
    whole = statement([("receipt", digest_of(said))], ERASURE, said)
    return printed(sign(whole, keys[0]) if keys else whole)


def erasures_told(context: Context) -> list[dict[str, Any]]:
    """Return what the receipts of erasures in a workspace say, the first of them first.

    Raises:
        VerificationError: One cannot be read, or is not what was issued.
    """
    found = []
    rows = {row["request_id"]: row for row in context.ledger.read("requests").to_pylist()}
    for path in (context.workspace.root / "receipts").glob("erasure-*.json"):
        opened = _opened(path)
        row = rows.get(str(opened.said.get("request")))
        issued = (row or {}).get("receipts")
        if row is None or (issued and _digest(opened.said) not in issued):
            raise VerificationError(
                "what this receipt says is not what was issued", where=str(path), hint=_ASK
            )
        try:
            parse_instant(opened.said["erased_at"])
            _ = opened.said["subject"], opened.said["destroyed"], opened.said["not_destroyed"]
        except (KeyError, TypeError, ValueError):
            raise _strange(path) from None
        found.append(dict(opened.said))
    return sorted(found, key=lambda said: parse_instant(said["erased_at"]))


def verify_receipt(context: Context, path: Path, keys: Sequence[PublicKey] = ()) -> Checked:
    """Return how a receipt stands to the ledger; nothing is asked of a network.

    Args:
        context: The workspace that issued it.
        path: The receipt.
        keys: Public keys that are trusted: one of them must have signed it. Without any, whose
            signature it bears is not checked.

    Raises:
        InvalidFileError: The file cannot be read.
        VerificationError: It is no receipt.
    """
    opened = _opened(path)
    notes, failures, signed = [], [], False
    if keys and opened.envelope is None:
        failures.append("it is not signed, and a key was given that should have signed it")
    elif keys:
        try:
            open_envelope(opened.envelope, keys, where=str(path))
            signed = True
        except VerificationError as error:
            failures.append(error.problem)
    elif opened.envelope is not None:
        notes.append("it is signed, and no key was named to check that by: use --key")
    if not opened.whole:
        failures.append("it names another digest than that of what it says, or the statement "
                        "around it was changed")  # fmt: skip
    if not (ledger := context.ledger.verify()):
        failures.append(f"the ledger itself was changed: {ledger.problems[0]}")
    failures += _CHECKS[opened.kind](context, opened, notes)
    about = opened.said.get("request_id") or opened.said.get("request")
    about = about or opened.said.get("dct:identifier")
    return Checked(opened.kind, str(about), signed, tuple(failures), tuple(notes))


@dataclass(frozen=True)
class _Opened:
    """A receipt as it lies in a file.

    Attributes:
        kind: `ERASURE`, `REQUEST` or `CONSENTS`.
        said: What it says.
        whole: Whether the statement around it, where there is one, is about this and no more.
        envelope: The envelope around it; None where it is not signed.
    """

    kind: str
    said: Said
    whole: bool
    envelope: Any


def _opened(path: Path) -> _Opened:
    envelope = None
    try:
        whole = parse_json(file_bytes(path, limit=_LIMIT), where=str(path))
        if isinstance(whole, dict) and "payload" in whole:
            envelope = whole
            whole = parse_json(payload_of(envelope, where=str(path)), where=str(path))
    except CurateError as error:
        if path.is_file():
            raise VerificationError(
                f"this is no receipt: {error.problem}", where=str(path), hint=_ASK
            ) from None
        raise
    if not isinstance(whole, dict):
        raise _strange(path)
    if CONSENTS in str(whole.get("@type")):
        return _Opened(CONSENTS, whole, envelope is None, envelope)
    if whole.keys() >= {"request_id", "closed_at", "ledger"}:
        return _Opened(REQUEST, whole, envelope is None, envelope)
    kind = whole.get("predicateType")
    if problem_of(whole) or kind not in (ERASURE, REQUEST) or not whole.get("predicate"):
        raise _strange(path)
    said = whole["predicate"]
    as_made = statement([("receipt", _digest(said))], kind, said)
    return _Opened(kind, said, whole == as_made, envelope)


_ASK = "ask for the file as it was issued; receipts lie in receipts/ and safety/receipts/"


def _strange(path: Path) -> VerificationError:
    return VerificationError("this is no receipt that curate issues", where=str(path), hint=_ASK)


def _digest(said: Said) -> str:
    """Return the digest of what a receipt says; of what has no canonical form, none that is."""
    try:
        return digest_of(said)
    except (ValueError, TypeError, RecursionError):
        return ""


def _request(context: Context, opened: _Opened, notes: list[str]) -> Iterable[str]:
    """Yield what does not hold of the receipt of a closed request."""
    said = opened.said
    row = _row(context, said["request_id"])
    if row is None:
        yield f"the ledger has no request that is called {said['request_id']!r}"
        return
    if row["closed_at"] is None:
        yield f"the request is not closed: the ledger says that it is {_words(row['state'])}"
        return
    recorded = receipt_of(row)
    for name in sorted(said.keys() | recorded.keys()):
        if name == "ledger":
            continue
        if name not in recorded:
            yield f"it says something that no receipt says: {name!r}"
        elif name not in said:
            yield f"it does not say the {_words(name)}"
        elif said[name] != recorded[name]:
            yield (f"the {_words(name)} is {said[name]!r} in the receipt, and {recorded[name]!r} "
                   "in the ledger")  # fmt: skip
    head = said["ledger"]
    known = isinstance(head, dict) and head.keys() == {"size", "root"}
    if not (known and type(head["size"]) is int and head["size"] > 0
            and context.ledger.had(head["size"], str(head["root"]))):  # fmt: skip
        yield "the ledger never had the root that it names: another ledger, or an edited receipt"
    yield from _issued(row, opened, notes)


def _erasure(context: Context, opened: _Opened, notes: list[str]) -> Iterable[str]:
    """Yield what does not hold of the receipt of an erasure."""
    said = opened.said
    row = _row(context, said.get("request"))
    if row is None:
        yield f"the ledger has no request that is called {said.get('request')!r}"
        return
    if row["subject_id"] != said.get("subject"):
        yield "the request on record is about another person"
    destroyed = said.get("destroyed")
    ledger = destroyed.get("ledger") if isinstance(destroyed, dict) else None
    if not isinstance(ledger, dict):
        yield "it does not say what was destroyed in the ledger"
        return
    erasures = {r["erasure_id"]: r for r in context.ledger.read("erasures").to_pylist()}
    named = ledger.get("erasure_ids") or [ledger.get("erasure_id")]
    named = [one for one in named if one is not None] if isinstance(named, list) else [named]
    places: set[int] = set()
    for one in named:
        if not isinstance(one, str) or one not in erasures:
            yield f"the ledger has no erasure that is called {one!r}"
            return
        places |= set(erasures[one]["entries"])
    if sorted(places) != ledger.get("places", []):
        yield "the ledger says that other entries were erased"
    if len(places) != ledger.get("entries"):
        yield (f"it counts {ledger.get('entries')!r} erased records, and the ledger has "
               f"{len(places):,}")  # fmt: skip
    yield from _issued(row, opened, notes)


def _issued(row: Mapping[str, Any], opened: _Opened, notes: list[str]) -> Iterable[str]:
    if not row["receipts"]:
        notes.append("the ledger keeps no digest of it, as an earlier version did: what the ledger "
                     "does not say otherwise was not checked")  # fmt: skip
    elif _digest(opened.said) not in row["receipts"]:
        yield "what it says is not what was issued: the ledger has the digest of another text"


def _consents(context: Context, opened: _Opened, notes: list[str]) -> Iterable[str]:
    """Yield what does not hold of the receipt of a person's consents: it is made again."""
    del notes
    said = dict(opened.said)
    try:
        subject, _, moment = str(said["dct:identifier"]).rpartition("/")
        created = parse_instant(moment)
        records = said["dpv:hasRecordOfActivity"]
        gdpr = any(one["dct:conformsTo"] == GDPR_PROFILE for one in records)
    except (KeyError, TypeError, ValueError):
        yield "it does not say of whom it is, when it was made, or what was agreed to"
        return
    digest = _digest(said)
    if not any(digest_of(made) == digest for at in (created, created + _LATE)
               if (made := _made_again(context, subject, created, at, gdpr=gdpr))):  # fmt: skip
        yield (f"the ledger says otherwise of what {subject!r} agreed to until "
               f"{print_instant(created)}: it was changed, another workspace issued it, or the "
               "person was erased since")  # fmt: skip


def _made_again(
    context: Context, subject: str, created: datetime, known_at: datetime, *, gdpr: bool
) -> dict[str, Any] | None:
    tables = {name: context.ledger.read(name, known_at=known_at) for name in _PARTS}
    try:
        made: dict[str, Any] = json.loads(
            json.dumps(consent_receipt(subject, tables, created=created, gdpr=gdpr))
        )
    except CurateError:
        return None
    return made


def _row(context: Context, request_id: Any) -> dict[str, Any] | None:
    rows = context.ledger.read("requests").to_pylist()
    return next((row for row in rows if row["request_id"] == request_id), None)


def _words(name: str) -> str:
    return name.replace("_", " ")


_CHECKS = {REQUEST: _request, ERASURE: _erasure, CONSENTS: _consents}
