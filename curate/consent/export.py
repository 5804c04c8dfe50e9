"""Records out: a consent by the standard, a receipt for a subject, and all that is held of one.

Pure: from tables of the ledger and the catalogue to plain values, ready for JSON. What is given
to a person holds nothing of other people: of media that show others too, the person's own role is
told and the labels are only counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.consent.free_text import told
from curate.consent.jsonld import Node
from curate.consent.linked import context, iri_of
from curate.consent.ts27560.write import write_record
from curate.consent.vocabulary import RECEIPT_PROFILE
from curate.errors import UnknownNameError
from curate.model.instants import print_instant

Tables = Mapping[str, pa.Table]

# What is told of a medium: where it is and what it was declared as.
_MEDIA_COLUMNS = (
    "media_id",
    "dataset",
    "locator",
    "kind",
    "split",
    "source_id",
    "manipulation_type",
    "captured_at",
)
_PERSONAL = ("subjects", "consents", "consent_events", "requests")


def consent_record(consent_id: str, tables: Tables, *, gdpr: bool = False) -> Node:
    """Return a consent as an ISO/IEC TS 27560 record in JSON-LD.

    Args:
        consent_id: The consent.
        tables: ``consents`` and ``consent_events``; ``subjects`` and ``notices`` where known.
        gdpr: Whether to write the GDPR profile rather than the generic one.

    Raises:
        UnknownNameError: There is no such consent.
    """
    found = _rows(tables, "consents", "consent_id", consent_id)
    if not found:
        raise UnknownNameError(f"no consent is called {consent_id!r}")
    return _record(found[0], tables, gdpr=gdpr)


def receipt(subject: str, tables: Tables, *, created: datetime, gdpr: bool = False) -> Node:
    """Return the consent receipt of a subject: their consents and what happened to each.

    Args:
        subject: The subject's pseudonym.
        tables: As for `consent_record`.
        created: When the receipt is made, in UTC.
        gdpr: Whether the records follow the GDPR profile.

    Raises:
        UnknownNameError: There is no consent of the subject.
    """
    consents = _rows(tables, "consents", "subject_id", subject)
    if not consents:
        raise UnknownNameError(f"no consent of the subject {subject!r} is on record")
    records = [_record(row, tables, gdpr=gdpr) for row in consents]
    for record in records:
        del record["@context"]
    moment = print_instant(created)
    name = f"{subject}/{moment}"
    return {
        "@context": context(),
        "@id": iri_of("receipt", name),
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": name,
        "dct:conformsTo": RECEIPT_PROFILE,
        "dct:created": moment,
        "dpv:hasRecordOfActivity": records,
    }


def everything_held(
    subject: str, tables: Tables, other_names: Sequence[str] = ()
) -> dict[str, Any]:
    """Return everything held about a subject: the answer to an access request.

    Args:
        subject: The subject's pseudonym.
        other_names: Further pseudonyms of the same person.
        tables: Any of ``subjects``, ``consents``, ``consent_events``, ``requests``,
            ``notices``, ``depictions``, ``media``, ``labels``, ``identities``,
            ``resemblances``, ``releases``, ``release_items``, ``deliveries`` and
            ``acknowledgements``; what is absent is told as nothing.

    Returns:
        Plain values: records by table; ``media`` with locator and the subject's roles in each;
        ``labels`` of media that show nobody else; ``faces``, how many are linked to the
        subject, by status; ``identities``; ``faces_alike``, how many faces of media that do not
        name the subject are like theirs, without a word of whose they are; ``releases`` with the
        files in which the subject is, their recipients and what these answered;
        ``guardian_of``, of how many people the subject is the guardian; and ``not_told``, what
        was left out because it may be of others, counted. Of a guardian it is told that there is
        one; of words that staff wrote see `curate.consent.free_text`.

    Raises:
        UnknownNameError: Nothing names the subject.
    """
    names = [subject, *other_names]
    whole = {name: _among(tables, name, "subject_id", names) for name in _PERSONAL}
    records, texts = _told_of(whole, _others(tables, names))
    # A link that was rejected says that the medium shows somebody else.
    depictions = [
        row
        for row in _among(tables, "depictions", "subject_id", names)
        if row["link_status"] != "rejected"
    ]
    faces = _among(tables, "identities", "subject_id", names)
    alike = {row["face_id"] for row in _among(tables, "resemblances", "other_subject_id", names)}
    # A face that is the person's under one name may be like that of another name of theirs.
    alike -= {row["face_id"] for row in faces}
    wards = _among(tables, "subjects", "guardian_id", names)
    if not (any(records.values()) or depictions or faces or alike or wards):
        raise UnknownNameError(f"nothing that is held names the subject {subject!r}")
    media_ids = sorted({row["media_id"] for row in depictions})
    shared = _shared(tables, names, media_ids)
    labels = _among(tables, "labels", "media_id", media_ids)
    statuses = [row["status"] or "linked" for row in faces]
    return _plain({
        "subject": subject,
        "other_names": list(other_names),
        **records,
        "guardian_of": len({row["subject_id"] for row in wards}),
        "notices": _notices(tables, records["consents"]),
        "media": _media(tables, media_ids, depictions),
        "labels": [row for row in labels if row["media_id"] not in shared],
        "faces": {status: statuses.count(status) for status in sorted(set(statuses))},
        "identities": sorted({row["identity_id"] for row in faces if row["identity_id"]}),
        "faces_alike": len(alike),
        "releases": _releases(tables, media_ids),
        "not_told": {
            "labels_of_media_with_others": sum(row["media_id"] in shared for row in labels),
            "texts_by_staff": texts,
        },
    })  # fmt: skip


def media_list(held: Mapping[str, Any]) -> list[str]:
    """Return the locators of all media in what `everything_held` returned, in order."""
    return sorted({row["locator"] for row in held["media"]})


def _record(consent: dict[str, Any], tables: Tables, *, gdpr: bool) -> Node:
    events = [
        row
        for row in _rows(tables, "consent_events", "consent_id", consent["consent_id"])
        if row["annulled_at"] is None
    ]
    # Linked data has no word for a withdrawal from one purpose: what was withdrawn is excluded.
    withdrawn = {p for row in events for p in row["purposes"] or ()}
    if withdrawn:
        excluded = sorted({*(consent["purposes_excluded"] or ()), *withdrawn})
        consent = {**consent, "purposes_excluded": excluded}
        events = [row for row in events if not row["purposes"]]
    subjects = _rows(tables, "subjects", "subject_id", consent["subject_id"])
    shown = _rows(tables, "notices", "notice_id", consent["notice_id"])
    return write_record(
        consent,
        events,
        subject=subjects[0] if subjects else None,
        notice=shown[0] if shown else None,
        gdpr=gdpr,
    )


def _rows(tables: Tables, name: str, column: str, value: str | None) -> list[dict[str, Any]]:
    if name not in tables or value is None:
        return []
    table = tables[name]
    rows: list[dict[str, Any]] = table.filter(pc.equal(table[column], value)).to_pylist()
    return rows


def _among(tables: Tables, name: str, column: str, values: Sequence[str]) -> list[dict[str, Any]]:
    if name not in tables:
        return []
    table = tables[name]
    kept = pc.is_in(table[column], value_set=pa.array(list(values), pa.string()))
    rows: list[dict[str, Any]] = table.filter(kept).to_pylist()
    return rows


def _others(tables: Tables, names: Sequence[str]) -> set[str]:
    """Return the pseudonyms of everybody else that the tables speak of."""
    found: set[str] = set()
    for name in (*_PERSONAL, "depictions", "identities"):
        if name in tables:
            found |= set(tables[name]["subject_id"].drop_null().unique().to_pylist())
    return found - set(names)


def _told_of(
    records: Mapping[str, list[dict[str, Any]]], others: set[str]
) -> tuple[dict[str, list[dict[str, Any]]], int]:
    """Return the records of a person without what may be of others, and how many texts are out."""
    kept: dict[str, list[dict[str, Any]]] = {}
    count = 0
    for name, rows in records.items():
        pairs = [told(name, row, others) for row in rows]
        kept[name] = [row for row, _ in pairs]
        count += sum(left for _, left in pairs)
    for row in kept["subjects"]:
        row["has_guardian"] = row.pop("guardian_id", None) is not None
    return kept, count


def _shared(tables: Tables, names: Sequence[str], media_ids: list[str]) -> set[str]:
    """Return which of the media show, or were made from, somebody else too."""
    rows = _among(tables, "depictions", "media_id", media_ids)
    return {row["media_id"] for row in rows if row["subject_id"] not in names}


def _notices(tables: Tables, consents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = sorted({row["notice_id"] for row in consents if row["notice_id"]})
    return _among(tables, "notices", "notice_id", shown)


def _media(
    tables: Tables, media_ids: list[str], depictions: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    roles: dict[str, list[dict[str, str]]] = {}
    for row in depictions:
        told = {key: row[key] for key in ("role", "link_method", "link_status")}
        roles.setdefault(row["media_id"], []).append(told)
    return [
        {key: row[key] for key in _MEDIA_COLUMNS if key in row} | {"roles": roles[row["media_id"]]}
        for row in sorted(
            _among(tables, "media", "media_id", media_ids),
            key=lambda row: (row["dataset"], row["locator"]),
        )
    ]


def _releases(tables: Tables, media_ids: list[str]) -> list[dict[str, Any]]:
    files: dict[str, list[str]] = {}
    for row in _among(tables, "release_items", "media_id", media_ids):
        files.setdefault(row["release_id"], []).append(row["path"])
    return [
        {"name": row["name"], "use": row["use"], "built_at": row["built_at"],
         "files": sorted(files[row["release_id"]]),
         "recipients": _recipients(tables, row["release_id"])}
        for row in _among(tables, "releases", "release_id", sorted(files))
    ]  # fmt: skip


def _recipients(tables: Tables, release_id: str) -> list[dict[str, Any]]:
    """Return who has a release since when, and what they said of it last, where they did."""
    answers = {
        row["recipient"]: {"outcome": row["outcome"], "acknowledged_at": row["acknowledged_at"]}
        for row in _rows(tables, "acknowledgements", "release_id", release_id)
    }
    return [
        {"recipient": row["recipient"], "delivered_at": row["delivered_at"],
         **answers.get(row["recipient"], {})}
        for row in _rows(tables, "deliveries", "release_id", release_id)
    ]  # fmt: skip


def _plain(value: Any) -> Any:
    """Return `value` with instants and days as text, as JSON has neither."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return print_instant(value)
    return value.isoformat() if isinstance(value, date) else value
