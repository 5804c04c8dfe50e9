"""Consent records of ISO/IEC TS 27560: read strictly, and written so that they read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.consent.read import read_statements
from curate.consent.statements import Statements
from curate.consent.ts27560.events import with_ids
from curate.consent.ts27560.write import write_record
from curate.consent.vocabulary import PERMITTING, values_of
from curate.errors import CurateError, InvalidFileError, ManyErrors
from curate.model.territories import TERRITORIES
from curate.schema import conform, json_schema, purpose_tree

PURPOSES = sorted(purpose_tree())
GIVEN = {
    "@type": "dpv:ConsentGiven",
    "dpv:isIndicatedAtTime": "2025-01-01",
    "dpv:isIndicatedBy": "dpv:DataSubject",
}
WITHDRAWN = {"@type": "dpv:ConsentWithdrawn", "dpv:isIndicatedAtTime": "2025-06-01"}


def record(**changes: Any) -> dict[str, Any]:
    """Return a small record that reads, with changes; None takes a key away."""
    base = {
        "@type": "dpv:ConsentRecord",
        "dct:identifier": "c1",
        "dpv:hasDataSubject": "p01",
        "dpv:hasPurpose": "curate:train-detector",
        "dpv:hasConsentStatus": [GIVEN],
    }
    named = {key.replace("__", ":"): value for key, value in changes.items()}
    return {key: value for key, value in (base | named).items() if value is not None}


def read(document: Any, folder: Path, *, notices: dict[str, str] | None = None) -> Statements:
    path = folder / "records.jsonld"
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    return read_statements(path, purposes=PURPOSES, on_file=notices)


def consent(document: Any, folder: Path) -> dict[str, Any]:
    (found,) = read(document, folder).records["consents"]
    return found


def states(document: Any, folder: Path) -> list[str]:
    return [row["state"] for row in read(document, folder).records["consent_events"]]


def problems(document: Any, folder: Path) -> list[str]:
    with pytest.raises(CurateError) as caught:
        read(document, folder)
    found = caught.value
    return [str(e) for e in found.errors] if isinstance(found, ManyErrors) else [str(found)]


def only_problem(document: Any, folder: Path) -> str:
    (found,) = problems(document, folder)
    return found


def test_a_record_that_says_little_grants_no_operation_and_no_role(tmp_path: Path) -> None:
    found = consent(record(), tmp_path)
    assert (found["operations"], found["roles_permitted"], found["audience_max"]) == (
        [],
        [],
        "internal",
    )


def test_rows_are_what_the_ledger_declares(tmp_path: Path) -> None:
    found = read(record(), tmp_path).records
    assert {kind: conform(rows, kind).num_rows for kind, rows in found.items()} == {
        "consents": 1,
        "consent_events": 1,
    }


@pytest.mark.parametrize(
    "term",
    ["dpv:ConsentGiven", "ConsentGiven", "https://w3id.org/dpv#ConsentGiven",
     "http://www.w3.org/ns/dpv#ConsentGiven"],
)  # fmt: skip
def test_a_state_may_be_written_in_each_usual_way(term: str, tmp_path: Path) -> None:
    assert states(record(dpv__hasConsentStatus=GIVEN | {"@type": term}), tmp_path) == [
        "ConsentGiven"
    ]


def test_consent_terminated_is_consent_revoked(tmp_path: Path) -> None:
    event = GIVEN | {"@type": "dpv:ConsentTerminated"}
    assert states(record(dpv__hasConsentStatus=event), tmp_path) == ["ConsentRevoked"]


def test_an_array_and_a_graph_hold_several_records(tmp_path: Path) -> None:
    both = [record(), record(dct__identifier="c2")]
    assert (
        read(both, tmp_path).records["consents"]
        == read({"@graph": both}, tmp_path).records["consents"]
    )


def test_a_context_of_the_file_may_rename_terms(tmp_path: Path) -> None:
    named = {
        "@context": [
            "https://nowhere.invalid/context.jsonld",
            {"d": "https://w3id.org/dpv#", "purpose": {"@id": "d:hasPurpose"}},
        ],
        **record(dpv__hasPurpose=None),
        "purpose": "d:ScientificResearch",
    }
    assert consent(named, tmp_path)["purposes"] == ["ScientificResearch"]


def test_a_context_that_takes_a_prefix_elsewhere_takes_its_terms_along(tmp_path: Path) -> None:
    changed = {"@context": {"dpv": "https://example.org/other#"}, **record()}
    assert "no dpv:ConsentRecord" in only_problem(changed, tmp_path)


def test_a_reference_within_the_file_is_followed(tmp_path: Path) -> None:
    graph = {"@graph": [
        record(dpv__hasPurpose=None, dpv__hasProcess={"@id": "ex:one"}),
        {"@id": "ex:one", "dpv:hasPurpose": "dpv:ScientificResearch"},
    ]}  # fmt: skip
    assert consent(graph, tmp_path)["purposes"] == ["ScientificResearch"]


def test_a_receipt_is_read_as_the_records_it_carries(tmp_path: Path) -> None:
    receipt = {"@type": "dpv:ConsentReceipt", "dpv:hasRecordOfActivity": [record()]}
    assert consent(receipt, tmp_path)["consent_id"] == "c1"


def test_each_process_grants_its_own_operations_only(tmp_path: Path) -> None:
    processes = [
        {"dpv:hasPurpose": "curate:train-detector", "dpv:hasProcessing": "curate:include"},
        {"dpv:hasPurpose": "curate:train-generator", "dpv:hasProcessing": "dpv:Store"},
    ]
    found = read(record(dpv__hasPurpose=None, dpv__hasProcess=processes), tmp_path)
    assert [(c["purposes"], c["operations"]) for c in found.records["consents"]] == [
        (["train-detector"], ["include"]),
        (["train-generator"], ["store"]),
    ]


def test_events_of_several_processes_have_ids_of_their_own(tmp_path: Path) -> None:
    processes = [{"dpv:hasPurpose": "curate:train-detector"}] * 2
    found = read(record(dpv__hasProcess=processes), tmp_path).records["consent_events"]
    assert len({row["event_id"] for row in found}) == len(found) == 2


def test_a_withdrawal_keeps_its_id_when_a_later_record_tells_more(tmp_path: Path) -> None:
    asked = {"@type": "dpv:ConsentRequested", "dpv:isIndicatedAtTime": "2024-12-01"}
    renewed = {"@type": "dpv:RenewedConsentGiven", "dpv:isIndicatedAtTime": "2025-07-01"}
    told = [[GIVEN, WITHDRAWN], [asked, GIVEN, renewed, WITHDRAWN]]
    ids = [
        {row["event_id"]: row["state"] for row in
         read(record(dpv__hasConsentStatus=events), tmp_path).records["consent_events"]}
        for events in told
    ]  # fmt: skip
    assert ids[0].items() <= ids[1].items()


def test_an_event_has_the_id_that_a_spreadsheet_gives_it(tmp_path: Path) -> None:
    path = tmp_path / "consents.csv"
    path.write_text(
        "subject,consent,purposes,operations,roles,given_at,state,state_at\n"
        "p01,c1,train-detector,include,depicted,2025-01-01,withdrawn,2025-06-01\n"
    )
    rows = read_statements(path, purposes=PURPOSES).records["consent_events"]
    found = read(record(dpv__hasConsentStatus=[GIVEN, WITHDRAWN]), tmp_path)
    assert [row["event_id"] for row in found.records["consent_events"]] == [
        row["event_id"] for row in rows
    ]


def test_an_unknown_purpose_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="'dpv:Marketing' is not a known purpose") as caught:
        read(record(dpv__hasPurpose="dpv:Marketing"), tmp_path)
    assert "[purposes]" in caught.value.hint


def test_a_purpose_below_a_known_one_is_not_taken_for_it(tmp_path: Path) -> None:
    narrow = {"@type": "dpv:Purpose", "skos:broader": "dpv:ScientificResearch"}
    assert "dpv:hasPurpose: expected a term" in problems(
        record(dpv__hasPurpose=narrow), tmp_path
    )[0]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("dct__identifier", "dct:identifier is missing"),
        ("dpv__hasDataSubject", "expected one data subject, found 0"),
        ("dpv__hasPurpose", "dpv:hasPurpose is missing"),
        ("dpv__hasConsentStatus", "at least one event is needed"),
    ],
)
def test_what_is_needed_is_an_error_when_missing(key: str, told: str, tmp_path: Path) -> None:
    assert told in only_problem(record(**{key: None}), tmp_path)


def test_what_the_standard_asks_for_besides_is_noted(tmp_path: Path) -> None:
    (note,) = read(record(), tmp_path).notes
    assert "privacy notice, personal data, controller" in note


def test_an_event_without_time_is_an_error(tmp_path: Path) -> None:
    event = {"@type": "dpv:ConsentWithdrawn"}
    assert "isIndicatedAtTime is missing" in only_problem(
        record(dpv__hasConsentStatus=[GIVEN, event]), tmp_path
    )


def test_a_state_that_is_not_known_is_never_left_out(tmp_path: Path) -> None:
    event = WITHDRAWN | {"@type": "dpv:ConsentSuspended"}
    assert "'dpv:ConsentSuspended' is no state" in problems(
        record(dpv__hasConsentStatus=[GIVEN, event]), tmp_path
    )[0]  # fmt: skip


def test_a_withdrawal_where_none_is_read_is_an_error(tmp_path: Path) -> None:
    assert "'dpv:ConsentWithdrawn' stands where it is not read" in only_problem(
        record(dct__hasPart=WITHDRAWN), tmp_path
    )


def test_a_withdrawal_in_a_node_that_nothing_names_is_an_error(tmp_path: Path) -> None:
    stray = {"@id": "ex:lost", **WITHDRAWN}
    assert "stands where it is not read" in only_problem([record(), stray], tmp_path)


def test_a_prohibition_that_is_not_understood_is_an_error(tmp_path: Path) -> None:
    rule = {"@type": "dpv:Prohibition", "dct:description": "not on Sundays"}
    assert "not understood" in only_problem(record(dpv__hasRule=rule), tmp_path)


def test_a_prohibited_operation_is_not_granted(tmp_path: Path) -> None:
    found = consent(
        record(
            dpv__hasProcessing=["curate:include", "dpv:Share"],
            dpv__hasRule={"@type": "dpv:Prohibition", "dpv:hasProcessing": "dpv:Share"},
        ),
        tmp_path,
    )
    assert found["operations"] == ["include"]


def test_processing_without_a_word_here_grants_nothing_and_is_kept(tmp_path: Path) -> None:
    found = consent(record(dpv__hasProcessing=["dpv:Profiling"]), tmp_path)
    assert found["operations"] == []
    assert json.loads(found["extra"]) == {"dpv:hasProcessing": ["dpv:Profiling"]}


@pytest.mark.parametrize(
    ("duration", "until"),
    [
        ("P6M", "2025-07-01"),
        ({"@type": "dpv:TemporalDuration", "rdf:value": "P1Y"}, "2026-01-01"),
        ({"@type": "dpv:UntilTimeDuration", "rdf:value": "2025-12-31"}, "2026-01-01"),
        ({"@type": "dpv:UntilTimeDuration", "rdf:value": "2025-12-31T12:00:00Z"},
         "2025-12-31T12:00"),
        ({"@type": "dpv:EndlessDuration"}, None),
        ({"@type": "dpv:UntilEventDuration", "rdf:value": "account closure"}, None),
    ],
)  # fmt: skip
def test_a_duration_ends_consent(duration: Any, until: str | None, tmp_path: Path) -> None:
    event = GIVEN | {"dpv:hasDuration": duration}
    found = consent(record(dpv__hasConsentStatus=event), tmp_path)["valid_until"]
    assert found == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC))


def test_a_renewal_moves_the_end(tmp_path: Path) -> None:
    renewed = {"@type": "dpv:RenewedConsentGiven", "dpv:isIndicatedAtTime": "2025-12-01"}
    events = [GIVEN | {"dpv:hasDuration": "P1Y"}, renewed | {"dpv:hasDuration": "P1Y"}]
    found = consent(record(dpv__hasConsentStatus=events), tmp_path)
    assert found["valid_until"] == datetime(2026, 12, 1, tzinfo=UTC)


def test_consent_ends_no_later_than_storage(tmp_path: Path) -> None:
    storage = {"@type": "dpv:StorageDuration", "dpv:hasDuration": "P1M"}
    found = consent(record(dpv__hasStorageCondition=storage), tmp_path)
    assert found["valid_until"] == datetime(2025, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("duration", ["P", "six months", "P1.5Y", "P999999Y", "2024-01-01"])
def test_a_duration_that_is_none_or_ends_before_it_begins_is_an_error(
    duration: str, tmp_path: Path
) -> None:
    event = GIVEN | {"dpv:hasDuration": duration}
    assert "dpv:hasDuration" in only_problem(record(dpv__hasConsentStatus=event), tmp_path)


def test_uses_cannot_be_counted(tmp_path: Path) -> None:
    duration = {"@type": "dpv:FixedOccurrencesDuration", "rdf:value": "1"}
    event = GIVEN | {"dpv:hasDuration": duration}
    assert "not counted" in only_problem(record(dpv__hasConsentStatus=event), tmp_path)


def test_a_union_stands_for_its_members(tmp_path: Path) -> None:
    found = consent(record(dpv__hasLocation="loc:EU"), tmp_path)
    assert len(found["territories"]) == 27


def test_of_several_statements_of_places_what_all_allow_counts(tmp_path: Path) -> None:
    found = consent(
        record(
            dpv__hasLocation=["loc:IE", "loc:US"],
            dpv__hasStorageCondition={"@type": "dpv:StorageLocation", "dpv:hasLocation": "loc:IE"},
        ),
        tmp_path,
    )
    assert found["territories"] == ["IE"]


def test_a_territory_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    assert "'XQ' is no ISO 3166-1 code" in only_problem(record(dpv__hasLocation="loc:XQ"), tmp_path)


def test_places_with_nothing_in_common_are_an_error_and_not_everywhere(tmp_path: Path) -> None:
    storage = {"@type": "dpv:StorageLocation", "dpv:hasLocation": "loc:FR"}
    stated = record(dpv__hasLocation="loc:IE", dpv__hasStorageCondition=storage)
    assert "none in common" in only_problem(stated, tmp_path)


@pytest.mark.parametrize(
    ("terms", "basis"),
    [
        ("eu-gdpr:A6-1-a", "A6-1-a"),
        (["eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"], "A9-2-a"),
        (["eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f"], "other"),
        ("dpv:LegitimateInterest", "other"),
        ("dpv:Consent", None),
    ],
)
def test_the_legal_basis_is_told_apart_from_consent(
    terms: Any, basis: str | None, tmp_path: Path
) -> None:
    assert consent(record(dpv__hasLegalBasis=terms), tmp_path)["legal_basis"] == basis


def test_of_two_consent_types_the_weaker_counts(tmp_path: Path) -> None:
    event = GIVEN | {"@type": ["dpv:ConsentGiven", "dpv:ImpliedConsent"]}
    found = consent(
        record(dpv__hasConsentStatus=event, dpv__hasLegalBasis="dpv:ExplicitlyExpressedConsent"),
        tmp_path,
    )
    assert found["consent_type"] == "implied"


def test_a_guardian_beside_the_subject_is_the_one_recorded(tmp_path: Path) -> None:
    both = ["dpv:DataSubject", {"@type": "dpv:ParentOfDataSubject"}]
    found = read(record(dpv__hasConsentStatus=GIVEN | {"dpv:isIndicatedBy": both}), tmp_path)
    assert found.records["consent_events"][0]["indicated_by"] == "guardian"


def test_an_event_by_somebody_the_record_does_not_name_is_an_error(tmp_path: Path) -> None:
    event = GIVEN | {"dpv:isIndicatedBy": "ex:Unknown"}
    assert "nobody this record names" in only_problem(record(dpv__hasConsentStatus=event), tmp_path)


def test_names_of_people_are_not_kept(tmp_path: Path) -> None:
    described = record(
        dpv__hasDataSubject={"@id": "p01", "schema:name": "Erika Mustermann"},
        dpv__hasEntity={"@id": "p01", "@type": "dpv:DataSubject", "schema:email": "e@example.org"},
        dpv__hasPersonalData={"@type": "pd:EmailAddress", "rdf:value": "e@example.org"},
    )
    told = json.dumps(read(described, tmp_path).records, default=str)
    assert not {word for word in ("Erika", "e@example.org") if word in told}


def test_an_address_is_no_pseudonym(tmp_path: Path) -> None:
    assert "is an address" in only_problem(
        record(dpv__hasDataSubject="mailto:e@example.org"), tmp_path
    )


def test_a_child_is_recorded_as_a_minor(tmp_path: Path) -> None:
    child = {"@id": "p01", "@type": "dpv:Child"}
    (found,) = read(record(dpv__hasDataSubject=child), tmp_path).records["subjects"]
    assert found["subject_kind"] == "minor"


def test_records_that_contradict_each_other_about_a_person_are_an_error(tmp_path: Path) -> None:
    both = [
        record(dct__identifier=kind, dpv__hasDataSubject={"@id": "p01", "@type": f"dpv:{kind}"})
        for kind in ("Child", "Adult")
    ]
    assert "'p01' is 'adult' here and 'minor' at" in only_problem(both, tmp_path)


def test_a_person_of_several_records_is_recorded_once(tmp_path: Path) -> None:
    adult = {"@id": "p01", "@type": "dpv:Adult"}
    both = [record(), record(dct__identifier="c2", dpv__hasDataSubject=adult)]
    assert len(read([*both, both[1] | {"dct:identifier": "c3"}], tmp_path).records["subjects"]) == 1


def test_what_is_not_known_is_kept(tmp_path: Path) -> None:
    found = consent(record(dpv__hasService="newsletter", comment="seen"), tmp_path)
    assert json.loads(found["extra"]) == {"dpv:hasService": "newsletter", "comment": "seen"}


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_record_can_lower_its_assurance(level: int, tmp_path: Path) -> None:
    stated = record(curate__documentSha256="a" * 64, curate__assurance=level)
    assert consent(stated, tmp_path)["assurance_level"] == level


def test_a_record_cannot_raise_its_assurance(tmp_path: Path) -> None:
    assert consent(record(curate__assurance=4), tmp_path)["assurance_level"] == 1


def test_level_4_needs_the_notice_that_is_on_file(tmp_path: Path) -> None:
    stated = record(
        curate__documentSha256="a" * 64,
        curate__verifiedSigner=True,
        dpv__hasNotice={"@id": "n", "curate:textSha256": "b" * 64},
    )
    levels = [
        read(stated, tmp_path, notices=known).records["consents"][0]["assurance_level"]
        for known in ({"n": "b" * 64}, {"n": "c" * 64}, {})
    ]
    assert levels == [4, 3, 3]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"@type": "dpv:ConsentRecord", ', "this is not JSON"),
        ('{"@id": 1, "@type": "a", "@id": 2}', "the key '@id' stands twice"),
        ('{"@type": "\\ud800"}', "no Unicode"),
        ('{"@type": NaN}', "NaN is no JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested"),
        ('{"a":' * 80 + "1" + "}" * 80, "nested deeper"),
        ("7", "expected an object"),
        ('["dpv:ConsentRecord"]', "expected an object"),
        ("[]", "no dpv:ConsentRecord"),
        ('{"@graph": [7]}', "expected an object"),
        ('{"@reverse": {}}', "@reverse is not read"),
        ('{"@context": {"a": "b:x", "b": "a:x"}}', "defined by itself"),
        ('{"@context": 7}', "@context: expected"),
        ('{"dpv:hasPurpose": 1, "hasPurpose": 2}', "stands twice"),
    ],
)
def test_what_is_no_linked_data_is_an_error(text: str, told: str, tmp_path: Path) -> None:
    assert told in problems(text, tmp_path)[0]


def test_a_cycle_of_references_is_an_error(tmp_path: Path) -> None:
    graph = [
        record(dpv__hasProcess={"@id": "ex:a"}),
        {"@id": "ex:a", "dpv:hasContext": {"@id": "ex:b"}},
        {"@id": "ex:b", "dpv:hasContext": {"@id": "ex:a"}},
    ]
    assert "in a cycle" in only_problem(graph, tmp_path)


def test_references_that_double_at_each_step_are_refused(tmp_path: Path) -> None:
    graph = [{"@id": f"ex:{i}", "dct:hasPart": [{"@id": f"ex:{i + 1}"}] * 2} for i in range(40)]
    assert "grow without bound" in only_problem([*graph, record()], tmp_path)


def test_two_records_of_one_id_are_an_error(tmp_path: Path) -> None:
    assert "'c1' stands at" in only_problem([record(), record()], tmp_path)


def test_each_wrong_place_is_told(tmp_path: Path) -> None:
    wrong = [record(dpv__hasPurpose="x"), record(dct__identifier="c2", dpv__hasLocation="loc:XQ")]
    assert [text.split(": ")[0] for text in problems(wrong, tmp_path)] == [
        "E102 records.jsonld[0]",
        "E102 records.jsonld[1]",
    ]


WRONG = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("dpv:ConsentGiven"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@id", "@type", "@value", "dpv:hasDuration", "dpv:hasLocation", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
_KEYS = """
@id @type dct:identifier dct:conformsTo dpv:hasDataSubject dpv:hasProcess dpv:hasPurpose
dpv:hasProcessing dpv:hasLegalBasis dpv:hasConsentStatus dpv:hasNotice dpv:hasRule
dpv:hasConsentControl dpv:hasLocation dpv:hasStorageCondition dpv:hasEntity curate:role
dpv:hasDataController curate:scopeMedia curate:assurance curate:extra curate:validUntil
curate:verifiedSigner @context
"""
KEYS = _KEYS.split()


@given(st.dictionaries(st.sampled_from(KEYS), WRONG, min_size=1, max_size=4))
def test_a_value_of_a_wrong_kind_is_read_or_refused_but_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("wrong")
    try:
        found = read(record() | changes, folder)
    except CurateError:
        return
    assert all(conform(rows, kind).num_rows for kind, rows in found.records.items())


# --- round trip ----------------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
MOMENT = st.integers(0, 10**9).map(lambda n: datetime.fromtimestamp(n, UTC))
SHA = st.text("0123456789abcdef", min_size=64, max_size=64)
JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.sampled_from(["dpv:ConsentGiven"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
EXTRA_KEYS = TEXT | st.sampled_from(
    ["dpv:hasService", "dpv:hasPurpose", "language", "ex:more", "@id", "dct:language", "events"]
)


def several(values: Any) -> Any:
    return st.lists(st.sampled_from(list(values)), unique=True, max_size=3)


def maybe(strategy: Any) -> Any:
    return st.none() | strategy


@st.composite
def consents(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw a consent as a reader could have made it, and its events."""
    start = draw(maybe(MOMENT))
    first = draw(MOMENT)
    latest = max(start or first, first)
    end = draw(maybe(st.integers(1, 10**6).map(lambda n: latest + timedelta(seconds=n))))
    digest, notice = draw(maybe(SHA)), draw(maybe(TEXT))
    levels = [0, 1, 2, *([3] if digest else []), *([4] if digest and notice else [])]
    extra = draw(st.dictionaries(EXTRA_KEYS, JSON_VALUE, max_size=3))
    row = {
        "consent_id": draw(TEXT),
        "subject_id": ("p" + draw(st.text("abc/:# ", max_size=4))).strip(),
        "notice_id": notice,
        "legal_basis": draw(maybe(st.sampled_from(values_of("legal_basis")))),
        "consent_type": draw(maybe(st.sampled_from(values_of("consent_type")))),
        "purposes": draw(several(PURPOSES).filter(bool)),
        "purposes_excluded": draw(maybe(several(PURPOSES))),
        "operations": draw(several(values_of("operations"))),
        "roles_permitted": draw(several(values_of("roles_permitted"))),
        "manipulations_permitted": draw(maybe(several(values_of("manipulations_permitted")))),
        "audience_max": draw(st.sampled_from(values_of("audience_max"))),
        "commercial_use": draw(st.sampled_from(values_of("commercial_use"))),
        "territories": draw(maybe(several([*sorted(TERRITORIES), "WORLD"]))),
        "territories_excluded": draw(maybe(several(sorted(TERRITORIES)))),
        "contexts_forbidden": draw(maybe(several(values_of("contexts_forbidden")))),
        "valid_from": start,
        "valid_until": end,
        "withdrawal_method": draw(maybe(TEXT)),
        "document_sha256": digest,
        "assurance_level": draw(st.sampled_from(levels)),
        "scope_kind": draw(st.sampled_from(values_of("scope_kind"))),
        "scope_media_ids": draw(maybe(st.lists(TEXT, max_size=2))),
        "extra": json.dumps(extra, sort_keys=True) if extra else None,
    }
    declared = json_schema("consent_events")["properties"]
    events = [
        {
            "state": draw(st.sampled_from(declared["state"]["enum"])),
            "effective_at": first + timedelta(seconds=number),
            "indicated_by": draw(maybe(st.sampled_from(declared["indicated_by"]["enum"]))),
            "method": draw(maybe(TEXT)),
            "reason": draw(maybe(TEXT)),
        }
        for number in range(draw(st.integers(1, 3)))
    ]
    for one in events:
        undated = draw(st.sampled_from([None, False, True]))
        if one["state"] in PERMITTING and undated is not None:
            one["undated"] = undated
    return row, with_ids(events, {key: row[key] for key in ("consent_id", "subject_id")})


@given(consents(), st.booleans())
def test_what_is_written_reads_back_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[dict[str, Any], list[dict[str, Any]]],
    gdpr: bool,  # noqa: FBT001
) -> None:
    row, events = drawn
    notice = None
    if row["notice_id"] is not None:
        notice = {"notice_id": row["notice_id"], "text_sha256": "b" * 64, "language": "en"}
    node = write_record(row, events, notice=notice, gdpr=gdpr)
    known = {row["notice_id"]: "b" * 64} if notice else {}
    found = read(json.loads(json.dumps(node)), tmp_path_factory.mktemp("trip"), notices=known)
    assert found.records == {"consents": [row], "consent_events": events}


@pytest.mark.parametrize(
    ("undated", "method", "reads"),
    [
        (True, "import", True),
        (None, "import", True),
        (False, "import", False),
        (None, "post", None),
    ],
)
def test_whether_somebody_said_when_it_was_given_reads_back(
    tmp_path: Path,
    undated: bool | None,  # noqa: FBT001
    method: str,
    reads: bool | None,  # noqa: FBT001
) -> None:
    """A grant without a date does not get one by being exported and imported again."""
    row = consent(record(), tmp_path)
    event = {"event_id": "c1/given", "state": "ConsentGiven", "undated": undated, "method": method,
             "effective_at": datetime(2025, 1, 1, tzinfo=UTC)}  # fmt: skip

    node = write_record(row, [event])

    (found,) = read(json.loads(json.dumps(node)), tmp_path).records["consent_events"]
    assert found.get("undated") is reads


def test_only_a_grant_is_undated(tmp_path: Path) -> None:
    document = record(dpv__hasConsentStatus=[GIVEN, WITHDRAWN | {"curate:undated": True}])
    assert "true only where consent was given" in only_problem(document, tmp_path)


def test_a_record_of_others_is_the_same_after_a_second_reading(tmp_path: Path) -> None:
    foreign = record(
        dpv__hasPurpose=None,
        dpv__hasProcess={
            "dpv:hasPurpose": "dpv:ScientificResearch",
            "dpv:hasRecipient": ["ex:Acme"],
            "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "dpv:hasDuration": "P6M"},
        },
        dpv__hasConsentControl={"@type": ["dpv:ProvideConsent", "dpv:WithdrawConsent"],
                                "dpv:isExercisedAt": "https://example.org/consent"},
        dpv__hasNotice={"@id": "n", "dct:language": "de"},
        dpv__hasDataController={"@id": "ex:Acme", "schema:url": "https://example.org"},
    )  # fmt: skip
    first = read(foreign, tmp_path).records
    again = read(write_record(first["consents"][0], first["consent_events"]), tmp_path).records
    assert again == first


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curate.consent.dispatch.MAX_BYTES", 10)
    with pytest.raises(InvalidFileError, match="larger than 10 bytes"):
        read(record(), tmp_path)


def test_the_example_of_the_guide_reads(tmp_path: Path) -> None:
    page = Path(__file__).parents[4] / "docs" / "consent-formats.md"
    text = page.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    found = consent(text, tmp_path)
    assert found["operations"] == ["collect", "store", "include", "train_detector"]
    assert found["valid_until"] == datetime(2027, 1, 1, 10, tzinfo=UTC)


def test_a_wrong_event_of_a_record_with_several_processes_is_told_once(tmp_path: Path) -> None:
    processes = [{"dpv:hasPurpose": "curate:train-detector"}] * 2
    wrong = record(dpv__hasProcess=processes, dpv__hasConsentStatus={"@type": "dpv:ConsentGiven"})
    assert len([text for text in problems(wrong, tmp_path) if "isIndicatedAtTime" in text]) == 1


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "d.jsonld"
    folder.mkdir()
    with pytest.raises(InvalidFileError, match="a file was expected"):
        read_statements(folder, purposes=PURPOSES)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dpv:hasProhibition", {"dpv:hasPurpose": "curate:train-generator"}),
        ("odrl:prohibition", {"odrl:action": "odrl:use"}),
        ("status", "withdrawn"),
        ("schema:expires", "2024-01-01"),
        ("curate:withdrawnAt", "2026-01-01"),
        ("curate:majorityOn", "2030-01-01"),
    ],
)
@pytest.mark.parametrize("where", ["record", "process", "subject", "event"])
def test_what_may_restrict_is_not_passed_over(
    tmp_path: Path, key: str, value: object, where: str
) -> None:
    """Terms that nobody reads may be the ones that take everything back."""
    person = {"@id": "p01", "@type": "dpv:Adult"}
    process = {"@type": "dpv:Process", "dpv:hasPurpose": "curate:train-detector"}
    event = dict(GIVEN)
    node = record(
        dpv__hasDataSubject=person, dpv__hasPurpose=None, dpv__hasProcess=process,
        dpv__hasConsentStatus=[event],
    )  # fmt: skip
    {"record": node, "process": process, "subject": person, "event": event}[where][key] = value

    assert any("is not understood" in one for one in problems(node, tmp_path))
